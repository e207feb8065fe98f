"""What a right value looks like, what a wrong one is taken for, and what is made here."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.adapters import ADAPTERS
from lianxin.channels.adapters.account_fields import (
    MAKERS,
    AccountField,
    fields_of,
    find_fault,
    load_shapes,
    own_address,
    read_file,
)
from lianxin.channels.models import Account
from lianxin.channels.words import fields as field_words

SHAPED = [field for kind in Account.Kind.values for field in fields_of(kind) if field.shape]


def field_of(kind: str, name: str) -> AccountField:
    return next(field for field in fields_of(kind) if field.name == name)


def test_every_kind_of_account_has_its_fields_and_every_shape_a_source() -> None:
    assert set(read_file()["kinds"]) == set(Account.Kind.values)
    assert {field.shape for field in SHAPED} == set(load_shapes())
    assert {shape.source for shape in load_shapes().values()} == set(read_file()["sources"])


def test_every_field_has_words_for_its_name_its_shape_and_what_it_is_taken_for() -> None:
    for kind in Account.Kind.values:
        for field in fields_of(kind):
            assert str(field_words.label_of(kind, field.name))
            assert str(field_words.where_of(kind, field.name))
    taken_for = {other for shape in load_shapes().values() for _pattern, other in shape.unlike}
    assert set(load_shapes()) == set(field_words.LOOKS)
    assert taken_for == set(field_words.OTHER_THINGS)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("wecom", "corp_id", "ww6a112864f8022910"),
        # A corp of the first years: its id looks like an app's.
        ("wecom", "corp_id", "wx5823bf96d3bd56c7"),
        ("wecom", "agent_id", "1000002"),
        ("wecom", "encoding_aes_key", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"),
        ("wecom", "token", "QDG6eK"),
        ("wecom_kf", "open_kfid", "wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTw"),
        ("official_account", "app_id", "wx49f0ab532d5d035a"),
        ("official_account", "original_id", "gh_0123456789ab"),
        ("mini_program", "template_id", "9Aw5ZV1j9xdWTFEkqCpZ7mIBbSC34khK55OtzUPl0rU"),
        ("mini_program", "page", "pages/home/index"),
        ("sms", "sdk_app_id", "1400006666"),
        ("sms", "sign_name", "河畔医院"),
    ],
)
def test_a_right_value_fits(kind: str, name: str, value: str) -> None:
    assert find_fault(field_of(kind, name), value) is None


@pytest.mark.parametrize(
    ("kind", "name", "value", "taken_for"),
    [
        ("official_account", "app_id", "ww6a112864f8022910", "corp_id"),
        ("official_account", "app_id", "gh_0123456789ab", "original_id"),
        (
            "official_account",
            "secret",
            "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
            "corp_secret",
        ),
        ("wecom", "secret", "0123456789abcdef0123456789abcdef", "app_secret"),
        ("wecom", "token", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "encoding_aes_key"),
        ("wecom_kf", "open_kfid", "https://work.weixin.qq.com/kfid/kfc1", "kf_link"),
        ("sms", "sdk_app_id", "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "secret_id"),
        # Nothing else that we know: only not this.
        ("wecom", "encoding_aes_key", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C=", ""),
        ("wecom", "agent_id", "心内科", ""),
        ("wecom", "secret", "two words", ""),
        ("mini_program", "page", "/pages/home?x=1", ""),
        ("sms", "sign_name", "【河畔医院】", ""),
    ],
)
def test_a_wrong_value_is_called_by_what_it_is(
    kind: str, name: str, value: str, taken_for: str
) -> None:
    fault = find_fault(field_of(kind, name), value)

    assert fault is not None
    assert fault.looks_like == taken_for
    assert re.search(r"[\u4e00-\u9fff]", field_words.fault_sentence(field_of(kind, name), fault))


@given(st.sampled_from(SHAPED), st.text(max_size=80))
def test_what_fits_has_no_space_and_no_end_of_line(field: AccountField, value: str) -> None:
    if value and find_fault(field, value) is None:
        assert value == "".join(value.split())


@given(st.sampled_from(sorted(MAKERS)))
def test_what_is_made_here_fits(name: str) -> None:
    made = MAKERS[name]()
    kind = "webchat" if name == "signing_secret" else "wecom"

    assert find_fault(field_of(kind, name), made) is None
    assert made != MAKERS[name]()


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("https://www.hospital.example", True),
        ("https://www.hospital.example\r\nhttps://my.hospital.example:8443", True),
        ("http://localhost:8000", True),
        ("http://www.hospital.example", False),
        ("https://www.hospital.example/", False),
        ("https://*.hospital.example", False),
        ("https://www.hospital.example; script-src *", False),
        ("*", False),
    ],
)
def test_a_site_is_written_as_the_browser_compares_it(value: str, fits: bool) -> None:
    assert (find_fault(field_of("webchat", "origins"), value) is None) == fits


def test_every_platform_with_a_provider_has_its_address() -> None:
    asked = {adapter.platform for adapter in ADAPTERS.values()} - {"webchat"}

    assert all(own_address(platform).startswith("https://") for platform in asked)
    assert own_address("webchat") == ""
