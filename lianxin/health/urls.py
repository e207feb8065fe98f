"""Addresses of the health room: the console under health/, the phone under p/health/."""

from __future__ import annotations

from django.urls import path

from lianxin.health import portal, views

app_name = "health"
urlpatterns = [
    path("health/alerts/", views.alerts, name="alerts"),
    path("health/alerts/<slug:key>/", views.alert, name="alert"),
    path("health/alerts/<slug:key>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("health/alerts/<slug:key>/close/", views.close, name="close"),
    path("health/patients/<slug:key>/trend/", views.trend, name="trend"),
    path("health/patients/<slug:key>/plan/", views.plan, name="plan"),
    path("health/patients/<slug:key>/medicines/", views.add_medicine, name="add_medicine"),
    path(
        "health/patients/<slug:key>/medicines/<slug:medicine_key>/stop/",
        views.stop_medicine,
        name="stop_medicine",
    ),
    path("health/rows/", views.rows, name="rows"),
    path(
        "health/rows/<slug:kind>/<str:code>/<int:version>/approve/",
        views.approve,
        name="approve_row",
    ),
    path("p/health/log/", portal.log, name="phone_log"),
    path("p/health/symptoms/", portal.symptoms, name="phone_symptoms"),
    path("p/health/urgent/<slug:key>/", portal.urgent, name="phone_urgent"),
    path("p/health/again/<slug:key>/", portal.again, name="phone_again"),
    path("p/health/trend/", portal.trend, name="phone_trend"),
    path("p/health/medicines/", portal.medicines, name="phone_medicines"),
    path("p/health/medicines/<slug:slot>/tick/", portal.tick, name="tick"),
    path("p/health/medicines/<slug:slot>/undo/", portal.untick, name="untick"),
]
