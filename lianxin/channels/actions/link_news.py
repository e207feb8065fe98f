"""What WeCom tells about acquisition links by callback: kept, and said to who manages channels."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lianxin.channels.actions.intake import Intake, store_arrival
from lianxin.channels.actions.links import note_link_change, note_quota_change
from lianxin.channels.actions.notices import notify_staff
from lianxin.channels.adapters.base import Inbound, at_unix
from lianxin.channels.models import Account
from lianxin.channels.queries import find_address_by_external
from lianxin.channels.queries import links as queries
from lianxin.core import time
from lianxin.staff.queries import list_staff
from lianxin.staff.rules import PERMISSIONS

NOTICES: dict[str, str | Promise] = {
    "low": _("获客链接的额度快用完了。请管理员在企业微信后台购买，二维码不受影响。"),
    "exhausted": _(
        "获客链接的额度已用完，点链接的人暂时加不上。请在企业微信后台购买，这期间请用二维码。"
    ),
    "expiring": _(
        "获客链接有 %(count)s 个额度将在 %(day)s 到期。到企业微信后台看一下，需要时续购。"
    ),
    "unavailable": _("有一个获客链接现在不能用。请看额度和接待的人，这期间请用二维码。"),
    "deleted": _("有一个获客链接在企业微信后台被删除，正在重新生成。请换掉以前发出去的链接。"),
}


def take_link(intake: Intake, inbound: Inbound) -> None:
    """Take in what became of a link: who opened it, or what the provider says of it.

    News of a link that is not ours changes nothing.
    """
    link = queries.find_told_link(intake.account.id, str(inbound.raw["link_id"]))
    who = find_address_by_external(intake.hospital_id, intake.account.id, inbound.external_id)
    arrival = store_arrival(intake, inbound, who, link.live_code if link else None)
    if arrival is None or inbound.event == "link.visited":
        return
    account = Account.objects.get(pk=intake.account.id)
    if inbound.event == "link_quota.changed":
        note_quota_change(account, inbound.kind)
        tell_managers(account, inbound, path=f"/settings/channels/{account.key}/")
    elif link is not None and note_link_change(link, inbound.kind, at=inbound.occurred_at):
        tell_managers(account, inbound, path=f"/settings/codes/{link.live_code.key}/link/")


def tell_managers(account: Account, inbound: Inbound, *, path: str) -> None:
    """Say it to everybody who may manage channels; more of the quota needs nobody."""
    sentence = NOTICES.get(inbound.kind)
    if sentence is None:
        return
    lapses = time.local(account.hospital, at_unix(inbound.raw.get("expires_at")))
    numbers = {"count": inbound.raw.get("expiring", ""), "day": f"{lapses:%Y-%m-%d}"}
    for one in list_staff(account.hospital_id).filter(role__in=PERMISSIONS["channel.manage"]):
        notify_staff(
            account.hospital_id,
            one.pk,
            text=str(sentence) % numbers if inbound.kind == "expiring" else str(sentence),
            path=path,
            dedupe_key=f"{inbound.kind}:{account.pk}:{path}:{inbound.occurred_at:%Y%m%d%H%M%S}",
        )
