"""Answers of the Gemini API, good and bad, as a script for the wire emulator names them. Pure."""

from collections.abc import Mapping
from typing import Any

from agent.llm.emulators.server import Answer

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def said(text: str) -> Answer:
    return replied({"text": text})


def called(*calls: tuple[str, Mapping[str, Any]]) -> Answer:
    """Calls as (tool, arguments), in one reply. The emulator signs the first one as it sends them."""
    return replied(
        *(
            {"functionCall": {"id": f"fc_{number}", "name": tool, "args": dict(args)}}
            for number, (tool, args) in enumerate(calls, 1)
        )
    )


def replied(*parts: Mapping[str, Any], finish: str = "STOP", message: str = "") -> Answer:
    """One candidate with these parts, as REST spells them; without parts it has no content."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [dict(part) for part in parts]}} if parts else {}
    candidate |= {"finishReason": finish, "index": 0} | ({"finishMessage": message} if message else {})
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 5, "totalTokenCount": 125}
    return Answer(
        {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-emulated", "responseId": "r1"}
    )


def prompt_blocked(reason: str = "PROHIBITED_CONTENT") -> Answer:
    usage = {"promptTokenCount": 100, "totalTokenCount": 100}
    return Answer(
        {"promptFeedback": {"blockReason": reason}, "usageMetadata": usage, "modelVersion": "gemini-emulated"}
    )


def failed(code: int, message: str, *details: Mapping[str, Any], status: str = "", **headers: str) -> Answer:
    """Underscores in the names of headers become hyphens."""
    error: dict[str, Any] = {"code": code, "message": message, "status": status or STATUSES.get(code, "UNKNOWN")}
    if details:
        error["details"] = [dict(part) for part in details]
    return Answer({"error": error}, code, {name.replace("_", "-"): value for name, value in headers.items()})


def retry_info(seconds: float) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds:g}s"}


def quota_failure(quota: str, value: str = "") -> dict[str, Any]:
    """`quota` as in GenerateRequestsPerMinutePerProjectPerModel-FreeTier."""
    violation = {"quotaId": quota} | ({"quotaValue": value} if value else {})
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}


def wrong_key() -> Answer:
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    return failed(400, "API key not valid. Please pass a valid API key.", reason)
