"""Proves what the roles suspect while they go on, one after the other, on an instance and in a browser of its own.

The queue is the ledger's list of pending suspicions, so a killed worker's ones are taken up again by themselves.
Knows no role and no model.
"""

import traceback
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog
from playwright.async_api import Playwright, async_playwright

from agent import events as ev
from agent import routes
from agent.book import FindingBook
from agent.charter import Profile
from agent.evidence.finding import Finding, Repro, Suspicion, Verdict, VerdictKind, suspicion_from_json, to_json
from agent.evidence.instance import ReplayInstance, read_build
from agent.evidence.proof import prove
from agent.evidence.replay import Replayer
from agent.logbook import Logbook
from agent.suspicions import as_observation, worth_filing
from agent.tools.chromium import launch, require_browser
from agent.tools.egress import hosts
from agent.tools.secrets import Secrets

BROWSER_TRIES = 2
READ_ONLY = "The target is read-only and its profile has no replay instance."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProofRoom:
    """Where proofs are made: pictures go to `folder`; `environ` is for the browser and the instance; a driver that is
    given is shared, because each costs as much memory as a small browser. `build` is replayed while the explored
    application does not tell its own."""

    profile: Profile
    book: FindingBook
    folder: Path
    environ: Mapping[str, str]
    playwright: Playwright | None = None
    build: str = ""


class Prover:
    """Browser and instance are started with the first suspicion, and only then."""

    def __init__(self, room: ProofRoom, logbook: Logbook):
        self._room = room
        self._logbook = logbook
        self._closing = False
        self._hurried = False

    async def run(self) -> None:
        """Until `close` was called and nothing waits any more. Cancel it to leave the rest pending."""
        async with Workshop(self._room) as workshop:
            while True:
                self._logbook.grown.clear()
                # Alarms first: they are proved more often, and people wait for the first issue.
                pending = self._logbook.ledger.pending.values()
                waiting = min(pending, key=lambda item: item["oracle"]["type"] != "alarm", default=None)
                if waiting is not None:
                    await self._take(suspicion_from_json(dict(waiting)), workshop)
                elif self._closing:
                    return
                else:
                    await self._logbook.grown.wait()

    def close(self) -> None:
        """No further suspicions will come."""
        self._closing = True
        self._logbook.grown.set()

    def hurry(self) -> None:
        """Somebody waits for the end: what is proved needs no polish."""
        self._hurried = True

    async def _take(self, suspicion: Suspicion, workshop: "Workshop") -> None:
        key = suspicion.fingerprint.value
        if (reference := await self._room.book.reference(key)) is not None:
            await self._logbook.append(suspicion.role, ev.FindingKnown(key, suspicion.title, reference))
            return
        finding = await workshop.prove(suspicion, lambda: self._hurried)
        if worth_filing(finding.verdict, self._room.profile.filing):
            # Kept before it is written down: a worker killed in between finds it in the book, not lost.
            await self._room.book.keep(finding)
        payloads: list[ev.Payload] = [ev.VerdictReached(key, finding.verdict.kind, to_json(finding))]
        if not finding.verdict.proven:
            payloads.append(as_observation(finding))
        await self._logbook.append_all(suspicion.role, payloads)


class Workshop:
    """The proof's browser and replay instance, opened when first needed and closed at the end."""

    def __init__(self, room: ProofRoom):
        self._room = room
        self._stack = AsyncExitStack()
        self._secrets = Secrets(dict(room.profile.secrets), ())
        self._replayer: Replayer | None = None

    async def __aenter__(self) -> "Workshop":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def prove(self, suspicion: Suspicion, hurried: Callable[[], bool] = lambda: False) -> Finding:
        """Never fails: trouble with the tools is an ERRORED verdict. `hurried` as in `proof.prove`."""
        profile = self._room.profile
        if profile.replay is None and not profile.may_write:
            return _unproved(suspicion, profile, "UNTESTABLE", READ_ONLY)
        why = ""
        for _ in range(BROWSER_TRIES):
            try:
                replayer = await self.replayer()
                build = await read_build(profile, profile.url) or self._room.build
                finding = await prove(suspicion, replayer, profile.replays, build, hurried)
            except Exception as error:
                told = self._secrets.mask(traceback.format_exc())
                log.exception("proof broke", fingerprint=suspicion.fingerprint.value, traceback=told, exc_info=False)
                why = (str(error) or type(error).__name__).splitlines()[0]
            else:
                if finding.verdict.kind != "ERRORED" or replayer.browser.is_connected():
                    return finding
                why = finding.verdict.note
            await self._stack.aclose()
            self._replayer = None
        return _unproved(suspicion, profile, "ERRORED", f"The replay could not be made: {why}")

    async def replayer(self) -> Replayer:
        """Raises BadInput without a browser, Playwright's Error when it does not start."""
        if self._replayer is None:
            profile, environ = self._room.profile, self._room.environ
            playwright = self._room.playwright or await self._stack.enter_async_context(async_playwright())
            target = profile.replay.url.replace("{port}", "80") if profile.replay else profile.url
            origins = tuple(filter(None, (routes.origin(target), profile.url, *profile.allowed_origins)))
            browser = await launch(playwright, require_browser(environ), hosts=hosts(origins[0], origins[1:]))
            self._stack.push_async_callback(browser.close)
            instance = await self._stack.enter_async_context(ReplayInstance(profile, environ))
            self._replayer = Replayer(profile, browser, instance, self._room.folder)
        return self._replayer


def _unproved(suspicion: Suspicion, profile: Profile, kind: VerdictKind, note: str) -> Finding:
    nothing = Repro((), 0, suspicion.oracle)
    return Finding(
        fingerprint=suspicion.fingerprint,
        title=suspicion.title,
        severity=suspicion.severity,
        role=suspicion.role,
        oracle=suspicion.oracle,
        repro=next(iter(suspicion.candidates), nothing),
        verdict=Verdict(kind, 0, 0, "none", note),
        app=profile.app,
        profile=profile.name,
        also=suspicion.also,
        detail=suspicion.detail,
    )
