"""Reads of join codes and group welcomes: what they are, what the provider must hear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from lianxin.channels import facts
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.join_ways import JoinContent
from lianxin.channels.models import (
    REMARK_CHARACTERS,
    Group,
    GroupMember,
    GroupWelcome,
    JoinCode,
    JoinCodeGroup,
)
from lianxin.channels.queries.groups import free_rows
from lianxin.channels.rules import groups as rules
from lianxin.channels.tag_words import illness_in
from lianxin.core.actor import Actor
from lianxin.core.errors import ForbiddenError, NotFoundError


def list_join_codes(actor: Actor) -> QuerySet[JoinCode]:
    if not actor.may("channel.read"):
        raise ForbiddenError
    rows = JoinCode.objects.filter(hospital_id=actor.hospital_id)
    return rows.select_related("account", "hospital").order_by("-is_active", "-id")


def access_join_code(actor: Actor, key: str) -> JoinCode:
    code = list_join_codes(actor).filter(key=key).first()
    if code is None:
        raise NotFoundError
    return code


def find_join_code(hospital_id: int, code_id: int) -> JoinCode | None:
    rows = JoinCode.objects.filter(hospital_id=hospital_id, pk=code_id)
    return rows.select_related("account", "hospital").first()


def list_lines(code: JoinCode) -> list[JoinCodeGroup]:
    """Return the groups behind a code, those that still are, the oldest first."""
    rows = JoinCodeGroup.objects.filter(join_code=code, group__dismissed_at=None)
    return list(rows.select_related("group", "group__hospital").order_by("id"))


def desired_join_way(code: JoinCode) -> JoinContent:
    """Return what the provider is to have. An illness in the name stays here."""
    lines = list_lines(code)[-load_facts()["join_way_groups"] :]
    return JoinContent(
        remark=code.key if illness_in(code.name) else code.name[:REMARK_CHARACTERS],
        state=code.state_key,
        chat_ids=tuple(line.group.chat_id for line in lines),
        rolls_over=code.rolls_over,
        base_name=code.base_name,
        base_number=code.base_number,
    )


def join_step(code: JoinCode, now: datetime) -> str:
    every = facts.seconds("contact_way_read_seconds")
    standing = rules.JoinStanding(
        code.is_active,
        code.state,
        code.config_id,
        has_picture=bool(code.qr_url),
        is_reading_due=rules.is_reading_due(code.read_at, now, every=every),
    )
    return rules.next_join_step(standing, desired_join_way(code).as_data(), code.confirmed)


def list_join_codes_to_keep(hospital_id: int, now: datetime) -> list[JoinCode]:
    rows = free_rows(JoinCode, now).filter(hospital_id=hospital_id, account__is_active=True)
    in_use = rows.filter(Q(is_active=True) | ~Q(config_id="")).select_related("account")
    return [code for code in in_use.order_by("id") if join_step(code, now) != rules.NOTHING]


def count_by_join_code(ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Count whom each code brought, and who of them is still there: one query."""
    rows = (
        GroupMember.objects.filter(join_code_id__in=ids)
        .values_list("join_code_id")
        .annotate(came=Count("id"), there=Count("id", filter=Q(left_at=None)))
    )
    found = {code_id: (came, there) for code_id, came, there in rows}
    return {code_id: found.get(code_id, (0, 0)) for code_id in ids}


def list_codes_of_group(group: Group) -> QuerySet[JoinCode]:
    rows = JoinCode.objects.filter(lines__group=group, is_active=True)
    return rows.order_by("-id")


def list_group_welcomes(actor: Actor) -> QuerySet[GroupWelcome]:
    if not actor.may("channel.read"):
        raise ForbiddenError
    rows = GroupWelcome.objects.filter(hospital_id=actor.hospital_id)
    removed = GroupWelcome.State.REMOVED
    return rows.exclude(state=removed).select_related("account", "hospital").order_by("-id")


def access_group_welcome(actor: Actor, key: str) -> GroupWelcome:
    welcome = list_group_welcomes(actor).filter(key=key).first()
    if welcome is None:
        raise NotFoundError
    return welcome


def find_group_welcome(hospital_id: int, welcome_id: int) -> GroupWelcome | None:
    rows = GroupWelcome.objects.filter(hospital_id=hospital_id, pk=welcome_id)
    return rows.select_related("account").first()


def welcome_step(welcome: GroupWelcome) -> str:
    return rules.next_welcome_step(
        is_active=welcome.is_active,
        state=welcome.state,
        template_id=welcome.template_id,
        is_confirmed=welcome.is_confirmed,
    )


def list_welcomes_to_keep(hospital_id: int, now: datetime) -> list[GroupWelcome]:
    rows = free_rows(GroupWelcome, now).filter(hospital_id=hospital_id, account__is_active=True)
    open_rows = rows.exclude(state=GroupWelcome.State.REMOVED).select_related("account")
    return [one for one in open_rows.order_by("id") if welcome_step(one) != rules.NOTHING]


def count_welcomes(account_id: int) -> int:
    return GroupWelcome.objects.filter(account_id=account_id, is_active=True).count()
