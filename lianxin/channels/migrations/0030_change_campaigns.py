"""Posts that can be changed and closed, and the code that is always there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0029_count_stays"),
        ("core", "0001_initial"),
        ("staff", "0003_phone"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="closed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="campaign",
            name="revision",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="livecode",
            name="is_standing",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="livecode",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_standing", True)),
                fields=("hospital",),
                name="livecode_one_standing",
            ),
        ),
    ]
