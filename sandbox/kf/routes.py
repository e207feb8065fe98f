"""The table of customer-service paths; WeCom's endpoint serves them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sandbox.calls import Call
from sandbox.errors import Json
from sandbox.kf import accounts, customers, messages, sessions, statistics
from sandbox.state import Corp

KF = "/cgi-bin/kf"
KF_PATHS: dict[str, tuple[str, Callable[[Call, Corp], Json | Awaitable[Json]]]] = {
    f"{KF}/account/add": ("POST", accounts.add_account),
    f"{KF}/account/update": ("POST", accounts.update_account),
    f"{KF}/account/del": ("POST", accounts.remove_account),
    f"{KF}/account/list": ("ANY", accounts.list_accounts),
    f"{KF}/add_contact_way": ("POST", accounts.add_link),
    f"{KF}/servicer/list": ("GET", accounts.list_servicers),
    f"{KF}/servicer/add": ("POST", accounts.add_servicers),
    f"{KF}/servicer/del": ("POST", accounts.remove_servicers),
    f"{KF}/customer/batchget": ("POST", customers.show_customers),
    f"{KF}/get_corp_statistic": ("POST", statistics.show_corp),
    f"{KF}/get_servicer_statistic": ("POST", statistics.show_servicer),
    f"{KF}/sync_msg": ("POST", messages.sync_messages),
    f"{KF}/send_msg": ("POST", messages.send_message),
    f"{KF}/send_msg_on_event": ("POST", messages.send_on_event),
    f"{KF}/service_state/get": ("POST", sessions.show_state),
    f"{KF}/service_state/trans": ("POST", sessions.change_state),
}
