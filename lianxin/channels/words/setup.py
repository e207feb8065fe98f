"""What is set at the provider's own console, in the order it is met there."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

CALLBACK_CORP = _(
    "打开应用 → 接收消息 → 设置 API 接收，填上面的地址、Token 和 EncodingAESKey，"
    "保存时平台立刻来验证。"
)
TRUSTED_IP = _("应用 → 企业可信 IP：加上这台服务器的出口地址。先要有可信域名或回调地址才能填。")
STEPS: dict[str, tuple[Words, ...]] = {
    "wecom": (
        CALLBACK_CORP,
        TRUSTED_IP,
        _("客户联系 → 可调用接口的应用：勾选这个应用。客户联系 → 权限配置：加上会加患者的员工。"),
        _("应用 → 网页授权及 JS-SDK → 可信域名：填 %(host)s。"),
    ),
    "wecom_kf": (
        _(
            "微信客服 → 开发配置（或这个应用的接收消息）：填上面的地址、Token 和 EncodingAESKey，"
            "保存时平台立刻来验证。"
        ),
        TRUSTED_IP,
        _("微信客服 → 可调用接口的应用：勾选这个应用，并把这个客服账号交给它管理。"),
        _("微信客服 → 客服账号：加上接待人员。"),
    ),
    "official_account": (
        _(
            "设置与开发 → 基本配置 → 服务器配置：填上面的地址、Token 和 EncodingAESKey，"
            "加密方式与这里一致，然后启用。"
        ),
        _("同一页的 IP 白名单：加上这台服务器的出口地址。"),
        _("设置与开发 → 功能设置 → 网页授权域名：填 %(host)s。"),
        _("同一页的 JS 接口安全域名：也填 %(host)s，患者才能在「我的 → 提醒」里同意订阅通知。"),
    ),
    "mini_program": (
        _(
            "开发管理 → 消息推送：填上面的地址、Token 和 EncodingAESKey，"
            "加密方式与这里一致，数据格式两种都可以。"
        ),
        _("开发管理 → IP 白名单：加上这台服务器的出口地址（开启了才要）。"),
        _("开发管理 → 业务域名：加上 %(host)s，小程序里才打得开连心的网页。"),
    ),
    "webchat": (
        _("链接或二维码：不用在别处设置，直接用上面的网页地址。"),
        _("嵌入医院网站：先在“修改”里写上网站的地址，再请网站管理员把上面的嵌入代码放进网页。"),
        _("网站限制了脚本来源（CSP）时，在 script-src 和 frame-src 里加上 https://%(host)s。"),
    ),
    "sms": (
        _("短信控制台里的签名和模板要先通过审核。"),
        _("访问管理里给这个密钥只开短信权限，并设好每天的发送上限。"),
    ),
    "voice": (
        _(
            "语音控制台 → 语音模板：提交这段文字并等审核通过："
            "有一条红色预警待处理，请打开连心查看，按 1 表示已接手。"
        ),
        _("应用管理 → 回调配置：把上面的地址后面加上 ?token= 和 Token，三种回调都填它。"),
        _(
            "频次设置：同一号码平台默认一天只打 3 次、夜里只打 1 次，"
            "请申请调高，否则夜里第二次打不出去。"
        ),
        _("访问管理里给这个密钥只开语音权限。"),
    ),
}


def setup_steps(kind: str, host: str) -> list[str]:
    return [
        str(step) % {"host": host} if "%(host)s" in str(step) else str(step) for step in STEPS[kind]
    ]
