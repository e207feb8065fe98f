"""Which room answers which address."""

from __future__ import annotations

from django.urls import include, path

from lianxin.desk.api import router as home
from lianxin.patients.api import router as sign_in
from lianxin.rest.frame import make_api
from lianxin.web import probes

api = make_api()
api.add_router("/mini/", sign_in)
api.add_router("/mini/", home)

urlpatterns = [
    path("healthz", probes.alive),
    path("readyz", probes.ready),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
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
