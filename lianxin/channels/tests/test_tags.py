"""Corp tags over real HTTP: out through the allow-list only, in through the same, equal after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianxin.channels import actions, jobs, queries, synchronising
from lianxin.channels.adapters.wecom.adapter import WeCom
from lianxin.channels.models import Account, Address, ContactTag, CorpTag, Relation, RelationTag
from lianxin.channels.providers import run_with
from lianxin.channels.synchronising.tags import make_tag
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.testing.channels import CORP_ID, contact_xml, make_account, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

EXTERNAL = "/cgi-bin/externalcontact"
MEMBER = f"/control/corps/{CORP_ID}/members/DrLi"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


@pytest.fixture
def address(sandbox: Sandbox, wecom: Account) -> Address:
    relate(sandbox, "DrLi")
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    return Address.objects.get()


def relate(sandbox: Sandbox, userid: str) -> None:
    row = {"corp_id": CORP_ID, "userid": userid, "person": "wang", "added_at": 1_790_000_000}
    sandbox.post("/control/seed", {"relations": [row]})


def allow(account: Account, code: str = "出院患者", name: str = "") -> CorpTag:
    by = SystemActor(account.hospital_id)
    return actions.allow_tag(account, code=code, name=name or code, group_name="连心", by=by)


def keep(account: Account) -> None:
    """Run the jobs of tags until nothing is left to tell."""
    for _round in range(3):
        run_periodic(jobs.__name__, "keep_tags", account.hospital_id)
        run_periodic(jobs.__name__, "mark_relations", account.hospital_id)


def look(account: Account) -> None:
    """Look at every contact again, as an edit's callback makes us."""
    Address.objects.update(read_due_at=time.now())
    synchronising.read_contacts(account.hospital_id, account.pk)


def want(address: Address, code: str = "出院患者", *, is_on: bool = True) -> None:
    actions.want_tags(address.hospital_id, [address.pk], [code], is_on=is_on, at=time.now())


def groups(sandbox: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.state()["corps"][CORP_ID]["tags"]
    return found


def names_on(sandbox: Sandbox, userid: str = "DrLi") -> set[str]:
    """Return the names of the tags that the provider shows on one relation."""
    names = {tag["id"]: tag["name"] for group in groups(sandbox) for tag in group["tags"]}
    relations = sandbox.state()["corps"][CORP_ID]["relations"].values()
    (ids,) = [one["tag_ids"] for one in relations if one["userid"] == userid]
    return {names[one] for one in ids}


def agreed(address: Address) -> dict[str, bool]:
    return queries.list_contact_tags(address.hospital_id, address.pk)


def test_an_allowed_word_leaves_under_its_name_on_every_relation(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    relate(sandbox, "ZhouMin")
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    tag = allow(wecom, name="连心 已出院")
    want(address)
    want(address, "心内科")  # not in the allow-list

    keep(wecom)

    assert names_on(sandbox, "DrLi") == names_on(sandbox, "ZhouMin") == {"连心 已出院"}
    tag.refresh_from_db()
    assert (tag.state, tag.is_ours) == ("ready", True)
    assert ContactTag.objects.count() == 1
    counts = sandbox.state()["counts"]
    assert counts[f"{EXTERNAL}/mark_tag"]["calls"] == 2
    assert counts[f"{EXTERNAL}/add_corp_tag"]["calls"] == 1
    assert not Relation.objects.exclude(tags_due_at=None).exists()


def test_nothing_leaves_before_it_is_allowed(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    want(address)
    keep(wecom)

    assert groups(sandbox) == []
    assert f"{EXTERNAL}/mark_tag" not in sandbox.state()["counts"]


@pytest.mark.parametrize("word", ["糖尿病患者", "化疗日间"])
def test_a_word_of_an_illness_is_refused_and_again_before_the_call(
    sandbox: Sandbox, wecom: Account, address: Address, word: str
) -> None:
    with pytest.raises(RefusedError, match="透露病情"):
        allow(wecom, word)
    tag = allow(wecom)
    want(address)
    CorpTag.objects.update(name=word)  # as if the list of words had been shorter then

    keep(wecom)

    tag.refresh_from_db()
    assert (tag.state, tag.is_allowed, tag.failure_code) == ("failed", False, "tag_forbidden")
    assert groups(sandbox) == []


def test_withdrawing_takes_it_off_everybody(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    tag = allow(wecom)
    want(address)
    keep(wecom)

    actions.withdraw_tag(tag, by=SystemActor(wecom.hospital_id))
    keep(wecom)

    assert groups(sandbox) == []
    assert names_on(sandbox) == set()
    tag.refresh_from_db()
    assert (tag.state, tag.is_allowed) == ("removed", False)
    assert allow(wecom).pk != tag.pk


def test_a_tag_somebody_else_made_is_used_but_never_changed(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    sandbox.post(f"{MEMBER}/create-tag", {"group": "连心", "name": "出院患者"})
    tag = allow(wecom)
    want(address)
    keep(wecom)
    tag.refresh_from_db()
    assert tag.is_ours is False
    assert names_on(sandbox) == {"出院患者"}

    actions.withdraw_tag(tag, by=SystemActor(wecom.hospital_id))
    keep(wecom)

    assert names_on(sandbox) == set()
    assert [one["name"] for one in groups(sandbox)] == ["连心"]
    tag.refresh_from_db()
    assert tag.state == "removed"
    counts = sandbox.state()["counts"]
    assert f"{EXTERNAL}/del_corp_tag" not in counts
    assert f"{EXTERNAL}/add_corp_tag" not in counts


def test_what_staff_set_in_wecom_comes_in_through_the_same_list(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    allow(wecom)
    keep(wecom)
    sandbox.post(f"{MEMBER}/create-tag", {"group": "私人", "name": "难缠"})
    sandbox.post(f"{MEMBER}/tag-contact", {"person": "wang", "on": ["出院患者", "难缠"]})

    look(wecom)

    assert agreed(address) == {"出院患者": True}
    assert queries.count_kept_out(wecom.hospital_id) == 1
    sandbox.post(f"{MEMBER}/tag-contact", {"person": "wang", "off": ["出院患者"]})
    look(wecom)
    assert agreed(address) == {"出院患者": False}
    names = Event.objects.filter(name__startswith="contact.").order_by("at")
    assert [one.name for one in names][-2:] == ["contact.tagged", "contact.untagged"]


def test_the_full_sync_brings_tags_in_as_well(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    allow(wecom)
    keep(wecom)
    sandbox.post(f"{MEMBER}/tag-contact", {"person": "wang", "on": ["出院患者"]})

    synchronising.sync_now(wecom.hospital_id, wecom.pk)

    assert agreed(address) == {"出院患者": True}


def test_our_own_mark_is_no_change_of_theirs(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    allow(wecom)
    want(address)
    keep(wecom)
    look(wecom)
    synchronising.sync_now(wecom.hospital_id, wecom.pk)

    assert not Event.objects.filter(name__in=["contact.tagged", "contact.untagged"]).exists()
    assert sandbox.state()["counts"][f"{EXTERNAL}/mark_tag"]["calls"] == 1


def test_a_look_from_before_our_mark_is_not_believed(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    allow(wecom)
    keep(wecom)
    before = time.now()
    want(address)
    keep(wecom)

    believed = actions.note_seen(Relation.objects.get().pk, [], read_at=before)

    assert believed is False
    assert agreed(address) == {"出院患者": True}
    assert names_on(sandbox) == {"出院患者"}


def test_two_workers_do_not_mark_one_pair_at_once(wecom: Account, address: Address) -> None:
    allow(wecom)
    keep(wecom)
    want(address)
    relation = Relation.objects.select_related("address").get()

    first = actions.claim_marks(relation)

    assert first is not None
    assert actions.claim_marks(relation) is None
    with time_machine.travel(time.now() + timedelta(minutes=5), tick=False):  # the first one died
        second = actions.claim_marks(relation)
        assert second is not None
        actions.settle_marked(first)
        assert not RelationTag.objects.filter(is_on=True).exists()
        actions.settle_marked(second)
    assert RelationTag.objects.filter(is_on=True).count() == 1


def test_a_busy_provider_is_told_later(sandbox: Sandbox, wecom: Account, address: Address) -> None:
    allow(wecom)
    keep(wecom)
    want(address)
    sandbox.add_fault("api_busy", path=f"{EXTERNAL}/mark_tag", count=3)
    run_periodic(jobs.__name__, "mark_relations", wecom.hospital_id)
    assert names_on(sandbox) == set()

    with time_machine.travel(time.now() + timedelta(minutes=2), tick=False):
        run_periodic(jobs.__name__, "mark_relations", wecom.hospital_id)

    assert names_on(sandbox) == {"出院患者"}


def test_silence_about_a_new_tag_makes_no_second_one(sandbox: Sandbox, wecom: Account) -> None:
    tag = allow(wecom)
    claim = actions.claim_tag(tag)
    assert claim is not None
    account = queries.facts_of(wecom)
    run_with(account, lambda provider: make_tag(provider, claim))
    with time_machine.travel(time.now() + timedelta(minutes=5), tick=False):
        synchronising.keep_tag(tag)

    tag.refresh_from_db()
    assert (tag.state, tag.is_ours) == ("ready", True)
    assert sandbox.state()["counts"][f"{EXTERNAL}/add_corp_tag"]["calls"] == 1


def call_back(account: Account, change: str, item: str = "et1", kind: str = "tag") -> None:
    xml = contact_xml(change).replace("change_external_contact", "change_external_tag")
    xml = xml.replace("</xml>", f"<Id>{item}</Id><TagType>{kind}</TagType></xml>")
    facts = queries.facts_of(account)
    actions.take_in(facts, WeCom().parse(facts, xml))


def test_a_tag_deleted_in_wecom_leaves_the_allow_list(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    tag = allow(wecom)
    want(address)
    keep(wecom)
    sandbox.post(f"{MEMBER}/delete-tag", {"name": "出院患者"})
    call_back(wecom, "delete", kind="tag_group")

    keep(wecom)

    tag.refresh_from_db()
    assert (tag.is_allowed, tag.finding, tag.state) == (False, "lost", "removed")
    assert groups(sandbox) == []


def test_a_renamed_tag_is_named_back_when_it_is_ours_and_left_when_not(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    sandbox.post(f"{MEMBER}/create-tag", {"group": "连心", "name": "门诊"})
    ours, theirs = allow(wecom), allow(wecom, "门诊")
    want(address)
    want(address, "门诊")
    keep(wecom)
    assert names_on(sandbox) == {"出院患者", "门诊"}
    sandbox.post(f"{MEMBER}/rename-tag", {"name": "出院患者", "new_name": "糖尿病"})
    sandbox.post(f"{MEMBER}/rename-tag", {"name": "门诊", "new_name": "高血压"})
    call_back(wecom, "update")

    keep(wecom)

    assert names_on(sandbox) == {"出院患者"}
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert (ours.is_allowed, theirs.is_allowed, theirs.finding) == (True, False, "renamed")


def test_a_new_relation_of_somebody_who_carries_a_tag_is_marked(
    sandbox: Sandbox, wecom: Account, address: Address
) -> None:
    allow(wecom)
    want(address)
    keep(wecom)
    relate(sandbox, "ZhouMin")
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    keep(wecom)

    assert names_on(sandbox, "ZhouMin") == {"出院患者"}


def test_forgetting_a_person_forgets_the_tags(wecom: Account, address: Address) -> None:
    allow(wecom)
    want(address)
    keep(wecom)

    by = SystemActor(wecom.hospital_id)
    actions.forget_addresses(wecom.hospital_id, [address.pk], by=by)

    assert not ContactTag.objects.exists()
    assert not RelationTag.objects.exists()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ours", "theirs", "theirs, told", "mark", "look"]),
        st.sampled_from(["出院患者", "门诊", "私人"]),
        st.booleans(),
    ),
    max_size=10,
)


class UndoError(Exception):
    """Raised to leave the database as it was before an example."""


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_after_any_changes_on_both_sides_one_reconciliation_makes_them_equal(
    sandbox: Sandbox, wecom: Account, address: Address, steps: list[tuple[str, str, bool]]
) -> None:
    """「私人」 is a tag of staff's own: it never comes in and is never touched."""
    with pytest.raises(UndoError), transaction.atomic():
        allow(wecom, "出院患者")
        allow(wecom, "门诊")
        sandbox.post(f"{MEMBER}/create-tag", {"group": "员工", "name": "私人"})
        keep(wecom)
        own = play(sandbox, wecom, address, steps)

        look(wecom)
        keep(wecom)

        wanted = {code for code, is_on in agreed(address).items() if is_on}
        found = names_on(sandbox)
        titles = {one["name"] for one in groups(sandbox)}
        for name in ("出院患者", "门诊", "私人"):
            sandbox.post(f"{MEMBER}/delete-tag", {"name": name})
        assert found == wanted | own
        assert wanted <= {"出院患者", "门诊"}
        assert titles == {"连心", "员工"}
        raise UndoError


def play(
    sandbox: Sandbox, wecom: Account, address: Address, steps: list[tuple[str, str, bool]]
) -> set[str]:
    """Let both sides change things; return the tags of staff's own that are on at the end."""
    own: set[str] = set()
    for who, name, is_on in steps:
        if who == "ours":
            want(address, name, is_on=is_on)
        elif who == "mark":
            synchronising.mark_relations(wecom.hospital_id)
        elif who == "look":
            look(wecom)
        else:
            body = {"person": "wang", "on" if is_on else "off": [name]}
            sandbox.post(f"{MEMBER}/tag-contact", body)
            if name == "私人":
                own = {name} if is_on else set()
            if who == "theirs, told":
                Relation.objects.update(edited_at=time.now())
    return own
