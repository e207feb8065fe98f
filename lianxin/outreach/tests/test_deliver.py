"""From an intent to a settled delivery, without a provider: web chat and the rows in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from procrastinate.contrib.django.models import ProcrastinateJob

from lianxin.channels.adapters.base import SendFailed, Sent
from lianxin.channels.models import Account
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.outreach import actions, jobs
from lianxin.outreach.actions import Draft, Settled
from lianxin.outreach.models import Delivery, Intent
from lianxin.patients.models import Patient
from lianxin.testing.channels import make_account
from lianxin.testing.outreach import (
    Reachable,
    make_delivery,
    make_intent,
    make_reachable,
    write_to,
)

pytestmark = pytest.mark.usefixtures("noon")

KF, OA, WEBCHAT = Account.Kind.WECOM_KF, Account.Kind.OFFICIAL_ACCOUNT, Account.Kind.WEBCHAT


@pytest.fixture
def follower(in_riverside: Hospital) -> Reachable:
    """Give a patient who follows the Official Account."""
    return make_reachable(in_riverside, OA)


@pytest.fixture
def writer(follower: Reachable) -> Reachable:
    """Give a follower who has just written, so that the provider's window is open."""
    write_to(follower)
    return follower


def claim(hospital: Hospital) -> list[actions.Claimed]:
    return actions.claim_deliveries(hospital.pk)


def settle(hospital: Hospital, claimed: actions.Claimed, result: Sent | SendFailed) -> None:
    actions.settle_deliveries(hospital.pk, [Settled(claimed.delivery_id, result)])


def failed(reason: str, *, permanent: bool) -> SendFailed:
    return SendFailed(reason, permanent=permanent)


def states(intent: Intent) -> dict[str, str]:
    rows = Delivery.objects.filter(intent=intent)
    return dict(rows.values_list("carrier", "state"))


def event_names(hospital: Hospital) -> list[str]:
    rows = Event.objects.filter(hospital=hospital, name__regex=r"^(delivery|intent|card)\.")
    return sorted(rows.values_list("name", flat=True))


def test_an_answer_in_the_web_chat_goes_out_and_is_told(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside)
    intent = make_intent(reachable, "reply")

    jobs.deliver_batch(in_riverside.pk)

    intent.refresh_from_db()
    assert intent.state == Intent.State.SENT
    assert states(intent) == {"webchat": "sent"}
    event = Event.objects.get(name="delivery.sent")
    assert event.patient_id == reachable.patient.pk
    assert event.data["intent_id"] == intent.pk
    assert "复诊" not in str(event.data)


def test_submitting_twice_is_saying_it_once(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside)
    once = make_intent(reachable, unique_key="same")

    again = make_intent(reachable, unique_key="same", priority="marketing")

    assert again.pk == once.pk
    assert Intent.objects.count() == 1


def test_a_single_submission_calls_a_worker_at_once(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside)
    draft = Draft("k", "reply", "reply", holder_id=reachable.holder.pk, body="您好")

    intent = actions.submit(in_riverside.pk, draft, by=SystemActor(in_riverside.pk))

    job = ProcrastinateJob.objects.get(task_name="outreach.jobs.deliver_now")
    assert job.queue_name == "urgent"
    assert job.args == {"hospital_id": in_riverside.pk, "intent_ids": [intent.pk]}


def test_words_are_sealed_and_opened_for_the_provider_only(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside)
    intent = make_intent(reachable, "reply", body="请今天来复诊。")

    [claimed] = claim(in_riverside)

    assert "复诊".encode() not in bytes(intent.body_sealed)
    assert claimed.outbound.text == "请今天来复诊。"
    assert claimed.outbound.address == reachable.address.external_id
    assert len(claimed.outbound.client_key) <= 32


def test_words_the_guard_stops_never_leave(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside)
    intent = make_intent(reachable, "reply", body="这个药保证根治。")

    assert claim(in_riverside) == []

    intent.refresh_from_db()
    assert (intent.state, intent.reason_code) == (Intent.State.REFUSED, "wording")
    row = Delivery.objects.get(intent=intent)
    assert (row.carrier, row.reason_code, row.reason_facts["count"]) == (
        "",
        "wording",
        len(intent.findings),
    )


def test_every_refused_carrier_is_a_row_and_one_event(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, OA, template_id="")
    make_intent(reachable)

    claim(in_riverside)

    assert list(Delivery.objects.values_list("carrier", "reason_code")) == [
        ("oa_template", "oa_no_template")
    ]
    event = Event.objects.get(name="intent.refused")
    assert event.data["reasons"] == ["oa_no_template"]
    assert event.data["needs_call"] is False


def test_nobody_to_reach_asks_for_a_call(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, KF)
    make_intent(reachable)

    claim(in_riverside)

    event = Event.objects.get(name="intent.refused")
    assert event.data["reasons"] == ["no_carrier"]
    assert event.data["needs_call"] is True


def test_without_consent_nobody_calls_either(in_riverside: Hospital) -> None:
    make_intent(make_reachable(in_riverside, OA, consents=()))

    claim(in_riverside)

    assert Event.objects.get(name="intent.refused").data["needs_call"] is False


def test_a_template_goes_with_a_neutral_text_and_a_link_that_is_counted(
    in_riverside: Hospital, follower: Reachable
) -> None:
    make_intent(follower, title="高血压随访", body="高血压患者的本周记录。", path="/p/log/")

    [claimed] = claim(in_riverside)

    sent = claimed.outbound
    delivery = Delivery.objects.get()
    assert sent.carrier_kind == "template"
    assert sent.template_id == "T1"
    assert "血压" not in f"{sent.text}{sent.data}{sent.title}"
    assert sent.url.endswith(f"/p/enter/{follower.account.key}/?to=/p/log/%3Fd%3D{delivery.key}")


def test_at_night_a_card_waits_for_the_morning(in_riverside: Hospital, follower: Reachable) -> None:
    intent = make_intent(follower)

    with time_machine.travel("2026-11-20T14:00:00+00:00", tick=False):
        assert claim(in_riverside) == []

    intent.refresh_from_db()
    assert intent.state == Intent.State.PENDING
    assert intent.due_at.astimezone(UTC).isoformat() >= "2026-11-21T00:30:00+00:00"
    assert not Delivery.objects.exists()


def test_after_the_night_the_gate_is_asked_again(
    in_riverside: Hospital, follower: Reachable
) -> None:
    make_intent(follower)
    with time_machine.travel("2026-11-20T14:00:00+00:00", tick=False):
        claim(in_riverside)
    Patient.objects.filter(pk=follower.patient.pk).update(
        stopped_at=time.now(), stop_reason="readmission"
    )

    with time_machine.travel("2026-11-21T01:00:00+00:00", tick=False):
        assert claim(in_riverside) == []

    assert Delivery.objects.get().reason_code == "stopped"


def test_two_cards_a_day_and_no_third(in_riverside: Hospital, follower: Reachable) -> None:
    for _ in range(3):
        make_intent(follower)

    claimed = claim(in_riverside)

    assert len(claimed) == 2
    assert Delivery.objects.get(state="refused").reason_code == "cap_day"


def test_yesterdays_cards_do_not_count(in_riverside: Hospital, follower: Reachable) -> None:
    yesterday = datetime(2026, 11, 19, 15, 59, tzinfo=UTC)
    for _ in range(2):
        make_delivery(follower, created_at=yesterday, sent_at=yesterday)
    Intent.objects.update(state="sent")
    make_intent(follower)

    assert len(claim(in_riverside)) == 1


def test_a_window_of_five_is_not_overdrawn_in_one_batch(in_riverside: Hospital) -> None:
    reachable = make_reachable(in_riverside, KF)
    write_to(reachable)
    for _ in range(6):
        make_intent(reachable, "reply")

    claimed = claim(in_riverside)

    assert len(claimed) == 5
    assert Delivery.objects.get(state="refused").reason_code == "kf_count"


def test_safety_goes_first(in_riverside: Hospital, writer: Reachable) -> None:
    make_intent(writer, "card")
    safety = make_intent(writer, "safety", priority="safety", body="请立即拨打 120。")

    first = claim(in_riverside)[0]

    assert Delivery.objects.get(pk=first.delivery_id).intent_id == safety.pk


# ---- what providers answer ----------------------------------------------------------------


def test_a_refusal_for_good_moves_to_the_next_carrier(
    in_riverside: Hospital, writer: Reachable
) -> None:
    other = make_reachable(in_riverside, WEBCHAT)
    actions.cancel_for_patient(in_riverside.pk, other.patient.pk, by=SystemActor(in_riverside.pk))
    intent = make_intent(writer, "safety", priority="safety")
    [claimed] = claim(in_riverside)

    settle(in_riverside, claimed, failed("patient_refuses", permanent=True))
    [second] = claim(in_riverside)

    assert states(intent) == {"oa_text": "failed", "oa_template": "claimed"}
    assert second.outbound.carrier_kind == "template"


def test_when_all_carriers_failed_it_is_refused_once(
    in_riverside: Hospital, follower: Reachable
) -> None:
    intent = make_intent(follower)
    [claimed] = claim(in_riverside)
    settle(in_riverside, claimed, failed("patient_refuses", permanent=True))

    claim(in_riverside)
    claim(in_riverside)

    intent.refresh_from_db()
    assert (intent.state, intent.reason_code) == (Intent.State.REFUSED, "all_failed")
    assert event_names(in_riverside) == ["delivery.failed", "intent.refused"]


def test_a_busy_provider_is_tried_again_with_the_same_key(
    in_riverside: Hospital, follower: Reachable, noon: time_machine.Traveller
) -> None:
    intent = make_intent(follower)
    [first] = claim(in_riverside)
    settle(in_riverside, first, failed("provider_busy", permanent=False))
    assert claim(in_riverside) == []
    noon.shift(timedelta(seconds=20))

    [second] = claim(in_riverside)

    assert second.outbound.client_key == first.outbound.client_key
    assert Delivery.objects.get(intent=intent).attempt_count == 2


def test_a_provider_that_stays_busy_is_given_up(
    in_riverside: Hospital, follower: Reachable, noon: time_machine.Traveller
) -> None:
    intent = make_intent(follower)
    for _ in range(5):
        [claimed] = claim(in_riverside)
        settle(in_riverside, claimed, failed("provider_busy", permanent=False))
        noon.shift(timedelta(minutes=20))

    claim(in_riverside)

    intent.refresh_from_db()
    assert intent.state == Intent.State.REFUSED
    assert states(intent) == {"oa_template": "failed", "": "refused"}


@pytest.mark.parametrize("ending", ["provider_silent", "provider_busy", "patient_refuses"])
def test_what_one_silent_try_may_have_brought_is_said_by_nobody_else(
    in_riverside: Hospital, writer: Reachable, noon: time_machine.Traveller, ending: str
) -> None:
    intent = make_intent(writer, "safety", priority="safety")
    for reason in ("provider_silent", *[ending] * 4):
        for claimed in claim(in_riverside):
            permanent = reason == "patient_refuses"
            settle(in_riverside, claimed, failed(reason, permanent=permanent))
        noon.shift(timedelta(minutes=20))

    assert claim(in_riverside) == []
    intent.refresh_from_db()
    assert (intent.state, intent.reason_code) == (Intent.State.REFUSED, "outcome_unknown")
    assert states(intent) == {"oa_text": "failed"}


def test_a_window_that_closes_after_a_silent_try_opens_no_other_way(
    in_riverside: Hospital, writer: Reachable, noon: time_machine.Traveller
) -> None:
    intent = make_intent(writer, "safety", priority="safety")
    [claimed] = claim(in_riverside)
    settle(in_riverside, claimed, failed("provider_silent", permanent=False))
    noon.shift(timedelta(hours=49))

    assert claim(in_riverside) == []

    intent.refresh_from_db()
    assert (intent.state, intent.reason_code) == (Intent.State.REFUSED, "outcome_unknown")
    assert event_names(in_riverside) == ["delivery.failed", "intent.refused"]


def test_who_could_not_be_reached_at_all_is_reached_another_way(
    in_riverside: Hospital, writer: Reachable, noon: time_machine.Traveller
) -> None:
    intent = make_intent(writer, "safety", priority="safety")
    for _ in range(5):
        [claimed] = claim(in_riverside)
        settle(in_riverside, claimed, failed("provider_unreachable", permanent=False))
        noon.shift(timedelta(minutes=20))

    claim(in_riverside)

    assert states(intent) == {"oa_text": "failed", "oa_template": "claimed"}


def test_settling_twice_changes_nothing(in_riverside: Hospital, follower: Reachable) -> None:
    make_intent(follower)
    [claimed] = claim(in_riverside)
    settle(in_riverside, claimed, Sent(claimed.outbound.client_key, "m1"))

    settle(in_riverside, claimed, failed("late_answer", permanent=True))

    assert Delivery.objects.get().state == "sent"
    assert event_names(in_riverside) == ["delivery.sent"]


# ---- dead workers -------------------------------------------------------------------------


def test_a_dead_workers_message_is_sent_again_where_the_provider_drops_repeats(
    in_riverside: Hospital, follower: Reachable, noon: time_machine.Traveller
) -> None:
    make_intent(follower)
    [lost] = claim(in_riverside)
    assert actions.recover_deliveries(in_riverside.pk) == 0
    noon.shift(timedelta(minutes=3))

    assert actions.recover_deliveries(in_riverside.pk) == 1
    noon.shift(timedelta(seconds=20))
    [again] = claim(in_riverside)

    assert again.outbound.client_key == lost.outbound.client_key
    assert Delivery.objects.count() == 1


def test_where_repeats_are_not_dropped_a_person_is_told_instead(
    in_riverside: Hospital, writer: Reachable, noon: time_machine.Traveller
) -> None:
    intent = make_intent(writer, "reply")
    claim(in_riverside)
    noon.shift(timedelta(minutes=3))

    actions.recover_deliveries(in_riverside.pk)
    noon.shift(timedelta(minutes=3))

    assert claim(in_riverside) == []
    intent.refresh_from_db()
    assert (intent.state, intent.reason_code) == (Intent.State.REFUSED, "outcome_unknown")


def test_a_worker_that_was_down_for_an_hour_catches_up(
    in_riverside: Hospital, noon: time_machine.Traveller
) -> None:
    ends = time.now() + timedelta(minutes=90)
    make_intent(make_reachable(in_riverside, OA), window_ends_at=ends)
    late = make_intent(
        make_reachable(in_riverside, OA), window_ends_at=time.now() + timedelta(minutes=30)
    )
    noon.shift(timedelta(hours=1))

    assert len(claim(in_riverside)) == 1

    late.refresh_from_db()
    assert late.state == Intent.State.MISSED
    assert event_names(in_riverside) == ["intent.missed"]


# ---- stopping -----------------------------------------------------------------------------


def test_a_life_event_stops_everything_that_has_not_left(
    in_riverside: Hospital, follower: Reachable
) -> None:
    waiting = make_intent(follower)
    safety = make_intent(follower, "safety", priority="safety")

    by = SystemActor(in_riverside.pk)
    assert actions.cancel_for_patient(in_riverside.pk, follower.patient.pk, by=by) == 1

    waiting.refresh_from_db()
    safety.refresh_from_db()
    assert (waiting.state, safety.state) == (Intent.State.CANCELLED, Intent.State.PENDING)
    assert Event.objects.get(name="outreach.cancelled").data == {"intents": 1, "cards": 0}


def test_other_hospitals_intents_are_not_claimed(
    in_riverside: Hospital, elsewhere: Hospital
) -> None:
    make_intent(make_reachable(elsewhere, OA))

    assert claim(in_riverside) == []


@pytest.mark.parametrize("kind", Account.Kind.values)
def test_no_kind_of_account_keeps_the_others_from_sending(
    in_riverside: Hospital, kind: str
) -> None:
    """An account that rings staff carries nothing to patients, and stops nothing either."""
    if kind != WEBCHAT:  # which the patient is reached by
        make_account(in_riverside, kind)
    reachable = make_reachable(in_riverside, WEBCHAT)
    intent = make_intent(reachable, "reply")

    jobs.deliver_batch(in_riverside.pk)

    intent.refresh_from_db()
    assert intent.state == "sent"
