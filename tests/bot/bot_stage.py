"""The bot's stage: the local GitHub over real HTTP, a database file, handlers called as dispatch calls them."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.charter import Charter
from agent.events import Payload
from agent.evidence.finding import Alarm, Claim, Finding, Fingerprint, Repro, Step, Verdict
from bot import outbox
from bot.config import Settings
from bot.context import Context
from bot.events import Actor, CharterLabelled, CommentPosted, RepoRef
from bot.github.client import AppCredentials
from bot.github.live import LiveGitHub
from bot.github.port import GitHubPort
from bot.handlers.charter import on_charter
from bot.handlers.command import on_comment
from bot.handlers.finding import file_drafts
from bot.queue import Queue
from bot.reasons import Outcome
from bot.redis import redis_settings
from bot.store import findings, leases, runs, tables
from bot.store.database import Database
from bot.store.runs import Run
from demo.github.app import create_app
from demo.github.keys import generate
from demo.github.model import Comment, Issue, Repository
from demo.github.seed import demo_repository
from demo.github.world import World, WorldConfig

APPS = Path(__file__).parents[2] / "apps"
MISSION = "Explore booking a court from search to payment."
FORM = f"### Target\n\nClubhouse/local\n\n### Mission\n\n{MISSION}\n\n### Roles\n\nmember, club-admin\n"
ROUTE = "/bookings"


class Clock:
    """The real time, moved by hand: tokens are signed with the real one."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def advance(self, seconds: float) -> None:
        self.shift += timedelta(seconds=seconds)


@cache
def keys() -> tuple[str, str]:
    return generate()


def an_alarm(route: str = ROUTE) -> Alarm:
    text = f"POST {route} answered 500: IntegrityError"
    return Alarm("server_error", route, f"POST {route} 500", text, f"http://x{route}", "http://x/courts/3/book")


def a_finding(name: str = "a", oracle: Alarm | Claim | None = None, **changes: Any) -> Finding:
    oracle = oracle or an_alarm()
    steps = (
        Step("member", "goto", value="/courts/3/book", words="Open /courts/3/book"),
        Step("member", "fill", ("get_by_label('Note')",), "Birthday's game", 'Fill "Note"'),
        Step("member", "click", ("get_by_role('button', name='Request')",), words='Click button "Request"'),
    )
    facts = (("version", "v1"), ("kind", "server_error"), ("method", "POST"), ("endpoint", ROUTE), ("status", "500"))
    values: dict[str, Any] = {
        "fingerprint": Fingerprint(f"{name:0>16}", facts),
        "title": f"POST {ROUTE} answers 500",
        "severity": "high",
        "role": "member",
        "oracle": oracle,
        "repro": Repro(steps, 2, oracle),
        "verdict": Verdict("CONFIRMED", 5, 5, "clean", build="a" * 40, actual="500 Internal Server Error"),
        "app": "Clubhouse",
        "profile": "local",
    }
    return Finding(**{**values, **changes})


@dataclass
class Stage:
    world: World
    repository: Repository
    context: Context
    github: GitHubPort
    clock: Clock
    installation_id: int
    charter: Issue = field(init=False)

    def __post_init__(self) -> None:
        self.charter = self.world.open_issue(self.repository, "pm", "Charter: bookings", FORM, ["test-charter"])

    @property
    def repo(self) -> RepoRef:
        return RepoRef(self.repository.id, self.repository.owner.login, self.repository.name)

    def actor(self, login: str) -> Actor:
        return Actor(login, self.world.user(login).id)

    async def label(self, login: str = "pm", issue: Issue | None = None, label: str = "test-charter") -> Outcome:
        issue, delivery = issue or self.charter, str(uuid4())
        return await self.deliver_label(login, issue, label, delivery)

    async def deliver_label(self, login: str, issue: Issue, label: str, delivery: str) -> Outcome:
        event = CharterLabelled(
            self.repo, self.installation_id, self.actor(login), issue.number, label, issue.title, issue.body or ""
        )
        return await on_charter(event, replace(self.context, delivery_id=delivery))

    async def say(self, text: str, login: str = "pm", issue: Issue | None = None) -> tuple[Outcome, Comment]:
        issue = issue or self.charter
        comment = self.world.comment(issue, login, text)
        return await self.hear(comment), comment

    async def hear(self, comment: Comment) -> Outcome:
        actor = self.actor(comment.author.login)
        event = CommentPosted(self.repo, self.installation_id, actor, comment.issue.number, comment.id, comment.body)
        return await on_comment(event, replace(self.context, delivery_id=str(uuid4())))

    async def flush(self) -> int:
        return await outbox.flush(self.context)

    def comments(self, issue: Issue | None = None) -> list[str]:
        """What the bot said there."""
        issue = issue or self.charter
        return [comment.body for comment in issue.comments if comment.author is self.world.bot]

    def findings(self) -> list[Issue]:
        return [issue for issue in self.repository.issues.values() if "finding" in issue.label_names]

    async def a_run(self, *payloads: tuple[str, Payload]) -> Run:
        """A run by the label that is going, with this journal."""
        assert (await self.label()).kind == "done"
        await self.flush()
        async with self.context.db.begin() as tx:
            run = await runs.latest_for(tx, self.repo.id, self.charter.number)
            assert run is not None
            await moved(tx, run, "running", self.clock())
        await self.journal(run, *payloads)
        return run

    async def journal(self, run: Run, *payloads: tuple[str, Payload]) -> None:
        lease = await leases.take(self.context.db, "runs", run.id, 30, self.clock())
        assert lease is not None
        for role, payload in payloads:
            await runs.journal(self.context.db, lease).append(role, [payload])
        await leases.release(self.context.db, lease)

    async def prove(self, run: Run, *proven: Finding) -> None:
        """As the explorer hands over its drafts."""
        lease = await leases.take(self.context.db, "runs", run.id, 30, self.clock())
        assert lease is not None
        for finding in proven:
            await findings.book(self.context.db, run, lease).keep(finding)
        await leases.release(self.context.db, lease)

    async def file(self, run: Run, *proven: Finding) -> list[Issue]:
        await self.prove(run, *proven)
        await file_drafts(self.context)
        await self.flush()
        return self.findings()

    async def end(self, run: Run, state: str = "completed", detail: str = "") -> None:
        async with self.context.db.begin() as tx:
            await moved(tx, run, state, self.clock(), detail)

    async def get(self, run: Run) -> Run:
        async with self.context.db.read() as tx:
            found = await runs.get(tx, run.id)
        assert found is not None
        return found

    async def all_runs(self) -> Sequence[Run]:
        async with self.context.db.read() as tx:
            return await runs.of_state(tx, "queued", "running", "completed", "stopped", "failed")


async def moved(tx: AsyncConnection, run: Run, state: str, now: datetime, detail: str = "") -> None:
    """The run as its worker leaves it, without the worker."""
    times = {"started_at": now} if state == "running" else {"finished_at": now}
    values = {"state": state, "detail": detail, **times}
    await tx.execute(update(tables.runs).where(tables.runs.c.id == run.id).values(**values))


def a_charter() -> Charter:
    return Charter(MISSION, "Clubhouse", "local", ("member", "club-admin"))


@asynccontextmanager
async def staged(folder: Path, template: Path, redis_url: str, **world_settings: Any) -> AsyncIterator[Stage]:
    private, public = keys()
    clock = Clock()
    world = World(WorldConfig(public, "http://bot.invalid/hook", "secret", clock=clock, **world_settings))
    repository = demo_repository(world, {"README.md": "# Clubhouse\n"})
    async with served(world) as address, a_database(folder, template) as db:
        world.base_url = address
        settings = Settings.model_validate({"data_dir": folder, "database_url": db.url, "apps_dir": APPS})
        # Nobody works on its jobs: these tests call what a kick would.
        queue = Queue(redis_settings(redis_url, patient=False))
        github = LiveGitHub(AppCredentials("4711", private, address), clock)
        context = Context(db, settings, queue, clock, github)
        yield Stage(world, repository, context, github, clock, next(iter(world.installations)))
        await queue.close()
        await github.close()


@asynccontextmanager
async def a_database(folder: Path, template: Path) -> AsyncIterator[Database]:
    """A copy of the migrated file."""
    db = Database(f"sqlite+aiosqlite:///{shutil.copy(template, folder / 'charterbot.db')}")
    yield db
    await db.close()


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    # Without its lifespan no webhooks are sent: these tests hand the events over themselves.
    server = uvicorn.Server(uvicorn.Config(create_app(world), log_config=None, access_log=False, lifespan="off"))
    async with asyncio.TaskGroup() as group:
        group.create_task(server._serve(sockets=[listener]))  # serve() would take the signals of the test run
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
