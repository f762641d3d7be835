"""Whether a replay showed the symptom that was seen, or only another failure of the same claim. Pure.

"There should be 2" fails with 3 and with 0. Where 3 was seen and a replay shows 0, its steps led to another state, and
confirm nothing.
"""

import re
from dataclasses import replace

from agent.evidence.finding import Alarm, Claim
from agent.evidence.outcome import LONGEST_ACTUAL, ReplayOutcome

# Of these the actual is read from the app; of the others it is one word that says no more than that they fail.
_READ = frozenset({"count_is", "text_is", "value_is", "status_is", "persists_after_reload"})
# What differs from one run to the next by itself: the host, times, dates, ids and codes that an app gives out.
_PASSING = re.compile(
    r"""https?://[^\s/]+|\#\d+\b|\bjust\ now\b|\b(?:an?|\d+)\ (?:second|minute|hour|day)s?\ ago\b
    |\b(?:\d{4}-\d{1,2}-\d{1,2}(?:[T\ ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?
    |\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}
    |[0-9a-f]{8}-[0-9a-f-]{27}|(?=[a-f]*\d)[0-9a-f]{12,}|\d{6,}
    |(?-i:(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{5,}))\b""",
    re.I | re.X,
)
OTHERWISE = "The claim fails there too, but shows something else than what was seen."
"""The host's own words, for they are also told to models: what the page showed is not quoted."""
SLACK = 40
"""Characters before the end of a cut text that the cut may have shifted."""


def judged(outcome: ReplayOutcome, oracle: Alarm | Claim, seen: str) -> ReplayOutcome:
    """The outcome, without the hit where the claim failed in another way than the one `seen`, which is empty where that
    was not kept."""
    if not outcome.hit or not seen or not isinstance(oracle, Claim) or oracle.predicate not in _READ:
        return outcome
    cut = max(len(outcome.actual), len(seen)) >= LONGEST_ACTUAL
    if _same(lasting(outcome.actual), lasting(seen), cut=cut):
        return outcome
    return replace(outcome, hit=False, error=OTHERWISE, screenshot="")


def _same(one: str, other: str, *, cut: bool) -> bool:
    if not cut:
        return one == other
    length = max(min(len(one), len(other)) - SLACK, 0)
    return one[:length] == other[:length]


def lasting(text: str) -> str:
    """A text without what differs from run to run by itself."""
    return _PASSING.sub("…", " ".join(text.split()))
