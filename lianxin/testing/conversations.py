from __future__ import annotations

from datetime import datetime
from typing import Any

from lianxin.channels import actions as channels
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import Account, Address
from lianxin.channels.queries import facts_of, open_arrivals
from lianxin.conversations import actions
from lianxin.conversations.actions import save_script
from lianxin.conversations.models import Message, Script, Thread
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients.models import Holder
from lianxin.staff.models import Department
from lianxin.testing.channels import make_account
from lianxin.testing.channels import make_address as add_address
from lianxin.testing.core import number


def make_talking_address(
    hospital: Hospital, kind: str = Account.Kind.WECOM_KF, account: Account | None = None
) -> Address:
    """Make somebody who can write over an account of this kind."""
    address = add_address(account or make_account(hospital, kind))
    with scope(hospital):
        return Address.objects.select_related("account").get(pk=address.pk)


def arrive(
    address: Address, text: str = "请问什么时候复诊？", *, at: datetime | None = None, **facts: Any
) -> list[int]:
    """Let one message arrive, without anybody reading it yet; return its arrival."""
    unique = next(number)
    known: dict[str, Any] = {
        "event": "message.arrived",
        "arrival_key": f"message:{unique}",
        "occurred_at": at or time.now(),
        "kind": "text",
        "external_id": address.external_id,
        "text": text,
        "provider_message_id": f"provider-{unique}",
    }
    with scope(address.hospital_id):
        entries = channels.take_in(facts_of(address.account), [Inbound(**(known | facts))])
        return [entry.subject_id for entry in entries if entry.subject_id]


def receive(address: Address, text: str = "请问什么时候复诊？", **facts: Any) -> Message:
    """Let one message arrive and take it in, as the job does."""
    ids = arrive(address, text, **facts)
    with scope(address.hospital_id):
        actions.receive_arrivals(address.hospital_id, open_arrivals(address.hospital_id, ids))
        rows = Message.objects.select_related("thread__holder", "account")
        return rows.get(arrival_id__in=ids)


def make_thread(
    hospital: Hospital, text: str = "请问什么时候复诊？", *, kind: str = Account.Kind.WECOM_KF
) -> Thread:
    """Make a thread in which a patient has asked one thing."""
    message = receive(make_talking_address(hospital, kind), text)
    return reload(message.thread)


def reload(thread: Thread) -> Thread:
    """Return the thread as the database has it now."""
    with scope(thread.hospital_id):
        related = ("hospital", "holder", "patient", "assignee", "last_message", "last_address")
        return Thread.objects.select_related(*related).get(pk=thread.pk)


def make_web_message(holder: Holder, text: str = "你好") -> Message:
    """Let the holder write on the page."""
    with scope(holder.hospital_id):
        arrival = actions.write_from_page(holder, text, client_key=f"web{next(number)}")
        return Message.objects.select_related("thread__holder").get(arrival=arrival)


def make_script(
    hospital: Hospital, text: str = "{称呼}，我是{我}。", *, department: Department | None = None
) -> Script:
    """Make ready words under a name of their own."""
    with scope(hospital):
        return save_script(
            hospital.pk,
            title=f"话术 {next(number)}",
            text=text,
            department=department,
            by=SystemActor(hospital.pk),
        )
