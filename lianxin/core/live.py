"""Live updates: tell open pages that something changed. Ids only; the page fetches the rest."""

from __future__ import annotations

import json

from django.db import connection

CHANNEL = "lianxin_live"


def publish(hospital_id: int, topic: str, **ids: int | str | None) -> None:
    """Notify the pages that watch `topic` in this hospital, when the transaction commits."""
    payload = json.dumps({"hospital": hospital_id, "topic": topic, **ids})
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, payload])
