from __future__ import annotations

from django.urls import path

from lianxin.insight import views

app_name = "insight"
urlpatterns = [
    path("insight/", views.overview, name="overview"),
    path("insight/export/", views.export, name="export"),
    path("insight/<slug:code>/people/", views.people, name="people"),
]
