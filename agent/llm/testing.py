"""A strict server of /v1/chat/completions for tests, over real HTTP: scripted steps, and a log of what was asked.

Whatever is not to the letter of the protocol, a script that runs out or one that is not used up fails the test.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/v1/chat/completions"
_KNOWN = frozenset(
    {"model", "messages", "tools", "tool_choice", "temperature", "max_tokens", "max_completion_tokens", "stream"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer. `body` is sent as it is when it is text, else as JSON; `delay` is in seconds."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


Step = Answer | Callable[[dict[str, Any]], Answer]


def said(text: str, **message: Any) -> Answer:
    return completion({"role": "assistant", "content": text, "refusal": None, **message}, "stop")


def called(*calls: tuple[str, Any], **message: Any) -> Answer:
    """Calls as (tool, arguments); arguments that are no text are sent as JSON text."""
    wire = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": tool, "arguments": args if isinstance(args, str) else json.dumps(args)},
        }
        for number, (tool, args) in enumerate(calls, 1)
    ]
    return completion({"role": "assistant", "content": None, "tool_calls": wire, **message}, "tool_calls")


def completion(message: Mapping[str, Any], finish: str) -> Answer:
    return Answer(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "emulated",
            "choices": [{"index": 0, "message": dict(message), "finish_reason": finish, "logprobs": None}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        }
    )


def failed(status: int, message: str, code: str | None = None, **headers: str) -> Answer:
    """Underscores in the names of headers become hyphens."""
    error = {"message": message, "type": "error", "param": None, "code": code}
    return Answer({"error": error}, status, {name.replace("_", "-"): value for name, value in headers.items()})


@dataclass
class Emulator:
    """`url` is the base URL for clients; `requests` the bodies in order, `times` when they came (monotonic)."""

    url: str
    key: str
    steps: list[Step]
    requests: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, path: str, authorization: str, raw: bytes) -> Answer:
        with self.lock:
            self.times.append(time.monotonic())
            body: dict[str, Any] = {}
            try:
                body = json.loads(raw)
                self.requests.append(body)
                faults = _faults(path, body)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                faults = [f"unreadable request: {error!r}"]
            self.faults += faults
            if faults:
                return failed(400, "; ".join(faults))
            if authorization != f"Bearer {self.key}":
                return failed(401, "Incorrect API key provided", "invalid_api_key")
            if not self.steps:
                self.faults.append("the script is exhausted")
                return failed(400, "the script is exhausted")
            step = self.steps.pop(0)
        return step(body) if callable(step) else step


@contextmanager
def emulator(*steps: Step, key: str = "test-key") -> Iterator[Emulator]:
    """Serves until the block ends. Raises AssertionError then for faults of the client or steps left over."""
    state = Emulator("", key, list(steps))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    if state.faults:
        raise AssertionError(f"The client broke the protocol: {'; '.join(state.faults)}")
    if state.steps:
        raise AssertionError(f"{len(state.steps)} scripted steps were never asked for.")


def _handler(state: Emulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = state.take(self.path, self.headers.get("authorization", ""), raw)
            time.sleep(answer.delay)
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            try:
                self.send_response(answer.status)
                for name, value in {"content-type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())
            except OSError:
                self.close_connection = True  # the client gave up waiting

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _faults(path: str, body: Mapping[str, Any]) -> list[str]:
    found = [f"unknown path {path}"] if path != PATH else []
    found += [f"unknown field {name}" for name in body if name not in _KNOWN]
    if not isinstance(body["model"], str) or not body["model"]:
        found.append("no model")
    for tool in body.get("tools", []):
        if tool["type"] != "function" or tool["function"]["parameters"]["type"] != "object":
            found.append(f"tool {tool} is no function with an object schema")
    return [*found, *_conversation_faults(body["messages"])]


def _conversation_faults(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every call is answered, in the messages right behind it, and nothing else is."""
    found, open_calls = [], set()
    for message in messages:
        role = message["role"]
        if role == "tool":
            if message["tool_call_id"] not in open_calls:
                found.append(f"an answer to no open call: {message['tool_call_id']}")
            open_calls.discard(message["tool_call_id"])
        elif open_calls:
            found.append(f"calls without an answer: {sorted(open_calls)}")
            open_calls = set()
        for call in message.get("tool_calls") or []:
            open_calls.add(call["id"])
            if not isinstance(json.loads(call["function"]["arguments"]), dict):
                found.append("arguments that are no JSON object")
        if role not in ("system", "user", "assistant", "tool"):
            found.append(f"unknown role {role}")
        if not isinstance(message["content"], str) and not message.get("tool_calls"):
            found.append(f"a {role} message without text")
    return [*found, *(["calls without an answer at the end"] if open_calls else [])]
