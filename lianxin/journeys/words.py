"""The words for this room's codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.journeys.rules.definition import Trigger
from lianxin.journeys.rules.parsing import Problem

Words = str | Promise

PROBLEMS: Mapping[str, Words] = {
    "missing": gettext_lazy("没有填写"),
    "unknown_field": gettext_lazy("不认识这一项"),
    "unknown_format": gettext_lazy("不认识这个格式版本"),
    "not_a_key": gettext_lazy("只能用小写字母、数字和连字符，并以字母开头"),
    "not_text": gettext_lazy("要写文字"),
    "no_chinese": gettext_lazy("至少要有中文"),
    "not_one_of": gettext_lazy("不在可选的范围里"),
    "not_a_number": gettext_lazy("要写整数"),
    "out_of_range": gettext_lazy("超出范围"),
    "not_yes_or_no": gettext_lazy("只能是 true 或 false"),
    "not_a_time": gettext_lazy("要写成 08:30 这样的时刻"),
    "too_many": gettext_lazy("太多了"),
    "not_a_list_of_fields": gettext_lazy("看不懂，应当是一组「名称: 值」"),
    "closes_before_it_opens": gettext_lazy("结束时刻要晚于开始时刻"),
    "no_such_slot": gettext_lazy("这个时段没有定义开始和结束时刻"),
    "ends_before_it_starts": gettext_lazy("最后一天早于第一天"),
    "day_twice": gettext_lazy("同一天写了两次"),
    "key_twice": gettext_lazy("两个步骤用了同一个代号"),
    "nothing_follows": gettext_lazy("等待之后没有下一步"),
    "on_the_same_card_twice": gettext_lazy("同一张卡里有两次同样的事"),
    "catches_up_one_day_only": gettext_lazy("只有一天的步骤才能补做"),
}
ENTRY: Mapping[str, Words] = {
    "already_on_it": gettext_lazy("这位患者已经在这个旅程里。"),
    "too_soon": gettext_lazy("离上一次结束还太近，按设置暂不能再次进入。"),
    "never_again": gettext_lazy("这个旅程每人只能进入一次。"),
    "no_consent": gettext_lazy("患者还没有同意保存健康记录和微信提醒。"),
    "not_verified": gettext_lazy("还没有核验身份，不能进入旅程。"),
    "stopped": gettext_lazy("这位患者的一切安排都已停止。"),
    "no_anchor": gettext_lazy("还没有出院日期。"),
    "over": gettext_lazy("按出院日期算，这个旅程已经结束。"),
    "not_live": gettext_lazy("这个旅程没有在运行的版本。"),
}
REASONS: Mapping[str, Words] = {
    "worker_late": gettext_lazy("到期时没有处理，时间窗已过"),
    "enrolment_stopped": gettext_lazy("旅程已停止"),
    "enrolment_paused": gettext_lazy("暂停期间时间窗已过"),
    "schedule_changed": gettext_lazy("安排已更新"),
    "no_consent": gettext_lazy("患者没有同意"),
    "patient_stopped": gettext_lazy("患者的一切安排已停止"),
    "content_not_published": gettext_lazy("内容没有发布"),
    "no_medicines": gettext_lazy("没有要提醒的药"),
    "skipped_by_staff": gettext_lazy("医护跳过"),
    "error": gettext_lazy("处理出错，可以重放"),
}
ENDINGS: Mapping[str, Words] = {
    "finished": gettext_lazy("按计划结束"),
    "life_event": gettext_lazy("生命事件，全部停止"),
    "consent_withdrawn": gettext_lazy("患者撤回同意"),
    "erased": gettext_lazy("资料已删除"),
    "merged": gettext_lazy("患者已合并"),
    "left_group": gettext_lazy("离开了客户群"),
    "by_staff": gettext_lazy("医护停止"),
    "restarted": gettext_lazy("转到新的安排"),
}
STATES: Mapping[str, tuple[Words, str]] = {
    "active": (gettext_lazy("进行中"), "ok"),
    "paused": (gettext_lazy("已暂停"), "warn"),
    "stopped": (gettext_lazy("已停止"), ""),
    "finished": (gettext_lazy("已结束"), ""),
}
VERSION_STATES: Mapping[str, tuple[Words, str]] = {
    "draft": (gettext_lazy("草稿"), "warn"),
    "approved": (gettext_lazy("已批准"), "accent"),
    "live": (gettext_lazy("运行中"), "ok"),
    "retired": (gettext_lazy("已停用"), ""),
}
STEP_STATES: Mapping[str, Words] = {
    "due": gettext_lazy("待到期"),
    "held": gettext_lazy("暂停中"),
    "done": gettext_lazy("已办"),
    "missed": gettext_lazy("错过"),
    "skipped": gettext_lazy("跳过"),
    "cancelled": gettext_lazy("取消"),
    "failed": gettext_lazy("出错"),
}
KINDS: Mapping[str, tuple[Words, str]] = {
    "content": (gettext_lazy("内容"), "article"),
    "card": (gettext_lazy("消息卡片"), "sunrise"),
    "task": (gettext_lazy("医护任务"), "phone"),
    "wait": (gettext_lazy("等待"), "hourglass"),
}
ITEMS: Mapping[str, Words] = {
    "measure_bp": gettext_lazy("量血压"),
    "pills": gettext_lazy("服药打卡"),
    "ask_nurse": gettext_lazy("想请护士看看"),
    "follow_up_call": gettext_lazy("电话随访"),
    "human_follow_up": gettext_lazy("人工问候"),
}
TRIGGERS: Mapping[str, Words] = {
    "live_code": gettext_lazy("扫渠道活码"),
    "group": gettext_lazy("进入客户群"),
    "event": gettext_lazy("发生某件事"),
    "date": gettext_lazy("出院日期"),
    "manual": gettext_lazy("医护手动"),
}
PURPOSES: Mapping[str, Words] = {
    "health_records": gettext_lazy("保存健康记录"),
    "reminders": gettext_lazy("微信提醒"),
}
OTHER_KEY: Words = gettext_lazy("代号（key）不能改；另一个旅程请另建。")


def trigger_sentence(trigger: Trigger, group_names: Mapping[str, str]) -> str:
    """Say what starts the journey; a group by its name, one that is not there as such."""
    word = str(TRIGGERS[trigger.kind])
    if trigger.kind != "group":
        return word
    if trigger.group and trigger.group not in group_names:
        return _("进入客户群（代号 %(key)s 的群不在了，不会触发）") % {"key": trigger.group}
    group = group_names.get(trigger.group) or _("任何群")
    if trigger.ends_on_leaving:
        return _("进入客户群（%(group)s），离开就结束") % {"group": group}
    return _("进入客户群（%(group)s）") % {"group": group}


def problem_sentence(problem: Problem) -> str:
    """Name the step, the field and what is wrong with it."""
    where = _("步骤 %(step)s") % {"step": problem.step} if problem.step else _("旅程")
    return _("%(where)s 的 %(field)s：%(what)s。") % {
        "where": where,
        "field": problem.field or "—",
        "what": PROBLEMS[problem.code],
    }


def problem_sentences(problems: Iterable[Problem]) -> str:
    return "\n".join(problem_sentence(problem) for problem in problems)


MOMENT_REFUSALS: dict[str, Promise] = {
    "not_a_draft": gettext_lazy("这条朋友圈不是草稿。"),
    "own_work": gettext_lazy("不能批准自己写的朋友圈，请另一位批准。"),
    "words_blocked": gettext_lazy("文字里有不能发给患者的词，请先改好。"),
    "content_not_published": gettext_lazy("链接的内容现在没有发布，请换一篇。"),
}
# The state of a moment in words, with its tone: of the draft first, then of what WeCom has.
MOMENT_STATES: dict[str, tuple[Promise, str]] = {
    "draft": (gettext_lazy("待批准"), "accent"),
    "withdrawn": (gettext_lazy("已撤下"), "line"),
    "waiting": (gettext_lazy("等待创建"), "accent"),
    "claimed": (gettext_lazy("正在创建"), "accent"),
    "making": (gettext_lazy("正在创建"), "accent"),
    "open": (gettext_lazy("待员工发表"), "accent"),
    "stopping": (gettext_lazy("正在取消"), "line"),
    "done": (gettext_lazy("都已发表"), "ok"),
    "over": (gettext_lazy("到期，有人没发表"), "warn"),
    "cancelled": (gettext_lazy("已取消"), "line"),
    "failed": (gettext_lazy("没建成"), "warn"),
}
