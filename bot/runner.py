"""The jobs of the `runs` worker: one segment of a run, one re-validation. Under a lease, and without GitHub.

A segment ends at a turn boundary when its time is over or the process was asked to stop; the next one goes on from
the journal. Whatever a person did wrong ends the run with one sentence.
"""

import asyncio
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from arq.cron import CronJob, cron
from arq.worker import Function, func
from playwright.async_api import Error as PlaywrightError

from agent.book import FindingBook, MemoryBook, OpenFault
from agent.charter import Profile
from agent.crew import CrewRun, RunOutcome, run_crew
from agent.effort import spent
from agent.errors import BadInput
from agent.evidence.finding import Finding, FixVerdict
from agent.evidence.proof import recheck
from agent.explore import run_folder
from agent.journal import JournalDown, LeaseLost
from agent.llm import costs
from agent.llm.governor import Bucket
from agent.llm.models import Metering, Models
from agent.llm.spending import Account
from agent.profiles.load import chosen_roles, load_profile
from agent.prover import ProofRoom, Workshop
from agent.report.write import write_report
from agent.vault import STATE_KEY, Vault
from bot import sweeps
from bot.config import CREDENTIALS, PREFIX, Settings
from bot.context import Context
from bot.domain.run import RunState
from bot.holding import hold
from bot.log import bound
from bot.queue import Queue
from bot.reasoner import llm_settings
from bot.store import findings, leases, revalidations, runs
from bot.store.database import UNAVAILABLE
from bot.store.leases import Lease
from bot.store.notes import StoredInbox
from bot.store.runs import Run
from bot.store.spend import SpendDay

EVERY_FIVE = set(range(0, 60, 5))
ENDING = timedelta(minutes=7)
"""What a segment may take beyond its time: the last turn and the proofs that are under way."""
REVALIDATION = timedelta(minutes=10)
PRIVATE = CREDENTIALS | {f"{PREFIX}{name}" for name in ("LLM_API_KEY", "DATABASE_URL", "REDIS_URL")}
"""Not for browsers, replay instances and MCP servers, which inherit what a run is given."""

log = structlog.get_logger()


def functions(settings: Settings) -> list[Function]:
    """Each kick is a job of its own, so none is tried twice by the queue."""
    segment = timedelta(seconds=settings.segment_seconds) + ENDING
    return [
        func(drive_run, timeout=segment, keep_result=0, max_tries=1),
        func(drive_revalidation, timeout=REVALIDATION, keep_result=0, max_tries=1),
    ]


def crons() -> list[CronJob]:
    return [cron(sweep, name="sweep_runs", second=EVERY_FIVE, run_at_startup=True)]


async def sweep(ctx: dict[str, Any]) -> None:
    await sweeps.sweep_runs(ctx["context"])


async def drive_run(ctx: dict[str, Any], run_id: str) -> None:
    """One segment, if the run is not over and nobody else is at it."""
    context: Context = ctx["context"]
    lease = await leases.take(context.db, "runs", run_id, context.settings.lease_seconds, context.clock())
    if lease is None:
        return
    with bound(run_id=run_id):
        try:
            unfinished = await hold(context, lease, _segment(context, lease))
        except LeaseLost:
            log.warning("lease_lost")
            return
        except (JournalDown, *UNAVAILABLE) as error:  # the sweep finds the run when the database is back
            log.warning("database_away", error=type(error).__name__)
            return
        finally:
            await _let_go(context, lease)
        if unfinished:
            await context.queue.kick_run(run_id, lease.fence)


async def _segment(context: Context, lease: Lease) -> bool:
    """Whether the run goes on after it."""
    async with context.db.read() as tx:
        run = await runs.get(tx, lease.id)
    if run is None or not RunState(run.state).is_active:
        return False
    try:
        outcome = await _explore(context, run, lease)
    except BadInput as error:
        outcome = RunOutcome("failed", str(error))
    except (LeaseLost, JournalDown):
        raise  # the run is no longer ours, or nothing can be written down: the sweep finds it
    except Exception as error:  # an outer edge: a run that breaks here must end, not begin again for ever
        log.exception("run_broke")
        outcome = RunOutcome(
            "failed", f"Something broke on our side ({type(error).__name__}); the log has run {run.id}."
        )
    if outcome.state == "unfinished":
        log.info("segment_ended", detail=outcome.detail)
        return True
    async with context.db.begin() as tx:
        await runs.set_state_as(tx, lease, outcome.state, outcome.detail, context.clock())
    log.info("run_ended", state=outcome.state, detail=outcome.detail)
    await context.queue.kick_progress()
    return False


async def _explore(context: Context, run: Run, lease: Lease) -> RunOutcome:
    settings, environ = context.settings, explorer_environ(os.environ)
    if run.stop_requested and run.state == RunState.QUEUED:
        return RunOutcome("stopped", "Stopped on request before it began.")
    profile = _profile(settings, f"{run.charter.app}/{run.charter.profile}", environ)
    folder = Path(run.folder) if run.folder else run_folder(settings.runs_dir, profile, run.id, run.created_at)
    with leases.for_the_agent():
        async with context.db.begin() as tx:
            await runs.set_state_as(tx, lease, RunState.RUNNING, "", context.clock())
            await runs.set_folder(tx, run.id, str(folder))
    await context.queue.kick_progress()

    journal = runs.journal(context.db, lease)
    account = Account(profile.budgets, SpendDay(context.db, profile.slug, run.id), spent(await journal.read()))
    metering = Metering(run.id, account, costs.CostLog(folder / costs.FILE), _buckets(context, profile))
    models = Models(llm_settings(settings), profile, metering)
    crew = CrewRun(
        charter=run.charter,
        profile=profile,
        model=models.of,
        journal=journal,
        book=FilingBook(findings.book(context.db, run, lease), context.queue),
        folder=folder,
        environ=environ,
        deadline=time.monotonic() + settings.segment_seconds,
        inbox=StoredInbox(context.db, run.id),
        vault=Vault(settings.data_dir / STATE_KEY),
        # Asked to end, the process has no time left: roles stop at their next turn boundary.
        clock=lambda: math.inf if context.stopping.is_set() else time.monotonic(),
    )
    try:
        models.require(chosen_roles(profile, run.charter))
        if run.state == RunState.QUEUED:  # later on an outage is waited for
            await models.reach()
        outcome = await run_crew(crew)
    finally:
        await models.close()
    if outcome.state == "unfinished":
        return outcome
    events = await journal.read()
    try:
        await asyncio.to_thread(write_report, folder, run.charter, profile, events)
    except OSError as error:  # the run is over all the same, and its findings are safe
        log.exception("report_not_written")
        sentence = f"The report could not be written ({error.strerror or type(error).__name__})."
        return replace(outcome, detail=f"{outcome.detail} {sentence}".strip())
    return outcome


async def _let_go(context: Context, lease: Lease) -> None:
    try:
        await leases.release(context.db, lease)
    except UNAVAILABLE as error:
        log.warning("lease_not_released", error=type(error).__name__)  # it ends by itself


class FilingBook:
    """The run's book, which also tells the filing worker about each draft at once."""

    def __init__(self, book: FindingBook, queue: Queue):
        self._book = book
        self._queue = queue

    async def reference(self, fingerprint: str) -> str | None:
        return await self._book.reference(fingerprint)

    async def open_faults(self) -> Sequence[OpenFault]:
        return await self._book.open_faults()

    async def keep(self, finding: Finding) -> None:
        await self._book.keep(finding)
        await self._queue.kick_filing()


async def drive_revalidation(ctx: dict[str, Any], id: str) -> None:
    """Replay the proof of a finding on the build that is to hold its fix, and decide."""
    context: Context = ctx["context"]
    lease = await leases.take(context.db, "revalidations", id, context.settings.lease_seconds, context.clock())
    if lease is None:
        return
    with bound(revalidation_id=id):
        try:
            await hold(context, lease, _revalidate(context, lease))
        except LeaseLost:
            log.warning("lease_lost")
        except UNAVAILABLE as error:
            log.warning("database_away", error=type(error).__name__)
        finally:
            await _let_go(context, lease)


async def _revalidate(context: Context, lease: Lease) -> None:
    async with context.db.read() as tx:
        row = await revalidations.get(tx, lease.id)
        found = await findings.get(tx, row.finding_id) if row else None
    if row is None or found is None or row.state != "ready":
        return
    try:
        verdict = await _recheck(context.settings, found.finding, row.build)
    except (BadInput, PlaywrightError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        verdict = FixVerdict("CANNOT_TELL", 0, 0, 0, row.build, reason)
    except Exception as error:  # an outer edge: a verdict that cannot be reached is one, too
        log.exception("revalidation_broke")
        reason = f"The replay broke on our side ({type(error).__name__})."
        verdict = FixVerdict("CANNOT_TELL", 0, 0, 0, row.build, reason)
    async with context.db.begin() as tx:
        await leases.guard(tx, lease)
        await revalidations.decide(tx, row.id, verdict, context.clock())
    log.info("revalidation_decided", verdict=verdict.kind, finding_id=found.id)
    await context.queue.kick_reports()


async def _recheck(settings: Settings, finding: Finding, build: str) -> FixVerdict:
    environ = explorer_environ(os.environ)
    profile = _profile(settings, f"{finding.app}/{finding.profile}", environ)
    if profile.replay is None and not profile.may_write:
        return FixVerdict("CANNOT_TELL", 0, 0, 0, build, f"{profile.slug} is read-only and has no replay instance.")
    # A re-check takes no pictures and keeps no findings.
    room = ProofRoom(profile, MemoryBook(), settings.runs_dir, environ)
    async with Workshop(room) as workshop:
        return await recheck(finding, await workshop.replayer(), profile.replays, build)


def explorer_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What a run and the programs it starts may know of this process's variables."""
    return {name: value for name, value in environ.items() if name not in PRIVATE}


def _buckets(context: Context, profile: Profile) -> Callable[[str], Bucket] | None:
    """The token buckets that all workers share, where there is a Redis."""
    shared = context.buckets
    return (lambda key: shared.bucket(key, profile.pace)) if shared else None


def _profile(settings: Settings, slug: str, environ: Mapping[str, str]) -> Profile:
    return load_profile(settings.apps_dir, slug, environ, settings.target_urls.get(slug))
