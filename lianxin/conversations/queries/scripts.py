"""The script library: who finds which ready words, and with what their blanks are filled."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q, QuerySet

from lianxin.conversations.models import Script
from lianxin.conversations.rules import scripts
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError
from lianxin.staff.models import Staff


def list_scripts(actor: Actor) -> QuerySet[Script]:
    """List all scripts of the house, for those who keep them."""
    if not actor.may("script.edit"):
        raise ForbiddenError
    rows = Script.objects.filter(hospital_id=actor.hospital_id, is_active=True)
    return rows.select_related("department", "changed_by").order_by("department__name", "title")


def access_script(actor: Actor, key: str) -> Script:
    script = list_scripts(actor).filter(key=key).first()
    if script is None:
        raise NotFoundError
    return script


def list_scripts_for(staff: Staff, search: str = "") -> list[Script]:
    """Return what this member may say: everybody's scripts and those of their department."""
    mine = Q(department=None) | Q(department_id=staff.department_id)
    rows = Script.objects.filter(mine, hospital_id=staff.hospital_id, is_active=True)
    word = search.strip()
    if word:
        rows = rows.filter(Q(title__icontains=word) | Q(text__icontains=word))
    return list(rows.order_by("-department_id", "title")[:50])


def find_script_for(staff: Staff, key: str) -> Script | None:
    return next((one for one in list_scripts_for(staff) if one.key == key), None)


def values_for(staff: Staff, *, name: str = "", sex: str = "") -> Mapping[str, str]:
    """Return what the blanks are filled with when this member writes to this patient."""
    return {
        "称呼": scripts.address_politely(name, sex),
        "我": staff.name,
        "科室": staff.department.name if staff.department else "",
        "医院": staff.hospital.name,
    }
