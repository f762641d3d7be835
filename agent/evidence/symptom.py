"""Whether a replay showed the symptom that was seen, or only another failure of the same claim. Pure.

"There should be 2" fails with 3 and with 0. Where 3 was seen and a replay shows 0, its steps led to another state, and
confirm nothing.
"""

import re
from dataclasses import replace

from agent.evidence.finding import Alarm, Claim
from agent.evidence.outcome import ReplayOutcome

# Of these the actual is read from the app; of the others it is one word that says no more than that they fail.
_READ = frozenset({"count_is", "text_is", "value_is", "status_is", "persists_after_reload"})
# What differs from one run to the next by itself: times of day, dates, ids that an app gives out.
_PASSING = re.compile(
    r"""\b(?:\d{4}-\d{1,2}-\d{1,2}(?:[T\ ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?
    |\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}
    |[0-9a-f]{8}-[0-9a-f-]{27}|(?=[a-f]*\d)[0-9a-f]{12,}|\d{6,})\b""",
    re.I | re.X,
)
QUOTED = 80


def judged(outcome: ReplayOutcome, oracle: Alarm | Claim, seen: str) -> ReplayOutcome:
    """The outcome, without the hit where the claim failed in another way than the one `seen`, which is empty where that
    was not kept."""
    if not outcome.hit or not isinstance(oracle, Claim) or not tells(oracle, seen):
        return outcome
    if lasting(outcome.actual) == lasting(seen):
        return outcome
    why = f'The claim fails there too, but with "{_short(outcome.actual)}" where "{_short(seen)}" was seen.'
    return replace(outcome, hit=False, error=why, screenshot="")


def tells(claim: Claim, seen: str) -> bool:
    """What was `seen` tells this failure of the claim from others."""
    return bool(seen) and claim.predicate in _READ


def lasting(text: str) -> str:
    """A text without what differs from run to run by itself."""
    return _PASSING.sub("…", " ".join(text.split()))


def _short(text: str) -> str:
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"
