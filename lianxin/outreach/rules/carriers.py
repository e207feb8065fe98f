"""What each carrier allows at one address right now, by its provider's rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from lianxin.outreach.rules import facts
from lianxin.outreach.rules.facts import AddressFacts, Message, Opening, Reason
from lianxin.outreach.rules.quotas import find_quota_reason
from lianxin.outreach.rules.settings import GateSettings, Window

Answer = Opening | Reason
Check = Callable[[AddressFacts, Message, GateSettings, datetime], Answer]


def check_window(
    last_at: datetime | None, sent: int, window: Window, at: datetime, prefix: str
) -> Answer:
    """Answer for a "so many within so long after the patient's own act" window."""
    if last_at is None:
        return Reason(f"{prefix}_never")
    until = last_at + timedelta(seconds=window.seconds)
    if at >= until:
        return Reason(f"{prefix}_time", {"hours": window.seconds // 3600})
    if sent >= window.limit:
        return Reason(f"{prefix}_count", {"limit": window.limit})
    return Opening(until=until, left=window.limit - sent, limit=window.limit)


def check_kf_text(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    del message
    closed = settings.closed_kf_states.get(address.service_state or 0)
    if closed is not None:
        return Reason(closed)
    window = settings.windows["kf_message"]
    return check_window(address.last_message_at, address.sent_since_message, window, at, "kf")


def check_oa_text(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    del message
    return check_talk(address, settings, at, "oa")


def check_mini_text(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    del message
    return check_talk(address, settings, at, "mini")


def check_talk(address: AddressFacts, settings: GateSettings, at: datetime, prefix: str) -> Answer:
    """Look at the 48 hours after a message first, then at the minute after a tap or a scan."""
    windows = settings.windows
    by_message = check_window(
        address.last_message_at,
        address.sent_since_message,
        windows[f"{prefix}_message"],
        at,
        prefix,
    )
    if isinstance(by_message, Opening):
        return by_message
    by_action = check_window(
        address.last_action_at, address.sent_since_action, windows[f"{prefix}_action"], at, prefix
    )
    return by_action if isinstance(by_action, Opening) else by_message


def check_oa_subscribe(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    """Ask for a yes to a template of this kind of message; a lasting one before one of a few."""
    del settings, at
    fitting = [one for one in address.notices if message.priority in one.uses]
    if not fitting:
        return Reason("notice_no_template")
    granted = [one for one in fitting if one.left]
    if not granted:
        return Reason(fitting[0].reason or facts.NOTICE_USED)
    chosen = max(granted, key=lambda one: (one.is_long_term, one.left))
    left = None if chosen.is_long_term else chosen.left
    return Opening(left=left, template_id=chosen.template_id)


def check_oa_template(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    del message, settings, at
    return Opening() if address.template_id else Reason("oa_no_template")


def check_mini_subscribe(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    """Ask for a tick: each yes of the person is good for one message."""
    del message, settings, at
    if not address.template_id:
        return Reason("mini_no_template")
    if not address.ticks_left:
        return Reason(facts.NO_TICK)
    return Opening(left=address.ticks_left, template_id=address.template_id)


def check_wecom_task(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    """Choose the staff member with the most budget left; the relation's order breaks ties."""
    del message, at
    budget = settings.staff
    if not address.staff:
        return Reason("staff_none")
    if address.tasks_today >= budget.tasks_per_patient_per_day:
        return Reason("staff_patient_budget", {"limit": budget.tasks_per_patient_per_day})
    free = min(address.staff, key=lambda member: member.tasks_today)
    if free.tasks_today >= budget.tasks_per_staff_per_day:
        return Reason("staff_budget", {"limit": budget.tasks_per_staff_per_day})
    return Opening(
        left=budget.tasks_per_patient_per_day - address.tasks_today,
        limit=budget.tasks_per_patient_per_day,
        staff_id=free.staff_id,
    )


def check_welcome_code(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    del message, settings
    if address.welcome_until is None or at >= address.welcome_until:
        return Reason("welcome_late")
    return Opening(until=address.welcome_until, left=1, limit=1)


def check_webchat(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    """Let a reply wait in the page for the patient; anything else needs the page open."""
    del settings, at
    if address.is_open or message.kind == facts.REPLY:
        return Opening()
    return Reason("webchat_closed")


def check_sms(
    address: AddressFacts, message: Message, settings: GateSettings, at: datetime
) -> Answer:
    del address, message, settings, at
    return Opening()


CHECKS: dict[str, Check] = {
    facts.KF_TEXT: check_kf_text,
    facts.OA_TEXT: check_oa_text,
    facts.OA_SUBSCRIBE: check_oa_subscribe,
    facts.OA_TEMPLATE: check_oa_template,
    facts.MINI_TEXT: check_mini_text,
    facts.MINI_SUBSCRIBE: check_mini_subscribe,
    facts.WECOM_TASK: check_wecom_task,
    facts.WELCOME_CODE: check_welcome_code,
    facts.WEBCHAT: check_webchat,
    facts.SMS: check_sms,
}


def check_carrier(
    carrier: str,
    address: AddressFacts,
    message: Message,
    settings: GateSettings,
    at: datetime,
) -> Answer:
    if not address.account_is_active:
        return Reason("account_off")
    if not address.is_active:
        return Reason("address_removed")
    answer = CHECKS[carrier](address, message, settings, at)
    if isinstance(answer, Reason):
        return answer
    use = address.quotas.get(carrier)
    return find_quota_reason(use, message.priority, settings, at) or answer
