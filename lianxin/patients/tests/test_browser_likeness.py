"""Two rows side by side in a real browser: readable, reachable, no panning."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from lianxin.core.actor import SystemActor
from lianxin.core.models import Hospital
from lianxin.core.scope import scope
from lianxin.patients import actions
from lianxin.testing.browser import axe, open_browser, overflow, show
from lianxin.testing.patients import make_holding, make_patient

pytestmark = pytest.mark.browser


def test_the_comparison_and_its_list(as_lin: Client, riverside: Hospital) -> None:
    one, other = (make_patient(riverside, name="陈一人", phone="13812349999") for _row in range(2))
    make_holding(other)
    with scope(riverside):
        pair = actions.compare_by_hand(one, other, by=SystemActor(riverside.pk))
    urls = (reverse("patients:likenesses"), reverse("patients:likeness", args=[pair.key]))
    answers = []
    for language, width in (("zh-hans", 1440), ("en", 375)):
        as_lin.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        answers += [(url, as_lin.get(url), width) for url in urls]

    found: list[str] = []
    with open_browser() as browser:
        for url, answer, width in answers:
            page = browser.new_page(viewport={"width": width, "height": 812})
            page.emulate_media(color_scheme="dark" if width == 375 else "light")
            show(page, answer, url)
            found += [f"{url} {width}: {finding}" for finding in axe(page)]
            if overflow(page):
                found.append(f"{url} {width}: wider than the window")

    assert found == []
