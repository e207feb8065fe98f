"""Keep live codes: make them, tell who answers, read them back."""

from __future__ import annotations

from lianxin.channels import actions, queries, synchronising
from lianxin.channels.jobs.keeping import keep_each
from lianxin.channels.models import JoinCode, LiveCode
from lianxin.channels.queries.pictures import list_unread_pictures
from lianxin.core import time
from lianxin.core.jobs import periodic
from lianxin.core.scope import scope


@periodic(seconds=5)
def make_live_codes(hospital_id: int) -> None:
    with scope(hospital_id):
        codes = queries.list_unmade_codes(hospital_id)
    keep_each(codes, synchronising.keep_live_code)


@periodic(seconds=20)
def keep_live_codes(hospital_id: int) -> None:
    """Tell the provider who answers now, wherever it knows something else."""
    with scope(hospital_id):
        actions.close_ended_codes(hospital_id)
        codes = queries.list_codes_to_keep(hospital_id, time.now())
    keep_each(codes, synchronising.keep_live_code)


@periodic(seconds=3600, queue="bulk")
def read_live_codes(hospital_id: int) -> None:
    """Read at night what the provider really has behind each code."""
    with scope(hospital_id):
        codes = queries.list_codes_to_read(hospital_id, time.now())
    keep_each(codes, synchronising.read_live_code)


@periodic(seconds=10)
def read_code_pictures(hospital_id: int) -> None:
    """Read what new pictures say, so that they can be printed."""
    with scope(hospital_id):
        codes = list_unread_pictures(LiveCode, hospital_id, time.now())
        join_codes = list_unread_pictures(JoinCode, hospital_id, time.now())
    keep_each(codes, synchronising.read_picture)
    keep_each(join_codes, synchronising.read_picture, "join_code")
