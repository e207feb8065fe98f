from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.content.cleaning import clean_html
from lianxin.content.rules import difference, review, writing
from lianxin.content.rules.review import Facts, Text

TODAY = date(2026, 11, 22)
TEXT = Text("EDU", "zh-hans", "在家量血压", "", "<p>先静坐 5 分钟。</p>", ("指南",))
GOOD = Facts(
    state="in_review",
    author_ids=frozenset({1, 3}),
    content_hash="a",
    source_count=1,
    review_due_on=date(2027, 11, 22),
)
APPROVED = replace(GOOD, state="approved", approved_hash="a")


@pytest.mark.parametrize(
    ("facts", "reviewer", "seen", "reasons"),
    [
        (GOOD, 2, "a", []),
        (GOOD, 1, "a", ["own_work"]),
        (GOOD, 3, "a", ["own_work"]),
        (GOOD, 2, "b", ["changed_meanwhile"]),
        (replace(GOOD, state="draft"), 2, "a", ["not_in_review"]),
        (replace(GOOD, source_count=0), 2, "a", ["no_source"]),
        (replace(GOOD, has_text=False), 2, "a", ["no_text"]),
        (replace(GOOD, review_due_on=None), 2, "a", ["no_review_date"]),
        (replace(GOOD, review_due_on=TODAY), 2, "a", ["review_date_past"]),
        (replace(GOOD, review_due_on=date(2028, 11, 21)), 2, "a", []),
        (replace(GOOD, review_due_on=date(2028, 11, 23)), 2, "a", ["review_date_too_far"]),
        (replace(GOOD, blocked=("根治",)), 2, "a", ["wording_blocked"]),
        (replace(GOOD, classification="AD"), 2, "a", ["no_ad_approval"]),
        (
            replace(GOOD, classification="AD", approval_no="1", approval_ends_on=date(2026, 1, 1)),
            2,
            "a",
            ["ad_approval_over"],
        ),
    ],
)
def test_who_may_approve_what(facts: Facts, reviewer: int, seen: str, reasons: list[str]) -> None:
    assert review.why_not_approve(facts, reviewer, seen, TODAY) == reasons


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        (APPROVED, []),
        (GOOD, ["not_approved"]),
        (replace(APPROVED, content_hash="b"), ["changed_after_approval"]),
        (replace(APPROVED, review_due_on=TODAY), ["review_date_past"]),
        (replace(APPROVED, blocked=("神效",)), ["wording_blocked"]),
    ],
)
def test_what_may_be_published(facts: Facts, reasons: list[str]) -> None:
    assert review.why_not_publish(facts, TODAY) == reasons


@pytest.mark.parametrize(
    "changed",
    [
        replace(TEXT, title="在家量血糖"),
        replace(TEXT, summary="x"),
        replace(TEXT, body_html="<p>先静坐 5 分钟。 </p>"),
        replace(TEXT, sources=("指南", "另一份")),
        replace(TEXT, classification="NOTICE"),
        replace(TEXT, language="en"),
        replace(TEXT, is_ai_generated=True),
        replace(TEXT, correction_note="改了间隔"),
    ],
)
def test_any_change_gives_another_hash(changed: Text) -> None:
    assert review.hash_of(changed) != review.hash_of(TEXT)
    assert review.hash_of(TEXT) == review.hash_of(replace(TEXT))


def test_a_correction_shows_old_and_new_sentences() -> None:
    before = "<h2>3. 量两遍</h2><p>两遍之间隔 5 分钟。两个数都记下来。</p>"
    after = "<h2>3. 量两遍</h2><p>两遍之间隔 1 分钟。两个数都记下来。</p>"

    assert difference.find_changes(before, after) == [
        difference.Change("两遍之间隔 5 分钟。", "两遍之间隔 1 分钟。")
    ]
    assert difference.find_changes(before, before) == []


def test_typed_text_becomes_headings_points_and_paragraphs() -> None:
    typed = "## 先坐好\n\n背靠椅子。\n双脚放平。\n\n- 不说话\n- 不 < 看 > 手机"

    html = writing.to_html(typed)

    assert html == (
        "<h2>先坐好</h2>\n<p>背靠椅子。<br>双脚放平。</p>\n"
        "<ul><li>不说话</li><li>不 &lt; 看 &gt; 手机</li></ul>"
    )
    assert writing.to_typed(clean_html(html)) == typed


@given(st.text(max_size=300))
def test_cleaning_leaves_nothing_that_runs(typed: str) -> None:
    cleaned = clean_html(writing.to_html(typed)).lower()

    assert "<script" not in cleaned
    assert clean_html(cleaned) == cleaned


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<script>alert(1)</script><p>好</p>", "<p>好</p>"),
        ('<p onclick="x()">好</p>', "<p>好</p>"),
        ('<a href="https://shop.example">买</a>', "买"),
        ('<img src=x onerror="x()">', ""),
        ("<style>p{}</style>好", "好"),
    ],
)
def test_cleaning(dirty: str, clean: str) -> None:
    assert clean_html(dirty) == clean
