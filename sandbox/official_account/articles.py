"""Drafts, and what becomes of a submitted one: examined first, then an article or a refusal."""

from __future__ import annotations

from sandbox.calls import Call
from sandbox.errors import ApiError, ControlError, Json
from sandbox.official_account.acts import call_back
from sandbox.runtime import Sandbox
from sandbox.state import OfficialAccount
from sandbox.wecom.media import read_upload

# Documents 新增永久素材 (thumb) and 新建草稿: bytes, and characters.
THUMB_BYTES = 64 * 1024
TITLE, AUTHOR, DIGEST, CONTENT = 32, 16, 128, 20_000
# How long the platform examines; its document names no time.
EXAMINE_SECONDS = 3
DONE, UNDER_WAY, REFUSED, DELETED = 0, 1, 4, 5


def add_material(call: Call, account: OfficialAccount) -> Json:
    """Keep a lasting cover; only what an article needs is here."""
    if call.query.get("type") not in ("thumb", "image"):
        raise ApiError(40004)
    _name, content = read_upload(call)
    if not content.startswith(b"\xff\xd8\xff"):
        raise ApiError(40005)
    if len(content) > THUMB_BYTES:
        raise ApiError(40006)
    media_id = f"thumb-{call.box.world.take_id()}"
    account.media[media_id] = call.now
    return {"media_id": media_id, "url": f"{call.root}/media/{media_id}.jpg"}


def add_draft(call: Call, account: OfficialAccount) -> Json:
    articles = call.body.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= 8:
        raise ApiError(47001)
    for article in articles:
        _check(account, article)
    media_id = f"draft-{call.box.world.take_id()}"
    account.drafts[media_id] = articles
    return {"media_id": media_id}


def _check(account: OfficialAccount, article: Json) -> None:
    lengths = {"title": (TITLE, 45003), "author": (AUTHOR, 45110), "digest": (DIGEST, 45004)}
    for name, (most, code) in lengths.items():
        if len(str(article.get(name, ""))) > most:
            raise ApiError(code)
    if not article.get("title") or not article.get("content"):
        raise ApiError(44004)
    if len(str(article["content"])) > CONTENT:
        raise ApiError(45002)
    if article.get("thumb_media_id") not in account.media:
        raise ApiError(40007)


def submit(call: Call, account: OfficialAccount) -> Json:
    """Take a draft for examination; success says nothing about the article yet."""
    articles = account.drafts.get(call.text("media_id"))
    if articles is None:
        raise ApiError(40007)
    publish_id = str(100_000_000 + call.box.world.take_id())
    account.publications[publish_id] = {
        "at": call.now,
        "articles": articles,
        "article_id": f"article-{publish_id}",
        "status": UNDER_WAY,
        "will_be": account.next_examination or DONE,
        "url": f"{call.root}/s/{publish_id}",
    }
    account.next_examination = DONE
    del account.drafts[call.text("media_id")]
    call.box.log.touch()
    return {"publish_id": publish_id, "msg_data_id": call.box.world.take_id()}


def settle(row: Json, now: float) -> None:
    if row["status"] == UNDER_WAY and now - row["at"] >= EXAMINE_SECONDS:
        row["status"] = row["will_be"]


def describe(publish_id: str, row: Json) -> Json:
    found: Json = {"publish_id": publish_id, "publish_status": row["status"], "fail_idx": []}
    if row["status"] == DONE:
        item = {"idx": 1, "article_url": row["url"]}
        found["article_id"] = row["article_id"]
        found["article_detail"] = {"count": 1, "item": [item]}
    elif row["status"] == REFUSED:
        found["fail_idx"] = [1]
    return found


def show(call: Call, account: OfficialAccount) -> Json:
    publish_id = call.text("publish_id")
    row = account.publications.get(publish_id)
    if row is None:
        raise ApiError(40007)
    settle(row, call.now)
    return describe(publish_id, row)


def delete(call: Call, account: OfficialAccount) -> Json:
    """Take an article away for good. Made by the API, so nobody is called back."""
    for row in account.publications.values():
        settle(row, call.now)
        if row["article_id"] == call.text("article_id") and row["status"] == DONE:
            row["status"] = DELETED
            call.box.log.touch()
            return {}
    raise ApiError(40007)


def list_shown(account: OfficialAccount, now: float) -> list[Json]:
    """List what the account's page shows to anybody."""
    for row in account.publications.values():
        settle(row, now)
    shown = [row for row in account.publications.values() if row["status"] == DONE]
    return [
        {"title": one["title"], "digest": one.get("digest", ""), "content": one["content"]}
        for row in shown
        for one in row["articles"]
    ]


def examine(box: Sandbox, account: OfficialAccount, *, refuse: bool) -> Json:
    """Let a person at the platform look now; with nothing waiting, decide about the next one."""
    waiting = [k for k, row in account.publications.items() if row["status"] == UNDER_WAY]
    if not waiting:
        account.next_examination = REFUSED if refuse else DONE
        return {"waiting": 0}
    publish_id = waiting[0]
    row = account.publications[publish_id]
    row["status"] = REFUSED if refuse else DONE
    follower = next(iter(account.followers.values()), None)
    if follower is None:
        raise ControlError(409, "nobody follows")
    told = describe(publish_id, row)
    del told["fail_idx"]
    more: Json = {"MsgType": "event", "Event": "PUBLISHJOBFINISH", "PublishEventInfo": told}
    return {"callbacks": [call_back(box, account, follower, "PUBLISHJOBFINISH", more)]}
