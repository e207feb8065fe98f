"""The corp's customer service accounts: made, renamed and deleted, whoever changes them."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import actions, jobs, synchronising
from lianxin.channels.adapters.wecom.adapter import WeCom
from lianxin.channels.adapters.wecom_kf.accounts import ListedAccount, read_account
from lianxin.channels.adapters.wecom_kf.adapter import WeComKf
from lianxin.channels.models import Account, ServiceAccount
from lianxin.channels.queries import facts_of
from lianxin.channels.rules import service_accounts as rules
from lianxin.core.errors import RefusedError
from lianxin.core.models import Hospital
from lianxin.staff.models import Staff
from lianxin.testing.channels import CORP_ID, make_account, open_windows
from lianxin.testing.jobs import run_jobs, run_periodic
from lianxin.testing.processes import Sandbox
from lianxin.testing.staff import make_staff

KF = "wkCare"
ADD = "/cgi-bin/kf/account/add"


@pytest.fixture
def kf(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, "wecom_kf", base_url=sandbox.wecom_url, open_kfid=KF)


@pytest.fixture
def admin(in_riverside: Hospital) -> Staff:
    return make_staff(in_riverside, role=Staff.Role.ADMIN)


def keep(kf: Account) -> None:
    run_periodic(jobs.__name__, "keep_service_accounts", kf.hospital_id)


def read(kf: Account) -> None:
    synchronising.read_service_accounts(kf.hospital_id, kf.pk)


def there(sandbox: Sandbox) -> dict[str, str]:
    kf = sandbox.state()["corps"][CORP_ID]["kf"]
    return {one["name"]: open_kfid for open_kfid, one in kf.items()}


def test_one_is_made_renamed_answered_for_and_deleted(
    sandbox: Sandbox, kf: Account, admin: Staff
) -> None:
    row = actions.want_service_account(kf, "门诊咨询", by=admin)
    with pytest.raises(RefusedError, match="叫这个名称"):
        actions.want_service_account(kf, "门诊咨询", by=admin)
    keep(kf)
    keep(kf)
    read(kf)
    row.refresh_from_db()
    assert there(sandbox)["门诊咨询"] == row.open_kfid
    assert sandbox.state()["counts"][ADD]["calls"] == 1

    actions.rename_service_account(row, "心内科咨询", by=admin)
    keep(kf)
    assert set(there(sandbox)) == {"河畔客服", "心内科咨询"}

    row.refresh_from_db()
    channel = actions.connect_service_account(row, by=admin)
    assert synchronising.check_account(kf.hospital_id, channel.pk)[1].state == "ok"
    with pytest.raises(RefusedError, match="先在渠道里停用"):
        actions.give_up_service_account(row, by=admin)
    actions.pause_account(channel, by=admin)
    actions.give_up_service_account(row, by=admin)
    keep(kf)
    assert set(there(sandbox)) == {"河畔客服"}


def test_one_whose_making_got_no_answer_is_found_and_not_made_twice(
    sandbox: Sandbox, kf: Account, admin: Staff
) -> None:
    row = actions.want_service_account(kf, "门诊咨询", by=admin)
    sandbox.add_fault("api_answer_lost", path=ADD, count=1)
    keep(kf)
    row.refresh_from_db()
    assert (row.open_kfid, row.failure_code) == ("", "outcome_unknown")

    ServiceAccount.objects.update(next_try_at=None)
    keep(kf)

    row.refresh_from_db()
    assert row.open_kfid == there(sandbox)["门诊咨询"]
    assert sandbox.state()["counts"][ADD]["calls"] == 1


def test_what_the_provider_refuses_is_said_and_changes_there_are_believed(
    sandbox: Sandbox, kf: Account, admin: Staff, as_admin: Client
) -> None:
    sandbox.put("/control/settings", {"kf_account_limit": 1})
    actions.want_service_account(kf, "门诊咨询", by=admin)
    keep(kf)
    sandbox.put(f"/control/kf-accounts/{KF}", {"corp_id": CORP_ID, "name": "河畔互联网医院"})
    read(kf)

    page = as_admin.get(f"/settings/channels/{kf.key}/service/").content.decode()

    assert "河畔互联网医院" in page
    assert "没有建成" in page
    assert "平台的额度已用完" in page


def test_a_notice_takes_rights_away_and_the_list_is_read(sandbox: Sandbox, kf: Account) -> None:
    sandbox.put("/control/kf-accounts/wkTwo", {"corp_id": CORP_ID, "name": "第二个"})
    read(kf)
    xml = (
        "<xml><Event>kf_account_auth_change</Event><CreateTime>1790000000</CreateTime>"
        "<AuthDelOpenKfId>wkCare</AuthDelOpenKfId><AuthDelOpenKfId>wkTwo</AuthDelOpenKfId></xml>"
    )
    one = xml.replace("<AuthDelOpenKfId>wkTwo</AuthDelOpenKfId>", "").replace("Del", "Add")

    [taken] = WeComKf().parse(facts_of(kf), xml)
    [given] = WeCom().parse(facts_of(kf), one)
    actions.take_in(facts_of(kf), [taken])
    assert not ServiceAccount.objects.filter(is_managed=True).exists()
    actions.take_in(facts_of(kf), [given])

    assert ServiceAccount.objects.get(is_managed=True).open_kfid == KF
    kf.refresh_from_db()
    assert kf.check_requested_at is not None
    jobs.service_accounts.defer_reading(kf.hospital_id, kf.pk)
    assert "channels.jobs.read_service_accounts" in run_jobs()
    assert ServiceAccount.objects.filter(is_managed=True).count() == 2


def test_the_page_makes_renames_and_refuses(
    kf: Account, as_admin: Client, sandbox: Sandbox
) -> None:
    url = f"/settings/channels/{kf.key}/service/"
    assert as_admin.post(f"{url}new/", {"name": "字" * 17}).status_code == 422
    assert as_admin.post(f"{url}new/", {"name": "门诊咨询"}).status_code == 302
    keep(kf)
    row = ServiceAccount.objects.get()
    assert as_admin.post(f"{url}{row.key}/rename/", {"name": ""}).status_code == 422
    assert as_admin.post(f"{url}{row.key}/rename/", {"name": "专家咨询"}).status_code == 302
    assert "正在改名" in as_admin.get(url).content.decode()
    assert as_admin.post(f"{url}{row.key}/connect/").status_code == 302
    assert as_admin.post(f"{url}{row.key}/connect/").status_code == 409
    assert as_admin.post(f"{url}{row.key}/remove/").status_code == 409


NAMES = st.text(max_size=3)


@given(NAMES, st.booleans(), st.booleans(), st.booleans(), NAMES, st.booleans())
def test_a_step_ends_where_wanted_and_listed_are_the_same(
    name: str, is_wanted: bool, is_made: bool, is_listed: bool, listed: str, is_asked: bool
) -> None:
    standing = rules.AccountStanding(name, is_wanted, is_made, is_listed, listed, is_asked)
    step = rules.next_account_step(standing)

    assert step != rules.REMOVE or not is_wanted
    assert step != rules.MAKE or not is_made
    if is_wanted and is_made and is_listed:
        assert (step == rules.NOTHING) == (name == listed)


@given(st.dictionaries(st.sampled_from(["open_kfid", "name", "manage_privilege"]), st.text()))
def test_no_row_of_the_list_breaks_the_reading(row: dict[str, str]) -> None:
    found = read_account(row)
    assert isinstance(found, ListedAccount)
    assert len(found.open_kfid) <= 64
