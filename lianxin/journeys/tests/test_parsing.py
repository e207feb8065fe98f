from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from lianxin.journeys.catalogue import list_templates, load_template
from lianxin.journeys.rules.definition import timing_token
from lianxin.journeys.rules.parsing import DefinitionError, parse_definition

SMALL: dict[str, Any] = {
    "format": 1,
    "key": "small",
    "name": {"zh-hans": "小旅程", "en": "Small"},
    "anchor": "discharged_on",
    "purposes": ["health_records"],
    "triggers": [{"kind": "manual"}],
    "slots": {"morning": {"opens": "08:30", "closes": "12:00"}},
    "steps": [
        {
            "key": "bp",
            "kind": "card",
            "slot": "morning",
            "item": "measure_bp",
            "title": {"zh-hans": "量血压"},
            "days": {"first": 1, "last": 5, "every": 2},
        },
        {
            "key": "call",
            "kind": "task",
            "task": "follow_up_call",
            "title": {"zh-hans": "电话"},
            "days": [7],
            "at": "09:30",
        },
    ],
}


def with_change(path: list[Any], value: Any) -> dict[str, Any]:
    document = deepcopy(SMALL)
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return document


def test_a_range_of_days_becomes_the_days() -> None:
    definition = parse_definition(SMALL)

    assert definition.steps[0].timing is not None
    assert definition.steps[0].timing.days == (1, 3, 5)
    assert definition.last_day == 7


def test_a_wait_moves_all_that_follows() -> None:
    document = deepcopy(SMALL)
    wait = {"key": "rest", "kind": "wait", "title": {"zh-hans": "等待"}, "wait_days": 10}
    document["steps"].insert(1, wait)

    definition = parse_definition(document)

    assert definition.steps[2].timing is not None
    assert definition.steps[2].timing.days == (17,)


@pytest.mark.parametrize(
    ("path", "value", "step", "field", "code"),
    [
        (["format"], 2, "", "format", "unknown_format"),
        (["key"], "Über", "", "key", "not_a_key"),
        (["name"], {"en": "only"}, "", "name", "no_chinese"),
        (["anchor"], "birthday", "", "anchor", "not_one_of"),
        (["reentry_after_days"], "soon", "", "reentry_after_days", "not_a_number"),
        (["slots", "morning", "closes"], "08:00", "", "slots.morning", "closes_before_it_opens"),
        (["steps", 0, "slot"], "evening", "bp", "slot", "no_such_slot"),
        (["steps", 0, "slot"], "noon", "bp", "slot", "not_one_of"),
        (["steps", 0, "days"], [], "bp", "days", "missing"),
        (["steps", 0, "days"], [1, 1], "bp", "days", "day_twice"),
        (["steps", 0, "days"], [True], "bp", "days", "out_of_range"),
        (["steps", 0, "days"], {"first": 5, "last": 1}, "bp", "days", "ends_before_it_starts"),
        (["steps", 0, "dose"], "5 mg", "bp", "dose", "unknown_field"),
        (["steps", 1, "at"], "25:00", "call", "at", "not_a_time"),
        (["steps", 1, "at"], 930, "call", "at", "not_a_time"),
        (["steps", 1, "window_minutes"], 0, "call", "window_minutes", "out_of_range"),
        (["steps", 1, "key"], "bp", "bp", "key", "key_twice"),
        (["steps", 1, "kind"], "sms", "call", "kind", "not_one_of"),
        (["steps"], [], "", "steps", "missing"),
        (["steps"], [3], "", "steps", "not_a_list_of_fields"),
        (["secret"], 1, "", "secret", "unknown_field"),
    ],
)
def test_a_problem_names_its_step_and_field(
    path: list[Any], value: Any, step: str, field: str, code: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_definition(with_change(path, value))

    assert (step, field, code) in [(p.step, p.field, p.code) for p in refused.value.problems]


@pytest.mark.parametrize("document", [None, [], "text", 3, {}])
def test_what_is_no_definition_is_refused(document: Any) -> None:
    with pytest.raises(DefinitionError):
        parse_definition(document)


def test_one_item_is_on_one_card_once() -> None:
    document = deepcopy(SMALL)
    document["steps"].append({**document["steps"][0], "key": "again", "days": [3]})

    with pytest.raises(DefinitionError, match="on_the_same_card_twice"):
        parse_definition(document)


def test_only_a_step_of_one_day_can_catch_up() -> None:
    with pytest.raises(DefinitionError, match="catches_up_one_day_only"):
        parse_definition(with_change(["steps", 0, "catches_up"], value=True))


def test_editing_words_keeps_the_schedule_and_editing_times_does_not() -> None:
    before = timing_token(parse_definition(SMALL))

    words = with_change(["steps", 0, "title"], {"zh-hans": "请量血压", "en": "Measure"})
    item = with_change(["steps", 1, "task"], "human_follow_up")
    times = with_change(["steps", 1, "at"], "09:31")

    assert timing_token(parse_definition(words)) == before
    assert timing_token(parse_definition(item)) == before
    assert timing_token(parse_definition(times)) != before


@pytest.mark.parametrize("name", list_templates())
def test_the_templates_are_valid_and_wait_for_the_hospitals_approval(name: str) -> None:
    definition = parse_definition(load_template(name))

    assert definition.needs_approval
    assert definition.source
    for step in definition.steps:
        assert {language for language, _ in step.title} == {"zh-hans", "en"}
