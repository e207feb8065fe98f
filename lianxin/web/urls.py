from __future__ import annotations

from django.urls import path

from lianxin.web import views

app_name = "web"
urlpatterns = [
    path("components/", views.components, name="components"),
    path("language/", views.choose_language, name="language"),
    path("theme/", views.choose_theme, name="theme"),
    path("p/elder/", views.choose_elder_mode, name="elder"),
    path("offline/", views.offline, name="offline"),
]
