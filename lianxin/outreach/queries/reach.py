"""What may reach whom now, in words: for headers, the inbox and before anybody writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lianxin.channels import reasons as provider_reasons
from lianxin.channels.models import Account
from lianxin.channels.queries.endings import Ending, endings_of
from lianxin.core import time
from lianxin.core.models import Hospital
from lianxin.outreach import catalog
from lianxin.outreach.queries.house import house_of, load_house
from lianxin.outreach.queries.inputs import GateInputs, load_inputs, load_known
from lianxin.outreach.rules import facts, gate, reach
from lianxin.outreach.rules.facts import Message, Reason, Verdict
from lianxin.patients.models import Holding, Patient
from lianxin.web.templatetags.web import window_duration

CARRIER_WORDS: dict[str, Promise] = {
    facts.KF_TEXT: _("微信客服"),
    facts.OA_TEXT: _("公众号消息"),
    facts.OA_SUBSCRIBE: _("公众号订阅通知"),
    facts.OA_TEMPLATE: _("公众号模板提醒"),
    facts.MINI_TEXT: _("小程序客服"),
    facts.MINI_SUBSCRIBE: _("小程序订阅消息"),
    facts.WECOM_TASK: _("企业微信"),
    facts.WELCOME_CODE: _("欢迎语"),
    facts.WEBCHAT: _("网页"),
    facts.SMS: _("短信"),
}


# How a patient comes to an account of each kind.
HOW_TO_JOIN: dict[str, Promise] = {
    Account.Kind.WECOM: _("企业微信（扫医护的活码添加）"),
    Account.Kind.WECOM_KF: _("微信客服（打开客服链接或扫客服码）"),
    Account.Kind.OFFICIAL_ACCOUNT: _("公众号（扫码关注）"),
    Account.Kind.MINI_PROGRAM: _("小程序（打开一次）"),
    Account.Kind.WEBCHAT: _("网页（打开网页聊天的链接）"),
}
# By whose hand a contact in WeCom came to its end.
ENDED_BY: dict[str, Promise] = {
    "by_patient": _("%(day)s 患者删除了%(staff)s"),
    "by_staff": _("%(day)s %(staff)s删除了患者"),
    "transferred": _("%(day)s 由%(staff)s转给了同事"),
    "unlisted": _("%(day)s 核对时已不在%(staff)s的联系人里"),
}
# Without a reason it is the account that was left. The platform tells no more than this.
LEFT_ACCOUNT: dict[str, Promise] = {
    Account.Kind.OFFICIAL_ACCOUNT: _("%(day)s 起不再关注"),
}
# The reason of which the end of the contact says more.
ENDED = "address_removed"

# What a person's yes pays for.
TICKED = (facts.MINI_SUBSCRIBE, facts.OA_SUBSCRIBE)


@dataclass(frozen=True)
class Said:
    """A reason in the words of the interface: short word, sentence, what can be done."""

    code: str
    word: str
    sentence: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReachLine:
    """One carrier as a page shows it."""

    carrier: str
    label: str
    state: str
    account_id: int
    address_id: int
    until: datetime | None
    left: int | None
    limit: int | None
    note: str
    reason: Said | None = None
    # The whole line in words: what is still possible, or why not.
    standing: str = ""
    # How the contact ended, with its day, the latest first.
    endings: tuple[str, ...] = ()

    @property
    def next_step(self) -> str:
        """Say what can be done instead, where the carrier is closed."""
        return self.reason.alternatives[0] if self.reason and self.reason.alternatives else ""

    @property
    def is_usable(self) -> bool:
        return self.state not in (reach.CLOSED, reach.UNJOINED)


def carrier_word(carrier: str) -> str:
    return str(CARRIER_WORDS[carrier]) if carrier in CARRIER_WORDS else ""


def describe_reason(code: str, numbers: dict[str, str | int] | None = None) -> Said:
    """Say a reason in the reader's language. A provider's own code is said by its channel."""
    text = catalog.find_reason_text(code)
    sentence = gettext(text.sentence)
    if text.code != code:
        sentence = provider_reasons.sentence_of(code)
    elif numbers:
        sentence %= numbers
    return Said(
        code,
        gettext(text.word),
        sentence,
        tuple(gettext(alternative) for alternative in text.alternatives),
    )


def say(reason: Reason) -> Said:
    return describe_reason(reason.code, dict(reason.facts))


# ---- reachability -------------------------------------------------------------------------


def reach_of_patient(
    patient: Patient, consents: frozenset[str], holdings: Iterable[Holding]
) -> list[ReachLine]:
    """Return the lines of one patient of whom a page knows what she agrees to and who holds."""
    inputs = load_known(house_of(patient.hospital), patient, consents, holdings)
    return make_lines(inputs, patient.pk, None)


def reach_of_holder(
    hospital_id: int, holder_id: int, patient_id: int | None = None
) -> list[ReachLine]:
    """Return the lines of one phone, for a thread."""
    inputs = load_inputs(load_house(hospital_id), [patient_id] if patient_id else [], [holder_id])
    return make_lines(inputs, patient_id, holder_id)


def make_lines(
    inputs: GateInputs, patient_id: int | None, holder_id: int | None
) -> list[ReachLine]:
    house = inputs.house
    person, addresses = inputs.person(patient_id), inputs.addresses(patient_id, holder_id)
    lines = reach.list_reach(person, addresses, house.settings, house.now)
    ended = {line.address_id for line in lines if line.reason and line.reason.code == ENDED}
    endings = endings_of(house.hospital_id, ended)
    made = [make_line(line, end_words(house.hospital, endings, line)) for line in lines]
    used = (account.kind for account in inputs.accounts.values() if account.is_active)
    unjoined = reach.list_unjoined(person, addresses, used)
    return [*made, make_unjoined_line(unjoined)] if unjoined else made


def make_unjoined_line(kinds: list[str]) -> ReachLine:
    """Say in one line which carriers lead nowhere yet, and how the patient comes to each."""
    return ReachLine(
        carrier="",
        label=gettext("未连接"),
        state=reach.UNJOINED,
        account_id=0,
        address_id=0,
        until=None,
        left=None,
        limit=None,
        note="",
        standing=gettext("、").join(str(HOW_TO_JOIN[kind]) for kind in kinds),
    )


def end_words(
    hospital: Hospital, endings: dict[int, list[Ending]], line: reach.Reach
) -> tuple[str, ...]:
    if line.reason is None or line.reason.code != ENDED:
        return ()
    return tuple(end_sentence(hospital, one) for one in endings.get(line.address_id, ()))


def end_sentence(hospital: Hospital, ending: Ending) -> str:
    """Say on which day of the hospital's calendar a contact ended, and by whose hand."""
    if ending.account_kind == Account.Kind.WECOM:
        sentence = str(ENDED_BY.get(ending.by, gettext("%(day)s 与%(staff)s的联系已结束")))
    else:
        sentence = str(LEFT_ACCOUNT.get(ending.account_kind, gettext("%(day)s 起不再联系得上")))
    day = time.local(hospital, ending.at).date()
    return sentence % {"day": day, "staff": ending.staff_name or gettext("一位同事")}


def make_line(line: reach.Reach, endings: tuple[str, ...] = ()) -> ReachLine:
    return ReachLine(
        carrier=line.carrier,
        label=carrier_word(line.carrier),
        state=line.state,
        account_id=line.account_id,
        address_id=line.address_id,
        until=line.until,
        # The note of a subscribe message says it already.
        left=None if line.carrier in TICKED else line.left,
        limit=line.limit,
        note=make_note(line),
        reason=say(line.reason) if line.reason else None,
        standing=make_standing(line),
        endings=endings,
    )


def make_standing(line: reach.Reach) -> str:
    """Say how far staff can count on a carrier: how long still, how often still, or why not."""
    if line.reason is not None or line.carrier in (*TICKED, facts.OA_TEMPLATE):
        return make_note(line)
    if line.state == reach.STAFF:
        return make_staff_standing(line)
    if line.until is None or line.left is None:
        return make_note(line)
    numbers = {"time": window_duration(line.until - time.now()), "left": line.left}
    return gettext("还可主动回复 %(time)s，余 %(left)d 条") % numbers


def make_staff_standing(line: reach.Reach) -> str:
    if line.quota_left is None:
        return make_note(line)
    said = {
        "day": gettext("须人工确认，今天余 %(left)d 条"),
        "week": gettext("须人工确认，本周余 %(left)d 条"),
    }.get(line.quota_every, gettext("须人工确认，本月余 %(left)d 条"))
    return said % {"left": line.quota_left}


def limit_words(every: str, limit: int) -> str:
    """Say how many each customer may receive in one period."""
    said = {
        "day": gettext("每位客户一天最多 %(limit)d 条"),
        "week": gettext("每位客户一周最多 %(limit)d 条"),
    }.get(every, gettext("每位客户这个月最多 %(limit)d 条"))
    return said % {"limit": limit}


def make_note(line: reach.Reach) -> str:
    """Say in a few words what staff can count on; WeCom always says that a person confirms."""
    if line.carrier == facts.OA_SUBSCRIBE:
        return make_notice_note(line)
    if line.reason is not None:
        return say(line.reason).word
    if line.state == reach.STAFF:
        return gettext("须人工确认")
    if line.carrier == facts.MINI_SUBSCRIBE:
        return gettext("还可发 %(count)d 条") % {"count": line.left}
    if line.state == reach.AUTOMATIC:
        return gettext("只能发模板") if line.carrier == facts.OA_TEMPLATE else gettext("自动发出")
    return gettext("可以回复")


def make_notice_note(line: reach.Reach) -> str:
    """Say how often the person may still be told, by the platform's name of the notice."""
    if line.reason is not None:
        word = say(line.reason).word
        return gettext("“%(title)s”：%(word)s") % {"title": line.title, "word": word}
    if line.left is None:
        return gettext("“%(title)s”已长期订阅") % {"title": line.title}
    numbers = {"title": line.title, "count": line.left}
    return gettext("“%(title)s”还可发 %(count)d 条") % numbers


# ---- asking the gate beforehand -----------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What the gate would say now: the carrier that would take it, or the reasons."""

    verdict: Verdict
    reasons: tuple[Said, ...]

    @property
    def is_allowed(self) -> bool:
        return self.verdict.is_allowed

    @property
    def carrier(self) -> str:
        return self.verdict.attempts[0].carrier if self.verdict.attempts else ""

    @property
    def carrier_label(self) -> str:
        return carrier_word(self.carrier)


def check_message(
    hospital_id: int, message: Message, *, patient_id: int | None, holder_id: int | None = None
) -> Preview:
    """Ask the gate without sending: for the inbox, a dry run or a forecast."""
    inputs = load_inputs(
        load_house(hospital_id),
        [patient_id] if patient_id else [],
        [holder_id] if holder_id else [],
    )
    verdict = gate.decide(
        message,
        inputs.person(patient_id),
        inputs.addresses(patient_id, holder_id),
        inputs.house.settings,
        inputs.house.moment,
    )
    said = [say(refusal.reason) for refusal in verdict.refusals if refusal.is_before_choice]
    unique = {one.code: one for one in said}
    return Preview(verdict, tuple(replace(one) for one in unique.values()))
