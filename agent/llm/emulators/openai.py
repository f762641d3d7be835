"""A strict server of chat completions for tests, over real HTTP. It can also play Ollama, vLLM or llama.cpp.

Answers are scripted, or made by a policy. Whatever is not to the letter of the protocol fails the test; errors that a
client can meet without a mistake of its own (a wrong key, an unknown model) are just answered.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from agent.llm.emulators.openai_hosts import Host, refusal
from agent.llm.emulators.openai_rules import breaches
from agent.llm.emulators.server import Answer, Asked, serve

PATH = "/v1/chat/completions"
PROBES = {"/v1/models", "/api/show", "/api/ps", "/api/version", "/version", "/props"}
"""Questions about a server that a client may ask of any, to learn which one it is."""

Step = Answer | Callable[[dict[str, Any]], Answer]


def said(text: str, **message: Any) -> Answer:
    """More fields of the message by name."""
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
    return completion(
        {"role": "assistant", "content": None, "refusal": None, "tool_calls": wire, **message}, "tool_calls"
    )


def completion(message: Mapping[str, Any], finish: str | None) -> Answer:
    return Answer(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "emulated",
            "choices": [{"index": 0, "message": dict(message), "finish_reason": finish, "logprobs": None}],
            "usage": {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "total_tokens": 120,
                "prompt_tokens_details": {"cached_tokens": 40},
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
        }
    )


def failed(status: int, message: str, code: str | int | None = None, **headers: str) -> Answer:
    """Underscores in the names of headers become hyphens."""
    return refusal(status, message, code, **headers)


@dataclass
class OpenAIEmulator:
    """`url` is the base URL for clients; `bodies` the well-formed requests in order, `faults` what was wrong with
    others."""

    key: str
    steps: list[Step]
    policy: Callable[[dict[str, Any]], Answer] | None
    host: Host
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    loaded: tuple[str, ...] = ()

    def decide(self, asked: Asked) -> Answer:
        if self.key and asked.headers.get("authorization") != f"Bearer {self.key}":
            return failed(401, "Incorrect API key provided.", "invalid_api_key")
        if asked.path in PROBES:
            return self._told(asked)
        if asked.path != PATH or asked.method != "POST":
            return self._breach(f"{asked.method} {asked.path} is no part of the protocol", 404)
        if not asked.headers.get("content-type", "").startswith("application/json"):
            return self._breach("a content type that is not JSON")
        try:
            body = asked.json()
        except ValueError:
            return self._breach("a body that is no JSON")
        if found := breaches(body, alternate=self.host.kind != "openai"):
            return self._breach("; ".join(found))
        self.bodies.append(body)
        return self.host.refuses(body) or self._next(body)

    def _next(self, body: dict[str, Any]) -> Answer:
        self.loaded = (body["model"],)
        if self.steps:
            step = self.steps.pop(0)
            return step(body) if callable(step) else step
        if self.policy is None:
            return self._breach("the script is exhausted")
        return self.policy(body)

    def _told(self, asked: Asked) -> Answer:
        try:
            body = asked.json() if asked.raw else {}
        except ValueError:
            body = {}
        told = self.host.tells(asked.method, asked.path, body if isinstance(body, dict) else {}, self.loaded)
        return told or Answer("404 page not found", 404, {"content-type": "text/plain"})

    def _breach(self, what: str, status: int = 400) -> Answer:
        self.faults.append(what)
        return failed(status, what)


@contextmanager
def openai_emulator(
    *steps: Step,
    key: str = "test-key",
    policy: Callable[[dict[str, Any]], Answer] | None = None,
    host: Host | None = None,
) -> Iterator[OpenAIEmulator]:
    """Serves until the block ends; an empty `key` lets everybody in. Raises AssertionError then for breaches by the
    client or steps left over."""
    emulator = OpenAIEmulator(key, list(steps), policy, host or Host())
    with serve(emulator.decide) as served:
        emulator.url, emulator.asked = f"{served.url}/v1", served.asked
        yield emulator
    if emulator.faults:
        raise AssertionError(f"The client broke the protocol: {'; '.join(emulator.faults)}")
    if emulator.steps:
        raise AssertionError(f"{len(emulator.steps)} scripted steps were never asked for.")
