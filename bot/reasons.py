"""Why something was done, refused or left alone: one closed list that replies, logs and tests share."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Reason(StrEnum):
    # charters
    OTHER_LABEL = "other-label"
    RUN_QUEUED = "run-queued"
    SEEN_BEFORE = "seen-before"
    ALREADY_RUNNING = "already-running"
    BAD_CHARTER = "bad-charter"
    # people
    NOT_ALLOWED = "not-allowed"
    ROLE_UNKNOWN = "role-unknown"
    FROM_A_BOT = "from-a-bot"
    # commands
    NO_COMMAND = "no-command"
    UNKNOWN_COMMAND = "unknown-command"
    BAD_ARGUMENT = "bad-argument"
    NO_RUN = "no-run"
    NOTHING_TO_STOP = "nothing-to-stop"
    STOP_REQUESTED = "stop-requested"
    NOTHING_TO_STEER = "nothing-to-steer"
    FOCUS_TAKEN = "focus-taken"
    ANSWERED = "answered"
    # fixes and deployments
    NO_FINDING_LINKED = "no-finding-linked"
    WAITS_FOR_DEPLOYMENT = "waits-for-deployment"
    NOT_LIVE = "not-live"
    NOBODY_WAITS = "nobody-waits"
    NOT_CONTAINED = "not-contained"
    READY = "ready"
    # writes
    GONE = "gone"
    PERMISSION_MISSING = "permission-missing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a handler ended: `done` changed something, `ignored` did not."""

    kind: Literal["done", "ignored"]
    reason: Reason

    @classmethod
    def done(cls, reason: Reason) -> "Outcome":
        return cls("done", reason)

    @classmethod
    def ignored(cls, reason: Reason) -> "Outcome":
        return cls("ignored", reason)
