"""A red alert that nobody takes rings the people on duty, one after the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from lianxin.channels.models import StaffCall
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event
from lianxin.core.scope import scope
from lianxin.health import actions
from lianxin.health.models import Alert, AlertCall
from lianxin.patients.models import Patient
from lianxin.staff.actions import plan_shift
from lianxin.staff.models import Staff
from lianxin.testing.health import make_reading
from lianxin.testing.jobs import run_jobs, run_periodic
from lianxin.testing.staff import give_phone, make_staff, make_team


@pytest.fixture
def second(chen: Patient) -> Staff:
    return make_staff(chen.hospital, name="二线")


@pytest.fixture
def alert(chen: Patient, lin: Staff, second: Staff, clock: time_machine.Traveller) -> Alert:
    """Raise and confirm a red alert of a team whose roster has Lin first, another second."""
    with scope(chen.hospital_id):
        chen.team = team = make_team(chen.hospital, make_staff(chen.hospital, role="doctor"))
        chen.save()
        for rank, person in enumerate((lin, second), 1):
            plan_shift(
                team,
                person,
                rank=rank,
                starts_at=time.now() - timedelta(hours=1),
                ends_at=time.now() + timedelta(hours=11),
                by=SystemActor(chen.hospital_id),
            )
    make_reading(chen, 185, 112)
    clock.shift(timedelta(minutes=5))
    [found] = [one for one in make_reading(chen, 186, 112).alerts if one.level == "red"]
    return found


def sweep(alert: Alert) -> list[tuple[int, str]]:
    run_periodic("lianxin.health.jobs", "sweep_alerts", alert.hospital_id)
    with scope(alert.hospital_id):
        steps = AlertCall.objects.filter(alert=alert).order_by("number")
        return list(steps.values_list("staff_id", "call__state"))


def reload(alert: Alert) -> Alert:
    with scope(alert.hospital_id):
        return Alert.objects.select_related("acknowledged_by").get(pk=alert.pk)


def end_last(alert: Alert, state: str, **more: object) -> StaffCall:
    with scope(alert.hospital_id):
        call = AlertCall.objects.filter(alert=alert).order_by("-number")[0].call
        StaffCall.objects.filter(pk=call.pk).update(state=state, ended_at=time.now(), **more)
        return call


def test_the_second_is_rung_when_the_first_does_not_answer(
    alert: Alert, lin: Staff, second: Staff, clock: time_machine.Traveller
) -> None:
    give_phone(lin)
    give_phone(second)
    assert sweep(alert) == []
    clock.shift(timedelta(minutes=5))

    assert sweep(alert) == [(lin.pk, "waiting")]
    assert sweep(alert) == [(lin.pk, "waiting")]
    end_last(alert, "no_answer")
    assert sweep(alert) == [(lin.pk, "no_answer"), (second.pk, "waiting")]


def test_who_has_not_agreed_or_may_not_take_it_is_not_rung(
    alert: Alert, second: Staff, admin: Staff, clock: time_machine.Traveller
) -> None:
    give_phone(second)
    give_phone(admin)
    clock.shift(timedelta(minutes=5))
    sweep(alert)
    end_last(alert, "busy")

    assert sweep(alert) == [(second.pk, "busy")]


def test_key_one_takes_the_alert_as_the_page_does(
    alert: Alert, lin: Staff, as_lin: Client, clock: time_machine.Traveller
) -> None:
    give_phone(lin)
    clock.shift(timedelta(minutes=5))
    sweep(alert)
    call = end_last(alert, "answered", pressed="1")
    with scope(alert.hospital_id):
        assert actions.take_by_phone(alert.hospital_id, call.pk, "1")
        assert not actions.take_by_phone(alert.hospital_id, call.pk, "1")
        event = Event.objects.get(name="alert.acknowledged")

    alert = reload(alert)
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", lin)
    assert (event.by_id, event.data["how"]) == (lin.pk, "phone")
    assert "按 1 接手" in as_lin.get(f"/health/alerts/{alert.key}/").content.decode()
    assert len(sweep(alert)) == 1


def test_another_key_takes_nothing(alert: Alert, lin: Staff, clock: time_machine.Traveller) -> None:
    give_phone(lin)
    clock.shift(timedelta(minutes=5))
    sweep(alert)
    call = end_last(alert, "answered", pressed="2")

    with scope(alert.hospital_id):
        assert not actions.take_by_phone(alert.hospital_id, call.pk, "2")
    assert reload(alert).state == "open"


def test_taking_it_on_the_page_leaves_the_waiting_call_out(
    alert: Alert, lin: Staff, second: Staff, clock: time_machine.Traveller
) -> None:
    give_phone(lin)
    clock.shift(timedelta(minutes=5))
    sweep(alert)

    with scope(alert.hospital_id):
        actions.acknowledge_alert(alert, by=second)

    assert sweep(alert) == [(lin.pk, "cancelled")]
    run_jobs()


def test_the_page_says_that_nobody_can_be_rung(alert: Alert, as_lin: Client) -> None:
    page = as_lin.get(f"/health/alerts/{alert.key}/").content.decode()

    assert "值班名单上没有人登记告警电话" in page
