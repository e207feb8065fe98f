from __future__ import annotations

from django.urls import path

from lianxin.staff import views

app_name = "staff"
urlpatterns = [
    path("me/phone/", views.phone, name="phone"),
    path("me/phone/withdraw/", views.withdraw_phone, name="withdraw_phone"),
]
