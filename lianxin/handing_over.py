"""What is somebody's work in each room, and what names them and stays when they go.

A test walks every relation to a member of staff: one that is in neither list fails it. Columns
named `…_by` say who did something; they are history and stay without being listed.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lianxin.channels import actions as channel_actions
from lianxin.channels import queries as channels
from lianxin.conversations import actions as conversation_actions
from lianxin.conversations.queries import handing_over as conversations
from lianxin.core import time
from lianxin.handover.registry import Handovers, Kept, Work
from lianxin.health import actions as health_actions
from lianxin.health import queries as health
from lianxin.patients import actions as patient_actions
from lianxin.patients import queries as patients
from lianxin.staff import actions as staff_actions
from lianxin.staff import queries as staff
from lianxin.tasks import actions as task_actions
from lianxin.tasks import queries as tasks

WORKS = (
    Work(
        "alerts",
        _("未处理的告警"),
        ("health.Alert.owner",),
        health.count_alerts_of,
        lambda leaver, taker, by: health_actions.hand_over_alerts(leaver, taker, by=by),
    ),
    Work(
        "threads",
        _("负责的会话"),
        ("conversations.Thread.assignee",),
        conversations.count_threads_of,
        lambda leaver, taker, by: conversation_actions.hand_over_threads(leaver, taker, by=by),
    ),
    Work(
        "tasks",
        _("未完成的任务"),
        ("tasks.StaffTask.assignee",),
        tasks.count_tasks_of,
        lambda leaver, taker, by: task_actions.hand_over_tasks(leaver, taker, by=by),
    ),
    Work(
        "holders",
        _("对口的患者与家属"),
        ("patients.Holder.staff",),
        patients.count_holders_of,
        lambda leaver, taker, by: patient_actions.hand_over_holders(leaver, taker, by=by),
    ),
    Work(
        "codes",
        _("接待的活码"),
        ("channels.LiveCode.staff", "channels.CodeMember.staff"),
        channels.count_codes_of,
        lambda leaver, taker, by: channel_actions.hand_over_codes(leaver, taker, by=by),
    ),
    Work(
        "groups",
        _("名下的客户群"),
        ("channels.Group.owner",),
        lambda person: channels.list_groups_of(person).count(),
        lambda leaver, taker, by: channel_actions.hand_over_groups(leaver, taker, by=by),
    ),
    Work(
        "teams",
        _("团队与之后的排班"),
        ("staff.CareTeam.lead", "staff.CareTeamMember.staff", "staff.DutyShift.staff"),
        lambda person: staff.count_teams_of(person, time.now()),
        lambda leaver, taker, by: staff_actions.hand_over_teams(leaver, taker, by=by),
    ),
)

KEPT = (
    Kept(
        "the contact moves at the provider, and the taker gets a relation of their own",
        ("channels.Relation.staff", "channels.Address.staff", "channels.Transfer.to_staff"),
    ),
    Kept(
        "who wrote or said it then: history does not change",
        (
            "content.Revision.author",
            "content.Revision.reviewer",
            "conversations.Message.sender",
            "conversations.Rating.staff",
        ),
    ),
    Kept("named on the campaign's page and changed there", ("channels.Campaign.owner",)),
    Kept("a doctor's own decision, which ends by itself", ("health.ThresholdOverride.doctor",)),
    Kept(
        "only that person could confirm it; it runs out, and the gate tries the next carrier",
        ("outreach.Delivery.staff", "outreach.StaffConfirmation.staff"),
    ),
    Kept(
        "about the person, not theirs to do",
        (
            "channels.GroupMember.staff",
            "channels.GroupTransfer.to",
            "channels.MemberLeave.staff",
            "channels.StaffCall.staff",
            "channels.StaffNotice.staff",
            "handover.Handover.staff",
            "health.AlertCall.staff",
            "staff.ClientSession.staff",
            "staff.StaffPhone.staff",
            "handover.Handover.main_taker",
            "handover.HandoverLine.taker",
        ),
    ),
)

HANDOVER = Handovers(WORKS, KEPT)
