"""Tencent's callback scheme, the same for WeCom, Official Account and mini-program.

AES-256-CBC with padding to 32 bytes; SHA-1 over the sorted parts; the receive id closes the text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_CHARACTERS = 43
BLOCK = 32


class CryptError(Exception):
    """The envelope does not verify or does not open. The code says which step."""


def sign(*parts: str) -> str:
    """Return the signature over the parts in sorted order: token, timestamp, nonce, cipher text."""
    # SHA-1 is the providers' scheme; the secret token is among the parts.
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324


def is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


class Crypt:
    """Signs, opens and makes envelopes for one account."""

    def __init__(self, token: str, encoding_aes_key: str, receive_id: str) -> None:
        if len(encoding_aes_key) != KEY_CHARACTERS:
            raise CryptError("key length")
        self.token = token
        self.receive_id = receive_id.encode()
        # The last character may carry spare bits that are not zero: the official sample does.
        self.key = base64.b64decode(encoding_aes_key + "=")
        self.cipher = Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16]))

    def verify(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> None:
        if not is_same(signature, sign(self.token, timestamp, nonce, encrypted)):
            raise CryptError("signature")

    def decrypt(self, encrypted: str) -> bytes:
        try:
            raw = binascii.a2b_base64(encrypted, strict_mode=True)
        except (binascii.Error, ValueError):
            raise CryptError("base64") from None
        if not raw or len(raw) % 16:
            raise CryptError("length")
        decryptor = self.cipher.decryptor()
        return self.unwrap(unpad(decryptor.update(raw) + decryptor.finalize()))

    def unwrap(self, plain: bytes) -> bytes:
        """Return the message between the 16 random bytes and the receive id, which must be ours."""
        if len(plain) < 20:
            raise CryptError("short")
        size = int(struct.unpack(">I", plain[16:20])[0])
        if size > len(plain) - 20:
            raise CryptError("message length")
        if not hmac.compare_digest(plain[20 + size :], self.receive_id):
            raise CryptError("receive id")
        return plain[20 : 20 + size]

    def encrypt(self, message: bytes) -> str:
        plain = os.urandom(16) + struct.pack(">I", len(message)) + message + self.receive_id
        encryptor = self.cipher.encryptor()
        return base64.b64encode(encryptor.update(pad(plain)) + encryptor.finalize()).decode()


def pad(plain: bytes) -> bytes:
    count = BLOCK - len(plain) % BLOCK
    return plain + bytes([count]) * count


def unpad(padded: bytes) -> bytes:
    count = padded[-1]
    if not 1 <= count <= BLOCK or padded[-count:] != bytes([count]) * count:
        raise CryptError("padding")
    return padded[:-count]
