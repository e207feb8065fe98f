from __future__ import annotations

import pytest

from lianxin.compliance import catalogue
from lianxin.compliance.rules.guard import CONTEXTS, find_findings
from lianxin.conversations import catalog
from lianxin.conversations.rules.emergency import find_spans, graver, screen


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("胸口压得慌，左胳膊也发麻", "chest"),
        ("晚饭后胸口闷痛", "chest"),
        ("胸 口 疼", "chest"),
        ("ｃｈｅｓｔ ｐａｉｎ", "chest"),  # full-width letters
        ("My chest hurts", "chest"),
        ("奶奶喘不上气了", "breathing"),
        ("I can’t breathe well", "breathing"),  # a typographic apostrophe
        ("叫不醒他", "consciousness"),
        ("爸爸说话不清楚，嘴也歪了", "stroke"),
        ("伤口血止不住", "bleeding"),
        ("孩子抽搐了", "seizure"),
        ("身上有紫斑", "seizure"),
        ("我不想活了", "self_harm"),
        ("I want to die", "self_harm"),
        ("误服了两片药", "poisoning"),
        ("今天胎动减少", "pregnancy"),
    ],
)
def test_danger_words_are_an_emergency(text: str, category: str) -> None:
    found = screen(text, catalog.emergency_categories())

    assert (found.urgency, found.category) == ("emergency", category)


@pytest.mark.parametrize("text", ["胸口不疼了", "没有胸闷", "no chest pain today"])
def test_a_negation_does_not_lower_a_hit(text: str) -> None:
    assert screen(text, catalog.emergency_categories()).urgency == "emergency"


@pytest.mark.parametrize(
    "text", ["要不要去急诊？", "我不确定严重不严重", "Should I go to hospital?", "头痛得厉害"]
)
def test_doubt_counts_as_urgent(text: str) -> None:
    assert screen(text, catalog.emergency_categories()).urgency == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "早上的药忘了，晚上要不要补？",
        "想约李主任下周的号",
        "好的，谢谢护士",
        "",
        "Thank you, nurse",
    ],
)
def test_everyday_questions_are_not_raised(text: str) -> None:
    assert not screen(text, catalog.emergency_categories()).is_hit


def test_the_gravest_category_wins() -> None:
    found = screen("特别难受，胸口疼", catalog.emergency_categories())

    assert found.category == "chest"


def test_urgency_only_rises() -> None:
    assert graver("emergency", "normal") == "emergency"
    assert graver("normal", "urgent") == "urgent"


def test_the_words_are_marked_where_they_stand() -> None:
    text = "晚饭后胸口闷，要不要紧？"

    (start, end), *_rest = find_spans(text, catalog.emergency_categories())

    assert text[start:end] == "胸口闷"


def test_a_text_of_any_length_is_screened_quickly() -> None:
    assert not screen("啊" * 200_000, catalog.emergency_categories()).is_hit


@pytest.mark.parametrize("code", ["emergency", "urgent", "crisis"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_cards_pass_the_wording_guard(code: str, language: str) -> None:
    card = catalog.find_card(code, language)

    for context in CONTEXTS:
        assert find_findings(card.title + card.body, catalogue.phrases(), context) == []
    assert "120" in card.body


def test_every_category_has_a_card_and_both_names() -> None:
    for category in catalog.emergency_categories():
        assert catalog.find_card(category.card, "en").title
        assert category.name("zh-hans")
        assert category.name("en")
