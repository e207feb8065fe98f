"""Neutral tags of a holder and the allow-list of the channels, told to each other."""

from __future__ import annotations

import pytest

from lianxin.channels import actions as channels
from lianxin.channels import queries as channel_queries
from lianxin.channels.models import Account, Address, ContactTag, CorpTag, RelationTag
from lianxin.channels.models import Relation as ContactRelation
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.patients import actions
from lianxin.patients.models import Holder, HolderTag
from lianxin.testing.channels import make_account, make_address
from lianxin.testing.jobs import run_jobs


@pytest.fixture
def account(in_riverside: Hospital) -> Account:
    return make_account(in_riverside)


@pytest.fixture
def address(account: Account) -> Address:
    return make_address(account, staff_userid="DrLi")


@pytest.fixture
def holder(address: Address) -> Holder:
    run_jobs()
    return Holder.objects.get()


def allow(account: Account, code: str = "出院患者") -> CorpTag:
    by = SystemActor(account.hospital_id)
    tag = channels.allow_tag(account, code=code, name=code, group_name="连心", by=by)
    CorpTag.objects.update(state="ready", tag_id="et1", seen_name=code)
    run_jobs()
    return tag


def give(holder: Holder, *names: str) -> None:
    by = SystemActor(holder.hospital_id)
    actions.tag_holder(holder, names, by=by, reason="manual")


def agreed(address: Address) -> dict[str, bool]:
    return channel_queries.list_contact_tags(address.hospital_id, address.pk)


def test_only_allowed_words_of_a_holder_reach_the_channels(
    account: Account, address: Address, holder: Holder
) -> None:
    allow(account)

    give(holder, "出院患者", "心内科")

    assert agreed(address) == {"出院患者": True}


def test_a_word_that_is_allowed_later_is_offered_for_everybody_who_has_it(
    account: Account, address: Address, holder: Holder
) -> None:
    give(holder, "出院患者", "心内科")
    assert not ContactTag.objects.exists()

    allow(account)

    assert agreed(address) == {"出院患者": True}


def test_what_staff_change_in_wecom_changes_the_person_here(
    account: Account, address: Address, holder: Holder
) -> None:
    allow(account)
    relation = ContactRelation.objects.get()
    channels.note_seen(relation.pk, ["et1", "et-of-theirs"], read_at=time.now())
    run_jobs()
    assert list(HolderTag.objects.values_list("tag__name", "reason")) == [("出院患者", "wecom")]

    channels.note_seen(relation.pk, ["et-of-theirs"], read_at=time.now())
    run_jobs()

    assert not HolderTag.objects.exists()
    assert agreed(address) == {"出院患者": False}
    assert not RelationTag.objects.filter(is_on=True).exists()


def test_a_tag_that_came_in_is_not_told_back_as_ours(
    account: Account, address: Address, holder: Holder
) -> None:
    allow(account)
    read_at = time.now()
    channels.note_seen(ContactRelation.objects.get().pk, ["et1"], read_at=read_at)
    run_jobs()

    assert ContactTag.objects.get().changed_at == read_at
    relation = ContactRelation.objects.select_related("address").get()
    assert channels.claim_marks(relation) is None


def test_withdrawing_leaves_the_person_the_word(
    account: Account, address: Address, holder: Holder
) -> None:
    tag = allow(account)
    give(holder, "出院患者")

    channels.withdraw_tag(tag, by=SystemActor(account.hospital_id))
    run_jobs()

    assert HolderTag.objects.get().tag.name == "出院患者"
    assert agreed(address) == {}
