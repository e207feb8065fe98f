"""One phone held for several people: who is meant, and that nobody sees another one's."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from lianxin.channels.models import Account
from lianxin.conversations import jobs
from lianxin.conversations.models import Consult, Thread
from lianxin.core.models import AccessEntry, Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions as patients
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff
from lianxin.testing.conversations import make_web_message, reload
from lianxin.testing.guarded import assert_guarded
from lianxin.testing.patients import make_holder, make_holding, make_patient, sign_in_phone

Family = tuple[Holder, Patient, Patient]


def make_family(hospital: Hospital) -> Family:
    """Make a daughter's phone, held for her mother and her aunt; the aunt is shown now."""
    with scope(hospital):
        Account.objects.create(hospital=hospital, kind=Account.Kind.WEBCHAT, name="网页")
    holder = make_holder(hospital)
    mother, aunt = make_patient(hospital, name="陈母亲"), make_patient(hospital, name="李阿姨")
    for patient in (mother, aunt):
        make_holding(patient, holder, relation="family")
    return holder, mother, aunt


def body(response: object) -> str:
    return str(response.content.decode())  # type: ignore[attr-defined]


def test_staff_say_whom_the_talk_is_about_and_it_stays_so(
    as_lin: Client, riverside: Hospital, lin: Staff
) -> None:
    holder, mother, aunt = make_family(riverside)
    thread = make_web_message(holder, "她今天还用来吗？").thread
    url = reverse("conversations:about", args=[thread.key])
    page = body(as_lin.get(reverse("conversations:thread", args=[thread.key])))
    assert "陈*亲" in page or "陈**" in page

    assert as_lin.post(url, {"patient": mother.key}).status_code == 302
    make_web_message(holder, "就是问我妈妈。")

    assert reload(thread).patient == mother
    with scope(riverside):
        assert Consult.objects.get(thread=thread).patient == mother
        seen = AccessEntry.objects.filter(by_id=lin.pk, page="conversations:thread")
        assert {mother.pk, aunt.pk} <= set(seen.values_list("patient_id", flat=True))


def test_a_stranger_is_never_put_on_a_talk(as_lin: Client, riverside: Hospital) -> None:
    holder, _mother, aunt = make_family(riverside)
    thread = make_web_message(holder).thread
    url = reverse("conversations:about", args=[thread.key])

    refused = as_lin.post(url, {"patient": make_patient(riverside).key})

    assert refused.status_code == 409
    assert reload(thread).patient == aunt
    assert_guarded(url, "POST", hospital=riverside, permission="message.send", bad={"patient": ""})


def test_the_phone_chooses_whom_it_asks_about(client: Client, riverside: Hospital) -> None:
    holder, mother, aunt = make_family(riverside)
    thread = make_web_message(holder).thread
    phone = sign_in_phone(client, holder)
    page = body(phone.get("/p/chat/"))
    assert "您要问的是谁的事" in page
    assert "陈母亲" in page

    with scope(riverside):
        key = mother.holdings.get(holder=holder).key
    answer = phone.post(f"/p/holdings/{key}/switch/", {"next": "/p/chat/"})
    for _run in range(2):
        jobs.name_threads.func(riverside.pk, [{"data": {"holder_id": holder.pk}}])

    assert answer.headers["Location"] == "/p/chat/"
    assert reload(thread).patient == mother
    elsewhere = phone.post(f"/p/holdings/{key}/switch/", {"next": "https://example.invalid/"})
    assert elsewhere.headers["Location"] == "/p/"
    assert aunt.key not in body(phone.get("/p/"))


def test_one_person_alone_is_asked_nothing(client: Client, riverside: Hospital) -> None:
    holding = make_holding(make_patient(riverside))
    phone = sign_in_phone(client, holding.holder)

    assert "您要问的是谁的事" not in body(phone.get("/p/chat/"))


def test_who_gave_a_patient_up_is_not_asked_about_her(riverside: Hospital) -> None:
    holder, mother, aunt = make_family(riverside)
    thread = make_web_message(holder).thread
    with scope(riverside):
        patients.end_holding(aunt.holdings.get(holder=holder), by=holder)

    make_web_message(holder, "以后只问我妈妈。")

    with scope(riverside):
        assert Thread.objects.get(pk=thread.pk).patient == mother
