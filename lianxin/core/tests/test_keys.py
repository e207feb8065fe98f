from __future__ import annotations

import json

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tink import TinkError

from lianxin.core import keys
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.key_rotation import add_primary, rotate_hospital
from lianxin.core.keys import Keyring
from lianxin.core.keysets import make_keyset_text
from lianxin.core.models import DataKey, Event, Hospital

SUBJECT = ("patient", 7)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(text=st.text(st.characters(codec="utf-8"), max_size=200))
def test_what_is_sealed_opens_to_the_same(in_riverside: Hospital, text: str) -> None:
    ring = Keyring.load(in_riverside.pk, [SUBJECT], create=True)
    sealed = ring.seal(SUBJECT, "engagement", text, field="patients.name")

    assert (ring.open(SUBJECT, "engagement", sealed, field="patients.name") or "") == text
    assert not text or text.encode() not in sealed or len(text.encode()) < 3


def test_a_sealed_value_does_not_open_as_another_field(in_riverside: Hospital) -> None:
    ring = Keyring.load(in_riverside.pk, [SUBJECT], create=True)
    sealed = ring.seal(SUBJECT, "engagement", "张三", field="patients.name")

    with pytest.raises(RuntimeError, match="does not open"):
        ring.open(SUBJECT, "engagement", sealed, field="patients.phone")


def test_destroying_a_key_erases_its_class_only(in_riverside: Hospital) -> None:
    ring = Keyring.load(in_riverside.pk, [SUBJECT], create=True)
    name = ring.seal(SUBJECT, "engagement", "张三", field="n")
    number = ring.seal(SUBJECT, "record", "ZY001", field="i")

    by = SystemActor(in_riverside.pk)
    assert keys.destroy_key(in_riverside.pk, SUBJECT, "engagement", by=by)
    assert not keys.destroy_key(in_riverside.pk, SUBJECT, "engagement", by=by)

    fresh = Keyring.load(in_riverside.pk, [SUBJECT], create=True)
    assert fresh.open(SUBJECT, "engagement", name, field="n") is None
    assert fresh.open(SUBJECT, "record", number, field="i") == "ZY001"
    assert DataKey.objects.get(retention="engagement").wrapped is None
    assert Event.objects.get(name="key.destroyed").data == {"retention": "engagement"}
    with pytest.raises(RefusedError, match="已经删除"):
        fresh.seal(SUBJECT, "engagement", "李四", field="n")


def test_loading_many_keys_is_one_query(in_riverside: Hospital) -> None:
    subjects = [("patient", n) for n in range(200)]
    Keyring.load(in_riverside.pk, subjects, create=True)

    before = len(connection.queries_log)
    connection.force_debug_cursor = True
    try:
        ring = Keyring.load(in_riverside.pk, subjects)
    finally:
        connection.force_debug_cursor = False

    assert len(connection.queries_log) - before == 1
    assert len(ring.keys) == 400


def test_blind_indexes_match_exactly_and_differ_by_hospital_and_field(
    riverside: Hospital, elsewhere: Hospital
) -> None:
    one = keys.blind(riverside.pk, "13800001111", field="phone")

    assert one == keys.blind(riverside.pk, "13800001111", field="phone")
    assert one != keys.blind(riverside.pk, "13800001112", field="phone")
    assert one != keys.blind(riverside.pk, "13800001111", field="inpatient")
    assert one != keys.blind(elsewhere.pk, "13800001111", field="phone")


def test_hospital_secrets_open_in_their_hospital_only(
    riverside: Hospital, elsewhere: Hospital
) -> None:
    sealed = keys.hospital_seal(riverside.pk, "secret", field="account")

    assert keys.hospital_open(riverside.pk, sealed, field="account") == "secret"
    with pytest.raises(TinkError):
        keys.hospital_open(elsewhere.pk, sealed, field="account")


def test_rotation_keeps_everything_readable(in_riverside: Hospital) -> None:
    ring = Keyring.load(in_riverside.pk, [SUBJECT], create=True)
    sealed = ring.seal(SUBJECT, "engagement", "张三", field="n")
    secret = keys.hospital_seal(in_riverside.pk, "token", field="account")
    phone = keys.blind(in_riverside.pk, "13800001111", field="phone")
    before = DataKey.objects.get(retention="engagement").wrapped

    assert rotate_hospital(in_riverside) == 2

    assert DataKey.objects.get(retention="engagement").wrapped != before
    fresh = Keyring.load(in_riverside.pk, [SUBJECT])
    assert fresh.open(SUBJECT, "engagement", sealed, field="n") == "张三"
    assert keys.hospital_open(in_riverside.pk, secret, field="account") == "token"
    assert keys.blind(in_riverside.pk, "13800001111", field="phone") == phone


def test_a_new_primary_stands_before_the_old_keys() -> None:
    old, fresh = json.loads(make_keyset_text()), json.loads(make_keyset_text())
    both = json.loads(add_primary(json.dumps(old), json.dumps(fresh)))

    assert both["primaryKeyId"] == fresh["primaryKeyId"]
    assert [key["keyId"] for key in both["key"]] == [fresh["primaryKeyId"], old["primaryKeyId"]]
