from __future__ import annotations

from django.urls import path

from lianxin.tasks import views

app_name = "tasks"
urlpatterns = [
    path("tasks/", views.index, name="list"),
    path("tasks/<slug:key>/", views.task, name="task"),
    path("tasks/<slug:key>/tries/", views.add_try, name="try"),
    path("tasks/<slug:key>/assignee/", views.assign, name="assign"),
    path("tasks/<slug:key>/cancellation/", views.cancel, name="cancel"),
]
