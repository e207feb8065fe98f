"""An account may be a mini-program."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0002_store_callbacks")]

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
        )
    ]
