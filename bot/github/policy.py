"""What GitHub's answers mean: which calls may be sent again, and which of bot/errors.py the rest becomes. No I/O.

A create is never sent again after a time-out or a 5xx: a 502 may hide an issue that was made.
"""

import re
from datetime import datetime, timedelta
from typing import Any

import httpx
from githubkit.exception import (
    GitHubException,
    GraphQLFailed,
    RateLimitExceeded,
    RequestError,
    RequestFailed,
)
from githubkit.typing import RetryOption

from bot.errors import (
    Ambiguous,
    BadCredentials,
    GitHubFailure,
    Gone,
    PermissionMissing,
    RateLimited,
    Refused,
    Unavailable,
)

SAFE = ("GET", "HEAD", "PUT", "PATCH", "DELETE")
# POSTs whose repetition changes nothing: tokens, queries, a reaction or label that is there already.
REPEATABLE = re.compile(r"/(access_tokens|graphql|reactions|labels)$")
# Longer waits are the database's business: nobody sleeps inside a call for minutes.
PATIENCE = timedelta(seconds=20)
# GitHub's advice when a secondary limit comes without a time.
BLIND_WAIT = timedelta(seconds=60)
SECONDARY = b"secondary rate limit"


def root(error: BaseException) -> BaseException:
    """The real error: one met while minting a token arrives wrapped in a RequestError."""
    while isinstance(error, RequestError) and not isinstance(error, RequestFailed):
        if not isinstance(error.exc, GitHubException):
            break
        error = error.exc
    return error


def is_repeatable(request: httpx.Request) -> bool:
    return request.method in SAFE or bool(REPEATABLE.search(request.url.path))


def decide_retry(error: GitHubException, count: int) -> RetryOption:
    """githubkit's hook, called after each failure; `count` is how often it was sent again already."""
    cause = root(error)
    if isinstance(cause, RateLimitExceeded):
        wait = cause.retry_after + timedelta(seconds=1)
        return RetryOption(count < 2 and wait <= PATIENCE, wait)
    if isinstance(cause, RequestFailed):
        again = cause.response.status_code >= 500 and is_repeatable(cause.request)
        return RetryOption(again and count < 3, timedelta(seconds=2**count))
    request = _request(cause)
    if request is not None and is_repeatable(request):
        return RetryOption(count < 2, timedelta(seconds=1))
    return RetryOption(False)


def translate(error: GitHubException, now: datetime) -> GitHubFailure:
    """The error of ours for what is left after retries."""
    cause = root(error)
    if isinstance(cause, RateLimitExceeded):
        return RateLimited(_describe(cause), now + max(cause.retry_after, timedelta(seconds=1)))
    if isinstance(cause, RequestFailed):
        return _of_status(cause, now)
    if isinstance(cause, GraphQLFailed):
        return _of_graphql(cause)
    request = _request(cause)
    where = f"{request.method} {request.url.path}" if request is not None else "a call"
    reason = type(cause.exc).__name__ if isinstance(cause, RequestError) else type(cause).__name__
    if request is None or is_repeatable(request) or _never_sent(cause):
        return Unavailable(f"{where}: {reason}")
    return Ambiguous(f"{where}: {reason}")


def _of_status(cause: RequestFailed, now: datetime) -> GitHubFailure:
    status, text = cause.response.status_code, _describe(cause)
    if status in (403, 429) and SECONDARY in cause.response.content:
        return RateLimited(text, now + BLIND_WAIT)
    if status == 401:
        return BadCredentials(text)
    if status in (403, 429):
        return PermissionMissing(text) if status == 403 else RateLimited(text, now + BLIND_WAIT)
    if status in (404, 410):
        return Gone(text)
    if status >= 500:
        return Unavailable(text) if is_repeatable(cause.request) else Ambiguous(text)
    return Refused(text)


def _of_graphql(cause: GraphQLFailed) -> GitHubFailure:
    errors: Any = cause.response.errors or []
    kinds = {str(getattr(each, "type", "")) for each in errors}
    text = "POST /graphql: " + "; ".join(str(getattr(each, "message", each))[:200] for each in errors)
    if "FORBIDDEN" in kinds:
        return PermissionMissing(text)
    return Gone(text) if "NOT_FOUND" in kinds else Refused(text)


def _request(cause: BaseException) -> httpx.Request | None:
    if isinstance(cause, RequestError) and isinstance(cause.exc, httpx.RequestError):
        try:
            return cause.exc.request
        except RuntimeError:  # httpx sets it late; without it the call never left
            return None
    return None


def _never_sent(cause: BaseException) -> bool:
    return isinstance(cause, RequestError) and isinstance(cause.exc, httpx.ConnectError | httpx.ConnectTimeout)


def _describe(cause: RequestFailed) -> str:
    """The call and GitHub's own words; headers, which hold tokens, stay out."""
    try:
        body = cause.response.json()
    except ValueError:
        body = {}
    said = str(body.get("message", ""))[:200] if isinstance(body, dict) else ""
    details = f" {str(body['errors'])[:300]}" if isinstance(body, dict) and body.get("errors") else ""
    return f"{cause.request.method} {cause.request.url.path}: {cause.response.status_code} {said}{details}".rstrip()
