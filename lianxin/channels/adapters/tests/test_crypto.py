from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxin.channels.adapters.crypto import Crypt, CryptError, pad, sign, unpad
from lianxin.channels.adapters.xml import parse_xml

# Vector A: the official document's sample. Its pad byte is 30, so 16-byte unpadders fail on it.
OFFICIAL_CIPHER = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUp"
    "j911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue"
    "06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+"
    "3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH"
    "27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8"
    "R07+qN+E7Q=="
)
# Vector B: published with a public SDK's tests (go-workwx).
SDK_CIPHER = (
    "EUCt7xMcNiyASzZj0Hjc5yDjFQrCum6AfQ3ntHiUzjGQ51xieKmbvtrZ40/EcB2W/W8yH0n4Lqx48gJl/T9HD/R309I0"
    "P/r5pIZucK3lyEn48FYMr4YdE0QdL2jIJ3xkcXUr6uzefzCxG6lMvwpAJaOyVCzN7sRRw47njfxy5EIqU6R9ZBhlTzfd"
    "nhhOhK/nTwzrZX3SoGlXFA9OBeZ6ru1NWpXFk76x9DUMe0lcxPPiUqK8ctnQcYXSGUHVqC6DfG7E7mab0OmruNN8cBZY"
    "5d3dYOBA4OgaH55Q0AJmUpdT8vNiXpXx+6TxT3TIjySXpDrHVyrsb772aYywgg/Nu4kUmGkALwFZlzhjNegR7wDwb9lr"
    "4ERXsSSS8JZ8lbBmaQ3F2Tq584xoPj5rIhXAF734ynm4no1g+SdHiNqR328="
)
# Vector C: an echostr published with wechatpy's tests.
ECHO_CIPHER = (
    "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
)
OFFICIAL = Crypt("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
OURS = Crypt("token", base64.b64encode(bytes(range(32))).decode()[:43], "ww0000000000000001")


@pytest.mark.parametrize(
    ("crypt", "signature", "timestamp", "nonce", "cipher", "message_id"),
    [
        (
            OFFICIAL,
            "477715d11cdb4164915debcba66cb864d751f3e6",
            "1409659813",
            "1372623149",
            OFFICIAL_CIPHER,
            "4561255354251345929",
        ),
        (
            Crypt(
                "kz7Yx62CH8SaLN",
                "cD0d7jx4tYvVtzqrmh3Dm3QFCXe6f8SlHoMtMh3qQEP",
                "ww6a112864f8022910",
            ),
            "f265ae551b1932727204c3d707628d01376a6940",
            "1583995625",
            "1584392382",
            SDK_CIPHER,
            "2018405441",
        ),
    ],
)
def test_published_messages_verify_and_open(
    crypt: Crypt, signature: str, timestamp: str, nonce: str, cipher: str, message_id: str
) -> None:
    crypt.verify(signature, timestamp, nonce, cipher)

    assert parse_xml(crypt.decrypt(cipher))["MsgId"] == message_id


def test_the_published_echo_opens() -> None:
    crypt = Crypt("123456", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a")

    crypt.verify("dd6b9c95b495b3f7e2901bfbc76c664930ffdb96", "1411443780", "437374425", ECHO_CIPHER)

    assert crypt.decrypt(ECHO_CIPHER) == b"5927782489442352469"


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_again(message: bytes) -> None:
    assert OURS.decrypt(OURS.encrypt(message)) == message


@given(st.binary(max_size=100))
def test_padding_is_never_empty_and_comes_off(plain: bytes) -> None:
    padded = pad(plain)

    assert len(padded) % 32 == 0
    assert unpad(padded) == plain
    assert len(padded) > len(plain)


@pytest.mark.parametrize("cipher", ["", "AAAA", "not base64!", "汉字", "A" * 44])
def test_garbage_is_refused(cipher: str) -> None:
    with pytest.raises(CryptError):
        OURS.decrypt(cipher)


def test_another_receive_id_is_refused() -> None:
    theirs = Crypt("token", base64.b64encode(bytes(range(32))).decode()[:43], "ww0000000000000002")

    with pytest.raises(CryptError, match="receive id"):
        OURS.decrypt(theirs.encrypt(b"hello"))


@pytest.mark.parametrize("signature", ["", "0" * 40, "签名"])
def test_a_wrong_signature_is_refused(signature: str) -> None:
    with pytest.raises(CryptError, match="signature"):
        OURS.verify(signature, "1", "2", OURS.encrypt(b"hello"))


def test_the_order_of_the_parts_does_not_matter() -> None:
    assert sign("b", "a", "c") == sign("c", "b", "a")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(CryptError, match="key"):
        Crypt("token", "short", "ww1")
