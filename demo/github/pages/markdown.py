"""Markdown of issues and comments to safe HTML, with GitHub's extras: #7, @name, task lists, alerts, details.

The text is untrusted: whatever HTML it contains or produces passes an allow-list; comments vanish.
"""

import re
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from demo.github.model import Repository
from demo.github.state import State

TAGS = frozenset(
    re.findall(
        r"\w+",
        "a b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img input ins kbd li ol p pre s "
        "samp span strong sub summary sup table tbody td th thead tr ul",
    )
)
VOID = frozenset(("br", "hr", "img", "input"))
# The content of these would be shown as text, which nobody wants to read.
SILENT = frozenset(("script", "style", "title", "template", "iframe", "noscript", "textarea"))
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "details": {"open"},
    "ol": {"start"},
    "th": {"align", "style"},
    "td": {"align", "style"},
    "code": {"class"},
    "input": {"type", "checked", "disabled"},
    "li": {"class"},
    "div": {"align", "class"},
    "p": {"align", "class"},
}
SCHEMES = {"href": ("http", "https", "mailto", ""), "src": ("http", "https", "")}
OWN_CLASS = re.compile(r"language-[\w+-]+|task|alert (?:note|tip|important|warning|caution)|alert-title")
MENTION = re.compile(
    r"(?<![\w/&#])#(?P<number>\d+)\b|(?<![\w/@.])@(?P<login>[\w-]+(?:\[bot\])?)|(?P<url>https?://[^\s<]+)"
)
ALERT = re.compile(
    r"<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\](?:\s*<br\s*/?>)?\s*(.*?)</blockquote>", re.DOTALL
)
TASK = re.compile(r"<li>(\s*(?:<p>)?)\[([ xX])\]\s")

_markdown = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])


def to_html(text: str, state: State, repository: Repository) -> str:
    """Safe to put into a page as it is."""
    html = _markdown.render(text)
    html = TASK.sub(_task, html)
    html = ALERT.sub(_alert, html)
    cleaner = _Cleaner(state, repository)
    cleaner.feed(html)
    cleaner.close()
    return cleaner.result()


def _task(match: re.Match[str]) -> str:
    checked = " checked" if match[2] in "xX" else ""
    return f'<li class="task">{match[1]}<input type="checkbox" disabled{checked}> '


def _alert(match: re.Match[str]) -> str:
    kind = match[1].lower()
    return f'<div class="alert {kind}"><p class="alert-title">{kind.capitalize()}</p><p>{match[2]}</div>'


class _Cleaner(HTMLParser):
    def __init__(self, state: State, repository: Repository) -> None:
        super().__init__(convert_charrefs=True)
        self.state = state
        self.repository = repository
        self.parts: list[str] = []
        self.open: list[str] = []
        self.silent: list[str] = []

    def result(self) -> str:
        return "".join(self.parts) + "".join(f"</{tag}>" for tag in reversed(self.open))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent.append(tag)
        if tag not in TAGS or self.silent:
            return
        kept = "".join(
            f' {name}="{escape(value or "")}"' for name, value in attrs if _is_harmless(tag, name, value or "")
        )
        if tag == "input" and 'type="checkbox"' not in kept:
            return
        self.parts.append(f"<{tag}{kept}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.silent:
            del self.silent[self.silent.index(tag) :]
        elif tag in self.open and not self.silent:
            while True:
                closed = self.open.pop()
                self.parts.append(f"</{closed}>")
                if closed == tag:
                    break

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if {"a", "code", "pre"} & set(self.open):
            self.parts.append(escape(data, quote=False))
        else:
            self.parts.append(self._with_references(data))

    def _with_references(self, text: str) -> str:
        parts, position = [], 0
        for match in MENTION.finditer(text):
            parts += [escape(text[position : match.start()], quote=False), self._reference(match)]
            position = match.end()
        return "".join([*parts, escape(text[position:], quote=False)])

    def _reference(self, match: re.Match[str]) -> str:
        shown = escape(match[0], quote=False)
        if match["number"]:
            issue = self.repository.issues.get(int(match["number"]))
            if issue is None:
                return shown
            kind = "pull" if issue.pull else "issues"
            return f'<a href="/{self.repository.full_name}/{kind}/{issue.number}">{shown}</a>'
        if match["login"]:
            known = match["login"].lower() in self.state.users
            return f'<strong class="mention">{shown}</strong>' if known else shown
        address = match["url"].rstrip(".,;:!?)'\"")
        rest = escape(match["url"][len(address) :], quote=False)
        return f'<a href="{escape(address)}">{escape(address, quote=False)}</a>{rest}'


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if name not in ATTRIBUTES.get(tag, ()):
        return False
    if name in ("href", "src"):
        return _is_web_address(value, SCHEMES[name])
    if name == "style":
        return re.fullmatch(r"text-align:(left|right|center)", value) is not None
    if name == "class":
        return OWN_CLASS.fullmatch(value) is not None
    return True


def _is_web_address(value: str, schemes: tuple[str, ...]) -> bool:
    # Browsers skip control characters inside "java\nscript:", so an address with any is none.
    if any(ord(character) < 33 for character in value):
        return False
    try:
        return urlsplit(value).scheme in schemes
    except ValueError:
        return False
