"""WeCom customers (客户): who follows whom, a page at a time.

Documents 92113, 92114, 92994. The list of a member's contacts and the look at one contact have
different shapes on purpose: `follow_info` with tag ids there, `follow_user[]` with tags here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxin.channels.adapters.base import as_text, at_unix
from lianxin.channels.adapters.provider_http import Provider, ProviderError
from lianxin.channels.adapters.reactions import load_facts
from lianxin.channels.adapters.wecom.calls import CONTACT, EMPTY_LIST_CODE, MAX_PAGES

# tags.type: 1 corp tag, 2 a member's own tag, 3 a tag of a strategy.
CORP_TAG = 1


@dataclass(frozen=True)
class Contact:
    """One relation between a member and an outside person, as the lists know it."""

    staff_userid: str
    external_id: str
    union_id: str
    state: str
    added_at: datetime
    # How they met, as the provider numbers it; numbers nobody has described are kept as they are.
    add_way: int | None = None
    tag_ids: tuple[str, ...] = ()

    @property
    def pair(self) -> tuple[str, str]:
        return self.staff_userid, self.external_id


@dataclass(frozen=True)
class ContactPage:
    """One page of the contacts of some members. No next cursor: it was the last."""

    contacts: tuple[Contact, ...] = ()
    next_cursor: str = ""
    # Members without an interface licence: their contacts are not in the list.
    unlicensed: tuple[str, ...] = ()
    # When it was asked for: it says nothing about what happened since.
    read_at: datetime | None = None


async def fetch_contacts(provider: Provider, userids: Sequence[str], cursor: str) -> ContactPage:
    """Fetch one page of the contacts of up to a hundred members; nobody has any: an empty one."""
    body = {
        "userid_list": list(userids),
        "cursor": cursor,
        "limit": load_facts()["contact_list_page"],
    }
    read_at = provider.clock()
    try:
        answer = await provider.post(f"{CONTACT}/batch/get_by_user", body)
    except ProviderError as error:
        if error.row.code == EMPTY_LIST_CODE:
            return ContactPage()
        raise
    found = [as_contact(item) for item in answer.get("external_contact_list") or []]
    failed = answer.get("fail_info")
    unlicensed = failed.get("unlicensed_userid_list") if isinstance(failed, dict) else None
    return ContactPage(
        tuple(contact for contact in found if contact is not None),
        as_text(answer.get("next_cursor")),
        tuple(as_text(userid) for userid in unlicensed or []),
        read_at,
    )


def join_pages(pages: Sequence[ContactPage]) -> ContactPage:
    """Make one page of some that follow each other; it is as old as the first of them."""
    if len(pages) == 1:
        return pages[0]
    return ContactPage(
        tuple(contact for page in pages for contact in page.contacts),
        pages[-1].next_cursor,
        tuple(userid for page in pages for userid in page.unlicensed),
        pages[0].read_at,
    )


async def read_contact(provider: Provider, external_id: str) -> list[Contact]:
    """Return every relation of one person, over all pages; empty when nobody knows them."""
    found: list[Contact] = []
    cursor = ""
    for _page in range(MAX_PAGES):
        try:
            answer = await provider.get(
                f"{CONTACT}/get",
                external_userid=external_id,
                **({"cursor": cursor} if cursor else {}),
            )
        except ProviderError as error:
            if error.row.code == EMPTY_LIST_CODE:
                return []
            raise
        found += as_contacts(answer)
        cursor = as_text(answer.get("next_cursor"))
        if not cursor:
            break
    return found


def as_contacts(answer: dict[str, Any]) -> list[Contact]:
    """Read the relations of one person. Only corp tags count; a member's own have no id."""
    person = answer.get("external_contact")
    found = []
    for relation in answer.get("follow_user") or []:
        if isinstance(person, dict) and isinstance(relation, dict):
            tags = [one for one in relation.get("tags") or [] if isinstance(one, dict)]
            ids = [as_text(one.get("tag_id")) for one in tags if one.get("type") == CORP_TAG]
            contact = make_contact(person, relation, tuple(filter(None, ids)))
            found += [contact] if contact else []
    return found


def as_contact(item: Any) -> Contact | None:
    """Read one row of the list; None when it has no pair to be known by."""
    if not isinstance(item, dict):
        return None
    person, relation = item.get("external_contact"), item.get("follow_info")
    if not isinstance(person, dict) or not isinstance(relation, dict):
        return None
    tag_ids = tuple(as_text(one) for one in relation.get("tag_id") or [])
    return make_contact(person, relation, tag_ids)


def make_contact(
    person: dict[str, Any], relation: dict[str, Any], tag_ids: tuple[str, ...]
) -> Contact | None:
    external_id, userid = as_text(person.get("external_userid")), as_text(relation.get("userid"))
    if not external_id or not userid:
        return None
    add_way = relation.get("add_way")
    return Contact(
        staff_userid=userid,
        external_id=external_id,
        union_id=as_text(person.get("unionid")),
        state=as_text(relation.get("state")),
        added_at=at_unix(relation.get("createtime")),
        add_way=add_way if isinstance(add_way, int) and 0 <= add_way < 2**31 else None,
        tag_ids=tag_ids,
    )
