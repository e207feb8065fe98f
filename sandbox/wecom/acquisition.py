"""Acquisition links (获客助手), documents 97297 to 97375: links, their people, the paid quota."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sandbox.calls import Call
from sandbox.clock import BEIJING
from sandbox.errors import ApiError, Json
from sandbox.state import Corp
from sandbox.wecom.people import AcquisitionLink

LONGEST_NAME = 30
MOST_PEOPLE = 500
LINK_PAGE, CUSTOMER_PAGE = 100, 1000
SPAN_SECONDS, BACK_SECONDS = 30 * 86400, 180 * 86400
LINK_ADDRESS = "https://work.weixin.qq.com/ca/"


def create_link(call: Call, corp: Corp) -> Json:
    body = _read(call, corp, {})
    link_id = f"cawcde{secrets.token_hex(9)}"
    link = AcquisitionLink(
        link_id, body, f"{LINK_ADDRESS}{link_id}", call.box.clock.second(), call.agent_id
    )
    corp.links[link_id] = link
    return {"link": _describe(link)}


def _read(call: Call, corp: Corp, old: Json) -> Json:
    names = ("link_name", "range", "skip_verify", "priority_option", "mark_source")
    body: Json = {"skip_verify": True} | old
    body |= {name: call.body[name] for name in names if name in call.body}
    name: Any = body.get("link_name")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise ApiError(40058, "link_name has 1 to 30 characters")
    _check_range(corp, body.get("range"))
    return body


def _check_range(corp: Corp, given: Any) -> None:
    whole: Json = given if isinstance(given, dict) else {}
    users = whole.get("user_list") or []
    if not users and not whole.get("department_list"):
        raise ApiError(41300)
    if len(users) > MOST_PEOPLE:
        raise ApiError(41301)
    for userid in users:
        member = corp.members.get(userid)
        if member is None or not member.is_active:
            raise ApiError(60111, userid)


def _describe(link: AcquisitionLink) -> Json:
    return {
        "link_id": link.link_id,
        "link_name": link.body["link_name"],
        "url": link.url,
        "create_time": link.created_at,
    }


def access_link(call: Call, corp: Corp) -> AcquisitionLink:
    """Find a link of the calling app; those of others are not there."""
    link = corp.links.get(call.text("link_id"))
    if link is None or link.agent_id != call.agent_id:
        raise ApiError(41302)
    return link


def show_link(call: Call, corp: Corp) -> Json:
    link = access_link(call, corp)
    answer: Json = {
        "link": _describe(link) | {"skip_verify": link.body["skip_verify"]},
        "range": link.body["range"],
    }
    if "priority_option" in link.body:
        answer["priority_option"] = link.body["priority_option"]
    return answer


def list_links(call: Call, corp: Corp) -> Json:
    size = call.limit(LINK_PAGE, LINK_PAGE)
    found = [one.link_id for one in corp.links.values() if one.agent_id == call.agent_id]
    begin = _cursor(call)
    return {"link_id_list": found[begin : begin + size]} | _next(found, begin + size)


def update_link(call: Call, corp: Corp) -> Json:
    link = access_link(call, corp)
    link.body = _read(call, corp, link.body)
    return {}


def delete_link(call: Call, corp: Corp) -> Json:
    del corp.links[access_link(call, corp).link_id]
    return {}


def list_customers(call: Call, corp: Corp) -> Json:
    link, size = access_link(call, corp), call.limit(CUSTOMER_PAGE, CUSTOMER_PAGE)
    rows = [
        {
            "external_userid": one.external_userid,
            "userid": one.userid,
            "chat_status": one.chat_status,
            "state": one.state,
        }
        for one in link.visits
        if one.userid
    ]
    begin = _cursor(call)
    return {"customer_list": rows[begin : begin + size]} | _next(rows, begin + size)


def _cursor(call: Call) -> int:
    text = call.text("cursor")
    if not text:
        return 0
    if not text.startswith("c") or not text[1:].isdigit():
        raise ApiError(50100)
    return int(text[1:])


def _next(rows: list[Any], end: int) -> Json:
    return {"next_cursor": f"c{end}"} if len(rows) > end else {}


def show_quota(_call: Call, corp: Corp) -> Json:
    return {
        "total": corp.link_quota_total,
        "balance": sum(pack.balance for pack in corp.link_quota),
        "quota_list": [vars(pack) for pack in corp.link_quota],
    }


def show_statistic(call: Call, corp: Corp) -> Json:
    link = access_link(call, corp)
    begin, end = read_span(call)
    opened = [one for one in link.visits if begin <= one.at < end]
    return {
        "click_link_customer_cnt": len({one.external_userid for one in opened}),
        "new_customer_cnt": len({one.external_userid for one in opened if one.userid}),
    }


def read_span(call: Call) -> tuple[float, float]:
    """Read a span of whole days: at most 30, at most 180 days back."""
    first, last = call.body.get("start_time"), call.body.get("end_time")
    if not isinstance(first, int) or not isinstance(last, int) or last < first:
        raise ApiError(40058, "start_time and end_time")
    if last - first > SPAN_SECONDS or call.now - first > BACK_SECONDS + 86400:
        raise ApiError(40058, "at most 30 days, at most 180 days back")
    return floor_day(first), floor_day(last) + 86400


def floor_day(at: float) -> float:
    here = datetime.fromtimestamp(at, BEIJING)
    return here.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
