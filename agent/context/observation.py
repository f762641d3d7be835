"""What a role is told: the opening, what each call brought back, the short tail. Pure texts from data.

Text of pages goes only between fences with a tag that the page cannot know.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from string import Template

from agent.charter import Charter, Profile, Role
from agent.evidence.finding import Alarm, Verdict, VerdictKind
from agent.tools.surface import ToolResult

PROMPTS = Path(__file__).parent / "prompts"
READ_ONLY = "- This target is read-only: change nothing, submit nothing."
WRAP_UP = "record what you know with note_capability, report_finding and finish."
VERSION = re.compile(r"^<!-- version: (\d+) -->\n")
LONGEST_TITLE = 80
KEPT = "It is kept as an observation. Nothing is left to do for it."
LEAVE = "Or leave it: it is kept as an observation."
AFTER: Mapping[VerdictKind, str] = {
    "CONFIRMED": "It is in the report. Nothing is left to do for it.",
    "FLAKY": KEPT,
    "NOT_REPRODUCED": "It may need data that was only there then. Open the page anew, do it once more, state it again "
    f"with check and report that claim. {LEAVE}",
    "UNTESTABLE": "Open the page anew and do only what the claim needs. State what is false only after your last step, "
    f"on the page where it shows first, and report that claim. {LEAVE}",
    "ERRORED": "The replay did not run to its end. It begins with fresh data and seldom holds what other roles did. "
    f"Find a shorter way that needs your own steps alone, state it again with check and report that claim. {LEAVE}",
}


def system_prompt(profile: Profile, fence: str) -> str:
    """The same for all roles of a run, so that a provider's cache serves them together."""
    text = VERSION.sub("", (PROMPTS / "system.md").read_text(encoding="utf-8"))
    rules = "" if profile.may_write else READ_ONLY
    about = f"\n\nAbout the app\n{profile.context.strip()}" if profile.context.strip() else ""
    return Template(text).safe_substitute(fence=fence, read_only=rules).strip() + about


def opening(charter: Charter, profile: Profile, role: Role, now: datetime) -> str:
    """The first message: what to explore, as whom, at what time (in UTC). The mission was written by people of the
    project."""
    signed_in = f"you are signed in as {role.name}" if role.sign_in else "you are not signed in"
    parts = [f'You play the role "{role.name}". Target: {profile.url}, {signed_in}.']
    parts += [f"Now: {now:%a %d %b %Y, %H:%M} UTC.", f"Charter: {charter.mission}"]
    parts += [f"Areas: {', '.join(charter.areas)}"] if charter.areas else []
    parts += [f"Out of scope: {', '.join(charter.out_of_scope)}"] if charter.out_of_scope else []
    if role.capabilities:
        parts.append("Your capabilities:\n" + "\n".join(f"- {name}" for name in role.capabilities))
    parts += [f"About your role:\n{role.context.strip()}"] if role.context.strip() else []
    parts += [_listed("Look at these first:", role.scope.focus), _listed("Leave these alone:", role.scope.skip)]
    parts += [_listed("Bugs that were here before. See whether they are back:", role.history)]
    return "\n\n".join(filter(None, parts))


def _listed(heading: str, lines: Sequence[str]) -> str:
    return "\n".join((heading, *(f"- {line}" for line in lines))) if lines else ""


def fenced(text: str, fence: str) -> str:
    """A page that writes the closing tag cannot end the fence: its own tags are defused."""
    return f"<page-{fence}>\n{text.replace(f'page-{fence}', 'page')}\n</page-{fence}>"


def arrival(text: str, fence: str) -> str:
    return "The page you are on:\n" + fenced(text, fence)


def observed(result: ToolResult, alarms: Sequence[tuple[str, Alarm]], fence: str) -> str:
    """A call's answer: the host's own words, the page's text fenced, the alarms by what they are called."""
    header = "Done." if result.status == "ok" else f"Status: {result.status}."
    text = fenced(result.text, fence) if result.text else ""
    seen = [f"{name}: {alarm.kind} {alarm.signal}" for name, alarm in alarms]
    told = ["Raised by the host, proved without you:", fenced("\n".join(seen), fence)] if seen else []
    return "\n".join(part for part in (header, result.notice, text, *told) if part)


def answered(text: str, quoted: str, fence: str) -> str:
    """What a tool of the host says, and below it what the page wrote."""
    return f"{text}\nActual:\n{fenced(quoted, fence)}" if quoted else text


def taken(number: int) -> str:
    return f"Taken: claim {number} is proved by replay now. You will be told the verdict."


def waiting(number: int) -> str:
    return f"Claim {number} is being proved already. You will be told the verdict."


def known(number: int, reference: str) -> str:
    issue = f" as issue {reference}" if reference else ""
    return f"Claim {number} is known{issue}. Nothing is left to do for it."


def verdict_line(number: int, title: str, verdict: Verdict, final: bool) -> str:
    """How a proof ended and what to do next; when it is `final` no further try will be made. The note of a replay that
    broke may quote the app, so it stays out."""
    short = " ".join(title.split())[:LONGEST_TITLE]
    seen = f"Proof of claim {number} ({short}): {verdict.kind} {verdict.hits}/{verdict.runs}."
    note = "" if verdict.kind in ("CONFIRMED", "ERRORED") else verdict.note
    after = AFTER["CONFIRMED"] if verdict.proven else KEPT if final else AFTER[verdict.kind]
    return " ".join(part for part in (seen, note, after) if part)


def tail(iteration: int, remaining: int, untested: Sequence[str], nudge: str, offered: str = "") -> str:
    """The volatile end of a request; never stored, so that everything before it stays byte-stable. `offered` is made
    by `leads`; the last turn has no use for it."""
    parts = [f"Turn {iteration}, {remaining} left." if remaining > 1 else f"Turn {iteration}, your last: {WRAP_UP}"]
    parts += [f"Capabilities without a status: {', '.join(untested)}."] if untested else []
    return "\n".join(filter(None, (" ".join([*parts, nudge]).strip(), offered if remaining > 1 else "")))


def leads(places: Sequence[str], fence: str) -> str:
    """Leads for a tail. Their addresses come from the app; empty when there are none."""
    return f"Leads nobody followed yet:\n{fenced(chr(10).join(places), fence)}" if places else ""


def trouble(told: str, route: str, fence: str) -> str:
    """Trouble with connections, in the host's words; the route that does not answer is the app's word."""
    return f"{told}\n{fenced(route, fence)}" if told and route else told


def closing(sentence: str, untested: Sequence[str]) -> str:
    """The end of the last request of a role whose tokens or money are spent."""
    parts = [
        sentence,
        "This is your last turn, with the host's tools only: record with note_capability what you know, hand over "
        "failed claims with report_finding, then call finish with a summary, all in one answer.",
    ]
    parts += [f"Capabilities without a status: {', '.join(untested)}."] if untested else []
    return " ".join(parts)
