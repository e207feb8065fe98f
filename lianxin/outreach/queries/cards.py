"""The cards that wait on patient pages."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from lianxin.core import time
from lianxin.core.errors import NotFoundError
from lianxin.outreach.models import Card
from lianxin.patients.models import Holder, Patient
from lianxin.patients.queries import patients_of


def list_cards(patient: Patient) -> QuerySet[Card]:
    """Return what waits for this patient now, the older card first."""
    return Card.objects.filter(
        hospital_id=patient.hospital_id,
        patient=patient,
        state__in=Card.OPEN,
        expires_at__gt=time.now(),
    ).order_by("on", "slot", "pk")


def list_cards_of_patients(hospital_id: int, patient_ids: Collection[int]) -> QuerySet[Card]:
    rows = Card.objects.filter(hospital_id=hospital_id, patient_id__in=list(patient_ids))
    return rows.order_by("patient_id", "-on", "-slot")


def find_card(hospital_id: int, card_id: int) -> Card | None:
    return Card.objects.filter(hospital_id=hospital_id, pk=card_id).first()


def access_card(holder: Holder, key: str) -> Card:
    """Return the card if this phone may be held for its patient."""
    patient_ids = [holding.patient_id for holding in patients_of(holder)]
    card = Card.objects.filter(
        hospital_id=holder.hospital_id, key=key, patient_id__in=patient_ids
    ).first()
    if card is None:
        raise NotFoundError
    return card
