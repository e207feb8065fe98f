"""Subscribe notices of an Official Account: asked for in a page or an article, sent by bizsend."""

from __future__ import annotations

from sandbox.callbacks import REPORT_SECONDS, Value
from sandbox.calls import Call
from sandbox.errors import ApiError, Json
from sandbox.mini_program.users import SubscribeSend
from sandbox.official_account.followers import open_follower
from sandbox.runtime import Sandbox, official_target
from sandbox.state import Follower, OfficialAccount, Person, make_openid
from sandbox.subscriptions import (
    CHANGE,
    LIST_PARENTS,
    POPUP,
    SENT,
    answer,
    fill,
    find_template,
    list_rows,
    refuse,
    spend,
)

# Where the dialog stood: document "订阅通知的事件推送", PopupScene.
IN_PAGE, IN_ARTICLE = 1, 2
# The documents name 0 alone; this is what the client's refusal looks like to a caller.
REFUSED = 43101


def answer_popup(
    box: Sandbox,
    account: OfficialAccount,
    person: Person,
    answers: dict[str, str],
    *,
    in_article: bool,
) -> Json:
    """Answer the dialog of a page or an article. Nobody must follow the account for that."""
    follower = open_follower(account, make_openid(account.app_id, person.id), person.id)
    answer(follower, account.notices, answers)
    scene = IN_ARTICLE if in_article else IN_PAGE
    items: list[Json] = [
        {"TemplateId": template_id, "SubscribeStatusString": word, "PopupScene": scene}
        for template_id, word in answers.items()
    ]
    _log(box, account, person, "oa_tick")
    log_id = _call_back(box, account, follower, POPUP, items)
    return {"openid": follower.openid, "ticks": follower.ticks, "callbacks": [log_id]}


def switch_off(box: Sandbox, account: OfficialAccount, person: Person, template_id: str) -> Json:
    """Refuse a template in the list of notices. Only refusing is told."""
    follower = open_follower(account, make_openid(account.app_id, person.id), person.id)
    refuse(follower, template_id)
    item: Json = {"TemplateId": template_id, "SubscribeStatusString": "reject"}
    _log(box, account, person, "oa_switch_off")
    log_id = _call_back(box, account, follower, CHANGE, [item])
    return {"openid": follower.openid, "callbacks": [log_id]}


def _log(box: Sandbox, account: OfficialAccount, person: Person, name: str) -> None:
    params = person.introduce() | {"name": account.name}
    box.log.add("act", name, account=account.app_id, params=params)


def _call_back(
    box: Sandbox,
    account: OfficialAccount,
    follower: Follower,
    name: str,
    items: list[Json],
    wait_seconds: float = 0.0,
) -> int:
    fields: dict[str, Value] = {
        "ToUserName": account.original_id,
        "FromUserName": follower.openid,
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": name,
        LIST_PARENTS[name]: {"List": items},
    }
    return box.sender.send(official_target(account), name, fields, wait_seconds=wait_seconds)


def send_notice(call: Call, account: OfficialAccount) -> Json:
    """Take a notice. The answer has no id of the message: the document promises none."""
    follower = account.followers.get(call.text("touser"))
    if follower is None:
        raise ApiError(40003)
    template = find_template(account.notices, call.text("template_id"))
    text = fill(template.get("content", ""), call.body.get("data"))
    spend(follower, template)
    page = call.text("page")
    number = 2_100_000_000_000_000_000 + call.box.world.take_id()
    template_id = template["template_id"]
    sent = SubscribeSend(number, follower.openid, template_id, page, text, call.now)
    account.notices_sent.append(sent)
    is_refused = account.app_id in call.box.world.persons[follower.person].templates_blocked
    if not is_refused:
        _show(call, account, follower, sent, template.get("title", ""))
    item: Json = {
        "TemplateId": template_id,
        "MsgID": str(number),
        "ErrorCode": REFUSED if is_refused else 0,
        "ErrorStatus": "failed:user block" if is_refused else "success",
    }
    _call_back(call.box, account, follower, SENT, [item], wait_seconds=REPORT_SECONDS)
    return {}


def _show(
    call: Call, account: OfficialAccount, follower: Follower, sent: SubscribeSend, title: str
) -> None:
    call.box.deliver(
        call.box.world.persons[follower.person],
        f"official:{account.app_id}",
        kind="template",
        body={"title": title, "text": sent.text, "url": sent.page},
        via="subscribe",
        sender=account.name,
        provider_id=str(sent.msgid),
    )


def list_templates(_call: Call, account: OfficialAccount) -> Json:
    return list_rows(account.notices)
