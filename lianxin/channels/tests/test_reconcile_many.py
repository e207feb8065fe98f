from __future__ import annotations

from datetime import timedelta

from lianxin.channels import actions, jobs, queries
from lianxin.channels.adapters.wecom.calls import Contact
from lianxin.channels.models import Account, Address, Relation
from lianxin.core import time
from lianxin.core.models import Event, Hospital
from lianxin.testing.channels import make_account
from lianxin.testing.jobs import run_periodic


def test_a_long_list_is_taken_in_at_once_and_again_changes_nothing(
    in_riverside: Hospital,
) -> None:
    facts = queries.facts_of(make_account(in_riverside))
    at = time.now() - timedelta(days=1)
    contacts = [Contact("DrLi", f"wm{n}", "", "", at) for n in range(130)]

    added = actions.take_in_listed(facts, contacts, listed_members=["DrLi"])
    again = actions.take_in_listed(facts, contacts, listed_members=["DrLi"])
    fewer = actions.take_in_listed(facts, contacts[:100], listed_members=["DrLi"])

    assert (added, again, fewer) == ((130, 0), (0, 0), (0, 30))
    assert Event.objects.filter(name="contact.added").count() == 130
    assert Relation.objects.filter(state="removed").count() == 30
    assert Address.objects.filter(state="removed").count() == 30


def test_a_provider_that_is_away_fails_no_job(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)

    run_periodic(jobs.__name__, "reconcile", in_riverside.pk)

    assert Account.objects.get(pk=account.pk).reconciled_at is None
