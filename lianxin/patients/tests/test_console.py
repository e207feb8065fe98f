from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions, queries
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.budget import query_budget
from lianxin.testing.guarded import assert_guarded
from lianxin.testing.patients import make_holder, make_holding, make_patient

BOTH = ("GET", "POST")


@pytest.fixture
def patient(riverside: Hospital) -> Patient:
    return make_patient(riverside, name="张桂兰", phone="13812341234", inpatient="ZY20261107086")


def body(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_the_list_shows_masks_and_writes_down_who_looked(
    as_lin: Client, lin: Staff, patient: Patient, mallory: Staff
) -> None:
    make_patient(mallory.hospital, name="外院人")

    page = body(as_lin.get(reverse("patients:list")))

    assert "张*兰" in page
    assert "138****1234" in page
    assert not any(secret in page for secret in ("张桂兰", "13812341234", "ZY20261107086"))
    assert "外*人" not in page
    with scope(lin.hospital_id):
        entry = AccessEntry.objects.get(patient_id=patient.pk)
    assert (entry.by_id, entry.page, entry.outcome) == (lin.pk, "patients:list", "seen")


@pytest.mark.parametrize("typed", ["张桂兰", "13812341234", "zy 2026 1107 086"])
def test_a_search_is_posted_and_exact(
    as_lin: Client, riverside: Hospital, patient: Patient, typed: str
) -> None:
    make_patient(riverside, name="王芳")

    page = body(as_lin.post(reverse("patients:list"), {"search": typed}))

    assert "张*兰" in page
    assert "王*" not in page


def test_a_search_without_a_hit_says_what_to_do(as_lin: Client, patient: Patient) -> None:
    assert "写完整" in body(as_lin.post(reverse("patients:list"), {"search": "张"}))


def test_the_list_narrows_by_what_stands_in_the_address(
    as_lin: Client, riverside: Hospital, lin: Staff, patient: Patient
) -> None:
    risky = make_patient(riverside, name="李高危", risk="high")
    with scope(riverside):
        actions.record_life_event(patient, "readmission", by=lin)
    make_holding(risky)

    def names(query: str) -> set[str]:
        page = body(as_lin.get(f"{reverse('patients:list')}{query}"))
        return {name for name in ("张*兰", "李*危") if name in page}

    assert names("?risk=high") == {"李*危"}
    assert names("?standing=stopped") == {"张*兰"}
    assert names("?standing=unverified") == {"张*兰"}
    assert names("?risk=nonsense&standing=nonsense") == {"张*兰", "李*危"}


def test_the_list_costs_the_same_for_one_and_for_thirty(
    as_lin: Client, riverside: Hospital
) -> None:
    """Rows only: what the frame around them asks is the frame's own budget."""
    rows_only = {"HX-Request": "true"}
    make_holding(make_patient(riverside))
    with query_budget(LIST_QUERIES):
        as_lin.get(reverse("patients:list"), headers=rows_only)
    for _ in range(29):
        make_patient(riverside)
    with query_budget(LIST_QUERIES):
        as_lin.get(reverse("patients:list"), headers=rows_only)


# Session, user, staff; scope in and out; count, rows, access log, tags, holders, keys, teams.
LIST_QUERIES = 19


def test_htmx_gets_rows_only(as_lin: Client, patient: Patient) -> None:
    page = body(as_lin.get(reverse("patients:list"), headers={"HX-Request": "true"}))

    assert "张*兰" in page
    assert "<html" not in page


def test_the_ward_registers_a_patient(as_lin: Client, riverside: Hospital, lin: Staff) -> None:
    facts = {
        "name": "李四",
        "phone": "139 0000 0001",
        "inpatient": "ZY9",
        "sex": "male",
        "stage": "after_visit",
        "risk": "unknown",
    }
    assert as_lin.post(reverse("patients:register"), facts).status_code == 422  # too short

    response = as_lin.post(reverse("patients:register"), facts | {"inpatient": "ZY900001"})

    with scope(riverside):
        patient = queries.find_by_inpatient(riverside.pk, "ZY900001")
        assert patient is not None
        assert queries.face_of(patient).name == "李四"
    assert response["Location"] == reverse("patients:bedside_patient", args=[patient.key])
    repeated = as_lin.post(reverse("patients:register"), facts | {"inpatient": "ZY900001"})
    assert repeated.status_code == 409


def test_facts_are_corrected(as_lin: Client, riverside: Hospital, patient: Patient) -> None:
    url = reverse("patients:edit", args=[patient.key])
    assert "张桂兰" in body(as_lin.get(url))

    as_lin.post(
        url,
        {"name": "张桂蓝", "sex": "female", "stage": "after_visit", "risk": "high"},
    )

    with scope(riverside):
        patient.refresh_from_db()
        assert queries.face_of(patient).name == "张桂蓝"
        assert patient.risk == "high"


def test_revealing_shows_everything_once_and_is_on_record(
    as_lin: Client, lin: Staff, patient: Patient
) -> None:
    url = reverse("patients:reveal", args=[patient.key])

    page = body(as_lin.post(url, headers={"HX-Request": "true"}))

    assert all(secret in page for secret in ("张桂兰", "13812341234", "ZY20261107086"))
    assert "<html" not in page
    with scope(lin.hospital_id):
        assert AccessEntry.objects.filter(page="patients:reveal", by_id=lin.pk).count() == 1


def test_the_nurse_binds_a_phone_by_wristband_and_digits(
    as_lin: Client, riverside: Hospital, patient: Patient
) -> None:
    holder = make_holder(riverside)
    with scope(riverside):
        number = actions.show_bedside_number(holder, "self")
    assert body(as_lin.get(reverse("patients:bedside_desk"))).count("6 位数字") >= 1

    wrong = as_lin.post(
        reverse("patients:bedside_desk"), {"inpatient": "ZY00000000", "number": number}
    )
    right = as_lin.post(
        reverse("patients:bedside_desk"), {"inpatient": "ZY20261107086", "number": number}
    )

    assert wrong.status_code == 422
    assert right.status_code == 302
    with scope(riverside):
        assert queries.find_current_patient(holder) == patient


def test_the_same_from_the_patients_page(
    as_lin: Client, riverside: Hospital, patient: Patient
) -> None:
    holder = make_holder(riverside)
    url = reverse("patients:bedside_patient", args=[patient.key])
    with scope(riverside):
        number = actions.show_bedside_number(holder, "family")
    assert as_lin.get(url).status_code == 200

    assert as_lin.post(url, {"number": "000000"}).status_code == 409
    assert as_lin.post(url, {"number": number}).status_code == 302


def test_one_tap_stops_and_another_starts_again(
    as_lin: Client, riverside: Hospital, patient: Patient
) -> None:
    url = reverse("patients:life_event", args=[patient.key])
    assert "人工随访" in body(as_lin.get(url))

    as_lin.post(url, {"kind": "readmission"})
    with scope(riverside):
        assert queries.is_stopped(riverside.pk, patient.pk)
    assert as_lin.post(url, {"kind": "readmission"}).status_code == 409

    as_lin.post(reverse("patients:resume", args=[patient.key]))
    with scope(riverside):
        assert not queries.is_stopped(riverside.pk, patient.pk)


def test_tags_come_and_go(as_lin: Client, riverside: Hospital, patient: Patient) -> None:
    as_lin.post(reverse("patients:add_tag", args=[patient.key]), {"name": "老病友"})
    with scope(riverside):
        (tag,) = queries.list_tags(riverside.pk)
        assert queries.tags_of(riverside.pk, [patient.pk]) == {patient.pk: ["老病友"]}

    as_lin.post(reverse("patients:remove_tag", args=[patient.key, tag.key]))
    with scope(riverside):
        assert queries.tags_of(riverside.pk, [patient.pk]) == {}


def test_duplicates_are_merged_and_taken_apart(
    as_lin: Client, riverside: Hospital, patient: Patient
) -> None:
    duplicate = make_patient(riverside, inpatient="ZY55555555")
    url = reverse("patients:merge", args=[patient.key])
    assert as_lin.post(url, {"inpatient": "ZY00000000"}).status_code == 422

    compared = as_lin.post(url, {"inpatient": "ZY55555555"})
    side_by_side = compared.headers["Location"]
    assert "保留左边" in body(as_lin.get(side_by_side))
    assert as_lin.post(f"{side_by_side}merge/", {}).status_code == 422
    as_lin.post(f"{side_by_side}merge/", {"keep": patient.key})
    assert duplicate.key in body(as_lin.get(url))

    with scope(riverside):
        (merge,) = queries.list_merges(as_system(riverside), patient)
    as_lin.post(reverse("patients:undo_merge", args=[merge.key]))
    with scope(riverside):
        duplicate.refresh_from_db()
        assert duplicate.state == "active"


def as_system(hospital: Hospital) -> Staff:
    return Staff(hospital=hospital, role=Staff.Role.ADMIN)


def test_the_ward_takes_a_phone_away(as_lin: Client, riverside: Hospital, patient: Patient) -> None:
    holding = make_holding(patient)

    as_lin.post(reverse("patients:end_holding", args=[holding.key]))

    with scope(riverside):
        assert queries.holders_of(patient) == []


def test_every_page_of_one_patient_is_guarded(riverside: Hospital, patient: Patient) -> None:
    pages: list[tuple[str, str, tuple[str, ...], dict[str, str] | None]] = [
        ("edit", "patient.edit", BOTH, {"name": ""}),
        ("reveal", "patient.reveal", ("POST",), None),
        ("bedside_patient", "patient.verify", BOTH, {"number": "abc"}),
        ("life_event", "patient.life_event", BOTH, {"kind": "holiday"}),
        ("resume", "patient.life_event", ("POST",), None),
        ("add_tag", "patient.edit", ("POST",), {"name": ""}),
        ("merge", "patient.edit", BOTH, {"inpatient": ""}),
    ]
    for name, permission, methods, bad in pages:
        url = reverse(f"patients:{name}", args=[patient.key])
        assert_guarded(
            url,
            methods[0],
            hospital=riverside,
            permission=permission,
            bad=bad,
            methods=methods,
        )


def test_the_pages_without_a_patient_are_guarded(riverside: Hospital) -> None:
    pages: list[tuple[str, str, dict[str, str] | None]] = [
        ("list", "patient.read", None),
        ("register", "patient.edit", {"name": ""}),
        ("bedside_desk", "patient.verify", {"number": "abc"}),
    ]
    for name, permission, bad in pages:
        assert_guarded(
            reverse(f"patients:{name}"),
            "GET",
            hospital=riverside,
            permission=permission,
            bad=bad,
            has_object=False,
            methods=BOTH,
        )


def test_holdings_merges_and_tags_of_others_do_not_exist(
    riverside: Hospital, lin: Staff, patient: Patient
) -> None:
    holding = make_holding(patient)
    with scope(riverside):
        given = actions.tag_patient(patient, "老病友", by=lin, reason="manual")
        merge = actions.merge_patients(patient, make_patient(riverside), by=lin)
    for url, permission in (
        (reverse("patients:end_holding", args=[holding.key]), "patient.verify"),
        (reverse("patients:remove_tag", args=[patient.key, given.tag.key]), "patient.edit"),
        (reverse("patients:undo_merge", args=[merge.key]), "patient.edit"),
    ):
        assert_guarded(url, "POST", hospital=riverside, permission=permission)
