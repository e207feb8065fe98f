"""`lianxin manage reconcile`: compare with the providers' lists now, for every hospital."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from lianxin.channels import jobs, queries
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.core.models import Hospital
from lianxin.core.scope import scope


class Command(BaseCommand):
    help = "把各渠道的名单与本地核对一遍：补上漏掉的，结束已经不在的。"

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        for hospital in Hospital.objects.filter(is_active=True):
            with scope(hospital):
                accounts = list(queries.list_accounts(hospital.pk).active())
            for account in accounts:
                try:
                    jobs.reconcile_account(account)
                except ProviderError as error:
                    self.stderr.write(f"{account.name}: {error.reason}")
                else:
                    self.stdout.write(f"{account.name}: ok")
