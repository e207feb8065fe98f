from __future__ import annotations

from django.urls import path

from lianxin.outreach import portal, views

app_name = "outreach"
urlpatterns = [
    path("sends/", views.index, name="list"),
    path("sends/forecast/", views.forecast, name="forecast"),
    path("sends/confirmations/", views.confirmations, name="confirmations"),
    path("sends/confirmations/<slug:key>/", views.confirmation, name="confirmation"),
    path("sends/confirmations/<slug:key>/reminders/", views.remind, name="remind"),
    path("sends/confirmations/<slug:key>/cancel/", views.cancel, name="cancel"),
    path("patients/<slug:key>/reach/", views.reach, name="reach"),
    path("p/notices/", portal.notices, name="phone_notices"),
    path("p/notices/signature/", portal.sign_notices, name="sign_notices"),
]
