"""The session sheets in Markdown, in testers' words: one of the run, one of each role. Pure texts from data."""

from collections.abc import Mapping, Sequence

from agent import events as ev
from agent.charter import Charter, Profile
from agent.evidence.finding import finding_from_json
from agent.planning import PlanItem
from agent.report.analysis import Analysis, RoleBudget
from agent.report.markdown import code, counts, effort_line, finding_text, plain, section, some, words_text
from agent.report.outcomes import Outcome
from agent.report.summary import RoleSummary, RunSummary
from agent.report.turns import RoleTale, Task, Turn, Written, written
from agent.suspicions import as_observation, plain_record

MOST = 40
FEW = 20
TASKS: Mapping[Task, str] = {
    "test": "Test design and execution",
    "bug": "Bug investigation and reporting",
    "setup": "Setup (sign-in, blockers, waiting)",
}


def session_sheet(
    facts: RunSummary, charter: Charter, profile: Profile, events: Sequence[ev.Event], found: Analysis
) -> str:
    """Markdown. Texts of the app are shown as plain words: what has a meaning in Markdown is escaped."""
    head = [
        f"# Session sheet: {profile.slug}",
        f"**Charter.** {plain(charter.mission)}",
        *([f"**Areas.** {plain(', '.join(charter.areas))}"] if charter.areas else []),
        f"**Target.** {profile.url}, build {plain(facts.build) or 'unknown'}, {profile.environment}",
        f"**Result.** {facts.state}. {plain(facts.detail)}",
        f"**Start.** {f'{facts.started:%Y-%m-%d %H:%M} UTC' if facts.started else 'never'}. "
        f"**Duration.** {minutes(facts):.1f} minutes",
        f"**Effort.** {facts.iterations} turns in {minutes(facts):.1f} minutes, "
        f"{facts.input_tokens} tokens in, {facts.output_tokens} out",
    ]
    sections = [
        section("Charter", [_outcome_line(each) for each in found.outcomes.lines]),
        section("Capabilities", [_capability_line(each) for each in found.outcomes.capabilities]),
        section("Not reached", [_why_line(o) for o in found.outcomes.capabilities if o.status == "not reached"]),
        section("Task breakdown", [f"{TASKS[task]}: {share:.0%} of the turns" for task, share in found.tasks.items()]),
        section("Roles", [_role_line(role) for role in facts.roles]),
        section("Model calls", [effort_line(name, effort) for name, effort in facts.efforts.items()]),
        section(findings_title(profile), [finding_text(finding) for finding in facts.confirmed]),
        section("Known already", [f"{plain(known.title)}: {plain(known.reference)}" for known in facts.known]),
        section("Worth a look", _worth_a_look(facts, events)),
        section("Notes", _notes(events)),
        section("Data created", some([line for tale in found.tales.values() for line in _left(tale)], MOST)),
        section("Plan and what came of it", [_plan_line(item, each) for item, each in found.outcomes.planned]),
        *_effort_sections(found),
    ]
    return "\n\n".join([*head, *sections]) + "\n"


def _effort_sections(found: Analysis) -> list[str]:
    areas = [
        f"{plain(area.route)} ({', '.join(area.roles) or 'nobody'}): {area.turns} turns, {area.actions} actions, "
        f"{area.claims} claims, {area.findings} findings"
        for area in found.areas
    ]
    blockers = [
        f"{plain(each.what)}: {plain(each.recovery)} (met {each.times} times, overcome {each.overcome})"
        for each in found.blockers
    ]
    return [
        section("Areas", some(areas, MOST)),
        section("Blockers", some(blockers, FEW)),
        section("Issues around the application", [plain(line) for line in found.troubles]),
        section("Seen by several roles", [f"{plain(s.title)}: {', '.join(s.roles)}" for s in found.doubles]),
        section("Visited, not tested", some([f"{code(gap.place)}: {plain(gap.why)}" for gap in found.untested], FEW)),
        section("Leads not followed", some([f"{code(gap.place)}: {plain(gap.why)}" for gap in found.leads], FEW)),
        section("What it cost", cost_lines(found)),
    ]


def cost_lines(found: Analysis) -> list[str]:
    lines = [_budget_line(budget) for budget in found.budgets]
    if found.confirmed:
        price = found.each(found.price)
        told = f", ${price:.4f}" if price else ", price unknown" if price is None else ""
        lines.append(
            f"Each confirmed finding took {found.turns / found.confirmed:.1f} turns and "
            f"{found.tokens / found.confirmed:.0f} tokens{told}"
        )
    if found.turns:
        lines.append(f"Repeated ground: {found.repeated:.0%} of the steps were made before without a new reason")
        lines.append(f"Revisits: {found.revisited:.0%} of the arrivals were where the role had been before")
    if found.waited or found.faults:
        lines.append(f"Waited {found.waited:.0f} s for the model's provider ({counts(found.faults) or 'no faults'})")
    return lines


def role_sheet(tale: RoleTale, outcomes: Sequence[Outcome], pictures: Sequence[ev.PictureTaken], up: str) -> str:
    """One role's own sheet: its capabilities, its timeline in words, what it wrote, its pictures. `up` is the way from
    the sheet's folder to the run's."""
    began = f"{tale.began:%Y-%m-%d %H:%M} UTC" if tale.began else "never"
    head = [
        f"# {plain(tale.role)}",
        f"**Start.** {began}. **Turns.** {tale.turns[-1].number if tale.turns else 0}. "
        f"**End.** {tale.stopped.replace('_', ' ') or 'still exploring'}. {plain(tale.detail)}".rstrip(),
    ]
    last = f"![The last page]({up}/{tale.picture})" if tale.picture else ""
    sections = [
        section("Capabilities", [_why_line(each).partition(": ")[2] for each in outcomes]),
        section("Timeline", [_turn_line(tale, turn) for turn in tale.turns]),
        section("Data created", [written_line(each) for each in written(tale)]),
        section("Pictures", [f"{code(each.url)} ![{each.state}]({up}/{each.file})" for each in pictures]),
    ]
    return "\n\n".join(part for part in (*head, last, *sections) if part) + "\n"


def minutes(facts: RunSummary) -> float:
    return (facts.ended - facts.started).total_seconds() / 60 if facts.ended and facts.started else 0.0


def findings_title(profile: Profile) -> str:
    return "Findings (not filed)" if profile.filing.dry_run or not profile.filing.enabled else "Findings"


def written_line(each: Written) -> str:
    steps = "; ".join(words_text(step) for step in each.steps)
    return f"turn {each.turn}{f' at {code(each.page)}' if each.page else ''}: {steps}"


def unconfirmed_notes(facts: RunSummary, events: Sequence[ev.Event]) -> list[ev.ObservationNoted]:
    """Observations of the roles themselves, without those that repeat a verdict."""
    verdicts = (event.payload for event in events if isinstance(event.payload, ev.VerdictReached))
    judged = {as_observation(finding_from_json(plain_record(verdict.finding))) for verdict in verdicts}
    return [note for note in facts.observations if note not in judged]


def _worth_a_look(facts: RunSummary, events: Sequence[ev.Event]) -> list[str]:
    """Observations, and what was suspected but not confirmed, with the steps by which a person can look."""
    notes = [_observation_line(note) for note in unconfirmed_notes(facts, events)]
    return [*(finding_text(f) for f in facts.findings if not f.verdict.proven), *notes]


def _notes(events: Sequence[ev.Event]) -> list[str]:
    """What people told the run, and what roles wrote down of their own thoughts, which nobody verified."""
    lines = []
    for event in events:
        match event.payload:
            case ev.Steered(order=order, text=text, by=by):
                lines.append(f"{plain(by) or 'a person'} said {order}{f': {plain(text)}' if text else ''}")
            case ev.EpochClosed(note=note) if note:
                lines.append(f"{event.role}, its own note, not verified: {plain(note)}")
            case _:
                continue
    return lines


def _left(tale: RoleTale) -> list[str]:
    return [f"{tale.role}, {written_line(each)}" for each in written(tale)]


def _observation_line(note: ev.ObservationNoted) -> str:
    return " ".join(part for part in (f"{plain(note.title)}.", plain(note.detail), plain(note.url)) if part)


def _outcome_line(each: Outcome) -> str:
    return f"{plain(each.subject)}: *{each.status}* ({plain(each.why)})"


def _why_line(each: Outcome) -> str:
    return f"{each.role}: {_outcome_line(each)}"


def _capability_line(each: Outcome) -> str:
    """With the role's own word for it and its note, where they are not the reason already."""
    noted = f"; noted as {each.noted.replace('_', ' ')}" if each.noted else ""
    note = f": {plain(each.note)}" if each.note and each.note not in each.why else ""
    return f"{_why_line(each)}{noted}{note}"


def _plan_line(item: PlanItem, outcome: Outcome) -> str:
    who = f" ({item.role})" if item.role else ""
    when = f" from turn {outcome.turn}" if outcome.turn else ""
    return f"risk {item.risk}{who}: {plain(item.area)}: *{outcome.status}*{when}. {plain(item.why)}"


def _role_line(role: RoleSummary) -> str:
    return f"**{role.name}**: {role.iteration} turns, {role.state}. {plain(role.detail)}"


def _budget_line(budget: RoleBudget) -> str:
    usd = "" if not budget.usd else f", ${budget.usd:.4f}"
    return (
        f"**{budget.role}**: {budget.used} of {budget.total} turns in {budget.minutes:.1f} minutes, "
        f"{budget.tokens} tokens{usd}"
    )


def _turn_line(tale: RoleTale, turn: Turn) -> str:
    steps = "; ".join(words_text(step) for step in turn.steps) or "looked"
    marks = "".join(f" **{plain(mark.words)}**" for mark in tale.marks if mark.turn == turn.number)
    return f"{turn.number} {code(turn.url)}: {steps}.{marks}"
