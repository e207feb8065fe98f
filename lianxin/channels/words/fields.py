"""The fields of accounts in words: what they are called, where they stand, what is wrong."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianxin.channels.adapters.account_fields import AccountField, Fault

Words = str | Promise

# A field by kind and name; by name alone where all kinds mean the same.
LABELS: dict[str, Words] = {
    "corp_id": gettext_lazy("企业 ID"),
    "agent_id": gettext_lazy("应用 AgentId"),
    "open_kfid": gettext_lazy("客服账号 ID"),
    "app_id": gettext_lazy("AppID"),
    "original_id": gettext_lazy("原始 ID"),
    "secret": gettext_lazy("应用 Secret"),
    "official_account.secret": gettext_lazy("AppSecret"),
    "mini_program.secret": gettext_lazy("AppSecret"),
    "token": gettext_lazy("回调 Token"),
    "encoding_aes_key": gettext_lazy("回调 EncodingAESKey"),
    "mode": gettext_lazy("消息加密方式"),
    "mass_limit": gettext_lazy("每位客户能收多少条群发"),
    "template_id": gettext_lazy("提醒用的模板 ID"),
    "sms.template_id": gettext_lazy("验证码模板 ID"),
    "voice.template_id": gettext_lazy("告警电话的模板 ID"),
    "voice_app_id": gettext_lazy("语音应用 SdkAppId"),
    "page": gettext_lazy("小程序页面"),
    "sdk_app_id": gettext_lazy("短信应用 SdkAppId"),
    "sign_name": gettext_lazy("短信签名"),
    "secret_id": gettext_lazy("SecretId"),
    "secret_key": gettext_lazy("SecretKey"),
    "origins": gettext_lazy("可以嵌入聊天窗的网站"),
    "signing_secret": gettext_lazy("网站签名密钥"),
}
WHERE: dict[str, Words] = {
    "corp_id": gettext_lazy("企业微信管理后台 → 我的企业 → 企业信息，最下面一行，以 ww 开头。"),
    "agent_id": gettext_lazy("应用管理 → 自建应用 → 打开这个应用，最上面的一串数字。"),
    "open_kfid": gettext_lazy("以 wk 开头。微信客服 → 客服账号 → 打开这个账号，在账号详情里。"),
    "wecom.secret": gettext_lazy(
        "在同一页的 Secret 一栏。这个应用要列在“客户联系 → 可调用接口的应用”里。"
    ),
    "wecom_kf.secret": gettext_lazy(
        "自建应用的 Secret。这个应用要列在“微信客服 → 可调用接口的应用”里，并勾选这个账号。"
    ),
    "app_id": gettext_lazy("以 wx 开头。在“设置与开发 → 基本配置”里。"),
    "mini_program.app_id": gettext_lazy("以 wx 开头。在“开发管理 → 开发设置”里。"),
    "original_id": gettext_lazy("以 gh_ 开头。在“账号信息”里。"),
    "official_account.secret": gettext_lazy(
        "在 AppID 的下面。平台不再显示旧的，忘了只能重置；重置后别的系统也要换。"
    ),
    "mini_program.secret": gettext_lazy(
        "在 AppID 的下面。平台不再显示旧的，忘了只能重置；重置后别的系统也要换。"
    ),
    "token": gettext_lazy("3–32 个字母或数字。留空就由这里生成。"),
    "encoding_aes_key": gettext_lazy("43 个字母或数字。留空就由这里生成。"),
    "mass_limit": gettext_lazy(
        "与管理员在企业微信管理后台给群发设的一致。这里不会改那边的设置，只照它计数。"
    ),
    "mode": gettext_lazy("与平台后台里选的一致。建议安全模式：内容加密后才经过网络。"),
    "official_account.template_id": gettext_lazy(
        "模板消息 → 我的模板。关键词要是 thing1、time2、thing3。不发提醒就留空。"
    ),
    "mini_program.template_id": gettext_lazy(
        "订阅消息 → 我的模板。关键词要是 thing1、time2、thing3。不发提醒就留空。"
    ),
    "page": gettext_lazy("打开连心网页的那个页面，留空是 pages/home/index。"),
    "sdk_app_id": gettext_lazy("短信控制台 → 应用管理 → 应用列表。"),
    "sign_name": gettext_lazy("已审核通过的签名内容，不带【】。"),
    "sms.template_id": gettext_lazy("正文模板管理，只有一个变量 {1} 的验证码模板。"),
    "voice.template_id": gettext_lazy("语音模板，没有变量，文字见接入后的说明。"),
    "voice_app_id": gettext_lazy("语音控制台 → 应用管理 → 应用列表。"),
    "secret_id": gettext_lazy("访问管理 → API 密钥管理，以 AKID 开头。请用只能发短信的子账号。"),
    "secret_key": gettext_lazy("与 SecretId 一对，只在创建时显示。"),
    "origins": gettext_lazy(
        "一行一个，例如 https://www.hospital.example，不带后面的路径。留空就不能嵌入别的网站。"
    ),
    "signing_secret": gettext_lazy(
        "医院网站用它为已登录的患者签名，43 个字母或数字。留空就由这里生成；不用签名可以不管它。"
    ),
}
LOOKS: dict[str, Words] = {
    "corp_id": gettext_lazy("企业 ID 以 ww 开头，后面是字母和数字。"),
    "agent_id": gettext_lazy("AgentId 只有数字。"),
    "open_kfid": gettext_lazy("客服账号 ID 以 wk 开头。"),
    "app_id": gettext_lazy("AppID 以 wx 开头，后面是字母和数字。"),
    "original_id": gettext_lazy("原始 ID 以 gh_ 开头。"),
    "corp_secret": gettext_lazy("Secret 至少 8 个字符，中间没有空格。请重新复制一次。"),
    "app_secret": gettext_lazy("AppSecret 至少 8 个字符，中间没有空格。请重新复制一次。"),
    "token": gettext_lazy("Token 是 3–32 个字母或数字，没有符号。"),
    "encoding_aes_key": gettext_lazy("EncodingAESKey 正好 43 个字母或数字，没有等号。"),
    "template_id": gettext_lazy("模板 ID 只有字母、数字、_ 和 -。"),
    "page": gettext_lazy("页面写成 pages/home/index 的样子，前面没有斜杠，后面没有参数。"),
    "sdk_app_id": gettext_lazy("SdkAppId 只有数字，例如 1400006666。"),
    "secret_id": gettext_lazy("SecretId 以 AKID 开头。"),
    "secret_key": gettext_lazy("SecretKey 至少 8 个字符，中间没有空格。请重新复制一次。"),
    "sign_name": gettext_lazy("签名是 2–20 个字，不带【】和空格。"),
    "sms_template_id": gettext_lazy("短信模板 ID 只有数字。"),
    "voice_template_id": gettext_lazy("语音模板 ID 只有数字。"),
    "origins": gettext_lazy(
        "每个网站写成 https://主机名 的样子，小写，不带路径；http 只能是本机。"
    ),
    "signing_secret": gettext_lazy("签名密钥正好 43 个字母或数字。"),
}
OTHER_THINGS: dict[str, Words] = {
    "corp_id": gettext_lazy("企业微信的企业 ID"),
    "open_kfid": gettext_lazy("客服账号 ID"),
    "kf_link": gettext_lazy("客服链接"),
    "app_id": gettext_lazy("公众号或小程序的 AppID"),
    "original_id": gettext_lazy("公众号或小程序的原始 ID"),
    "app_secret": gettext_lazy("公众号或小程序的 AppSecret"),
    "corp_secret": gettext_lazy("企业微信应用的 Secret 或 EncodingAESKey"),
    "encoding_aes_key": gettext_lazy("EncodingAESKey"),
    "secret_id": gettext_lazy("腾讯云的 SecretId"),
    "sdk_app_id": gettext_lazy("短信应用的 SdkAppId"),
}
CHOICES: dict[str, Words] = {
    "days_of_month": gettext_lazy("每月，这个月有几天就最多几条（平台的默认）"),
    "7_a_week": gettext_lazy("每周最多 7 条"),
    "1_a_day": gettext_lazy("每天最多 1 条"),
    "safe": gettext_lazy("安全模式（推荐）"),
    "plain": gettext_lazy("明文模式"),
}


def label_of(kind: str, name: str) -> Words:
    return LABELS.get(f"{kind}.{name}") or LABELS[name]


def where_of(kind: str, name: str) -> Words:
    return WHERE.get(f"{kind}.{name}") or WHERE.get(name, "")


def renewal_of(kind: str) -> Words:
    """Name what is made anew on request."""
    if kind == "webchat":
        return _("重新生成网站签名密钥")
    return _("重新生成回调 Token 和 EncodingAESKey")


def fault_sentence(field: AccountField, fault: Fault) -> str:
    """Say what is wrong with a value, and what it seems to be instead."""
    looks = str(LOOKS[field.shape])
    if not fault.looks_like:
        return looks
    return _("这像是%(other)s。%(looks)s") % {
        "other": OTHER_THINGS[fault.looks_like],
        "looks": looks,
    }
