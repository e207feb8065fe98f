"""The product's settings against a test database, which is made here if this schema has none."""

from __future__ import annotations

import os

from lianxin.testing.database import prepare_test_database

os.environ.setdefault("LIANXIN_SECRET_KEY", "tests-only-" + "x" * 40)
prepare_test_database()

from lianxin.settings import *  # noqa: E402, F403 - the environment had to be complete first
from lianxin.settings import DATABASES  # noqa: E402

# Threads outlive a test and its database: their connections do not.
DATABASES["default"]["CONN_MAX_AGE"] = 0

# Hashing a password the slow way in every test proves nothing new.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
