"""What a run came to, in testers' words: a summary as data, and the session sheet in files. Reads events only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent import events as ev
from agent import routes
from agent.charter import Charter, Profile
from agent.effort import RoleEffort, efforts
from agent.evidence.finding import Claim, Finding, Step, finding_from_json
from agent.ledger import Ledger, fold
from agent.suspicions import as_observation, plain_record
from agent.tools.secrets import Secrets

LAST_STEPS = 3


@dataclass(frozen=True, slots=True)
class RoleSummary:
    """`state` is waiting, exploring or the word of its stop reason; `steps` the last ones in words, newest last."""

    name: str
    iteration: int = 0
    state: str = "waiting"
    detail: str = ""
    url: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Seen again: it has an issue already."""

    fingerprint: str
    title: str
    reference: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """`findings` holds the last verdict of each fingerprint, whatever it was; `proving` the titles that wait."""

    state: str
    detail: str
    build: str
    started: datetime | None
    ended: datetime | None
    roles: tuple[RoleSummary, ...]
    findings: tuple[Finding, ...]
    known: tuple[Known, ...]
    proving: tuple[str, ...]
    observations: tuple[ev.ObservationNoted, ...]
    blockers: tuple[ev.BlockerMet, ...]
    efforts: Mapping[str, RoleEffort]

    @property
    def input_tokens(self) -> int:
        return sum(effort.input_tokens for effort in self.efforts.values())

    @property
    def output_tokens(self) -> int:
        return sum(effort.output_tokens for effort in self.efforts.values())

    @property
    def price(self) -> float | None:
        """US dollars; None when some call has no known price."""
        unpriced = any(effort.unpriced for effort in self.efforts.values())
        return None if unpriced else sum(effort.usd for effort in self.efforts.values())

    @property
    def iterations(self) -> int:
        return sum(role.iteration for role in self.roles)

    @property
    def confirmed(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.verdict.kind == "CONFIRMED")


def summary(events: Sequence[ev.Event]) -> RunSummary:
    """Pure: the same events give the same summary, in the middle of a run as well as after it."""
    ledger = fold(Ledger(), events)
    payloads = [event.payload for event in events]
    started = [payload for payload in payloads if isinstance(payload, ev.RunStarted)]
    ended = [payload for payload in payloads if isinstance(payload, ev.RunEnded)]
    names = dict.fromkeys([*(started[0].roles if started else ()), *ledger.roles])
    verdicts = {p.fingerprint: p for p in payloads if isinstance(p, ev.VerdictReached)}
    known = {
        p.fingerprint: Known(p.fingerprint, p.title, p.reference) for p in payloads if isinstance(p, ev.FindingKnown)
    }
    return RunSummary(
        state=ledger.ended or ("running" if started else "waiting"),
        detail=ended[-1].detail if ended else "",
        build=started[-1].build if started else "",
        started=events[0].at if events else None,
        ended=events[-1].at if ended else None,
        roles=tuple(_role(name, ledger, events) for name in names),
        findings=tuple(finding_from_json(plain_record(p.finding)) for p in verdicts.values()),
        known=tuple(Known(p.fingerprint, p.title, p.reference) for p in known.values()),
        proving=tuple(str(suspicion["title"]) for suspicion in ledger.pending.values()),
        observations=ledger.observations,
        blockers=ledger.blockers,
        efforts=efforts(events),
    )


def _role(name: str, ledger: Ledger, events: Sequence[ev.Event]) -> RoleSummary:
    info = ledger.roles.get(name)
    if info is None:
        return RoleSummary(name)
    steps: list[str] = []
    for event in reversed(events):
        if event.role == name and isinstance(event.payload, ev.ToolFinished):
            steps += [str(step["words"]) for step in reversed(event.payload.steps)]
        if len(steps) >= LAST_STEPS:
            break
    last = tuple(reversed(steps[:LAST_STEPS]))
    return RoleSummary(name, info.iterations, info.stopped or "exploring", info.detail, info.url, last)


def write_report(folder: Path, charter: Charter, profile: Profile, events: Sequence[ev.Event]) -> None:
    """`report.md` and `findings.json` in the run's folder, secrets masked."""
    mask = Secrets(dict(profile.secrets), ()).mask
    folder.mkdir(parents=True, exist_ok=True)
    facts = summary(events)
    findings = json.dumps(findings_json(events), indent=2, ensure_ascii=False) + "\n"
    (folder / "findings.json").write_text(mask(findings), encoding="utf-8")
    (folder / "report.md").write_text(mask(session_sheet(facts, charter, profile, events)), encoding="utf-8")


def findings_json(events: Sequence[ev.Event]) -> list[Mapping[str, Any]]:
    """Every judged suspicion in the form that `charterbot replay` reads."""
    verdicts = {e.payload.fingerprint: e.payload for e in events if isinstance(e.payload, ev.VerdictReached)}
    return [verdict.finding for verdict in verdicts.values()]


def session_sheet(facts: RunSummary, charter: Charter, profile: Profile, events: Sequence[ev.Event]) -> str:
    """Markdown. Texts of the app are shown as plain words: what has a meaning in Markdown is escaped."""
    ledger = fold(Ledger(), events)
    minutes = (facts.ended - facts.started).total_seconds() / 60 if facts.ended and facts.started else 0.0
    head = [
        f"# Session sheet: {profile.slug}",
        f"**Charter.** {plain(charter.mission)}",
        f"**Target.** {profile.url}, build {plain(facts.build) or 'unknown'}, {profile.environment}",
        f"**Result.** {facts.state}. {plain(facts.detail)}",
        f"**Effort.** {facts.iterations} turns in {minutes:.1f} minutes, "
        f"{facts.input_tokens} tokens in, {facts.output_tokens} out",
    ]
    sections = [
        _section("Roles", [_role_line(role) for role in facts.roles]),
        _section("Model calls", [effort_line(name, effort) for name, effort in facts.efforts.items()]),
        _section(_findings_title(profile), [_finding_text(finding) for finding in facts.confirmed]),
        _section("Known already", [f"{plain(known.title)}: {plain(known.reference)}" for known in facts.known]),
        _section("Worth a look", _worth_a_look(facts, events)),
        _section("Capabilities", _capabilities(profile, facts, events)),
        _section("Areas visited", _areas(ledger)),
        _section("Not reached", _not_reached(ledger, profile, facts)),
        _section("Blockers", [_blocker_line(blocker) for blocker in facts.blockers]),
    ]
    return "\n\n".join([*head, *sections]) + "\n"


def plain(text: str) -> str:
    """One line of untrusted text, without meaning for Markdown or HTML."""
    line = " ".join(text.split())
    for char in "\\`*_[]<>#|~":
        line = line.replace(char, f"\\{char}")
    return line.replace("@", "@\u200b")


def code(text: str) -> str:
    """One line of untrusted text as it is, in a code span that it cannot end."""
    line = " ".join(text.split())
    tick = "`"
    while tick in line:
        tick += "`"
    room = " " if "`" in line else ""
    return f"{tick}{room}{line}{room}{tick}" if line else ""


def _findings_title(profile: Profile) -> str:
    return "Findings (not filed)" if profile.filing.dry_run or not profile.filing.enabled else "Findings"


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"## {title}", "", *([f"- {line}" for line in lines] or ["- none"])])


def _role_line(role: RoleSummary) -> str:
    return f"**{role.name}**: {role.iteration} turns, {role.state}. {plain(role.detail)}"


def effort_line(name: str, effort: RoleEffort) -> str:
    """What the model cost one role, and what went wrong on the way, in one line."""
    price = f", ${effort.usd:.4f}" if effort.usd or not effort.unpriced else ", price unknown"
    parts = [
        f"**{name}**: {effort.replies} replies, {effort.input_tokens} tokens in ({effort.cached_tokens} cached), "
        f"{effort.output_tokens} out{price}"
    ]
    if effort.waited or effort.faults:
        parts.append(f"waited {effort.waited:.0f} s for the provider ({_counts(effort.faults) or 'no faults'})")
    parts += [f"{effort.cool_downs} calls given up"] if effort.cool_downs else []
    parts += [f"asked again: {_counts(effort.unusable)}"] if effort.unusable else []
    parts += [f"arguments mended: {_counts(effort.repairs)}"] if effort.repairs else []
    return "; ".join(parts)


def _counts(counter: Mapping[str, int]) -> str:
    return ", ".join(f"{plain(name)} {count}" for name, count in sorted(counter.items()))


def _finding_text(finding: Finding) -> str:
    verdict = finding.verdict
    first = (
        f"**{plain(finding.title)}** ({finding.severity}, {finding.role}): {verdict.kind} "
        f"{verdict.hits}/{verdict.runs}, control {verdict.control}, fingerprint {finding.fingerprint.value}"
    )
    facts = [
        ("Verdict", "" if verdict.kind == "CONFIRMED" else plain(verdict.note)),
        ("Expected", _expected(finding)),
        ("Actual", code(verdict.actual)),
        ("Note", plain(finding.detail)),
        ("Picture", f"proofs/{verdict.screenshot}" if verdict.screenshot else ""),
    ]
    told = [f"  - {name}: {text}" for name, text in facts if text]
    steps = [f"  {number}. {_step_text(step)}" for number, step in enumerate(finding.repro.steps, 1)]
    return "\n".join([first, *told, *steps])


def _expected(finding: Finding) -> str:
    claim = finding.oracle
    if not isinstance(claim, Claim):
        return ""
    wanted = " ".join((code(claim.subject), claim.predicate.replace("_", " "), code(claim.expected))).strip()
    return f"{wanted} ({claim.because}: {plain(claim.reason)})"


def _step_text(step: Step) -> str:
    """The verb stays plain; what it acts on may hold quotes, which a code span shows as they are."""
    verb, _, rest = " ".join(step.words.split()).partition(" ")
    return f"{plain(verb)} {code(rest)}".strip()


def _worth_a_look(facts: RunSummary, events: Sequence[ev.Event]) -> list[str]:
    """Observations, and what was suspected but not confirmed, with the steps by which a person can look."""
    verdicts = (event.payload for event in events if isinstance(event.payload, ev.VerdictReached))
    judged = {as_observation(finding_from_json(plain_record(verdict.finding))) for verdict in verdicts}
    notes = [_observation_line(note) for note in facts.observations if note not in judged]
    return [*(_finding_text(f) for f in facts.findings if f.verdict.kind != "CONFIRMED"), *notes]


def _observation_line(note: ev.ObservationNoted) -> str:
    return " ".join(part for part in (f"{plain(note.title)}.", plain(note.detail), plain(note.url)) if part)


def _blocker_line(blocker: ev.BlockerMet) -> str:
    return f"{plain(blocker.what)}: {plain(blocker.recovery)} ({'overcome' if blocker.overcome else 'not overcome'})"


def _areas(ledger: Ledger) -> list[str]:
    areas: dict[str, set[str]] = {}
    for role, urls in ledger.visited.items():
        for url in urls:
            areas.setdefault(routes.template(url), set()).add(role)
    return [f"{plain(route)} ({', '.join(sorted(roles))})" for route, roles in sorted(areas.items())]


def _capabilities(profile: Profile, facts: RunSummary, events: Sequence[ev.Event]) -> list[str]:
    """Each with its last status and note, in the order of the profile; then what was noted beyond it."""
    notes = {(e.role, e.payload.name): e.payload for e in events if isinstance(e.payload, ev.CapabilityNoted)}
    lines = []
    for key in dict.fromkeys((*_asked(profile, facts), *notes)):
        note = notes.get(key)
        told = f"{note.status}. {plain(note.note)}" if note else "without a status"
        lines.append(f"{key[0]}: {plain(key[1])}: {told}".rstrip())
    return lines


def _not_reached(ledger: Ledger, profile: Profile, facts: RunSummary) -> list[str]:
    statuses = {key: ledger.capabilities.get(key, "without a status") for key in _asked(profile, facts)}
    return [
        f"{role}: {plain(name)}: {status}"
        for (role, name), status in statuses.items()
        if status not in ("works", "broken")
    ]


def _asked(profile: Profile, facts: RunSummary) -> list[tuple[str, str]]:
    """The capabilities of the roles that ran."""
    ran = {role.name for role in facts.roles}
    return [(role.name, name) for role in profile.roles if role.name in ran for name in role.capabilities]
