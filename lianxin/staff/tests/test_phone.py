from __future__ import annotations

import pytest
from django.test import Client

from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Event
from lianxin.core.scope import scope
from lianxin.staff import actions, queries
from lianxin.staff.models import Staff, StaffPhone

YES = {"number": "139 1234 5678", "is_agreed": "on"}


def test_one_gives_ones_own_number_and_nobody_sees_it(as_lin: Client, lin: Staff) -> None:
    assert as_lin.post("/me/phone/", YES).status_code == 302

    with scope(lin.hospital_id):
        phone = StaffPhone.objects.get(staff=lin)
        assert queries.find_number(lin.hospital_id, lin.pk) == "13912345678"
        assert b"13912345678" not in bytes(phone.number_sealed)
        assert queries.list_by_number(lin.hospital_id, "13912345678") == [lin.pk]
        assert "139" not in str(Event.objects.get(name="staff.phone_given").data)
    assert "5678" not in as_lin.get("/me/phone/").content.decode()


@pytest.mark.parametrize(
    "given", [{"number": "010 5550 0188"}, {"is_agreed": ""}, {"number": ""}, {"number": "1" * 40}]
)
def test_without_a_mobile_or_a_yes_nothing_is_kept(
    as_lin: Client, lin: Staff, given: dict[str, str]
) -> None:
    assert as_lin.post("/me/phone/", YES | given).status_code == 422

    with scope(lin.hospital_id):
        assert not StaffPhone.objects.exists()


def test_taking_it_back_deletes_it(as_lin: Client, lin: Staff) -> None:
    as_lin.post("/me/phone/", YES)

    as_lin.post("/me/phone/withdraw/")

    with scope(lin.hospital_id):
        assert not StaffPhone.objects.exists()


def test_nobody_agrees_for_another(lin: Staff, admin: Staff) -> None:
    with scope(lin.hospital_id), pytest.raises(ForbiddenError):
        actions.give_phone(lin, "13912345678", by=admin)
    with scope(lin.hospital_id), pytest.raises(RefusedError):
        actions.give_phone(lin, "110", by=lin)


def test_the_number_of_a_leaver_is_deleted(lin: Staff, admin: Staff) -> None:
    with scope(lin.hospital_id):
        actions.give_phone(lin, "13912345678", by=lin)
        actions.deactivate_staff(lin, by=admin)

        assert queries.find_number(lin.hospital_id, lin.pk) == ""
        assert not StaffPhone.objects.exists()
