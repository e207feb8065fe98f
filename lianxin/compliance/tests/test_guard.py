from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianxin.compliance import catalogue
from lianxin.compliance.rules.guard import (
    CONTEXTS,
    Context,
    Phrase,
    find_findings,
    flatten,
    has_mark,
    is_blocked,
    with_mark,
)

CATEGORIES = {
    "diagnosis",
    "prescription",
    "all_clear",
    "promise",
    "rate",
    "superlative",
    "testimony",
    "comparison",
    "inducement",
    "score",
    "lock_screen",
}


def categories(text: str, context: Context = "automatic") -> set[str]:
    return {finding.category for finding in find_findings(text, catalogue.phrases(), context)}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("您的情况诊断为高血压。", "diagnosis"),
        ("已经确诊了", "diagnosis"),
        ("考虑是心肌梗死", "diagnosis"),
        ("很可能是肺炎", "diagnosis"),
        ("您这就是糖尿病", "diagnosis"),
        ("You have atrial fibrillation.", "diagnosis"),
        ("Your diagnosis is clear", "diagnosis"),
        ("我给您开个处方", "prescription"),
        ("可以停药了", "prescription"),
        ("建议加量", "prescription"),
        ("氨氯地平每天 5 mg", "prescription"),
        ("退烧药吃半片", "prescription"),
        ("含服 1 片", "prescription"),
        ("改成 10 毫克", "prescription"),
        ("You can stop taking your tablets", "prescription"),
        ("Take two tablets tonight", "prescription"),
        ("amlodipine 10 mg", "prescription"),
        ("没事的，放心", "all_clear"),
        ("一切正常", "all_clear"),
        ("不用去医院", "all_clear"),
        ("无需复查", "all_clear"),
        ("Don't worry, everything is fine", "all_clear"),
        ("there is no need to see a doctor", "all_clear"),
        ("可以根治", "promise"),
        ("我们保证治好", "promise"),
        ("无毒副作用", "promise"),
        ("100% 有效", "promise"),
        ("祖传秘方", "promise"),
        ("This tea cures diabetes", "promise"),
        ("Results are guaranteed", "promise"),
        ("治愈率高达九成", "rate"),
        ("国家级专家", "superlative"),
        ("最好的医院", "superlative"),
        ("我们技术第一", "superlative"),
        ("the best hospital in town", "superlative"),
        ("患者见证", "testimony"),
        ("比其他医院更好", "comparison"),
        ("名额有限", "inducement"),
        ("free treatment", "inducement"),
        ("AI 评分 87", "score"),
        ("患病概率 30%", "score"),
        # What people type to slip past a filter.
        ("可以根 治", "promise"),
        ("可以根\u200b治", "promise"),
        ("１００％有效", "promise"),
        ("GUARANTEED", "promise"),
    ],
)
def test_forbidden_words_are_found(text: str, category: str) -> None:
    assert category in categories(text)
    assert is_blocked(find_findings(text, catalogue.phrases(), "automatic"))


@pytest.mark.parametrize(
    "text",
    [
        # The sentences that the product itself must be able to say.
        "咨询请点这里；急症请拨打 120，此处不保证及时回复。",
        "非 24 小时监护",
        "以下为就医紧急程度的初步提示，不是诊断，也不能替代医生面诊。",
        "如出现胸痛、气短，请立即拨打120或前往最近急诊。情况变化请重新评估。",
        "目前填写的信息未见需要立即就医的信号",
        "【今天就医】请今天到门诊",
        "请按说明书或医生、药师的指导使用",
        "您有一条健康提醒",
        "这里不能开药，也不能开处方。",
        "请勿自行停药、加量或减量。",
        "不要擅自停药或者减量",
        "凭医生处方购药",
        "如果不放心，请及时就诊。",
        "高血压目前还不能根治，但可以控制。",
        "不要相信「根治高血压」的广告",
        "确诊后请按医嘱复查",
        "是否患病要由医生确诊",
        "每天保证睡眠 7 小时",
        "每天吃盐不超过 5 克",
        "第一次测量后，坐 5 分钟再量一遍。",
        "血压 135/85 mmHg",
        "早上的药：按医嘱 2 种",
        "伤口请按时到院换药",
        "没事时也可以多走动",
        "Do not stop or change your medicine without asking your doctor.",
        "This is not a diagnosis and does not replace seeing a doctor.",
        "If you have diabetes, tell the nurse.",
        "There is no cure, but it can be controlled.",
        "Sit for 5 minutes and measure again.",
        "Your 7-day average is 133/85 mmHg, glucose 6.1 mmol/L (110 mg/dL).",
        "For reference only. It does not replace seeing a doctor.",
    ],
)
def test_careful_words_pass(text: str) -> None:
    assert find_findings(text, catalogue.phrases(), "automatic") == []


@pytest.mark.parametrize(
    ("context", "severity"),
    [("ad", "block"), ("automatic", "block"), ("education", "warn"), ("reply", "warn")],
)
def test_a_cited_rate_blocks_in_an_ad_and_warns_in_education(
    context: Context, severity: str
) -> None:
    (finding,) = find_findings("文献中的治愈率", catalogue.phrases(), context)

    assert finding.severity == severity


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("今天的血压还没记", True),
        ("氨氯地平该吃了", True),
        ("Your blood pressure is due", True),
        ("您有一条健康提醒", False),
    ],
)
def test_the_lock_screen_names_no_disease_and_no_drug(text: str, found: bool) -> None:
    assert ("lock_screen" in categories(text, "lock_screen")) is found
    assert "lock_screen" not in categories(text, "reply")


def test_a_finding_points_at_the_exact_words_and_offers_others() -> None:
    text = "张阿姨，放心 吧，可以 停 药 了。"
    findings = find_findings(text, catalogue.phrases(), "reply")

    assert [text[f.start : f.end] for f in findings] == ["放心 吧", "停 药"]
    assert [f.words for f in findings] == ["放心 吧", "停 药"]
    assert all(f.replacement and f.source for f in findings)


def test_the_gravest_of_overlapping_findings_stays() -> None:
    findings = find_findings("保证治愈", catalogue.phrases(), "automatic")

    assert [(f.start, f.end) for f in findings] == [(0, 2), (2, 4)]


@pytest.mark.parametrize("phrase", catalogue.phrases(), ids=lambda phrase: phrase.code)
def test_every_phrase_is_reviewed_data(phrase: Phrase) -> None:
    re.compile(phrase.pattern)
    assert phrase.category in CATEGORIES
    assert phrase.source
    assert phrase.replacement
    assert phrase.version >= 1
    assert set(dict(phrase.severity_in)) <= set(CONTEXTS)
    # The replacement that the guard offers must itself be fit to send.
    assert find_findings(phrase.replacement, catalogue.phrases(), "automatic") == []


def test_phrase_codes_are_unique() -> None:
    codes = [phrase.code for phrase in catalogue.phrases()]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("code", ["reference", "not_monitored", "emergency"])
def test_mandatory_marks_pass_the_guard_themselves(code: str, language: str) -> None:
    mark = catalogue.mark(code, language)

    assert find_findings(mark, catalogue.phrases(), "automatic") == []
    assert catalogue.short_mark(code, language)


def test_the_mark_is_added_once() -> None:
    mark = catalogue.short_mark("reference", "zh-hans")
    marked = with_mark("在家量血压", mark)

    assert has_mark(marked, mark)
    assert not has_mark("在家量血压", mark)
    assert with_mark(marked, mark) == marked


FORBIDDEN = ["诊断为", "根治", "停药", "没事", "国家级", "guaranteed", "神医", "名额有限"]
text_around = st.text(alphabet="今天天气晴，。量 \u200b１％abc好", max_size=12)


@settings(max_examples=120, deadline=None)
@given(text_around, st.sampled_from(FORBIDDEN), text_around)
def test_findings_lie_inside_the_text_and_never_overlap(
    before: str, words: str, after: str
) -> None:
    text = f"{before} {words} {after}"
    findings = find_findings(text, catalogue.phrases(), "ad")

    assert findings
    for finding in findings:
        assert 0 <= finding.start < finding.end <= len(text)
        assert text[finding.start : finding.end] == finding.words
    assert all(a.end <= b.start for a, b in pairwise(findings))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(FORBIDDEN[:5]), st.sampled_from([" ", "\u200b", "\u3000", "\u200d "]))
def test_blanks_between_characters_hide_nothing(words: str, blank: str) -> None:
    assert find_findings(blank.join(words), catalogue.phrases(), "ad")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_flattening_keeps_the_way_back(text: str) -> None:
    plain, places = flatten(text)

    assert len(plain) == len(places)
    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places)
    find_findings(text, catalogue.phrases(), "reply")
