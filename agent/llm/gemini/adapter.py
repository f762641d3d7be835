"""Google Gemini through google-genai: one try per call, explicit caches of the stable prefix.

No type of the SDK leaves this file; what goes over the wire is made and read in wire.py, what the server
refuses is worded in errors.py.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types
from pydantic import TypeAdapter

from agent.llm.access import proxy_variable
from agent.llm.base import ModelReply, ModelRequest, Usage
from agent.llm.catalogue import Traits
from agent.llm.connection import http_client, tls_failure
from agent.llm.gemini.cache import TTL_SECONDS, PrefixCaches
from agent.llm.gemini.errors import Reader, Refused
from agent.llm.gemini.wire import UNSIGNED, contents_of, finish_of, prefix_of, reply_of, usage_of
from agent.llm.received import parsed

GOOGLE = "https://generativelanguage.googleapis.com"
VERSION = "v1beta"
"""Only this one has tools and caches in Google's published protocol."""
PAGES = 2
"""Web pages in a row, before any good answer, after which the address is wrong rather than a gateway unwell."""
CONNECT_SECONDS = 5.0
CACHE_SECONDS = 20.0
GONE = (403, 404)
"""What a request gets that names a cache which expired or was evicted; also what a bad key and a bad model get."""

_CONTENTS = TypeAdapter(list[types.Content])
_FIELDS = {
    kind: frozenset(name for key, item in kind.model_fields.items() for name in (key, item.alias))
    for kind in (types.Part, types.FunctionCall)
}


class Gemini:
    """`base_url` is where `/v1beta` begins, empty for Google's own; `timeout` is in seconds for one call. `run` names
    the caches, so that those of a run can be told from others; `clock` is in seconds."""

    def __init__(
        self,
        api_key: str,
        model: str,
        traits: Traits,
        base_url: str = "",
        timeout: float = 120.0,
        run: str = "",
        clock: Callable[[], float] = time.time,
    ):
        self.name = model
        self._traits = traits
        self._timeout = timeout
        self._run = run
        self._base_url = base_url or GOOGLE
        self._reader = Reader(self._base_url, model, api_key, proxy_variable(self._base_url))
        self._http = _http_client(timeout)
        self._client = genai.Client(
            api_key=api_key or "none",  # else the SDK takes one from the environment, for whatever host
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=self._base_url,
                api_version=VERSION,
                httpx_async_client=self._http,
                retry_options=types.HttpRetryOptions(attempts=1),
            ),
        )
        self._pages = 0
        self._answered = False
        self._signed = True
        """Signatures of the past are sent. Where one was refused, they are not for as long as the client lives."""
        self._caches = PrefixCaches(self._create_cache, self._delete_cache, traits.cache_minimum, clock)

    async def generate(self, request: ModelRequest) -> ModelReply:
        started = time.monotonic()
        try:
            # The SDK's own timeout counts per read; a dripping answer would never meet it.
            async with asyncio.timeout(self._timeout):
                body, before = await self._ask(request)
        except (TimeoutError, httpx2.ReadTimeout, httpx2.WriteTimeout):
            raise self._reader.silent(self._timeout) from None
        except httpx2.TransportError as error:
            failure = tls_failure(error, self._base_url, self._answered)
            raise failure or self._reader.unreachable() from None
        except errors.APIError as error:
            raise self._reader.failure(_refused(error), request.tools) from None
        except httpx2.HTTPError:
            raise self._reader.unreadable() from None
        self._answered = True
        reply = reply_of(body, request, self.name, time.monotonic() - started)
        return replace(reply, usage=_sum(usage_of(before, 0.0), reply.usage))

    async def close(self) -> None:
        await self._caches.close()
        await self._http.aclose()

    async def _ask(self, request: ModelRequest) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The body, and the one before it that was paid for in vain. Signatures of another key or model can be refused:
        once more with the dummy in their place."""
        signed, before = self._signed, {}
        try:
            body = await self._cached(request, self._contents(request, signed))
            if not signed or finish_of(body) != UNSIGNED:
                return body, {}
            before = body
        except errors.APIError as error:
            if not signed or not _refused(error).about_signatures:
                raise
        body = await self._cached(request, self._contents(request, signed=False))
        if finish_of(body) != UNSIGNED:  # else it was no cure
            self._signed = False
        return body, before

    def _contents(self, request: ModelRequest, signed: bool) -> list[types.Content]:
        """Raises ModelFailure for what cannot be written down."""
        try:
            return _typed(contents_of(request.messages, self.name, signed, _sendable))
        except (ValueError, RecursionError):
            raise self._reader.unsendable() from None

    async def _cached(self, request: ModelRequest, contents: list[types.Content]) -> Mapping[str, Any]:
        """Through the cache of the prefix, which is made anew once when it is gone; else without one. A last turn makes
        none, since no other would use it."""
        if request.force:  # the mode is part of the prefix, and not worth a cache of its own
            return await self._send(request, contents, prefix_of(request.system, request.tools, "ANY"))
        prefix = prefix_of(request.system, request.tools, "AUTO")
        for _ in range(2):
            name = await self._caches.name_for(prefix, make=not request.closing)
            if not name:
                break
            try:
                return await self._send(request, contents, {"cachedContent": name})
            except errors.APIError as error:
                if error.code not in GONE:
                    raise
                self._caches.forget(prefix, name)
        else:
            self._caches.refuse(prefix)
        return await self._send(request, contents, prefix)

    async def _send(
        self, request: ModelRequest, contents: list[types.Content], prefix: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        config = self._config(request, prefix)
        try:
            answer = await self._client.aio.models.generate_content(
                model=self.name, contents=list[types.ContentUnionDict](contents), config=config
            )
            return self._body(answer.sdk_http_response.body if answer.sdk_http_response else None)
        except (ValueError, RecursionError):
            raise self._reader.unreadable() from None

    def _config(self, request: ModelRequest, prefix: Mapping[str, Any]) -> types.GenerateContentConfig:
        """Raises ModelFailure for what cannot be written down."""
        config = {
            **prefix,
            "temperature": request.temperature,
            "maxOutputTokens": self._traits.max_output,
            "automaticFunctionCalling": {"disable": True},
            # Else the SDK sends further requests by itself.
            "automaticContinuation": False,
            # The SDK's own reading loses finishMessage and trips over what it does not know.
            "shouldReturnHttpResponse": True,
        }
        try:
            return types.GenerateContentConfig.model_validate(config)
        except (ValueError, RecursionError):
            raise self._reader.unsendable() from None

    def _body(self, text: str | None) -> Mapping[str, Any]:
        if (text or "").lstrip().startswith("<"):
            self._pages += 1
            raise self._reader.page(last=self._pages >= PAGES and not self._answered)
        self._pages = 0
        body = parsed(text or "")
        if not isinstance(body, dict):
            raise self._reader.unreadable()
        if body.get("error"):  # as gateways send it
            raise errors.APIError(_code(body["error"]), body)
        return body

    async def _create_cache(self, prefix: Mapping[str, Any]) -> str:
        config = {**prefix, "ttl": f"{TTL_SECONDS}s", "displayName": self._run or None}
        try:
            async with asyncio.timeout(CACHE_SECONDS):
                made = await self._client.aio.caches.create(
                    model=self.name, config=types.CreateCachedContentConfig.model_validate(config)
                )
        except (TimeoutError, errors.APIError, httpx2.HTTPError, ValueError, RecursionError):
            return ""
        return made.name or ""

    async def _delete_cache(self, name: str) -> None:
        try:
            await self._client.aio.caches.delete(name=name)
        except (errors.APIError, httpx2.HTTPError, ValueError, RecursionError):
            return  # it ends by itself


def _http_client(timeout: float) -> httpx2.AsyncClient:
    limits = httpx2.Timeout(timeout, connect=CONNECT_SECONDS)

    async def limit(request: httpx2.Request) -> None:
        request.extensions["timeout"] = limits.as_dict()  # the SDK sends every request without any

    client = http_client(limits)
    client.event_hooks = {"request": [limit]}
    return client


def _typed(contents: list[dict[str, Any]]) -> list[types.Content]:
    """As JSON, because only there bytes are base64. Fields newer than the SDK are left out: it would refuse them."""
    known = [{**content, "parts": [_known_part(part) for part in content["parts"]]} for content in contents]
    return _CONTENTS.validate_json(json.dumps(known))


def _known_part(part: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in part.items() if key in _FIELDS[types.Part]}
    if isinstance(call := kept.get("functionCall"), dict):
        kept["functionCall"] = {key: value for key, value in call.items() if key in _FIELDS[types.FunctionCall]}
    return kept


def _sendable(content: dict[str, Any]) -> bool:
    try:
        return all(isinstance(part, dict) for part in content["parts"]) and bool(_typed([content]))
    except (ValueError, RecursionError):
        return False


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.input + other.input,
        one.cached + other.cached,
        one.output + other.output,
        one.reasoning + other.reasoning,
        one.seconds + other.seconds,
    )


def _refused(error: errors.APIError) -> Refused:
    headers = getattr(error.response, "headers", None) or {}
    return Refused(error.code, error.details, {name.lower(): value for name, value in headers.items()})


def _code(error: Any) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    return int(str(code)) if str(code).isdigit() else 500
