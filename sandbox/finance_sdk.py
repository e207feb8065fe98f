"""The native archive library's interface over a running sandbox, in place of the vendor's file.

The vendor's library talks to the provider itself and cannot be aimed at a simulator. This class has
the same calls, a return code and a text, and stands where a program would load that file.
"""

from __future__ import annotations

import json

import httpx

from sandbox.crypto import DamagedError, unseal

DAMAGED = 1
SILENT = 2


class FinanceSdk:
    """Signed in for one corp with the archive's secret. `library` is where the sandbox listens."""

    def __init__(self, library: str, corp_id: str, secret: str) -> None:
        if not library.startswith(("http://", "https://")):
            raise OSError(library)
        self.client = httpx.Client(base_url=library.rstrip("/"), trust_env=False, timeout=10)
        self.common = {"corp_id": corp_id, "secret": secret}

    def get_chat_data(self, seq: int, limit: int) -> tuple[int, str]:
        try:
            answer = self.client.post(
                "/finance-sdk/chat-data", json=self.common | {"seq": seq, "limit": limit}
            )
        except httpx.HTTPError:
            return SILENT, ""
        return (0, answer.text) if answer.status_code == httpx.codes.OK else (SILENT, "")

    def decrypt_data(self, key: str, sealed_message: str) -> tuple[int, str]:
        try:
            text, _receive_id = unseal(key, sealed_message)
        except (DamagedError, ValueError):
            return DAMAGED, ""
        return 0, json.dumps(json.loads(text), ensure_ascii=False)

    def close(self) -> None:
        self.client.close()
