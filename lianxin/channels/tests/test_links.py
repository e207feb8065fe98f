"""Acquisition links beside live codes, kept in step with the provider: the sandbox, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from lianxin.channels import actions, jobs, queries, synchronising
from lianxin.channels.actions import links as link_actions
from lianxin.channels.adapters.provider_http import Provider
from lianxin.channels.adapters.wecom import acquisition
from lianxin.channels.adapters.wecom.acquisition import StoredLink
from lianxin.channels.models import (
    Account,
    AcquisitionLink,
    Address,
    Arrival,
    LinkQuota,
    LiveCode,
    Relation,
    StaffNotice,
)
from lianxin.channels.providers import load_facts, run_with
from lianxin.channels.queries import links
from lianxin.channels.rules.links import address_of, opener_of
from lianxin.channels.tests.test_keep_codes import bind, change, make_code
from lianxin.channels.tests.test_translate import translate
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, contact_xml, make_account, open_windows
from lianxin.testing.processes import Sandbox

PATH = "/cgi-bin/externalcontact/customer_acquisition"


@pytest.fixture
def wecom(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, base_url=sandbox.wecom_url)


@pytest.fixture
def doctor(zhou: Staff) -> Staff:
    return bind(zhou, "DrLi")


@pytest.fixture
def nurse(lin: Staff) -> Staff:
    return bind(lin, "ZhouMin")


@pytest.fixture
def link(wecom: Account, doctor: Staff) -> AcquisitionLink:
    code = make_code(wecom, doctor)
    made = link_actions.want_link(code, by=SystemActor(wecom.hospital_id))
    keep(wecom)
    made.refresh_from_db()
    return made


def keep(account: Account) -> None:
    jobs.keep_links.for_hospital(account.hospital_id)  # type: ignore[attr-defined]


def read(account: Account) -> None:
    jobs.read_links.for_hospital(account.hospital_id)  # type: ignore[attr-defined]


def read_quota(account: Account) -> LinkQuota:
    jobs.read_link_quotas.for_hospital(account.hospital_id)  # type: ignore[attr-defined]
    return LinkQuota.objects.get(account=account)


def there(sandbox: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.state()["corps"][CORP_ID]["links"]
    return found


def body_of(sandbox: Sandbox) -> dict[str, Any]:
    (found,) = there(sandbox).values()
    body: dict[str, Any] = found["body"]
    return body


def calls(sandbox: Sandbox, name: str) -> int:
    return int(sandbox.state()["counts"].get(f"{PATH}/{name}", {"calls": 0})["calls"])


def does(sandbox: Sandbox, verb: str, **data: object) -> None:
    sandbox.post(f"/control/corps/{CORP_ID}/members/DrLi/{verb}", dict(data))


def acquisition_xml(change: str, created: int = 1_790_000_000, /, **fields: str) -> str:
    more = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    return (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName>"
        f"<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{created}</CreateTime>"
        "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[customer_acquisition]]></Event>"
        f"<ChangeType><![CDATA[{change}]]></ChangeType>{more}</xml>"
    )


def test_a_link_has_the_people_of_the_code_and_follows_them(
    sandbox: Sandbox, wecom: Account, link: AcquisitionLink, doctor: Staff, nurse: Staff
) -> None:
    assert link.state == "ready"
    assert link.url.startswith("https://work.weixin.qq.com/ca/")
    assert body_of(sandbox)["link_name"] == f"李医生 {link.key}"

    change(link.live_code, doctor, nurse, name="糖尿病随访")
    keep(wecom)
    keep(wecom)

    body = body_of(sandbox)
    assert sorted(body["range"]["user_list"]) == ["DrLi", "ZhouMin"]
    assert (body["link_name"], body["skip_verify"]) == (link.key, True)
    assert (calls(sandbox, "create_link"), calls(sandbox, "update_link")) == (1, 1)
    assert Event.objects.get(name="acquisition_link.updated").data["members"] == 2


def test_silence_about_a_new_link_is_no_reason_to_make_two(
    sandbox: Sandbox, wecom: Account, doctor: Staff
) -> None:
    code = make_code(wecom, doctor)
    link = link_actions.want_link(code, by=SystemActor(wecom.hospital_id))
    sandbox.add_fault("api_garbage", path=f"{PATH}/create_link", count=1)
    keep(wecom)
    link.refresh_from_db()
    assert (link.state, link.failure_code) == ("making", "outcome_unknown")

    AcquisitionLink.objects.update(next_try_at=None)
    keep(wecom)

    link.refresh_from_db()
    assert (link.state, link.asked_at) == ("ready", None)
    assert list(there(sandbox)) == [link.link_id]


def test_what_a_dead_worker_made_is_taken_back_when_the_link_is_dropped(
    sandbox: Sandbox, wecom: Account, doctor: Staff, admin: Staff
) -> None:
    link = link_actions.want_link(make_code(wecom, doctor), by=admin)
    claim = link_actions.claim_link(link)
    assert claim is not None
    assert link_actions.claim_link(link) is None

    async def work(provider: Provider) -> StoredLink:
        return await acquisition.create_link(provider, claim.content)

    run_with(load_facts(wecom.hospital_id, wecom.pk), work)
    link_actions.drop_link(link, by=admin)
    AcquisitionLink.objects.update(leased_until=None)

    keep(wecom)

    assert there(sandbox) == {}
    link.refresh_from_db()
    assert (link.link_id, link.asked_at) == ("", None)


def test_a_link_goes_with_its_code_and_comes_back_with_it(
    sandbox: Sandbox, wecom: Account, link: AcquisitionLink, admin: Staff
) -> None:
    code = link.live_code
    actions.close_live_code(code, seen=code.revision, by=admin)
    with pytest.raises(RefusedError):
        actions.delete_live_code(code, by=admin)
    keep(wecom)
    assert there(sandbox) == {}

    fresh = LiveCode.objects.select_related("account").get(pk=code.pk)
    actions.reopen_live_code(fresh, seen=fresh.revision, by=admin)
    keep(wecom)

    link.refresh_from_db()
    assert list(there(sandbox)) == [link.link_id]


def test_a_refused_link_says_so_and_is_tried_again_on_request(
    sandbox: Sandbox, wecom: Account, doctor: Staff, admin: Staff
) -> None:
    code = make_code(wecom, doctor)
    members = [{"userid": "DrLi", "name": "李医生", "is_active": False}]
    sandbox.put(f"/control/corps/{CORP_ID}", {"members": members})
    link = link_actions.want_link(code, by=admin)
    keep(wecom)
    link.refresh_from_db()
    assert (link.state, link.failure_code) == ("failed", "member_gone")
    members[0]["is_active"] = True
    sandbox.put(f"/control/corps/{CORP_ID}", {"members": members})

    link_actions.want_link(code, by=admin)
    keep(wecom)

    link.refresh_from_db()
    assert (link.state, link.failure_code) == ("ready", "")
    with pytest.raises(RefusedError, match="已经有获客链接"):
        link_actions.want_link(code, by=admin)


def test_reading_sets_back_counts_and_recognises_who_came_by_the_bare_link(
    sandbox: Sandbox, wecom: Account, link: AcquisitionLink
) -> None:
    does(sandbox, "buy-quota", amount=3)
    sandbox.person_does("wang", "scan", code=link.url)
    synchronising.sync_now(wecom.hospital_id, wecom.pk)
    assert Address.objects.get().live_code_id is None

    async def narrow(provider: Provider) -> None:
        body = {"link_id": link.link_id, "range": {"user_list": ["ZhouMin"]}}
        await provider.post(f"{PATH}/update_link", body)

    run_with(load_facts(wecom.hospital_id, wecom.pk), narrow)
    AcquisitionLink.objects.update(read_at=time.now() - timedelta(days=2))
    read(wecom)
    keep(wecom)

    link.refresh_from_db()
    assert (link.finding, link.opened_count, link.added_count) == ("drifted", 1, 1)
    assert body_of(sandbox)["range"]["user_list"] == ["DrLi"]
    assert Address.objects.get().live_code_id == link.live_code_id
    relation = Relation.objects.get()
    assert (relation.live_code_id, relation.add_way) == (link.live_code_id, 16)
    assert Event.objects.get(name="acquisition_link.recognised").data["people"] == 1
    count = queries.count_by_live_code(wecom.hospital_id, [link.live_code_id], time.now())
    assert (count[link.live_code_id].added, count[link.live_code_id].staying) == (1, 1)


def test_what_was_deleted_at_the_provider_is_made_anew_and_said(
    sandbox: Sandbox, wecom: Account, link: AcquisitionLink, admin: Staff
) -> None:
    does(sandbox, "remove-link", link_id=link.link_id)
    xml = acquisition_xml("delete_link", LinkId=link.link_id)

    translate(wecom, xml, f"{xml}\n")
    keep(wecom)

    fresh = AcquisitionLink.objects.get()
    assert fresh.link_id not in ("", link.link_id)
    assert (fresh.state, fresh.finding) == ("ready", "lost")
    assert Event.objects.filter(name="acquisition_link.lost").count() == 1
    notice = StaffNotice.objects.get(staff=admin)
    assert notice.path == f"/settings/codes/{link.live_code.key}/link/"
    assert "重新生成" in notice.text


def test_who_comes_by_a_place_is_counted_to_it_and_to_the_code(
    wecom: Account, link: AcquisitionLink, admin: Staff
) -> None:
    place = link_actions.create_place(link, "出院短信", by=admin)
    seen = {"LinkId": link.link_id, "State": place.key}

    translate(
        wecom,
        acquisition_xml("open_profile", **seen),
        acquisition_xml("open_profile", 1_790_000_009, **seen),
        acquisition_xml("friend_request", **seen),
        contact_xml("add_half_external_contact", person="wmWang", state=place.key),
        contact_xml(person="wmWang", state=place.key, welcome_code="W1"),
        acquisition_xml(
            "customer_start_chat", LinkId=link.link_id, UserID="staff1", ExternalUserID="wmWang"
        ),
    )

    address = Address.objects.get()
    assert address.live_code_id == link.live_code_id
    assert Relation.objects.get().live_code_id == link.live_code_id
    assert Arrival.objects.get(kind="link_talked").address == address
    counts = links.count_places([place])[place.pk]
    assert (counts.opened, counts.asked, counts.added) == (2, 1, 1)
    code = queries.count_by_live_code(wecom.hospital_id, [link.live_code_id], time.now())
    found = code[link.live_code_id]
    assert (found.opened, found.asked, found.talked, found.added) == (2, 1, 1, 1)
    told = Event.objects.filter(name="contact.added").first()
    assert told is not None
    assert told.data["live_code_id"] == link.live_code_id


def test_a_lost_callback_of_a_place_is_made_up_for(
    sandbox: Sandbox, wecom: Account, link: AcquisitionLink, admin: Staff
) -> None:
    place = link_actions.create_place(link, "公众号文章", by=admin)
    does(sandbox, "buy-quota", amount=3)
    sandbox.person_does("wang", "scan", code=address_of(link.url, place.key))

    synchronising.sync_now(wecom.hospital_id, wecom.pk)

    assert Address.objects.get().live_code_id == link.live_code_id
    assert links.count_places([place])[place.pk].added == 1


@pytest.mark.parametrize(
    ("change", "fields", "says"),
    [
        ("balance_low", {}, "快用完"),
        ("balance_exhausted", {}, "已用完"),
        ("quota_expire_soon", {"ExpireTime": "1795000000", "ExpireQuotaNum": "7"}, "7 个额度"),
        ("balance_increased", {}, ""),
    ],
)
def test_news_of_the_quota_reach_who_manages_channels_once(
    sandbox: Sandbox,
    wecom: Account,
    admin: Staff,
    zhou: Staff,
    change: str,
    fields: dict[str, str],
    says: str,
) -> None:
    read_quota(wecom)
    does(sandbox, "buy-quota", amount=7)
    xml = acquisition_xml(change, **fields)

    translate(wecom, xml, f"{xml}\n")

    texts = [one.text for one in StaffNotice.objects.filter(staff=admin)]
    assert (len(texts), says in "".join(texts)) == (1 if says else 0, True)
    assert not StaffNotice.objects.filter(staff=zhou).exists()
    assert Event.objects.filter(name__startswith="link_quota.").count() == 1
    quota = read_quota(wecom)
    assert (quota.total, quota.balance, quota.is_asked_for) == (7, 7, False)
    assert quota.packs[0][1] == 7


def test_a_closed_link_is_marked_and_open_again_with_more_quota(
    wecom: Account, link: AcquisitionLink
) -> None:
    translate(wecom, acquisition_xml("link_unavailable", LinkId=link.link_id))
    link.refresh_from_db()
    assert link.finding == "unavailable"

    translate(wecom, acquisition_xml("balance_increased"))

    link.refresh_from_db()
    assert link.finding == ""


def test_an_app_without_the_right_is_asked_again_tomorrow(sandbox: Sandbox, wecom: Account) -> None:
    app = {"agent_id": 1000002, "secret": "app-secret", "name": "连心", "rights": ["message"]}
    sandbox.put(f"/control/corps/{CORP_ID}", {"apps": [app]})

    quota = read_quota(wecom)

    assert (quota.read_at, quota.failure_code) == (None, "not_permitted")
    assert links.list_quotas_to_read(wecom.hospital_id, time.now() + timedelta(hours=23)) == []
    assert links.list_quotas_to_read(wecom.hospital_id, time.now() + timedelta(hours=25)) == [wecom]


def test_unknown_news_and_those_of_other_links_change_nothing(
    wecom: Account, link: AcquisitionLink, admin: Staff
) -> None:
    translate(
        wecom,
        acquisition_xml("delete_link", LinkId="not-ours"),
        acquisition_xml("something_new", LinkId=link.link_id),
    )

    fresh = AcquisitionLink.objects.get()
    assert (fresh.link_id, fresh.finding) == (link.link_id, "")
    assert not StaffNotice.objects.exists()


def test_the_pages_make_a_link_and_give_it_out(
    as_admin: Client, as_lin: Client, wecom: Account, doctor: Staff
) -> None:
    code = make_code(wecom, doctor)
    at = f"/settings/codes/{code.key}/link/"
    assert "生成获客链接" in as_admin.get(at).content.decode()
    assert as_admin.post(f"{at}want/").status_code == 302
    assert "正在生成" in as_admin.get(at, headers={"HX-Request": "true"}).content.decode()
    keep(wecom)
    read_quota(wecom)
    assert as_admin.post(f"{at}places/", {"name": "出院短信"}).status_code == 302
    assert as_admin.post(f"{at}places/", {"name": "出院短信"}).status_code == 409
    assert as_admin.post(f"{at}places/", {"name": "糖尿病短信"}).status_code == 422

    page = as_admin.get(at).content.decode()

    link = AcquisitionLink.objects.get()
    (place,) = links.list_places(link)
    assert f"{link.url}?customer_channel={code.state_key}" in page
    assert f"{link.url}?customer_channel={place.key}" in page
    assert "还没有买额度" in page
    assert link.url in as_admin.get(f"/settings/codes/{code.key}/").content.decode()
    assert "没有额度" in as_admin.get(f"/settings/channels/{wecom.key}/").content.decode()
    assert as_admin.post(f"{at}drop/").status_code == 302
    keep(wecom)
    assert "已停用，二维码照常用" in as_admin.get(at).content.decode()
    assert as_lin.get(at).status_code == 403


def test_an_official_accounts_code_has_no_link(
    as_admin: Client, admin: Staff, in_riverside: Hospital
) -> None:
    account = make_account(in_riverside, Account.Kind.OFFICIAL_ACCOUNT)
    code = make_code(account, admin)

    assert as_admin.get(f"/settings/codes/{code.key}/link/").status_code == 404
    assert "获客链接" not in as_admin.get(f"/settings/codes/{code.key}/").content.decode()


def test_an_address_carries_its_channel_and_opens_wechat() -> None:
    address = address_of("https://work.weixin.qq.com/ca/x", "a b")

    assert address == "https://work.weixin.qq.com/ca/x?customer_channel=a%20b"
    assert opener_of(address).startswith("weixin://biz/ww/profile/https%3A%2F%2Fwork")
    assert address_of("", "a") == opener_of("") == ""
