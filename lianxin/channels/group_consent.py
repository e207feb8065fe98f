"""Who agreed to be in a patient group. Who knows lies above this room: GROUP_CONSENT names it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.utils.module_loading import import_string

FindAgreed = Callable[[int, Iterable[int]], set[int]]


def count_agreed(hospital_id: int, address_ids: Iterable[int]) -> int:
    find: FindAgreed = import_string(settings.GROUP_CONSENT)
    return len(find(hospital_id, address_ids))
