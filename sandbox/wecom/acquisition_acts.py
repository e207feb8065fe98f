"""What people do with an acquisition link, and what the corp hears of it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from sandbox.callbacks import XmlValue
from sandbox.errors import ControlError, Json
from sandbox.runtime import Sandbox, corp_target
from sandbox.state import Corp, Member, Person, Relation, make_external_userid
from sandbox.wecom.acts import FRIENDS, change_contact, greet
from sandbox.wecom.contacts import find_relation, relation_key
from sandbox.wecom.people import AcquisitionLink, LinkVisit, QuotaPack
from sandbox.wecom.welcome import issue_code

ADD_WAY = 16
LOW = 20


def find_link(box: Sandbox, address: str) -> tuple[Corp, AcquisitionLink, str] | None:
    """Find the link an address belongs to, and the channel that stands behind it."""
    parts = urlsplit(address)
    bare = f"{parts.scheme}://{parts.netloc}{parts.path}"
    for corp in box.world.corps.values():
        for link in corp.links.values():
            if link.url == bare:
                channel = parse_qs(parts.query).get("customer_channel", [""])[0]
                return corp, link, channel.encode()[:64].decode(errors="ignore")
    return None


def open_link(
    box: Sandbox, corp: Corp, link: AcquisitionLink, person: Person, channel: str, *, adds: bool
) -> Json:
    """Open the link; `adds` false: look at the page and go. The first adding costs one."""
    external = make_external_userid(corp.corp_id, person.id)
    visit = LinkVisit(external, box.clock.now(), channel)
    link.visits.append(visit)
    box.log.add("act", "open_link", account=corp.corp_id, params=person.introduce())
    callbacks = [tell(box, corp, "open_profile", {"LinkId": link.link_id, "State": channel})]
    answer: Json = {"external_userid": external, "callbacks": callbacks}
    if not adds:
        return answer
    if not link.is_available or not take_one(corp):
        raise ControlError(409, "the quota of this corp is used up")
    member = choose_member(corp, link)
    visit.userid = member.userid
    callbacks.append(tell(box, corp, "friend_request", {"LinkId": link.link_id, "State": channel}))
    callbacks += tell_balance(box, corp)
    return answer | befriend(box, corp, link, person, visit)


def befriend(
    box: Sandbox, corp: Corp, link: AcquisitionLink, person: Person, visit: LinkVisit
) -> Json:
    chat = f"wecom:{corp.corp_id}:{visit.userid}"
    known = find_relation(corp, visit.userid, visit.external_userid)
    if known and known.state in FRIENDS:
        return {"userid": visit.userid, "chat": chat, "already": True}
    relation = known or Relation(visit.userid, visit.external_userid, person.id)
    corp.relations[relation_key(visit.userid, visit.external_userid)] = relation
    is_half = not link.body["skip_verify"]
    relation.state = "half" if is_half else "active"
    relation.code_state, relation.add_way = visit.state, ADD_WAY
    relation.added_at, relation.last_at = box.clock.second(), box.clock.now()
    greet(box, corp, relation)
    code = issue_code(box, corp, relation)
    change = "add_half_external_contact" if is_half else "add_external_contact"
    change_contact(box, corp, relation, change, welcome_code=code, with_state=True)
    return {"userid": visit.userid, "chat": chat, "welcome_code": code}


def choose_member(corp: Corp, link: AcquisitionLink) -> Member:
    users = link.body["range"].get("user_list") or []
    active = [corp.members[u] for u in users if u in corp.members and corp.members[u].is_active]
    if not active:
        raise ControlError(409, "nobody behind this link is active")
    link.turn += 1
    return active[(link.turn - 1) % len(active)]


def start_chat(box: Sandbox, corp: Corp, userid: str, person: Person) -> list[int]:
    """Tell that somebody who came by a link wrote for the first time."""
    external = make_external_userid(corp.corp_id, person.id)
    told = []
    for link in corp.links.values():
        for visit in link.visits:
            is_theirs = (visit.userid, visit.external_userid) == (userid, external)
            if is_theirs and not visit.chat_status:
                visit.chat_status = 1
                pair: dict[str, XmlValue] = {"UserID": userid, "ExternalUserID": external}
                more = pair | {"LinkId": link.link_id}
                told.append(tell(box, corp, "customer_start_chat", more))
    return told


# ---- the paid quota -----------------------------------------------------------------------


def balance(corp: Corp) -> int:
    return sum(pack.balance for pack in corp.link_quota)


def take_one(corp: Corp) -> bool:
    for pack in sorted(corp.link_quota, key=lambda one: one.expire_date):
        if pack.balance:
            pack.balance -= 1
            return True
    return False


def buy_quota(box: Sandbox, corp: Corp, amount: int, expire_date: int) -> Json:
    corp.link_quota.append(QuotaPack(expire_date, amount))
    corp.link_quota_total += amount
    for link in corp.links.values():
        link.is_available = True
    return {"callbacks": [tell(box, corp, "balance_increased", {})]}


def tell_balance(box: Sandbox, corp: Corp) -> list[int]:
    left = balance(corp)
    if left == LOW - 1:
        return [tell(box, corp, "balance_low", {})]
    if left:
        return []
    told = [tell(box, corp, "balance_exhausted", {})]
    for link in corp.links.values():
        link.is_available = False
        told.append(tell(box, corp, "link_unavailable", {"LinkId": link.link_id}))
    return told


def warn_expiring(box: Sandbox, corp: Corp) -> Json:
    """Tell that the pack which lapses first lapses soon, as the provider does by itself."""
    packs = sorted((one for one in corp.link_quota if one.balance), key=lambda p: p.expire_date)
    if not packs:
        raise ControlError(409, "there is no quota")
    first = packs[0]
    fields: dict[str, XmlValue] = {
        "ExpireTime": first.expire_date,
        "ExpireQuotaNum": first.balance,
    }
    return {"callbacks": [tell(box, corp, "quota_expire_soon", fields)]}


def remove_link(box: Sandbox, corp: Corp, link_id: str) -> Json:
    """Delete a link in the admin console."""
    if corp.links.pop(link_id, None) is None:
        raise ControlError(404, "no such link")
    return {"callbacks": [tell(box, corp, "delete_link", {"LinkId": link_id})]}


def tell(box: Sandbox, corp: Corp, change: str, more: dict[str, XmlValue]) -> int:
    """Send customer_acquisition to the app that may see links."""
    fields: dict[str, XmlValue] = {
        "ToUserName": corp.corp_id,
        "FromUserName": "sys",
        "CreateTime": box.clock.second(),
        "MsgType": "event",
        "Event": "customer_acquisition",
        "ChangeType": change,
    }
    fields |= {name: value for name, value in more.items() if value != ""}
    return box.sender.send(corp_target(corp), change, fields)
