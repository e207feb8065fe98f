"""What goes through an adapter: accounts, callbacks, inbound things, outbound things, results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from lianxin.channels.adapters.reactions import load_facts

if TYPE_CHECKING:
    from lianxin.channels.adapters.checking import Check
    from lianxin.channels.adapters.provider_http import Provider, Token

MAX_CALLBACK_BYTES = 64 * 1024
# The kind of a receipt for a message that counted against no window.
TEMPLATE_RECEIPT = "template_receipt"
# The provider took the request and said nothing, or nothing that can be read.
SILENT, GARBAGE = "provider_silent", "provider_garbage"
# After one of these the message may be there, although a repeat is safe: the provider drops it.
MAY_HAVE_ARRIVED = frozenset({SILENT, GARBAGE})


@dataclass(frozen=True)
class AccountFacts:
    """One account at one provider. The secrets stay out of every printed form."""

    id: int
    hospital_id: int
    key: str
    kind: str
    base_url: str
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def setting(self, name: str) -> str:
        return str(self.config.get(name, ""))

    def secret(self, name: str) -> str:
        return self.secrets.get(name, "")


@dataclass(frozen=True)
class CallbackRequest:
    """A provider's request as it arrived, before anything about it is believed."""

    query: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


class CallbackRefused(Exception):  # noqa: N818 - a refusal, answered with an empty body
    """The callback is not what it claims to be. `code` goes to the log, nothing to the sender."""

    def __init__(self, code: str, status: int = 403) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Opened:
    """A callback whose sender is proven and whose body is plain."""

    event_key: str
    body: str = field(repr=False)
    is_urgent: bool = False


@dataclass(frozen=True)
class MenuItem:
    """One answer that the person may press; its id comes back with the answer."""

    id: str
    text: str


@dataclass(frozen=True)
class Inbound:
    """One thing that came in. `event` is its name in the journal; empty means unknown to us."""

    event: str
    arrival_key: str
    occurred_at: datetime
    kind: str = "event"
    external_id: str = ""
    staff_userid: str = ""
    state: str = ""
    welcome_code: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    media_id: str = ""
    provider_message_id: str = ""
    status: str = ""
    reason: str = ""
    template_id: str = ""
    union_id: str = ""
    # Which item of a menu that we sent was pressed.
    menu_id: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    # When the callback came, if it came by one.
    received_at: datetime | None = None
    # Filled in when it is read back from the database.
    arrival_id: int = 0
    account_id: int = 0
    account_kind: str = ""
    address_id: int = 0


@dataclass(frozen=True)
class Attachment:
    """What goes along with a message: a picture, a file, a link, or a mini-program's page.

    `file` names a stored file by its SHA-256: the thing itself, or the cover of a link or page.
    """

    kind: str  # image, video, file, link, miniprogram
    file: str = ""
    title: str = ""
    text: str = field(default="", repr=False)
    url: str = field(default="", repr=False)
    app_id: str = ""
    page: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outbound:
    """One thing to send. `client_key` is the idempotency key: ≤32 of 0-9 a-z A-Z _ -."""

    client_key: str
    carrier_kind: str
    address: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    url: str = field(default="", repr=False)
    title: str = ""
    template_id: str = ""
    data: Mapping[str, str] = field(default_factory=dict, repr=False)
    staff_userid: str = ""
    external_ids: tuple[str, ...] = ()
    # Customer groups instead of people: one member sends to groups of their own.
    chat_ids: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    # The provider's ids of the files above, filled in just before the call.
    media_ids: Mapping[str, str] = field(default_factory=dict, repr=False)
    welcome_code: str = field(default="", repr=False)
    # What may be pressed, after `text`.
    menu: tuple[MenuItem, ...] = ()


@dataclass(frozen=True)
class Sent:
    """The provider took it. That is not delivery; a receipt may come later."""

    client_key: str
    provider_message_id: str = ""
    failed_external_ids: tuple[str, ...] = ()
    was_repeat: bool = False
    # Segments as the provider bills them; None where it does not say.
    billed_units: int | None = None
    # Attachments that did not go along: they were not ready, or no longer allowed.
    left_out_count: int = 0


class SendFailed(Exception):  # noqa: N818 - raised by adapters, handed back as a result
    """It was not sent. `permanent` means that trying again can only fail again."""

    def __init__(
        self,
        reason_code: str,
        *,
        permanent: bool,
        retry_at: datetime | None = None,
        client_key: str = "",
        sentence: str = "",
    ) -> None:
        super().__init__(reason_code)
        self.reason_code = reason_code
        self.permanent = permanent
        self.retry_at = retry_at
        self.client_key = client_key
        self.sentence = sentence


class Adapter(Protocol):
    """What every provider folder offers. The contract test runs over all of them."""

    kind: str
    # Which rows of the error table are its own.
    platform: str
    # The carrier kinds that `send` accepts.
    carriers: frozenset[str]
    # The longest text in UTF-8 bytes; longer ones are cut between characters.
    text_bytes: int
    # Provider fields that must never reach a log line.
    redact_keys: frozenset[str]
    # What can be asked about an account, in order; see checking.py.
    checks: tuple[Check, ...]

    def answer_verification(self, account: AccountFacts, request: CallbackRequest) -> str: ...

    def open_callback(self, account: AccountFacts, request: CallbackRequest) -> Opened: ...

    def parse(self, account: AccountFacts, body: str) -> list[Inbound]: ...

    async def send(self, provider: Provider, outbound: Outbound) -> Sent: ...

    async def fetch_token(self, provider: Provider) -> Token: ...


def at_unix(value: Any) -> datetime:
    """Return the instant of a provider's timestamp, which may be an int, a string or missing."""
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def as_text(value: Any) -> str:
    """Return a provider's field as text: numbers become digits, missing and nested ones empty."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) else ""


def as_amount(value: Any) -> float | None:
    """Read a number, also one in quotes; None when it is absent, or none."""
    try:
        found = float(as_text(value)) if not isinstance(value, bool) else -1.0
    except ValueError:
        return None
    return found if 0 <= found < 2**31 else None


def as_count(value: Any) -> int | None:
    found = as_amount(value)
    return None if found is None else int(found)


def cut_bytes(text: str, limit: int) -> str:
    """Cut to at most `limit` UTF-8 bytes, never inside a character."""
    return text.encode()[: max(limit, 0)].decode(errors="ignore")


def room_beside(url: str, limit: int) -> int:
    """Return how many bytes are left for the words that stand above this address."""
    return limit - len(f"\n{url}".encode()) if url else limit


def join_link(text: str, url: str, limit: int) -> str:
    """Put the address on a line of its own, whole: where it is too much, the words end early."""
    words = cut_bytes(text, room_beside(url, limit))
    return "\n".join(part for part in (words, url) if part)


def check_menu(items: tuple[MenuItem, ...], client_key: str) -> None:
    """Refuse for good what may be pressed where it would be cut: half an answer is another one."""
    facts = load_facts()
    for one in items:
        is_id = 0 < len(one.id.encode()) <= facts["menu_item_id_bytes"]
        if not (is_id and 0 < len(one.text.encode()) <= facts["menu_item_bytes"]):
            raise SendFailed("menu_item_long", permanent=True, client_key=client_key)
