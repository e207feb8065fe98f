"""Nobody is asked about a talk while a red alert is open: two rooms that do not meet."""

from __future__ import annotations

import pytest

from lianxin.conversations import actions
from lianxin.conversations.models import Rating
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.health.models import Alert
from lianxin.patients.models import Patient
from lianxin.staff.models import Staff
from lianxin.testing.conversations import make_thread
from lianxin.testing.patients import make_holding, make_patient


def raise_alert(patient: Patient, level: str) -> None:
    Alert.objects.create(
        hospital_id=patient.hospital_id,
        patient=patient,
        metric="bp",
        family="bp",
        rule_code="R1",
        rule_version=1,
        level=level,
        state=Alert.State.OPEN,
        raised_at=time.now(),
        opened_at=time.now(),
        deadline_at=time.now(),
    )


@pytest.mark.parametrize(("level", "is_asked"), [("red", False), ("yellow", True)])
def test_nobody_is_asked_while_a_red_alert_is_open(
    riverside: Hospital, lin: Staff, level: str, is_asked: bool
) -> None:
    thread = make_thread(riverside)
    patient = make_patient(riverside)
    with scope(riverside):
        make_holding(patient, thread.holder)
    with scope(riverside):
        raise_alert(patient, level)
        actions.send_reply(thread, "请按时来复诊。", by=lin)
        actions.close_thread(thread, outcome="answered", kind="admin", by=lin)

        assert Rating.objects.filter(thread=thread).exists() is is_asked
