"""From a signed-in browser to a member of staff. The frames find this by a dotted setting."""

from __future__ import annotations

from django.http import HttpRequest

from lianxin.core.scope import scope
from lianxin.staff import queries
from lianxin.staff.models import SignIn, Staff


def staff_of_request(request: HttpRequest) -> Staff | None:
    """Return who is signed in, with hospital and department loaded; None for a stranger."""
    user = request.user
    if not isinstance(user, SignIn) or not user.is_authenticated:
        return None
    with scope(user.hospital_id):
        return queries.find_by_sign_in(user.hospital_id, user.pk)
