from __future__ import annotations

import pytest

from lianxin.web.rules import mask_name, mask_phone, split_duration


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张晓明", "张*明"),
        ("欧阳娜娜", "欧*娜"),
        ("李雷", "李*"),
        ("Li Lei", "L*** L***"),
        (" 王芳 ", "王*"),
        ("", ""),
    ],
)
def test_a_name_in_a_list_is_masked(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13800001234", "138****1234"), ("138 0000 1234", "138****1234"), ("12345", "****"), ("", "")],
)
def test_a_phone_number_in_a_list_is_masked(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("seconds", "parts"),
    [
        # Under a minute counts as one: 「剩 0 分钟」 would read as over.
        (5, (1, "minute", 0)),
        (3599, (59, "minute", 0)),
        (3600, (1, "hour", 0)),
        (4380, (1, "hour", 13)),
        (90_000, (1, "day", 1)),
    ],
)
def test_a_duration_is_told_in_its_largest_unit(seconds: int, parts: tuple[int, str, int]) -> None:
    assert split_duration(seconds) == parts
