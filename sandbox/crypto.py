"""Callback encryption written for the sandbox alone, from the providers' description.

AES-256-CBC with the key's first half as vector, PKCS#7 padding to 32, SHA-1 over sorted parts.
"""

from __future__ import annotations

import base64
import secrets
from hashlib import sha1

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
HEAD = 16


class DamagedError(ValueError):
    """The text was not made with this key, or was changed on its way."""


def make_signature(*parts: str) -> str:
    joined = "".join(sorted(parts)).encode()
    return sha1(joined, usedforsecurity=False).hexdigest()


def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    # 43 characters; the spare bits of the last one need not be zero.
    key = base64.b64decode(aes_key + "=")
    if len(aes_key) != 43 or len(key) != 32:
        raise DamagedError("an EncodingAESKey has 43 characters")
    return Cipher(algorithms.AES(key), modes.CBC(key[:HEAD]))


def seal(aes_key: str, text: bytes, receive_id: str, head: bytes | None = None) -> str:
    """Encrypt for one receiver: 16 random bytes, length, text, receive id."""
    body = bytearray(head or secrets.token_bytes(HEAD))
    body += len(text).to_bytes(4, "big") + text + receive_id.encode()
    gap = BLOCK - len(body) % BLOCK
    body += bytes([gap]) * gap
    encryptor = _cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(bytes(body)) + encryptor.finalize()).decode()


def unseal(aes_key: str, sealed: str) -> tuple[bytes, str]:
    """Return the text and the receive id it was made for."""
    raw = base64.b64decode(sealed, validate=True)
    if not raw or len(raw) % HEAD:
        raise DamagedError("not whole blocks")
    decryptor = _cipher(aes_key).decryptor()
    body = decryptor.update(raw) + decryptor.finalize()
    gap = body[-1]
    if not 1 <= gap <= BLOCK or body[-gap:] != bytes([gap]) * gap:
        raise DamagedError("bad padding")
    body = body[:-gap]
    size = int.from_bytes(body[HEAD : HEAD + 4], "big")
    if len(body) < HEAD + 4 + size:
        raise DamagedError("bad length")
    start = HEAD + 4
    return body[start : start + size], body[start + size :].decode()
