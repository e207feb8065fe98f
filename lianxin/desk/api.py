"""REST: what the mini-program shows before it opens a page: who, what waits, which reminders."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Router, Schema

from lianxin.channels import queries as channels
from lianxin.channels.models import Account
from lianxin.core.errors import NotFoundError
from lianxin.desk.queries.home import Home, load_home
from lianxin.patients import queries as patients
from lianxin.patients.api import MiniSession
from lianxin.patients.models import Holder
from lianxin.rest.frame import Problem, in_hospital

router = Router(tags=["mini-program"])


class Page(Schema):
    """A patient page that the web-view can open by a pass."""

    title: str
    path: str


class Reminder(Schema):
    """One kind of reminder, and how many more may be sent: each tick is good for one."""

    template_id: str
    left: int


class HomeOut(Schema):
    """`step` is who, verify, consent or ready. Of health it says only how much is to be done."""

    hospital: str
    name: str
    step: str
    waiting: int
    pages: list[Page]
    reminders: list[Reminder]


@router.get(
    "{slug:key}/home/",
    response={200: HomeOut, 401: Problem},
    url_name="mini_home",
    auth=MiniSession(),
    summary="Who it is, which pages to open, and which reminders may still be sent",
)
@in_hospital
def home(request: HttpRequest, key: str) -> HomeOut:
    holder: Holder = request.auth  # type: ignore[attr-defined]
    account = channels.find_open_account(Account.Kind.MINI_PROGRAM, key)
    if account is None:
        raise NotFoundError
    page = load_home(holder, get_language() or "zh-hans")
    return HomeOut(
        hospital=holder.hospital.name,
        name=page.face.masked_name if page.face else "",
        step=page.step,
        waiting=page.left_count if page.step == "ready" else 0,
        pages=list_pages(page),
        reminders=list_reminders(holder, account),
    )


def list_pages(page: Home) -> list[Page]:
    """Name the pages in the order of the phone's tabs, then what to read."""
    own = [
        Page(title=_("今日"), path="/p/"),
        Page(title=_("趋势"), path="/p/health/trend/"),
    ]
    common = [Page(title=_("咨询"), path="/p/chat/")]
    guides = [Page(title=guide.title, path=guide.path) for guide in page.guides]
    return (own if page.step == "ready" else own[:1]) + common + guides


def list_reminders(holder: Holder, account: Account) -> list[Reminder]:
    """Count what the person has ticked, as the provider told; the phone's word is not counted."""
    template_id = str(account.config.get("template_id", ""))
    if not template_id:
        return []
    addresses = patients.addresses_of_holder(holder.hospital_id, holder.pk)
    ids = [one.pk for one in addresses if one.account_id == account.pk]
    ticks = channels.count_ticks(holder.hospital_id, ids)
    left = sum(count for (_address, template), count in ticks.items() if template == template_id)
    return [Reminder(template_id=template_id, left=left)]
