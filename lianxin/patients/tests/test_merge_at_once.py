"""Two who merge the same two people at the same moment, each the other way round."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from lianxin.core.actor import SystemActor
from lianxin.core.errors import RefusedError
from lianxin.core.scope import scope
from lianxin.patients import actions
from lianxin.patients.models import Patient, PatientMerge
from lianxin.testing.core import make_hospital
from lianxin.testing.patients import make_holding, make_patient


@pytest.mark.usefixtures("own_database")
def test_one_of_two_merges_at_once_wins() -> None:
    hospital = make_hospital()
    one, other = make_patient(hospital), make_patient(hospital)
    holdings = [make_holding(patient) for patient in (one, other)]
    start = Barrier(2)

    def merge(keep_id: int, duplicate_id: int) -> bool:
        start.wait()
        try:
            with scope(hospital.pk):
                rows = Patient.objects.in_bulk([keep_id, duplicate_id])
                by = SystemActor(hospital.pk)
                actions.merge_patients(rows[keep_id], rows[duplicate_id], by=by)
        except RefusedError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(merge, *ids) for ids in ((one.pk, other.pk), (other.pk, one.pk))]
        assert sorted(each.result() for each in tries) == [False, True]

    with scope(hospital):
        done = PatientMerge.objects.get()
        for holding in holdings:
            holding.refresh_from_db()
            assert holding.patient_id == done.kept_id
