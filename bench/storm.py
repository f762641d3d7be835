"""The fault storm: whole runs of three roles against a wire emulator whose replies go wrong in every known way.

The governor is the in-memory one on a virtual clock, so its waits take no time; browser, MCP server, journal and HTTP
are real. A policy behind the emulator is the model: it reads what the roles are told and answers with sensible calls.
"""

import asyncio
import json
import os
import random
import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agent import events as ev
from agent.book import MemoryBook
from agent.charter import Budgets, Charter, Pace, Profile, Role
from agent.crew import CrewRun, run_crew
from agent.effort import efforts
from agent.journal import FileJournal
from agent.llm.choose import LlmSettings
from agent.llm.costs import FILE, CostLog
from agent.llm.emulators.server import Answer, Asked, serve
from agent.llm.governor import MemoryBucket
from agent.llm.models import Metering, Models
from agent.llm.spending import Account, MemoryDay
from agent.llm.testing import GEMINI, OPENAI
from agent.report.write import write_report
from agent.tools.chromium import require_browser

ROLES = ("ada", "ben", "cyd")
SHARE = 0.3
KEY = "storm-key"
MODEL = "gemini-emulated"
ANSWER_SECONDS = 3.0
"""How long an answer is waited for: longer than a slow one takes on a busy machine, short for what hangs."""
TURN = re.compile(r"Turn (\d+),")
ROLE = re.compile(r'You play the role "(\w+)"')
FIELD = re.compile(r'textbox "Note" \[ref=((?:f\d+)?e\d+)\]')

Protocol = Literal["openai", "gemini"]
WIRES = {"openai": OPENAI, "gemini": GEMINI}
CUTTING = frozenset({"lossy_arguments", "length_mid_call"})


@dataclass(frozen=True, slots=True)
class StormFigures:
    """`lost_turns`: turns of which no call was made, or another than the policy wanted. `wrong_writes`: changing calls
    with arguments that the policy never sent. `faults` and `asked_again` as dealt out by the emulator, `counted_...`
    as they arrived in the journal; `waited` and `slept` in virtual seconds."""

    protocol: str
    turns: int
    replies: int
    kinds: int
    lost_turns: int
    wrong_writes: int
    retries: int
    counted_retries: int
    asked_again: int
    counted_asked_again: int
    waited: float
    slept: float
    ended: tuple[str, ...]
    reports: int

    @property
    def counted_rightly(self) -> bool:
        same = (self.retries, self.asked_again) == (self.counted_retries, self.counted_asked_again)
        return same and abs(self.waited - self.slept) <= 0.01 * max(self.slept, 1.0)


class VirtualClock:
    """Sleeping moves it on at once."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class Policy:
    """The model behind the emulator, and its bad days. `wanted` are the calls of each (role, turn)."""

    protocol: Protocol
    rng: random.Random
    share: float = SHARE
    wanted: dict[tuple[str, int], tuple[str, dict[str, Any]]] = field(default_factory=dict)
    dealt: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    replies: int = 0
    _bag: list[str] = field(default_factory=list)

    def __call__(self, body: Mapping[str, Any]) -> Answer:
        texts = _texts(body)
        role = next(found[1] for each in texts if (found := ROLE.search(each)))
        turn = int(next(found[1] for each in reversed(texts) if (found := TURN.search(each))))
        call = self.wanted.setdefault((role, turn), self._decide(turn, texts))
        self.replies += 1
        wire = WIRES[self.protocol]
        good = wire.called(call)
        if self.rng.random() >= self.share:
            return good
        kind = self._next(call[0])
        self.dealt[kind] += 1
        self.effects[wire.effects[kind]] += 1
        return wire.faults[kind](good)

    def _next(self, tool: str) -> str:
        """Every kind in turn, in an order that is new each time. What cuts arguments short waits for a call that must
        not be made with what is left; a call that only reads may."""
        if not self._bag:
            self._bag = sorted(WIRES[self.protocol].faults)
            self.rng.shuffle(self._bag)
        fitting = [kind for kind in self._bag if kind not in CUTTING or tool != "browser_navigate"]
        kind = fitting[-1] if fitting else "prose"
        if fitting:
            self._bag.remove(kind)
        return kind

    def _decide(self, turn: int, texts: list[str]) -> tuple[str, dict[str, Any]]:
        """Each third turn opens a page never seen, the next types there, the third writes something down."""
        refs = [ref for each in texts for ref in FIELD.findall(each)]
        if turn % 3 == 2 and refs:
            return "browser_type", {"target": refs[-1], "text": f'note {turn}: "{{ö}}", O\'Brien \\ {"long " * 20}'}
        if turn % 3 == 0:
            return "note_capability", {"name": f"Capability {turn}", "status": "works", "note": "a, {b}: [c]"}
        return "browser_navigate", {"url": f"/pages/{turn}"}


def _texts(body: Mapping[str, Any]) -> list[str]:
    """Everything that is said in a request of either protocol, in order."""
    if "messages" in body:
        return [each.get("content") or "" for each in body["messages"] if isinstance(each.get("content"), str)]
    found = []
    for content in body["contents"]:
        for part in content["parts"]:
            found += [part["text"]] if "text" in part else []
            found += (
                [json.dumps(part["functionResponse"], ensure_ascii=False).replace('\\"', '"')]
                if "functionResponse" in part
                else []
            )
    return found


async def measure(protocol: Protocol, turns: int = 300, seed: int = 1) -> StormFigures:
    clock = VirtualClock()
    policy = Policy(protocol, random.Random(seed))
    with tempfile.TemporaryDirectory(prefix="charterbot-storm-") as folder, serve(_page) as site:
        root = Path(folder)
        profile = _profile(root, site.url, turns)
        with WIRES[protocol].emulator(key=KEY, policy=policy) as emulator:
            ended = await _run(profile, LlmSettings(protocol, emulator.url, KEY, MODEL), clock)
        events = await FileJournal(root / "journal.jsonl").read()
        write_report(root, CHARTER, profile, events)
        return _figures(policy, events, clock, (turns, ended, (root / "report.md").is_file()))


CHARTER = Charter("Explore all pages.", "Storm", "bench")


async def _run(profile: Profile, settings: LlmSettings, clock: VirtualClock) -> str:
    root = profile.folder
    account = Account(Budgets(), MemoryDay())
    bucket = MemoryBucket(profile.pace, clock)
    metering = Metering("storm", account, CostLog(root / FILE), lambda key: bucket, clock.sleep)
    models = Models(settings, profile, metering)
    require_browser(os.environ)
    run = CrewRun(CHARTER, profile, models.of, FileJournal(root / "journal.jsonl"), MemoryBook(), root, os.environ)
    try:
        return (await run_crew(run)).state
    finally:
        await models.close()


def _profile(root: Path, url: str, turns: int) -> Profile:
    roles = tuple(Role(name, None, iterations=turns) for name in ROLES)
    pace = Pace(requests_per_minute=6000, burst=100, longest_answer=ANSWER_SECONDS)
    return Profile("Storm", "bench", root, url, "local", roles, shared_browser=True, pace=pace)


def _figures(
    policy: Policy, events: Sequence[ev.Event], clock: VirtualClock, end: tuple[int, str, bool]
) -> StormFigures:
    turns, state, report = end
    made = _made(events)
    lost = [key for role in ROLES for turn in range(1, turns + 1) if (key := (role, turn)) not in made]
    wrong = [key for key, call in made.items() if policy.wanted.get(key) != call]
    begun = [event.payload for event in events if isinstance(event.payload, ev.ToolStarted)]
    intended = [(tool, args) for tool, args in policy.wanted.values()]
    spent = efforts(events).values()
    stops = [event.payload for event in events if isinstance(event.payload, ev.RoleStopped)]
    return StormFigures(
        protocol=policy.protocol,
        turns=len(ROLES) * turns,
        replies=policy.replies,
        kinds=len(policy.dealt),
        lost_turns=len(set(lost) | set(wrong)),
        wrong_writes=sum((call.tool, dict(call.args)) not in intended for call in begun),
        retries=policy.effects["retry"],
        counted_retries=sum(sum(effort.faults.values()) for effort in spent),
        asked_again=policy.effects["reask"],
        counted_asked_again=sum(sum(effort.unusable.values()) for effort in spent),
        waited=round(sum(effort.waited for effort in spent), 1),
        slept=round(clock.now, 1),
        ended=tuple(f"{state}: {stop.reason}" for stop in stops),
        reports=int(report),
    )


def _made(events: Sequence[ev.Event]) -> dict[tuple[str, int], tuple[str, dict[str, Any]]]:
    """The call that each turn of each role led to."""
    made: dict[tuple[str, int], tuple[str, dict[str, Any]]] = {}
    last: dict[str, ev.ModelReplied] = {}
    for event in events:
        match event.payload:
            case ev.ModelReplied(outcome="called") as reply:
                last[event.role] = reply
            case ev.TurnEnded(iteration=turn) if event.role in last and len(last[event.role].calls) == 1:
                call = last.pop(event.role).calls[0]
                made[event.role, turn] = (call["tool"], dict(call["args"]))
            case _:
                continue
    return made


def _page(asked: Asked) -> Answer:
    """The site under test: as many pages as anybody asks for, and nothing wrong with any of them."""
    number = asked.path.rsplit("/", 1)[-1] or "start"
    body = (
        f"<!doctype html><title>Page {number}</title><link rel=icon href=data:,><h1>Page {number}</h1>"
        "<label>Note <input></label><button>Save</button>"
    )
    return Answer(body, headers={"content-type": "text/html"})
