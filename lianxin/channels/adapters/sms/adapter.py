"""Tencent Cloud SMS 3.0 (2021-01-11), SendSms. Approved templates only, no free text."""

from __future__ import annotations

from lianxin.channels.adapters.base import (
    AccountFacts,
    CallbackRefused,
    CallbackRequest,
    Inbound,
    Opened,
    Outbound,
    SendFailed,
    Sent,
    as_text,
)
from lianxin.channels.adapters.checking import Check
from lianxin.channels.adapters.provider_http import Provider, ProviderError, Token
from lianxin.channels.adapters.reactions import find_row
from lianxin.channels.adapters.sms import calls
from lianxin.channels.adapters.sms.checks import CHECKS
from lianxin.channels.adapters.tencent_calls import rank_variable, with_country


class Sms:
    kind = "sms"
    platform = "sms"
    carriers = frozenset({"sms"})
    text_bytes = 500
    checks: tuple[Check, ...] = CHECKS
    redact_keys = frozenset({"PhoneNumberSet", "PhoneNumber", "TemplateParamSet", "Authorization"})

    def answer_verification(self, account: AccountFacts, request: CallbackRequest) -> str:
        del account, request
        raise CallbackRefused("no callbacks here", 404)

    def open_callback(self, account: AccountFacts, request: CallbackRequest) -> Opened:
        del account, request
        raise CallbackRefused("no callbacks here", 404)

    def parse(self, account: AccountFacts, body: str) -> list[Inbound]:
        del account, body
        return []

    async def fetch_token(self, provider: Provider) -> Token:
        del provider
        raise SendFailed("carrier_unsupported", permanent=True)

    async def send(self, provider: Provider, outbound: Outbound) -> Sent:
        """Send one approved template. There is no key against repeats: silence is not repeated."""
        if outbound.carrier_kind not in self.carriers:
            raise SendFailed("carrier_unsupported", permanent=True, client_key=outbound.client_key)
        body = request_body(provider.account, outbound)
        answer = await calls.call(provider, "SendSms", body, is_repeatable=False)
        return read_status(answer, outbound)


def request_body(account: AccountFacts, outbound: Outbound) -> dict[str, object]:
    return {
        "PhoneNumberSet": [with_country(outbound.address)],
        "SmsSdkAppId": account.setting("sdk_app_id"),
        "SignName": account.setting("sign_name"),
        "TemplateId": outbound.template_id or account.setting("template_id"),
        # The template's variables are {1}, {2}…: the order of their numbers, not of the words.
        "TemplateParamSet": [
            outbound.data[name] for name in sorted(outbound.data, key=rank_variable)
        ],
        "SessionContext": outbound.client_key,
    }


def read_status(answer: dict[str, object], outbound: Outbound) -> Sent:
    """Read the one number's own status: the answer as a whole may be fine and this one not."""
    response = answer.get("Response")
    statuses = response.get("SendStatusSet") if isinstance(response, dict) else None
    status = statuses[0] if isinstance(statuses, list) and statuses else {}
    code = as_text(status.get("Code")) if isinstance(status, dict) else ""
    if code != "Ok":
        raise ProviderError(find_row("sms", code), "/")
    fee = as_text(status.get("Fee"))
    units = int(fee) if fee.isascii() and fee.isdigit() else None
    return Sent(outbound.client_key, as_text(status.get("SerialNo")), billed_units=units)
