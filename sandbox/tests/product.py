"""A stand-in for the product: calls the sandbox's APIs and receives its callbacks."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from defusedxml.ElementTree import fromstring

from sandbox.crypto import make_signature, unseal

CORP, KF, OFFICIAL = "wwriverside", "wkriverside", "wxriverside"
MINI = "wxminiriverside"
TOKEN = "callbacktoken"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
Json = dict[str, Any]


@dataclass
class Received:
    path: str
    query: dict[str, str]
    body: str

    def read(self) -> dict[str, Any]:
        """Check the signature, decrypt, and flatten the message."""
        query, outer = self.query, self.outer
        sealed = outer.get("Encrypt")
        if sealed is None:
            return outer
        parts = (TOKEN, query["timestamp"], query["nonce"], sealed)
        assert make_signature(*parts) == query["msg_signature"]
        text, receive_id = unseal(KEY, sealed)
        return parse(text.decode()) | {"receive_id": receive_id}

    @property
    def outer(self) -> dict[str, Any]:
        return parse(self.body)


def parse(text: str) -> dict[str, Any]:
    if text.startswith("{"):
        found: dict[str, Any] = json.loads(text)
        return found
    root = fromstring(text)
    return {child.tag: child.text or "" for child in root}


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        parts = urlsplit(self.path)
        test, _, name = parts.path.removeprefix("/").partition("/")
        if test == self.server.test:
            seen = Received(f"/{name}", dict(parse_qsl(parts.query)), body)
            self.server.received.append(seen)
        self.send_response(self.server.take_status())
        self.end_headers()

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        if "echostr" not in query:
            self._show_page(query)
            return
        text = query["echostr"]
        if "msg_signature" in query:
            text = unseal(KEY, text)[0].decode()
        self.wfile.write(text.encode())

    def _show_page(self, query: dict[str, str]) -> None:
        """Show a patient page: whether WeChat said who came, and a way to ask."""
        known = "认识你" if query.get("code") else "不认识你"
        link = f'<a href="{escape(query.get("ask", ""), quote=True)}">问护士</a>'
        self.wfile.write(f"<!doctype html><p>{known}</p>{link}".encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  inherited name
        """Say nothing."""


class Receiver(ThreadingHTTPServer):
    """Takes callbacks and answers 200, or the statuses it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[Received] = []
        self.statuses: list[int] = []
        # What is still on its way from the last test is nobody's any more.
        self.test = "0"
        self._lock = threading.Lock()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{self.test}/{name}"

    def take_status(self) -> int:
        with self._lock:
            return self.statuses.pop(0) if self.statuses else 200

    def forget(self) -> None:
        self.received.clear()
        self.statuses.clear()

    def begin_test(self) -> None:
        self.test = str(int(self.test) + 1)
        self.forget()


@dataclass
class Product:
    client: httpx.Client
    receiver: Receiver
    tokens: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, data: Json | None = None) -> Json:
        answer: Json = self.client.post(path, json=data or {}).json()
        return answer

    def put(self, path: str, data: Json) -> Json:
        answer = self.client.put(path, json=data)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def state(self) -> Json:
        answer: Json = self.client.get("/control/state").json()
        return answer

    def person(self, verb: str, person: str = "zhang", **data: Any) -> Json:
        return self.post(f"/control/persons/{person}/{verb}", data)

    def member(self, verb: str, userid: str = "lijianguo", **data: Any) -> Json:
        return self.post(f"/control/corps/{CORP}/members/{userid}/{verb}", data)

    def advance(self, seconds: float) -> None:
        self.post("/control/clock", {"add_seconds": seconds})

    def settle(self) -> list[dict[str, Any]]:
        """Wait for callbacks on their way, then read all that came.

        What got no answer in time comes again in the same envelope and is one callback: so it
        is when the machine stands still for some seconds.
        """
        assert self.post("/control/settle")["settled"]
        envelopes = {tuple(seen.query.items()): seen for seen in self.receiver.received}
        return [seen.read() for seen in envelopes.values()]

    def fault(self, kind: str, **more: Any) -> None:
        answer = self.post("/control/faults", {"kind": kind} | more)
        assert answer["ok"]

    def token(self, app: str = "s1") -> str:
        query = {"corpid": CORP, "corpsecret": app}
        answer: Json = self.client.get("/wecom/cgi-bin/gettoken", params=query).json()
        return str(answer["access_token"])

    def wecom(self, path: str, data: Json | None = None, **query: str) -> Json:
        if "wecom" not in self.tokens:
            self.tokens["wecom"] = self.token()
        whole = {"access_token": self.tokens["wecom"]} | query
        url = f"/wecom/cgi-bin/{path}"
        if data is None:
            answer = self.client.get(url, params=whole)
        else:
            answer = self.client.post(url, params=whole, json=data)
        assert answer.status_code == 200
        found: Json = answer.json()
        return found

    def external(self, path: str, data: Json | None = None, **query: str) -> Json:
        return self.wecom(f"externalcontact/{path}", data, **query)

    def official(self, path: str, data: Json | None = None, **query: str) -> Json:
        if "official" not in self.tokens:
            ask = {"grant_type": "client_credential", "appid": OFFICIAL, "secret": "os"}
            self.tokens["official"] = self.post("/official/cgi-bin/stable_token", ask)[
                "access_token"
            ]
        whole = {"access_token": self.tokens["official"]} | query
        url = f"/official/cgi-bin/{path}"
        if data is None:
            answer = self.client.get(url, params=whole)
        else:
            answer = self.client.post(url, params=whole, json=data)
        found: Json = answer.json()
        return found

    def mini(self, path: str, data: Json) -> Json:
        answer = self.mini_raw(path, data)
        assert answer.status_code == 200
        found: Json = answer.json()
        return found

    def mini_raw(self, path: str, data: Json) -> httpx.Response:
        if "mini" not in self.tokens:
            ask = {"grant_type": "client_credential", "appid": MINI, "secret": "ms"}
            self.tokens["mini"] = self.post("/mini/cgi-bin/stable_token", ask)["access_token"]
        query = {"access_token": self.tokens["mini"]}
        return self.client.post(f"/mini/{path}", params=query, json=data)

    def open_mini(self, person: str = "zhang", **data: Any) -> Json:
        return self.person("mini-open", person, app_id=MINI, **data)

    def add_way(self, **more: Any) -> Json:
        body = {"type": 1, "scene": 2, "user": ["lijianguo"], "state": "c1"} | more
        return self.external("add_contact_way", body)

    def befriend(self, person: str = "zhang", **more: Any) -> str:
        """Scan Dr Li's code and let the callback come first; returns the external id."""
        code = self.add_way(**more)["config_id"]
        external = self.person("scan", person, code=code)["external_userid"]
        self.settle()
        return str(external)

    def inbox(self, person: str = "zhang") -> list[Json]:
        """List what the phone shows, without the client's own notes."""
        lines: list[Json] = self.state()["persons"][person]["inbox"]
        return [line for line in lines if line["kind"] != "note"]
