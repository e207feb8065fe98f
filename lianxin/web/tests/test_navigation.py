from __future__ import annotations

from dataclasses import dataclass

from lianxin.web.navigation import Badge, Declared, Entry, list_entries, mark_current

DECLARED: list[Declared] = [
    ("部件", "components", "web:components", "", "today"),
    ("离线", "wifi-off", "web:offline", "staff.manage", ""),
    ("没有", "ghost", "nowhere:at_all", "", ""),
]


@dataclass(frozen=True)
class Nurse:
    allowed: frozenset[str] = frozenset()
    kind: str = "staff"
    id: int | None = 1
    hospital_id: int = 1

    def may(self, permission: str) -> bool:
        return permission in self.allowed


def test_an_entry_needs_its_route_and_the_role() -> None:
    assert [entry.label for entry in list_entries(DECLARED, Nurse(), {}, "/")] == ["部件"]
    boss = Nurse(frozenset({"staff.manage"}))
    assert [entry.label for entry in list_entries(DECLARED, boss, {}, "/")] == ["部件", "离线"]


def test_the_entry_of_the_page_is_marked() -> None:
    (entry,) = list_entries(DECLARED, Nurse(), {}, "/components/rows/")

    assert entry.is_current


def test_the_front_page_is_not_the_department_of_every_page() -> None:
    today = Entry("今日", "checklist", "/")

    assert [entry.is_current for entry in mark_current([today], "/patients/")] == [False]
    assert [entry.is_current for entry in mark_current([today], "/")] == [True]


def test_an_entry_carries_its_number() -> None:
    (entry,) = list_entries(DECLARED, Nurse(), {"today": Badge(3, is_danger=True)}, "/")

    assert entry.badge == Badge(3, is_danger=True)
    assert not entry.is_current
