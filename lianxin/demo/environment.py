"""Where the demo lives and what its processes are told. No Django here: this comes first."""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from lianxin.core import embedded

CLONE = Path(__file__).resolve().parents[2]
# The demo refuses to seed a database that it did not make.
DATABASE_NAME = "lianxin_demo"


@dataclass(frozen=True)
class DemoPlace:
    """The folder, the ports and the addresses of one demo."""

    data_dir: Path
    port: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def edge_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}"

    @property
    def clock_file(self) -> Path:
        return self.data_dir / "clock.json"

    @property
    def static_root(self) -> Path:
        return self.data_dir / "static"

    @property
    def summary_file(self) -> Path:
        return self.data_dir / "demo.json"


def choose_place(data_dir: Path | None, port: int) -> DemoPlace:
    return DemoPlace(data_dir or embedded.default_data_dir(CLONE), port)


def forget(place: DemoPlace) -> None:
    """Remove the demo's data for good; only ever a folder that holds a demo."""
    if (place.data_dir / "clock.json").exists():
        embedded.stop_server(place.data_dir / "postgres")
        shutil.rmtree(place.data_dir)


def secret_text(path: Path, *, size: int = 48) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(size), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def make_environment(place: DemoPlace, urls: embedded.DatabaseUrls) -> dict[str, str]:
    """Return what every process of the demo gets. The owner's URL goes to migrate alone."""
    if not place.clock_file.exists():
        place.clock_file.write_text(json.dumps({"offset_seconds": 0}), encoding="utf-8")
    return {
        "DJANGO_SETTINGS_MODULE": "lianxin.settings",
        "DATABASE_URL": urls.app,
        "LIANXIN_SECRET_KEY": secret_text(place.data_dir / "secret-key"),
        "LIANXIN_KEYSET": str(place.data_dir / "keyset.json"),
        "LIANXIN_DEMO": "1",
        "LIANXIN_BASE_URL": place.base_url,
        "LIANXIN_EDGE_URL": place.edge_url,
        "LIANXIN_CLOCK_FILE": str(place.clock_file),
        "LIANXIN_STATIC_ROOT": str(place.static_root),
        "LIANXIN_FRAME_ANCESTORS": place.sandbox_url,
        "LIANXIN_IMAGE_SOURCES": place.sandbox_url,
        "LIANXIN_PROVIDER_URLS": provider_urls(place.sandbox_url),
        "PYTHONPATH": str(CLONE),
    }


def provider_urls(sandbox_url: str) -> str:
    """Let accounts be opened at the sandbox, each platform under its own path there."""
    paths = {
        "wecom": "/wecom",
        "official_account": "/official",
        "mini_program": "/mini",
        "sms": "/sms",
        "voice": "/voice",
        "open": "",
        "bridge": "/client/bridge.js",
        "wechat_sdk": "/phone/static/wechat.js",
    }
    return ",".join(f"{name}={sandbox_url}{path}" for name, path in paths.items())
