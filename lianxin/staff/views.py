"""Console pages: what staff decide about themselves."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lianxin.staff import actions, queries
from lianxin.staff.forms import PhoneForm
from lianxin.web.http import StaffRequest, staff_view


@require_http_methods(["GET", "POST"])
@staff_view("today.read")
def phone(request: StaffRequest) -> HttpResponse:
    """Give one's own number for red alerts, or another one. The number is never shown again."""
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.give_phone(request.staff, form.cleaned_data["number"], by=request.staff)
        messages.success(request, _("已登记，红色告警没人接手时会打给您。"))
        return redirect("staff:phone")
    found = queries.find_phone(request.staff.hospital_id, request.staff.pk)
    context = {"form": form, "phone": found}
    status = 422 if form.is_bound else 200
    return render(request, "staff/phone.html", context, status=status)


@require_POST
@staff_view("today.read")
def withdraw_phone(request: StaffRequest) -> HttpResponse:
    actions.withdraw_phone(request.staff, by=request.staff)
    messages.success(request, _("已撤回，号码已删除，不会再打给您。"))
    return redirect("staff:phone")
