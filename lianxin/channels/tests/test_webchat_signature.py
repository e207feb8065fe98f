from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.rules import BadSignatureError, SignedVisitor, read_signature
from lianxin.testing.webchat import encode, sign_visitor

NOW = datetime(2026, 11, 7, 8, 30, tzinfo=UTC)
SECRET, KEY = "s" * 43, "chat00000001"
HEADER = {"alg": "HS256", "typ": "JWT"}


def claims(**changes: Any) -> dict[str, Any]:
    made_at = int(NOW.timestamp())
    known = {"aud": KEY, "sub": "ZY1", "iat": made_at, "exp": made_at + 120, "jti": "n" * 20}
    return known | changes


def read(token: str, *, secret: str = SECRET, now: datetime = NOW) -> SignedVisitor:
    return read_signature(token, secret, audience=KEY, now=now)


def code_of(token: str, **more: Any) -> str:
    with pytest.raises(BadSignatureError) as refused:
        read(token, **more)
    return refused.value.code


def test_what_the_site_signed_is_believed() -> None:
    visitor = read(sign_visitor(SECRET, claims()))

    assert (visitor.number, visitor.name) == ("ZY1", "n" * 20)
    assert "ZY1" not in repr(visitor)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "chat00000002"},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 65},
        {"jti": "short"},
        {"jti": None},
        {"iat": True},
        {"iat": 1.5},
        {"exp": "soon"},
        {"exp": int(NOW.timestamp())},
        {"exp": int(NOW.timestamp()) + 301},
        {"exp": 2**62},
        # Signed for later, so that it could be kept.
        {"iat": int(NOW.timestamp()) + 60, "exp": int(NOW.timestamp()) + 90},
        {"admin": True},
    ],
)
def test_claims_that_are_odd_are_refused(changes: dict[str, Any]) -> None:
    assert code_of(sign_visitor(SECRET, claims(**changes))) == "claims"


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS512"}, {"alg": "hs256"}, {**HEADER, "kid": "../x"}, {}]
)
def test_no_other_algorithm_is_taken(header: dict[str, Any]) -> None:
    assert code_of(sign_visitor(SECRET, claims(), header=header)) == "algorithm"


def test_it_ends_with_its_minutes() -> None:
    token = sign_visitor(SECRET, claims())

    assert read(token, now=NOW + timedelta(seconds=149)).number == "ZY1"
    assert code_of(token, now=NOW + timedelta(seconds=150)) == "expired"


def test_an_account_without_a_secret_believes_nobody() -> None:
    assert code_of(sign_visitor("", claims()), secret="") == "signature"


def test_a_name_that_stands_twice_is_refused() -> None:
    twice = json.dumps(claims())[:-1] + ', "sub": "ZY2"}'

    assert code_of(sign_visitor(SECRET, twice)) == "malformed"


@given(st.text(max_size=300))
def test_garbage_is_refused_in_one_way(text: str) -> None:
    assert code_of(text) in {"malformed", "algorithm", "signature"}


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_not_one_letter_can_be_changed(place: int, letter: str) -> None:
    token = sign_visitor(SECRET, claims())
    # The last letter of a piece may carry bits that decoding drops.
    place %= len(token) - 1
    if token[place] == letter:
        return
    changed = token[:place] + letter + token[place + 1 :]

    assert code_of(changed) in {"malformed", "algorithm", "signature"}


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_a_body_that_is_no_object_is_refused(value: Any) -> None:
    body = json.dumps(value)

    assert code_of(sign_visitor(SECRET, body)) == "malformed"
    assert encode(body.encode())
