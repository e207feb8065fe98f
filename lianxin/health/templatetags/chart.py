"""The marks of a trend picture that there are many of.

Each tag draws all of them at once: a loop in the template takes several times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from lianxin.health.rules.chart import Bar, Chart, Dot, Lane, Panel

register = template.Library()


@register.simple_tag
def dots(marks: Sequence[Dot]) -> SafeString:
    return format_html_join(
        "",
        '<circle cx="{}" cy="{}" r="3.5"><title>{}</title></circle>',
        ((dot.x, dot.y, dot.title) for dot in marks),
    )


@register.simple_tag
def bars(marks: Sequence[Bar]) -> SafeString:
    return format_html_join(
        "",
        '<line class="lx-chart-bar" x1="{}" y1="{}" x2="{}" y2="{}" />',
        ((bar.x, bar.top, bar.x, bar.bottom) for bar in marks),
    )


@register.simple_tag
def value_labels(panel: Panel) -> SafeString:
    return format_html_join(
        "",
        '<text class="lx-chart-note" x="{}" y="{}" dx="-6" dy="4" text-anchor="end">{}</text>',
        ((panel.box.x, tick.at, tick.label) for tick in panel.ticks),
    )


@register.simple_tag
def day_labels(chart: Chart) -> SafeString:
    return format_html_join(
        "",
        '<text class="lx-chart-note" x="{}" y="{}" dy="-6" text-anchor="middle">{}</text>',
        ((day.at, chart.height, day.label) for day in chart.days),
    )


@register.simple_tag
def doses(lane: Lane) -> SafeString:
    missed = '<text class="lx-chart-dose-none" x="{}" y="{}" dy="8" text-anchor="middle">×</text>'
    taken = (
        '<rect class="lx-chart-dose is-{}" x="{}" y="{}" width="8" height="8" rx="2"'
        ' transform="translate(-4)" />'
    )
    gone = [(x, lane.y) for x, state in lane.marks if state == "none"]
    kept = [(state, x, lane.y) for x, state in lane.marks if state != "none"]
    return SafeString(format_html_join("", missed, gone) + format_html_join("", taken, kept))
