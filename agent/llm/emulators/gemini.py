"""A strict Gemini API for tests, over real HTTP: generateContent with thought signatures, cachedContents with a clock.

Answers are scripted, or made by a policy. Whatever is not to the letter of the protocol fails the test; errors that a
client can meet without a mistake of its own (a wrong key, a cache that expired) are just answered.
"""

import base64
import copy
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from agent.llm.emulators.gemini_answers import (
    called,
    failed,
    prompt_blocked,
    quota_failure,
    replied,
    retry_info,
    said,
    wrong_key,
)
from agent.llm.emulators.gemini_faults import FAULT_EFFECT, FAULTS
from agent.llm.emulators.gemini_rules import Breach, check_contents, check_prefix, shaped
from agent.llm.emulators.server import Answer, Asked, serve

PATH = re.compile(r"/v1beta/(?:models/(?P<model>[\w.-]+):generateContent|(?P<caches>cachedContents)(?:/(?P<id>\w+))?)")
PREFIX = ("systemInstruction", "tools", "toolConfig")
DEFAULT_TTL = 3600.0

__all__ = [
    "FAULTS",
    "FAULT_EFFECT",
    "GeminiEmulator",
    "Step",
    "called",
    "failed",
    "gemini_emulator",
    "prompt_blocked",
    "quota_failure",
    "replied",
    "retry_info",
    "said",
    "wrong_key",
]

Step = Answer | Callable[[dict[str, Any]], Answer]


@dataclass
class GeminiEmulator:
    """`url` is the base URL for clients; `bodies` are the requests to generate and `made` those to make a cache, with
    all names in camelCase and bytes decoded. `caches` lives on `clock`, in seconds; `cache_answers` are given instead
    of making one, `cached_tokens` are the sizes of those that were made."""

    key: str = "test-key"
    steps: list[Step] = field(default_factory=list)
    policy: Callable[[dict[str, Any]], Answer] | None = None
    clock: Callable[[], float] = time.time
    cache_minimum: int = 1024
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)
    caches: dict[str, dict[str, Any]] = field(default_factory=dict)
    cache_answers: list[Answer] = field(default_factory=list)
    cached_tokens: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    issued: dict[bytes, Any] = field(default_factory=dict)
    answered: list[Answer] = field(default_factory=list)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Made when it is asked for: those of a long run would not fit into memory twice."""
        return [shaped(asked.json(), "generate") for asked in self.asked if asked.path.endswith(":generateContent")]

    def decide(self, asked: Asked) -> Answer:
        """One request to its answer; called by one thread at a time."""
        answer = self._decide(asked)
        self.answered.append(answer)
        return answer

    def _decide(self, asked: Asked) -> Answer:
        place = PATH.fullmatch(asked.path)
        if place is None:
            self.faults.append(f"unknown path {asked.path}")
            return Answer("<html><title>Error 404 (Not Found)</title></html>", 404, {"content-type": "text/html"})
        if asked.headers.get("x-goog-api-key") != self.key:
            return wrong_key()
        try:
            body = asked.json() if asked.raw else {}
            if place["caches"]:
                return self._cache_request(asked.method, place["id"], body)
            if asked.method != "POST":
                raise Breach(f"No {asked.method} of {asked.path}.")
            return self._generate(place["model"], shaped(body, "generate"))
        except Breach as breach:
            self.faults.append(str(breach))
            return failed(400, str(breach))
        except ValueError:
            self.faults.append("a body that is no JSON")
            return failed(400, "Invalid JSON payload received.")

    def _generate(self, model: str, body: dict[str, Any]) -> Answer:
        cached = 0
        if cache_name := body.get("cachedContent"):
            if any(name in body for name in PREFIX):
                raise Breach(
                    "CachedContent can not be used with GenerateContent request setting system_instruction, tools or "
                    "tool_config."
                )
            cache = self._living(cache_name.removeprefix("cachedContents/"))
            if cache is None:
                return failed(403, "CachedContent not found (or permission denied)")
            if cache["model"] != f"models/{model}":
                raise Breach(
                    f"Model used by GenerateContent request (models/{model}) and CachedContent has to be same."
                )
            cached = cache["tokens"]
        if not model.startswith("gemini-"):
            return failed(404, f"models/{model} is not found for API version v1beta, or is not supported.")
        check_prefix(body)
        check_contents(body.get("contents", ()), self.issued)
        return self._signed(self._next(body), cached)

    def _next(self, body: dict[str, Any]) -> Answer:
        if self.steps:
            step = self.steps.pop(0)
            return step(body) if callable(step) else step
        if self.policy is None:
            raise Breach("the script is exhausted")
        return self.policy(body)

    def _signed(self, answer: Answer, cached: int) -> Answer:
        """Every reply's first call gets a signature of its own. What has no usage keeps none."""
        if not isinstance(answer.body, dict) or answer.status != 200:
            return answer
        body = copy.deepcopy(answer.body)
        if cached and isinstance(body.get("usageMetadata"), dict):
            body["usageMetadata"]["cachedContentTokenCount"] = cached
        for candidate in body.get("candidates") or ():
            parts = (candidate.get("content") or {}).get("parts") or ()
            call = next((part for part in parts if "functionCall" in part), None)
            if call is not None:
                # These bytes differ between base64's two alphabets.
                signature = b"\xfb\xef\xbe\xff" + f"signature {len(self.issued) + 1}".encode()
                call.setdefault("thoughtSignature", base64.b64encode(signature).decode())
                self.issued[base64.b64decode(call["thoughtSignature"])] = call["functionCall"]
        return replace(answer, body=body)

    def _cache_request(self, method: str, name: str | None, body: dict[str, Any]) -> Answer:
        if name is None:
            if method == "POST":
                return self._create(body)
            return Answer({"cachedContents": [self._shown(name) for name in self.caches if self._living(name)]})
        cache = self._living(name)
        if cache is None:
            return failed(403, "CachedContent not found (or permission denied)")
        if method == "DELETE":
            del self.caches[name]
            return Answer({})
        if method == "PATCH":
            cache["until"] = self.clock() + _seconds(shaped(body, "cache"))
        return Answer(self._shown(name))

    def _create(self, body: dict[str, Any]) -> Answer:
        wanted = shaped(body, "cache")
        self.made.append(wanted)
        if self.cache_answers:
            return self.cache_answers.pop(0)
        check_prefix(wanted)
        tokens = len(json.dumps({key: body[key] for key in body if key not in ("model", "ttl", "displayName")})) // 4
        if tokens < self.cache_minimum:
            return failed(
                400,
                f"Cached content is too small. total_token_count={tokens}, min_total_token_count={self.cache_minimum}",
            )
        self.cached_tokens.append(tokens)
        name = f"c{len(self.made)}"
        now = self.clock()
        self.caches[name] = {"model": wanted.get("model"), "tokens": tokens, "display": wanted.get("displayName", "")}
        self.caches[name] |= {"made": now, "until": now + _seconds(wanted)}
        return Answer(self._shown(name))

    def _living(self, name: str) -> dict[str, Any] | None:
        cache = self.caches.get(name)
        return cache if cache and self.clock() < cache["until"] else None

    def _shown(self, name: str) -> dict[str, Any]:
        cache = self.caches[name]
        times = {"createTime": cache["made"], "updateTime": cache["made"], "expireTime": cache["until"]}
        return {
            "name": f"cachedContents/{name}",
            "model": cache["model"],
            "displayName": cache["display"],
            **{
                key: datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                for key, value in times.items()
            },
            "usageMetadata": {"totalTokenCount": cache["tokens"]},
        }


def _seconds(wanted: Mapping[str, Any]) -> float:
    """Raises Breach."""
    ttl = wanted.get("ttl", f"{DEFAULT_TTL:g}s")
    if not re.fullmatch(r"\d+(\.\d+)?s", ttl):
        raise Breach(f"Invalid value at ttl: {ttl!r}.")
    return float(ttl[:-1])


@contextmanager
def gemini_emulator(
    *steps: Step,
    key: str = "test-key",
    policy: Callable[[dict[str, Any]], Answer] | None = None,
    clock: Callable[[], float] = time.time,
    cache_minimum: int = 1024,
) -> Iterator[GeminiEmulator]:
    """Serves until the block ends. Raises AssertionError then for breaches by the client or steps left over."""
    emulator = GeminiEmulator(key, list(steps), policy, clock, cache_minimum)
    with serve(emulator.decide) as served:
        emulator.url, emulator.asked = served.url, served.asked
        yield emulator
    if emulator.faults:
        raise AssertionError(f"The client broke the protocol: {'; '.join(emulator.faults)}")
    if emulator.steps:
        raise AssertionError(f"{len(emulator.steps)} scripted steps were never asked for.")
