"""Ticks off the merged cards what patients have done, so that nobody is asked twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lianxin.content.queries import keys_of_items
from lianxin.core.actor import Actor
from lianxin.outreach.actions import complete_items


def done_items(event: Mapping[str, Any], content_keys: Mapping[int, str]) -> list[str]:
    """Name the card items that something that happened has done.

    The same codes stand in the definitions: `measure_bp`, `pills`, `read:` and a content's key.
    """
    data = event["data"]
    if event["name"] == "observation.recorded":
        return [f"measure_{data['metric']}"]
    if event["name"] == "doses.ticked":
        return ["pills"]
    key = content_keys.get(data.get("item_id", 0))
    return [f"read:{key}"] if key else []


def tick_cards(hospital_id: int, happened: Sequence[Mapping[str, Any]], *, by: Actor) -> None:
    """Tick off the merged cards what patients have done, by any page or carrier; may run twice."""
    ids = {event["data"].get("item_id") for event in happened} - {None}
    keys = keys_of_items(hospital_id, ids)
    for event in happened:
        items = done_items(event, keys)
        if items and event["patient_id"]:
            at = datetime.fromisoformat(event["at"])
            complete_items(event["patient_id"], hospital_id, items, by=by, at=at)
