"""Ticks off the merged cards what patients have done, so that nobody is asked twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
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
            moment, place = when_done(event), place_of(event["data"])
            complete_items(event["patient_id"], hospital_id, items, by=by, at=moment, place=place)


def when_done(event: Mapping[str, Any]) -> datetime:
    """Return when it was done: a reading when it was measured, not when it was typed in."""
    return datetime.fromisoformat(event["data"].get("measured_at") or event["at"])


def place_of(data: Mapping[str, Any]) -> tuple[date, str] | None:
    """Return the day and the slot that ticked doses were for."""
    return (date.fromisoformat(data["on"]), data["slot"]) if "on" in data else None
