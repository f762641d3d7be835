"""Everything the demo runs on: Redis, database, local GitHub, web process, two workers, Clubhouse.

Up and down as one.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn

from agent.charter import Profile
from agent.errors import BadInput
from agent.profiles.load import load_profile
from agent.tools.chromium import require_browser
from bot.redis import PrivateRedis, find_redis
from bot.store.database import Database, migrate
from demo import processes
from demo.deployer import Deployer
from demo.github.app import create_app
from demo.github.keys import generate
from demo.github.model import Deployment, Repository
from demo.github.seed import demo_repository
from demo.github.world import World, WorldConfig
from demo.processes import Child

ROOT = Path(__file__).parent.parent
PROFILE = "Clubhouse/local"
DEFECTS_FILE = "deploy/defects.txt"
FORM_FILE = ".github/ISSUE_TEMPLATE/test-charter.yml"
APP_ID = 4711
READY_SECONDS = 40
PORTS = range(20_000, 32_000)
PORT_TRIES = 100
FOR_RUNS = ("CHARTERBOT_LLM", "CHARTERBOT_MODELS", "CHARTERBOT_BROWSER")
# What a person waits for on this machine may be quicker than GitHub's limits allow elsewhere.
PROGRESS_SECONDS = 3


@dataclass
class Stack:
    """The running demo. `github` is the local GitHub's address; `environs` what each process may see."""

    folder: Path
    world: World
    repository: Repository
    github: str
    db: Database
    deployer: Deployer
    profile: Profile
    environs: Mapping[str, Mapping[str, str]]
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def pages(self) -> str:
        return f"{self.github}/{self.repository.full_name}"

    async def start_child(self, name: str, *arguments: str) -> Child:
        """Start `charterbot <arguments>` with only the settings that this process may see."""
        self.children[name] = await processes.start(name, ["-m", "bot", *arguments], self.folder, self.environs[name])
        return self.children[name]

    def require_children(self) -> None:
        """Raises BadInput with the last words of a process that ended by itself."""
        for child in self.children.values():
            if not child.alive:
                raise BadInput(f"The process {child.name} ended by itself; its last words are:\n{child.last_words()}")


@contextlib.asynccontextmanager
async def open_stack(folder: Path, defects: str, llm: str) -> AsyncIterator[Stack]:
    """Start everything and stop it at the end. `defects` is Clubhouse's list of active defects."""
    require_browser(os.environ)
    folder.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as exits:
        redis = await exits.enter_async_context(_redis())
        deployer = Deployer(folder)
        exits.push_async_callback(deployer.close)
        web_port = _free_port()
        private, public = generate()
        secret = secrets.token_hex(20)
        hook = f"http://127.0.0.1:{web_port}/webhooks/github"
        world = World(
            WorldConfig(public_key=public, webhook_url=hook, webhook_secret=secret, app_id=APP_ID, page_size=30)
        )
        repository = demo_repository(world, _files(defects))
        environ = {**os.environ, "CLUBHOUSE_BUILDS": str(deployer.builds)}
        profile = load_profile(ROOT / "apps", PROFILE, environ, url=deployer.url)
        first = repository.graph.branches[repository.default_branch]
        await deployer.deploy(first, defects)
        github = await exits.enter_async_context(_serve_github(world, _deploy_with(deployer, repository)))
        (folder / "app.pem").touch(mode=0o600)
        (folder / "app.pem").write_text(private, encoding="utf-8")
        database = f"sqlite+aiosqlite:///{folder / 'charterbot.db'}"
        await migrate(database)
        db = Database(database)
        exits.push_async_callback(db.close)
        shared = _shared_settings(environ, database, redis, deployer.url)
        caller = {"CHARTERBOT_GITHUB_URL": github, "CHARTERBOT_APP_ID": str(APP_ID)}
        environs = {
            "web": {**shared, "CHARTERBOT_WEBHOOK_SECRET": secret},
            "events": {**shared, **caller, "CHARTERBOT_PRIVATE_KEY_PATH": str(folder / "app.pem")},
            "runs": {**shared, "CHARTERBOT_LLM": llm},
        }
        stack = Stack(folder, world, repository, github, db, deployer, profile, environs)
        exits.push_async_callback(_stop_children, stack)
        await stack.start_child("web", "serve", "--host", "127.0.0.1", "--port", str(web_port))
        await stack.start_child("events", "worker", "events")
        await stack.start_child("runs", "worker", "runs")
        await _wait_until_ready(f"http://127.0.0.1:{web_port}/readyz", stack)
        yield stack


@contextlib.asynccontextmanager
async def _redis() -> AsyncIterator[str]:
    """The address of the Redis that was named, else of one started for this demo alone."""
    if named := os.environ.get("CHARTERBOT_REDIS_URL"):
        yield named
        return
    program = find_redis(os.environ)
    if program is None:
        raise BadInput("No redis-server or valkey-server was found; `charterbot doctor` says how to get one.")
    async with PrivateRedis(program) as url:
        yield url


def _shared_settings(environ: Mapping[str, str], database: str, redis: str, target: str) -> dict[str, str]:
    """What every process sees: the machine's own variables, and of Charterbot's only the model's and the browser's."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("CHARTERBOT_") or name.startswith(FOR_RUNS)
    }
    return {
        **kept,
        "CHARTERBOT_TARGET_URLS": json.dumps({PROFILE: target}),
        "CHARTERBOT_DATABASE_URL": database,
        "CHARTERBOT_REDIS_URL": redis,
        "CHARTERBOT_APPS_DIR": str(ROOT / "apps"),
        "CHARTERBOT_RUNS_DIR": str(Path("runs").resolve()),
        "CHARTERBOT_PROGRESS_SECONDS": str(PROGRESS_SECONDS),
        "PYTHONPATH": str(ROOT),
    }


def _files(defects: str) -> dict[str, str]:
    """The demo's repository: what Clubhouse's makers would have in theirs."""
    form = (ROOT / "bot/render/test-charter.yml").read_text(encoding="utf-8")
    readme = "# Clubhouse\n\nCourts, members and bookings for sports clubs.\n"
    return {"README.md": readme, DEFECTS_FILE: defects, FORM_FILE: form}


def _deploy_with(deployer: Deployer, repository: Repository):
    async def deploy(deployment: Deployment) -> str:
        commit = repository.graph.commits[deployment.sha]
        return await deployer.deploy(deployment.sha, commit.files[DEFECTS_FILE])

    return deploy


@contextlib.asynccontextmanager
async def _serve_github(world: World, deploy) -> AsyncIterator[str]:
    port = _free_port()
    world.base_url = f"http://127.0.0.1:{port}"
    config = uvicorn.Config(
        create_app(world, deploy),
        host="127.0.0.1",
        port=port,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # The demo decides when it ends; uvicorn must not take Ctrl-C for itself.
    server.install_signal_handlers = lambda: None  # pyright: ignore[reportAttributeAccessIssue] - uvicorn's own hook
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if serving.done():
                raise BadInput(f"The local GitHub cannot listen on port {port}; run the command again.")
            await asyncio.sleep(0.05)
        yield world.base_url
    finally:
        server.should_exit = True
        await serving


async def _wait_until_ready(url: str, stack: Stack) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(READY_SECONDS * 5):
            stack.require_children()
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(url)).status_code == 200:
                    return
            await asyncio.sleep(0.2)
    raise BadInput(f"The web process did not become ready; its last words are:\n{stack.children['web'].last_words()}")


async def _stop_children(stack: Stack) -> None:
    async with asyncio.TaskGroup() as group:
        for child in stack.children.values():
            group.create_task(child.stop())


def _free_port() -> int:
    """One that nobody listens on now, and that no outgoing connection is given before we do."""
    for _ in range(PORT_TRIES):
        port = PORTS.start + secrets.randbelow(len(PORTS))
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise BadInput(f"No port from {PORTS.start} to {PORTS.stop - 1} is free; end some programs and try again.")
