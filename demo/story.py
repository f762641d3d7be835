"""The story of the demo: a charter, two runs, two pull requests. Acts through pages, looks into the database."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from agent import events as ev
from agent.ledger import Ledger, fold
from bot.store import findings as finding_rows
from bot.store import revalidations
from bot.store import runs as run_rows
from bot.store.findings import FindingRow
from bot.store.runs import Run
from demo.attribution import Attribution
from demo.clubhouse.manifest import parse_defects
from demo.outcome import Check, rerun_check
from demo.person import Person
from demo.stack import DEFECTS_FILE, PROFILE, Stack
from demo.teller import Teller

RUN_SECONDS = 900
STEP_SECONDS = 120
POLL_SECONDS = 0.5
ROLES_AT_ONCE = 3
FIXED_LABEL = "finding:verified"
T = TypeVar("T")
OVER = ("completed", "stopped", "failed")


class StoryBroke(Exception):
    """A part of the story did not happen; the sentence says which and where to look."""


@dataclass
class Story:
    """What has been told so far. `turns` is what the PM writes into the form, empty for the profile's own limit;
    `defects` maps a finding's id to the seeded defect behind it."""

    stack: Stack
    teller: Teller
    attribution: Attribution
    turns: str = ""
    charter: int = 0
    runs: list[Run] = field(default_factory=list)
    defects: dict[str, str | None] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    fix_verdicts: dict[int, str] = field(default_factory=dict)
    known_filed: set[str] = field(default_factory=set)

    async def tell(self, twin: bool) -> None:
        pm = Person("pm", self.stack.pages)
        try:
            await self._open_charter(pm)
            await self._watch_run()
            if not twin:
                await self._rerun_and_fix(pm)
        finally:
            await pm.close()
        await self._check_conversation()
        await self._check_runs()

    async def _open_charter(self, pm: Person) -> None:
        self.charter = await pm.open_charter(PROFILE, "Booking a court, from both sides of the counter", self.turns)
        self.teller.say(f"The PM opened charter #{self.charter}: {self.stack.pages}/issues/{self.charter}")
        await self._next_run()
        progress = await self._eventually("the progress comment", self._progress_comments, STEP_SECONDS)
        self.teller.say(f"Charterbot queued a run and posted its live comment ({len(progress)}).")

    async def _next_run(self) -> Run:
        """The run that was asked for last, as soon as it is in the database."""

        async def newest() -> Run | None:
            async with self.stack.db.read() as tx:
                run = await run_rows.latest_for(tx, self.stack.repository.id, self.charter)
            return run if run and run.id not in {known.id for known in self.runs} else None

        run = await self._eventually("a queued run", newest, STEP_SECONDS)
        self.runs.append(run)
        return run

    async def _watch_run(self, until: Callable[[Run], bool] = lambda run: run.state in OVER) -> Run:
        """Tell the newest run's progress and its issues as they are filed, until it is over (or `until`)."""
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            self.stack.require_children()
            run, ledger = await self._read_run()
            await self._tell_filed(run)
            if until(run):
                return run
            self.teller.status(_progress(len(self.runs), run, ledger))
            await asyncio.sleep(POLL_SECONDS)
        raise StoryBroke(f"Run {len(self.runs)} did not end in {RUN_SECONDS} s; see {self.stack.folder}/runs.log")

    async def _read_run(self) -> tuple[Run, Ledger]:
        async with self.stack.db.read() as tx:
            run = await run_rows.get(tx, self.runs[-1].id)
            events = await run_rows.read_events(tx, self.runs[-1].id)
        assert run is not None
        self.runs[-1] = run
        return run, fold(Ledger(), events)

    async def filed(self) -> list[FindingRow]:
        """Everything that has an issue, oldest first."""
        rows: list[FindingRow] = []
        async with self.stack.db.read() as tx:
            for run in self.runs:
                rows += await finding_rows.of_run(tx, run.id)
        return sorted((row for row in rows if row.issue), key=lambda row: row.issue or 0)

    async def _tell_filed(self, run: Run) -> None:
        for row in await self.filed():
            if row.id not in self.known_filed:
                self.known_filed.add(row.id)
                verdict = row.finding.verdict
                self.teller.say(f"  filed #{row.issue}  {row.finding.title}  ({verdict.hits}/{verdict.runs})", "green")

    async def _rerun_and_fix(self, pm: Person) -> None:
        first = self.runs[0]
        self.teller.say(f"Run 1 {first.state}. Looking up which seeded defects two of its findings show …")
        repaired, untouched = await self._choose_two()
        await pm.comment(self.charter, "/explore rerun")
        self.teller.say("The PM commented /explore rerun.")
        await self._next_run()
        await self._watch_run(lambda run: run.state == "running" or run.state in OVER)
        developer = Person("developer", self.stack.pages)
        try:
            await self._claim_fix(developer, repaired, self.defects[repaired.id])
            await self._claim_fix(developer, untouched, None)
        finally:
            await developer.close()
        decided = await self._verdict(repaired)
        run = await self._watch_run()
        self._check_fixed(repaired, decided, run)
        await self._check_still_fails(untouched)

    async def _choose_two(self) -> tuple[FindingRow, FindingRow]:
        """Two findings with different defects behind them: one to repair, one to leave as it is."""
        chosen: list[FindingRow] = []
        for row in await self.filed():
            defect = await self.attribute(row)
            if defect and defect not in {self.defects[other.id] for other in chosen}:
                chosen.append(row)
            if len(chosen) == 2:
                return chosen[0], chosen[1]
        raise StoryBroke("Fewer than two findings show a seeded defect, so there is nothing to fix.")

    async def attribute(self, row: FindingRow) -> str | None:
        if row.id not in self.defects:
            active = (self.stack.deployer.builds / row.finding.verdict.build).read_text(encoding="utf-8")
            self.teller.status(f"which defect does #{row.issue} show?")
            self.defects[row.id] = await self.attribution.defect_of(row.finding, active)
        return self.defects[row.id]

    async def _claim_fix(self, developer: Person, row: FindingRow, defect: str | None) -> None:
        """A pull request that says `Fixes #N`, merged and deployed: with a defect it really takes it away."""
        graph, branch = self.stack.repository.graph, self.stack.repository.default_branch
        files = graph.commits[graph.branches[branch]].files
        if defect:
            left = parse_defects(files[DEFECTS_FILE]) - {defect}
            path, text, title = DEFECTS_FILE, "\n".join(sorted(left)) + "\n", "Repair it"
        else:
            path, text, title = "README.md", files["README.md"] + "\nIt works now.\n", "Claim to repair it"
        pull = await developer.change_file(path, text, title, f"Fixes #{row.issue}")
        await developer.merge(pull)
        await developer.deploy(branch, self.stack.profile.deployment or self.stack.profile.environment)
        claim = "repairs" if defect else "claims to repair"
        self.teller.say(f"A developer merged and deployed #{pull}, which {claim} #{row.issue}.")

    async def _verdict(self, row: FindingRow) -> revalidations.RevalidationRow:
        async def decided() -> revalidations.RevalidationRow | None:
            async with self.stack.db.read() as tx:
                rows = await revalidations.of_state(tx, "decided", "reported")
            return next((each for each in rows if each.finding_id == row.id), None)

        found = await self._eventually(f"the verdict on #{row.issue}", decided, STEP_SECONDS)
        assert found.verdict is not None and row.issue is not None
        self.fix_verdicts[row.issue] = found.verdict.kind
        self.teller.say(f"#{row.issue} was replayed on the new build: {found.verdict.kind}", "cyan")
        return found

    def _check_fixed(self, row: FindingRow, decided: revalidations.RevalidationRow, run: Run) -> None:
        kind = decided.verdict.kind if decided.verdict else "none"
        self.checks.append(Check(f"#{row.issue} is FIXED", kind == "FIXED", kind))
        issue = self.stack.repository.issues[row.issue or 0]
        says = f"{issue.state}, {', '.join(issue.label_names)}"
        told = issue.state == "closed" and FIXED_LABEL in issue.label_names
        self.checks.append(Check(f"#{row.issue} says so: closed, with its label", told, says))
        during = bool(decided.finished_at and run.finished_at and decided.finished_at < run.finished_at)
        self.checks.append(Check("the fix was confirmed while the run went on", during, str(decided.finished_at)))

    async def _check_still_fails(self, row: FindingRow) -> None:
        decided = await self._verdict(row)
        kind = decided.verdict.kind if decided.verdict else "none"
        self.checks.append(Check(f"#{row.issue} is STILL_FAILS", kind == "STILL_FAILS", kind))
        issue = self.stack.repository.issues[row.issue or 0]

        async def reopened() -> bool:
            return issue.state == "open"

        await self._eventually(f"#{row.issue} to be open again", reopened, STEP_SECONDS)
        self.checks.append(Check(f"#{row.issue} is open again", issue.state == "open", issue.state))

    async def _progress_comments(self) -> list[str]:
        return [comment.body for comment in self._bot_comments() if "key=progress:" in comment.body]

    def _bot_comments(self):
        comments = self.stack.repository.issues[self.charter].comments
        return [comment for comment in comments if comment.author is self.stack.world.bot]

    async def _check_conversation(self) -> None:
        """One live comment and one final comment a run; every issue linked from a live comment and labelled."""

        async def finals() -> bool:
            texts = [comment.body for comment in self._bot_comments()]
            return sum("key=final:" in text for text in texts) >= len(self.runs)

        await self._eventually("the final comment", finals, STEP_SECONDS)
        texts = [comment.body for comment in self._bot_comments()]
        live = [text for text in texts if "key=progress:" in text]
        final = [text for text in texts if "key=final:" in text]
        count = f"{len(live)} live, {len(final)} final for {len(self.runs)} runs"
        self.checks.append(
            Check("one live and one final comment a run", len(live) == len(final) == len(self.runs), count)
        )
        numbers = [row.issue or 0 for row in await self.filed()]
        unlinked = [number for number in numbers if not any(f"#{number}" in text for text in live)]
        self.checks.append(Check("every issue is linked from a live comment", not unlinked, f"not linked: {unlinked}"))
        bare = [number for number in numbers if not _labelled(self.stack.repository.issues[number].label_names)]
        self.checks.append(Check("every issue has its labels", not bare, f"without: {bare}"))

    async def _check_runs(self) -> None:
        """Roles at once, a report folder a run, and nothing replayed anew that had an issue."""
        events: tuple[ev.Event, ...] = ()
        for number, run in enumerate(self.runs, 1):
            async with self.stack.db.read() as tx:
                fresh = await run_rows.get(tx, run.id) or run
                events = await run_rows.read_events(tx, run.id)
            most = _most_at_once(events)
            self.checks.append(Check(f"three roles at once in run {number}", most >= ROLES_AT_ONCE, f"{most}"))
            report = Path(fresh.folder) / "report.md"
            self.checks.append(Check(f"run {number} left its report", report.is_file(), str(report)))
        filed = await self.filed()
        before = [row.fingerprint for row in filed if row.run_id == self.runs[0].id]
        fixed = [row.fingerprint for row in filed if self.fix_verdicts.get(row.issue or 0) == "FIXED"]
        if len(self.runs) > 1:
            replayed = [event.payload.fingerprint for event in events if isinstance(event.payload, ev.VerdictReached)]
            self.checks.append(rerun_check(before, fixed, replayed))

    async def _eventually(self, what: str, look: Callable[[], Awaitable[T | None]], seconds: float) -> T:
        began = datetime.now()
        while (datetime.now() - began).total_seconds() < seconds:
            self.stack.require_children()
            if found := await look():
                return found
            await asyncio.sleep(POLL_SECONDS / 2)
        raise StoryBroke(f"Waited {seconds:.0f} s for {what}; the logs are in {self.stack.folder}")


def _most_at_once(events: Sequence[ev.Event]) -> int:
    """The most roles that were exploring at one time."""
    exploring, most = set(), 0
    for event in events:
        if isinstance(event.payload, ev.RoleStarted):
            exploring.add(event.role)
        elif isinstance(event.payload, ev.RoleStopped):
            exploring.discard(event.role)
        most = max(most, len(exploring))
    return most


def _labelled(names: list[str]) -> bool:
    return "finding" in names and all(any(name.startswith(kind) for name in names) for kind in ("severity:", "role:"))


def _progress(number: int, run: Run, ledger: Ledger) -> str:
    roles = ", ".join(f"{name} {info.iterations}" for name, info in sorted(ledger.roles.items()))
    confirmed = sum(verdict == "CONFIRMED" for verdict in ledger.verdicts.values())
    return f"run {number} {run.state}: turns {roles or '–'}; {confirmed} proven, {len(ledger.pending)} in replay"
