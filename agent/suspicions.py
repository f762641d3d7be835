"""Which suspicions are worth a proof, and what is kept of those that were not confirmed. Pure.

Each fault is proved once, and once more where the first try could not tell and there is something new to try.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

from agent import events as ev
from agent import routes
from agent.charter import Filing
from agent.evidence.finding import Alarm, Finding, Suspicion, Verdict, suspicion_from_json
from agent.ledger import Ledger

ATTEMPTS = 2
OPEN_VERDICTS = frozenset({"NOT_REPRODUCED", "ERRORED", "UNTESTABLE"})


def worth_proving(ledger: Ledger, suspicion: Suspicion, earlier: Sequence[Suspicion] = ()) -> bool:
    """False for what has an issue, waits for its proof, or was judged. An undecided one gets a second try, because
    another role or another way there may be what shows it. `earlier` are the suspicions of this fault before: the same
    steps again are only worth it where the replay did not run to its end."""
    key = suspicion.fingerprint.value
    if key in ledger.known or key in ledger.pending:
        return False
    verdict = ledger.verdicts.get(key)
    if verdict is None:
        return True
    if verdict not in OPEN_VERDICTS or ledger.attempts[key] >= ATTEMPTS or not suspicion.candidates:
        return False
    tried = {repro.steps for before in earlier for repro in before.candidates}
    return verdict == "ERRORED" or any(repro.steps not in tried for repro in suspicion.candidates)


def earlier(events: Iterable[ev.Event], fingerprint: str) -> tuple[Suspicion, ...]:
    """What was suspected of this fault so far."""
    found = (e.payload for e in events if isinstance(e.payload, ev.FindingSuspected))
    return tuple(suspicion_from_json(plain_record(p.suspicion)) for p in found if p.fingerprint == fingerprint)


def plain_record(data: Mapping) -> dict:
    """A record of an event as it comes back from its journal: lists, never tuples."""
    return json.loads(json.dumps(data))


def worth_filing(verdict: Verdict, filing: Filing) -> bool:
    if not filing.enabled or filing.dry_run:
        return False
    return verdict.kind == "CONFIRMED" or (verdict.intermittent and filing.intermittent)


def as_observation(finding: Finding) -> ev.ObservationNoted:
    """What was seen but not confirmed is worth a look by people, with the reason and its k/n."""
    verdict, oracle = finding.verdict, finding.oracle
    seen = f"{verdict.kind} {verdict.hits}/{verdict.runs}"
    route = dict(finding.fingerprint.components).get("route", "")
    url = routes.path(oracle.page_url) if isinstance(oracle, Alarm) else route
    return ev.ObservationNoted(finding.title, f"{seen}. {verdict.note}".strip(), url)
