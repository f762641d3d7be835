"""A tool of our own: asks for one address from inside the page, as its scripts would, with the role's session.

It only reads (GET, HEAD) and only from the page's own origin. What was answered is text of the page, never trusted:
JSON and text are told as they begin, of HTML what a reader would see.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.async_api import Error, Page

from agent import routes
from agent.coverage.refusal import is_markup
from agent.tools import page_words
from agent.tools.mcp import Hung
from agent.tools.surface import ToolSpec, ToolStatus

METHODS = ("GET", "HEAD")
SHOWN = 1_500
"""Characters of an answer that are told."""
LIMIT_BYTES = 2_000_000
ANSWER_MS = 8_000
WHOLE_SECONDS = 10.0
REQUEST = ToolSpec(
    "browser_request",
    "Ask for an address of the app as the page's scripts do, signed in as you are: for /api/ paths that you saw, or to "
    "see whether your role gets an answer there. The page stays as it is. A refusal (401, 403, 404) is right where "
    "your role has no business.",
    {
        "type": "object",
        "properties": {
            "url": {"type": "string", "description": "A path such as /api/members?page=2"},
            "method": {"type": "string", "enum": list(METHODS), "description": "GET unless given"},
        },
        "required": ["url"],
    },
    False,
    "browser",
)

_FETCH = """async ({url, method, headers, limit, shown, ms}) => {
  const options = {method, headers, credentials: 'include', cache: 'no-store', signal: AbortSignal.timeout(ms)};
  try {
    const answer = await fetch(url, options);
    const reader = answer.body ? answer.body.getReader() : null, decoder = new TextDecoder();
    let size = 0, text = '', done = !reader;
    while (!done && size < limit) {
      const part = await reader.read();
      done = part.done;
      if (done) break;
      size += part.value.length;
      if (text.length < shown) text += decoder.decode(part.value, {stream: true});
    }
    if (!done) reader.cancel();
    const type = answer.headers.get('content-type') || '';
    return {status: answer.status, url: answer.url, type, size, whole: done, text: text.slice(0, shown + 1)};
  } catch (error) {
    return {error: String(error.message || error).slice(0, 200)};
  }
}"""


@dataclass(frozen=True, slots=True)
class Answered:
    """`url` is where redirects ended, `size` the bytes read, `whole` whether that was all, `text` the beginning."""

    status: int
    url: str
    media_type: str
    size: int
    whole: bool
    text: str


class Asker(Protocol):
    """Whoever hears the role's traffic: its `proofs` are the headers by which the app's scripts say who asks, and
    while `asking` it knows the request for one that the role made, not the page."""

    @property
    def proofs(self) -> Mapping[str, str]: ...

    def asking(self, method: str, url: str) -> AbstractContextManager[None]: ...


class Unanswered(Exception):
    """There was no answer. `str(error)` says why; it may quote the page."""


async def request(page: Page, method: str, url: str, asker: Asker, shown: int = SHOWN) -> Answered:
    """Asks for `url`, absolute and of the page's own origin; about `shown` characters are kept. Raises Unanswered,
    Playwright's Error, or TimeoutError when the page does not answer."""
    if not routes.same_origin(url, page.url):
        raise Unanswered("the page is not one of the app; open a page of it first")
    asked = {"url": url, "method": method, "headers": dict(asker.proofs), "limit": LIMIT_BYTES, "shown": shown}
    with asker.asking(method, url):
        async with asyncio.timeout(WHOLE_SECONDS):
            found = await page.evaluate(_FETCH, {**asked, "ms": ANSWER_MS})
    if "error" in found:
        raise Unanswered(str(found["error"]))
    size, whole = int(found["size"]), bool(found["whole"])
    return Answered(int(found["status"]), str(found["url"]), str(found["type"]), size, whole, str(found["text"]))


async def call(page: Page, args: Mapping[str, Any], asker: Asker) -> tuple[ToolStatus, str]:
    """The tool's call and what is told of it; `args` are cleaned ones. Raises Hung when the page does not answer."""
    method, url = method_of(args), str(args["url"])
    if method not in METHODS:
        return "tool_error", f"Only {' and '.join(METHODS)} can be asked; write through the page's own controls."
    try:
        return "ok", told(method, url, await request(page, method, url, asker, page_words.LONGEST_READ))
    except (Unanswered, Error) as error:
        return "tool_error", f"{method} {routes.path(url)} was not answered: {str(error).splitlines()[0][:200]}"
    except TimeoutError:
        raise Hung("the page does not answer") from None


def method_of(args: Mapping[str, Any]) -> str:
    """The method that a call asks with."""
    return str(args.get("method") or "GET").upper()


def told(method: str, url: str, answer: Answered) -> str:
    """The answer in words: a line about it, then how it begins, or what a page of HTML says."""
    asked, ended = routes.path(url), routes.path(answer.url or url)
    size = f"{answer.size:,} bytes" if answer.whole else f"more than {LIMIT_BYTES:,} bytes"
    kind = answer.media_type.partition(";")[0].strip()[:60] or "no content type"
    lines = [f"{method} {asked}: HTTP {answer.status}, {kind}, {size}"]
    if ended != asked:
        lines.append(f"Redirected to {urlsplit(ended).path}")
    text, cut = answer.text[:SHOWN], len(answer.text) > SHOWN
    if is_markup(answer.media_type.lower(), answer.text):
        text, cut = page_words.told(answer.text, answer.url or url, SHOWN)
    lines += [text] if text.strip() else []
    lines += ["… cut"] if cut or not answer.whole else []
    return "\n".join(lines)
