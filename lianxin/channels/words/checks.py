"""Live checks in words: what was asked, what came of it, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels import reasons
from lianxin.channels.adapters.checking import OK, UNKNOWN, Finding

Words = str | Promise

LABELS: dict[str, Words] = {
    "token": gettext_lazy("编号和密钥"),
    "secret": gettext_lazy("编号和密钥"),
    "ip": gettext_lazy("可信 IP"),
    "contacts": gettext_lazy("客户联系权限"),
    "members": gettext_lazy("看得见的员工"),
    "kf_account": gettext_lazy("客服账号"),
    "servicers": gettext_lazy("接待人员"),
    "followers": gettext_lazy("用户管理权限"),
    "template": gettext_lazy("提醒模板"),
    "callback": gettext_lazy("回调"),
    "origin": gettext_lazy("网页地址"),
    "archive_members": gettext_lazy("存档名单"),
    "archive_library": gettext_lazy("平台的存档程序库"),
    "archive_key": gettext_lazy("存档密钥"),
}
GOOD: dict[str, Words] = {
    "token": gettext_lazy("平台认得这个账号。"),
    "secret": gettext_lazy("平台认得这个账号。"),
    "ip": gettext_lazy("平台接受这台服务器的请求。"),
    "contacts": gettext_lazy("应用可以调用客户联系。"),
    "members": gettext_lazy("有 %(count)s 位员工开通了客户联系。"),
    "kf_account": gettext_lazy("应用可以管理“%(name)s”。"),
    "servicers": gettext_lazy("有 %(count)s 位接待人员。"),
    "followers": gettext_lazy("可以读取关注者，现在有 %(count)s 位。"),
    "template": gettext_lazy("模板“%(title)s”与发出的内容一致。"),
    "callback": gettext_lazy("平台已经用现在的 Token 连上来过。"),
    "origin": gettext_lazy("手机可以打开 https://%(host)s。"),
    "archive_members": gettext_lazy("名单读得到：平台正在存档 %(count)s 位员工的会话。"),
    "archive_library": gettext_lazy("程序库已经装在这台服务器上，能打开。"),
    "archive_key": gettext_lazy("有 %(count)s 个版本的密钥，最新的是第 %(name)s 版。"),
}
# What to do, by reason. A reason without a line needs nothing but another try.
NEXT_STEPS: dict[str, Words] = {
    "wrong_secret": gettext_lazy(
        "到平台后台重新复制 Secret，在这里“修改”里替换。请不要反复试错，错得多了平台会封一小时。"
    ),
    "wrong_account_id": gettext_lazy("到平台后台核对编号，在这里“修改”里改正。"),
    "not_permitted": gettext_lazy("请平台管理员给应用勾选这项权限，保存后回来再检查。"),
    "app_disabled": gettext_lazy("请平台管理员启用这个应用。"),
    "clock_wrong": gettext_lazy("请校准服务器时间（打开时间同步）。"),
    "rate_limited": gettext_lazy("一小时后再检查。"),
    "no_members": gettext_lazy("在“客户联系 → 权限配置”里加上员工，并确认他们在应用的可见范围内。"),
    "kf_not_listed": gettext_lazy(
        "核对客服账号 ID；在“微信客服 → 可调用接口的应用”里勾选这个账号。"
    ),
    "kf_not_managed": gettext_lazy("在“微信客服 → 可调用接口的应用”里把这个账号交给本应用管理。"),
    "no_servicers": gettext_lazy("在“微信客服”里给这个账号加上接待人员。"),
    "template_missing": gettext_lazy("核对模板 ID；在平台后台的“我的模板”里添加它。"),
    "template_keys": gettext_lazy(
        "换一个关键词正好是 thing1、time2、thing3 的模板，再填它的模板 ID。"
    ),
    "template_unapproved": gettext_lazy("等平台审核通过后再检查。"),
    "template_values": gettext_lazy("换一个只有一个变量 {1} 的验证码模板。"),
    "template_not_set": gettext_lazy("要发提醒时，在“修改”里填模板 ID。"),
    "callback_not_seen": gettext_lazy(
        "把下面的地址、Token 和 EncodingAESKey 填到平台后台并保存，平台会立刻来验证。"
    ),
    "token_first": gettext_lazy("先处理“编号和密钥”。"),
    "ip_first": gettext_lazy("先处理“可信 IP”。"),
    "origin_local": gettext_lazy("给患者用之前，把 LIANXIN_BASE_URL 设成 https 开头的地址。"),
    "origin_plain": gettext_lazy("请部署的人把 LIANXIN_BASE_URL 设成 https 开头的地址。"),
    "archive_nobody": gettext_lazy(
        "在企业微信后台“管理工具 → 会话内容存档”里加上要存档的员工，再检查。"
    ),
    "archive_library_missing": gettext_lazy(
        "请部署的人从企业微信开发者网站下载会话内容存档的程序库（WeWorkFinanceSdk），"
        "把文件的路径写到 LIANXIN_ARCHIVE_LIBRARY，重启后再检查。"
    ),
    "archive_source_refused": gettext_lazy(
        "核对存档的 Secret；把这台服务器的出口地址加到会话内容存档的可信 IP 里，再检查。"
    ),
    "archive_no_key": gettext_lazy("在下面生成一对密钥，把公钥填到企业微信后台。"),
    "origin_number": gettext_lazy("请给服务器一个域名，平台的网页授权只认域名。"),
}
STATE_WORDS: dict[str, Words] = {
    "ok": gettext_lazy("通过"),
    "failing": gettext_lazy("不通"),
    "unknown": gettext_lazy("还不知道"),
}
TONES = {"ok": "ok", "failing": "danger", "unknown": "line"}


@dataclass(frozen=True)
class CheckRow:
    """One check as the page and the doctor show it."""

    code: str
    state: str
    label: str
    word: str
    tone: str
    sentence: str
    next_step: str


def check_rows(findings: Sequence[Finding]) -> list[CheckRow]:
    return [check_row(finding) for finding in findings]


def check_row(finding: Finding) -> CheckRow:
    return CheckRow(
        code=finding.code,
        state=finding.state,
        label=str(LABELS.get(finding.code, finding.code)),
        word=str(STATE_WORDS[finding.state]),
        tone=TONES[finding.state],
        sentence=sentence_of(finding),
        next_step="" if finding.state == OK else next_step_of(finding),
    )


def sentence_of(finding: Finding) -> str:
    if finding.state == OK:
        return filled(GOOD.get(finding.code, ""), finding.facts)
    sentence = reasons.sentence_of(finding.reason)
    code = str(finding.facts.get("code", ""))
    return sentence + (_("（平台代码 %(code)s）") % {"code": code} if code else "")


def next_step_of(finding: Finding) -> str:
    """Say what to do; an address the provider named is the one to put on its list."""
    if finding.reason == "ip_not_trusted":
        ip = str(finding.facts.get("ip", ""))
        if ip:
            return _("在平台后台的可信 IP（IP 白名单）里加上 %(ip)s，一分钟后再检查。") % {"ip": ip}
        return _("在平台后台的可信 IP（IP 白名单）里加上这台服务器的出口地址，一分钟后再检查。")
    if finding.reason == "template_keys":
        lacking = _("、").join(str(one) for one in finding.facts.get("missing") or [])
        if lacking:
            return _("模板里缺 %(keys)s。") % {"keys": lacking} + str(NEXT_STEPS["template_keys"])
    fallback = "" if finding.state == UNKNOWN else _("过一会儿再检查；还不行就看日志里的代码。")
    return str(NEXT_STEPS.get(finding.reason, fallback))


def filled(words: Words, facts: Any) -> str:
    """Fill in the facts; a fact that is missing from an old row leaves a dash."""
    known = {"count": "—", "name": "—", "title": "—", "host": "—"}
    return str(words) % (known | dict(facts))
