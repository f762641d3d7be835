"""The issue of a finding: a developer can reproduce it, and a PM can judge it, from this text alone."""

import re
from dataclasses import dataclass

from agent import routes
from agent.evidence.finding import Alarm, Claim, Finding, Step
from agent.evidence.rate import bounds
from bot.github.markers import comment_marker, finding_marker
from bot.render.markdown import Md, Untrusted, fill, folded, lines, paragraphs, table
from bot.render.progress import build
from bot.render.sanitize import clean, code, inline, plain, span
from bot.store.findings import FindingRow

MOST_TITLE = 120
MOST_BODY = 60_000
_QUOTED = r"(?P<quote>['\"])(?P<name>[^'\"\\\\]+)(?P=quote)"
_LABELLED = re.compile(rf"^get_by_(?P<how>label|text)\({_QUOTED}(?:, exact=True)?\)$")
_BY_ROLE = re.compile(rf"^get_by_role\(['\"](?P<role>[a-z]+)['\"], name={_QUOTED}(?:, exact=True)?\)$")
EXPECTED = {
    "server_error": Md("The server answers without an error of its own (no 5xx)."),
    "uncaught_exception": Md("The page works without an uncaught exception in its scripts."),
    "console_error": Md("The page works without an error in the browser's console."),
    "broken_link": Md("The link leads to a page that exists."),
    "markup_injection": Md("Typed text is shown as text, whatever characters it holds."),
    "broken_image": Md("The image loads."),
    "forbidden_access": Md("What only another role's capability leads to is refused."),
}
CLAIMS = {
    "visible": Md("{subject} is visible"),
    "absent": Md("{subject} is not on the page"),
    "text_is": Md("{subject} reads {expected}"),
    "text_contains": Md("{subject} contains the text {expected}"),
    "count_is": Md("there are {expected} of {subject}"),
    "value_is": Md("{subject} holds the value {expected}"),
    "url_is": Md("the address is {expected}"),
    "status_is": Md("the status of {subject} is {expected}"),
    "reachable": Md("{subject} can be reached"),
    "persists_after_reload": Md("{subject} still shows {expected} after a reload"),
}
BECAUSE = {
    "spec": Md("the app's description says so"),
    "consistency": Md("the app itself shows otherwise elsewhere"),
    "permission": Md("this role may not do or see more"),
    "history": Md("it used to be so"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a finding comes from: the charter's issue, the run, and the address that people can open (or empty)."""

    charter: int
    run_id: str
    address: str = ""


def title(finding: Finding) -> str:
    """`[area] symptom`; the area is the first word of the route, unless the symptom names it anyway."""
    symptom = plain(Untrusted(finding.title), MOST_TITLE)
    area = _area(finding)
    if not area or area.lower() in symptom.lower():
        return symptom
    return plain(Untrusted(f"[{area}] {finding.title}"), MOST_TITLE)


def _area(finding: Finding) -> str:
    facts = dict(finding.fingerprint.components)
    route = finding.oracle.route if isinstance(finding.oracle, Alarm) else facts.get("route", "")
    words = [part for part in route.split("/") if part and "{" not in part]
    return clean(words[0], 30) if words else ""


def body(row: FindingRow, origin: Origin) -> Md:
    finding = row.finding
    text = paragraphs(
        (
            finding_marker(row.id, row.fingerprint),
            _summary(finding),
            Md("### Steps to reproduce"),
            _steps(finding, origin.address),
            Md("### What should happen"),
            _expected(finding),
            Md("### What happens"),
            _actual(finding),
            Md("### How sure this is"),
            confidence(finding),
            Md("### Where"),
            _where(finding, origin),
            _also(finding),
            _why_one(finding),
            _how_to_fix(),
        )
    )
    # Every part has its own cap; this one only guards GitHub's 65,536 characters.
    return text if len(text) <= MOST_BODY else Md(text[:MOST_BODY] + "\n\n… (cut; the whole is in the report)")


def _summary(finding: Finding) -> Md:
    return fill(
        "**{title}** Found as **{role}** on {target}, severity **{severity}**.",
        title=_sentence(inline(Untrusted(finding.title), 300)),
        role=inline(Untrusted(finding.role), 60),
        target=span(Untrusted(f"{finding.app}/{finding.profile}")),
        severity=Md(finding.severity),
    )


def _sentence(text: Md) -> Md:
    return text if text.endswith((".", "…", "!", "?")) else Md(f"{text}.")


def _steps(finding: Finding, address: str) -> Md:
    repro = finding.repro
    several = len(repro.roles) > 1
    who = Md(" and ".join(f"**{inline(Untrusted(role), 60)}**" for role in repro.roles) or "any visitor")
    where = span(Untrusted(address), 120) if address else Md("the app")
    own = Md(", each in a browser of its own") if several else Md()
    items = [fill("Open {where} and sign in as {who}{own}.", where=where, who=who, own=own)]
    for index, step in enumerate(repro.steps):
        here = Md(" **← this shows it**") if index == repro.trigger else Md()
        items.append(fill("{step}{here}", step=_step(step, several=several), here=here))
    return lines(fill("{n}. {item}", n=number, item=item) for number, item in enumerate(items, 1))


def _step(step: Step, *, several: bool) -> Md:
    who = fill("as **{role}**: ", role=inline(Untrusted(step.role), 60)) if several else Md()
    return fill("{who}{words}", who=who, words=_words(step))


def _words(step: Step) -> Md:
    """The step in words. What has to be typed or opened stands as code, so that it can be copied as it is."""
    words = inline(Untrusted(step.words), 300)
    if not words:
        where = fill(" {locator}", locator=span(Untrusted(step.locators[0]), 160)) if step.locators else Md()
        words = Md(f"{step.action.replace('_', ' ').capitalize()}{where}")
    if not step.value or step.value in step.words:
        return words
    return fill("{words}: {value}", words=words, value=span(Untrusted(step.value), 300))


def _expected(finding: Finding) -> Md:
    oracle = finding.oracle
    if isinstance(oracle, Alarm):
        return EXPECTED[oracle.kind]
    claim = CLAIMS[oracle.predicate].format(
        subject=_subject(oracle.subject), expected=span(Untrusted(oracle.expected), 200)
    )
    reason = fill(" ({text})", text=inline(Untrusted(oracle.reason), 400)) if oracle.reason else Md()
    return Md(f"{claim[0].upper()}{claim[1:]}, because {BECAUSE[oracle.because]}{reason}.")


def _subject(text: str) -> Md:
    """Usual locators in words; any other as the code that it is."""
    labelled = _LABELLED.match(text)
    if labelled:
        kind = "text" if labelled["how"] == "text" else "field"
        return fill("the {kind} {name}", kind=Md(kind), name=span(Untrusted(labelled["name"]), 120))
    by_role = _BY_ROLE.match(text)
    if by_role:
        kind = Md(by_role["role"])
        return fill("the {kind} {name}", kind=kind, name=span(Untrusted(by_role["name"]), 120))
    return span(Untrusted(text), 200)


def _actual(finding: Finding) -> Md:
    oracle = finding.oracle
    if isinstance(oracle, Claim):
        parts = [code(Untrusted(finding.verdict.actual or "It was not so."), 1500)]
        if finding.detail:
            parts.append(fill("In the explorer's words: {words}", words=inline(Untrusted(finding.detail), 600)))
        return paragraphs(parts)
    seen = finding.verdict.actual or oracle.detail or oracle.signal
    page = routes.path(oracle.page_url) if oracle.page_url else ""
    there = fill("Seen on the page {page}.", page=span(Untrusted(page), 200)) if page else Md()
    return paragraphs((code(Untrusted(seen), 1500), there))


def confidence(finding: Finding) -> Md:
    """k of n and the control run, in words."""
    # Step 1 of the text is the sign-in.
    verdict, step = finding.verdict, finding.repro.trigger + 2
    shown = fill("It showed in **{hits} of {runs}** replays", hits=verdict.hits, runs=verdict.runs)
    control = {
        "clean": fill(" The same steps without step {n} stayed clean.", n=step),
        "fires": fill(" It also showed without step {n}, so the cause may lie earlier.", n=step),
        "errored": fill(" The control run without step {n} could not be carried out.", n=step),
        "none": Md(),
    }[verdict.control]
    note = fill(" {note}", note=_sentence(inline(Untrusted(verdict.note), 300))) if verdict.note else Md()
    if verdict.intermittent:
        low, high = bounds(verdict.hits, verdict.runs)
        shares = {"low": Md(f"{low:.0%}"), "high": Md(f"{high:.0%}")}
        rate = fill(" **It is intermittent**: at 95 % confidence it shows in {low} to {high} of all tries.", **shares)
        note = Md(f"{note}{rate}")
    return fill(
        "{shown}, each in a fresh browser{data}, without a language model.{control}{note}",
        shown=shown,
        data=Md(" on freshly reset data") if verdict.reset else Md(),
        control=control,
        note=note,
    )


def _where(finding: Finding, origin: Origin) -> Md:
    width, height = finding.repro.viewport
    rows = [(Md("Target"), span(Untrusted(f"{finding.app}/{finding.profile}")))]
    if origin.address:
        rows.append((Md("Address"), span(Untrusted(origin.address), 120)))
    if finding.verdict.build:
        rows.append((Md("Build"), build(finding.verdict.build)))
    rows.append((Md("Signed in as"), inline(Untrusted(", ".join(finding.repro.roles)), 200)))
    rows.append((Md("Browser"), fill("Chromium, {width} × {height}", width=width, height=height)))
    rows.append((Md("Charter"), fill("#{n}", n=origin.charter)))
    if finding.verdict.screenshot:
        picture = span(Untrusted(finding.verdict.screenshot), 160)
        rows.append(
            (Md("Picture"), fill("{file} in the folder of run {run}", file=picture, run=span(Untrusted(origin.run_id))))
        )
    return table((Md(" "), Md(" ")), rows)


def _also(finding: Finding) -> Md:
    if not finding.also:
        return Md()
    items = [
        fill("- {detail}", detail=inline(Untrusted(alarm.detail or alarm.signal), 300)) for alarm in finding.also[:10]
    ]
    return folded(Md("What else was seen at that moment"), lines(items))


def _why_one(finding: Finding) -> Md:
    rows = [(inline(Untrusted(key), 40), span(Untrusted(value), 200)) for key, value in finding.fingerprint.components]
    text = paragraphs(
        (
            Md("Sightings that agree in all of this are one problem and stay in this issue:"),
            table((Md("Fact"), Md("Value")), rows),
            fill("Fingerprint {value}", value=span(Untrusted(finding.fingerprint.value))),
        )
    )
    return folded(Md("Why this is one issue"), text)


def _how_to_fix() -> Md:
    text = Md(
        "Write `Fixes #` and the number of this issue into the description of the pull request. Once it is merged "
        "and a deployment holds it, I replay the steps above on that build and say here whether the problem is gone. "
        "If it is not, I open this issue again."
    )
    return folded(Md("How to get a fix re-validated"), text)


def came_back(row: FindingRow, origin: Origin, marker_key: str) -> Md:
    """The comment on the issue of a finding that was fixed and is proven again."""
    finding = row.finding
    on_build = fill(" on build {build}", build=build(finding.verdict.build)) if finding.verdict.build else Md()
    return paragraphs(
        (
            comment_marker(marker_key),
            fill(
                "🔁 **It is back.** This was confirmed as fixed, but the run for #{charter} proved it again{on_build}. "
                "I opened this issue again.",
                charter=origin.charter,
                on_build=on_build,
            ),
            confidence(finding),
            Md("### Steps to reproduce"),
            _steps(finding, origin.address),
            Md("### What happens"),
            _actual(finding),
        )
    )
