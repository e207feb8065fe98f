"""The vendor's native archive SDK (WeWorkFinanceSdk): the interface `FinanceSdk` over ctypes.

UNTESTED AGAINST THE VENDOR: the library talks to the provider itself, is not ours to ship, and
cannot be pointed at a simulator. Written from its public C header; a hospital brings the file.
"""

from __future__ import annotations

import ctypes
from typing import Any

from lianxin.channels.adapters.wecom.archive import LIBRARY_MISSING, SOURCE_REFUSED, ArchiveRefused

TIMEOUT_SECONDS = 10
# What each call takes and gives, by the header; a slice is the SDK's own buffer.
SIGNATURES: dict[str, tuple[list[Any], Any]] = {
    "NewSdk": ([], ctypes.c_void_p),
    "Init": ([ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p], ctypes.c_int),
    "GetChatData": (
        [
            ctypes.c_void_p,
            ctypes.c_ulonglong,
            ctypes.c_uint,
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_void_p,
        ],
        ctypes.c_int,
    ),
    "DecryptData": ([ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p], ctypes.c_int),
    "NewSlice": ([], ctypes.c_void_p),
    "FreeSlice": ([ctypes.c_void_p], None),
    "GetContentFromSlice": ([ctypes.c_void_p], ctypes.c_void_p),
    "GetSliceLen": ([ctypes.c_void_p], ctypes.c_int),
    "DestroySdk": ([ctypes.c_void_p], None),
}


class NativeSdk:
    """One loaded library, signed in for one corp."""

    def __init__(self, library: str, corp_id: str, secret: str) -> None:
        try:
            self.calls = ctypes.CDLL(library)
            for name, (takes, gives) in SIGNATURES.items():
                function = getattr(self.calls, name)
                function.argtypes, function.restype = takes, gives
        except (OSError, AttributeError):
            raise ArchiveRefused(LIBRARY_MISSING) from None
        self.sdk = self.calls.NewSdk()
        if self.calls.Init(self.sdk, corp_id.encode(), secret.encode()) != 0:
            self.close()
            raise ArchiveRefused(SOURCE_REFUSED)

    def get_chat_data(self, seq: int, limit: int) -> tuple[int, str]:
        return self.ask("GetChatData", self.sdk, seq, limit, None, None, TIMEOUT_SECONDS)

    def decrypt_data(self, key: str, sealed_message: str) -> tuple[int, str]:
        return self.ask("DecryptData", key.encode(), sealed_message.encode())

    def ask(self, name: str, *given: Any) -> tuple[int, str]:
        """Make one call that answers into a buffer, which is freed whatever happens."""
        piece = self.calls.NewSlice()
        try:
            code = int(getattr(self.calls, name)(*given, piece))
            start, length = self.calls.GetContentFromSlice(piece), self.calls.GetSliceLen(piece)
            text = ctypes.string_at(start, length).decode(errors="replace") if start else ""
            return code, text
        finally:
            self.calls.FreeSlice(piece)

    def close(self) -> None:
        self.calls.DestroySdk(self.sdk)
