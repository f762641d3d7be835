"""Which suspicions are worth a proof: each fault once, and once more where the first try could not tell. Pure."""

from agent.evidence.finding import Suspicion
from agent.ledger import Ledger

ATTEMPTS = 2
OPEN_VERDICTS = frozenset({"NOT_REPRODUCED", "ERRORED", "UNTESTABLE"})


def worth_proving(ledger: Ledger, suspicion: Suspicion) -> bool:
    """False for what has an issue, waits for its proof, or was judged. An undecided one gets a second try, because
    another role or another way there may be what shows it."""
    key = suspicion.fingerprint.value
    if key in ledger.known or key in ledger.pending:
        return False
    verdict = ledger.verdicts.get(key)
    if verdict is None:
        return True
    return verdict in OPEN_VERDICTS and ledger.attempts[key] < ATTEMPTS and bool(suspicion.candidates)
