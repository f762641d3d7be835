"""`python -m demo.clubhouse`: serves one instance with its own fresh database on one port.

A second socket of the same process plays the third party whose script the pages include.
"""

import argparse
import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from demo.clubhouse.app import AppConfig, create_app
from demo.clubhouse.clock import clock_of_environment
from demo.clubhouse.decoys import partner_app
from demo.clubhouse.defects import read_build


def main() -> int:
    wanted = _arguments()
    try:
        build = read_build(wanted.build)
        clock = clock_of_environment()
        listener = _listen(wanted.host, wanted.port) if wanted.fd is None else socket.socket(fileno=wanted.fd)
        partner = _listen(wanted.host, 0)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the program's own voice
        return 2
    except OSError as error:
        print(f"Cannot listen on {wanted.host}:{wanted.port} ({error.strerror}): choose another port.", file=sys.stderr)  # noqa: T201 - the program's own voice
        return 2
    partner_port = partner.getsockname()[1]
    config = AppConfig(
        clock=clock,
        keep=wanted.keep,
        defects=build.defects,
        build=build.name,
        resettable=wanted.resettable,
        partner=f"http://{wanted.host}:{partner_port}",
    )
    asyncio.run(_serve(_with_partner(create_app(config), partner_port), [listener, partner], build.name))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="clubhouse", description="One instance of Clubhouse.")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--port", type=int, help="0 takes a free one")
    place.add_argument("--fd", type=int, help="a listening socket that was inherited, for a build that follows another")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--build", default=os.environ.get("CLUBHOUSE_DEFECTS") or "none")
    parser.add_argument(
        "--keep", type=Path, help="folder with data and sessions of the build before, kept for the next"
    )
    parser.add_argument("--resettable", action="store_true", help="serve POST /__reset")
    return parser.parse_args()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OverflowError:
        raise ValueError(f"Port {port} does not exist: choose one from 0 to 65535.") from None
    listener.listen(128)
    return listener


def _with_partner(app: Any, partner_port: int) -> Any:
    async def either(scope: Any, receive: Any, send: Any) -> None:
        of_partner = scope["type"] == "http" and (scope.get("server") or ("", 0))[1] == partner_port
        await (partner_app if of_partner else app)(scope, receive, send)

    return either


async def _serve(app: Any, listeners: list[socket.socket], build: str) -> None:
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, timeout_graceful_shutdown=1))
    host, port = listeners[0].getsockname()[:2]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=listeners))
        while not server.started and not server.should_exit:
            await asyncio.sleep(0.01)
        print(f"clubhouse listening on http://{host}:{port} build {build}", flush=True)  # noqa: T201 - read by starters


if __name__ == "__main__":
    sys.exit(main())
