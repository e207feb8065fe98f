"""What a code's picture says, so that it can be printed; welcomes by hour and person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0005_contact_sync")]

    operations = [
        migrations.AddField(
            model_name="livecode",
            name="welcomes",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="livecode",
            name="qr_content",
            field=models.CharField(blank=True, max_length=600),
        ),
        migrations.AddField(
            model_name="livecode",
            name="picture_try_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="livecode",
            name="picture_failure",
            field=models.CharField(blank=True, max_length=40),
        ),
    ]
