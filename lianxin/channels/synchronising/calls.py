"""The network half of calls to staff: claim, place, settle."""

from __future__ import annotations

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import Outbound, SendFailed, Sent
from lianxin.channels.models import Account
from lianxin.channels.sending import send
from lianxin.core.scope import scope
from lianxin.staff import queries as staff


def place_call(hospital_id: int, call_id: int) -> None:
    """Place one call. The number is opened for this call only and stored nowhere else."""
    with scope(hospital_id):
        account = queries.find_account_of_kind(hospital_id, Account.Kind.VOICE)
        call = actions.claim_call(call_id, account.pk if account else None)
        number = staff.find_number(hospital_id, call.staff_id) if call else ""
    if call is None:
        return
    result: Sent | SendFailed
    if account is None:
        result = SendFailed("no_voice", permanent=True)
    elif not number:
        result = SendFailed("no_phone", permanent=True)
    else:
        outbound = Outbound(f"call-{call.pk}", "voice", address=number)
        [result] = send(hospital_id, account.pk, [outbound])
    with scope(hospital_id):
        actions.settle_call(call, result)
