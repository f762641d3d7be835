"""Any server that speaks chat completions: OpenAI, Ollama, vLLM, llama.cpp. One try for each call; the SDK's own
retries are off, the governor's take their place.

No type of the SDK leaves this file. What goes over the wire is made and read in wire.py, what a server refuses
is worded in errors.py, and what it wants otherwise is learnt in habits.py.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx2
import openai

from agent.llm.access import proxy_variable
from agent.llm.base import ModelReply, ModelRequest, Usage
from agent.llm.catalogue import Traits
from agent.llm.connection import http_client, tls_failure
from agent.llm.errors import ModelFailure
from agent.llm.openai.errors import Reader, Refusal, is_openai, read_refusal, refusal_within
from agent.llm.openai.habits import Habits, learn
from agent.llm.openai.wire import reply_of, request_body
from agent.llm.received import parsed

CONNECT_SECONDS = 5.0
PAGES = 2
"""Web pages in a row, before any good answer, after which the address is wrong rather than a gateway unwell."""


class _Refused(Exception):
    def __init__(self, refusal: Refusal):
        super().__init__(refusal.words)
        self.refusal = refusal


class OpenAICompatible:
    """`base_url` ends where `/chat/completions` begins; an empty `api_key` is fine for local servers. `timeout` is in
    seconds for a whole call. What was learnt of the server is kept as long as the client."""

    def __init__(self, base_url: str, api_key: str, model: str, traits: Traits, timeout: float = 120.0):
        self.name = model
        self._traits = traits
        self._timeout = timeout
        self._base_url = base_url
        self._reader = Reader(base_url, model, api_key, proxy_variable(base_url))
        own = is_openai(base_url)
        self._habits = Habits(limit="max_completion_tokens" if own else "max_tokens")
        self._pages = 0
        self._answered = False
        # The SDK's own timeout counts per read; a dripping answer would never meet it.
        limits = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=0,
            timeout=limits,
            http_client=http_client(limits),
        )
        if not own:
            _forget_environment(self._client)

    async def generate(self, request: ModelRequest) -> ModelReply:
        """Raises ModelBusy where another try can help, ContextOverflow, and ModelFailure where nothing can."""
        if foreign := self._reader.foreign_key():
            raise foreign
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                body = await self._ask(request)
        except TimeoutError:
            raise self._reader.silent(self._timeout) from None
        except _Refused as refused:
            if refused.refusal.filtered:
                usage = Usage(seconds=time.monotonic() - started)
                return ModelReply("blocked", usage=usage, detail="The provider's filter refused the request.")
            raise self._reader.failure(refused.refusal, request.tools, time.time()) from None
        self._answered = True
        return reply_of(body, request.tools, time.monotonic() - started)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, request: ModelRequest) -> Mapping[str, Any]:
        """The answer's body. A refusal from which something is learnt is followed by one other request."""
        while True:
            habits = self._habits
            body = request_body(request, self.name, self._traits, habits)
            try:
                return self._read(await self._send(body))
            except _Refused as refused:
                if self._habits is not habits:
                    continue  # another role learnt it meanwhile
                learnt = self._learnt(refused.refusal, habits, body)
                if learnt is None:
                    raise
                self._habits = learnt

    def _learnt(self, refusal: Refusal, habits: Habits, body: Mapping[str, Any]) -> Habits | None:
        about_form = refusal.status in (400, 422, 500) and not refusal.filtered and not self._reader.certain(refusal)
        return learn(habits, refusal.words, body) if about_form else None

    async def _send(self, body: Mapping[str, Any]) -> str:
        """Raises _Refused, ModelFailure and its kinds."""
        try:
            answer = await self._client.post("/chat/completions", cast_to=httpx2.Response, body=dict(body))
        except openai.APIStatusError as error:
            answer = error.response
            raise _Refused(read_refusal(answer.status_code, answer.text, answer.headers)) from None
        except openai.APIConnectionError as error:
            raise self._connection_failure(error.__cause__) from None
        return answer.text

    def _connection_failure(self, cause: BaseException | None) -> ModelFailure:
        if failure := tls_failure(cause, self._base_url, self._answered):
            return failure
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError):
            return self._reader.unreachable()
        return self._reader.dropped()

    def _read(self, text: str) -> Mapping[str, Any]:
        """Raises _Refused, ModelFailure and its kinds."""
        if text.lstrip("\ufeff \t\r\n").startswith("<"):
            self._pages += 1
            raise self._reader.page(last=self._pages >= PAGES and not self._answered)
        self._pages = 0
        try:
            body = parsed(text)
        except ValueError:
            raise self._reader.unreadable() from None
        if not isinstance(body, dict):
            raise self._reader.unreadable()
        if refusal := refusal_within(body):
            raise _Refused(refusal)
        return body


def _forget_environment(client: openai.AsyncOpenAI) -> None:
    """What the SDK took from OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS is meant for OpenAI alone."""
    client.organization = client.project = None
    client._custom_headers = {}
