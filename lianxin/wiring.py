"""Who hears what. This file is to events what urls.py is to requests."""

from __future__ import annotations

from lianxin.core.events import Wiring

SUBSCRIBERS: Wiring = {}
