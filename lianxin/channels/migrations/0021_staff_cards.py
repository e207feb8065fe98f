"""Staff are told by cards, and a press is kept until it is answered."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0020_member_days"),
        ("core", "0001_initial"),
        ("staff", "0003_phone"),
    ]

    operations = [
        migrations.CreateModel(
            name="CardPress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("staff_userid", models.CharField(max_length=64)),
                ("response_sealed", models.BinaryField(default=b"")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pressed", "Pressed"),
                            ("answered", "Answered"),
                            ("told", "Told"),
                            ("failed", "Failed"),
                        ],
                        default="pressed",
                        max_length=10,
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=30)),
                ("pressed_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="staffnotice",
            name="button",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="staffnotice",
            name="look",
            field=models.CharField(
                choices=[("text", "Text"), ("card", "Card"), ("button", "Button")],
                default="text",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="staffnotice",
            name="recall_due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="staffnotice",
            name="subject",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="staffnotice",
            name="subject_key",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddIndex(
            model_name="staffnotice",
            index=models.Index(
                condition=models.Q(("subject", ""), _negated=True),
                fields=["hospital", "subject", "subject_key"],
                name="staffnotice_by_subject",
            ),
        ),
        migrations.AddField(
            model_name="cardpress",
            name="arrival",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="channels.arrival"
            ),
        ),
        migrations.AddField(
            model_name="cardpress",
            name="hospital",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.hospital"
            ),
        ),
        migrations.AddField(
            model_name="cardpress",
            name="notice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="presses",
                to="channels.staffnotice",
            ),
        ),
        migrations.AddIndex(
            model_name="cardpress",
            index=models.Index(
                condition=models.Q(("state", "answered")),
                fields=["hospital", "pressed_at"],
                name="cardpress_to_tell",
            ),
        ),
    ]
