from __future__ import annotations

from datetime import timedelta

from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from lianxin.core.time import now


def draw(source: str, **values: object) -> str:
    return Template(source).render(Context(values)).strip()


def test_an_icon_is_decoration_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in draw('{% icon "phone" %}')
    assert 'aria-label="致电"' in draw('{% icon "phone" "m" "致电" %}')
    assert "icons.svg#phone" in draw('{% icon "phone" %}')


def test_a_relative_time_carries_the_absolute_one() -> None:
    drawn = draw("{{ at|ago }}", at=now() - timedelta(minutes=18, seconds=5))

    assert "18 分钟前</time>" in drawn
    assert 'title="' in drawn
    assert 'datetime="' in drawn


def test_a_deadline_says_left_or_over() -> None:
    assert "剩 1 时 13 分" in draw(
        "{{ at|remaining }}", at=now() + timedelta(hours=1, minutes=13, seconds=5)
    )
    assert "超 18 分钟" in draw("{{ at|remaining }}", at=now() - timedelta(minutes=18, seconds=5))


def test_times_speak_english_too() -> None:
    with translation.override("en"):
        drawn = draw("{{ at|ago }}", at=now() - timedelta(days=2, seconds=5))

    assert "2 days ago" in drawn


def test_no_time_is_a_dash() -> None:
    assert draw("{{ at|ago }}{{ at|clock }}{{ at|remaining }}", at=None) == "———"


def test_query_changes_one_value_and_keeps_the_rest() -> None:
    request = RequestFactory().get("/", {"kind": "red", "page": "2"})

    assert draw("{% query page=3 %}", request=request) == "?kind=red&amp;page=3"
    assert draw("{% query kind=None page=None %}", request=request) == "?"


def test_what_stands_in_a_panel_is_not_escaped_twice() -> None:
    drawn = draw("{% panel title=title %}<i>{{ word }}</i>{% endpanel %}", word="<x>", title="<b>")

    assert "<i>&lt;x&gt;</i>" in drawn
    assert "&lt;b&gt;" in drawn
