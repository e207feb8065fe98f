"""Moments (客户朋友圈): made by the product, seen by nobody before a member publishes by hand."""

from __future__ import annotations

import secrets

from sandbox.calls import Call
from sandbox.errors import ApiError, ControlError, Json
from sandbox.runtime import Sandbox
from sandbox.state import Corp, Person, make_external_userid
from sandbox.wecom.media import find_media
from sandbox.wecom.posts import Moment

PER_MINUTE = 10
LONGEST_TEXT = 2000
LONGEST_TEXT_BYTES = 4000
MOST_IMAGES = 9
LONGEST_TITLE = 64
JOB_SECONDS = 86400
BEGUN, GOING_ON, DONE = 1, 2, 3


def add_moment(call: Call, corp: Corp) -> Json:
    if call.box.windows.is_over(f"{call.account} {call.path} moments", PER_MINUTE, 60):
        raise ApiError(45009)
    _check_content(corp, call.body, call.now)
    jobid = secrets.token_hex(16)
    corp.moments[jobid] = Moment(jobid, call.body, call.box.clock.second())
    return {"jobid": jobid}


def _check_content(corp: Corp, body: Json, now: float) -> None:
    text = (body.get("text") or {}).get("content", "")
    attachments = body.get("attachments") or []
    if not text and not attachments:
        raise ApiError(44004)
    if len(text) > LONGEST_TEXT or len(text.encode()) > LONGEST_TEXT_BYTES:
        raise ApiError(40058, "text is too long")
    kinds = [one.get("msgtype") for one in attachments]
    if not _fits(kinds):
        raise ApiError(41065, "invalid attachments msgtype or size")
    for one in attachments:
        content = one.get(one["msgtype"]) or {}
        if one["msgtype"] == "link" and not (content.get("url") and content.get("media_id")):
            raise ApiError(41064, "link needs url and media_id")
        if len(str(content.get("title", ""))) > LONGEST_TITLE:
            raise ApiError(41064, "link.title is too long")
        if find_media(corp, content.get("media_id", ""), now).use != "attachment":
            raise ApiError(40007)


def _fits(kinds: list[str]) -> bool:
    """Nine images, or one video, or one link; nothing mixed."""
    if not kinds:
        return True
    if set(kinds) == {"image"}:
        return len(kinds) <= MOST_IMAGES
    return len(kinds) == 1 and kinds[0] in ("video", "link")


def show_job(call: Call, corp: Corp) -> Json:
    """Tell how far the job is; what is inside the result has an errcode of its own."""
    moment = corp.moments.get(call.query.get("jobid", ""))
    if moment is None or call.box.clock.second() - moment.made_at > JOB_SECONDS:
        raise ApiError(40058, "jobid")
    moment.looks += 1
    if moment.looks == 1:
        return {"status": GOING_ON, "type": "add_moment_task", "result": {}}
    if not moment.moment_id and not moment.error:
        _dispatch(corp, moment)
    result: Json = {
        "errcode": moment.error,
        "errmsg": "ok" if not moment.error else "no executor",
        "moment_id": moment.moment_id,
        "invalid_sender_list": {"user_list": moment.invalid_users, "department_list": []},
        "invalid_external_contact_list": {"tag_list": moment.invalid_tags},
    }
    return {"status": DONE, "type": "add_moment_task", "result": result}


def _dispatch(corp: Corp, moment: Moment) -> None:
    """Find who may publish: members of the list with at least one customer who may see it."""
    visible = moment.body.get("visible_range") or {}
    asked = (visible.get("sender_list") or {}).get("user_list")
    known = {tag.id for group in corp.tag_groups for tag in group.tags}
    tags = (visible.get("external_contact_list") or {}).get("tag_list") or []
    moment.invalid_tags = [tag for tag in tags if tag not in known]
    wanted = list(corp.members) if asked is None else list(dict.fromkeys(asked))
    able = [
        userid
        for userid in wanted
        if userid in corp.members
        and corp.members[userid].is_active
        and list_viewers(corp, moment, userid)
    ]
    moment.invalid_users = [userid for userid in wanted if userid not in corp.members]
    if not able or (tags and len(moment.invalid_tags) == len(tags)):
        moment.error = 41060
        return
    moment.members = able
    moment.moment_id = f"mom{secrets.token_hex(14)}"


def list_viewers(corp: Corp, moment: Moment, userid: str) -> list[str]:
    """List the customers of a member who see it: all, or those with one of the tags."""
    visible = moment.body.get("visible_range") or {}
    tags = set((visible.get("external_contact_list") or {}).get("tag_list") or [])
    return [
        one.external_userid
        for one in corp.relations.values()
        if one.userid == userid and one.state == "active" and (not tags or tags & set(one.tag_ids))
    ]


def access_moment(call: Call, corp: Corp) -> Moment:
    wanted = call.text("moment_id")
    for moment in corp.moments.values():
        if wanted and moment.moment_id == wanted:
            return moment
    raise ApiError(41059)


def _page(call: Call, rows: list[Json], name: str, most: int) -> Json:
    limit = call.limit(most, most)
    cursor = call.text("cursor")
    begin = int(cursor) if cursor.isdigit() else 0
    more = str(begin + limit) if len(rows) > begin + limit else ""
    return {name: rows[begin : begin + limit], "next_cursor": more}


def list_moments(call: Call, corp: Corp) -> Json:
    first, last = call.body.get("start_time", 0), call.body.get("end_time", 0)
    if not first or not last or not 0 <= last - first <= 30 * 86400:
        raise ApiError(40058, "start_time and end_time, at most 30 days")
    rows: list[Json] = [
        {
            "moment_id": one.moment_id,
            "creator": "",
            "create_time": str(one.made_at),
            "create_type": 0,
            "visible_type": 1,
            "text": one.body.get("text", {}),
        }
        for one in corp.moments.values()
        if one.moment_id and first <= one.made_at <= last
    ]
    return _page(call, rows, "moment_list", 20)


def show_members(call: Call, corp: Corp) -> Json:
    moment = access_moment(call, corp)
    rows: list[Json] = [
        {"userid": userid, "publish_status": int(userid in moment.published)}
        for userid in moment.members
    ]
    return _page(call, rows, "task_list", 1000)


def show_viewers(call: Call, corp: Corp) -> Json:
    """List who can see what a member published; nobody before that."""
    moment, userid = access_moment(call, corp), call.text("userid")
    found = list_viewers(corp, moment, userid) if userid in moment.published else []
    rows: list[Json] = [{"external_userid": one} for one in found]
    return _page(call, rows, "customer_list", 5000)


def list_customers(call: Call, corp: Corp) -> Json:
    moment, userid = access_moment(call, corp), call.text("userid")
    rows: list[Json] = [
        {"userid": userid, "external_userid": one} for one in list_viewers(corp, moment, userid)
    ]
    return _page(call, rows, "customer_list", 1000)


def show_comments(call: Call, corp: Corp) -> Json:
    moment, userid = access_moment(call, corp), call.text("userid")
    if not userid:
        raise ApiError(40058, "userid")
    said = [one for one in moment.echoes if one["userid"] == userid]
    rows: dict[str, list[Json]] = {"comment": [], "like": []}
    for one in said:
        rows[one["kind"]].append(
            {"external_userid": one["external_userid"], "create_time": one["at"]}
        )
    return {"comment_list": rows["comment"], "like_list": rows["like"]}


def cancel_moment(call: Call, corp: Corp) -> Json:
    """Stop who has not published; what was published stays."""
    access_moment(call, corp).is_cancelled = True
    return {}


# ---- what people do -----------------------------------------------------------------------


def find_moment(corp: Corp, moment_id: str) -> Moment:
    for moment in corp.moments.values():
        if moment.moment_id == moment_id:
            return moment
    raise ControlError(404, "no such moment")


def publish(box: Sandbox, corp: Corp, userid: str, moment_id: str) -> Json:
    moment = find_moment(corp, moment_id)
    if userid not in moment.members:
        raise ControlError(409, "this moment is not for this member")
    if moment.is_cancelled and userid not in moment.published:
        raise ControlError(409, "this moment was cancelled")
    moment.published.setdefault(userid, box.clock.second())
    count = len(list_viewers(corp, moment, userid))
    name = corp.members[userid].name
    params = {"member": name, "count": count}
    box.log.add("act", "publish_moment", account=corp.corp_id, params=params)
    return {"count": count}


def echo(box: Sandbox, corp: Corp, person: Person, kind: str, moment_id: str, userid: str) -> Json:
    """Like or comment on what a member published: it tells nobody, the product must ask."""
    moment = find_moment(corp, moment_id)
    external = make_external_userid(corp.corp_id, person.id)
    is_visible = userid in moment.published and external in list_viewers(corp, moment, userid)
    if not is_visible:
        raise ControlError(409, "not visible")
    row = {"userid": userid, "external_userid": external, "kind": kind, "at": box.clock.second()}
    is_new = not any(one | {"at": 0} == row | {"at": 0} for one in moment.echoes)
    if kind == "comment" or is_new:
        moment.echoes.append(row)
    box.log.add("act", f"moment_{kind}", account=corp.corp_id, outcome="unseen")
    return {"callbacks": []}


# ---- what phones show ---------------------------------------------------------------------


def show_seen(box: Sandbox, me: Person) -> list[Json]:
    """List what this person sees under 朋友圈, newest first."""
    rows = [row for corp in box.world.corps.values() for row in _seen_at(corp, me)]
    return sorted(rows, key=lambda row: -row["at"])


def _seen_at(corp: Corp, me: Person) -> list[Json]:
    external = make_external_userid(corp.corp_id, me.id)
    return [
        _show(corp, moment, userid, at, external)
        for moment in corp.moments.values()
        for userid, at in moment.published.items()
        if external in list_viewers(corp, moment, userid)
    ]


def _show(corp: Corp, moment: Moment, userid: str, at: int, external: str) -> Json:
    attachments = moment.body.get("attachments") or []
    links = [one["link"] for one in attachments if one["msgtype"] == "link"]
    mine = [one for one in moment.echoes if one["external_userid"] == external]
    return {
        "corp_id": corp.corp_id,
        "moment_id": moment.moment_id,
        "userid": userid,
        "name": corp.members[userid].name,
        "at": at,
        "text": (moment.body.get("text") or {}).get("content", ""),
        "link": {"title": links[0].get("title", ""), "url": links[0]["url"]} if links else None,
        "images": [
            corp.media[one["image"]["media_id"]].content
            for one in attachments
            if one["msgtype"] == "image" and one["image"].get("media_id") in corp.media
        ],
        "is_liked": any(one["kind"] == "like" and one["userid"] == userid for one in mine),
        "comments": sum(one["kind"] == "comment" and one["userid"] == userid for one in mine),
    }


def list_waiting(corp: Corp, userid: str) -> list[Json]:
    """List what a member may still publish."""
    return [
        {
            "moment_id": one.moment_id,
            "text": (one.body.get("text") or {}).get("content", ""),
            "count": len(list_viewers(corp, one, userid)),
        }
        for one in corp.moments.values()
        if userid in one.members and userid not in one.published and not one.is_cancelled
    ]
