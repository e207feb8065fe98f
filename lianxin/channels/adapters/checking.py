"""Live checks: one question each to the provider, and what the answers together mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lianxin.channels.adapters.base import GARBAGE
from lianxin.channels.adapters.provider_http import ProviderError

if TYPE_CHECKING:
    from lianxin.channels.adapters.provider_http import Provider

OK, FAILING, UNKNOWN = "ok", "failing", "unknown"
TOKEN, IP, CALLBACK, ORIGIN = "token", "ip", "callback", "origin"
IP_NOT_TRUSTED = "ip_not_trusted"
# The question waits for the answer to another one.
TOKEN_FIRST, IP_FIRST = "token_first", "ip_first"
# Left empty on purpose: nothing is sent that way, and nothing is wrong.
NOT_SET = "template_not_set"


@dataclass(frozen=True)
class Finding:
    """What one check found out. `facts` go to the page: counts, names, addresses; no secrets."""

    code: str
    state: str
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class CheckFailed(Exception):  # noqa: N818 - an answer, not an accident
    """The provider answered, and the answer is not what we need."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


@dataclass(frozen=True)
class Check:
    """One question. `ask` returns facts, or raises ProviderError or CheckFailed."""

    code: str
    ask: Callable[[Provider], Awaitable[Mapping[str, Any]]]
    # Whether a good answer proves that the provider trusts this machine's address.
    proves_ip: bool = True


async def run_checks(provider: Provider, checks: Sequence[Check]) -> list[Finding]:
    """Ask in order; what needs a token is not asked when there is none."""
    found: list[Finding] = []
    for check in checks:
        if any(one.code == TOKEN and one.state != OK for one in found):
            found.append(Finding(check.code, UNKNOWN, TOKEN_FIRST))
        else:
            found.append(await run_check(provider, check))
    proving = {check.code for check in checks if check.proves_ip}
    return about_ip(found, proving) if any(check.code == TOKEN for check in checks) else found


async def run_check(provider: Provider, check: Check) -> Finding:
    try:
        return Finding(check.code, OK, facts=await check.ask(provider))
    except CheckFailed as failure:
        state = UNKNOWN if failure.reason == NOT_SET else FAILING
        return Finding(check.code, state, failure.reason, failure.facts)
    except ProviderError as error:
        return as_finding(check.code, error)
    except (TypeError, ValueError):
        # JSON of another shape than the documents promise.
        return Finding(check.code, FAILING if check.code == TOKEN else UNKNOWN, GARBAGE)


def as_finding(code: str, error: ProviderError) -> Finding:
    """Name a refusal. A busy provider says nothing about what was asked, only about itself."""
    reason, facts = error.reason, {"code": str(error.row.code)}
    if code == TOKEN and reason == "token_refused":
        # The code for a dead token also means a wrong secret where a token is asked for.
        reason = "wrong_secret"
    if error.row.named_ip:
        facts["ip"] = error.row.named_ip
    is_clear = code == TOKEN or not (error.is_temporary or error.is_unknown)
    return Finding(code, FAILING if is_clear else UNKNOWN, reason, facts)


def about_ip(found: Sequence[Finding], proving: Iterable[str]) -> list[Finding]:
    """Say once, after the token, whether the address of this machine is trusted."""
    refused = next((one for one in found if one.reason == IP_NOT_TRUSTED), None)
    if refused is not None:
        about = Finding(IP, FAILING, IP_NOT_TRUSTED, refused.facts)
    elif any(one.state == OK and one.code in proving for one in found):
        about = Finding(IP, OK)
    else:
        about = Finding(IP, UNKNOWN, TOKEN_FIRST)
    rest = [
        replace(one, state=UNKNOWN, reason=IP_FIRST, facts={})
        if one.reason == IP_NOT_TRUSTED or (refused and one.reason == TOKEN_FIRST)
        else one
        for one in found
    ]
    return [*rest[:1], about, *rest[1:]]
