from __future__ import annotations

import base64
from typing import Any

import pytest

from sandbox.tests.product import CORP, Json, Product

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def upload(product: Product, path: str, content: bytes = PNG, **query: str) -> Json:
    files: Any = {"media": ("picture.png", content, "image/png")}
    params = {"access_token": product.token(), **query}
    url = f"/wecom/cgi-bin/media/{path}"
    answer: Json = product.client.post(url, params=params, files=files).json()
    return answer


def test_a_media_id_lives_three_days_on_the_clock(product: Product) -> None:
    made = upload(product, "upload", type="image")
    body = {
        "external_userid": [product.befriend()],
        "attachments": [{"msgtype": "image", "image": {"media_id": made["media_id"]}}],
    }

    assert isinstance(made["created_at"], str)
    assert product.external("add_msg_template", body)["errcode"] == 0
    product.advance(3 * 86400 + 1)
    product.tokens.clear()
    assert product.external("add_msg_template", body)["errcode"] == 40145


def test_bytes_come_back_and_an_error_is_json_with_200(product: Product) -> None:
    made = upload(product, "upload_attachment", media_type="image", attachment_type="1")
    ask = {"access_token": product.token(), "media_id": made["media_id"]}

    assert isinstance(made["created_at"], int)
    assert product.client.get("/wecom/cgi-bin/media/get", params=ask).content == PNG
    wrong = product.client.get("/wecom/cgi-bin/media/get", params=ask | {"media_id": "x"})
    assert (wrong.status_code, wrong.json()["errcode"]) == (200, 40007)


def test_wrong_files_are_refused(product: Product) -> None:
    assert upload(product, "upload", b"not a picture", type="image")["errcode"] == 40005
    assert upload(product, "upload", b"tiny", type="file")["errcode"] == 44001
    assert upload(product, "upload", type="poem")["errcode"] == 40004
    big = b"\x89PNG" + bytes(10 * 1024 * 1024)
    assert upload(product, "uploadimg", big)["errcode"] == 40006
    assert upload(product, "uploadimg")["url"].endswith(".png")
    assert CORP in product.state()["corps"]


def test_the_phone_shows_pictures_and_names_of_files(product: Product) -> None:
    picture, paper = upload(product, "upload", type="image"), upload(product, "upload", type="file")
    attachments = [
        {"msgtype": "image", "image": {"media_id": picture["media_id"]}},
        {"msgtype": "file", "file": {"media_id": paper["media_id"]}},
    ]
    body = {"external_userid": [product.befriend()], "attachments": attachments}
    made = product.external("add_msg_template", body)
    product.member("confirm-mass", msgid=made["msgid"])
    product.post("/phone/hold", {"person": "zhang"})

    ask = {"chat": f"wecom:{CORP}:lijianguo"}
    shown = product.client.get("/phone/data", params=ask).json()["messages"][-2:]

    assert [one["kind"] for one in shown] == ["image", "file"]
    assert base64.b64decode(shown[0]["media"]["picture"]) == PNG
    assert shown[1]["media"] == {"name": "picture.png", "picture": ""}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image", {}),
        ("video", {"title": "x"}),
        ("link", {"title": "x"}),
        ("miniprogram", {"title": "x", "appid": "wx", "page": "a"}),
        ("poem", {"media_id": "x"}),
    ],
)
def test_an_attachment_that_is_not_whole_is_refused(
    product: Product, kind: str, content: Json
) -> None:
    body = {
        "external_userid": [product.befriend()],
        "attachments": [{"msgtype": kind, kind: content}],
    }

    assert product.external("add_msg_template", body)["errcode"] == 41064
