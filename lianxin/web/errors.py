"""What people see when something is refused, missing or broken: words and a next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

CONSOLE = "console"
PORTAL = "portal"
Words = str | Promise


@dataclass(frozen=True)
class Page:
    """The words of one error: what happened, why or what to do, and the mark beside it."""

    title: Words
    sentence: Words
    icon: str = "alert-triangle"


CONSOLE_PAGES = {
    400: Page(
        gettext_lazy("这个请求看不懂"),
        gettext_lazy("页面可能开得太久了。返回上一页，刷新后再试一次。"),
    ),
    401: Page(gettext_lazy("请先登录"), gettext_lazy("登录以后会回到这一页。"), "lock"),
    403: Page(
        gettext_lazy("您的角色不能做这件事"),
        gettext_lazy("这次尝试已记入访问日志。需要这项权限，请联系本院管理员。"),
        "lock",
    ),
    404: Page(
        gettext_lazy("没有找到这一页"),
        gettext_lazy("它可能已被删除或合并，也可能属于别的医院。请从「今日」重新进入。"),
        "zoom-question",
    ),
    405: Page(
        gettext_lazy("这一页不能这样打开"), gettext_lazy("请回到原来的页面，用页面上的按钮操作。")
    ),
    409: Page(
        gettext_lazy("现在不能这样做"), gettext_lazy("情况已经变化，请返回刷新后再看。"), "ban"
    ),
    500: Page(
        gettext_lazy("系统出错了，没有保存"),
        gettext_lazy("错误已自动记录。请返回上一页再试；再次出现时请告诉信息科发生的时间。"),
        "plug-x",
    ),
}
PORTAL_PAGES = {
    401: Page(
        gettext_lazy("请从微信打开"),
        gettext_lazy("为了保护您的资料，请回到微信里医院发来的消息，从那里点开。"),
        "brand-wechat",
    ),
    403: Page(
        gettext_lazy("这一页不属于您"),
        gettext_lazy("请回到「今日」，或者请护士帮您看看。"),
        "lock",
    ),
    404: Page(
        gettext_lazy("没有找到这一页"),
        gettext_lazy("它可能已经过期。请回到「今日」重新进入。"),
        "zoom-question",
    ),
    409: Page(gettext_lazy("现在不能这样做"), gettext_lazy("请返回后再看一看。"), "ban"),
    500: Page(
        gettext_lazy("出了点问题，没有保存"),
        gettext_lazy("请稍等一会儿再试。身体不舒服请不要等，直接打电话。"),
        "plug-x",
    ),
}


def no_staff_sentence() -> str:
    return _("这个账号没有对应的在职员工，请联系本院管理员。")


def wants_json(request: HttpRequest) -> bool:
    """Tell whether a program asks: it accepts JSON and does not accept a page."""
    accept = request.headers.get("Accept", "")
    return "application/json" in accept and "text/html" not in accept


def frame_of(request: HttpRequest) -> str:
    """Tell console from phone, also when no view was reached."""
    known: str | None = request.__dict__.get("frame_kind")
    prefix: str = getattr(settings, "PORTAL_PREFIX", "/p/")
    return known or (PORTAL if request.path.startswith(prefix) else CONSOLE)


def respond(request: HttpRequest, status: int, sentence: str = "") -> HttpResponse:
    """Answer with an error the way the asker can use it: text for htmx, JSON, or a page."""
    frame = frame_of(request)
    pages = PORTAL_PAGES if frame == PORTAL else CONSOLE_PAGES
    page = pages.get(status) or CONSOLE_PAGES.get(status) or CONSOLE_PAGES[500]
    words = sentence or str(page.sentence)
    if request.headers.get("HX-Request"):
        text = sentence or f"{page.title}。{page.sentence}"
        return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    if wants_json(request):
        return JsonResponse({"error": words, "status": status}, status=status)
    context = {"page": page, "sentence": words, "status": status, "back_url": back_url(request)}
    return render(request, template_of(request, frame), context, status=status)


def template_of(request: HttpRequest, frame: str) -> str:
    """Choose the frame: staff who are known keep their navigation."""
    if frame == PORTAL:
        return "web/portal_message.html"
    return "web/error_console.html" if "staff" in request.__dict__ else "web/error.html"


def back_url(request: HttpRequest) -> str:
    """Return where the person came from, when that was one of our own pages."""
    referer = request.headers.get("Referer", "")
    if referer and url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}):
        return referer
    return ""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    return respond(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    return respond(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    return respond(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a crash with a page that needs neither database nor session."""
    if request.headers.get("HX-Request") or wants_json(request):
        return respond(request, 500)
    pages = PORTAL_PAGES if frame_of(request) == PORTAL else CONSOLE_PAGES
    return render(request, "web/server_error.html", {"page": pages[500]}, status=500)


def csrf_failed(request: HttpRequest, reason: str = "", **kwargs: Any) -> HttpResponse:
    del reason, kwargs
    return respond(request, 403, _("页面开得太久，安全校验已过期。请刷新页面后再做一次。"))
