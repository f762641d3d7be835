"""What the Gemini API says when it refuses, to a failure whose sentence names the variable and the remedy. Pure;
imports no SDK.

The API tells most of its errors apart in words only, so the words are looked for; what is not known is passed on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.llm.access import BASE_URL, place, without_secrets
from agent.llm.errors import ContextOverflow, ModelBusy, ModelFailure
from agent.tools.surface import ToolSpec

KEY = "CHARTERBOT_LLM_API_KEY"
MODEL = "CHARTERBOT_LLM_MODEL"
RETRY_INFO = "google.rpc.RetryInfo"
QUOTA_FAILURE = "google.rpc.QuotaFailure"
LONGEST = 4_000
"""Characters of a message that are read."""

_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
_RETRY_IN = re.compile(r"retry in (\d+(?:\.\d+)?)\s*(ms|s)\b")
_NO_LIMIT = re.compile(r"\blimit: 0\b")
_TOO_LONG = re.compile(r"token count.*exceeds|exceeds.*(token|context)|payload size exceeds", re.S)
_NO_TOOLS = re.compile(r"(function calling|tool use)\b.*\b(not enabled|not supported|unsupported)|"
                       r"(does not|doesn't) support (function calling|tool use|tools)", re.S)  # fmt: skip
_DECLARATION = re.compile(r"function_?declarations\[(\d+)\]", re.I)
_SIGNATURE = re.compile(r"thought.?signature", re.I)


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer with another status than 200. `details` is its JSON or its text; header names in lower case."""

    code: int
    details: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def error(self) -> Mapping[str, Any]:
        """The error itself: alone, in an object, or in a list of one."""
        given = self.details[0] if isinstance(self.details, list) and self.details else self.details
        inner = given.get("error", given) if isinstance(given, dict) else given
        return inner if isinstance(inner, dict) else {"message": inner if isinstance(inner, str) else ""}

    @property
    def status(self) -> str:
        return str(self.error.get("status") or "")

    @property
    def words(self) -> str:
        return str(self.error.get("message") or "")[:LONGEST]

    @property
    def is_page(self) -> bool:
        return self.words.lstrip().startswith("<")

    @property
    def about_signatures(self) -> bool:
        return self.code == 400 and bool(_SIGNATURE.search(self.words))

    def parts(self, kind: str) -> Iterator[Mapping[str, Any]]:
        details = self.error.get("details")
        for part in details if isinstance(details, list) else ():
            if isinstance(part, dict) and str(part.get("@type") or "").endswith(kind):
                yield part


def retry_after(refused: Refused) -> float | None:
    """Seconds that the server asks to wait: RetryInfo, else in its words, else in `retry-after`."""
    for part in refused.parts(RETRY_INFO):
        if found := _SECONDS.fullmatch(str(part.get("retryDelay") or "")):
            return float(found[1])
    if found := _RETRY_IN.search(refused.words):
        return float(found[1]) / (1000 if found[2] == "ms" else 1)
    try:
        return max(0.0, float(refused.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Reader:
    """Words a refusal for one client. `api_key` is there to be left out of every sentence; `proxy` is the variable of
    the one on the way."""

    base_url: str = field(repr=False)
    model: str
    api_key: str = field(repr=False)
    proxy: str = ""

    @property
    def place(self) -> str:
        return place(self.base_url)

    def failure(self, refused: Refused, tools: Sequence[ToolSpec] = ()) -> ModelFailure:
        code, said = refused.code, self.clean(refused.words)
        if code == 429 or (code >= 500 and refused.status == "RESOURCE_EXHAUSTED"):
            return self._limited(refused, said)
        if code >= 500 or code in (408, 409, 499):
            return ModelBusy(
                f"Gemini at {self.place} is overloaded ({code}: {said}); try later.",
                "overloaded",
                retry_after(refused),
            )
        if code < 300:
            return self.unreadable()
        if code < 400 or code == 405 or (code == 404 and not self._names_model(refused)):
            return ModelFailure(
                f"There is no Gemini API at {self.place} (status {code}); check {BASE_URL}, which ends before /v1beta."
            )
        if code in (401, 403) or self._names_key(refused):
            return ModelFailure(f"Gemini refused the key ({code}: {said}); set a valid {KEY}.")
        if code == 404:
            return ModelFailure(f"There is no model {self.model!r} ({said}); name another one in {MODEL}.")
        return self._bad_request(refused, said, tools)

    def unreadable(self) -> ModelBusy:
        return ModelBusy(f"Gemini at {self.place} sent an unreadable answer.", "protocol")

    def page(self, last: bool) -> ModelFailure:
        """A proxy on the way may show a page for a while, so that a first one is worth another try."""
        words = f"{self.place} answered with a web page, not as the Gemini API; check {BASE_URL}."
        return ModelFailure(words) if last else ModelBusy(words, "protocol")

    def unreachable(self) -> ModelBusy:
        how = f"check the network and {BASE_URL}"
        if self.proxy:
            how = f"check the proxy in {self.proxy}, name the host in NO_PROXY, or check {BASE_URL}"
        return ModelBusy(f"The connection to Gemini at {self.place} failed; {how}.", "unreachable")

    def unsendable(self) -> ModelFailure:
        return ModelFailure(
            "The conversation or the tools could not be written as a request to Gemini, so nothing was sent; name "
            f"another model in {MODEL}, and report this with the run's journal."
        )

    def silent(self, seconds: float) -> ModelBusy:
        return ModelBusy(f"Gemini at {self.place} gave no whole answer in {seconds:g} s.", "timeout")

    def clean(self, words: str) -> str:
        line = without_secrets(" ".join(words.split()), self.base_url, self.api_key)[:300].rstrip(" .")
        return "a web page" if line.startswith("<") else line or "no reason given"

    def _limited(self, refused: Refused, said: str) -> ModelFailure:
        violations = [_dict(item) for part in refused.parts(QUOTA_FAILURE) for item in part.get("violations") or ()]
        if any("PerDay" in str(item.get("quotaId") or "") for item in violations):
            return ModelFailure(
                f"The daily quota of the key in {KEY} is used up for {self.model!r}; go on tomorrow, enable billing, "
                f"or name another model in {MODEL}."
            )
        if _NO_LIMIT.search(refused.words) or any(str(item.get("quotaValue")) == "0" for item in violations):
            return ModelFailure(
                f"The key in {KEY} has no quota at all for {self.model!r}; enable billing, or name another model in "
                f"{MODEL}."
            )
        return ModelBusy(f"Gemini's rate limit is reached ({said}).", "rate_limit", retry_after(refused))

    def _bad_request(self, refused: Refused, said: str, tools: Sequence[ToolSpec]) -> ModelFailure:
        lower = refused.words.lower()
        if refused.code == 413 or _TOO_LONG.search(lower):
            return ContextOverflow(f"The conversation is longer than {self.model!r} reads ({said}).")
        if _NO_TOOLS.search(lower):
            return ModelFailure(f"The model {self.model!r} cannot call tools ({said}); name one that can in {MODEL}.")
        if found := _DECLARATION.search(refused.words):
            number = int(found[1])
            name = f"the tool {tools[number].name!r}" if number < len(tools) else "a tool"
            return ModelFailure(
                f"Gemini refused the schema of {name} ({said}); take it out of `tools` of its server in the profile, "
                f"or name another model in {MODEL}."
            )
        return ModelFailure(f"Gemini refused the request ({refused.code}: {said}); check {MODEL} and {KEY}.")

    def _names_model(self, refused: Refused) -> bool:
        return refused.status == "NOT_FOUND" and "model" in refused.words.lower()

    def _names_key(self, refused: Refused) -> bool:
        reasons = (part.get("reason") for part in refused.parts("google.rpc.ErrorInfo"))
        return "API_KEY_INVALID" in reasons or "api key not valid" in refused.words.lower()


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
