"""One running product and one browser for the stories of this folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import cast

import pytest
from playwright.sync_api import Browser

from lianxin.testing.browser import open_browser
from tests.running import Product, running_product


@pytest.fixture
def product() -> Iterator[Product]:
    """Start the product; LIANXIN_TEST_PRODUCT names the folder of one that runs already."""
    running = os.environ.get("LIANXIN_TEST_PRODUCT")
    if running:
        summary = json.loads((Path(running) / "demo.json").read_text(encoding="utf-8"))
        yield Product(Path(running), summary, cast("Popen[bytes]", None))
        return
    with running_product("story") as started:
        yield started


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Open a browser for one test: while it is open, an event loop runs in this process."""
    with open_browser() as opened:
        yield opened
