from __future__ import annotations

import pytest

from sandbox.tests.product import CORP, KF, MINI, OFFICIAL, Product


def write(product: Product, text: str = "x") -> None:
    assert product.person("kf-write", open_kfid=KF, text=text)["ok"]


def test_the_address_is_verified_as_by_the_admin_console(product: Product) -> None:
    for kind, name in (
        ("wecom", CORP),
        ("wecom_kf", CORP),
        ("official_account", OFFICIAL),
        ("mini_program", MINI),
    ):
        answer = product.post("/control/verify", {"kind": kind, "id": name})
        assert answer["ok"], answer


def test_a_failing_receiver_is_asked_four_times(product: Product) -> None:
    product.put("/control/settings", {"callback_retry_seconds": 0})
    product.receiver.statuses = [500, 503, 500, 500]
    write(product)
    product.settle()

    assert len(product.receiver.received) == 4
    assert product.state()["callbacks"]["failed"] >= 1


def test_retries_stop_at_the_first_answer(product: Product) -> None:
    product.put("/control/settings", {"callback_retry_seconds": 0})
    product.receiver.statuses = [500]
    write(product)
    product.settle()

    assert len(product.receiver.received) == 2


def test_duplicates_are_the_same_event_in_another_envelope(product: Product) -> None:
    product.fault("callback_duplicate", count=1)
    write(product)

    first, second = product.settle()
    assert first == second


def test_a_dropped_callback_never_comes(product: Product) -> None:
    product.fault("callback_drop", count=1)
    write(product)
    assert product.settle() == []

    write(product)
    assert len(product.settle()) == 1


def test_a_late_callback_comes_when_its_time_has_come(product: Product) -> None:
    product.fault("callback_delay", count=1, seconds=600)
    write(product)
    assert product.settle() == []

    product.advance(601)

    assert len(product.settle()) == 1


def test_reordered_callbacks_swap(product: Product) -> None:
    product.fault("callback_reorder", count=1)
    write(product)
    product.person("oa-subscribe", app_id=OFFICIAL)

    product.settle()
    assert [seen.path for seen in product.receiver.received] == ["/oa", "/kf"]


def test_a_wrong_signature_does_not_verify(product: Product) -> None:
    product.fault("callback_bad_signature", count=1)
    write(product)
    with pytest.raises(AssertionError):
        product.settle()


def test_a_wrong_receive_id_decrypts_to_another_corp(product: Product) -> None:
    product.fault("callback_wrong_receive_id", count=1)
    write(product)

    assert product.settle()[0]["receive_id"] != CORP


def test_a_truncated_body_is_no_xml(product: Product) -> None:
    product.fault("callback_truncated", count=1)
    write(product)
    product.post("/control/settle")

    assert not product.receiver.received[0].body.endswith("</xml>")


def test_the_log_has_cipher_and_plain_side_by_side(product: Product) -> None:
    product.befriend()
    product.settle()

    log = product.client.get("/control/log").json()["log"]
    [line] = [row for row in log if row["kind"] == "callback"]
    assert "<ChangeType><![CDATA[add_external_contact]]></ChangeType>" in line["plain"]
    assert "<Encrypt>" in line["cipher"]
    assert line["outcome"] == "ok"
    assert line["ms"] > 0
    assert not any("secret=s1" in row["plain"] for row in log)
