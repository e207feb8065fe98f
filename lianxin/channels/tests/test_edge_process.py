"""The running edge over a real socket: bodies of every shape, and callers who hang up."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from lianxin.channels.models import Account, Callback
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.testing.channels import SealedCallback, contact_xml, make_account, seal_callback

TOO_MUCH = b"x" * 70_000


@pytest.fixture
def wecom(house: Hospital) -> Account:
    return make_account(house)


def address(edge: str, account: Account, callback: SealedCallback) -> str:
    return f"{edge}/callbacks/wecom/{account.key}/?{urlencode(callback.query)}"


def count_stored(account: Account) -> int:
    with scope(account.hospital_id):
        return Callback.objects.count()


def pieces(body: bytes, size: int = 100) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def open_post(url: str, length: int, first: bytes) -> socket.socket:
    """Start a request that promises more than it sends."""
    parts = urlsplit(url)
    line = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20)
    head = f"POST {parts.path}?{parts.query} HTTP/1.1\r\nHost: edge\r\nContent-Length: {length}\r\n"
    line.sendall(head.encode() + b"\r\n" + first)
    return line


def test_a_body_at_once_and_one_in_pieces_are_stored(edge: str, wecom: Account) -> None:
    whole, cut = seal_callback(contact_xml()), seal_callback(contact_xml(person="wmOther"))

    first = httpx.post(address(edge, wecom, whole), content=whole.body)
    second = httpx.post(address(edge, wecom, cut), content=pieces(cut.body))

    assert (first.status_code, first.content) == (200, b"")
    assert (second.status_code, second.content) == (200, b"")
    assert count_stored(wecom) == 2


def test_a_body_that_is_too_large_is_refused_in_every_shape(edge: str, wecom: Account) -> None:
    url = address(edge, wecom, seal_callback(contact_xml()))

    assert httpx.post(url, content=TOO_MUCH).status_code == 413
    assert httpx.post(url, content=pieces(TOO_MUCH, 5_000)).status_code == 413
    assert count_stored(wecom) == 0


def test_a_body_that_does_not_come_is_not_waited_for(edge: str, wecom: Account) -> None:
    callback = seal_callback(contact_xml())

    with open_post(address(edge, wecom, callback), len(callback.body), callback.body[:20]) as line:
        answer = line.recv(200)

    assert answer.startswith(b"HTTP/1.1 408")


def test_who_hangs_up_leaves_the_edge_well(edge: str, wecom: Account) -> None:
    callback = seal_callback(contact_xml())
    for _again in range(5):
        open_post(address(edge, wecom, callback), len(callback.body), callback.body[:20]).close()

    answer = httpx.post(address(edge, wecom, callback), content=callback.body)

    assert answer.status_code == 200
    assert count_stored(wecom) == 1


def test_other_addresses_and_methods_are_answered(edge: str, wecom: Account) -> None:
    assert httpx.get(f"{edge}/healthz").text == "ok"
    assert httpx.get(f"{edge}/elsewhere").status_code == 404
    assert httpx.get(f"{edge}/live/?topic=today").status_code == 401
    assert httpx.post(f"{edge}/live/?topic=today").status_code == 405
    assert httpx.put(f"{edge}/callbacks/wecom/{wecom.key}/").status_code == 405
