"""One folder per provider. Frozen dataclasses in and out; nothing here knows a table."""

from __future__ import annotations

from lianxin.channels.adapters.base import Adapter
from lianxin.channels.adapters.mini_program.adapter import MiniProgram
from lianxin.channels.adapters.official_account.adapter import OfficialAccount
from lianxin.channels.adapters.sms.adapter import Sms
from lianxin.channels.adapters.voice.adapter import Voice
from lianxin.channels.adapters.webchat.adapter import WebChat
from lianxin.channels.adapters.wecom.adapter import WeCom
from lianxin.channels.adapters.wecom_kf.adapter import WeComKf

ADAPTERS: dict[str, Adapter] = {
    "wecom": WeCom(),
    "wecom_kf": WeComKf(),
    "official_account": OfficialAccount(),
    "mini_program": MiniProgram(),
    "webchat": WebChat(),
    "sms": Sms(),
    "voice": Voice(),
}
