"""Which room answers which address."""

from __future__ import annotations

from django.urls import include, path

from lianxin.web import probes

urlpatterns = [
    path("healthz", probes.alive),
    path("readyz", probes.ready),
    path("", include("lianxin.web.urls")),
    path("accounts/", include("allauth.urls")),
]
