"""Links of customer service: one for each place, counted apart, printed like any live code."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels import jobs, queries, synchronising
from lianxin.channels.adapters.wecom_kf.calls import with_param
from lianxin.channels.models import Account, Address, LiveCode
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.testing.channels import make_account, open_windows
from lianxin.testing.jobs import run_periodic
from lianxin.testing.processes import Sandbox

NEW = "/settings/codes/new/"


@pytest.fixture
def kf(sandbox: Sandbox, in_riverside: Hospital) -> Account:
    open_windows()
    return make_account(in_riverside, "wecom_kf", base_url=sandbox.wecom_url, open_kfid="wkCare")


def make(client: Client, kf: Account, name: str, place: str) -> LiveCode:
    given = {"name": name, "account": kf.key, "place": place, "roster-TOTAL_FORMS": 0}
    answer = client.post(NEW, given | {"roster-INITIAL_FORMS": 0})
    assert answer.status_code == 302
    run_periodic(jobs.__name__, "make_live_codes", kf.hospital_id)
    return LiveCode.objects.select_related("account", "hospital").get(name=name)


def test_each_place_has_its_own_link_and_who_enters_is_counted_there(
    sandbox: Sandbox, kf: Account, as_admin: Client
) -> None:
    assert f'value="{kf.key}" selected' in as_admin.get(f"{NEW}?account={kf.key}").content.decode()
    ward = make(as_admin, kf, "三病区床头", "department")
    poster = make(as_admin, kf, "门诊海报", "poster")
    assert ward.qr_content != poster.qr_content
    assert parse_qs(urlsplit(poster.qr_content).query)["scene_param"] == [poster.state_key]

    sandbox.person_does("wang", "scan", code=ward.qr_content)
    sandbox.person_does("wang", "scan", code=poster.qr_content)
    synchronising.sync_messages(kf.hospital_id, kf.pk, "")

    codes = [ward.pk, poster.pk]
    counts = queries.count_by_live_code(kf.hospital_id, codes, time.now())
    assert [counts[pk].scanned for pk in codes] == [1, 1]
    assert [counts[pk].added for pk in codes] == [1, 0]
    assert Address.objects.get().live_code_id == poster.pk
    told = Event.objects.filter(name="contact.added").order_by("id")
    assert [one.data["live_code_id"] for one in told][:1] == [ward.pk]


def test_its_page_has_the_link_the_code_and_the_place(
    sandbox: Sandbox, kf: Account, as_admin: Client
) -> None:
    code = make(as_admin, kf, "门诊海报", "poster")
    url = f"/settings/codes/{code.key}/"

    page = as_admin.get(url).content.decode()

    assert code.qr_content.replace("&", "&amp;") in page
    assert "海报、易拉宝" in page
    assert "进入会话" in page
    assert as_admin.get(f"{url}print/poster.pdf/").content.startswith(b"%PDF")
    assert as_admin.post(f"{url}close/", {"seen": 1}).status_code == 302
    assert "平台不能收回" in as_admin.get(url).content.decode()


@given(st.text(min_size=1, max_size=40), st.sampled_from(["http://a.test/kf/1", "http://a/?e=1"]))
def test_whatever_stands_behind_a_link_comes_back_as_it_was(key: str, url: str) -> None:
    made = with_param(url, key)

    assert parse_qs(urlsplit(made).query, keep_blank_values=True)["scene_param"] == [key]
    assert made.startswith(url)
