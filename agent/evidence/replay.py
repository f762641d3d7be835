"""Replays a reproduction once in fresh browser contexts: no model, no MCP, no healing. Tells, and judges nothing.

Contexts are always closed; whatever cannot be run ends as an outcome that does not count, with the reason.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from playwright.async_api import Browser, Error

from agent import routes
from agent.charter import Profile
from agent.evidence import claims, fingerprint, oracles, owner, reach, traces
from agent.evidence.finding import Alarm, Claim, Repro, Step
from agent.evidence.instance import InstanceFailed, ReplayInstance
from agent.evidence.outcome import LONGEST_ACTUAL, START, ReplayOutcome
from agent.evidence.perform import Performed, StepFailed, perform
from agent.evidence.stage import Cast, Seat, Stage
from agent.tools.picture import take_picture
from agent.tools.secrets import Secrets
from agent.tools.signin import SignInFailed
from agent.tools.surface import Signal

__all__ = ["ReplayOutcome", "Replayer"]

WHOLE_SECONDS = 60.0
QUIET = {"fill": 0.03, "select": 0.05, "check": 0.05, "dialog": 0.0}
QUIET_OTHERWISE = 0.12
QUIET_AFTER_TRIGGER = 0.3
SHOT_MS = 5_000


@dataclass(slots=True)
class _Course:
    """What one replay has heard: the whole `trail`, and `moment`, since the trigger began on the pages `before`. `ids`
    are those of records as this replay made them, by the recorded ones."""

    trail: tuple[Signal, ...] = ()
    moment: tuple[Signal, ...] = ()
    before: tuple[str, ...] = ()
    clicked_link: bool = False
    ids: dict[str, str] = field(default_factory=dict)
    last: Performed = field(default_factory=Performed)


class Replayer:
    """`browser` is shared by all replays; pictures go to the folder `artefacts`. Ensure the instance first, or the one
    that the profile starts by itself is taken."""

    def __init__(self, profile: Profile, browser: Browser, instance: ReplayInstance, artefacts: Path) -> None:
        self.profile = profile
        self.instance = instance
        self.browser = browser
        self.artefacts = artefacts

    async def run(self, repro: Repro, *, skip_trigger: bool = False, shot: str | None = None) -> ReplayOutcome:
        """One replay; with `skip_trigger` the control run. `shot` names the picture to take when the symptom shows."""
        started = time.monotonic()
        secrets = Secrets(dict(self.profile.secrets), ())
        try:
            origin = self.instance.origin or await self.instance.ensure()
            await self.instance.reset()
            async with asyncio.timeout(WHOLE_SECONDS):
                secrets = Secrets(dict(self.profile.secrets), (origin, *self.profile.allowed_origins))
                origins = frozenset({origin, *self.profile.allowed_origins})
                async with AsyncExitStack() as stack:
                    cast = Cast(self.profile.roles, secrets)
                    stage = await stack.enter_async_context(Stage(self.browser, origin, origins, cast))
                    play = _Play(repro, stage, skip_trigger)
                    outcome = await play.through(self.profile)
                    if outcome.hit and shot:
                        outcome = replace(outcome, screenshot=await self._picture(play.seat, shot, secrets))
        except TimeoutError:
            outcome = _lost(f"The replay took longer than {WHOLE_SECONDS:.0f} s.")
        except (InstanceFailed, SignInFailed, StepFailed) as error:
            outcome = _lost(str(error))
        except Error as error:
            outcome = _lost(f"The browser failed: {str(error).splitlines()[0]}")
        return _masked(replace(outcome, seconds=time.monotonic() - started), secrets)

    async def _picture(self, seat: Seat, shot: str, secrets: Secrets) -> str:
        self.artefacts.mkdir(parents=True, exist_ok=True)
        with suppress(Error):  # a page that crashed cannot be painted; the proof stands without it
            await take_picture(seat.page, self.artefacts / shot, secrets, SHOT_MS)
            return shot
        return ""


class _Play:
    """One reproduction on one stage."""

    def __init__(self, repro: Repro, stage: Stage, skip_trigger: bool) -> None:
        self.repro = repro
        self.stage = stage
        self.skip_trigger = skip_trigger
        self.opening = _opening(repro)
        oracle = repro.oracle
        self.wanted = fingerprint.of_alarm(oracle).value if isinstance(oracle, Alarm) else ""
        self.course = _Course()

    @property
    def seat(self) -> Seat:
        """The seat on which the symptom is looked for."""
        return self.stage.seats[self.repro.steps[self.repro.trigger].role]

    async def through(self, profile: Profile) -> ReplayOutcome:
        early = await self._enter(profile)
        if early:
            return early
        for index in range(len(self.repro.steps)):
            if self.skip_trigger and index >= self.opening:
                break
            await self._step(index)
            if index < self.opening and self._fires(self.course.moment, self.course.clicked_link):
                return ReplayOutcome(True, fired_before=True, fired_at=index)
            if index == self.repro.trigger:
                break
        if self.skip_trigger:
            self.course.moment = await self.stage.hear(QUIET_AFTER_TRIGGER)
            self.course.trail += self.course.moment
        return await self._evaluate()

    async def _enter(self, profile: Profile) -> ReplayOutcome | None:
        """Gate 0: everybody signs in, and until then the symptom must not show and the target must be sound."""
        roles: Mapping = {role.name: role for role in profile.roles}
        for name in self.repro.roles:
            if name not in roles:
                raise StepFailed(f"The profile {profile.slug} has no role {name!r} any more.")
            await self.stage.seat(roles[name], self.repro.viewport)
        heard = await self.stage.hear(QUIET_OTHERWISE)
        if self._fires(heard, clicked_link=False):
            return ReplayOutcome(True, fired_before=True, fired_at=START)
        alarms = oracles.scan(heard, oracles.Scope(self.stage.origins))
        dead = next((a for a in alarms if a.kind == "server_error" and a.url == a.page_url), None)
        if dead:
            raise StepFailed(f"The target is not sound: {dead.detail} before the first step.")
        return None

    async def _step(self, index: int) -> None:
        course = self.course
        step = traces.rename(self.repro.steps[index], course.ids)
        seat = self.stage.seats[step.role]
        if index <= self.opening:
            course.moment, course.clicked_link = (), False
        if index == self.opening:
            course.before = tuple(other.page.url for other in self.stage.seats.values())
        seat.answers.queue[:] = _dialogs_after(self.repro, index) if step.action != "dialog" else seat.answers.queue
        course.last = await perform(seat.page, step, self.stage.origin, self.stage.secrets, seat.foreign)
        if course.last.astray and index < self.opening:
            raise StepFailed(course.last.astray)
        course.clicked_link = course.clicked_link or course.last.clicked_link
        quiet = QUIET_AFTER_TRIGGER if index == self.repro.trigger else QUIET.get(step.action, QUIET_OTHERWISE)
        heard = await self.stage.hear(quiet)
        course.moment += heard
        course.trail += heard
        if step.made:
            course.ids.update(_made(step, seat.page.url))

    def _scan(self, signals: Sequence[Signal], clicked_link: bool) -> tuple[Alarm, ...]:
        words = self.repro.steps[self.opening].words
        return oracles.scan(signals, oracles.Scope(self.stage.origins, words, clicked_link))

    def _fires(self, signals: Sequence[Signal], clicked_link: bool) -> bool:
        found = self._scan(signals, clicked_link)
        return bool(self.wanted) and any(fingerprint.of_alarm(alarm).value == self.wanted for alarm in found)

    async def _evaluate(self) -> ReplayOutcome:
        if isinstance(self.repro.oracle, Claim):
            return await self._evaluate_claim(self.repro.oracle)
        found = {fingerprint.of_alarm(a).value: a for a in self._scan(self.course.moment, self.course.clicked_link)}
        hit = found.pop(self.wanted, None)
        others = tuple(found.values())
        if hit and hit.kind == "forbidden_access" and not self.skip_trigger:
            return await self._judge_forbidden(hit, others)
        if hit:
            return ReplayOutcome(True, True, not self.skip_trigger, others=others, actual=hit.detail)
        if self.skip_trigger:
            return ReplayOutcome(True)
        pages = (*self.course.before, *(seat.page.url for seat in self.stage.seats.values()))
        forbidden = self.repro.oracle.kind == "forbidden_access"
        # A refusal is no way astray from what was forbidden.
        missed = ("" if forbidden else self._astray()) or reach.missed(self.repro.oracle, self.course.moment, pages)
        return ReplayOutcome(True, walked=not missed, others=others, error=missed)

    async def _judge_forbidden(self, hit: Alarm, others: tuple[Alarm, ...]) -> ReplayOutcome:
        """The alarm counts where the role whose capability it is sees the same."""
        case = owner.Case(hit, self.seat, self.stage.roles, self.repro.viewport)
        try:
            if await owner.agrees(self.stage, case):
                return ReplayOutcome(True, True, True, others=others, actual=hit.detail)
        except owner.NoOpinion as error:
            return ReplayOutcome(False, error=str(error))
        return ReplayOutcome(True, walked=True, others=others, error=owner.OTHERWISE)

    async def _evaluate_claim(self, claim: Claim) -> ReplayOutcome:
        # These three speak of where one ends; any other claim means nothing on another page.
        anywhere = self.skip_trigger or claim.predicate in ("url_is", "status_is", "absent")
        if self.course.last.astray and not anywhere:
            return ReplayOutcome(False, error=self.course.last.astray)
        seat, others = self.seat, self._scan(self.course.moment, self.course.clicked_link)
        try:
            result = await claims.evaluate(seat.page, seat.watch, claim, self.course.trail, self.stage.origins)
        except claims.ClaimRefused as error:
            return ReplayOutcome(self.skip_trigger, error=str(error))
        if result.outcome == "inapplicable":
            return ReplayOutcome(self.skip_trigger, error=f"The claim does not apply: {result.actual}.")
        hit = result.outcome == "fails"
        return ReplayOutcome(True, hit, not self.skip_trigger, others=others, actual=result.actual)

    def _astray(self) -> str:
        """Why the trigger's own goto did not get there. A page that answers 500 is there: with another symptom."""
        last = self.course.last
        return "" if last.status >= 400 and not reach.refuses(last.status) else last.astray


def _made(step: Step, url: str) -> dict[str, str]:
    ids = traces.learn(step.made, url)
    if ids is None:
        raise StepFailed(f"`{step.words}` ended on {routes.template(url)}, not on {routes.template(step.made)}.")
    return ids


def _opening(repro: Repro) -> int:
    """Where the trigger begins: a dialog is answered while the step that opened it still runs."""
    index = repro.trigger
    while index and repro.steps[index].action == "dialog":
        index -= 1
    return index


def _dialogs_after(repro: Repro, index: int) -> list[str]:
    answers = []
    for step in repro.steps[index + 1 :]:
        if step.action != "dialog":
            break
        answers.append(step.value)
    return answers


def _lost(reason: str) -> ReplayOutcome:
    return ReplayOutcome(False, error=reason)


def _masked(outcome: ReplayOutcome, secrets: Secrets) -> ReplayOutcome:
    others = tuple(replace(alarm, detail=secrets.mask(alarm.detail)) for alarm in outcome.others)
    actual = secrets.mask(outcome.actual)[:LONGEST_ACTUAL]
    return replace(outcome, others=others, actual=actual, error=secrets.mask(outcome.error))
