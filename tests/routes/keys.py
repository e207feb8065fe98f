"""What stands in the addresses: for each route with keys, something of the asked hospital."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from lianxin.channels.actions import (
    CampaignContent,
    JoinCodeContent,
    allow_tag,
    create_campaign,
    create_group_welcome,
    create_join_code,
    create_live_code,
    enter_price,
    note_service_accounts,
    note_servicers,
    want_link,
)
from lianxin.channels.adapters.wecom_kf.accounts import ListedAccount
from lianxin.channels.adapters.wecom_kf.service import ListedServicer
from lianxin.channels.models import Account, JoinCode, LiveCode, ServiceAccount, Servicer
from lianxin.content.articles import publish_article
from lianxin.content.models import Revision
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.handover.actions import open_handover
from lianxin.handover.models import HandoverLine
from lianxin.health.models import Alert, ClinicalRow
from lianxin.journeys.models import DueStep, Enrolment
from lianxin.patients import actions as patients
from lianxin.patients.models import Holder, Holding, Patient
from lianxin.staff.models import Staff
from lianxin.testing.channels import (
    PNG,
    make_account,
    make_address,
    make_archive,
    make_file,
    make_group,
)
from lianxin.testing.content import make_draft, make_published
from lianxin.testing.conversations import make_script, make_thread
from lianxin.testing.core import number
from lianxin.testing.health import make_medicine
from lianxin.testing.journeys import make_enrolment, make_journey, make_moment_draft
from lianxin.testing.outreach import make_confirmation
from lianxin.testing.patients import make_patient
from lianxin.testing.staff import make_staff
from lianxin.testing.subscriptions import make_subscribe_template
from lianxin.testing.tasks import make_task
from tests.routes.table import Kwargs, Route


@dataclass(frozen=True)
class Place:
    """One hospital as one patient with a phone meets it."""

    hospital: Hospital
    patient: Patient
    holder: Holder

    @property
    def system(self) -> SystemActor:
        return SystemActor(self.hospital.pk)


def find_tagged(place: Place) -> Kwargs:
    with scope(place.hospital):
        given = patients.tag_patient(
            place.patient, f"标签 {next(number)}", by=place.system, reason="manual"
        )
        return {"key": place.patient.key, "tag_key": given.tag.key}


def find_merge(place: Place) -> Kwargs:
    folded = make_patient(place.hospital)
    with scope(place.hospital):
        return {"key": patients.merge_patients(place.patient, folded, by=place.system).key}


def find_likeness(place: Place) -> Kwargs:
    other = make_patient(place.hospital)
    with scope(place.hospital):
        return {"key": patients.compare_by_hand(place.patient, other, by=place.system).key}


def find_holding(place: Place) -> Kwargs:
    with scope(place.hospital):
        return {"key": Holding.objects.get(holder=place.holder, patient=place.patient).key}


def find_alert(place: Place) -> Kwargs:
    """Return the red alert that the reading at the making of the place has raised."""
    with scope(place.hospital):
        return {"key": Alert.objects.get(patient=place.patient, level=Alert.Level.RED).key}


def find_medicine(place: Place) -> Kwargs:
    return {"key": place.patient.key, "medicine_key": make_medicine(place.patient).key}


def find_row(place: Place) -> Kwargs:
    """Make a clinical row that only this hospital has."""
    code = f"text-{next(number)}"
    with scope(place.hospital):
        ClinicalRow.objects.create(
            hospital=place.hospital, kind="text", code=code, version=1, body={}, mark="proposal"
        )
    return {"kind": "text", "code": code, "version": 1}


def find_draft(place: Place) -> Kwargs:
    revision: Revision = make_draft(place.hospital)
    return {"key": revision.item.key, "number": revision.number}


def find_article(place: Place) -> Kwargs:
    item = make_published(place.hospital)
    account = make_account(place.hospital, Account.Kind.OFFICIAL_ACCOUNT)
    with scope(place.hospital):
        by = make_staff(place.hospital, role=Staff.Role.REVIEWER)
        row = publish_article(item, account, by=by)
    return {"key": item.key, "publication_id": row.pk}


def find_journey(place: Place) -> Kwargs:
    return {"key": make_journey(place.hospital).key, "number": 1}


def find_enrolment(place: Place) -> Kwargs:
    today = time.today(place.hospital)
    enrolment: Enrolment = make_enrolment(make_journey(place.hospital), discharged_on=today)
    with scope(place.hospital):
        step = DueStep.objects.filter(enrolment=enrolment).order_by("pk")[0]
    return {"key": enrolment.key, "step_id": step.pk}


def find_confirmation(place: Place) -> Kwargs:
    return {"key": make_confirmation(place.hospital).key}


def find_code(place: Place) -> Kwargs:
    account = make_account(place.hospital)
    staff = make_staff(place.hospital)
    with scope(place.hospital):
        code: LiveCode = create_live_code(account, "门诊", staff=staff, by=place.system)
    return {"key": code.key}


def find_stored_file(place: Place) -> Kwargs:
    # The same bytes would have the same key in both hospitals.
    return {"sha256": make_file(place.hospital, PNG + place.hospital.key.encode()).sha256}


def find_linked(place: Place) -> Kwargs:
    kwargs = find_code(place)
    with scope(place.hospital):
        want_link(LiveCode.objects.get(key=kwargs["key"]), by=place.system)
    return kwargs


def find_printed_code(place: Place) -> Kwargs:
    kwargs = find_code(place)
    with scope(place.hospital):
        LiveCode.objects.filter(key=kwargs["key"]).update(qr_content="https://example.invalid/1")
    return {**kwargs, "piece": "code.svg"}


def find_archive_key(place: Place) -> Kwargs:
    account = make_account(place.hospital)
    make_archive(account)
    return {"key": account.key, "version": 1}


def find_group(place: Place) -> Kwargs:
    account = make_account(place.hospital)
    return {"key": make_group(account).key}


def find_join_code(place: Place) -> Kwargs:
    group = make_group(make_account(place.hospital))
    content = JoinCodeContent("门诊群", (group,), base_name="门诊")
    with scope(place.hospital):
        return {"key": create_join_code(group.account, content, by=place.system).key}


def find_printed_join_code(place: Place) -> Kwargs:
    kwargs = find_join_code(place)
    with scope(place.hospital):
        JoinCode.objects.filter(key=kwargs["key"]).update(qr_content="https://example.invalid/1")
    return {**kwargs, "piece": "code.svg"}


def find_group_welcome(place: Place) -> Kwargs:
    account = make_account(place.hospital)
    with scope(place.hospital):
        return {"key": create_group_welcome(account, "欢迎入群", by=place.system).key}


def find_tag(place: Place) -> Kwargs:
    account = make_account(place.hospital)
    with scope(place.hospital):
        tag = allow_tag(account, code="出院", name="出院", group_name="连心", by=place.system)
    return {"key": tag.key}


def find_billed(place: Place) -> Kwargs:
    return {"key": make_account(place.hospital, "sms").key}


def find_campaign(place: Place) -> Kwargs:
    account = make_account(place.hospital)
    staff = make_staff(place.hospital, role="operator")
    with scope(place.hospital):
        code = create_live_code(account, "门诊", staff=staff, by=place.system)
        today = time.today(place.hospital)
        content = CampaignContent(code, "douyin", "讲座", None, today, None)
        campaign = create_campaign(content, by=staff)
    return {"key": campaign.key}


def find_price(place: Place) -> Kwargs:
    account = make_account(place.hospital, "sms")
    with scope(place.hospital):
        price = enter_price(
            account,
            unit_fen=Decimal(5),
            valid_from=time.today(place.hospital),
            source="合同",
            by=make_staff(place.hospital, role="operator"),
        )
    return {"key": price.key}


def find_handover(place: Place) -> Kwargs:
    leaver = make_staff(place.hospital)
    address = make_address(make_account(place.hospital), staff_userid=leaver.wecom_userid)
    with scope(place.hospital):
        made = open_handover(leaver, "on_job", by=place.system)
        line = HandoverLine.objects.get(handover=made, relation__address=address)
    return {"key": made.key, "line_id": line.pk}


# The beginning of an address -> what may stand in it. The longest beginning counts.
def find_official(place: Place) -> Kwargs:
    return {"key": make_account(place.hospital, Account.Kind.OFFICIAL_ACCOUNT).key}


def find_servicer(place: Place) -> Kwargs:
    account = make_account(place.hospital, Account.Kind.WECOM_KF)
    with scope(place.hospital):
        note_servicers(place.hospital.pk, account.pk, [ListedServicer("DrLi", is_paused=False)])
        return {"key": account.key, "servicer_key": Servicer.objects.get(account=account).key}


def find_service_account(place: Place) -> Kwargs:
    account = make_account(place.hospital, Account.Kind.WECOM_KF)
    with scope(place.hospital):
        listed = [ListedAccount(f"wk{next(number)}", "门诊咨询")]
        note_service_accounts(place.hospital.pk, account.pk, listed, time.now())
        row = ServiceAccount.objects.get(account=account)
        return {"key": account.key, "service_key": row.key}


def find_subscribe_template(place: Place) -> Kwargs:
    account = make_account(place.hospital, Account.Kind.OFFICIAL_ACCOUNT)
    return {"key": account.key, "template_key": make_subscribe_template(account).key}


KEYS: dict[str, Callable[[Place], Kwargs]] = {
    "patients/<slug:key>/": find_tagged,
    "merges/<slug:key>/": find_merge,
    "likenesses/<slug:key>/": find_likeness,
    "holdings/<slug:key>/": find_holding,
    "settings/channels/<slug:key>/": lambda place: {"key": make_account(place.hospital).key},
    "settings/channels/<slug:key>/servicers/": find_servicer,
    "settings/channels/<slug:key>/menu/": find_official,
    "settings/channels/<slug:key>/followers/": find_official,
    "settings/channels/<slug:key>/service/": find_service_account,
    "settings/channels/<slug:key>/service-days/": lambda place: {
        "key": make_account(place.hospital, Account.Kind.WECOM_KF).key
    },
    "settings/channels/<slug:key>/notices/": find_subscribe_template,
    "settings/channels/<slug:key>/archive/keys/<int:version>/": find_archive_key,
    "settings/channels/new/<slug:kind>/": lambda _place: {"kind": "wecom"},
    "settings/channels/<slug:key>/widget/": lambda place: {
        "key": make_account(place.hospital, "webchat").key
    },
    "settings/codes/<slug:key>/": find_code,
    "settings/codes/<slug:key>/link/": find_linked,
    "settings/codes/<slug:key>/print/<str:piece>/": find_printed_code,
    "go/<slug:key>/": find_campaign,
    "settings/campaigns/<slug:key>/": find_campaign,
    "settings/costs/<slug:key>/": find_billed,
    "settings/prices/<slug:key>/": find_price,
    "settings/tags/<slug:key>/": find_tag,
    "settings/files/<slug:sha256>/": find_stored_file,
    "settings/handover/<slug:key>/": find_handover,
    "settings/groups/<slug:key>/": find_group,
    "settings/groups/codes/<slug:key>/": find_join_code,
    "settings/groups/codes/<slug:key>/print/<str:piece>/": find_printed_join_code,
    "settings/groups/welcomes/<slug:key>/": find_group_welcome,
    "content/<str:key>/": find_draft,
    "content/<str:key>/articles/<int:publication_id>/": find_article,
    "inbox/<slug:key>/": lambda place: {"key": make_thread(place.hospital).key},
    "health/alerts/<slug:key>/": find_alert,
    "health/patients/<slug:key>/": find_medicine,
    "health/rows/<slug:kind>/<str:code>/<int:version>/": find_row,
    "sends/confirmations/<slug:key>/": find_confirmation,
    "scripts/<slug:key>/": lambda place: {"key": make_script(place.hospital).key},
    "sidebar/enter/<slug:key>/": lambda place: {"key": make_account(place.hospital).key},
    "sidebar/oauth/<slug:key>/": lambda place: {"key": make_account(place.hospital).key},
    "sidebar/patients/<slug:key>/": lambda place: {"key": place.patient.key},
    "tasks/<slug:key>/": lambda place: {"key": make_task(place.hospital).key},
    "journeys/<slug:key>/": find_journey,
    "journeys/moments/<slug:key>/": lambda place: {"key": make_moment_draft(place.hospital).key},
    "journeys/enrolments/<slug:key>/": find_enrolment,
    "journeys/templates/<slug:name>/": lambda _place: {"name": "discharge-30"},
    "insight/<slug:code>/": lambda _place: {"code": "alert_response"},
    "p/enter/<slug:key>/": lambda place: {"key": make_account(place.hospital).key},
    "p/oauth/<slug:key>/": lambda place: {"key": make_account(place.hospital).key},
    "p/read/<str:item_key>/": lambda place: {"item_key": make_published(place.hospital).key},
    "p/holdings/<slug:key>/": find_holding,
    "p/consent/<slug:code>/": lambda _place: {"code": "reminders"},
    "p/pass/<slug:token>/": lambda _place: {"token": "used"},
    "api/v1/mini/<slug:key>/": lambda place: {
        "key": make_account(place.hospital, "mini_program").key
    },
    "p/chat/<slug:key>/": lambda place: {"key": make_account(place.hospital, "webchat").key},
    "p/health/urgent/<slug:key>/": find_alert,
    "p/health/again/<slug:key>/": find_alert,
    "p/health/medicines/<slug:slot>/": lambda _place: {"slot": "morning"},
}
# An empty form is refused before the action looks at who asks, or at the word in the address.
FORMS: dict[str, Callable[[Place], Kwargs]] = {
    "patients:likeness_merge": lambda place: {"keep": place.patient.key},
    "compliance:phone_answer": lambda _place: {"answer": "yes"},
    "journeys:enrolments": lambda place: {"patient": place.patient.key},
}


def find_beginning(route: Route) -> str:
    fitting = [beginning for beginning in KEYS if route.address.startswith(beginning)]
    return max(fitting, key=len, default="")
