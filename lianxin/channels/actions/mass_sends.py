"""What became of mass sends made on the platform's own site: kept once for each."""

from __future__ import annotations

from lianxin.channels.actions.intake import Intake
from lianxin.channels.adapters.base import Inbound
from lianxin.channels.models import MassSend

MESSAGE_ID_CHARACTERS = 64


def take_mass_send(intake: Intake, inbound: Inbound) -> None:
    """Take in one result. No arrival: the mass send is its own row, and the first word counts."""
    row, is_new = MassSend.objects.get_or_create(
        account_id=intake.account.id,
        message_id=inbound.provider_message_id[:MESSAGE_ID_CHARACTERS],
        defaults={
            "hospital_id": intake.hospital_id,
            "failure_code": inbound.reason[:40],
            "total_count": inbound.raw.get("TotalCount"),
            "sent_count": inbound.raw.get("SentCount"),
            "failed_count": inbound.raw.get("ErrorCount"),
            "finished_at": inbound.occurred_at,
        },
    )
    if is_new:
        counts = {"sent": row.sent_count, "failed": row.failed_count}
        told = {"message_id": row.message_id, "reason": row.failure_code}
        intake.tell("mass_send.finished", "account", intake.account.id, told | counts)
