"""Faults that may be switched on: what goes wrong, where, and how often."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from random import Random

from sandbox.errors import ControlError, Json

API_KINDS = (
    "api_timeout",
    "api_answer_lost",
    "api_busy",
    "api_rate_limited",
    "api_window",
    "api_token_dead",
    "api_garbage",
)
CALLBACK_KINDS = (
    "callback_duplicate",
    "callback_reorder",
    "callback_drop",
    "callback_delay",
    "callback_bad_signature",
    "callback_wrong_receive_id",
    "callback_truncated",
)
# The platform took a template message and could not deliver it.
DELIVERY_KINDS = ("template_system_failed",)


@dataclass
class Fault:
    kind: str
    path: str = "*"
    count: int | None = None
    seconds: float = 600.0
    rate: float = 1.0


def make_fault(data: Json) -> Fault:
    if data.get("kind") not in API_KINDS + CALLBACK_KINDS + DELIVERY_KINDS:
        raise ControlError(422, f"unknown fault kind {data.get('kind')!r}")
    names = ("kind", "path", "count", "seconds", "rate")
    known = {name: data[name] for name in names if data.get(name) is not None}
    rate = known.get("rate", 1.0)
    if not isinstance(rate, int | float) or not 0 < rate <= 1:
        raise ControlError(422, "rate is a share above 0 and at most 1")
    return Fault(**known)


class Faults:
    """The faults that are on; a counted one ends by itself, one with a rate comes by chance."""

    def __init__(self) -> None:
        self.items: list[Fault] = []
        self.chances: dict[str, Random] = {}

    def replace(self, data: list[Json], seed: int | None = None) -> None:
        self.items = [make_fault(item) for item in data]
        # Each kind has its own: the tenth callback is lost or not, whatever calls came between.
        kinds = {fault.kind for fault in self.items} if seed is not None else set()
        self.chances = {kind: Random(f"{seed} {kind}") for kind in kinds}

    def add(self, data: Json) -> None:
        fault = make_fault(data)
        self.remove(fault.kind)
        self.items.append(fault)

    def remove(self, kind: str) -> None:
        self.items = [fault for fault in self.items if fault.kind != kind]

    def take(self, kind: str, path: str) -> Fault | None:
        for fault in self.items:
            if fault.kind == kind and fnmatchcase(path, fault.path) and self._comes(fault):
                self._use(fault)
                return fault
        return None

    def take_any(self, kinds: tuple[str, ...], path: str) -> Fault | None:
        for kind in kinds:
            if fault := self.take(kind, path):
                return fault
        return None

    def _comes(self, fault: Fault) -> bool:
        return (
            fault.rate >= 1 or self.chances.setdefault(fault.kind, Random()).random() < fault.rate
        )

    def _use(self, fault: Fault) -> None:
        if fault.count is None:
            return
        fault.count -= 1
        if fault.count <= 0:
            self.items.remove(fault)

    def dump(self) -> list[Json]:
        return [asdict(fault) for fault in self.items]
