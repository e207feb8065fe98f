from __future__ import annotations

from itertools import count

from lianxin.core.hospitals import open_hospital
from lianxin.core.models import Hospital

number = count(1)


def make_hospital(name: str = "") -> Hospital:
    """Open a hospital of which only the name matters."""
    return open_hospital(name or f"医院 {next(number)}")
