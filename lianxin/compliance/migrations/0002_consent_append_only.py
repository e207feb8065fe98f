from __future__ import annotations

from django.db import migrations

from lianxin.core.partitions import refuse_changes


class Migration(migrations.Migration):
    """What a patient answered is evidence: the database refuses to change or delete it."""

    dependencies = [("compliance", "0001_initial")]
    operations = [refuse_changes("compliance_consent")]
