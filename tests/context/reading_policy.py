"""A tester in a model's seat who has nothing but the request: system, messages and tools as text. No memory of its
own between two requests, so whatever the host forgets to tell is forgotten.

It walks down every link it sees and up again, tries a few values in every form, claims that what was saved is shown,
hands over what fails, and does at the end what it was ordered to at the beginning.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.llm.base import NOWHERE, Message, ModelReply, ModelRequest, Usage
from agent.tools.surface import ToolCall

VALUES = ("Milk 'n' tea 4711", "")
FENCE = re.compile(r"<page-(\w+)> and </page-\1>")
ELEMENT = re.compile(r'(textbox|button|link) "([^"]+)" \[ref=(\w+)\]')
IN_MENU = re.compile(r"(?:navigation: | · )([^·\[]+?) \[ref=(\w+)\]")
PLACE = re.compile(r"^(/\S*?)(?:\?\S*)?(?: \(as \S+\))?: (?:seen|never)")
LINKS_DONE = re.compile(r'click link "([^"]+)"')
TYPED = re.compile(r'^(/\S*?)(?:\?\S*)? textbox "([^"]+)": (.*)$')
ORDERED = re.compile(r"Look at (/\w+)")
FAILED = re.compile(r"^Claim (\d+) fails", re.M)
REFUSED = re.compile(r"Nothing that you did yet stands for ([^;]+);")
OPEN_CAPABILITIES = re.compile(r"Capabilities without a status: ([^.]+)\.")

Act = tuple[str, dict[str, Any]]


@dataclass
class Notebook:
    """What the request says, read from its beginning to its end. Paths are without queries."""

    path: str = "/"
    elements: list[tuple[str, str, str]] | None = None
    """(role, name, ref) of the page as it is; None when it was not shown whole."""
    clicked: set[tuple[str, str]] = field(default_factory=set)
    tried: set[tuple[str, str, str]] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    claimed: str = ""
    failed: set[int] = field(default_factory=set)
    handed: set[int] = field(default_factory=set)
    orders: list[str] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    saving: set[tuple[str, str]] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def named(self, role: str) -> list[tuple[str, str]]:
        return [(name, ref) for kind, name, ref in self.elements or () if kind == role]


class ReadingPolicy:
    name = "reader"
    vision = False

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []

    async def generate(self, request: ModelRequest) -> ModelReply:
        request = replace(request, situation=NOWHERE)
        self.requests.append(request)
        words, acts = decide(read(request))
        known = {spec.name for spec in request.tools}
        assert all(tool in known for tool, _ in acts), acts
        calls = tuple(ToolCall(f"c{index}", tool, args) for index, (tool, args) in enumerate(acts))
        return ModelReply("called", words, calls, Usage(input=10, output=2))

    async def close(self) -> None:
        return


def decide(seen: Notebook) -> tuple[str, list[Act]]:
    """What to do next, and the words to say with it: they are what a reader of its own history goes by."""
    if left := sorted(seen.failed - seen.handed):
        return "I hand it over.", [("report_finding", {"claim": left[0], "title": "What was saved is not shown"})]
    for path, name, value in sorted(seen.tried):
        if value and (path, name) in seen.saving and value not in seen.claimed:
            return on_page(seen, path, ("check", claim(value)))
    if seen.elements is None:
        return "I look.", [("browser_snapshot", {})]
    for name, ref in seen.named("textbox"):
        for value in VALUES:
            if (seen.path, name, value) not in seen.tried:
                button = seen.named("button")[0]
                words = f'I try "{value}" in "{name}" on {seen.path} with "{button[0]}".'
                return words, [
                    ("browser_type", {"target": ref, "text": value}),
                    ("browser_click", {"target": button[1]}),
                ]
    for path, name in sorted({(path, name) for path, name, _ in seen.tried}):
        if any((path, name, value) not in seen.tried for value in VALUES):
            return f"I open {path}.", [("browser_navigate", {"url": path})]
    for name, ref in seen.named("link"):
        if (seen.path, name) not in seen.clicked:
            return f'I click link "{name}" on {seen.path}.', [("browser_click", {"target": ref})]
    return leave(seen)


def leave(seen: Notebook) -> tuple[str, list[Act]]:
    """Nothing is left to do on this page."""
    above = seen.path.rpartition("/")[0] or "/"
    if seen.path != "/" and seen.path not in seen.orders:
        return f"I open {above}.", [("browser_navigate", {"url": above})]
    for path in seen.orders:
        if path not in seen.opened:
            return f"I open {path}.", [("browser_navigate", {"url": path})]
    if seen.untested:
        name = seen.untested[0]
        noted = (
            {"status": "not_reached", "note": "I saw no way there."} if name in seen.refused else {"status": "works"}
        )
        return "I note it.", [("note_capability", {"name": name, **noted})]
    return "I am done.", [("finish", {"summary": "I walked through all of it."})]


def on_page(seen: Notebook, path: str, act: Act) -> tuple[str, list[Act]]:
    if seen.path == path:
        return "I check.", [act]
    return f"I open {path}.", [("browser_navigate", {"url": path})]


def claim(value: str) -> dict[str, str]:
    reason = "What was saved must be shown."
    subject = f'get_by_text("{value}")'
    return {
        "subject": subject,
        "predicate": "visible",
        "about": "my_change",
        "because": "consistency",
        "reason": reason,
    }


def read(request: ModelRequest) -> Notebook:
    found = FENCE.search(request.system)
    assert found, "the system prompt does not name the fence"
    fenced = re.compile(rf"<page-{found[1]}>\n(.*?)\n</page-{found[1]}>", re.S)
    seen = Notebook()
    for message in request.messages[1:]:
        if message.role == "assistant":
            _own(message, seen)
            continue
        outside = fenced.sub("", message.text)
        if message.role == "user":
            seen.orders += [path for path in ORDERED.findall(outside) if path not in seen.orders]
            seen.untested = [name for line in OPEN_CAPABILITIES.findall(outside) for name in line.split(", ")]
        seen.refused += REFUSED.findall(outside)
        seen.failed |= {int(number) for number in FAILED.findall(outside)}
        sections = list(_sections(message.text, fenced))
        if any(heading.startswith("Where you were") for heading, _ in sections):
            _remembered(sections, seen)
        elif not outside.startswith("Turn "):
            for heading, text in sections:
                _page(heading, text, seen)
    return seen


def _sections(text: str, fenced: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """(the host's line before a fence, what is between the fences)."""
    end = 0
    for part in fenced.finditer(text):
        lines = text[end : part.start()].strip().splitlines()
        yield (lines[-1] if lines else ""), part[1]
        end = part.end()


def _own(message: Message, seen: Notebook) -> None:
    if did := re.match(r'I click link "(.+)" on (\S+)\.$', message.text):
        seen.clicked.add((did[2], did[1]))
    if did := re.match(r'I try "(.*)" in "(.+)" on (\S+) with "(.+)"\.$', message.text):
        seen.tried.add((did[3], did[2], did[1]))
        _judge(did[3], did[2], did[4], seen)
    for call in message.calls:
        if call.tool == "browser_navigate":
            seen.opened.add(call.args["url"])
        elif call.tool == "check":
            seen.claimed += call.args["subject"]
        elif call.tool == "report_finding":
            seen.handed.add(call.args["claim"])


def _judge(path: str, name: str, button: str, seen: Notebook) -> None:
    """Only what is saved must be shown."""
    if button.startswith("Save"):
        seen.saving.add((path, name))


def _page(heading: str, text: str, seen: Notebook) -> None:
    """A page as it was then; the last one of the request is the page as it is."""
    if heading.startswith("Raised by"):
        return
    url = re.search(r"^(?:URL: )?http://[^/\s]+(/[^\s?]*)", text, re.M)
    seen.path = url[1] if url else seen.path
    if "menu as before" not in text and ("Page:\n" in text or "- main" in text):
        names = ELEMENT.findall(text)
        menu = [("link", name.strip(), ref) for line in text.splitlines() for name, ref in IN_MENU.findall(line)]
        seen.elements = [*names, *menu]
    elif heading != "Actual:":
        seen.elements = None


def _remembered(sections: Sequence[tuple[str, str]], seen: Notebook) -> None:
    """What the host says in place of turns that are no more."""
    for heading, text in sections:
        for line in text.splitlines():
            place, typed = PLACE.match(line), TYPED.match(line)
            if heading.startswith("Where you were") and place:
                seen.opened.add(place[1])
                seen.clicked |= {(place[1], name) for name in LINKS_DONE.findall(line)}
                if 'click button "Save' in line:
                    seen.saving |= {(place[1], name) for name in re.findall(r'type textbox "([^"]+)"', line)}
            elif heading.startswith("Values that you typed") and typed:
                seen.tried |= {(typed[1], typed[2], value) for value in re.findall(r'"([^"]*)"', typed[3])}
            elif heading.startswith("Claims that"):
                seen.claimed += line
                if "not handed over" in heading:
                    seen.failed.add(int(re.split(r"\D", line, maxsplit=1)[0]))
            elif heading.startswith("You are here"):
                seen.path = line.partition("?")[0]
