"""Who agreed to be in a patient group."""

from __future__ import annotations

from lianxin.compliance.groups import find_agreed
from lianxin.core.models import Hospital
from lianxin.testing.budget import query_budget
from lianxin.testing.compliance import grant
from lianxin.testing.patients import make_address, make_holder, make_holding, make_patient


def test_only_who_is_verified_and_said_yes_to_this_has_agreed(in_riverside: Hospital) -> None:
    addresses = []
    for purposes in (["group_chat"], ["reminders", "marketing"], []):
        address = make_address(in_riverside)
        patient = make_patient(in_riverside)
        make_holding(patient, make_holder(in_riverside, address=address))
        grant(patient, *purposes)
        addresses.append(address.pk)
    stranger = make_address(in_riverside)

    with query_budget(3):
        agreed = find_agreed(in_riverside.pk, [*addresses, stranger.pk])

    assert agreed == {addresses[0]}
    assert find_agreed(in_riverside.pk, []) == set()
