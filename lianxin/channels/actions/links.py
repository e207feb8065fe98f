"""Acquisition links: wanted here, made and changed by a job; the quota they are paid from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lianxin.channels import facts, rules
from lianxin.channels.actions import leases
from lianxin.channels.actions.stays import Coming, begin_stays
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.acquisition import (
    LinkContent,
    LinkCounts,
    LinkCustomer,
    Quota,
    StoredLink,
)
from lianxin.channels.models import (
    Account,
    AcquisitionLink,
    Address,
    LinkPlace,
    LinkQuota,
    LiveCode,
    Relation,
)
from lianxin.channels.queries import links as queries
from lianxin.channels.tag_words import illness_in
from lianxin.core import events, time
from lianxin.core.actor import Actor, SystemActor
from lianxin.core.errors import ForbiddenError, RefusedError

READ = "read"
UNKNOWN_OUTCOME = "outcome_unknown"


@transaction.atomic
def want_link(code: LiveCode, *, by: Actor) -> AcquisitionLink:
    """Want a link beside the code's QR, or have one that failed tried again."""
    check_may_manage(by)
    if code.account.kind != Account.Kind.WECOM:
        raise RefusedError(_("只有企业微信有获客链接。"))
    if not code.is_active:
        raise RefusedError(_("这个活码已停用，先启用它，再加链接。"))
    link, is_new = AcquisitionLink.objects.get_or_create(
        live_code=code,
        defaults={
            "hospital_id": code.hospital_id,
            "account": code.account,
            "created_at": time.now(),
        },
    )
    failed = AcquisitionLink.State.FAILED
    if not is_new:
        rows = AcquisitionLink.objects.filter(pk=link.pk)
        again = rows.filter(is_wanted=False).update(is_wanted=True, next_try_at=None)
        retried = rows.filter(state=failed).update(
            state=AcquisitionLink.State.MAKING, failure_code="", next_try_at=None
        )
        if not again and not retried:
            raise RefusedError(_("这个活码已经有获客链接。"))
    record(link, "acquisition_link.wanted", by)
    return link


@transaction.atomic
def drop_link(link: AcquisitionLink, *, by: Actor) -> None:
    """Have the link deleted at the provider; the QR code stays, and who came stays counted."""
    check_may_manage(by)
    rows = AcquisitionLink.objects.filter(pk=link.pk, is_wanted=True)
    if not rows.update(is_wanted=False, next_try_at=None, finding="", found_at=None):
        raise RefusedError(_("这个获客链接已经停用。"))
    record(link, "acquisition_link.dropped", by)


@transaction.atomic
def create_place(link: AcquisitionLink, name: str, *, by: Actor) -> LinkPlace:
    """Name one more place, with an address of its own, so that it is counted apart."""
    check_may_manage(by)
    word = illness_in(name)
    if word:
        sentence = _("“%(word)s”会透露病情，请换一个中性的词。")
        raise RefusedError(sentence % {"word": word})
    most = load_facts()["link_places"]
    # Two requests at once are counted one after the other.
    AcquisitionLink.objects.select_for_update(no_key=True).get(pk=link.pk)
    if LinkPlace.objects.filter(link=link).count() >= most:
        raise RefusedError(_("一个链接最多分 %(most)d 个地方。") % {"most": most})
    place, is_new = LinkPlace.objects.get_or_create(
        link=link,
        name=name,
        defaults={"hospital_id": link.hospital_id, "created_at": time.now()},
    )
    if not is_new:
        raise RefusedError(_("已经有叫这个名字的地方。"))
    record(link, "acquisition_link.placed", by, place_id=place.pk)
    return place


def check_may_manage(by: Actor) -> None:
    if not by.may("channel.manage"):
        raise ForbiddenError


# ---- what the provider has of it -----------------------------------------------------------


@dataclass(frozen=True)
class LinkClaim:
    """The right to tell the provider one thing about one link, until the lease ends."""

    link: AcquisitionLink
    step: str
    content: LinkContent
    lease: datetime
    # When the provider was asked before without a known outcome.
    asked_at: datetime | None

    @property
    def by(self) -> SystemActor:
        return SystemActor(self.link.hospital_id)


@transaction.atomic
def claim_link(link: AcquisitionLink, *, is_reading: bool = False) -> LinkClaim | None:
    """Take the link's next step for this worker; None when it is taken, done, or not due yet."""
    lease = leases.take(link, "link_lease_seconds")
    fresh = queries.find_link(link.hospital_id, link.pk)
    if lease is None or fresh is None:
        return None
    answering = queries.answering_behind(fresh.hospital_id, [fresh], time.now())
    behind = answering[fresh.live_code_id]
    step = READ if is_reading else queries.link_step(fresh, behind)
    if step == rules.NOTHING or (is_reading and not fresh.link_id):
        leases.give_back(fresh, lease)
        return None
    asked_at = fresh.asked_at
    if step == rules.MAKE and asked_at is None:
        AcquisitionLink.objects.filter(pk=link.pk).update(asked_at=time.now())
    return LinkClaim(fresh, step, queries.desired_link(fresh, behind), lease, asked_at)


@transaction.atomic
def settle_made(claim: LinkClaim, stored: StoredLink) -> None:
    now = time.now()
    made = leases.settle(
        claim.link,
        claim.lease,
        state=AcquisitionLink.State.READY,
        link_id=stored.link_id,
        url=stored.url,
        asked_at=None,
        confirmed=claim.content.as_data(),
        confirmed_at=now,
    )
    if made:
        record(claim.link, "acquisition_link.made", claim.by)


@transaction.atomic
def settle_updated(claim: LinkClaim) -> None:
    confirmed = claim.content.as_data()
    if leases.settle(claim.link, claim.lease, confirmed=confirmed, confirmed_at=time.now()):
        members = len(confirmed["userids"])
        record(claim.link, "acquisition_link.updated", claim.by, members=members)


@transaction.atomic
def settle_withdrawn(claim: LinkClaim) -> None:
    if leases.settle(claim.link, claim.lease, **nothing_there(), asked_at=None):
        record(claim.link, "acquisition_link.withdrawn", claim.by)


@transaction.atomic
def settle_gone(claim: LinkClaim) -> None:
    """Have it made anew: somebody deleted it at the provider."""
    found = {"finding": "lost", "found_at": time.now()}
    if leases.settle(claim.link, claim.lease, **nothing_there(), **found):
        record(claim.link, "acquisition_link.lost", claim.by)


def nothing_there() -> dict[str, Any]:
    return {
        "state": AcquisitionLink.State.MAKING,
        "link_id": "",
        "url": "",
        "confirmed": {},
        "confirmed_at": None,
    }


@transaction.atomic
def settle_read(
    claim: LinkClaim, stored: StoredLink, counts: LinkCounts, customers: Collection[LinkCustomer]
) -> None:
    """Keep the provider's truth and its counts; what differs is mended by the next step."""
    link, now = claim.link, time.now()
    truth = stored.content.as_data()
    has_drifted = bool(link.confirmed) and truth != link.confirmed
    found = {"finding": "drifted", "found_at": now} if has_drifted else {}
    settled = leases.settle(
        link,
        claim.lease,
        url=stored.url or link.url,
        confirmed=truth,
        read_at=now,
        opened_count=counts.opened_count,
        added_count=counts.added_count,
        **found,
    )
    if not settled:
        return
    if has_drifted:
        fields = rules.changed_fields(link.confirmed, truth)
        record(link, "acquisition_link.drifted", claim.by, fields=fields)
    claim_people(claim, customers)


def claim_people(claim: LinkClaim, customers: Collection[LinkCustomer]) -> None:
    """Count to the code who came by the bare link: only the provider's list knows of them."""
    link = claim.link
    pairs = {(one.external_id, one.staff_userid) for one in customers if not one.state}
    rows = Address.objects.filter(
        account_id=link.account_id, external_id__in=[external_id for external_id, _userid in pairs]
    )
    held = {one.pk: one.external_id for one in rows.select_for_update(no_key=True).order_by("pk")}
    strangers = Relation.objects.filter(address__in=list(held), live_code=None)
    theirs = [
        one
        for one in strangers.exclude(state=Relation.State.REMOVED)
        if (held[one.address_id], one.staff_userid) in pairs
    ]
    if not theirs:
        return
    code_id, addresses = link.live_code_id, {one.address_id for one in theirs}
    Relation.objects.filter(pk__in=[one.pk for one in theirs]).update(live_code=code_id)
    Address.objects.filter(pk__in=addresses, live_code=None).update(live_code=code_id)
    comings = [Coming(one.address_id, code_id, one.staff_userid, one.added_at) for one in theirs]
    begin_stays(link.hospital_id, comings)
    record(link, "acquisition_link.recognised", claim.by, people=len(addresses))


@transaction.atomic
def settle_failed(claim: LinkClaim, error: ProviderError) -> None:
    """Note why it did not work and when it is tried again.

    Silence about a new link is no refusal: it may be there, so the next try looks for it first.
    """
    changes: dict[str, Any] = {}
    is_unknown = error.reason == UNKNOWN_OUTCOME
    is_refused = not is_unknown and not error.is_temporary
    if claim.step == rules.MAKE and is_refused:
        changes["state"] = AcquisitionLink.State.FAILED
    if claim.step == rules.MAKE and not is_unknown and claim.asked_at is None:
        changes["asked_at"] = None
    leases.settle_failed(claim.link, claim.lease, error, **changes)


# ---- what callbacks tell -------------------------------------------------------------------


@transaction.atomic
def note_link_change(link: AcquisitionLink, kind: str, *, at: datetime) -> bool:
    """Remember that a link was closed or deleted there; False when we know that already."""
    rows = AcquisitionLink.objects.filter(pk=link.pk, link_id=link.link_id, is_wanted=True)
    if kind == "deleted":
        # The reconciler makes it anew; a worker that holds the lease settles nothing any more.
        noted = rows.update(
            **nothing_there(), leased_until=None, next_try_at=None, finding="lost", found_at=at
        )
    else:
        noted = rows.exclude(finding="unavailable").update(finding="unavailable", found_at=at)
    if noted:
        event = "lost" if kind == "deleted" else "unavailable"
        record(link, f"acquisition_link.{event}", SystemActor(link.hospital_id))
    return bool(noted)


@transaction.atomic
def note_quota_change(account: Account, kind: str) -> None:
    """Have the quota read anew; more of it opens the links again."""
    quota = hold_quota(account)
    LinkQuota.objects.filter(pk=quota.pk).update(is_asked_for=True, next_try_at=None)
    if kind == "increased":
        closed = AcquisitionLink.objects.filter(account=account, finding="unavailable")
        closed.update(finding="", found_at=None)
    if kind == "exhausted":
        LinkQuota.objects.filter(pk=quota.pk).update(balance=0)
    record_quota(account, f"link_quota.{kind}")


# ---- the quota -----------------------------------------------------------------------------


def hold_quota(account: Account) -> LinkQuota:
    quota, _is_new = LinkQuota.objects.get_or_create(
        account=account, defaults={"hospital_id": account.hospital_id}
    )
    return quota


@dataclass(frozen=True)
class QuotaClaim:
    """The right to read one account's quota, until the lease ends."""

    quota: LinkQuota
    lease: datetime


@transaction.atomic
def claim_quota(account: Account) -> QuotaClaim | None:
    """Take the reading for this worker. What happens from now on asks for another one."""
    quota = hold_quota(account)
    lease = leases.take(quota, "link_lease_seconds")
    if lease is None:
        return None
    LinkQuota.objects.filter(pk=quota.pk).update(is_asked_for=False)
    return QuotaClaim(quota, lease)


@transaction.atomic
def settle_quota(claim: QuotaClaim, read: Quota) -> None:
    packs = [[int(one.expires_at.timestamp()), one.balance] for one in read.packs]
    leases.settle(
        claim.quota,
        claim.lease,
        total=read.total,
        balance=read.balance,
        packs=packs,
        read_at=time.now(),
    )


@transaction.atomic
def settle_quota_failed(claim: QuotaClaim, error: ProviderError) -> None:
    """Try again soon, or tomorrow where the app has no right to it."""
    changes: dict[str, Any] = {"is_asked_for": True}
    if not error.is_temporary:
        changes["next_try_at"] = time.now() + facts.seconds("link_quota_refused_seconds")
    leases.settle_failed(claim.quota, claim.lease, error, **changes)


# ---- the journal ---------------------------------------------------------------------------


def record(link: AcquisitionLink, name: str, by: Actor, **data: Any) -> None:
    events.record(
        name,
        hospital_id=link.hospital_id,
        subject="acquisition_link",
        subject_id=link.pk,
        by=by,
        data={"account_id": link.account_id, "live_code_id": link.live_code_id, **data},
    )


def record_quota(account: Account, name: str) -> None:
    events.record(
        name,
        hospital_id=account.hospital_id,
        subject="account",
        subject_id=account.pk,
        by=SystemActor(account.hospital_id),
        data={"kind": account.kind},
    )
