"""Deliveries and refusals as staff read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from lianxin.core import time
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.outreach.models import Delivery, Intent, StaffConfirmation
from lianxin.outreach.queries.reach import Said, carrier_word, describe_reason
from lianxin.patients.models import Holder
from lianxin.patients.queries import PatientFace, names_of

KIND_WORDS = {
    Intent.Kind.CARD: _("健康卡"),
    Intent.Kind.CONTENT: _("内容"),
    Intent.Kind.MESSAGE: _("通知"),
    Intent.Kind.REPLY: _("回复"),
    Intent.Kind.SAFETY: _("安全提示"),
    Intent.Kind.WELCOME: _("欢迎语"),
}
STATE_WORDS = {
    Delivery.State.PLANNED: _("等待重试"),
    Delivery.State.CLAIMED: _("发送中"),
    Delivery.State.SENT: _("已发出"),
    Delivery.State.DELIVERED: _("已送达"),
    Delivery.State.FAILED: _("没发成"),
    Delivery.State.WAITING_STAFF: _("待员工确认"),
    Delivery.State.REFUSED: _("已拒绝"),
    Delivery.State.CANCELLED: _("已取消"),
}


CONFIRMATION_WORDS = {
    StaffConfirmation.State.PLANNED: _("等待创建"),
    StaffConfirmation.State.CLAIMED: _("正在创建"),
    StaffConfirmation.State.WAITING: _("待确认"),
    StaffConfirmation.State.TAKING_BACK: _("正在撤回"),
    StaffConfirmation.State.STOPPING: _("正在取消"),
    StaffConfirmation.State.DONE: _("已确认"),
    StaffConfirmation.State.FAILED: _("没建成"),
    StaffConfirmation.State.EXPIRED: _("没有人确认"),
    StaffConfirmation.State.CANCELLED: _("已取消"),
}


@dataclass(frozen=True)
class DeliveryFilter:
    state: str = ""
    carrier: str = ""
    kind: str = ""
    reason: str = ""
    patient_key: str = ""


@dataclass(frozen=True)
class DeliveryLine:
    """One delivery in words."""

    delivery: Delivery
    face: PatientFace | None
    kind_word: str
    carrier_word: str
    state_word: str
    reason: Said | None


def list_deliveries(actor: Actor, wanted: DeliveryFilter | None = None) -> QuerySet[Delivery]:
    """Return deliveries and refusals, newest first."""
    if not actor.may("send.read"):
        raise ForbiddenError
    wanted = wanted or DeliveryFilter()
    rows = Delivery.objects.of(actor.hospital_id).select_related("intent", "account", "staff")
    filters = {
        "state": wanted.state,
        "carrier": wanted.carrier,
        "intent__kind": wanted.kind,
        "reason_code": wanted.reason,
        "patient__key": wanted.patient_key,
    }
    chosen = {name: value for name, value in filters.items() if value}
    return rows.filter(**chosen).order_by("-created_at", "-pk")


def describe(hospital_id: int, deliveries: Sequence[Delivery]) -> list[DeliveryLine]:
    """Put deliveries into words: two more queries, however many."""
    faces = names_of(hospital_id, {row.patient_id for row in deliveries if row.patient_id})
    return [
        DeliveryLine(
            delivery=row,
            face=faces.get(row.patient_id) if row.patient_id else None,
            kind_word=str(KIND_WORDS[Intent.Kind(row.intent.kind)]),
            carrier_word=carrier_word(row.carrier),
            state_word=str(STATE_WORDS[Delivery.State(row.state)]),
            reason=describe_reason(row.reason_code, row.reason_facts) if row.reason_code else None,
        )
        for row in deliveries
    ]


def count_refusals_by_reason(actor: Actor, *, days: int = 7) -> list[tuple[Said, int]]:
    """Count what was refused in the last days, the commonest reason first."""
    if not actor.may("send.read"):
        raise ForbiddenError
    rows = (
        Delivery.objects.of(actor.hospital_id)
        .filter(
            state__in=[Delivery.State.REFUSED, Delivery.State.FAILED],
            created_at__gte=time.now() - timedelta(days=days),
        )
        .values_list("reason_code")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason_code")
    )
    counts: dict[str, int] = {}
    said: dict[str, Said] = {}
    for code, count in rows:
        one = describe_reason(code, {"limit": "…", "hours": "…", "count": "…"})
        counts[one.word] = counts.get(one.word, 0) + count
        said.setdefault(one.word, one)
    return [(said[word], count) for word, count in counts.items()]


def access_delivery(actor: Actor, key: str) -> Delivery:
    row = list_deliveries(actor).filter(key=key).first()
    if row is None:
        raise NotFoundError
    return row


def access_intent(actor: Actor, key: str) -> Intent:
    if not actor.may("send.read"):
        raise ForbiddenError
    intent = Intent.objects.of(actor.hospital_id).filter(key=key).first()
    if intent is None:
        raise NotFoundError
    return intent


def deliveries_of_intents(hospital_id: int, intent_ids: Iterable[int]) -> dict[int, list[Delivery]]:
    """Return what was tried for each intent, in the order in which it was tried."""
    rows = Delivery.objects.of(hospital_id).filter(intent_id__in=list(intent_ids))
    found: dict[int, list[Delivery]] = {}
    for row in rows.order_by("created_at", "pk"):
        found.setdefault(row.intent_id, []).append(row)
    return found


def find_by_delivery_key(holder: Holder, key: str) -> Delivery | None:
    """Return the delivery behind a link on this phone; a merged task's link has one key for all."""
    own = Delivery.objects.of(holder.hospital_id).filter(holder_id=holder.pk)
    single = own.filter(key=key).first()
    if single is not None:
        return single
    return own.filter(confirmation__key=key).order_by("pk").first()


def list_confirmations(
    actor: Actor, *, staff_ids: Collection[int] | None = None
) -> QuerySet[StaffConfirmation]:
    """Return today's merged tasks, for Today and the send pages."""
    if not (actor.may("send.read") or actor.may("send.confirm")):
        raise ForbiddenError
    rows = StaffConfirmation.objects.filter(hospital_id=actor.hospital_id).select_related("staff")
    if staff_ids is not None:
        rows = rows.filter(staff_id__in=staff_ids)
    return rows.order_by("-on", "-pk")


def confirmation_word(confirmation: StaffConfirmation) -> str:
    return str(CONFIRMATION_WORDS[StaffConfirmation.State(confirmation.state)])
