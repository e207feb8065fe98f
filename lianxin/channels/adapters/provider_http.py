"""The one way out to a provider: token, error table, retries, windows; nothing secret logged."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Protocol

import httpx
import structlog

from lianxin.channels.adapters.base import (
    GARBAGE,
    MAY_HAVE_ARRIVED,
    SILENT,
    AccountFacts,
    SendFailed,
)
from lianxin.channels.adapters.reactions import (
    NOT_IN_TABLE,
    Reaction,
    Row,
    find_row,
)
from lianxin.channels.adapters.windows import CallWindows, midnight_after

# httpx writes whole addresses at INFO, and the providers want their token in the address.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)
log = structlog.get_logger(__name__)

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
MAX_TRIES = 3
BACKOFF_SECONDS = (0.2, 0.8)
RETRY_LATER = timedelta(minutes=1)
MAX_ANSWER_BYTES = 8 * 1024 * 1024
# Under this name an answer holds its picture, where a call gives one instead of JSON.
PICTURE = "picture"
# WeCom writes "from ip: 1.2.3.4", WeChat's own accounts "invalid ip 1.2.3.4".
NAMED_IP = re.compile(r"\b(?:from ip:|invalid ip) ?([0-9a-fA-F.:]{3,45})")
# A token that keeps being refused is somebody's mistake or an outage; the message can wait.
TEMPORARY = {Reaction.RETRY, Reaction.WAIT, Reaction.SERIALISE, Reaction.REFRESH}


@dataclass(frozen=True)
class Token:
    value: str
    lifetime_seconds: int


class TokenStore(Protocol):
    """One token per account, shared by all processes; one of them refreshes at a time."""

    async def obtain(
        self, account: AccountFacts, fetch: Callable[[], Awaitable[Token]], kind: str = "access"
    ) -> str:
        """Return a valid token; whoever gets the lease calls `fetch`, the others wait.

        `kind` tells the account's own token from the tickets that page signatures are made with.
        """

    async def drop(self, account: AccountFacts, value: str) -> None:
        """Forget this value, unless it was replaced already."""


class ProviderError(Exception):
    """The provider said no, or nothing sensible. Holds codes only, never its words."""

    def __init__(self, row: Row, path: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(f"{row.platform} {path}: {row.code} {row.meaning}")
        self.row = row
        self.path = path
        self.retry_at = retry_at

    @property
    def reason(self) -> str:
        return self.row.reason

    @property
    def is_temporary(self) -> bool:
        return self.row.reaction in TEMPORARY

    @property
    def is_unknown(self) -> bool:
        return self.row.meaning == NOT_IN_TABLE

    def as_failure(self, client_key: str, now: datetime) -> SendFailed:
        retry_at = (self.retry_at or now + RETRY_LATER) if self.is_temporary else None
        return SendFailed(
            self.reason, permanent=not self.is_temporary, retry_at=retry_at, client_key=client_key
        )


def unreachable(platform: str) -> Row:
    """Return the row for a provider that took no connection: it has heard nothing."""
    return Row("unreachable", platform, Reaction.RETRY, "no connection", "provider_unreachable")


def no_answer(platform: str, *, is_repeatable: bool) -> Row:
    """Return the row for silence. A call that may have worked and must not run twice ends here."""
    if is_repeatable:
        return Row("timeout", platform, Reaction.RETRY, "no answer", SILENT)
    return Row("timeout", platform, Reaction.BUG, "outcome unknown", "outcome_unknown")


def garbage(platform: str, *, is_repeatable: bool) -> Row:
    if is_repeatable:
        return Row("garbage", platform, Reaction.RETRY, "not JSON", GARBAGE)
    return Row("garbage", platform, Reaction.BUG, "outcome unknown", "outcome_unknown")


@dataclass(frozen=True)
class UploadFile:
    """A file on its way to a provider."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Call:
    """One request, before the token is put in."""

    method: str
    path: str
    params: Mapping[str, str]
    body: Any
    needs_token: bool
    is_repeatable: bool
    headers: Mapping[str, str]
    wants_picture: bool = False
    # Any kind of file, where the provider says by its headers that it is one.
    wants_file: bool = False


class Provider:
    """Talks to one account's provider. Made per batch; the windows outlive it."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        account: AccountFacts,
        tokens: TokenStore,
        *,
        platform: str,
        fetch_token: Callable[[Provider], Awaitable[Token]],
        clock: Callable[[], datetime],
        windows: CallWindows,
    ) -> None:
        self.client = client
        self.account = account
        self.tokens = tokens
        self.platform = platform
        self.fetch_token = fetch_token
        self.clock = clock
        self.windows = windows
        self.locks: dict[str, asyncio.Lock] = {}

    async def get(self, path: str, **params: str) -> dict[str, Any]:
        return await self.call("GET", path, params=params)

    async def post(
        self, path: str, body: Any, *, is_repeatable: bool = True, serial_key: str = ""
    ) -> dict[str, Any]:
        """Post JSON. `is_repeatable` false: silence ends the call, it may have worked."""
        if not serial_key:
            return await self.call("POST", path, body=body, is_repeatable=is_repeatable)
        async with self.locks.setdefault(serial_key, asyncio.Lock()):
            return await self.call("POST", path, body=body, is_repeatable=is_repeatable)

    async def post_for_picture(self, path: str, body: Any) -> bytes:
        """Post JSON, get a picture. Errors come as JSON with status 200: the content type tells."""
        call = Call("POST", path, {}, body, True, True, {}, wants_picture=True)
        answer = await self.run(call)
        picture = answer.get(PICTURE)
        if not isinstance(picture, bytes):
            raise self.failure(call, garbage(self.platform, is_repeatable=True))
        return picture

    async def upload(self, path: str, file: UploadFile, **params: str) -> dict[str, Any]:
        """Post a file as the multipart field `media`. A repeat only makes another id."""
        form = httpx.Request(
            "POST", "http://form/", files={"media": (file.name, file.content, file.content_type)}
        )
        headers = {"Content-Type": form.headers["Content-Type"]}
        return await self.call("POST", path, params=params, body=form.read(), headers=headers)

    async def fetch_file(self, path: str, **params: str) -> bytes:
        """Get a file's bytes. Errors come as JSON with status 200: the content type tells."""
        call = Call("GET", path, params, None, True, True, {}, wants_file=True)
        content = (await self.run(call)).get(PICTURE)
        if not isinstance(content, bytes):
            raise self.failure(call, garbage(self.platform, is_repeatable=True))
        return content

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        needs_token: bool = True,
        is_repeatable: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Call until it works, the table says stop, or three tries are over."""
        call = Call(method, path, params or {}, body, needs_token, is_repeatable, headers or {})
        return await self.run(call)

    async def run(self, call: Call) -> dict[str, Any]:
        """Try, react, and try again.

        One try without an answer may have worked, whatever the next ones say: it is what the
        failure is called by.
        """
        has_refreshed = False
        row, silence = find_row(self.platform, -1), None
        for attempt in range(MAX_TRIES):
            answer, problem, token = await self.attempt(call)
            if problem is None or problem.reaction == Reaction.TREAT_AS_OK:
                self.windows.pass_through(self.account.id, call.path, self.clock())
                return answer
            row = problem
            if row.reason in MAY_HAVE_ARRIVED:
                silence = row
            if row.reaction == Reaction.REFRESH and call.needs_token and not has_refreshed:
                has_refreshed = True
                await self.tokens.drop(self.account, token)
            elif row.reaction not in {Reaction.RETRY, Reaction.SERIALISE}:
                break
            elif attempt < len(BACKOFF_SECONDS):
                await asyncio.sleep(BACKOFF_SECONDS[attempt])
        raise self.failure(call, silence or row)

    def failure(self, call: Call, row: Row) -> ProviderError:
        retry_at = None
        if row.reaction == Reaction.WAIT:
            retry_at = self.windows.block(
                self.account.id, self.platform, call.path, row.wait, self.clock()
            )
        log.warning(
            "provider.refused",
            account=self.account.key,
            platform=self.platform,
            path=call.path,
            code=row.code,
            reaction=row.reaction.value,
        )
        return ProviderError(row, call.path, retry_at=retry_at)

    async def attempt(self, call: Call) -> tuple[dict[str, Any], Row | None, str]:
        """Try once: the answer, the row of its error if it is one, the token that was used."""
        self.check_window(call)
        token = await self.tokens.obtain(self.account, self.refresh) if call.needs_token else ""
        try:
            response = await self.request(call, token)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return {}, unreachable(self.platform), token
        except httpx.HTTPError:
            return {}, self.silence_after(call), token
        answer = READERS[call.wants_picture, call.wants_file](response)
        if answer is None:
            return {}, garbage(self.platform, is_repeatable=call.is_repeatable), token
        code = error_code(answer)
        return answer, (self.row_of(code, answer) if code else None), token

    def row_of(self, code: int | str, answer: Mapping[str, Any]) -> Row:
        row = find_row(self.platform, code)
        if row.reason != "ip_not_trusted":
            return row
        return replace(row, named_ip=read_named_ip(answer))

    def silence_after(self, call: Call) -> Row:
        """Name the silence. What asks for a token carries no message: nothing can be there."""
        if call.needs_token or not call.is_repeatable:
            return no_answer(self.platform, is_repeatable=call.is_repeatable)
        return unreachable(self.platform)

    def check_window(self, call: Call) -> None:
        now = self.clock()
        open_at = self.windows.enter(self.account.id, self.platform, call.path, now)
        if open_at is not None:
            # What opens only at midnight is a day's quota: nobody need wait for it.
            is_for_today = open_at == midnight_after(now)
            reason = "day_quota_full" if is_for_today else "rate_limited"
            row = Row("window", self.platform, Reaction.WAIT, "own window full", reason)
            raise ProviderError(row, call.path, retry_at=open_at)

    async def refresh(self) -> Token:
        return await self.fetch_token(self)

    async def request(self, call: Call, token: str) -> httpx.Response:
        params = {**call.params, "access_token": token} if token else dict(call.params)
        content = call.body if isinstance(call.body, bytes) else None
        headers = dict(call.headers)
        if call.body is not None and content is None:
            # Chinese stays Chinese: the Official Account shows \uXXXX to the patient otherwise.
            content = json.dumps(call.body, ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json")
        return await self.client.request(
            call.method,
            self.account.base_url.rstrip("/") + call.path,
            params=params,
            content=content,
            headers=headers,
        )


def read_picture(response: httpx.Response) -> dict[str, Any] | None:
    """Return the picture of an answer, or the JSON that stands in its place."""
    is_picture = response.headers.get("content-type", "").startswith("image/")
    if is_picture and response.status_code == httpx.codes.OK:
        return {PICTURE: response.content} if response.content else None
    return read_answer(response)


def read_file(response: httpx.Response) -> dict[str, Any] | None:
    """Return the file of an answer, or the JSON that stands in its place."""
    is_file = "attachment" in response.headers.get("content-disposition", "")
    if is_file and response.status_code == httpx.codes.OK:
        return {PICTURE: response.content} if response.content else None
    return read_answer(response)


def read_answer(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object of an answer, or None when it is anything else."""
    if response.status_code != httpx.codes.OK or len(response.content) > MAX_ANSWER_BYTES:
        return None
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


READERS = {(False, False): read_answer, (True, False): read_picture, (False, True): read_file}


def error_code(answer: Mapping[str, Any]) -> int | str:
    """Return the error code, 0 when there is none. The words beside it are never looked at."""
    raw = answer.get("errcode", 0)
    if isinstance(answer.get("Response"), dict):  # Tencent Cloud's envelope
        error = answer["Response"].get("Error")
        raw = error.get("Code", -1) if isinstance(error, dict) else 0
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        return -1
    try:
        return int(raw)
    except ValueError:
        return raw


def read_named_ip(answer: Mapping[str, Any]) -> str:
    """Return the address the provider says it saw: for the operator to read, nothing else."""
    found = NAMED_IP.search(str(answer.get("errmsg", "")))
    try:
        return str(ip_address(found[1])) if found else ""
    except ValueError:
        return ""


@lru_cache(maxsize=1)
def trusted_authorities() -> ssl.SSLContext:
    """Read the authorities once per process: that costs as much as many calls."""
    return httpx.create_ssl_context(trust_env=False)


def open_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    # A proxy of the environment would see tokens and patients.
    return httpx.AsyncClient(
        timeout=TIMEOUT, transport=transport, trust_env=False, verify=trusted_authorities()
    )
