"""One database per module for tests whose writes other connections must see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from lianxin.testing.database import own_clone


@pytest.fixture(scope="module")
def committed_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Give a module a database where commits are commits. Each test opens its own hospital."""
    with django_db_blocker.unblock(), own_clone() as urls:
        yield urls.app
