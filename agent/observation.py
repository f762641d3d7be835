"""What a role is told: the opening, what each call brought back, the short tail. Pure texts from data.

Text of pages goes only between fences with a tag that the page cannot know.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from agent.charter import Charter, Profile, Role
from agent.evidence.finding import Alarm
from agent.ledger import Ledger
from agent.tools.surface import ToolResult

PROMPTS = Path(__file__).parent / "prompts"
READ_ONLY = "- This target is read-only: change nothing, submit nothing."
VERSION = re.compile(r"^<!-- version: (\d+) -->\n")


def system_prompt(role: Role, profile: Profile, fence: str) -> str:
    text = (PROMPTS / "system.md").read_text(encoding="utf-8")
    rules = "" if profile.may_write else READ_ONLY
    return Template(VERSION.sub("", text)).safe_substitute(role=role.name, fence=fence, read_only=rules).strip()


def opening(charter: Charter, profile: Profile, role: Role) -> str:
    """The first message: what to explore, as whom. The mission was written by people of the project."""
    parts = [f"Charter: {charter.mission}", f"Target: {profile.url}, you are signed in as {role.name}."]
    parts += [f"Areas: {', '.join(charter.areas)}"] if charter.areas else []
    parts += [f"Out of scope: {', '.join(charter.out_of_scope)}"] if charter.out_of_scope else []
    if role.capabilities:
        parts.append("Your capabilities:\n" + "\n".join(f"- {name}" for name in role.capabilities))
    parts += [f"About the app:\n{profile.context.strip()}"] if profile.context.strip() else []
    parts += [f"About your role:\n{role.context.strip()}"] if role.context.strip() else []
    return "\n\n".join(parts)


def resumption(ledger: Ledger, role: str, interrupted: Sequence[str]) -> str:
    """What an earlier segment of the same run knew; empty at the very start."""
    info = ledger.roles.get(role)
    if info is None or not info.iterations:
        return ""
    lines = [f"You have worked on this for {info.iterations} turns already and were signed in anew."]
    visited = sorted(ledger.visited.get(role, ()))
    lines += [f"Visited: {', '.join(visited[-40:])}"] if visited else []
    statuses = [f"{name}: {status}" for (who, name), status in ledger.capabilities.items() if who == role]
    lines += [f"Capabilities: {'; '.join(statuses)}"] if statuses else []
    lines += [f"The effect of your last {tool} is unknown: look before you repeat it." for tool in interrupted]
    return "\n".join(lines)


def fenced(text: str, fence: str) -> str:
    """A page that writes the closing tag cannot end the fence: its own tags are defused."""
    return f"<page-{fence}>\n{text.replace(f'page-{fence}', 'page')}\n</page-{fence}>"


def arrival(text: str, fence: str) -> str:
    return "The page you are on:\n" + fenced(text, fence)


def observed(result: ToolResult, alarms: Sequence[tuple[int, Alarm]], fence: str) -> str:
    """A call's answer: the host's header, the page's text fenced, the alarms by number."""
    header = "Done." if result.status == "ok" else f"Status: {result.status}."
    text = fenced(result.text, fence) if result.text else ""
    seen = [f"Alarm {number}: {alarm.kind} {alarm.signal}" for number, alarm in alarms]
    told = ["Raised by the host, proved without you:", fenced("\n".join(seen), fence)] if seen else []
    return "\n".join(part for part in (header, text, *told) if part)


def tail(iteration: int, remaining: int, untested: Sequence[str], nudge: str) -> str:
    """The volatile end of a request; never stored, so that everything before it stays byte-stable."""
    parts = [f"Turn {iteration}, {remaining} left."]
    parts += [f"Capabilities without a status: {', '.join(untested)}."] if untested else []
    return " ".join([*parts, nudge]).strip()
