from __future__ import annotations

import pytest

from sandbox.crypto import DamagedError, make_signature, seal, unseal

# The official document's sample.
SAMPLE_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
SAMPLE = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911"
    "L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLx"
    "AUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9"
    "nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/u"
    "h9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)
ECHO_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
ECHO = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="


def test_the_official_sample_opens() -> None:
    text, receive_id = unseal(SAMPLE_KEY, SAMPLE)

    assert receive_id == "wx5823bf96d3bd56c7"
    assert b"<Content><![CDATA[hello]]></Content>" in text
    assert b"<MsgId>4561255354251345929</MsgId>" in text


def test_the_official_samples_signature_is_made() -> None:
    signature = make_signature("QDG6eK", "1409659813", "1372623149", SAMPLE)

    assert signature == "477715d11cdb4164915debcba66cb864d751f3e6"


def test_the_official_sample_is_made_again_byte_for_byte() -> None:
    text, receive_id = unseal(SAMPLE_KEY, SAMPLE)

    # Its first 16 bytes are text chosen by the document.
    for head in (b"a" * 16, b"0123456789abcdef"):
        assert unseal(SAMPLE_KEY, seal(SAMPLE_KEY, text, receive_id, head)) == (text, receive_id)


def test_an_echo_from_another_library_opens() -> None:
    assert unseal(ECHO_KEY, ECHO)[0] == b"5927782489442352469"
    signature = make_signature("123456", "1411443780", "437374425", ECHO)
    assert signature == "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96"


@pytest.mark.parametrize("length", range(0, 100, 7))
def test_every_length_goes_and_comes(length: int) -> None:
    text = ("患者" * 50).encode()[:length]

    assert unseal(ECHO_KEY, seal(ECHO_KEY, text, "ww1")) == (text, "ww1")


def test_changed_text_does_not_open() -> None:
    sealed = seal(ECHO_KEY, b"<xml></xml>", "ww1")

    with pytest.raises(DamagedError):
        unseal(SAMPLE_KEY, sealed)
