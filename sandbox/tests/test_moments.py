from __future__ import annotations

from sandbox.tests.product import CORP, Json, Product


def make(product: Product, *senders: str, **more: object) -> Json:
    visible = {"sender_list": {"user_list": list(senders or ["lijianguo"])}}
    body = {"text": {"content": "秋冬测压小常识"}, "visible_range": visible} | more
    return product.external("add_moment_task", body)


def result(product: Product, made: Json) -> Json:
    """Ask twice: the first answer is that the job goes on."""
    first = product.external("get_moment_task_result", jobid=made["jobid"])
    assert (first["status"], first["result"]) == (2, {})
    return product.external("get_moment_task_result", jobid=made["jobid"])


def test_nothing_is_seen_before_the_member_publishes(product: Product) -> None:
    product.befriend()
    inner = result(product, make(product, "lijianguo", "nobody"))["result"]
    ask = {"moment_id": inner["moment_id"], "userid": "lijianguo"}

    assert inner["invalid_sender_list"]["user_list"] == ["nobody"]
    assert product.external("get_moment_task", ask)["task_list"] == [
        {"userid": "lijianguo", "publish_status": 0}
    ]
    assert product.external("get_moment_send_result", ask)["customer_list"] == []
    echo = {"corp_id": CORP, **ask}
    assert "error" in product.person("moment-echo", **echo)

    product.member("publish-moment", moment_id=inner["moment_id"])

    assert product.external("get_moment_task", ask)["task_list"][0]["publish_status"] == 1
    assert len(product.external("get_moment_send_result", ask)["customer_list"]) == 1
    product.person("moment-echo", **echo)
    product.person("moment-echo", **echo)
    product.person("moment-echo", kind="comment", **echo)
    said = product.external("get_moment_comments", ask)
    assert (len(said["like_list"]), len(said["comment_list"])) == (1, 1)


def test_the_result_has_an_errcode_of_its_own(product: Product) -> None:
    answer = result(product, make(product, "ZhouMin"))

    assert (answer["errcode"], answer["status"], answer["result"]["errcode"]) == (0, 3, 41060)
    product.advance(86401)
    product.tokens.clear()
    made = make(product)
    product.advance(86401)
    product.tokens.clear()
    assert product.external("get_moment_task_result", jobid=made["jobid"])["errcode"] == 40058


def test_a_cancelled_moment_cannot_be_published(product: Product) -> None:
    product.befriend()
    moment_id = result(product, make(product))["result"]["moment_id"]
    assert product.external("cancel_moment_task", {"moment_id": moment_id})["errcode"] == 0

    assert "cancelled" in product.member("publish-moment", moment_id=moment_id)["error"]


def test_ten_a_minute_and_nothing_mixed(product: Product) -> None:
    mixed = [{"msgtype": "image", "image": {}}, {"msgtype": "link", "link": {}}]
    assert make(product, attachments=mixed)["errcode"] == 41065

    codes = [make(product)["errcode"] for _ in range(10)]

    assert codes == [0] * 9 + [45009]
