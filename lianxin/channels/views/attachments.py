"""What pages with a shelf share: putting on it what was uploaded or chosen, and showing a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lianxin.channels import actions, queries
from lianxin.channels.adapters.base import Attachment
from lianxin.channels.forms.attachments import (
    MINI,
    UPLOADED,
    Addition,
    Shelf,
    find_act,
    load_wecom_limits,
    read_addition,
)
from lianxin.channels.models import Account
from lianxin.channels.queries.attachments import LINK
from lianxin.core.errors import NotFoundError, RefusedError
from lianxin.web.http import StaffRequest, staff_view


def work_shelves(request: StaffRequest, shelves: Sequence[Shelf]) -> HttpResponse | None:
    """Do what the page asks of its shelves; the answer to a button, None when all is to be saved.

    What was chosen and not added yet goes on its shelf too: people press save.
    """
    act = find_act(request.POST)
    for shelf in shelves:
        if act is None or act.prefix == shelf.prefix:
            fill(request, shelf, read_addition(request, shelf))
    if act is None:
        return None
    for shelf in shelves:
        if act.prefix == shelf.prefix:
            shelf.press(act)
            return render(request, "channels/attachments.html", {"shelf": shelf})
    raise NotFoundError


def are_right(account: Account, shelves: Sequence[Shelf]) -> bool:
    """Tell whether everything on the shelves can go; what cannot is said beside it."""
    for shelf in shelves:
        try:
            actions.check_attachments(account, shelf.chosen, links=shelf.links)
        except RefusedError as error:
            shelf.errors.append(str(error))
    return not any(shelf.errors for shelf in shelves)


def fill(request: StaffRequest, shelf: Shelf, addition: Addition) -> None:
    if addition.page:
        add_page(shelf, addition.page)
    if addition.upload is not None:
        add_upload(request, shelf, addition.upload)
    if addition.mini is not None:
        add_mini(request, shelf, addition.mini, addition.cover)


def add_page(shelf: Shelf, key: str) -> None:
    if any(page.key == key for page in shelf.choices.pages):
        shelf.add(Attachment(LINK, page=key))
    else:
        shelf.errors.append(_("附件里有一篇内容没有发布或已撤回，请换一篇。"))


def add_upload(request: StaffRequest, shelf: Shelf, upload: UploadedFile[Any]) -> None:
    found = store(request, shelf, upload, [kind for kind in UPLOADED if kind in shelf.kinds])
    if found is not None:
        shelf.add(found)


def add_mini(
    request: StaffRequest, shelf: Shelf, mini: Attachment, cover: UploadedFile[Any] | None
) -> None:
    if mini.app_id not in shelf.choices.minis:
        shelf.errors.append(_("请选一个本院已接入的小程序。"))
    elif not mini.title or not mini.page or cover is None:
        shelf.errors.append(_("小程序要有标题、页面和封面图片。"))
    elif (stored := store(request, shelf, cover, ("image",))) is not None:
        shelf.add(replace(mini, kind=MINI, file=stored.file))


def store(
    request: StaffRequest, shelf: Shelf, upload: UploadedFile[Any], kinds: Sequence[str]
) -> Attachment | None:
    """Keep an uploaded file; what no provider takes is refused in words."""
    largest = max(one.bytes for one in load_wecom_limits().values())
    if (upload.size or 0) > largest:
        shelf.errors.append(_("文件太大，平台不收，请压缩后再传。"))
        return None
    content = upload.read()
    try:
        found = actions.check_file(Account.Kind.WECOM, content)
    except RefusedError as error:
        shelf.errors.append(str(error))
        return None
    if found.kind not in kinds:
        shelf.errors.append(_("这里不能放这一种附件。"))
        return None
    file = actions.keep_file(Account.Kind.WECOM, content, upload.name or "", by=request.staff)
    return Attachment(file.kind, file=file.sha256)


@require_GET
@staff_view("channel.read")
def show_file(request: StaffRequest, sha256: str) -> HttpResponse:
    """Give a picture to look at; every other file is only to be kept, never opened in the page."""
    file = queries.find_file(request.staff.hospital_id, sha256)
    if file is None:
        raise NotFoundError
    response = HttpResponse(bytes(file.content), content_type=file.content_type)
    response["Cache-Control"] = "private, max-age=86400"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline" if file.kind == "image" else "attachment"
    return response
