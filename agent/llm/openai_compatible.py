"""Any server that speaks chat completions: OpenAI, Ollama, vLLM, llama.cpp. Retries are ours, the SDK's are off.

No type of the SDK leaves this file; what goes over the wire is made and read in openai_wire.py.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from agent.llm.base import ModelReply, ModelRequest
from agent.llm.errors import ModelBusy, ModelFailure
from agent.llm.openai_wire import reply_of, request_body

TRIES = 5
LONGEST_WAIT = 60.0
CONNECT_SECONDS = 5.0
BASE_URL = "CHARTERBOT_LLM_BASE_URL"
KEY = "CHARTERBOT_LLM_API_KEY"
MODEL = "CHARTERBOT_LLM_MODEL"
_backoff = wait_random_exponential(multiplier=1, max=20)


class OpenAICompatible:
    """`base_url` ends where `/chat/completions` begins; an empty `api_key` is fine for local servers. `timeout` is in
    seconds for one try."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        timeout: float = 120.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ):
        self.name = model
        self._base_url = base_url
        self._key = api_key
        self._timeout = timeout
        self._sleep = sleep
        limits = httpx2.Timeout(timeout, connect=CONNECT_SECONDS)
        # A redirect would carry the conversation to another host.
        http = httpx2.AsyncClient(follow_redirects=False, timeout=limits)
        self._client = openai.AsyncOpenAI(
            base_url=base_url, api_key=api_key or "none", max_retries=0, timeout=limits, http_client=http
        )

    async def generate(self, request: ModelRequest) -> ModelReply:
        tries = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=_wait,
            sleep=self._sleep,
            retry=retry_if_exception_type(ModelBusy),
            reraise=True,
        )
        return await tries(self._try, request)

    async def close(self) -> None:
        await self._client.close()

    async def _try(self, request: ModelRequest) -> ModelReply:
        started = time.monotonic()
        body = request_body(request, self.name)
        try:
            # The SDK's own timeout counts per read; a dripping answer would never meet it.
            async with asyncio.timeout(self._timeout):
                raw = await self._client.chat.completions.with_raw_response.create(**body)
                text = raw.text
        except TimeoutError:
            raise ModelBusy(f"The model server at {self._base_url} gave no answer in {self._timeout:g} s.") from None
        except openai.APIStatusError as error:
            raise self._of_status(error) from None
        except openai.APIConnectionError:
            raise ModelBusy(f"The model server at {self._base_url} cannot be reached; check {BASE_URL}.") from None
        return reply_of(self._body(text), request.tools, time.monotonic() - started)

    def _body(self, text: str) -> Mapping[str, Any]:
        if text.lstrip().startswith("<"):
            raise ModelFailure(
                f"{self._base_url} answered with a web page, not as a model server; {BASE_URL} usually ends in /v1."
            )
        try:
            body = json.loads(text)
        except ValueError:
            raise ModelBusy(f"The model server at {self._base_url} sent an unreadable answer.") from None
        if not isinstance(body, dict):
            raise ModelBusy(f"The model server at {self._base_url} sent an answer of an unknown form.")
        if body.get("error"):
            raise self._of_error(body["error"])
        return body

    def _of_error(self, error: Any) -> ModelFailure:
        """An error inside a reply with status 200, as gateways send it."""
        code = error.get("code") if isinstance(error, dict) else None
        status = int(str(code)) if str(code).isdigit() else 0
        return self._failure(status, _words(error), str(code or ""), None)

    def _of_status(self, error: openai.APIStatusError) -> ModelFailure:
        wait = retry_after(error.response.headers)
        return self._failure(error.status_code, _words(error.body) or error.message, error.code or "", wait)

    def _failure(self, status: int, words: str, code: str, wait: float | None) -> ModelFailure:
        said = self._clean(words)
        lower = said.lower()
        if code == "insufficient_quota":
            return ModelFailure(f"The account behind {KEY} has no quota left; add credit or give another key.")
        if status in (408, 409, 425, 429) or status >= 500:
            return ModelBusy(f"The model server at {self._base_url} is overloaded ({status}: {said}); try later.", wait)
        if status in (401, 403):
            return ModelFailure(f"The model server at {self._base_url} refused the key; set a valid {KEY}.")
        if code in ("model_not_found", "context_length_exceeded") or (status in (400, 404) and "model" in lower):
            return ModelFailure(f"The model {self.name!r} cannot be used ({said}); name another one in {MODEL}.")
        if "does not support tools" in lower:
            return ModelFailure(f"The model {self.name!r} cannot call tools; name one that can in {MODEL}.")
        if status == 404 or 300 <= status < 400:
            return ModelFailure(f"There is no chat completions endpoint at {self._base_url}; check {BASE_URL}.")
        return ModelFailure(f"The model server refused the request ({said}); check {MODEL} and {BASE_URL}.")

    def _clean(self, words: str) -> str:
        line = " ".join(words.split())[:200]
        return line.replace(self._key, "***") if self._key else line


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait: `retry-after-ms`, else `retry-after` as seconds or as a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        if "retry-after" not in headers:
            return None
        return max(0.0, float(headers["retry-after"]))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
    except (ValueError, KeyError):
        return None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, ModelFailure) else None
    return _backoff(state) if asked is None else min(asked, LONGEST_WAIT)


def _words(error: Any) -> str:
    """The message of an error that is a dict, or just a text."""
    if isinstance(error, dict):
        inner = error.get("error", error)
        return str(inner.get("message") or inner) if isinstance(inner, dict) else str(inner)
    return error if isinstance(error, str) else ""
