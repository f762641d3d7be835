"""Faults on demand: records that the next matching request or webhook consumes. Knows no routes.

A request fault matches `method` and a regular expression searched in the path; a webhook fault has the method
"HOOK" and matches "event.action". `seconds` is the retry-after of "403_secondary" and the wait of "delay".
"""

import json
import re
from dataclasses import dataclass
from typing import Literal

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RequestFault = Literal["500", "502_before", "502_after", "drop_after", "403_secondary", "403_secondary_bare", "401"]
HookFault = Literal["duplicate", "drop", "delay"]

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
ANSWERS = {
    "500": (500, "Server Error"),
    "502_before": (502, "Server Error"),
    "502_after": (502, "Server Error"),
    "403_secondary": (403, SECONDARY),
    "403_secondary_bare": (403, SECONDARY),
    "401": (401, "Bad credentials"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    method: str
    path: str
    kind: RequestFault | HookFault
    seconds: float = 1


def consume(faults: list[Fault], method: str, path: str) -> Fault | None:
    """Takes the first matching fault off the list."""
    for fault in faults:
        if fault.method == method and re.search(fault.path, path):
            faults.remove(fault)
            return fault
    return None


class FaultMiddleware:
    """Sits outermost, so that "before" means that no route was reached and "after" that its effect happened."""

    def __init__(self, app: ASGIApp, faults: list[Fault]) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = consume(self.faults, scope["method"], scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self.app(scope, receive, send)
            return
        if fault.kind in ("502_after", "drop_after"):
            await self.app(scope, receive, _swallow)
        if fault.kind == "drop_after":
            await _drop(scope, send)
        else:
            await _answer(fault, send)


async def _swallow(message: Message) -> None:
    """The answer that the client never sees."""


async def _answer(fault: Fault, send: Send) -> None:
    status, message = ANSWERS[fault.kind]
    headers = [(b"content-type", b"application/json; charset=utf-8")]
    if fault.kind == "403_secondary":
        headers.append((b"retry-after", str(int(fault.seconds)).encode()))
    body = json.dumps({"message": message, "documentation_url": "https://docs.github.com/rest"}).encode()
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _drop(scope: Scope, send: Send) -> None:
    # A real server names the spec version; it closes the connection when an answer is begun and never completed.
    # The in-process transport has no connection to close, so the client's own error is raised instead.
    if "spec_version" not in scope["asgi"]:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
