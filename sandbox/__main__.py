"""Run the sandbox: `python -m sandbox --port 8102 --data-dir .lianxin/sandbox`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from sandbox.app import make_app
from sandbox.runtime import Sandbox, start

PATIENCE_SECONDS = 2.0


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--clock-file", type=Path)
    parser.add_argument("--frame-origin", action="append", default=[])
    parser.add_argument("--phone-cookie", action="append", default=[])
    return parser.parse_args()


def prepare(arguments: argparse.Namespace) -> Sandbox:
    box = start(arguments.data_dir, arguments.clock_file)
    settings = box.world.settings
    if arguments.frame_origin:
        settings.frame_origins = arguments.frame_origin
        settings.console_url = settings.console_url or arguments.frame_origin[0]
    if arguments.phone_cookie:
        settings.phone_cookies = arguments.phone_cookie
    return box


async def serve(arguments: argparse.Namespace) -> None:
    box = prepare(arguments)
    server = Server(
        make_app(box),
        address=arguments.host,
        port=arguments.port,
        interface=Interfaces.ASGI,
        log_access=False,
    )
    loop = asyncio.get_running_loop()

    def leave() -> None:
        box.save()
        os._exit(0)

    def stop() -> None:
        """End politely; a phone that keeps asking does not hold the process back."""
        box.save()
        box.log.close()
        loop.call_later(PATIENCE_SECONDS, leave)
        server.stop()  # type: ignore[no-untyped-call]  # granian has no types there

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    await server.serve()


if __name__ == "__main__":
    asyncio.run(serve(read_arguments()))
