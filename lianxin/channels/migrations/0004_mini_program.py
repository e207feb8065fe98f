"""An account may be a mini-program; what people tick there is counted."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0003_live_code_rosters"),
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="kind",
            field=models.CharField(
                choices=[
                    ("wecom", "Wecom"),
                    ("wecom_kf", "Wecom Kf"),
                    ("official_account", "Official Account"),
                    ("mini_program", "Mini Program"),
                    ("webchat", "Webchat"),
                    ("sms", "Sms"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="TickCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("template_id", models.CharField(max_length=64)),
                ("left_count", models.PositiveIntegerField(default=0)),
                ("is_switched_off", models.BooleanField(default=False)),
                (
                    "address",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ticks",
                        to="channels.address",
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.hospital",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("address", "template_id"), name="tickcount_once_per_template"
                    )
                ]
            },
        ),
    ]
