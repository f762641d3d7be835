"""What a chat-completions server says when it refuses, to a failure whose sentence names the variable and the remedy.

Pure; imports no SDK. Servers tell most errors apart in words only, so the words are looked for: those of OpenAI,
OpenRouter, Ollama, vLLM and llama.cpp. What is not known is passed on.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from agent.llm.access import BASE_URL, owner_of, place, without_secrets
from agent.llm.errors import ContextOverflow, Fault, ModelBusy, ModelFailure
from agent.llm.received import parsed
from agent.tools.surface import ToolSpec

KEY = "CHARTERBOT_LLM_API_KEY"
MODEL = "CHARTERBOT_LLM_MODEL"
MODELS = "CHARTERBOT_MODELS"
OPENAI_HOST = "api.openai.com"
OWNERS = {OPENAI_HOST: "OpenAI", "generativelanguage.googleapis.com": "Google", "api.anthropic.com": "Anthropic"}
VLLM_FLAGS = "--enable-auto-tool-choice and --tool-call-parser"

_BUSY: Mapping[int, Fault] = {408: "timeout", 409: "overloaded", 425: "overloaded", 429: "rate_limit"}
_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_FILTERED = {"content_filter", "content_policy_violation", "responsibleaipolicyviolation"}
_TOO_LONG = re.compile(
    r"maximum context length|available context size|exceeds? (the |its )?(model'?s? )?(maximum )?context|"
    r"context (length|window|size)[^.]{0,40}exceed|prompt is too long|input length exceeds|"
    r"longer than the maximum model length|exceeds? the maximum (model|input|number of tokens)",
)
_TOO_MUCH_OUTPUT = re.compile(r"max_(completion_)?tokens['\"]? ?(is|are) too large|at most \d+ completion tokens")
_NO_TOOLS = re.compile(
    r"(does not|doesn't|do not) support (tools|tool use|tool call|function call)|support tool use|"
    r"unsupported param: tools|tools?( use| calling)? (is|are) not supported"
)
_NO_MODEL = re.compile(
    r"model\b.{0,80}\b(not found|not exist|doesn'?t exist|not available)|(no such|unknown|invalid) model|"
    r"not a valid model|no access to model|have access to model|try pulling",
    re.S,
)
_BAD_SCHEMA = re.compile(r"invalid schema for function '?\"?([\w.-]+)", re.I)
_TOOL_INDEX = re.compile(r"\btools(?:\[|\.)(\d+)", re.I)
_SCHEMA_WORDS = re.compile(r"json schema|schema conversion|parse grammar|function_parameters|invalid grammar", re.I)


@dataclass(frozen=True, slots=True)
class Refusal:
    """`status` is 0 for an error inside a good answer that names none. Names of headers are in lower case."""

    status: int
    words: str = ""
    code: str = ""
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def filtered(self) -> bool:
        """A filter refused the request itself; not an error of ours."""
        return self.code.lower() in _FILTERED


def read_refusal(status: int, text: str, headers: Mapping[str, str]) -> Refusal:
    """Of an answer with another status than 200."""
    try:
        body = parsed(text)
    except ValueError:
        body = text
    return _refusal(status, body, {name.lower(): value for name, value in headers.items()})


def refusal_within(body: Mapping[str, Any]) -> Refusal | None:
    """The error inside an answer with status 200, as gateways send it: beside the choices or in the first."""
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    error = body.get("error") or first.get("error")
    return _refusal(0, error, {}) if error else None


def _refusal(status: int, body: Any, headers: Mapping[str, str]) -> Refusal:
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return Refusal(status, str(error or ""), headers=headers)
    inner = error.get("innererror")
    code = str((inner.get("code") if isinstance(inner, dict) else "") or error.get("code") or "")
    kind = str(error.get("type") or "")
    words = str(error.get("message") or error.get("detail") or "")
    return Refusal(status or _status(code, kind), words or json.dumps(error), code, kind, headers)


def _status(code: str, kind: str) -> int:
    """What the status would have been."""
    if code.isdigit():
        return int(code)
    return {"invalid_request_error": 400, "rate_limit_error": 429, "server_error": 500}.get(kind, 0)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the server asks to wait: `retry-after-ms`, else `retry-after` as seconds or as a date. `now` is in
    seconds since 1970. Source: RFC 9110, 10.2.3; the first header is OpenAI's."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        return max(0.0, seconds) if seconds < float("inf") else None
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - now)
    except (KeyError, ValueError):
        return None


def is_openai(base_url: str) -> bool:
    """OpenAI's own servers, those of its regions included."""
    host = urlsplit(base_url).hostname or ""
    return host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}")


@dataclass(frozen=True, slots=True)
class Reader:
    """Words what went wrong for one client. `api_key` is there to be left out of every sentence; `proxy` is the
    variable of the proxy on the way."""

    base_url: str = field(repr=False)
    model: str
    api_key: str = field(repr=False)
    proxy: str = ""

    @property
    def place(self) -> str:
        return place(self.base_url)

    def foreign_key(self) -> ModelFailure | None:
        """A key must not be shown to a provider that it does not belong to."""
        host, owner = OWNERS.get(urlsplit(self.base_url).hostname or "", ""), owner_of(self.api_key)
        if not host or not owner or host == owner:
            return None
        hint = " or CHARTERBOT_LLM to gemini" if owner == "Google" else f", or {BASE_URL} to the address of {owner}"
        return ModelFailure(f"{KEY} looks like a key of {owner}, not of {host}; set one of {host}{hint}.")

    def failure(self, refusal: Refusal, tools: Sequence[ToolSpec], now: float) -> ModelFailure:
        lower, said = refusal.words.lower(), self.clean(refusal.words)
        if certain := self.certain(refusal):
            return certain
        if busy := self._busy(refusal, said, now):
            return busy
        if refusal.code == "model_not_found" or _NO_MODEL.search(lower):
            pull = f", or fetch it with `ollama pull {self.model}`" if "pull" in lower else ""
            return ModelFailure(f"There is no model {self.model!r} ({said}); name another one in {MODEL}{pull}.")
        if refusal.status in (401, 403):
            return ModelFailure(self._key_refused(said if refusal.status == 403 else ""))
        if refusal.status in (404, 405) or 300 <= refusal.status < 400:
            return ModelFailure(
                f"There is no chat completions endpoint at {self.place} (status {refusal.status}); check {BASE_URL}, "
                "which usually ends in /v1."
            )
        if tool := _refused_tool(refusal, tools):
            return ModelFailure(
                f"The server refuses the schema of {tool} ({said}); take it out of `tools` of its server in the "
                f"profile, or name another model in {MODEL}."
            )
        return ModelFailure(
            f"The model server refused the request ({refusal.status}: {said}); check {MODEL} and {BASE_URL}."
        )

    def certain(self, refusal: Refusal) -> ModelFailure | None:
        """What is plain from its words or its code; servers send it with 400, 404, 429 and 500 alike."""
        lower, said = refusal.words.lower(), self.clean(refusal.words)
        if refusal.code in _QUOTA or refusal.kind in _QUOTA or refusal.status == 402:
            return ModelFailure(f"The account behind {KEY} has no quota left; add credit or give another key.")
        if "tool-call-parser" in lower or "enable-auto-tool-choice" in lower:
            return ModelFailure(
                f"The server of {self.model!r} does not read tool calls; start vLLM with {VLLM_FLAGS}, or name another "
                f"server in {BASE_URL}."
            )
        if "--jinja" in lower:
            return ModelFailure(
                f"The server of {self.model!r} does not read tool calls; start llama.cpp with --jinja, or name another "
                f"server in {BASE_URL}."
            )
        if _NO_TOOLS.search(lower):
            return ModelFailure(f"The model {self.model!r} cannot call tools ({said}); name one that can in {MODEL}.")
        if _TOO_MUCH_OUTPUT.search(lower) and not _TOO_LONG.search(lower):
            return ModelFailure(
                f"The model {self.model!r} cannot answer at such length ({said}); lower its max_output in the file "
                f"that {MODELS} names."
            )
        long = refusal.code == "context_length_exceeded" or refusal.kind == "exceed_context_size_error"
        if long or refusal.status == 413 or _TOO_LONG.search(lower):
            return ContextOverflow(
                f"The conversation is longer than {self.model!r} reads ({said}); let the server read more, and say how "
                f"much in the file that {MODELS} names."
            )
        return None

    def _busy(self, refusal: Refusal, said: str, now: float) -> ModelBusy | ModelFailure | None:
        wait, wish = retry_after(refusal.headers, now), refusal.headers.get("x-should-retry")
        status = refusal.status
        if status == 0 and not _NO_MODEL.search(refusal.words.lower()):
            return ModelBusy(f"The model server at {self.place} answered with an error ({said}).", "protocol")
        if not (status in _BUSY or status >= 500 or wish == "true"):
            return None
        if wish == "false":
            return ModelFailure(
                f"The model server at {self.place} refused ({status}: {said}) and says that another try is of no use; "
                f"check {MODEL} and the account behind {KEY}."
            )
        what = "is limiting us" if status == 429 else "is overloaded"
        return ModelBusy(
            f"The model server at {self.place} {what} ({status}: {said}); try later.",
            _BUSY.get(status, "overloaded"),
            wait,
        )

    def _key_refused(self, said: str) -> str:
        if not self.api_key:
            return f"The model server at {self.place} wants a key; set {KEY}."
        owner = owner_of(self.api_key)
        looks = f", which looks like one of {owner}" if owner else ""
        why = f" ({said})" if said else ""
        return f"The model server at {self.place} refused the key{looks}{why}; set a valid {KEY}."

    def page(self, last: bool) -> ModelFailure:
        words = f"{self.place} answered with a web page, not as a model server; {BASE_URL} usually ends in /v1."
        return ModelFailure(words) if last else ModelBusy(words, "protocol")

    def unreadable(self) -> ModelBusy:
        return ModelBusy(f"The model server at {self.place} sent an unreadable answer.", "protocol")

    def dropped(self) -> ModelBusy:
        return ModelBusy(f"The model server at {self.place} broke off in the middle of its answer.", "protocol")

    def unreachable(self) -> ModelBusy:
        how = f"; start it, or check {BASE_URL}"
        if self.proxy:
            how = f" through the proxy in {self.proxy}; check that, name its host in NO_PROXY, or check {BASE_URL}"
        return ModelBusy(f"The model server at {self.place} cannot be reached{how}.", "unreachable")

    def silent(self, seconds: float) -> ModelBusy:
        return ModelBusy(f"The model server at {self.place} gave no whole answer in {seconds:g} s.", "timeout")

    def clean(self, words: str) -> str:
        line = without_secrets(" ".join(words.split()), self.base_url, self.api_key)[:200].rstrip(" .")
        return "a web page" if line.startswith("<") else line or "no reason given"


def _refused_tool(refusal: Refusal, tools: Sequence[ToolSpec]) -> str:
    """Which tool's schema was not liked, as words; empty when it was not about a schema."""
    if found := _BAD_SCHEMA.search(refusal.words):
        return f"the tool {found[1]!r}"
    if not (_SCHEMA_WORDS.search(refusal.words) or refusal.code == "invalid_function_parameters"):
        return ""
    if (found := _TOOL_INDEX.search(refusal.words)) and int(found[1]) < len(tools):
        return f"the tool {tools[int(found[1])].name!r}"
    named = next((spec.name for spec in tools if spec.name in refusal.words), "")
    return f"the tool {named!r}" if named else "a tool"
