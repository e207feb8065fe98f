"""Opening a hospital: its row, its keysets."""

from __future__ import annotations

from django.db import transaction

from lianxin.core import keys
from lianxin.core.models import Hospital


@transaction.atomic
def open_hospital(name: str, *, key: str | None = None, name_en: str = "") -> Hospital:
    """Create a hospital with fresh keysets."""
    hospital = Hospital(name=name, name_en=name_en)
    if key:
        hospital.key = key
    hospital.save()
    keys.make_hospital_keysets(hospital)
    hospital.save(update_fields=["keyset_wrapped", "blind_keyset_wrapped", "keyset_version"])
    return hospital
