"""A run: the roles side by side, each in a browser of its own, with one prover beside them.

A segment of a run may end before the run does; the journal is all that the next segment needs.
"""

import asyncio
import math
import secrets
import time
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog
from playwright.async_api import Playwright, async_playwright

from agent import events as ev
from agent.assignment import Assignment
from agent.book import FindingBook
from agent.charter import Charter, Profile, Role
from agent.circuit import Breaker
from agent.conclusion import Leave, RunOutcome, conclude, stopped
from agent.coverage.frontier import Frontier
from agent.coverage.similar import Recogniser
from agent.errors import BadInput
from agent.events import Event
from agent.evidence.instance import read_build
from agent.journal import Journal, JournalDown, LeaseLost
from agent.llm.base import Model
from agent.logbook import Logbook
from agent.planning import plan
from agent.preflight import TROUBLES, Doors, check_target, stop_of, unanswered
from agent.profiles.load import chosen_roles
from agent.prover import ProofRoom, Prover
from agent.session import LostMeanwhile, Session
from agent.steering import Helm, Inbox, MemoryInbox
from agent.stopping import Stop, StopReason
from agent.target import silent
from agent.tools.chromium import require_browser
from agent.tools.egress import allowed_origins
from agent.tools.entrance import FAILED_PICTURE
from agent.tools.mcp import McpSurface
from agent.tools.playwright_server import SharedChromium, share
from agent.tools.router import Router
from agent.tools.seat import BrowserOptions
from agent.tools.secrets import Secrets
from agent.vault import Kept, Vault

DRAIN_GRACE = 20.0
STOP_ASKED_EVERY = 1.0
BROWSERS = 3
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CrewRun:
    """One segment of a run. `model` gives each role its reasoner, which is told to close when the role is over;
    `folder` gets the artefacts; `deadline` is on `clock`, in seconds: roles stop at their next turn boundary after it.
    """

    charter: Charter
    profile: Profile
    model: Callable[[Role], Model]
    journal: Journal
    book: FindingBook
    folder: Path
    environ: Mapping[str, str]
    deadline: float | None = None
    inbox: Inbox = field(default_factory=MemoryInbox)
    vault: Vault = field(default_factory=lambda: Vault(None))
    clock: Callable[[], float] = time.monotonic
    listen: Callable[[Event], None] | None = None


async def run_crew(run: CrewRun) -> RunOutcome:
    """Explore until the roles are done or the segment is over.

    Raises BadInput, before anything was started or journalled, for an unknown role, a missing browser or a target
    that does not answer; LeaseLost when another worker has taken the run over; JournalDown when the journal
    cannot be reached and a later segment is to go on.
    """
    logbook = Logbook(run.journal, run.listen)
    await logbook.open()
    if logbook.ledger.ended:
        return RunOutcome("stopped" if logbook.ledger.ended == "stopped" else "completed", "The run had ended already.")
    roles = chosen_roles(run.profile, run.charter)
    require_browser(run.environ)
    resumed = bool(logbook.events)
    away = await check_target(run.profile, resumed=resumed)
    if away and not resumed:
        raise BadInput(away)
    try:
        return await Crew(run, logbook, roles).work(resumed, away)
    except BaseExceptionGroup as group:
        if group.subgroup(LeaseLost):
            raise LeaseLost("Another worker has taken the run over.") from None
        if group.subgroup(JournalDown):
            raise JournalDown("The journal cannot be reached.") from group
        raise


class Crew:
    """The roles of one segment at work."""

    def __init__(self, run: CrewRun, logbook: Logbook, roles: tuple[Role, ...]):
        self._run = run
        self._logbook = logbook
        self._roles = roles
        self._secrets = Secrets(dict(run.profile.secrets), ())
        self._room = ProofRoom(run.profile, run.book, run.folder / "proofs", run.environ)
        self._helm = Helm(run.inbox, logbook)
        self._recogniser = Recogniser(run.profile.sharing.alike, logbook.events)
        self._frontier = Frontier(run.profile.sharing)
        self._playwright: Playwright | None = None
        self._shared: SharedChromium | None = None
        self._stop_heard = False
        # One for all roles, so that their requests begin with the same text, which providers then cache once.
        self._fence = secrets.token_hex(4)

    async def work(self, resumed: bool, away: str = "") -> RunOutcome:
        """`away`: why no role can go on; then they end, and what waits for its proof is proved where that needs no
        explored application. Raises BadInput when a role of a run that begins cannot sign in."""
        waiting = [] if away else [role for role in self._roles if not self._stopped(role)]
        models = {role.name: self._run.model(role) for role in waiting}
        provable = not away or self._run.profile.replay is not None
        async with self._browsers(), Doors() as doors:
            # Everybody signs in before any model is asked: a wrong password is told at once and costs nothing.
            await doors.open([self._options(role, models[role.name], resumed) for role in waiting])
            if doors.refused and not resumed:
                raise BadInput(await silent(self._run.profile.url) or doors.refused)
            build = await self._begin(resumed)
            if away:
                await self._leave(away)
            if provable:
                await self._work_off(waiting, models, doors, build)
        names = [role.name for role in self._roles]
        return await conclude(self._logbook, names, Leave(self._stop_heard, unprovable=not provable))

    async def _begin(self, resumed: bool) -> str:
        """The build that is explored; while it cannot be told, the one that was seen last."""
        run, names = self._run, tuple(role.name for role in self._roles)
        seen = [event.payload.build for event in self._logbook.events if isinstance(event.payload, ev.RunStarted)]
        build = await read_build(run.profile, run.profile.url) or next(filter(None, reversed(seen)), "")
        await self._logbook.append("", ev.RunStarted(build, names, resumed))
        if not resumed:
            items = plan(run.charter, self._roles, await run.book.open_faults())
            await self._logbook.append("", ev.PlanMade(tuple(item.to_json() for item in items)))
        return build

    async def _leave(self, away: str) -> None:
        """Ends every role that has not ended: the target is gone."""
        for role in self._roles:
            if not self._stopped(role):
                await self._logbook.append(role.name, ev.CircuitOpened("app_down", "", 0, away))
                await self._note_end(role, Stop(StopReason.TARGET_DOWN, away))
                Kept(self._run.vault, self._run.folder, role.name).drop()

    async def _work_off(self, roles: Sequence[Role], models: Mapping[str, Model], doors: Doors, build: str) -> None:
        """All roles side by side with the prover, then what the prover has left."""
        self._prover = Prover(replace(self._room, playwright=self._playwright, build=build), self._logbook)
        async with asyncio.TaskGroup() as group:
            proving = group.create_task(self._prover.run(), name="prover")
            async with asyncio.TaskGroup() as exploring:
                for index, role in enumerate(roles):
                    delay = index * self._run.profile.resilience.stagger
                    task = self._explore(role, models[role.name], doors, delay)
                    exploring.create_task(task, name=f"role-{role.name}")
            await self._drain(proving)

    @asynccontextmanager
    async def _browsers(self) -> AsyncIterator[None]:
        """One driver for all roles, and where the profile says so one Chromium; else each role launches its own."""
        run = self._run
        async with async_playwright() as self._playwright:
            if not run.profile.shared_browser:
                yield
                return
            folder = run.folder / "browsers"
            folder.mkdir(parents=True, exist_ok=True)
            path = require_browser(run.environ)
            self._shared = await share(self._playwright, path, run.profile, folder)
            try:
                yield
            finally:
                await self._shared.close()

    def _stopped(self, role: Role) -> str:
        return stopped(self._logbook, role.name)

    def _paused(self) -> bool:
        return self._run.deadline is not None and self._run.clock() >= self._run.deadline

    async def _drain(self, proving: asyncio.Task[None]) -> None:
        """Lets the prover work off what waits: until the deadline if there is one (each replay is bounded anyway).

        A stop leaves a short grace, and so does the deadline: for the proof that is under way.
        """
        self._prover.close()
        self._stop_heard = any(self._stopped(role) == StopReason.STOP_REQUESTED for role in self._roles)
        left = math.inf if self._run.deadline is None else self._run.deadline - self._run.clock()
        until = time.monotonic() + max(DRAIN_GRACE if self._stop_heard else left, DRAIN_GRACE)
        if self._stop_heard or self._paused():
            self._prover.hurry()
        while not proving.done() and (seconds := until - time.monotonic()) > 0:
            await asyncio.wait((proving,), timeout=min(seconds, STOP_ASKED_EVERY))
            if not self._stop_heard and await self._helm.stop():
                self._stop_heard = True
                self._prover.hurry()
                until = min(until, time.monotonic() + DRAIN_GRACE)
        proving.cancel()

    async def _explore(self, role: Role, model: Model, doors: Doors, delay: float) -> None:
        kept = Kept(self._run.vault, self._run.folder, role.name)
        await asyncio.sleep(delay)
        try:
            with structlog.contextvars.bound_contextvars(role=role.name):
                stop = await self._play(role, model, doors, kept)
        except (LeaseLost, JournalDown):
            raise
        except Exception as error:
            # Plain and masked: a traceback that shows local variables would show the secrets in them.
            told = self._secrets.mask(traceback.format_exc())
            log.exception("role crashed", role=role.name, traceback=told, exc_info=False)
            stop = Stop(StopReason.CRASHED, f"{type(error).__name__}: {error}"[:300])
        finally:
            await model.close()
        if stop is not None:
            await self._note_end(role, stop)
            kept.drop()

    async def _play(self, role: Role, model: Model, doors: Doors, kept: Kept) -> Stop | None:
        """Its session; in a new browser where one was lost over an application that is back."""
        lost, made = 0, self._turns(role)
        while lost < BROWSERS:
            if lost:
                await doors.open([self._options(role, model, resumed=True)])
            try:
                return await self._session(role, model, doors, kept)
            except LostMeanwhile:
                pass
            except TROUBLES as error:
                # A sign-in that fails because nobody answers is no wrong password.
                found = await Breaker(self._run.profile).settle(self._given_up, lost=True)
                if found.payloads:
                    await self._logbook.append_all(role.name, found.payloads)
                again = found.outcome == "back" or (not lost and unanswered(error))
                if found.stop or not again:
                    return await self._ended(found.stop or stop_of(error))
            # Only losses in a row count: a long run may see many deployments.
            lost, made = (lost + 1 if self._turns(role) == made else 1), self._turns(role)
        return Stop(
            StopReason.TARGET_DOWN, f"The role lost {BROWSERS} browsers in a row while the application was away."
        )

    def _turns(self, role: Role) -> int:
        info = self._logbook.ledger.roles.get(role.name)
        return info.iterations if info else 0

    async def _ended(self, stop: Stop) -> Stop | None:
        """A wait that was given up has found out nothing."""
        if stop.reason == StopReason.TARGET_DOWN or not await self._given_up():
            return stop
        return None if self._paused() else Stop(StopReason.STOP_REQUESTED, "Stopped on request.")

    async def _given_up(self) -> bool:
        return self._paused() or await self._helm.stop()

    async def _note_end(self, role: Role, stop: Stop) -> None:
        info = self._logbook.ledger.roles.get(role.name)
        picture = Path("roles", role.name, FAILED_PICTURE)
        shown = stop.reason == StopReason.SIGN_IN_FAILED and (self._run.folder / picture).is_file()
        detail, turns = self._secrets.mask(stop.detail), info.iterations if info else 0
        ended = ev.RoleStopped(stop.reason.value, detail, turns, picture.as_posix() if shown else "")
        await self._logbook.append(role.name, ended)

    def _options(self, role: Role, model: Model, resumed: bool) -> BrowserOptions:
        run = self._run
        return BrowserOptions(
            role,
            run.profile,
            require_browser(run.environ),
            run.folder / "browsers",
            playwright=self._playwright,
            shared=self._shared,
            pictures=model.vision,
            artefacts=run.folder / "roles" / role.name,
            state=Kept(run.vault, run.folder, role.name).take() if resumed else None,
        )

    async def _session(self, role: Role, model: Model, doors: Doors, kept: Kept) -> Stop | None:
        run, profile = self._run, self._run.profile
        work = Assignment(
            charter=run.charter,
            profile=profile,
            role=role,
            model=model,
            logbook=self._logbook,
            crew=self._roles,
            recogniser=self._recogniser,
            frontier=self._frontier,
            folder=run.folder,
            fence=self._fence,
            paused=self._paused,
            stop=self._helm.stop,
            keep=kept.keep,
        )
        async with AsyncExitStack() as stack:
            browser = await stack.enter_async_context(doors.enter(role.name))
            secrets = Secrets(dict(profile.secrets), allowed_origins(profile.url, profile.allowed_origins))
            others = [McpSurface(spec, run.folder / "browsers", secrets, run.environ) for spec in profile.servers]
            for surface in others:
                stack.push_async_callback(surface.close)
            return await Session(work, browser, Router((browser, *others), profile)).run()
