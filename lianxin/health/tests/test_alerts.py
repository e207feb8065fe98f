from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from lianxin.channels.models import StaffNotice
from lianxin.core import time
from lianxin.core.errors import ForbiddenError, RefusedError
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.health import jobs
from lianxin.health.actions import (
    acknowledge_alert,
    answer_symptoms,
    close_alert,
    plan_measurements,
    raise_silence,
    set_flags,
    set_override,
)
from lianxin.health.models import Alert
from lianxin.patients.models import Holder, Patient
from lianxin.staff.models import Staff
from lianxin.testing.health import make_measuring_patient, make_reading
from lianxin.testing.jobs import run_periodic
from lianxin.testing.staff import make_staff, make_team


def red(patient: Patient) -> Alert:
    (alert,) = make_reading(patient, 185, 112).alerts
    return alert


def join_team_of(lead: Staff, patient: Patient) -> None:
    with scope(patient.hospital_id):
        patient.team = make_team(patient.hospital, lead)
        patient.save()


def sweep(patient: Patient) -> None:
    run_periodic("lianxin.health.jobs", "sweep_alerts", patient.hospital_id)


def reload(alert: Alert) -> Alert:
    with scope(alert.hospital_id):
        return Alert.objects.select_related("patient__hospital", "owner").get(pk=alert.pk)


def notices(alert: Alert) -> list[int]:
    with scope(alert.hospital_id):
        rows = StaffNotice.objects.filter(dedupe_key__startswith=f"alert:{alert.key}")
        return list(rows.order_by("id").values_list("staff_id", flat=True))


def event_names(alert: Alert) -> list[str]:
    with scope(alert.hospital_id):
        rows = Event.objects.filter(subject="alert", subject_id=alert.pk)
        return list(rows.order_by("at", "id").values_list("name", flat=True))


def test_a_red_value_waits_for_a_second_one(chen: Patient) -> None:
    alert = red(chen)

    assert (alert.rule_code, alert.level, alert.state) == ("BP-04", "red", "awaiting_second")
    assert alert.confirm_due_at == time.now() + timedelta(minutes=30)
    assert notices(alert) == []


def test_a_second_red_value_confirms_and_pages_the_owner(
    chen: Patient, lin: Staff, clock: time_machine.Traveller
) -> None:
    join_team_of(lin, chen)
    alert = red(chen)
    clock.shift(timedelta(minutes=5))

    make_reading(chen, 182, 108)

    alert = reload(alert)
    assert (alert.state, len(alert.readings), alert.owner) == ("open", 2, lin)
    assert alert.deadline_at == time.now() + timedelta(minutes=15)
    assert notices(alert) == [lin.pk]
    assert set(event_names(alert)) == {"alert.raised", "alert.confirmed"}


def test_a_second_value_below_closes_it(chen: Patient, clock: time_machine.Traveller) -> None:
    alert = red(chen)
    clock.shift(timedelta(minutes=5))

    recorded = make_reading(chen, 165, 104)

    alert = reload(alert)
    assert (alert.state, alert.outcome) == ("closed", "second_under")
    orange = [a for a in recorded.alerts if a.state != "closed"]
    # Both were at grade two in one sitting, and that is an alert of its own.
    assert [(a.rule_code, a.level) for a in orange] == [("BP-03", "orange")]


def test_thirty_minutes_without_a_second_value_confirm(
    chen: Patient, admin: Staff, clock: time_machine.Traveller
) -> None:
    alert = red(chen)
    clock.shift(timedelta(minutes=29))
    sweep(chen)
    assert reload(alert).state == "awaiting_second"

    clock.shift(timedelta(minutes=1))
    sweep(chen)
    sweep(chen)

    alert = reload(alert)
    assert (alert.state, alert.owner) == ("open", admin)
    assert notices(alert) == [admin.pk]


def test_a_symptom_raises_it_at_once(chen: Patient, phone: Holder, admin: Staff) -> None:
    alert = red(chen)

    with scope(chen.hospital_id):
        answered = answer_symptoms(chen, ["chest_pain"], by=phone, alert=alert)

    assert answered is not None
    alert = reload(alert)
    assert (alert.rule_code, alert.state, alert.call_120) == ("BP-05", "open", True)
    assert alert.symptoms == ["chest_pain"]
    assert len(alert.readings) == 1


def test_no_symptom_leaves_it_waiting(chen: Patient, phone: Holder) -> None:
    alert = red(chen)

    with scope(chen.hospital_id):
        answer_symptoms(chen, [], by=phone, alert=alert)

    alert = reload(alert)
    assert (alert.state, alert.symptoms) == ("awaiting_second", [])


def test_a_symptom_without_a_number_is_an_alert(chen: Patient, phone: Holder) -> None:
    with scope(chen.hospital_id):
        alert = answer_symptoms(chen, ["speech", "not_a_code"], by=phone)

    assert alert is not None
    assert (alert.rule_code, alert.level, alert.call_120) == ("SY-01", "red", True)


def test_a_symptom_beside_a_harmless_number_still_counts(chen: Patient, phone: Holder) -> None:
    (low,) = make_reading(chen, 89, 60).alerts

    with scope(chen.hospital_id):
        alert = answer_symptoms(chen, ["weakness"], by=phone, alert=low)

    assert alert is not None
    assert (alert.level, alert.call_120) == ("red", True)


def test_nobody_answers_and_the_next_is_asked(
    chen: Patient, lin: Staff, admin: Staff, clock: time_machine.Traveller
) -> None:
    join_team_of(lin, chen)
    alert = red(chen)
    clock.shift(timedelta(minutes=30))
    sweep(chen)
    clock.shift(timedelta(minutes=14))
    sweep(chen)
    assert notices(alert) == [lin.pk]

    clock.shift(timedelta(minutes=1))
    sweep(chen)
    clock.shift(timedelta(minutes=15))
    sweep(chen)

    alert = reload(alert)
    assert (alert.escalation_rank, alert.owner) == (1, admin)
    assert notices(alert) == [lin.pk, admin.pk, admin.pk]
    assert event_names(alert).count("alert.escalated") == 2


def test_acknowledged_is_not_escalated(
    chen: Patient, lin: Staff, admin: Staff, clock: time_machine.Traveller
) -> None:
    alert = red(chen)
    with scope(chen.hospital_id):
        acknowledge_alert(reload(alert), by=lin)
    clock.shift(timedelta(hours=2))
    sweep(chen)

    alert = reload(alert)
    assert (alert.state, alert.owner, alert.escalation_rank) == ("acknowledged", lin, 0)


def test_two_nurses_one_alert(chen: Patient, lin: Staff, admin: Staff) -> None:
    alert = red(chen)
    with scope(chen.hospital_id):
        mine, theirs = reload(alert), reload(alert)
        acknowledge_alert(mine, by=lin)
        with pytest.raises(RefusedError, match="已经有人处理"):
            acknowledge_alert(theirs, by=make_staff(chen.hospital))
        with pytest.raises(ForbiddenError):
            acknowledge_alert(reload(alert), by=admin)


def test_closing_needs_an_outcome_and_seals_the_note(chen: Patient, lin: Staff) -> None:
    with scope(chen.hospital_id):
        alert = acknowledge_alert(reload(red(chen)), by=lin)
        with pytest.raises(RefusedError, match="处理结果"):
            close_alert(alert, outcome="", by=lin)
        close_alert(alert, outcome="phoned", note="已电话联系，去急诊", by=lin)
        closed = reload(alert)

    assert (closed.state, closed.outcome, closed.closed_by_id) == ("closed", "phoned", lin.pk)
    assert "急诊".encode() not in bytes(closed.note_sealed)


def test_one_alert_however_many_readings(chen: Patient, clock: time_machine.Traveller) -> None:
    alert = red(chen)
    for _round in range(3):
        clock.shift(timedelta(minutes=5))
        make_reading(chen, 186, 112)

    with scope(chen.hospital_id):
        assert Alert.objects.filter(patient=chen).count() == 1
    assert len(reload(alert).readings) == 4


def test_an_acknowledged_alert_that_gets_worse_opens_again(
    chen: Patient, phone: Holder, lin: Staff
) -> None:
    (low,) = make_reading(chen, 88, 60).alerts
    with scope(chen.hospital_id):
        acknowledge_alert(reload(low), by=lin)
        answer_symptoms(chen, ["faint"], by=phone, alert=reload(low))

    low = reload(low)
    assert (low.level, low.state, low.call_120) == ("red", "open", True)


def test_a_childs_pressure_raises_nothing_but_her_symptom_does(ward: Hospital) -> None:
    patient, holder = make_measuring_patient(ward, birth_on=time.now().date() - timedelta(4000))

    assert make_reading(patient, 185, 112).alerts == ()
    with scope(ward):
        alert = answer_symptoms(patient, ["faint"], by=holder)
    assert alert is not None


def test_silence_is_asked_about_after_a_week(
    chen: Patient, lin: Staff, clock: time_machine.Traveller
) -> None:
    with scope(chen.hospital_id):
        plan_measurements(chen, from_on=time.today(chen.hospital), by=lin)
    make_reading(chen, 130, 80)
    clock.shift(timedelta(days=6, hours=23))
    with scope(chen.hospital_id):
        assert raise_silence(chen.hospital_id) == 0
    clock.shift(timedelta(days=1))
    run_periodic("lianxin.health.jobs", "sweep_silence", chen.hospital_id)

    with scope(chen.hospital_id):
        alert = Alert.objects.get(patient=chen)
    assert (alert.rule_code, alert.level) == ("BP-12", "yellow")
    assert jobs.sweep_silence is not None


def test_a_doctors_own_limit_and_flags(chen: Patient, lin: Staff, zhou: Staff) -> None:
    until = time.today(chen.hospital) + timedelta(days=90)
    with scope(chen.hospital_id):
        with pytest.raises(ForbiddenError):
            set_override(
                chen, "BP-04", {"systolic": 170}, reason_code="x", valid_until=until, by=lin
            )
        set_override(
            chen, "BP-04", {"systolic": 170}, reason_code="frail", valid_until=until, by=zhou
        )
        set_flags(chen, ["diabetes"], by=zhou)
        with pytest.raises(RefusedError, match="180 天"):
            far = until + timedelta(days=365)
            set_override(chen, "BP-04", {}, reason_code="x", valid_until=far, by=zhou)

    assert [a.rule_code for a in make_reading(chen, 172, 90).alerts] == ["BP-04"]
