"""Who takes a thread, who has read it, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.conversations import catalog, queries
from lianxin.conversations.actions.rating import ask_rating
from lianxin.conversations.actions.standing import (
    end_consult,
    lock_thread,
    publish,
    save_standing,
    tell,
)
from lianxin.conversations.models import Consult, Thread, ThreadQuerySet
from lianxin.core import time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.patients.models import Holder
from lianxin.patients.queries import find_current_patient, patients_of
from lianxin.staff.models import Staff


@transaction.atomic
def assign_thread(
    thread: Thread, staff: Staff | None, *, by: Staff, expected_id: int | None
) -> Thread:
    """Hand the thread to a colleague, or to nobody. Refused when somebody else was faster.

    `expected_id` is whom the page showed as responsible.
    """
    if not by.may("message.send"):
        raise ForbiddenError
    if staff is not None and not staff.may("message.send"):
        raise RefusedError(_("这位同事没有回复消息的权限。"))
    taken = Thread.objects.filter(pk=thread.pk, assignee_id=expected_id).shown()
    if not taken.update(assignee=staff):
        raise RefusedError(_("刚刚已由别的同事接手，请先看最新状态。"))
    thread.assignee = staff
    tell(thread, "thread.assigned", by, staff_id=staff.pk if staff else None)
    publish(thread)
    return thread


@transaction.atomic
def mark_read(thread: Thread, *, by: Staff) -> None:
    """Note that somebody has read what the patient wrote."""
    if not by.may("message.read"):
        raise ForbiddenError
    if Thread.objects.filter(pk=thread.pk, unread_count__gt=0).update(unread_count=0):
        thread.unread_count = 0
        tell(thread, "thread.read", by)
        publish(thread)


@transaction.atomic
def close_thread(thread: Thread, *, outcome: str, kind: str, by: Staff) -> Consult | None:
    """End the running consult with its outcome. A new message opens the next one."""
    if not by.may("message.send"):
        raise ForbiddenError
    if outcome not in catalog.outcomes() or kind not in catalog.kinds():
        raise RefusedError(_("请选择咨询类型和结果。"))
    thread = lock_thread(thread)
    if not thread.is_open:
        raise RefusedError(_("这段会话已经结束。"))
    now = time.now()
    consult = queries.find_open_consult(thread)
    if consult is not None:
        end_consult(consult, outcome, by=by, at=now)
        Consult.objects.filter(pk=consult.pk).update(kind=kind)
        tell(thread, "consult.closed", by, consult_id=consult.pk, outcome=outcome, kind=kind)
    thread.state = Thread.State.CLOSED
    thread.urgency, thread.urgency_category, thread.urgent_at = Thread.Urgency.NORMAL, "", None
    thread.waiting_since, thread.first_reply_due_at = None, None
    thread.unread_count = 0
    tell(thread, "thread.closed", by, outcome=outcome)
    save_standing(thread)
    if consult is not None:
        ask_rating(thread, consult)
    return consult


@transaction.atomic
def settle_danger(thread: Thread, *, by: Staff) -> None:
    """Take the danger banner away: somebody has seen to it."""
    if not by.may("message.send"):
        raise ForbiddenError
    thread = lock_thread(thread)
    thread.urgency, thread.urgency_category, thread.urgent_at = Thread.Urgency.NORMAL, "", None
    save_standing(thread)
    tell(thread, "emergency.settled", by)


@transaction.atomic
def name_threads(hospital_id: int, holder_ids: Iterable[int]) -> None:
    """Say whom the talk is about, once the person behind the phone was verified."""
    for holder in Holder.objects.filter(hospital_id=hospital_id, pk__in=set(holder_ids)):
        thread = queries.find_thread_of_holder(hospital_id, holder.pk)
        patient = find_current_patient(holder)
        if thread is None or patient is None or thread.patient_id == patient.pk:
            continue
        Thread.objects.filter(pk=thread.pk).update(
            patient=patient, team_id=patient.team_id or thread.team_id
        )
        Consult.objects.filter(thread=thread, patient=None).update(patient=patient)
        thread.patient, thread.holder = patient, holder
        tell(thread, "thread.named", SystemActor(hospital_id))
        publish(thread)


@transaction.atomic
def choose_patient(thread: Thread, patient_key: str, *, by: Staff) -> Thread:
    """Say whom the talk is about, where one phone is held for several; it stays so.

    Only somebody whom the phone opens today: what is shown beside it is never a stranger's.
    """
    if not by.may("message.send"):
        raise ForbiddenError
    held = {one.patient.key: one.patient for one in patients_of(thread.holder)}
    patient = held.get(patient_key)
    if patient is None:
        raise RefusedError(_("这部手机没有核验过这位患者，请先核验。"))
    thread = lock_thread(thread)
    if thread.patient_id == patient.pk:
        return thread
    thread.patient = patient
    team_id = patient.team_id or thread.team_id
    Thread.objects.filter(pk=thread.pk).update(patient=patient, team_id=team_id)
    Consult.objects.filter(thread=thread, state=Consult.State.OPEN).update(patient=patient)
    tell(thread, "thread.named", by)
    publish(thread)
    return thread


@transaction.atomic
def restrict_threads(hospital_id: int, patient_ids: Iterable[int]) -> None:
    """Put the talks about erased patients away: kept as the law asks, shown to nobody."""
    rows = Thread.objects.of(hospital_id).filter(patient_id__in=set(patient_ids)).shown()
    restrict(rows)


@transaction.atomic
def restrict_talks(hospital_id: int, holder_ids: Iterable[int]) -> None:
    """Put the talks of people who were forgotten away: nobody can read them any more."""
    restrict(Thread.objects.of(hospital_id).filter(holder_id__in=set(holder_ids)).shown())


def restrict(rows: ThreadQuerySet) -> None:
    for thread in rows.select_related("holder"):
        Thread.objects.filter(pk=thread.pk).update(
            state=Thread.State.RESTRICTED,
            waiting_since=None,
            first_reply_due_at=None,
            unread_count=0,
        )
        tell(thread, "thread.restricted", SystemActor(thread.hospital_id))
        publish(thread)


@transaction.atomic
def hand_over_threads(leaver: Staff, taker: Staff | None, *, by: Actor) -> int:
    """Give the talks of one person to another; who may not answer leaves them to the team.

    Closed ones go along: when the patient writes again, they are somebody's who is there.
    """
    if not by.may("handover.manage"):
        raise ForbiddenError
    able = taker if taker is not None and taker.may("message.send") else None
    rows = Thread.objects.of(leaver.hospital_id).shown().filter(assignee=leaver)
    threads = list(rows.select_for_update(no_key=True, of=("self",)).select_related("holder"))
    Thread.objects.filter(pk__in=[thread.pk for thread in threads]).update(assignee=able)
    for thread in threads:
        thread.assignee = able
        tell(thread, "thread.assigned", by, staff_id=able.pk if able else None)
        publish(thread)
    return len(threads)
