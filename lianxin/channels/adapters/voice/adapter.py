"""Tencent Cloud Voice Message Service (VMS 2020-09-02), SendTtsVoice: approved templates only.

How sure the facts are. Documents of the provider [D]: the call and its fields (api/1128/51558), its
limits (product/1128/38004), the callbacks of state, key and failure (api/1128/37725, 37726, 37727),
`fee` in minutes. From the provider's own client libraries [F]: the error codes. Not confirmed [?]:
whether a callback address may carry a query, how often a callback is repeated, and in which order
state and key arrive; both orders are taken. Callbacks are not signed: our address holds a secret,
and a call nobody here placed changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac

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
from lianxin.channels.adapters.provider_http import Provider, ProviderError, Token, garbage
from lianxin.channels.adapters.tencent_calls import (
    Service,
    call_service,
    rank_variable,
    with_country,
)
from lianxin.channels.adapters.voice.checks import CHECKS
from lianxin.channels.adapters.voice.parsing import read_callback, read_object

VMS = Service("vms", "2020-09-02")
# How often the text is read in one call [D]: 1 to 3.
PLAY_TIMES = 2


class Voice:
    kind = "voice"
    platform = "voice"
    carriers = frozenset({"voice"})
    # 350 characters [D]; the text is the template's, only its variables are ours.
    text_bytes = 350
    checks: tuple[Check, ...] = CHECKS
    redact_keys = frozenset({"CalledNumber", "TemplateParamSet", "Authorization", "mobile"})

    def answer_verification(self, account: AccountFacts, request: CallbackRequest) -> str:
        del account, request
        raise CallbackRefused("no verification here", 404)

    def open_callback(self, account: AccountFacts, request: CallbackRequest) -> Opened:
        """Believe who knows the secret of our address. A repeat has the same body and key."""
        token = account.secret("token")
        given = request.query.get("token", "")
        if not token or not hmac.compare_digest(given.encode(), token.encode()):
            raise CallbackRefused("token")
        try:
            body = request.body.decode()
        except UnicodeDecodeError:
            raise CallbackRefused("encoding", 400) from None
        if not read_object(body):
            raise CallbackRefused("shape", 400)
        digest = hashlib.sha256(request.body).hexdigest()[:32]
        return Opened(event_key=digest, body=body, is_urgent=True)

    def parse(self, account: AccountFacts, body: str) -> list[Inbound]:
        del account
        return read_callback(body)

    async def fetch_token(self, provider: Provider) -> Token:
        del provider
        raise SendFailed("carrier_unsupported", permanent=True)

    async def send(self, provider: Provider, outbound: Outbound) -> Sent:
        """Place one call. There is no key against repeats: silence is not repeated."""
        if outbound.carrier_kind not in self.carriers:
            raise SendFailed("carrier_unsupported", permanent=True, client_key=outbound.client_key)
        body = request_body(provider.account, outbound)
        answer = await call_service(provider, VMS, "SendTtsVoice", body, is_repeatable=False)
        call_id = read_call_id(answer)
        if not call_id:
            raise ProviderError(garbage(self.platform, is_repeatable=False), "/")
        return Sent(outbound.client_key, call_id)


def request_body(account: AccountFacts, outbound: Outbound) -> dict[str, object]:
    return {
        "TemplateId": outbound.template_id or account.setting("template_id"),
        "CalledNumber": with_country(outbound.address),
        "VoiceSdkAppid": account.setting("voice_app_id"),
        "TemplateParamSet": [
            outbound.data[name] for name in sorted(outbound.data, key=rank_variable)
        ],
        "PlayTimes": PLAY_TIMES,
        "SessionContext": outbound.client_key,
    }


def read_call_id(answer: dict[str, object]) -> str:
    response = answer.get("Response")
    status = response.get("SendStatus") if isinstance(response, dict) else None
    return as_text(status.get("CallId")) if isinstance(status, dict) else ""
