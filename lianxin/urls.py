"""Which room answers which address."""

from __future__ import annotations

from django.urls import include, path

from lianxin.web import probes

urlpatterns = [
    path("healthz", probes.alive),
    path("readyz", probes.ready),
    path("accounts/", include("allauth.urls")),
    path("", include("lianxin.web.urls")),
    path("", include("lianxin.staff.urls")),
    path("", include("lianxin.patients.urls")),
    path("", include("lianxin.compliance.urls")),
    path("", include("lianxin.channels.urls")),
    path("", include("lianxin.content.urls")),
    path("", include("lianxin.conversations.urls")),
    path("", include("lianxin.health.urls")),
    path("", include("lianxin.outreach.urls")),
    path("", include("lianxin.tasks.urls")),
    path("", include("lianxin.journeys.urls")),
    path("", include("lianxin.handover.urls")),
    path("", include("lianxin.insight.urls")),
    path("", include("lianxin.desk.urls")),
]

handler400 = "lianxin.web.errors.bad_request"
handler403 = "lianxin.web.errors.permission_denied"
handler404 = "lianxin.web.errors.page_not_found"
handler500 = "lianxin.web.errors.server_error"
