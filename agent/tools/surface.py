"""The words of the tool boundary: what a tool is, what a call asks, what a call brought back.

Everything here is plain data, so that the loop, the journal and the proof share it without knowing MCP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

ToolStatus = Literal["ok", "tool_error", "denied", "skipped", "lost"]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool as the model sees it. `parameters` is a JSON Schema object; `writes` is the host's own view."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    writes: bool
    surface: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model asked for. Arguments hold placeholders such as `{{secret:NAME}}`, never secret values."""

    id: str
    tool: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """The element a call acted on, resolved before the call: a ref never outlives its document.

    `locator` is Python locator code without the page, e.g. `get_by_role("button", name="Save")`; it was checked to
    match one element at the time. `role` and `name` are the accessible ones, `href` the absolute address of a link.
    """

    locator: str
    role: str = ""
    name: str = ""
    href: str = ""
    kind: str = ""
    """The element's own type where it has one: submit, button, checkbox, password, text, ..."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a blocker was met: `what` it was, `how` it was treated, whether that helped. `target` was clicked, `key`
    was pressed, so that the step can join a reproduction. `trapped`: it offers no control that closes it."""

    what: str
    how: str
    overcome: bool
    target: Target | None = None
    key: str = ""
    trapped: bool = False


@dataclass(frozen=True, slots=True)
class PageView:
    """The page after a call: full accessibility snapshot (YAML with refs, not shortened), never shown whole."""

    url: str
    title: str = ""
    status: int | None = None
    snapshot: str = ""
    dialog: str | None = None
    document: int = 0
    """Counts the documents this session has loaded: equal numbers mean the same document, not just the same URL."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One fact heard from the browser, unjudged. `at` is seconds on the watch's monotonic clock.

    kind: pageerror | console | response | requestfailed | dialog | download | crash.
    `url` is the resource concerned (request or script location), `page_url` the document it happened on,
    `resource` Playwright's resource type (document, script, image, fetch, xhr, ...), `text` the message or error,
    `stack` the exception's stack, `document` the PageView.document it belongs to.
    """

    kind: str
    at: float
    page_url: str
    text: str = ""
    url: str = ""
    status: int | None = None
    method: str = ""
    resource: str = ""
    stack: str = ""
    document: int = 0
    navigation: bool = False
    foreign: "Foreign | None" = None
    """Of a response to `url` that belongs to another role: what is known of that."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """`role` was answered by an address that the profile grants to `owner` alone, for `capability`. `held` is what the
    answer held: data | nothing | refusal | shell (the same for every address) | unread."""

    role: str
    owner: str
    capability: str
    held: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that a tool answered with. `media_type` as in `image/png`; the bytes go to no journal and no log."""

    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came back from one call, already cleaned, capped and masked: fit for the model and the journal.

    `text` is what the page wrote or the server said about it. `notice` is the host's own word on the call: why it was
    refused or skipped, what to do instead. It quotes nothing of the page.
    """

    call_id: str
    status: ToolStatus
    text: str
    target: Target | None = None
    before: PageView | None = None
    after: PageView | None = None
    signals: tuple[Signal, ...] = ()
    seconds: float = 0.0
    targets: tuple[Target | None, ...] = ()
    """The elements of a call with several fields, in the order of its `fields`; None where one was not found."""
    recoveries: tuple[Recovery, ...] = ()
    images: tuple[Image, ...] = ()
    notice: str = ""
    windows: tuple[PageView, ...] = ()
    """The pages that opened in windows or tabs of their own, as they were before they were closed."""

    @property
    def told(self) -> str:
        """Both, for the journal and for people."""
        return f"{self.notice}\n{self.text}".strip()


class Surface(Protocol):
    """One MCP server and what the host knows of it. Calls on one surface are serialised by the surface itself."""

    name: str

    async def tools(self) -> tuple[ToolSpec, ...]: ...

    async def call(self, call: ToolCall) -> ToolResult: ...

    async def close(self) -> None: ...
