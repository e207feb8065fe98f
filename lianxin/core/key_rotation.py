"""Key rotation: new primary keys on top, old ones kept for reading, data keys wrapped anew.

Fields are not sealed again: their data keys stay, only what wraps them changes. Safe to run
again after a crash; processes read the new keysets when they start.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import tink
from django.conf import settings
from django.db import transaction
from tink import aead, json_proto_keyset_format, secret_key_access

from lianxin.core import keys
from lianxin.core.keysets import make_keyset_text
from lianxin.core.models import DataKey, Hospital
from lianxin.core.scope import scope

BATCH = 1000


def add_primary(keyset_text: str, fresh_text: str) -> str:
    """Return the keyset with the fresh one's key as primary and all its own keys behind."""
    keyset, fresh = json.loads(keyset_text), json.loads(fresh_text)
    keyset["key"] = [*fresh["key"], *keyset["key"]]
    keyset["primaryKeyId"] = fresh["primaryKeyId"]
    return json.dumps(keyset)


def rotate_deployment_file(path: Path) -> None:
    """Put a new primary into the deployment keyset, replacing the file in one step."""
    text = add_primary(path.read_text(encoding="utf-8"), make_keyset_text())
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as new:
        new.write(text)
    Path(new.name).chmod(0o600)
    Path(new.name).replace(path)


def rotate_everything() -> str:
    """Rotate the deployment's keyset, then every hospital's. Returns a sentence of counts."""
    rotate_deployment_file(Path(settings.LIANXIN_KEYSET))
    hospitals = list(Hospital.objects.order_by("pk"))
    count = sum(rotate_hospital(hospital) for hospital in hospitals)
    return f"{len(hospitals)} hospitals, {count} data keys rewrapped"


@transaction.atomic
def rotate_hospital(hospital: Hospital) -> int:
    """Give one hospital a new primary and rewrap its data keys; return how many."""
    with scope(hospital):
        locked = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
        handle = keys.unwrap_keyset(bytes(locked.keyset_wrapped or b""), hospital.pk, "fields")
        blind = keys.unwrap_keyset(bytes(locked.blind_keyset_wrapped or b""), hospital.pk, "blind")
        rotated = with_new_primary(handle)
        locked.keyset_wrapped = keys.wrap_keyset(rotated, hospital.pk, "fields")
        locked.blind_keyset_wrapped = keys.wrap_keyset(blind, hospital.pk, "blind")
        locked.keyset_version += 1
        locked.save(update_fields=["keyset_wrapped", "blind_keyset_wrapped", "keyset_version"])
        keys.wrapped_keysets.cache_clear()
        return rewrap_data_keys(hospital.pk, rotated.primitive(aead.Aead))


def with_new_primary(handle: tink.KeysetHandle) -> tink.KeysetHandle:
    text = json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN)
    return json_proto_keyset_format.parse(
        add_primary(text, make_keyset_text()), secret_key_access.TOKEN
    )


def rewrap_data_keys(hospital_id: int, wrapper: aead.Aead) -> int:
    rows = list(DataKey.objects.filter(hospital_id=hospital_id, destroyed_at=None))
    for row in rows:
        context = keys.wrap_context(row.subject, row.subject_id, row.retention)
        row.wrapped = wrapper.encrypt(wrapper.decrypt(bytes(row.wrapped or b""), context), context)
    DataKey.objects.bulk_update(rows, ["wrapped"], batch_size=BATCH)
    return len(rows)
