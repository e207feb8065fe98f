from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from lianxin.compliance import queries
from lianxin.compliance.models import Consent, Erasure
from lianxin.core import access_log
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff
from lianxin.testing.budget import query_budget
from lianxin.testing.compliance import grant
from lianxin.testing.guarded import assert_guarded, assert_portal_guarded
from lianxin.testing.patients import make_holder, make_holding, make_patient, sign_in_phone

BOTH = ("GET", "POST")


@pytest.fixture
def patient(riverside: Hospital) -> Patient:
    return make_patient(riverside, name="张桂兰")


@pytest.fixture
def holder(patient: Patient) -> Holder:
    return make_holding(patient).holder


@pytest.fixture
def phone(holder: Holder) -> Client:
    client: Client = sign_in_phone(Client(), holder)
    return client


def body(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def granted(patient: Patient) -> frozenset[str]:
    with scope(patient.hospital_id):
        return queries.consents_of(patient.hospital_id, [patient.pk])[patient.pk]


# --- The phone -----------------------------------------------------------------------------------


def test_each_purpose_has_two_empty_buttons(phone: Client) -> None:
    page = body(phone.get(reverse("compliance:phone_consent")))

    assert page.count('type="radio"') == 10
    assert "checked" not in page
    assert "没选的按「不同意」处理" in page
    assert "research" not in page


def test_what_is_answered_counts_and_the_rest_is_no(phone: Client, patient: Patient) -> None:
    response = phone.post(
        reverse("compliance:phone_consent"), {"health_records": "yes", "reminders": "no"}
    )

    assert response.status_code == 302
    assert granted(patient) == {"health_records"}
    with scope(patient.hospital_id):
        assert Consent.objects.count() == 5


def test_without_a_verified_patient_consent_is_not_asked(riverside: Hospital) -> None:
    client = sign_in_phone(Client(), make_holder(riverside))

    response = client.get(reverse("compliance:phone_consent"))
    assert response["Location"] == reverse("patients:who")


def test_withdrawing_takes_two_taps_and_counts_at_once(phone: Client, patient: Patient) -> None:
    grant(patient, "reminders")
    assert "撤回" in body(phone.get(reverse("compliance:phone_me")))

    url = reverse("compliance:phone_answer", args=["reminders"])
    part = phone.post(url, {"answer": "no"}, headers={"HX-Request": "true"})

    assert granted(patient) == frozenset()
    assert 'id="consent-reminders"' in body(part)
    assert "<html" not in body(part)
    phone.post(url, {"answer": "yes"})
    assert granted(patient) == {"reminders"}


def test_the_patient_reads_who_looked(
    phone: Client, patient: Patient, zhou: Staff, riverside: Hospital
) -> None:
    with scope(riverside):
        access_log.record_views(zhou, [patient.pk], page="desk:patient")

    assert zhou.name in body(phone.get(reverse("compliance:phone_me")))
    assert zhou.name in body(phone.get(reverse("compliance:phone_looks")))


def test_the_whole_notice_can_be_read(phone: Client) -> None:
    page = body(phone.get(reverse("compliance:phone_notice")))

    assert "医学研究" in page
    assert "15 年" in page


def test_my_data_costs_the_same_for_one_and_for_five_patients(
    phone: Client, riverside: Hospital, holder: Holder
) -> None:
    url = reverse("compliance:phone_me")
    phone.get(url)
    with query_budget(ME_QUERIES):
        phone.get(url)
    for _ in range(4):
        make_holding(make_patient(riverside), holder, relation="family")
    with query_budget(ME_QUERIES):
        phone.get(url)


ME_QUERIES = 17


def test_the_phone_pages_are_guarded(patient: Patient, holder: Holder) -> None:
    assert_portal_guarded(reverse("compliance:phone_consent"), "GET", holder=holder, methods=BOTH)
    for name in ("phone_me", "phone_looks", "phone_notice"):
        assert_portal_guarded(reverse(f"compliance:{name}"), "GET", holder=holder)
    assert_portal_guarded(
        reverse("compliance:phone_answer", args=["reminders"]),
        "POST",
        holder=holder,
        bad={"answer": "maybe"},
    )


# --- The console ---------------------------------------------------------------------------------


def test_the_access_log_shows_looks_and_refusals_in_words(
    as_admin: Client, riverside: Hospital, patient: Patient, zhou: Staff
) -> None:
    with scope(riverside):
        access_log.record_views(zhou, [patient.pk], page="patients:reveal")
        access_log.record_refusal(zhou, page="compliance:erase", patient_id=patient.pk)

    page = body(as_admin.get(reverse("compliance:access")))
    assert all(word in page for word in (zhou.name, "显示完整资料", "被拒绝", patient.key))
    assert "张桂兰" not in page
    only = body(as_admin.get(f"{reverse('compliance:access')}?outcome=seen&staff={zhou.key}"))
    assert "显示完整资料" in only
    assert "ban" not in only.split("<tbody>")[1]
    empty = f"{reverse('compliance:access')}?patient={make_patient(riverside).key}"
    assert "没有符合条件的记录" in body(as_admin.get(empty))


def test_another_hospitals_patient_cannot_be_asked_for(
    as_admin: Client, elsewhere: Hospital
) -> None:
    theirs = make_patient(elsewhere)

    assert as_admin.get(f"{reverse('compliance:access')}?patient={theirs.key}").status_code == 404


def test_the_overview_counts(
    as_admin: Client, riverside: Hospital, patient: Patient, zhou: Staff
) -> None:
    grant(patient, "reminders")
    with scope(riverside):
        access_log.record_refusal(zhou, page="compliance:erase")

    page = body(as_admin.get(reverse("compliance:overview")))
    assert "1 次越权尝试" in page
    assert "用微信提醒我" in page


def test_staff_write_down_a_signed_sheet(as_lin: Client, patient: Patient, lin: Staff) -> None:
    url = reverse("compliance:consents", args=[patient.key])
    assert "没问过" in body(as_lin.get(url))

    as_lin.post(url, {"source": "paper", "health_records": "yes", "marketing": "no"})
    as_lin.post(url, {"source": "paper", "health_records": "yes"})

    assert granted(patient) == {"health_records"}
    with scope(patient.hospital_id):
        rows = list(Consent.objects.order_by("id").values_list("purpose", "source", "by_id"))
    assert rows == [("health_records", "paper", lin.pk), ("marketing", "paper", lin.pk)]


def test_erasing_says_first_what_happens(
    as_admin: Client, riverside: Hospital, patient: Patient
) -> None:
    url = reverse("compliance:erase", args=[patient.key])
    page = body(as_admin.get(url))
    assert all(word in page for word in ("销毁这位患者的密钥", "封存", "不能恢复"))

    assert as_admin.post(url, {"reason": "patient_asked"}).status_code == 422  # not sure yet
    assert as_admin.post(url, {"reason": "patient_asked", "is_sure": "on"}).status_code == 302

    with scope(riverside):
        assert Erasure.objects.get().outcome == "restricted"
    assert "张" not in body(as_admin.get(f"{reverse('patients:list')}?standing=closed"))
    assert as_admin.post(url, {"reason": "patient_asked", "is_sure": "on"}).status_code == 409


def test_the_guard_can_be_tried(as_lin: Client) -> None:
    url = reverse("compliance:wording")
    assert "打包票说没事" in body(as_lin.get(url))

    page = body(as_lin.post(url, {"text": "放心，可以停药", "context": "reply"}))
    assert "有 2 处要改" in page
    assert "<mark" in page
    clean = body(as_lin.post(url, {"text": "请按时复诊", "context": "reply"}))
    assert "没有发现" in clean


def test_the_console_pages_are_guarded(riverside: Hospital, patient: Patient) -> None:
    for name in ("overview", "access"):
        url = reverse(f"compliance:{name}")
        assert_guarded(url, "GET", hospital=riverside, permission="audit.read", has_object=False)
    assert_guarded(
        reverse("compliance:wording"),
        "GET",
        hospital=riverside,
        permission="content.read",
        bad={"text": " ", "context": "reply"},
        has_object=False,
        methods=BOTH,
    )
    for name, permission, bad in (
        ("consents", "consent.record", {"source": "telepathy"}),
        ("erase", "patient.erase", {"reason": "because"}),
    ):
        url = reverse(f"compliance:{name}", args=[patient.key])
        assert_guarded(url, "GET", hospital=riverside, permission=permission, bad=bad, methods=BOTH)
