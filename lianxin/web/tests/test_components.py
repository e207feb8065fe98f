from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory

from lianxin.web.parts import Action, Chip, Row


def draw(name: str, **values: Any) -> str:
    return " ".join(render_to_string(f"web/components.html#{name}", values).split())


def test_a_row_has_its_columns_in_order() -> None:
    row = Row(who="张*明", why="血压 192/118", due="08:41", action=Action("接手", "/take/"))

    drawn = draw("row", row=row)

    columns = ["lx-mark", "lx-who", "lx-why", "lx-due", "lx-do"]
    assert [
        column for column in re.findall(r'class="(lx-\w+)', drawn) if column in columns
    ] == columns


def test_words_of_patients_are_escaped() -> None:
    assert "<script" not in draw("row", row=Row(who="x", why="<script>alert(1)</script>"))


def test_an_action_that_changes_something_posts_with_its_token() -> None:
    drawn = draw("act", action=Action("接手", "/take/", is_post=True), csrf_token="token")

    assert 'method="post"' in drawn
    assert 'name="csrfmiddlewaretoken" value="token"' in drawn


def test_a_disabled_action_says_why() -> None:
    action = Action("发送", "/send/", is_post=True, why_not="还有 2 处必须改")

    assert 'disabled title="还有 2 处必须改"' in draw("act", action=action)


def test_a_state_has_icon_and_word_besides_its_colour() -> None:
    drawn = draw("pill", word="须人工确认", tone="warn")

    assert "is-warn" in drawn
    assert "<svg" in drawn
    assert "须人工确认" in drawn


def test_the_chosen_filter_is_marked_for_readers() -> None:
    drawn = draw("chips", chips=[Chip("全部", "?", 2, is_current=True), Chip("投诉", "?c=1", 0)])

    assert drawn.count('aria-current="true"') == 1
    assert "is-zero" in drawn


def test_an_empty_group_says_so_in_words() -> None:
    assert "没有等您审批的内容。" in draw("group", title="待我审批", empty="没有等您审批的内容。")


def test_a_field_error_stands_at_its_field() -> None:
    class Form(forms.Form):
        title = forms.CharField(label="标题")

    drawn = draw("form", form=Form({"title": ""}))

    assert "lx-field is-invalid" in drawn
    assert "lx-field-error" in drawn


def test_the_pager_keeps_the_filter() -> None:
    page = Paginator(range(45), 20).page(2)
    request = RequestFactory().get("/", {"kind": "red", "page": "2"})

    drawn = draw("pager", page=page, request=request)

    assert "?kind=red&amp;page=1" in drawn
    assert "第 21–40 条，共 45 条" in drawn
