from __future__ import annotations

from django.urls import path

from lianxin.outreach import views

app_name = "outreach"
urlpatterns = [
    path("sends/", views.index, name="list"),
    path("sends/forecast/", views.forecast, name="forecast"),
    path("patients/<slug:key>/reach/", views.reach, name="reach"),
]
