"""What one reply of a model leads to: calls made, alarms heard, claims checked, all of it as events and answers.

It changes nothing outside but through the tools; the only event written here is the one before a changing call.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby

from agent import events as ev
from agent import routes
from agent.assignment import Assignment
from agent.budget import Budget
from agent.circuit import Breaker
from agent.context import observation
from agent.coverage.actions import RESUMED
from agent.coverage.leads import Bounds, leads_in
from agent.evidence import claims, fingerprint, oracles, repro, story
from agent.evidence.claims import claim_of_trap
from agent.evidence.finding import Alarm, Claim, Repro, Severity, Step, Suspicion, to_json
from agent.evidence.outcome import LONGEST_ACTUAL
from agent.grounds import writes_of
from agent.host_specs import TOOLS
from agent.host_tools import Handed, HostTools, Moment
from agent.suspicions import earlier, worth_proving
from agent.tools.aria import parse
from agent.tools.aria_text import outline
from agent.tools.browser import BrowserSurface
from agent.tools.overlays.told import trap_of
from agent.tools.router import Router
from agent.tools.secrets import Secrets
from agent.tools.surface import PageView, Signal, ToolCall, ToolResult

OUTLINE = 4_000
JOURNALLED_TEXT = 2_000
SEVERITY: dict[str, Severity] = {"permission": "critical", "spec": "high", "history": "high", "consistency": "medium"}


@dataclass(slots=True)
class Turn:
    """`payloads` are to be journalled, `answers` to be told, one per call; `view` is the page afterwards and `state`
    its key, `new_state` whether nobody met it before."""

    view: PageView
    state: str = ""
    new_state: bool = False
    payloads: list[ev.Payload] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    results: list[ToolResult] = field(default_factory=list)
    finished: str | None = None
    lost: str = ""

    def suspects(self, fingerprint: str) -> bool:
        """This very turn has handed it to the proof."""
        return any(isinstance(p, ev.FindingSuspected) and p.fingerprint == fingerprint for p in self.payloads)

    def results_as(self, calls: Sequence[ToolCall]) -> tuple[ToolResult, ...]:
        """The results under the ids that the model gave its calls."""
        return tuple(replace(result, call_id=call.id) for result, call in zip(self.results, calls, strict=True))


class TurnMaker:
    """Makes the turns of one role. Keeps the traffic since the last change, for claims about it."""

    def __init__(
        self,
        work: Assignment,
        host: HostTools,
        browser: BrowserSurface,
        router: Router,
        breaker: Breaker,
    ):
        profile = work.profile
        self._profile = profile
        self._role = work.role.name
        self._logbook = work.logbook
        self._host = host
        self._browser = browser
        self._router = router
        self._breaker = breaker
        self._fence = work.fence
        self._origins = frozenset(filter(None, map(routes.origin, (profile.url, *profile.allowed_origins))))
        self._recogniser = work.recogniser
        self._bounds = Bounds(profile.url, self._origins, work.skip, profile.sharing.per_route)
        self._secrets = Secrets(dict(profile.secrets), ())
        self._writing: set[str] = set()
        self._heard: tuple[Signal, ...] = ()
        self._trigger = ""

    async def make(self, calls: Sequence[ToolCall], view: PageView, budget: Budget) -> Turn:
        turn = Turn(view)
        for of_host, group in groupby(calls, key=lambda call: call.tool in TOOLS):
            if of_host:
                for call in group:
                    await self._ask_host(call, turn, budget)
            else:
                await self._act(tuple(group), turn)
        self._close(turn)
        return turn

    async def go_back(self, path: str, view: PageView, segment: int) -> Turn:
        """Opens the page where a role was that is resumed in its `segment`, as a call like any other."""
        turn = Turn(view)
        await self._act((ToolCall(f"{RESUMED}.{segment}", "browser_navigate", {"url": path}),), turn)
        return turn

    def outline(self, view: PageView) -> str:
        return f"{view.url} {view.title}\n{outline(parse(view.snapshot), OUTLINE)}"

    def _close(self, turn: Turn) -> None:
        """What the turn as a whole shows: where it ends, and the leads on the way."""
        turn.state = self._recognise(turn.view, turn)
        turn.new_state = any(isinstance(p, ev.StateMet) and p.key == turn.state for p in turn.payloads)
        signals = [signal for result in turn.results for signal in result.signals]
        turn.payloads += [ev.SignedInAgain(how, routes.path(turn.view.url)) for how in self._browser.entrances()]
        turn.payloads += leads_in(turn.view, signals, self._role, self._logbook.ledger.coverage, self._bounds)

    def _recognise(self, view: PageView | None, turn: Turn) -> str:
        if view is None:
            return ""
        key, met = self._recogniser.recognise(view)
        turn.payloads += [met] if met else []
        return key

    async def _act(self, calls: tuple[ToolCall, ...], turn: Turn) -> None:
        self._writing = {spec.name for spec in await self._router.tools() if spec.writes}
        if self._breaker.reason:
            self._skip(calls, turn)
            return
        begun = [ev.ToolStarted(call.id, call.tool, dict(call.args)) for call in calls if call.tool in self._writing]
        if begun:
            await self._logbook.append_all(self._role, begun)
        results = await self._router.perform(calls, self._breaker.hear)
        for call, result in zip(calls, results, strict=True):
            turn.results.append(result)
            turn.view = result.after or turn.view
            if result.status == "lost" and result.before is not None:
                turn.lost = result.told
            self._listen(result, call.tool in self._writing)
            finished = self._finished(call, result, turn)
            self._host.witness(finished)
            turn.payloads += [finished, *(ev.BlockerMet(r.what, r.how, r.overcome) for r in result.recoveries)]
            self._trapped(result, turn)
            turn.answers.append(observation.observed(result, self._alarms(finished, result, turn), self._fence))

    def _trapped(self, result: ToolResult, turn: Turn) -> None:
        """An overlay that nobody can close: told as an observation, and proved where what it covers has a name."""
        told, claim = trap_of(result), claim_of_trap(result)
        if told is None:
            return
        turn.payloads.append(ev.ObservationNoted(*told, routes.path(turn.view.url)))
        if claim is not None:
            suspicion = Suspicion(
                fingerprint=fingerprint.of_claim(claim, turn.view.url),
                title=told[0],
                severity=SEVERITY[claim.because],
                role=self._role,
                oracle=claim,
                candidates=self._candidates(turn, self._trigger, claim) or self._opened(turn.view.url, claim),
                seq=self._logbook.ledger.seq,
                detail=told[1],
            )
            self._suspect(suspicion, turn)

    def _skip(self, calls: Sequence[ToolCall], turn: Turn) -> None:
        for call in calls:
            result = ToolResult(call.id, "skipped", "", notice=f"skipped: {self._breaker.reason}")
            turn.results.append(result)
            turn.payloads.append(self._finished(call, result, turn))
            turn.answers.append(observation.observed(result, (), self._fence))

    def _listen(self, result: ToolResult, writes: bool) -> None:
        fresh = writes and result.status != "skipped"
        self._heard = result.signals if fresh else (*self._heard, *result.signals)

    def _finished(self, call: ToolCall, result: ToolResult, turn: Turn) -> ev.ToolFinished:
        before, after = result.before, result.after
        steps = repro.steps_of(call, result, self._role)
        if steps:
            self._trigger = call.id
        return ev.ToolFinished(
            call_id=call.id,
            tool=call.tool,
            args=dict(call.args),
            status=result.status,
            text=result.told[:JOURNALLED_TEXT],
            writes=call.tool in self._writing,
            url_before=before.url if before else "",
            url_after=after.url if after else "",
            state_before=self._recognise(before, turn),
            state_after=self._recognise(after, turn),
            document=before.document if before else 0,
            steps=tuple(asdict(step) for step in steps),
            target=asdict(result.target) if result.target else None,
            seconds=round(result.seconds, 3),
            requests=writes_of(result, self._origins),
        )

    def _alarms(self, done: ev.ToolFinished, result: ToolResult, turn: Turn) -> list[tuple[str, Alarm]]:
        """What the host hears in a call, each cause once; new ones become suspicions."""
        words = done.steps[-1]["words"] if done.steps else ""
        link = done.tool == "browser_click" and result.target is not None and result.target.role == "link"
        named: list[tuple[str, Alarm]] = []
        scope = oracles.Scope(self._origins, words, link, cut_off=bool(self._breaker.circuit.failures))
        for alarm, also in oracles.lead(oracles.scan(result.signals, scope)):
            mark = fingerprint.of_alarm(alarm)
            turn.payloads.append(ev.AlarmRaised(mark.value, {**asdict(alarm), "type": "alarm"}))
            named.append((self._host.add_alarm(mark.value, alarm), alarm))
            suspicion = Suspicion(
                fingerprint=mark,
                title=oracles.title(alarm),
                severity=oracles.severity(alarm),
                role=self._role,
                oracle=alarm,
                candidates=self._candidates(turn, done.call_id, alarm),
                seq=self._logbook.ledger.seq,
                actual=alarm.detail,
                also=also,
            )
            self._suspect(suspicion, turn)
        return named

    def _candidates(self, turn: Turn, call_id: str, oracle: Alarm | Claim) -> tuple[Repro, ...]:
        """From the journal so far and this turn, which is journalled only at its end."""
        now, seq = datetime.now(UTC), self._logbook.ledger.seq
        fresh = (ev.Event(seq + n, now, self._role, payload) for n, payload in enumerate(turn.payloads, 1))
        events, viewport = (*self._logbook.events, *fresh), self._profile.viewport
        found = story.candidates(events, self._role, call_id, oracle, viewport)
        if found or not isinstance(oracle, Alarm) or routes.origin(oracle.page_url) not in self._origins:
            return found
        # The call left no steps (it only looked, or its element had no name): the page's address is worth a try.
        return self._opened(oracle.page_url, oracle)

    def _opened(self, url: str, oracle: Alarm | Claim) -> tuple[Repro, ...]:
        path = routes.path(url)
        opened = Step(self._role, "goto", value=path, words=f"Open {path}", lands=routes.template(path))
        return (Repro((opened,), 0, oracle, self._profile.viewport),)

    def _suspect(self, suspicion: Suspicion, turn: Turn) -> bool:
        """False when there is nothing to prove that was not proved, or is being proved, before."""
        key = suspicion.fingerprint.value
        before = earlier(self._logbook.events, key)
        if turn.suspects(key) or not worth_proving(self._logbook.ledger, suspicion, before):
            return False
        turn.payloads.append(ev.FindingSuspected(key, suspicion.title, to_json(suspicion)))
        return True

    async def _ask_host(self, call: ToolCall, turn: Turn, budget: Budget) -> None:
        moment = Moment(budget, turn.view.url, self._trigger, self._evaluate)
        answer = await self._host.perform(call, moment)
        turn.payloads += answer.payloads
        text = self._hand_over(answer.handed, turn) if answer.handed else answer.text
        turn.results.append(ToolResult(call.id, "ok" if answer.ok else "tool_error", text))
        turn.answers.append(observation.answered(text, answer.quoted, self._fence))
        turn.finished = answer.finished or turn.finished
        if call.tool == "check":  # some claims reload the page
            turn.view = await self._browser.view()

    def _hand_over(self, handed: Handed, turn: Turn) -> str:
        """Queues a failed claim for its proof, or says what has become of it."""
        suspicion = self._of_claim(handed, turn)
        key, number = suspicion.fingerprint.value, handed.number
        self._host.hand_over(key, number)
        if self._suspect(suspicion, turn):
            return observation.taken(number)
        last = "" if turn.suspects(key) else self._host.standing(self._logbook.events, key)
        return last or observation.waiting(number)

    def _of_claim(self, handed: Handed, turn: Turn) -> Suspicion:
        checked = handed.checked
        mark = fingerprint.of_claim(checked.claim, checked.url)
        return Suspicion(
            fingerprint=mark,
            title=handed.title,
            severity=SEVERITY[checked.claim.because],
            role=self._role,
            oracle=checked.claim,
            candidates=self._candidates(turn, checked.trigger, checked.claim),
            seq=self._logbook.ledger.seq,
            actual=checked.actual,
            claim=handed.number,
            detail=handed.detail,
        )

    async def _evaluate(self, claim: Claim) -> tuple[str, str]:
        if self._breaker.reason or self._browser.page.url.startswith("chrome-error:"):
            return "inapplicable", "The application does not answer now."
        try:
            result = await claims.evaluate(self._browser.page, self._browser.watch, claim, self._heard, self._origins)
        except claims.ClaimRefused as refusal:
            return "inapplicable", self._secrets.mask(refusal.advice)
        return result.outcome, self._secrets.mask(result.actual)[:LONGEST_ACTUAL]
