"""A local GitHub on a real port with a receiver for its webhooks, and the App's client as the bot would build it."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import quote

import httpx
import uvicorn
from githubkit import AppAuthStrategy, GitHub
from githubkit.cache import MemCacheStrategy
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.github.app import create_app
from demo.github.courier import Courier
from demo.github.keys import generate
from demo.github.model import Repository
from demo.github.seed import demo_repository
from demo.github.verbs.deployments import Deployer
from demo.github.world import World, WorldConfig

SECRET = "a secret of the tests"
FORM = """\
name: Test charter
description: Let Charterbot explore the deployed app
title: "Charter: "
labels: [test-charter, not-created-yet]
body:
  - type: markdown
    attributes:
      value: "**Say what to explore.**"
  - type: textarea
    id: mission
    attributes: {label: Mission, description: "What should be found out?"}
    validations: {required: true}
  - type: dropdown
    id: roles
    attributes: {label: Roles, multiple: true, options: [member, trainer, admin]}
  - type: input
    id: url
    attributes: {label: Target URL, placeholder: "https://"}
  - type: checkboxes
    id: limits
    attributes:
      label: Limits
      options: [{label: Read only}, {label: No emails}]
"""
FILES = {
    "README.md": "# Clubhouse\n",
    "config/defects.txt": "D01\nD02\nD03\n",
    ".github/ISSUE_TEMPLATE/test-charter.yml": FORM,
}


class Clock:
    """The real time, moved by hand: githubkit signs with the real one."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def advance(self, **span: float) -> None:
        self.shift += timedelta(**span)


@cache
def keys() -> tuple[str, str]:
    return generate()


@cache
def adapter(event: str) -> TypeAdapter[Any]:
    return TypeAdapter(import_module(f"githubkit_schemas.v2026_03_10.webhooks.{event}").Event)


@dataclass
class Receiver:
    """Takes webhooks as the bot would: checks the signature, reads each through githubkit's model."""

    status: int = 202
    got: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/hook", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        wanted = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert request.headers["x-hub-signature-256"] == wanted
        event = request.headers["x-github-event"]
        adapter(event).validate_json(body)
        self.headers.append(dict(request.headers))
        self.got.append((event, request.headers["x-github-delivery"], json.loads(body)))
        return Response(status_code=self.status)

    @property
    def kinds(self) -> list[str]:
        return [f"{event}.{body['action']}" if "action" in body else event for event, _, body in self.got]

    def last(self, kind: str) -> dict[str, Any]:
        return [body for (_, _, body), each in zip(self.got, self.kinds, strict=True) if each == kind][-1]


@dataclass
class Scene:
    """A seeded world in this process, with everything a test needs to act on it."""

    world: World
    repository: Repository
    clock: Clock
    receiver: Receiver
    courier: Courier
    transport: httpx.ASGITransport
    # githubkit's namespaces hold their client weakly: `client().rest` needs somebody who keeps it.
    kept: list[GitHub[Any]] = field(default_factory=list)

    def app_client(self) -> GitHub[AppAuthStrategy]:
        client = GitHub(AppAuthStrategy("4711", keys()[0]), **self._settings())
        self.kept.append(client)
        return client

    def client_at(self, address: str) -> GitHub[Any]:
        """As the installation, over real HTTP."""
        installed = next(iter(self.world.installations))
        auth = AppAuthStrategy("4711", keys()[0]).as_installation(installed)
        settings: dict[str, Any] = self._settings() | {"base_url": address, "async_transport": None}
        self.kept.append(GitHub(auth, **settings))
        return self.kept[-1]

    def client(self, **scope: Any) -> GitHub[Any]:
        """As the installation, maybe narrowed."""
        installed = next(iter(self.world.installations))
        app = self.app_client()
        self.kept.append(app.with_auth(app.auth.as_installation(installed, **scope)))
        return self.kept[-1]

    def person(self, login: str) -> httpx.AsyncClient:
        """Somebody at a browser: follows redirects, keeps cookies."""
        return httpx.AsyncClient(
            transport=self.transport,
            base_url=self.world.base_url,
            cookies={"persona": quote(login)},
            headers={"accept": "text/html"},
            follow_redirects=True,
        )

    def bearer(self, value: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {value}"}
        return httpx.AsyncClient(transport=self.transport, base_url=self.world.base_url, headers=headers)

    def token(self) -> str:
        installed = next(iter(self.world.installations.values()))
        return self.world.mint_token(installed, dict(installed.permissions), None).value

    async def webhooks(self) -> list[str]:
        """Delivers what waits and gives the kinds received since the last call."""
        before = len(self.receiver.got)
        await self.courier.flush()
        return self.receiver.kinds[before:]

    def _settings(self) -> dict[str, Any]:
        return {
            "base_url": self.world.base_url + "/",
            "async_transport": self.transport,
            "http_cache": False,
            "auto_retry": False,
            "cache_strategy": MemCacheStrategy(),
        }


def new_world(clock: Callable[[], datetime], **settings: Any) -> World:
    config = WorldConfig(keys()[1], "http://bot.test/hook", SECRET, clock=clock, **settings)
    return World(config)


def new_scene(deployer: Deployer | None = None, **settings: Any) -> Scene:
    clock, receiver = Clock(), Receiver()
    world = new_world(clock, **settings)
    repository = demo_repository(world, FILES)
    courier = Courier(world, httpx.ASGITransport(app=receiver.app()))
    return Scene(world, repository, clock, receiver, courier, httpx.ASGITransport(app=create_app(world, deployer)))


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The app behind a real server on a free port; gives its address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(server.serve(sockets=[bound]))
            try:
                async with asyncio.timeout(10):
                    while not server.started:
                        await asyncio.sleep(0.01)
                yield f"http://127.0.0.1:{bound.getsockname()[1]}"
            finally:
                server.should_exit = True
                await running
