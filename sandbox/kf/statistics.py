"""What customer service did, by day (documents 95489, 95490): counted when the day is over."""

from __future__ import annotations

from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.kf.accounts import access_account
from sandbox.kf_state import KfAccount
from sandbox.state import Corp
from sandbox.wecom.acquisition import floor_day
from sandbox.wecom.behavior import day_of

DAY = 86400
MOST_DAYS, OLDEST_DAYS = 31, 180
FROM_CUSTOMER, FROM_SERVICER = 3, 5


def show_corp(call: Call, corp: Corp) -> Json:
    account = access_account(corp, call.text("open_kfid"))
    return {"statistic_list": [_day(account, at, "") for at in _read_days(call)]}


def show_servicer(call: Call, corp: Corp) -> Json:
    """Count one servicer, or without a name everybody together."""
    account = access_account(corp, call.text("open_kfid"))
    userid = call.text("servicer_userid")
    if userid and userid not in corp.members:
        raise ApiError(60111)
    rows = [_day(account, at, userid, is_by_hand=True) for at in _read_days(call)]
    return {"statistic_list": rows}


def _read_days(call: Call) -> list[float]:
    """Read a closed span of whole days that are over; times inside a day are its beginning."""
    first, last = call.body.get("start_time"), call.body.get("end_time")
    if not isinstance(first, int) or not isinstance(last, int) or last < first:
        raise ApiError(40058, "start_time and end_time")
    first_day, last_day, today = floor_day(first), floor_day(last), floor_day(call.now)
    if last_day - first_day >= MOST_DAYS * DAY or today - first_day > OLDEST_DAYS * DAY:
        raise ApiError(40058, "at most 31 days, at most 180 days back")
    days = int((min(last_day, today - DAY) - first_day) / DAY) + 1
    return [first_day + number * DAY for number in range(max(days, 0))]


def _day(account: KfAccount, at: float, userid: str, *, is_by_hand: bool = False) -> Json:
    """Return one day; nothing stands beside its time when nothing happened."""
    day = day_of(at)
    said = [one.body for one in account.records if day_of(one.at) == day]
    answered = {one["external_userid"] for one in said if _is_answer(one, userid)}
    asked = [one for one in said if one.get("origin") == FROM_CUSTOMER]
    if is_by_hand:
        asked = [one for one in asked if one["external_userid"] in answered]
    people = {one["external_userid"] for one in asked}
    if not people:
        return {"stat_time": int(at)}
    counts: Json = {
        "session_cnt": len(people),
        "customer_cnt": len(people),
        "customer_msg_cnt": len(asked),
        "upgrade_service_customer_cnt": 0,
        "msg_rejected_customer_cnt": 0,
    }
    if is_by_hand:
        counts |= {"reply_rate": 1, "first_reply_average_sec": 30, "satisfaction_investgate_cnt": 0}
    else:
        counts |= {"ai_session_reply_cnt": 0, "ai_transfer_rate": 0.0}
    return {"stat_time": int(at), "statistic": counts}


def _is_answer(body: Json, userid: str) -> bool:
    return body.get("origin") == FROM_SERVICER and userid in ("", body.get("servicer_userid"))
