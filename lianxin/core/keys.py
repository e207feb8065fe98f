"""Field encryption: who holds which key, sealing and opening, and what destroying a key means.

Three layers. The deployment's Tink keyset (LIANXIN_KEYSET) wraps one Tink keyset per hospital;
that wraps one data key per subject and retention class; data keys seal fields (AES-256-GCM, the
field's name is authenticated). Exact-match search goes by blind index: HMAC under a hospital key.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import tink
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db.models import Q
from tink import aead, json_proto_keyset_format, prf

from lianxin.core import events, time
from lianxin.core.actor import Actor
from lianxin.core.errors import RefusedError
from lianxin.core.keysets import current_deployment_aead
from lianxin.core.models import DataKey, Hospital

prf.register()

Subject = tuple[str, int]
NONCE_BYTES = 12
KEY_BYTES = 32
BLIND_BYTES = 32
# First byte of every sealed value, so that a later format can be told apart.
FORMAT = b"\x01"


def context_of(hospital_id: int, use: str) -> bytes:
    return f"hospital:{hospital_id}:{use}".encode()


def wrap_keyset(handle: tink.KeysetHandle, hospital_id: int, use: str) -> bytes:
    text = json_proto_keyset_format.serialize_encrypted(
        handle, current_deployment_aead(), context_of(hospital_id, use)
    )
    return str(text).encode()


def unwrap_keyset(wrapped: bytes, hospital_id: int, use: str) -> tink.KeysetHandle:
    return json_proto_keyset_format.parse_encrypted(
        bytes(wrapped).decode(), current_deployment_aead(), context_of(hospital_id, use)
    )


def make_hospital_keysets(hospital: Hospital) -> None:
    """Give an unsaved-keyset hospital its keysets. The caller saves."""
    fields = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    blinds = tink.new_keyset_handle(prf.prf_key_templates.HMAC_SHA256)
    hospital.keyset_wrapped = wrap_keyset(fields, hospital.pk, "fields")
    hospital.blind_keyset_wrapped = wrap_keyset(blinds, hospital.pk, "blind")
    hospital.keyset_version = 1


@lru_cache(maxsize=256)
def unwrapped_aead(hospital_id: int, wrapped: bytes) -> aead.Aead:
    return unwrap_keyset(wrapped, hospital_id, "fields").primitive(aead.Aead)


@lru_cache(maxsize=256)
def unwrapped_prf(hospital_id: int, wrapped: bytes) -> prf.PrfSet:
    return unwrap_keyset(wrapped, hospital_id, "blind").primitive(prf.PrfSet)


def hospital_aead(hospital_id: int) -> aead.Aead:
    return unwrapped_aead(hospital_id, wrapped_keysets(hospital_id)[0])


@lru_cache(maxsize=256)
def wrapped_keysets(hospital_id: int) -> tuple[bytes, bytes]:
    """Return the hospital's wrapped keysets; a rotation restarts the processes."""
    row = Hospital.objects.values_list("keyset_wrapped", "blind_keyset_wrapped").get(pk=hospital_id)
    if row[0] is None or row[1] is None:
        raise RuntimeError(
            f"hospital {hospital_id} has no keysets; open it by core.hospitals.open_hospital"
        )
    return bytes(row[0]), bytes(row[1])


def hospital_seal(hospital_id: int, text: str, *, field: str) -> bytes:
    """Seal what belongs to the hospital and to no patient: provider secrets, raw callbacks."""
    return bytes(hospital_aead(hospital_id).encrypt(text.encode(), field.encode()))


def hospital_open(hospital_id: int, sealed: bytes, *, field: str) -> str:
    return bytes(hospital_aead(hospital_id).decrypt(bytes(sealed), field.encode())).decode()


def blind(hospital_id: int, value: str, *, field: str) -> bytes:
    """Return the exact-match index of a normalised value; equal values give equal bytes."""
    prf_set = unwrapped_prf(hospital_id, wrapped_keysets(hospital_id)[1])
    return bytes(prf_set.primary().compute(f"{field}\0{value}".encode(), BLIND_BYTES))


def field_context(subject: Subject, field: str) -> bytes:
    return f"{subject[0]}:{subject[1]}:{field}".encode()


class Keyring:
    """The unwrapped data keys of some subjects, loaded with one query."""

    def __init__(self, keys: dict[tuple[str, int, str], AESGCM], destroyed: set[Subject]) -> None:
        self.keys = keys
        self.destroyed = destroyed

    @classmethod
    def load(
        cls, hospital_id: int, subjects: Iterable[Subject], *, create: bool = False
    ) -> Keyring:
        """Load the keys; with `create`, make the missing ones (safe when two do it at once)."""
        wanted = list(dict.fromkeys(subjects))
        if create and wanted:
            create_missing(hospital_id, wanted)
        return cls.from_rows(hospital_id, find_rows(hospital_id, wanted))

    @classmethod
    def from_rows(cls, hospital_id: int, rows: Sequence[KeyRow]) -> Keyring:
        keys: dict[tuple[str, int, str], AESGCM] = {}
        destroyed: set[Subject] = set()
        unwrap = hospital_aead(hospital_id).decrypt if rows else None
        for row in rows:
            if row.wrapped is None or unwrap is None:
                destroyed.add((row.subject, row.subject_id))
                continue
            context = wrap_context(row.subject, row.subject_id, row.retention)
            raw = unwrap(bytes(row.wrapped), context)
            keys[row.subject, row.subject_id, row.retention] = AESGCM(raw)
        return cls(keys, destroyed)

    def seal(self, subject: Subject, retention: str, text: str, *, field: str) -> bytes:
        """Seal one field. Refused when the key was destroyed; empty text stays empty."""
        if not text:
            return b""
        key = self.keys.get((*subject, retention))
        if key is None:
            raise RefusedError("这位患者的资料已经删除,不能再写入。")
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORMAT + nonce + key.encrypt(nonce, text.encode(), field_context(subject, field))

    def open(
        self, subject: Subject, retention: str, sealed: bytes | memoryview | None, *, field: str
    ) -> str | None:
        """Open one field; None when there is nothing or its key was destroyed."""
        key = self.keys.get((*subject, retention))
        data = bytes(sealed or b"")
        if key is None or not data:
            return None
        start = len(FORMAT) + NONCE_BYTES
        try:
            opened = key.decrypt(
                data[len(FORMAT) : start], data[start:], field_context(subject, field)
            )
        except InvalidTag:
            raise RuntimeError(f"{field} of {subject[0]} does not open with its key") from None
        return opened.decode()


def wrap_context(subject: str, subject_id: int, retention: str) -> bytes:
    return f"{subject}:{subject_id}:{retention}".encode()


class KeyRow(NamedTuple):
    subject: str
    subject_id: int
    retention: str
    wrapped: bytes | memoryview | None


def find_rows(hospital_id: int, subjects: Sequence[Subject]) -> list[KeyRow]:
    ids_by_kind: dict[str, list[int]] = {}
    for kind, subject_id in subjects:
        ids_by_kind.setdefault(kind, []).append(subject_id)
    if not ids_by_kind:
        return []
    wanted = Q()
    for kind, ids in ids_by_kind.items():
        wanted |= Q(subject=kind, subject_id__in=ids)
    rows = DataKey.objects.filter(wanted, hospital_id=hospital_id)
    return [KeyRow(*row) for row in rows.values_list(*KeyRow._fields)]


def create_missing(hospital_id: int, subjects: Sequence[Subject]) -> None:
    have = {(k.subject, k.subject_id, k.retention) for k in find_rows(hospital_id, subjects)}
    wrap = hospital_aead(hospital_id).encrypt
    rows = [
        DataKey(
            hospital_id=hospital_id,
            subject=kind,
            subject_id=subject_id,
            retention=retention,
            wrapped=wrap(secrets.token_bytes(KEY_BYTES), wrap_context(kind, subject_id, retention)),
        )
        for kind, subject_id in subjects
        for retention in DataKey.Retention.values
        if (kind, subject_id, retention) not in have
    ]
    DataKey.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)


def destroy_key(hospital_id: int, subject: Subject, retention: str, *, by: Actor) -> bool:
    """Destroy one key for good; False when it was destroyed (or never made) before."""
    destroyed = DataKey.objects.filter(
        hospital_id=hospital_id,
        subject=subject[0],
        subject_id=subject[1],
        retention=retention,
        destroyed_at=None,
    ).update(wrapped=None, destroyed_at=time.now())
    if destroyed:
        events.record(
            "key.destroyed",
            hospital_id=hospital_id,
            subject=subject[0],
            subject_id=subject[1],
            by=by,
            data={"retention": retention},
        )
    return bool(destroyed)
