"""The table of WeCom paths, and the endpoint that serves them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Call, answer_call, read_call
from sandbox.errors import ApiError, Json
from sandbox.kf.routes import KF_PATHS
from sandbox.runtime import Sandbox
from sandbox.state import Corp
from sandbox.wecom import (
    access,
    acquisition,
    archive,
    behavior,
    cards,
    contact_ways,
    contacts,
    group_counts,
    group_welcomes,
    groups,
    identity,
    join_ways,
    mass,
    media,
    messages,
    moments,
    tags,
    transfers,
    welcome,
)
from sandbox.wecom.transfer_acts import finish_due

CorpHandler = Callable[[Call, Corp], Json | Response | Awaitable[Json]]
EXTERNAL = "/cgi-bin/externalcontact"
GROUPS = f"{EXTERNAL}/groupchat"
WELCOMES = f"{EXTERNAL}/group_welcome_template"

# Path → method, right the app needs, handler.
PATHS: dict[str, tuple[str, str, CorpHandler]] = {
    "/cgi-bin/getcallbackip": ("GET", "", access.list_callback_addresses),
    "/cgi-bin/auth/getuserinfo": ("GET", "", identity.show_user),
    "/cgi-bin/user/getuserinfo": ("GET", "", identity.show_user),
    "/cgi-bin/get_jsapi_ticket": ("GET", "", identity.give_ticket),
    "/cgi-bin/ticket/get": ("GET", "", identity.give_ticket),
    "/cgi-bin/media/upload": ("POST", "", media.upload_media),
    "/cgi-bin/media/upload_attachment": ("POST", "", media.upload_attachment),
    "/cgi-bin/media/get": ("GET", "", media.give_media),
    "/cgi-bin/media/uploadimg": ("POST", "", media.upload_image),
    "/cgi-bin/message/send": ("POST", "message", messages.send_message),
    "/cgi-bin/message/update_template_card": ("POST", "message", cards.update_card),
    "/cgi-bin/message/recall": ("POST", "message", messages.recall_message),
    f"{EXTERNAL}/get_follow_user_list": ("GET", "contact", contacts.list_follow_users),
    f"{EXTERNAL}/list": ("GET", "contact", contacts.list_contacts),
    f"{EXTERNAL}/get": ("GET", "contact", contacts.show_contact),
    f"{EXTERNAL}/batch/get_by_user": ("POST", "contact", contacts.list_contacts_of_many),
    f"{EXTERNAL}/remark": ("POST", "contact", contacts.remark_contact),
    f"{EXTERNAL}/mark_tag": ("POST", "contact", contacts.mark_tags),
    f"{EXTERNAL}/unionid_to_external_userid": ("POST", "contact", contacts.convert_union_id),
    f"{EXTERNAL}/get_corp_tag_list": ("POST", "contact", tags.list_tags),
    f"{EXTERNAL}/add_corp_tag": ("POST", "contact", tags.add_tags),
    f"{EXTERNAL}/edit_corp_tag": ("POST", "contact", tags.edit_tag),
    f"{EXTERNAL}/del_corp_tag": ("POST", "contact", tags.delete_tags),
    f"{EXTERNAL}/transfer_customer": ("POST", "contact", transfers.transfer_customer),
    f"{EXTERNAL}/transfer_result": ("POST", "contact", transfers.show_results),
    f"{EXTERNAL}/resigned/transfer_customer": ("POST", "contact", transfers.transfer_resigned),
    f"{EXTERNAL}/resigned/transfer_result": ("POST", "contact", transfers.show_resigned_results),
    f"{EXTERNAL}/get_unassigned_list": ("POST", "contact", transfers.list_unassigned),
    f"{EXTERNAL}/customer_acquisition/create_link": ("POST", "contact", acquisition.create_link),
    f"{EXTERNAL}/customer_acquisition/get": ("POST", "contact", acquisition.show_link),
    f"{EXTERNAL}/customer_acquisition/list_link": ("POST", "contact", acquisition.list_links),
    f"{EXTERNAL}/customer_acquisition/update_link": ("POST", "contact", acquisition.update_link),
    f"{EXTERNAL}/customer_acquisition/delete_link": ("POST", "contact", acquisition.delete_link),
    f"{EXTERNAL}/customer_acquisition/customer": ("POST", "contact", acquisition.list_customers),
    f"{EXTERNAL}/customer_acquisition/statistic": ("POST", "contact", acquisition.show_statistic),
    f"{EXTERNAL}/customer_acquisition_quota": ("GET", "contact", acquisition.show_quota),
    f"{EXTERNAL}/get_user_behavior_data": ("POST", "contact", behavior.show_behavior),
    f"{EXTERNAL}/add_contact_way": ("POST", "contact", contact_ways.add_contact_way),
    f"{EXTERNAL}/get_contact_way": ("POST", "contact", contact_ways.show_contact_way),
    f"{EXTERNAL}/list_contact_way": ("POST", "contact", contact_ways.list_contact_ways),
    f"{EXTERNAL}/update_contact_way": ("POST", "contact", contact_ways.update_contact_way),
    f"{EXTERNAL}/del_contact_way": ("POST", "contact", contact_ways.delete_contact_way),
    f"{EXTERNAL}/send_welcome_msg": ("POST", "contact", welcome.send_welcome),
    f"{EXTERNAL}/add_msg_template": ("POST", "contact", mass.add_task),
    f"{EXTERNAL}/get_groupmsg_list_v2": ("POST", "contact", mass.list_tasks),
    f"{EXTERNAL}/get_groupmsg_task": ("POST", "contact", mass.show_members_of_task),
    f"{EXTERNAL}/get_groupmsg_send_result": ("POST", "contact", mass.show_results),
    f"{EXTERNAL}/add_moment_task": ("POST", "contact", moments.add_moment),
    f"{EXTERNAL}/get_moment_task_result": ("GET", "contact", moments.show_job),
    f"{EXTERNAL}/cancel_moment_task": ("POST", "contact", moments.cancel_moment),
    f"{EXTERNAL}/get_moment_list": ("POST", "contact", moments.list_moments),
    f"{EXTERNAL}/get_moment_task": ("POST", "contact", moments.show_members),
    f"{EXTERNAL}/get_moment_customer_list": ("POST", "contact", moments.list_customers),
    f"{EXTERNAL}/get_moment_send_result": ("POST", "contact", moments.show_viewers),
    f"{EXTERNAL}/get_moment_comments": ("POST", "contact", moments.show_comments),
    f"{EXTERNAL}/remind_groupmsg_send": ("POST", "contact", mass.remind_members),
    f"{EXTERNAL}/cancel_groupmsg_send": ("POST", "contact", mass.cancel_task),
    "/cgi-bin/msgaudit/get_permit_user_list": ("POST", "archive", archive.list_permitted),
    "/cgi-bin/msgaudit/check_single_agree": ("POST", "archive", archive.show_answers),
    "/cgi-bin/msgaudit/check_room_agree": ("POST", "archive", archive.show_group_answers),
    "/cgi-bin/msgaudit/groupchat/get": ("POST", "archive", archive.show_inner_group),
    f"{GROUPS}/list": ("POST", "contact", groups.list_groups),
    f"{GROUPS}/get": ("POST", "contact", groups.show_group),
    f"{GROUPS}/transfer": ("POST", "contact", groups.hand_over_left),
    f"{GROUPS}/onjob_transfer": ("POST", "contact", groups.hand_over_on_job),
    f"{GROUPS}/add_join_way": ("POST", "contact", join_ways.add_join_way),
    f"{GROUPS}/get_join_way": ("POST", "contact", join_ways.show_join_way),
    f"{GROUPS}/update_join_way": ("POST", "contact", join_ways.update_join_way),
    f"{GROUPS}/del_join_way": ("POST", "contact", join_ways.delete_join_way),
    f"{GROUPS}/statistic": ("POST", "contact", group_counts.count_by_owner),
    f"{GROUPS}/statistic_group_by_day": ("POST", "contact", group_counts.count_by_day),
    f"{WELCOMES}/add": ("POST", "contact", group_welcomes.add_welcome),
    f"{WELCOMES}/edit": ("POST", "contact", group_welcomes.edit_welcome),
    f"{WELCOMES}/get": ("POST", "contact", group_welcomes.show_welcome),
    f"{WELCOMES}/del": ("POST", "contact", group_welcomes.delete_welcome),
}
PATHS |= {path: (method, "kf", handler) for path, (method, handler) in KF_PATHS.items()}


async def serve(request: Request) -> Response:
    """Answer one WeCom call; always HTTP 200."""
    box: Sandbox = request.app.state.sandbox
    call = await read_call(box, request)
    if call.path == "/cgi-bin/gettoken":
        return await answer_call(call, access.give_token, access.make_error)
    return await answer_call(call, _dispatch, access.make_error)


async def _dispatch(call: Call) -> Json | Response:
    entry = PATHS.get(call.path)
    if entry is None:
        raise ApiError(48002, "no such path in the sandbox")
    method, right, handle = entry
    if method not in ("ANY", call.request.method):
        raise ApiError(43001 if method == "GET" else 43002)
    corp = access.admit(call, right)
    finish_due(call.box)
    found = handle(call, corp)
    result = await found if isinstance(found, Awaitable) else found
    if isinstance(result, Response):
        return result
    return {"errcode": 0, "errmsg": "ok"} | result
