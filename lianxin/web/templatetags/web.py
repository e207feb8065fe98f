"""Icons, times, masks and the block components."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lianxin.core.time import now
from lianxin.web import rules

register = template.Library()
SPRITE = "web/generated/icons.svg"


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """Draw an icon of the sprite; without a label it is decoration and hidden from readers."""
    css = f"lx-icon lx-icon-{size}" if size else "lx-icon"
    href = f"{static(SPRITE)}#{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>',
            css,
            label,
            href,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>',
        css,
        href,
    )


@register.filter
def masked_name(name: str | None) -> str:
    return rules.mask_name(name or "")


@register.filter
def masked_phone(phone: str | None) -> str:
    return rules.mask_phone(phone or "")


@register.filter
def initial(name: str | None) -> str:
    """Return the sign that stands in an avatar."""
    return (name or "").strip()[:1].upper() or "?"


@register.filter
def ago(at: datetime | None) -> SafeString | str:
    """Write how long ago it was, or how far ahead, with the absolute time on hover."""
    return time_element(at, relative_words(at - now())) if at else "—"


@register.filter
def clock(at: datetime | None) -> SafeString | str:
    """Write the time of day today, else the day and the time."""
    if not at:
        return "—"
    here, today = timezone.localtime(at), timezone.localtime(now())
    if here.date() == today.date():
        return time_element(at, f"{here:%H:%M}")
    style = "%m-%d %H:%M" if here.year == today.year else "%Y-%m-%d %H:%M"
    return time_element(at, here.strftime(style))


@register.filter
def remaining(at: datetime | None) -> SafeString | str:
    """Write the time left before a deadline, or by how much it has passed."""
    if not at:
        return "—"
    left = at - now()
    words = duration_words(abs(left))
    sentence = _("剩 %(time)s") if left >= timedelta() else _("超 %(time)s")
    return time_element(at, sentence % {"time": words})


def time_element(at: datetime, words: str) -> SafeString:
    here = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        here.isoformat(),
        f"{here:%Y-%m-%d %H:%M}",
        words,
    )


def relative_words(delta: timedelta) -> str:
    if abs(delta) < timedelta(minutes=1):
        return _("刚刚")
    sentence = _("%(time)s后") if delta > timedelta() else _("%(time)s前")
    return sentence % {"time": duration_words(abs(delta))}


def duration_words(length: timedelta) -> str:
    """Write a length in its one or two largest units."""
    count, unit, rest = rules.split_duration(int(length.total_seconds()))
    if unit == "minute":
        return ngettext("%(count)d 分钟", "%(count)d 分钟", count) % {"count": count}
    if unit == "hour" and rest:
        return _("%(hours)d 时 %(minutes)d 分") % {"hours": count, "minutes": rest}
    if unit == "hour":
        return ngettext("%(count)d 小时", "%(count)d 小时", count) % {"count": count}
    return ngettext("%(count)d 天", "%(count)d 天", count) % {"count": count}


def window_duration(length: timedelta) -> str:
    """Write the rest of a window in hours: 48 hours are how the providers count."""
    hours = int(length.total_seconds() // 3600)
    if hours >= 1:
        return ngettext("%(count)d 小时", "%(count)d 小时", hours) % {"count": hours}
    return duration_words(length)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """Return the page's query string with some values changed; None takes one away."""
    values = context["request"].GET.copy()
    for name, value in changes.items():
        values.pop(name, None)
        if value not in {None, ""}:
            values[name] = str(value)
    return f"?{values.urlencode()}" if values else "?"


@register.simple_block_tag
def panel(
    content: str,
    title: str = "",
    sub: str = "",
    action: str = "",
    url: str = "",
    *,
    flush: bool = False,
) -> SafeString:
    """Frame a part of a page with a heading; `flush` lets a list or table touch the edges."""
    return render_component(
        "panel", content=content, title=title, sub=sub, action=action, url=url, flush=flush
    )


@register.simple_block_tag
def dialog(content: str, id: str, title: str, tone: str = "") -> SafeString:  # noqa: A002
    """Hold what a button with `data-lx-opens="<id>"` opens."""
    return render_component("dialog", content=content, id=id, title=title, tone=tone)


@register.simple_block_tag
def notice(content: str, tone: str = "", title: str = "", icon: str = "info-circle") -> SafeString:
    """Say something that stays on the page: accent, ok, warn or danger."""
    return render_component("notice", content=content, tone=tone, title=title, icon=icon)


@register.simple_block_tag
def menu(content: str, label: str, icon: str = "dots") -> SafeString:
    """Hold further actions behind one button; works without a script."""
    return render_component("menu", content=content, label=label, icon=icon)


def render_component(name: str, **values: Any) -> SafeString:
    return render_to_string(f"web/components.html#{name}", values)
