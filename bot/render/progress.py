"""The live comment of a run: what is going on now.

Times that pass are left out, so that the text changes only with news.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent import events as ev
from bot.domain.run import RunState
from bot.domain.run_view import Proof, RoleView, RunView
from bot.github import markers
from bot.render.markdown import Md, Untrusted, fill, folded, lines, paragraphs, table
from bot.render.sanitize import inline, span
from bot.store.findings import FindingRow
from bot.store.runs import Run

MARKS = {"critical": "🟣", "high": "🔴", "medium": "🟠", "low": "🟡"}
MOST_LISTED = 40
MOST_PLANNED = 15
FOOTER = Md("`/explore status` · `/explore focus …` · `/explore stop` · `/explore rerun` · `/explore help`")


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that the texts about one run tell. `known` were found in earlier runs and seen again in this one."""

    run: Run
    view: RunView
    found: tuple[FindingRow, ...] = ()
    known: tuple[FindingRow, ...] = ()

    @property
    def unfiled(self) -> tuple[Proof, ...]:
        """Proven in this run and not in the book: filing is off, a dry run, or about to be written down."""
        booked = {row.fingerprint for row in (*self.found, *self.known)}
        return tuple(proof for proof in self.view.proven if proof.fingerprint not in booked)


def render(shown: Shown) -> Md:
    over = not RunState(shown.run.state).is_active
    return paragraphs(
        (
            state_line(shown),
            facts(shown),
            _findings(shown),
            again(shown.known),
            roles(shown.view.roles, over=over),
            _orders(shown.view.orders),
            _plan(shown.view.plan),
            Md() if over else _steps(shown.view.roles),
            footer(shown.run),
        )
    )


def state_line(shown: Shown) -> Md:
    run = shown.run
    filed = count(sum(row.issue is not None for row in shown.found), "finding", "findings")
    why = inline(Untrusted(run.detail), 400) if run.detail else Md()
    match RunState(run.state):
        case RunState.QUEUED:
            return Md("### ⏳ Queued\nI start as soon as a worker is free, and keep this comment up to date.")
        case RunState.RUNNING if run.stop_requested:
            return Md("### ⏹️ Stopping\nThe current steps are brought to their end.")
        case RunState.RUNNING:
            return fill("### 🔎 Exploring\n{filed} filed so far; new ones appear below while I go on.", filed=filed)
        case RunState.COMPLETED:
            return fill(
                "### ✅ Done\n{filed} filed. The summary is in a comment of its own, further down.", filed=filed
            )
        case RunState.STOPPED:
            return fill("### ⏹️ Stopped\n{filed} filed until then. {why}", filed=filed, why=why)
        case RunState.FAILED:
            return fill("### ⚠️ Could not finish\n{why}", why=why or Md("The reason is in the log of the worker."))


def count(number: int, one: str, many: str) -> Md:
    return Md(f"{number or 'no'} {one if number == 1 else many}")


def facts(shown: Shown) -> Md:
    run, charter = shown.run, shown.run.charter
    named = ", ".join(inline(Untrusted(role.name), 60) for role in shown.view.roles)
    asked = ", ".join(inline(Untrusted(name), 60) for name in charter.roles)
    rows = [
        (Md("**Mission**"), inline(Untrusted(charter.mission), 300)),
        (Md("**Target**"), target(run)),
        (Md("**Roles**"), Md(named or asked or "the usual ones of the target")),
    ]
    for label, items in (("**In scope**", charter.areas), ("**Out of scope**", charter.out_of_scope)):
        if items:
            rows.append((Md(label), inline(Untrusted(", ".join(items)), 300)))
    rows.append((Md("**Turns taken**"), fill("{n}", n=shown.view.turns)))
    rows.append((Md("**Started by**"), inline(Untrusted(run.requested_by), 60)))
    return table((Md(" "), Md(" ")), rows)


def target(run: Run) -> Md:
    name = span(Untrusted(f"{run.charter.app}/{run.charter.profile}"))
    return fill("{name}, build {build}", name=name, build=build(run.build)) if run.build else name


def build(name: str) -> Md:
    """A commit is shown as people know it, by its first digits."""
    is_sha = len(name) == 40 and all(c in "0123456789abcdef" for c in name)
    return span(Untrusted(name[:10] if is_sha else name), 60)


def _findings(shown: Shown) -> Md:
    items = [finding_line(row) for row in shown.found]
    for proof in shown.unfiled:
        how = Md("proven, not filed") if not RunState(shown.run.state).is_active else Md("proven just now")
        items.append(fill("- {mark} {title} ({how})", mark=mark(proof.severity), title=_title(proof.title), how=how))
    if shown.view.proving and RunState(shown.run.state).is_active:
        suspicion = Md("suspicion is") if shown.view.proving == 1 else Md("suspicions are")
        items.append(fill("- ⏱️ {n} {what} being replayed now", n=shown.view.proving, what=suspicion))
    head = fill("**Findings of this run: {n}**", n=len(shown.found))
    return paragraphs(
        (head, listed(items) if items else Md("Nothing was proven yet." if shown.run.finished_at is None else ""))
    )


def finding_line(row: FindingRow) -> Md:
    """An issue's number alone: GitHub shows its title and state beside it."""
    finding = row.finding
    number = fill("#{n}", n=row.issue) if row.issue is not None else Md("(being filed)")
    return fill(
        "- {mark} {number} {title} · {severity} · {role} · {hits} of {runs} replays",
        mark=mark(finding.severity),
        number=number,
        title=_title(finding.title),
        severity=Md(finding.severity),
        role=inline(Untrusted(finding.role), 60),
        hits=finding.verdict.hits,
        runs=finding.verdict.runs,
    )


def mark(severity: str) -> Md:
    return Md(MARKS.get(severity, "⚪"))


def _title(text: str) -> Md:
    return inline(Untrusted(text), 140)


def again(known: Sequence[FindingRow]) -> Md:
    """Known ones are only counted in: nothing is filed or replayed twice."""
    numbers = sorted({row.issue for row in known if row.issue is not None})
    if not numbers:
        return Md()
    named = Md(", ".join(f"#{number}" for number in numbers[:MOST_LISTED]))
    return fill("**Seen again, already known:** {named}", named=named)


def roles(views: Sequence[RoleView], *, over: bool) -> Md:
    if not views:
        return Md()
    last = Md("How it ended") if over else Md("Where it is now")
    head = (Md("Role"), Md("Turns"), Md("Pages"), last)
    return table(
        head,
        [
            (
                inline(Untrusted(role.name), 60),
                fill("{n}", n=role.turns),
                fill("{n}", n=role.pages),
                _place(role, over=over),
            )
            for role in views
        ],
    )


def _place(role: RoleView, *, over: bool) -> Md:
    if role.stopped or over:
        return inline(Untrusted(role.stopped or "it was under way"), 160)
    return span(Untrusted(role.url), 100) if role.url else Md("signing in")


def _steps(views: Sequence[RoleView]) -> Md:
    parts = []
    for role in views:
        if role.steps:
            steps = [fill("1. {words}", words=inline(Untrusted(words), 160)) for words in role.steps]
            parts.append(fill("**{role}**\n\n{steps}", role=inline(Untrusted(role.name), 60), steps=lines(steps)))
    return folded(Md("Last steps of each role"), paragraphs(parts)) if parts else Md()


def _orders(orders: Sequence[ev.Steered]) -> Md:
    """What people said and the run has taken up."""
    told = [
        fill("- {by}: {text}", by=inline(Untrusted(order.by), 60), text=inline(Untrusted(order.text), 300))
        for order in orders
        if order.order == "focus"
    ]
    return paragraphs((Md("**Focus, as people asked for**"), listed(told))) if told else Md()


def _plan(items: Sequence[Mapping[str, Any]]) -> Md:
    rows = [
        (
            fill("{risk} of 5", risk=int(item["risk"])),
            inline(Untrusted(str(item["area"])), 140),
            inline(Untrusted(str(item["role"])), 60),
            inline(Untrusted(str(item["why"])), 200),
        )
        for item in items[:MOST_PLANNED]
    ]
    head = (Md("Risk"), Md("Area"), Md("Role"), Md("Why"))
    title = Md("Plan: where I would expect trouble first (for you to read; it does not steer the run)")
    return folded(title, table(head, rows)) if rows else Md()


def listed(items: Sequence[Md]) -> Md:
    """A list that stays readable however much there is."""
    if len(items) <= MOST_LISTED:
        return lines(items)
    return lines([*items[:MOST_LISTED], fill("- … and {n} more", n=len(items) - MOST_LISTED)])


def footer(run: Run) -> Md:
    return fill("<sub>{commands} · run {id}</sub>", commands=FOOTER, id=span(Untrusted(run.id)))


def key(run_id: str) -> str:
    return f"progress:{run_id}"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the hidden first line of the live comment remembers of its last edit. `seq` is the last event shown."""

    at: datetime
    seq: int
    filed: int
    state: str

    @classmethod
    def of(cls, shown: Shown, at: datetime) -> "Stamp":
        run = shown.run
        filed = sum(row.issue is not None and row.state != "draft" for row in shown.found) + len(shown.known)
        return cls(at, run.events, filed, "stopping" if run.stop_requested and run.finished_at is None else run.state)

    @classmethod
    def read(cls, body: str) -> "Stamp | None":
        """None for a text that was not written by `comment`."""
        marker = markers.read(body)
        try:
            fields = marker.fields if marker else {}
            at = datetime.fromisoformat(fields["at"])
            return cls(at, int(fields["seq"]), int(fields["filed"]), fields["state"])
        except (KeyError, ValueError):
            return None

    def has_news(self, last: "Stamp") -> bool:
        """Something that people wait for, which is shown at once."""
        return (self.filed, self.state) != (last.filed, last.state)


def comment(shown: Shown, stamp: Stamp) -> Md:
    """The whole comment: the marker with the stamp, then the text."""
    at = stamp.at.isoformat(timespec="seconds")
    values = {"at": at, "seq": str(stamp.seq), "filed": str(stamp.filed), "state": stamp.state}
    return Md(f"{markers.comment_marker(key(shown.run.id), **values)}\n{render(shown)}")
