"""Patient page: which notices come in WeChat, and saying yes to more."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from lianxin.channels import page_signing
from lianxin.channels.adapters.provider_http import ProviderError
from lianxin.channels.forms.pages import PageForm
from lianxin.channels.models import AccessToken
from lianxin.channels.queries import facts_of
from lianxin.core.scope import scope
from lianxin.outreach.queries.notices import find_offer
from lianxin.web.http import PortalRequest, portal_view
from lianxin.web.middleware import content_security_policy

# Document "JS-SDK说明文档", step two: the script that knows WeChat's own tags since 1.6.0.
WECHAT_SDK = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"


@require_GET
@never_cache
@portal_view
def notices(request: PortalRequest) -> HttpResponse:
    """Show what is left of each notice; WeChat's own tag asks for more, and only there."""
    other = settings.PROVIDER_URLS.get("wechat_sdk", "")
    sdk_url: str = other or WECHAT_SDK
    context = {
        "offer": find_offer(request.holder),
        "sdk_url": sdk_url,
        # A client that is not WeChat but brings its tags.
        "is_everywhere": bool(other),
    }
    response = render(request, "outreach/phone_notices.html", context)
    parts = urlsplit(sdk_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    response["Content-Security-Policy"] = content_security_policy(scripts=origin)
    return response


@require_POST
@never_cache
@partial(portal_view, opens_scope=False)
def sign_notices(request: PortalRequest) -> HttpResponse:
    """Sign the address of this page for the client; asks WeChat when no ticket is fresh."""
    form = PageForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": _("没有说是哪一页。")}, status=422)
    with scope(request.holder.hospital_id):
        offer = find_offer(request.holder)
        facts = facts_of(offer.account) if offer else None
    if facts is None:
        return JsonResponse({"error": _("现在没有可以订阅的通知。")}, status=404)
    try:
        signed = page_signing.sign(facts, form.cleaned_data["url"])
    except ProviderError:
        return JsonResponse({"error": _("微信暂时没有给出签名，请一分钟后再试。")}, status=503)
    one = signed[AccessToken.Kind.PAGE_TICKET]
    return JsonResponse(
        {
            "appId": facts.setting("app_id"),
            "timestamp": one.timestamp,
            "nonceStr": one.nonce,
            "signature": one.signature,
        }
    )
