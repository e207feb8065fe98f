from __future__ import annotations

from django.urls import path

from lianxin.handover import views

app_name = "handover"
urlpatterns = [
    path("settings/handover/", views.index, name="list"),
    path("settings/handover/new/", views.new, name="new"),
    path("settings/handover/<slug:key>/", views.handover, name="handover"),
    path("settings/handover/<slug:key>/proposals/", views.propose, name="propose"),
    path("settings/handover/<slug:key>/lines/<int:line_id>/", views.assign, name="assign"),
    path("settings/handover/<slug:key>/confirmation/", views.confirm, name="confirm"),
    path("settings/handover/<slug:key>/cancellation/", views.cancel, name="cancel"),
    path("settings/handover/<slug:key>/access/", views.close_access, name="close_access"),
]
