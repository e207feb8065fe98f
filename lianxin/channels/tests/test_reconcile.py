from __future__ import annotations

from lianxin.channels import jobs
from lianxin.channels.models import Account, ContactSync
from lianxin.core.models import Hospital
from lianxin.testing.channels import make_account
from lianxin.testing.jobs import run_jobs, run_periodic


def test_a_provider_that_is_away_fails_no_job(in_riverside: Hospital) -> None:
    account = make_account(in_riverside)

    run_periodic(jobs.__name__, "reconcile", in_riverside.pk)
    run_periodic(jobs.__name__, "keep_syncs", in_riverside.pk)
    run_jobs()

    assert Account.objects.get(pk=account.pk).reconciled_at is None
    assert ContactSync.objects.get().failure_code == "provider_unreachable"
