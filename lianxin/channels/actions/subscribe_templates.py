"""Templates of subscribe notices: kept as the platform lists them, used as the operator says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels.adapters.official_account.subscribe_templates import ListedTemplate
from lianxin.channels.models import Account, SubscribeTemplate
from lianxin.channels.rules.subscribe_templates import USES, is_fillable
from lianxin.core import events
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError

TITLE_CHARACTERS, ID_CHARACTERS = 60, 64


@transaction.atomic
def store_subscribe_templates(
    account: Account, listed: Sequence[ListedTemplate], *, read_at: datetime
) -> None:
    """Keep what the platform lists. What it lists no more stays, so that nobody's yes is lost.

    An older look than the last one changes nothing.
    """
    # Two looks at once are stored one after the other.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    known = {row.template_id: row for row in SubscribeTemplate.objects.filter(account=account)}
    if any(row.read_at > read_at for row in known.values()):
        return
    changed = 0
    for one in listed:
        if len(one.template_id) <= ID_CHARACTERS:
            changed += store_one(account, known.pop(one.template_id, None), one, read_at)
    for row in known.values():
        changed += row.is_listed
        row.is_listed, row.read_at = False, read_at
        row.save(update_fields=["is_listed", "read_at"])
    if changed:
        events.record(
            "subscribe_templates.read",
            hospital_id=account.hospital_id,
            subject="account",
            subject_id=account.pk,
            by=SystemActor(account.hospital_id),
            data={"changed": changed, "listed": len(listed)},
        )


def store_one(
    account: Account, row: SubscribeTemplate | None, one: ListedTemplate, read_at: datetime
) -> bool:
    """Store one line of the list; True when it says something new."""
    kinds = SubscribeTemplate.Kind
    told = {
        "title": one.title[:TITLE_CHARACTERS],
        "kind": kinds.LONG_TERM if one.is_long_term else kinds.ONE_TIME,
        "keys": list(one.keys),
        "is_listed": True,
    }
    if row is None:
        SubscribeTemplate.objects.create(
            hospital_id=account.hospital_id,
            account=account,
            template_id=one.template_id,
            read_at=read_at,
            **told,
        )
        return True
    is_new = any(getattr(row, name) != value for name, value in told.items())
    SubscribeTemplate.objects.filter(pk=row.pk).update(read_at=read_at, **told)
    return is_new


@transaction.atomic
def use_subscribe_template(row: SubscribeTemplate, uses: Iterable[str], *, by: Actor) -> None:
    """Say for which kinds of message it is; none takes it out of use."""
    if not by.may("channel.manage") or by.hospital_id != row.hospital_id:
        raise ForbiddenError
    wanted = [one for one in USES if one in set(uses)]
    if wanted and not (row.is_listed and is_fillable(row.keys)):
        raise RefusedError(_("这个模板发不出去：平台上已经没有，或有填不上的关键词。"))
    changed = SubscribeTemplate.objects.filter(pk=row.pk).exclude(uses=wanted).update(uses=wanted)
    if changed:
        events.record(
            "subscribe_template.used",
            hospital_id=row.hospital_id,
            subject="account",
            subject_id=row.account_id,
            by=by,
            data={"template": row.key, "uses": wanted},
        )
