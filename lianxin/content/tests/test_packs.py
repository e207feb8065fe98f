from __future__ import annotations

import io
import zipfile

from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.actions import CampaignContent, create_campaign, create_live_code
from lianxin.channels.models import Campaign
from lianxin.channels.platforms import load_platforms
from lianxin.content.models import Revision
from lianxin.content.packs import plain_text, post_text
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Staff
from lianxin.testing.channels import make_account
from lianxin.testing.content import make_draft, make_published


def make_campaign(hospital: Hospital, by: Staff) -> Campaign:
    account = make_account(hospital)
    with scope(hospital):
        code = create_live_code(account, "门诊", staff=by, by=SystemActor(hospital.pk))
        today = time.today(hospital)
        content = CampaignContent(code, "xiaohongshu", "讲座", None, today, None)
        return create_campaign(content, by=by)


def test_a_pack_holds_published_words_link_and_rules(
    as_admin: Client, admin: Staff, riverside: Hospital
) -> None:
    campaign = make_campaign(riverside, admin)
    published = make_published(riverside)
    draft = make_draft(riverside)

    answer = as_admin.get(f"/content/{published.key}/pack/?campaign={campaign.key}")
    again = as_admin.get(f"/content/{published.key}/pack/?campaign={campaign.key}")
    files = zipfile.ZipFile(io.BytesIO(answer.content))

    assert answer.content == again.content
    assert f"/go/{campaign.key}/" in files.read("3-link.txt").decode()
    assert files.read("4-code.png").startswith(b"\x89PNG")
    assert "不承诺疗效" in files.read("5-rules.txt").decode()
    assert as_admin.get(f"/content/{draft.item.key}/pack/?campaign=x").status_code == 409
    assert as_admin.get(f"/content/{published.key}/pack/?campaign=x").status_code == 404


@given(st.text(max_size=1500), st.text(max_size=1200), st.sampled_from(sorted(load_platforms())))
def test_words_are_never_cut_and_always_fit(body: str, summary: str, code: str) -> None:
    platform = load_platforms()[code]
    revision = Revision(title="t", summary=summary, body_html=body.replace("<", ""))

    text = post_text(revision, platform, "zh-hans")

    assert len(text) <= platform.text_characters
    whole = {plain_text(revision.body_html), summary}
    assert not text or any(part and text.startswith(part) for part in whole)


def test_a_page_becomes_lines() -> None:
    assert plain_text("<h2>一</h2><p>二<b>三</b></p><ul><li>四</li></ul>") == "一\n二三\n四"
