from __future__ import annotations

from django.urls import path

from lianxin.channels import views

app_name = "channels"
urlpatterns = [
    path("settings/channels/", views.accounts, name="accounts"),
    path("settings/channels/<slug:key>/", views.account, name="account"),
    path("settings/channels/<slug:key>/check/", views.check, name="check"),
    path("settings/codes/", views.codes, name="codes"),
    path("settings/codes/new/", views.new_code, name="new_code"),
    path("settings/codes/<slug:key>/", views.code, name="code"),
    path("settings/codes/<slug:key>/edit/", views.edit_code, name="edit_code"),
    path("settings/codes/<slug:key>/close/", views.close_code, name="close_code"),
    path("settings/codes/<slug:key>/reopen/", views.reopen_code, name="reopen_code"),
    path("settings/codes/<slug:key>/delete/", views.delete_code, name="delete_code"),
]
