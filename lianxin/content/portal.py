"""The reading page on the phone: for everybody, and counted once for whom it was sent to."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_POST, require_safe

from lianxin.compliance.catalogue import mark, short_mark
from lianxin.content import actions, queries
from lianxin.content.forms import DepthForm
from lianxin.content.models import Reading
from lianxin.content.words import CLASSES
from lianxin.core.errors import NotFoundError
from lianxin.patients.models import Holder
from lianxin.patients.queries import find_current_patient
from lianxin.web import errors
from lianxin.web.http import answer, find_holder, has_nul
from lianxin.web.strangers import Stranger

DELIVERY_KEY = re.compile(r"[0-9a-zA-Z_-]{1,40}")
# Those that fetch a page to show its title somewhere are not readers.
NOT_A_READER = re.compile(r"bot|spider|crawl|preview|fetch|monitor", re.IGNORECASE)


def reader_of(request: HttpRequest, item_key: str) -> Holder | Stranger | None:
    """Return who reads; None when no hospital has such a page."""
    request.__dict__["frame_kind"] = errors.PORTAL
    hospital = None if has_nul(request) else queries.find_hospital_of_page(item_key)
    if hospital is None:
        return None
    holder = find_holder(request)
    is_ours = isinstance(holder, Holder) and holder.hospital_id == hospital.pk
    return holder if is_ours else Stranger(hospital)


@require_safe
def read(request: HttpRequest, item_key: str) -> HttpResponseBase:
    reader = reader_of(request, item_key)
    if reader is None:
        return errors.respond(request, 404)
    # The frame shows the hospital of the page, also to a phone that another hospital knows.
    request.__dict__["holder"] = reader
    return answer(request, reader, None, lambda: show_page(request, reader, item_key))


def show_page(request: HttpRequest, reader: Holder | Stranger, item_key: str) -> HttpResponse:
    page = queries.access_page(reader.hospital_id, item_key)
    reading = note_opening(request, reader, page)
    language = page.item.language
    with translation.override(language):
        return render(
            request,
            "content/read.html",
            {
                "page": page,
                "revision": page.revision,
                "reading": reading,
                "is_known": isinstance(reader, Holder),
                "class_word": CLASSES[page.item.classification],
                "mark": mark("reference", language),
                "short_mark": short_mark("reference", language),
            },
        )


def note_opening(
    request: HttpRequest, reader: Holder | Stranger, page: queries.Page
) -> Reading | None:
    if not is_reader(request):
        return None
    if isinstance(reader, Stranger):
        return actions.open_page(page.revision, holder=None, patient=None)
    typed = request.GET.get("d", "")
    return actions.open_page(
        page.revision,
        holder=reader,
        patient=find_current_patient(reader),
        delivery_key=typed if DELIVERY_KEY.fullmatch(typed) else "",
    )


def is_reader(request: HttpRequest) -> bool:
    """Leave out link previews, prefetching and robots."""
    headers = request.headers
    purpose = headers.get("Sec-Purpose", "") or headers.get("Purpose", "")
    is_robot = NOT_A_READER.search(headers.get("User-Agent", ""))
    return request.method == "GET" and "prefetch" not in purpose and not is_robot


@require_POST
def deepen(request: HttpRequest, item_key: str) -> HttpResponseBase:
    reader = reader_of(request, item_key)
    if reader is None:
        return errors.respond(request, 404)
    return answer(request, reader, None, lambda: note_depth(request, reader, item_key))


def note_depth(request: HttpRequest, reader: Holder | Stranger, item_key: str) -> HttpResponse:
    form = DepthForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    reading = queries.find_reading(reader.hospital_id, form.cleaned_data["reading"])
    if reading is None or reading.item.key != item_key or reading.holder_id != reader.id:
        raise NotFoundError
    actions.deepen_reading(reading, form.cleaned_data["depth"])
    return HttpResponse(status=204)
