from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.adapters.base import SendFailed
from lianxin.channels.adapters.fitting import bind_keys, fit, fit_data
from lianxin.channels.adapters.reactions import load_template_keys


@pytest.mark.parametrize(
    ("name", "value", "fitted"),
    [
        ("thing1", "明天复诊", "明天复诊"),
        ("thing1", " 两\n行 ", "两 行"),
        ("thing12", "字" * 20, "字" * 20),
        ("thing1", "字" * 21, "字" * 19 + "…"),
        # Half a name, a number or a phrase says something else.
        ("name1", "字" * 11, ""),
        ("number3", "1" * 33, ""),
        ("phrase2", "已经预约成功", ""),
        ("character_string4", "x" * 33, ""),
        ("time5", "2026年11月22日 08:00", "2026年11月22日 08:00"),
        ("time5", "明天一早", ""),
        ("date5", "2026年11月22日", "2026年11月22日"),
        ("phrase2", "ok", ""),
        ("letter3", "A1", ""),
        ("amount4", "¥12.50元", "¥12.50元"),
        ("amount4", "免费", ""),
        # Kinds that we do not know are left to the provider.
        ("const5", "门诊", "门诊"),
        ("thing1", " ", ""),
    ],
)
def test_a_value_fits_or_is_refused(name: str, value: str, fitted: str) -> None:
    assert fit(name, value) == fitted


def test_what_does_not_fit_fails_for_good_before_it_is_sent() -> None:
    with pytest.raises(SendFailed) as refusal:
        fit_data({"thing1": "复诊", "phrase2": "已经预约成功"}, "key-1")

    assert (refusal.value.reason_code, refusal.value.permanent) == ("template_invalid", True)
    assert refusal.value.client_key == "key-1"


@given(st.text(), st.sampled_from(sorted(load_template_keys())), st.integers(1, 99))
def test_no_value_is_longer_than_its_kind_allows(value: str, kind: str, number: int) -> None:
    fitted = fit(f"{kind}{number}", value)

    assert len(fitted) <= load_template_keys()[kind].characters
    assert not set(fitted) & set("\r\n\t")
    assert fitted == fit(f"{kind}{number}", fitted)


@given(st.text(min_size=1).filter(str.strip), st.integers(1, 99))
def test_free_words_always_arrive_at_least_in_part(value: str, number: int) -> None:
    fitted = fit(f"thing{number}", value)

    assert fitted
    assert " ".join(value.split()).startswith(fitted.removesuffix("…"))


@pytest.mark.parametrize(
    ("names", "bound"),
    [
        (["thing1", "time2", "thing3"], {"thing1": "matter", "time2": "time", "thing3": "sender"}),
        (["date3", "thing5"], {"date3": "time", "thing5": "matter"}),
        (
            ["thing1", "thing2", "thing3"],
            {"thing1": "matter", "thing2": "sender", "thing3": "matter"},
        ),
        # An amount or a word from a list is nothing that we could say.
        (["thing1", "amount2", "const3"], {"thing1": "matter"}),
    ],
)
def test_each_key_gets_a_word_that_it_can_carry(names: list[str], bound: dict[str, str]) -> None:
    assert bind_keys(names) == bound
