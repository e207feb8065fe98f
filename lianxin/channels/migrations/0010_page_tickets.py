"""An account has page tickets beside its token."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0009_mass_tasks"),
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="kind",
            field=models.CharField(
                choices=[
                    ("access", "Access"),
                    ("page_ticket", "Page Ticket"),
                    ("agent_ticket", "Agent Ticket"),
                ],
                default="access",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="accesstoken",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="channels.account"
            ),
        ),
        migrations.AddConstraint(
            model_name="accesstoken",
            constraint=models.UniqueConstraint(
                fields=("account", "kind"), name="accesstoken_once_per_kind"
            ),
        ),
    ]
