"""Where followers came from, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

# Document getusersummary, user_source. What the document does not list is one of the others.
BY_CODE = "30"
SOURCES: dict[str, str | Promise] = {
    "0": gettext_lazy("其他方式"),
    "1": gettext_lazy("搜索公众号"),
    "17": gettext_lazy("名片分享"),
    BY_CODE: gettext_lazy("扫描二维码"),
    "57": gettext_lazy("文章里的账号名称"),
    "100": gettext_lazy("微信广告"),
    "149": gettext_lazy("小程序"),
    "161": gettext_lazy("他人转载的文章"),
    "200": gettext_lazy("视频号"),
    "201": gettext_lazy("直播"),
}


def source_word(source: str) -> str:
    return str(SOURCES.get(source, SOURCES["0"]))
