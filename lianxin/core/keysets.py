"""The deployment's keyset: one file that wraps every hospital's keys. It is the master secret."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import tink
from django.conf import settings
from tink import aead, json_proto_keyset_format, secret_key_access

aead.register()


def make_keyset_text() -> str:
    """Make a fresh deployment keyset as JSON. It is a secret: keep the file at mode 600."""
    handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    return str(json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


@lru_cache(maxsize=4)
def deployment_aead(path: str, modified_ns: int) -> aead.Aead:
    del modified_ns  # part of the cache key: a rotated file is read again
    text = Path(path).read_text(encoding="utf-8")
    handle = json_proto_keyset_format.parse(text, secret_key_access.TOKEN)
    return handle.primitive(aead.Aead)


def current_deployment_aead() -> aead.Aead:
    path = settings.LIANXIN_KEYSET
    return deployment_aead(path, os.stat(path).st_mtime_ns)
