from __future__ import annotations

from typing import Any

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
