from __future__ import annotations

from django.urls import path

from lianxin.compliance import portal, views

app_name = "compliance"
urlpatterns = [
    path("compliance/", views.overview, name="overview"),
    path("compliance/access/", views.access, name="access"),
    path("compliance/wording/", views.wording, name="wording"),
    path("patients/<slug:key>/consents/", views.consents, name="consents"),
    path("patients/<slug:key>/erase/", views.erase, name="erase"),
    path("p/consent/", portal.consent, name="phone_consent"),
    path("p/consent/<slug:code>/", portal.answer, name="phone_answer"),
    path("p/me/", portal.me, name="phone_me"),
    path("p/me/looks/", portal.looks, name="phone_looks"),
    path("p/notice/", portal.notice, name="phone_notice"),
]
