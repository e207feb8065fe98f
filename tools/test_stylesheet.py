from __future__ import annotations

import pytest

from tools.stylesheet import prune, words_of

USED = words_of('<a class="btn is-on">')


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("a{color:red}", "a{color:red}"),
        (".btn{a:b}.card{a:b}", ".btn{a:b}"),
        (".btn,.card>a{a:b}", ".btn{a:b}"),
        (".btn.is-on:not(.card):hover{a:b}", ""),
        ("@media print{.btn{a:b}.card{a:b}}", "@media print{.btn{a:b}}"),
        ("@media print{.card{a:b}}", ""),
        ("@keyframes spin{from{a:b}to{a:c}}", "@keyframes spin{from{a:b}to{a:c}}"),
        ('@charset "utf-8";a{b:c}', '@charset "utf-8";a{b:c}'),
        ("/*! x */a:is(.btn,b){c:d}", "a:is(.btn,b){c:d}"),
    ],
)
def test_only_what_is_used_is_kept(css: str, kept: str) -> None:
    assert prune(css, USED) == kept
