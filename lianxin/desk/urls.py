from __future__ import annotations

from django.urls import path

from lianxin.desk import portal, views

app_name = "desk"
urlpatterns = [
    path("", views.today, name="today"),
    path("patients/<slug:key>/", views.patient, name="patient"),
    path("patients/<slug:key>/timeline/", views.timeline, name="timeline"),
    path("p/", portal.home, name="phone_home"),
]
