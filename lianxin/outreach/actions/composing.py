"""Composing what goes to the provider: neutral lines, links with the delivery's key, replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from django.conf import settings

from lianxin.channels.adapters.base import MenuItem, Outbound
from lianxin.channels.models import Account
from lianxin.compliance.queries import check_wording
from lianxin.compliance.rules.guard import is_blocked
from lianxin.core.keys import Keyring
from lianxin.outreach import catalog, sealing
from lianxin.outreach.models import Delivery, Intent
from lianxin.outreach.queries.house import House
from lianxin.outreach.queries.inputs import GateInputs
from lianxin.outreach.rules import facts
from lianxin.outreach.rules.texts import push_text, with_delivery_key
from lianxin.patients.models import Holder

HOME = "/p/"
# Accounts through which a phone can prove who it is; other links lead straight to the page.
DOORS = frozenset({Account.Kind.WECOM, Account.Kind.OFFICIAL_ACCOUNT})
# The carriers that carry words of a person; the others carry the neutral line only.
TALKING = frozenset(
    {facts.KF_TEXT, facts.OA_TEXT, facts.MINI_TEXT, facts.WEBCHAT, facts.WELCOME_CODE}
)
CARRIER_KINDS = {
    facts.OA_SUBSCRIBE: "subscribe",
    facts.OA_TEMPLATE: "template",
    facts.MINI_SUBSCRIBE: "template",
    facts.SMS: "sms",
}
# What an account's template calls our words, unless its configuration says otherwise.
TEMPLATE_FIELDS = {"thing1": "matter", "time2": "time", "thing3": "sender"}
LANGUAGES = ("zh-hans", "en")


@cache
def is_lock_screen_safe(hospital_id: int, kind: str) -> bool:
    """Tell whether the line that wakes the phone for this kind names no illness and no drug."""
    if kind == facts.REPLY:
        return True
    texts = [push_text(kind, catalog.words_for("push", language)) for language in LANGUAGES]
    return not any(is_blocked(check_wording(hospital_id, text, "lock_screen")) for text in texts)


def link_for(account: Account, path: str, key: str, parameter: str = "d") -> str:
    """Return the full link to a patient page, by the account's door where it has one."""
    target = with_delivery_key(path or HOME, key, parameter)
    if account.kind not in DOORS:
        return f"{settings.BASE_URL}{target}"
    return f"{settings.BASE_URL}/p/enter/{account.key}/?to={quote(target, safe='/')}"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker holds until its lease ends, ready for the provider."""

    delivery_id: int
    account_id: int
    outbound: Outbound


class Composer:
    """Writes the outbounds of one batch; sealed words are opened with one query."""

    def __init__(self, house: House, inputs: GateInputs) -> None:
        self.house = house
        self.inputs = inputs

    def compose_all(self, deliveries: Sequence[Delivery]) -> list[Claimed]:
        sendable = [one for one in deliveries if one.state == Delivery.State.CLAIMED]
        spoken = [one.intent for one in sendable if one.intent.body_sealed]
        ring = Keyring.load(
            self.house.hospital_id,
            [sealing.subject_of(one.patient_id, one.holder_id) for one in spoken],
        )
        languages = self.load_languages(sendable)
        return [
            Claimed(one.pk, one.account_id or 0, self.compose(one, ring, languages))
            for one in sendable
        ]

    def load_languages(self, deliveries: Sequence[Delivery]) -> dict[int, str]:
        rows = Holder.objects.filter(
            hospital_id=self.house.hospital_id,
            pk__any_of={one.holder_id for one in deliveries if one.holder_id},
        ).exclude(language="")
        return dict(rows.values_list("pk", "language"))

    def compose(self, delivery: Delivery, ring: Keyring, languages: dict[int, str]) -> Outbound:
        default = self.house.hospital.default_language
        words = catalog.words_for("push", languages.get(delivery.holder_id or 0, default))
        account = self.inputs.accounts[delivery.account_id or 0]
        intent = delivery.intent
        text = push_text(intent.kind, words)
        if delivery.carrier in TALKING:
            text = self.own_words(intent, ring) or text
        url = link_for(account, intent.path, delivery.key) if needs_link(delivery, intent) else ""
        menu = self.menu_of(intent, languages.get(delivery.holder_id or 0, default))
        return Outbound(
            client_key=delivery.client_key,
            carrier_kind="menu" if menu else CARRIER_KINDS.get(delivery.carrier, "text"),
            address=self.inputs.external_ids.get(delivery.address_id or 0, ""),
            text=text,
            url=url,
            title=words["link_title"],
            template_id=delivery.template_id or str(account.config.get("template_id", "")),
            data=self.template_data(delivery, account, words),
            menu=menu,
        )

    def menu_of(self, intent: Intent, language: str) -> tuple[MenuItem, ...]:
        """Return what may be pressed; the id leads back to the intent and says the score."""
        if intent.kind != facts.RATING:
            return ()
        scores = catalog.words_for("rating", language)
        return tuple(MenuItem(f"{intent.unique_key}:{score}", scores[score]) for score in scores)

    def own_words(self, intent: Intent, ring: Keyring) -> str:
        """Return the words a person or a reviewed row wrote for this message."""
        subject = sealing.subject_of(intent.patient_id, intent.holder_id)
        sealed = bytes(intent.body_sealed)
        return sealing.open_text(ring, subject, sealed, field=sealing.BODY_FIELD)

    def template_data(
        self, delivery: Delivery, account: Account, words: catalog.Words
    ) -> dict[str, str]:
        if delivery.carrier in TALKING:
            return {}
        local = self.house.moment.local
        values = {
            "matter": words["matter"],
            "time": f"{local:%Y-%m-%d %H:%M}",
            "sender": words["sender"] % {"hospital": self.house.hospital.name},
        }
        fields: dict[str, str] = account.config.get("template_fields") or TEMPLATE_FIELDS
        if delivery.carrier == facts.OA_SUBSCRIBE:
            fields = self.inputs.notice_words.get((account.pk, delivery.template_id), {})
        return {name: values[word] for name, word in fields.items() if word in values}


def needs_link(delivery: Delivery, intent: Intent) -> bool:
    """Tell whether the message leads to a page; a plain answer in a chat does not."""
    return bool(intent.path) or delivery.carrier not in TALKING
