"""What a reason code means, said to staff: what happened, and what to do."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "account_inactive": _("这个渠道账号已停用。"),
    "app_disabled": _("应用已被停用，请管理员在平台后台启用。"),
    "banned": _("平台判定为异常发送并已限制，请管理员处理。"),
    "callback_not_seen": _("平台还没有用现在的 Token 连上来过。"),
    "carrier_unsupported": _("这个渠道发不了这种消息。"),
    "clock_wrong": _("服务器时间不准，平台拒绝了请求。"),
    "code_used": _("授权码已用过或已过期，请重新打开链接。"),
    "contact_way_refused": _("平台不接受这个活码的设置，会先核对再试。"),
    "cursor_invalid": _("同步位置失效，会从头再取一次。"),
    "ip_not_trusted": _("服务器地址不在平台的可信名单里，请管理员添加。"),
    "ip_first": _("服务器地址先要被平台接受，才能问这一项。"),
    "kf_not_listed": _("应用看不到这个客服账号。"),
    "kf_not_managed": _("应用看得到这个客服账号，但不能管理它。"),
    "kf_session_ended": _("这次客服会话已结束，要等患者再来消息。"),
    "kf_session_taken": _("会话已由同事在客户端接管，这里只能看。"),
    "media_expired": _("图片或文件已过期，需要重新上传。"),
    "member_inactive": _("这位员工在平台上未激活或已暂停接待。"),
    "member_logged_out": _("这位员工需要重新登录平台客户端。"),
    "member_unlicensed": _("这位员工没有接口许可。"),
    "no_members": _("没有一位员工开通了客户联系，谁也加不了患者。"),
    "no_servicers": _("这个客服账号没有接待人员，患者的消息没有人接。"),
    "no_wecom": _("没有可用的企业微信账号，通知发不出去。"),
    "no_tick_left": _("患者没有勾选这种提醒，或勾选的次数已经用完。"),
    "not_a_contact": _("对方已不是联系人或已取消关注。"),
    "not_permitted": _("应用没有这项权限，请管理员在平台后台勾选。"),
    "origin_local": _("这是本机地址：在这台机器上能试用，手机打不开。"),
    "origin_number": _("网页地址是一串数字，不是域名，平台不允许。"),
    "origin_plain": _("网页地址不是 https，手机里打不开。"),
    "outcome_unknown": _("平台没有回音，可能已送出；为免重复没有再发。"),
    "page_missing": _("小程序的正式版里没有这个页面，请管理员发布后再试。"),
    "patient_refuses": _("患者不接收这类消息。"),
    "person_blocked": _("平台判定这个微信号有风险，不允许登录。"),
    "provider_busy": _("平台繁忙，稍后再试。"),
    "provider_garbage": _("平台的回答读不懂，稍后再试。"),
    "provider_refused": _("平台拒绝了这条消息。"),
    "provider_silent": _("平台没有回音，稍后再试。"),
    "provider_unreachable": _("连不上平台，稍后再试。"),
    "quota_full": _("平台的额度已用完。"),
    "rate_limited": _("调用太频繁，到时间自动继续。"),
    "sms_number_limit": _("这个号码短时间内收到的短信太多。"),
    "sync_token_invalid": _("同步凭证已失效，会在下一次同步时补上。"),
    "template_invalid": _("模板不可用，请管理员检查模板和内容。"),
    "template_keys": _("模板的关键词与要发的内容对不上，发出去会被平台拒绝。"),
    "template_missing": _("平台上没有这个模板。"),
    "template_not_set": _("没有填模板，所以不能发提醒；别的不受影响。"),
    "template_unapproved": _("模板还没有通过平台的审核。"),
    "template_values": _("模板的变量个数不对，验证码短信只有一个变量。"),
    "token_first": _("密钥先要被平台接受，才能问这一项。"),
    "token_refused": _("访问令牌被拒绝，正在重新获取。"),
    "unknown_recipient": _("平台不认识这个收件人。"),
    "welcome_busy": _("欢迎语正在由别的应用发送。"),
    "welcome_late": _("超过 20 秒，平台不再接受欢迎语。"),
    "window_closed": _("距患者上次来消息已超过 48 小时，平台不允许再发。"),
    "window_used_up": _("患者上次来消息后，可发的条数已用完。"),
    "wrong_account_id": _("账号编号不对，请核对。"),
    "wrong_secret": _("密钥不对，请核对。"),
}


def sentence_of(reason_code: str) -> str:
    return str(SENTENCES.get(reason_code, SENTENCES["provider_refused"]))
