"""The session sheet of a run, in testers' words: report.md and findings.json. Reads events only."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent import events as ev
from agent import routes
from agent.charter import Charter, Profile
from agent.effort import RoleEffort
from agent.evidence.finding import Claim, Finding, Step, finding_from_json
from agent.ledger import Ledger, fold
from agent.report.summary import RoleSummary, RunSummary, summary
from agent.suspicions import as_observation, plain_record
from agent.tools.secrets import Secrets


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
