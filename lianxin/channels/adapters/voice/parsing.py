"""What the provider says of a call: how it ended, which key was pressed, why it failed."""

from __future__ import annotations

import json
from typing import Any

from lianxin.channels.adapters.base import Inbound, as_text, at_unix

# voiceprompt_callback.result [D]: 0 answered, 1 not answered, 2 something went wrong.
RESULTS = {"0": "answered", "1": "no_answer", "2": "failed"}
# voice_failure_callback.failure_code [D]; what is not here is a failure without a name.
FAILURES = {
    "1": "switched_off",
    "2": "busy",
    "5": "no_answer",
    "7": "number_gone",
    "8": "number_gone",
    "10": "busy",
    "15": "number_gone",
    "17": "number_gone",
    "20": "no_answer",
}


def read_object(body: str) -> dict[str, Any]:
    """Return the JSON object, empty when it is anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_callback(body: str) -> list[Inbound]:
    """Translate one callback; one we do not know gives nothing and stays as unknown."""
    found = read_object(body)
    for name, read in READERS.items():
        about = found.get(name)
        if isinstance(about, dict) and as_text(about.get("callid")):
            return [read(about)]
    return []


def read_state(about: dict[str, Any]) -> Inbound:
    return make_report(
        about,
        kind="ended",
        status=RESULTS.get(as_text(about.get("result")), "failed"),
        raw={
            "minutes": whole(about.get("fee")),
            "began": whole(about.get("start_calltime")),
            "accepted": whole(about.get("accept_time")),
            "ended": whole(about.get("end_calltime")),
        },
    )


def read_key(about: dict[str, Any]) -> Inbound:
    return make_report(about, kind="key", status=as_text(about.get("keypress"))[:4])


def read_failure(about: dict[str, Any]) -> Inbound:
    reason = FAILURES.get(as_text(about.get("failure_code")), "failed")
    return make_report(about, kind="ended", status=reason)


def make_report(
    about: dict[str, Any], *, kind: str, status: str, raw: dict[str, Any] | None = None
) -> Inbound:
    call_id = as_text(about.get("callid"))[:120]
    return Inbound(
        event="call.reported",
        arrival_key=f"call:{call_id}:{kind}:{status}",
        occurred_at=at_unix(about.get("end_calltime")),
        kind=kind,
        external_id=as_text(about.get("mobile"))[-11:],
        provider_message_id=call_id,
        status=status,
        raw=raw or {},
    )


def whole(value: Any) -> int:
    """Return a number that may come as text; what is none is 0."""
    text = as_text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 13 else 0


READERS = {
    "voicekey_callback": read_key,
    "voiceprompt_callback": read_state,
    "voice_failure_callback": read_failure,
}
