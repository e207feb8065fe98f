"""What the garbage collector looks through.

A page, a callback or a batch makes thousands of short-lived objects, and for each few hundred of
them the collector looked through the whole loaded application: a fifth of a page's time (seen
2026-11, docs/decisions/0004).
"""

from __future__ import annotations

import gc

# New objects before a collection, and how many collections before an older generation's turn.
THRESHOLDS = (20_000, 20, 50)


def leave_out_what_is_loaded() -> None:
    """Call once, when a process has loaded what it will keep until it ends."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
