"""Subscribe templates in words: what they are for, what kind they are, whether they can go out."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels.adapters.fitting import bind_keys
from lianxin.channels.models import SubscribeTemplate
from lianxin.channels.rules.subscribe_templates import USES, find_unfillable

NAMES: dict[str, Promise] = {
    "safety": gettext_lazy("安全提醒"),
    "appointment": gettext_lazy("就诊和复诊"),
    "medication": gettext_lazy("用药"),
    "follow_up": gettext_lazy("随访"),
    "survey": gettext_lazy("问卷"),
    "education": gettext_lazy("宣教"),
}
USE_WORDS = {use: NAMES[use] for use in USES}
KIND_WORDS: dict[str, Promise] = {
    "one_time": gettext_lazy("一次性：同意一次，发一条"),
    "long_term": gettext_lazy("长期：同意一次，一直能发，直到患者关掉"),
}
VALUE_WORDS: dict[str, Promise] = {
    "matter": gettext_lazy("事由"),
    "time": gettext_lazy("时间"),
    "sender": gettext_lazy("医院"),
}


def describe_keys(template: SubscribeTemplate) -> list[tuple[str, str]]:
    """Return each key with what is put there; empty where we have nothing to put."""
    bound = bind_keys(template.keys)
    return [(key, str(VALUE_WORDS[bound[key]]) if key in bound else "") for key in template.keys]


def fault_of(template: SubscribeTemplate) -> str:
    """Say why nothing can go out by it, and what to do; empty when it can."""
    if not template.is_listed:
        return _("平台上已经没有这个模板。要用就在平台后台重新选用。")
    lacking = find_unfillable(template.keys)
    if lacking or not template.keys:
        return _(
            "%(keys)s 填不上，平台会拒收。请在平台后台换一个只有 thing、time、date 的模板。"
        ) % {"keys": _("、").join(lacking) or _("关键词")}
    return ""
