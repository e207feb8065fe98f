"""What signing in adds to the library's: no self sign-up, and every attempt in the journal."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from lianxin.core.scope import scope
from lianxin.staff import actions
from lianxin.staff.models import SignIn


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # untyped library
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        del request
        return False

    def login(self, request: HttpRequest, user: SignIn) -> None:
        super().login(request, user)
        with scope(user.hospital_id):
            actions.note_sign_in(user)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        actions.note_failed_sign_in(str(credentials.get("username", "")))
