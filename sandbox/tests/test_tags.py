"""Corp tags: made by apps and by people, marked per relation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sandbox.tests.product import CORP, Product


def befriend(product: Product) -> str:
    config_id = product.add_way()["config_id"]
    return str(product.person("scan", code=config_id)["external_userid"])


def add_tag(product: Product, name: str = "出院患者") -> str:
    answer = product.external("add_corp_tag", {"group_name": "连心", "tag": [{"name": name}]})
    assert answer["errcode"] == 0, answer
    return str(answer["tag_group"]["tag"][0]["id"])


def tags_of(product: Product) -> list[str]:
    (relation,) = product.state()["corps"][CORP]["relations"].values()
    return list(relation["tag_ids"])


def test_an_app_changes_only_the_tags_it_made(product: Product) -> None:
    own = add_tag(product)
    theirs = product.member("create-tag", group="门诊", name="常客")["tag_id"]

    assert product.external("edit_corp_tag", {"id": own, "name": "已出院"})["errcode"] == 0
    assert product.external("edit_corp_tag", {"id": theirs, "name": "x"})["errcode"] == 301002
    assert product.external("del_corp_tag", {"tag_id": [theirs]})["errcode"] == 301002
    assert product.external("del_corp_tag", {"tag_id": [own]})["errcode"] == 0
    groups = product.external("get_corp_tag_list", {})["tag_group"]
    assert [group["group_name"] for group in groups] == ["门诊"]
    assert "agent_id" not in str(groups)


def test_two_marks_on_one_pair_at_once_conflict(product: Product) -> None:
    external_id, tag = befriend(product), add_tag(product)
    product.put("/control/settings", {"mark_busy_seconds": 0.6})
    body = {"userid": "lijianguo", "external_userid": external_id, "add_tag": [tag]}

    def mark() -> int:
        return int(product.external("mark_tag", body)["errcode"])

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(one.result() for one in [pool.submit(mark), pool.submit(mark)])

    assert codes == [0, 45035]
    assert tags_of(product) == [tag]


def test_people_call_back_and_apps_do_not(product: Product) -> None:
    external_id, tag = befriend(product), add_tag(product)
    product.settle()
    product.receiver.forget()
    body = {"userid": "lijianguo", "external_userid": external_id, "add_tag": [tag]}
    product.external("mark_tag", body)
    assert product.settle() == []

    product.member("tag-contact", person="zhang", off=["出院患者"])
    product.member("create-tag", group="门诊", name="常客")
    product.member("rename-tag", name="常客", new_name="老朋友")
    product.member("shuffle-tags")
    product.member("delete-tag", name="老朋友")

    seen = [
        (one.get("Event"), one.get("ChangeType"), one.get("TagType")) for one in product.settle()
    ]
    assert sorted(seen, key=str) == sorted(
        [
            ("change_external_contact", "edit_external_contact", None),
            ("change_external_tag", "create", "tag"),
            ("change_external_tag", "update", "tag"),
            ("change_external_tag", "shuffle", None),
            ("change_external_tag", "delete", "tag_group"),
        ],
        key=str,
    )
    assert tags_of(product) == []


def test_a_deleted_tag_is_off_everybody(product: Product) -> None:
    external_id, tag = befriend(product), add_tag(product)
    body = {"userid": "lijianguo", "external_userid": external_id, "add_tag": [tag]}
    product.external("mark_tag", body)

    product.member("delete-tag", name="出院患者")

    assert tags_of(product) == []
    assert product.external("mark_tag", body)["errcode"] == 40068
