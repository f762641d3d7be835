"""Worker processes: killed, stopped, without Redis for a while. A run goes on, and nobody works on it twice."""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from spine_stage import REPO, SECRET, Spine, a_run

from agent.charter import Charter
from agent.events import Event, RoleStopped, RunStarted, TurnEnded
from agent.journal import JournalDown, LeaseLost
from bot.config import Settings
from bot.holding import hold
from bot.runner import drive_revalidation, drive_run
from bot.store import deliveries, leases, runs
from bot.store.database import Database
from bot.store.runs import Run
from bot.sweeps import sweep_runs
from demo.github.app import create_app
from demo.github.keys import generate
from demo.github.world import World, WorldConfig
from webhooks.signature import sign

PAGE = b"""<!doctype html><title>Shop</title><h1>Shop</h1>
<a href="/a">Shoes</a> <a href="/b">Hats</a> <a href="/c">Bags</a> <a href="/d">Belts</a> <a href="/e">Ties</a>
<form action="/search"><label>Search <input name="q"></label><button>Find</button></form>"""


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def variables(spine: Spine, tmp_path: Path, shop: str = "http://127.0.0.1:9") -> dict[str, str]:
    """The environment of a worker, with a profile of the shop."""
    folder = tmp_path / "apps" / "Shop" / "local"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(json.dumps({"url": shop, "environment": "local", "iterations": 16}))
    (folder / "roles.json").write_text(json.dumps({"roles": [{"name": "visitor", "sign_in": None}]}))
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CHARTERBOT_")},
        **{name: value for name, value in os.environ.items() if name == "CHARTERBOT_BROWSER"},
        "CHARTERBOT_DATABASE_URL": spine.db.url,
        "CHARTERBOT_REDIS_URL": spine.redis.url,
        "CHARTERBOT_APPS_DIR": str(tmp_path / "apps"),
        "CHARTERBOT_RUNS_DIR": str(tmp_path / "runs"),
        "CHARTERBOT_LEASE_SECONDS": "2",
    }


@asynccontextmanager
async def worker(name: str, environ: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    code = f"from bot.worker import run_worker; run_worker({name!r})"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environ)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def events_of(spine: Spine, run: Run) -> tuple[Event, ...]:
    async with spine.db.read() as tx:
        return await runs.read_events(tx, run.id)


async def row(spine: Spine, run: Run) -> Run:
    async with spine.db.read() as tx:
        found = await runs.get(tx, run.id)
    assert found is not None
    return found


async def insert(spine: Spine, run: Run) -> Run:
    async with spine.db.begin() as tx:
        assert await runs.insert(tx, run)
    return run


def shop_run() -> Run:
    return a_run(charter=Charter("Look around", "Shop", "local"))


async def test_a_run_survives_a_stopped_worker_a_killed_worker_and_a_flushed_redis(
    spine: Spine, tmp_path: Path, shop: str
) -> None:
    """Nothing of GitHub is set: the worker that explores needs none of it, and a broken key does not matter to it."""
    environ = {**variables(spine, tmp_path, shop), "CHARTERBOT_PRIVATE_KEY_PATH": "/nowhere.pem"}
    run = await insert(spine, shop_run())

    def turned(count: int) -> Callable[[], Awaitable[bool]]:
        async def enough() -> bool:
            found = await row(spine, run)
            assert found.state in ("queued", "running"), found.detail
            return sum(isinstance(event.payload, TurnEnded) for event in await events_of(spine, run)) >= count

        return enough

    async with worker("runs", environ) as first:  # nobody kicked: its sweep finds the run
        await until(turned(2))
        first.send_signal(signal.SIGTERM)
        assert await first.wait() == 0
    stopped = await row(spine, run)
    written = len(await events_of(spine, run))
    assert stopped.state == "running" and isinstance((await events_of(spine, run))[-1].payload, TurnEnded)
    assert await leases.take(spine.db, "runs", run.id, 0, spine.context.clock()) is not None  # it let go

    async with worker("runs", environ) as second:
        await until(turned(5))
        await spine.queue._redis.flushall()
        second.send_signal(signal.SIGKILL)
        await second.wait()
    async with worker("runs", environ):

        async def over() -> bool:
            return (await row(spine, run)).state == "completed"

        await until(over)
    events = await events_of(spine, run)
    assert [event.seq for event in events] == list(range(1, len(events) + 1)) and len(events) > written
    starts = [event.payload.resumed for event in events if isinstance(event.payload, RunStarted)]
    assert starts == [False, True, True]
    turns = [event.payload.iteration for event in events if isinstance(event.payload, TurnEnded)]
    assert turns == list(range(1, len(turns) + 1))  # none lost, none twice
    assert [event.payload.reason for event in events if isinstance(event.payload, RoleStopped)] != []
    finished = await row(spine, run)
    assert finished.finished_at is not None and (Path(finished.folder) / "report.md").is_file()


async def test_of_two_workers_one_gets_the_run(spine: Spine) -> None:
    run = await insert(spine, a_run(charter=Charter("Look", "Nowhere", "local")))
    await asyncio.gather(*(drive_run({"context": spine.context}, run.id) for _ in range(2)))
    found = await row(spine, run)
    assert (found.state, found.started_at) == ("failed", None)
    assert "There is no app profile 'Nowhere/local'" in found.detail
    await drive_run({"context": spine.context}, run.id)  # a late kick of a run that is over
    assert (await row(spine, run)).finished_at == found.finished_at


async def test_a_target_that_does_not_answer_ends_the_run_with_a_sentence(spine: Spine, tmp_path: Path) -> None:
    variables(spine, tmp_path)
    spine.settings = spine.settings.model_copy(
        update={"apps_dir": tmp_path / "apps", "target_urls": {"Shop/local": "http://127.0.0.1:1"}}
    )
    run = await insert(spine, shop_run())
    await drive_run({"context": spine.context}, run.id)
    found = await row(spine, run)
    assert found.state == "failed" and "http://127.0.0.1:1 cannot be reached" in found.detail
    assert await events_of(spine, run) == ()


async def test_work_ends_when_the_lease_is_lost(spine: Spine) -> None:
    run = await insert(spine, a_run())
    context = spine.context
    lease = await leases.take(spine.db, "runs", run.id, 0.3, context.clock())
    assert lease is not None
    ended: list[str] = []

    async def explore() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")

    async def steal() -> bool:
        # Somebody whose clock runs ahead: the one way to take a lease that is renewed.
        late = context.clock().replace(year=2099)
        return await leases.take(spine.db, "runs", run.id, 30, late) is not None

    async with asyncio.TaskGroup() as group:
        holding = group.create_task(expect_loss(hold(context, lease, explore())))
        await until(steal)
    assert holding.result() and ended == ["cancelled"]


async def expect_loss(holding: Awaitable[None]) -> bool:
    with pytest.raises(LeaseLost):
        await holding
    return True


async def test_a_lease_is_kept_alive_for_as_long_as_the_work_takes(spine: Spine) -> None:
    run = await insert(spine, a_run())
    lease = await leases.take(spine.db, "runs", run.id, 0.6, spine.context.clock())
    assert lease is not None

    async def work() -> str:
        async with asyncio.timeout(2) as time, asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(1.5))
            assert await leases.take(spine.db, "runs", run.id, 30, spine.context.clock()) is None
        assert not time.expired()
        return "done"

    assert await hold(spine.context, lease, work()) == "done"
    assert await leases.take(spine.db, "runs", run.id, 30, spine.context.clock()) is None  # renewed to the last


async def test_the_sweep_kicks_what_nobody_holds_and_a_kick_twice_is_one_job(spine: Spine) -> None:
    idle, taken = await insert(spine, a_run(1)), await insert(spine, a_run(2))
    assert await leases.take(spine.db, "runs", taken.id, 30, spine.context.clock()) is not None
    for _ in range(3):
        await sweep_runs(spine.context)
    jobs = {job.rpartition(":")[0] for job in await spine.jobs("charterbot:runs")}
    assert jobs == {f"run:{idle.id}:0"}
    await asyncio.gather(*(spine.queue.kick_outbox() for _ in range(30)))
    assert 1 <= len(await spine.jobs()) <= 5


async def test_a_revalidation_without_its_row_is_left_alone(spine: Spine) -> None:
    await drive_revalidation({"context": spine.context}, "unknown")


async def test_the_events_worker_outlives_redis(spine: Spine, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(key.private_bytes(*form))
    environ = {
        **variables(spine, tmp_path),
        "CHARTERBOT_APP_ID": "1",
        "CHARTERBOT_PRIVATE_KEY_PATH": str(tmp_path / "key.pem"),
        "CHARTERBOT_GITHUB_URL": "http://127.0.0.1:9",
    }
    chat = {
        "action": "created",
        "issue": {"number": 3, "title": "Lunch"},
        "comment": {"id": 8, "body": "Pizza?"},
        "repository": {"id": REPO.id, "name": REPO.name, "owner": {"login": REPO.owner, "id": 3}},
        "sender": {"login": "pat", "id": 9},
    }

    def handled(id: str) -> Callable[[], Awaitable[bool]]:
        async def done() -> bool:
            async with spine.db.read() as tx:
                found = await deliveries.get(tx, id)
            return found is not None and found.state == "done"

        return done

    async with worker("events", environ) as process, spine.door() as door:
        assert (await door.deliver("issue_comment", chat, "one")).status_code == 202
        await until(handled("one"))
        await spine.redis.stop()
        assert (await door.deliver("issue_comment", chat, "two")).status_code == 503
        await spine.redis.start()
        await until(handled("two"))  # the worker's own sweep: nobody redelivers
        assert (await door.deliver("issue_comment", chat, "three")).status_code == 202
        await until(handled("three"))
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("runs", {"CHARTERBOT_REDIS_URL": ""}, "set CHARTERBOT_REDIS_URL"),
        ("runs", {"CHARTERBOT_REDIS_URL": "unix:///nowhere.sock"}, "Redis cannot be reached"),
        ("events", {}, "set CHARTERBOT_APP_ID"),
        ("events", {"CHARTERBOT_APP_ID": "1"}, "set CHARTERBOT_PRIVATE_KEY_PATH"),
    ],
)
async def test_what_is_missing_is_one_sentence(
    spine: Spine, tmp_path: Path, name: str, changes: dict[str, str], sentence: str
) -> None:
    said, errors = await refusal(name, {**variables(spine, tmp_path), **changes})
    assert sentence in said and len(said.splitlines()) == 1
    assert "Traceback" not in errors


async def refusal(name: str, environ: dict[str, str]) -> tuple[str, str]:
    """What a worker that does not start says, and its log."""
    code = f"""
from agent.errors import BadInput
from bot.worker import run_worker
try:
    run_worker({name!r})
except BadInput as error:
    print(error)
"""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=environ, cwd=Path.cwd(), stdout=pipe, stderr=pipe
    )
    said, errors = await process.communicate()
    return said.decode(), errors.decode()


async def test_a_foreign_key_is_refused_at_the_start(spine: Spine, tmp_path: Path) -> None:
    foreign, own = generate(), generate()
    (tmp_path / "key.pem").write_text(foreign[0])
    world = World(WorldConfig(own[1], "http://bot.invalid/hook", SECRET))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(world), log_config=None, access_log=False, lifespan="off"))
    environ = {
        **variables(spine, tmp_path),
        "CHARTERBOT_APP_ID": "4711",
        "CHARTERBOT_PRIVATE_KEY_PATH": str(tmp_path / "key.pem"),
        "CHARTERBOT_GITHUB_URL": f"http://127.0.0.1:{listener.getsockname()[1]}",
    }
    async with asyncio.TaskGroup() as group:
        group.create_task(server._serve(sockets=[listener]))  # serve() would take the signals of the test run
        said, errors = await refusal("events", environ)
        server.should_exit = True
    assert "CHARTERBOT_APP_ID" in said and "CHARTERBOT_PRIVATE_KEY_PATH" in said and len(said.splitlines()) == 1
    assert "Traceback" not in errors


async def test_a_report_that_cannot_be_written_does_not_keep_a_run_from_its_end(
    spine: Spine, shop: str, tmp_path: Path
) -> None:
    environ = variables(spine, tmp_path, shop)
    settings = Settings.model_validate(
        {"apps_dir": environ["CHARTERBOT_APPS_DIR"], "runs_dir": tmp_path / "runs", "database_url": spine.db.url}
    )
    folder = tmp_path / "runs" / "full"
    (folder / "report.md").mkdir(parents=True)
    run = a_run(charter=Charter("Look", "Shop", "local", iterations=1), folder=str(folder))
    async with spine.db.begin() as tx:
        assert await runs.insert(tx, run)
    await drive_run({"context": replace(spine.context, settings=settings)}, run.id)
    async with spine.db.read() as tx:
        found = await runs.get(tx, run.id)
    assert found is not None and found.state == "completed"
    assert "The report could not be written (" in found.detail


async def test_an_outage_of_the_database_leaves_the_run_for_the_sweep(spine: Spine, tmp_path: Path) -> None:
    run = a_run()
    async with spine.db.begin() as tx:
        assert await runs.insert(tx, run)
    lease = await leases.take(spine.db, "runs", run.id, 30, spine.context.clock())
    assert lease is not None
    gone = runs.journal(Database(f"sqlite+aiosqlite:///{tmp_path / 'no' / 'x.db'}"), lease)

    async def work() -> None:
        await gone.append("a", [TurnEnded(1)])

    with pytest.raises(JournalDown):
        await hold(spine.context, lease, work())


def test_a_signature_is_that_of_the_published_example() -> None:
    """The example in GitHub's documentation on validating deliveries."""
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign(b"It's a Secret to Everybody", b"Hello, World!") == expected
