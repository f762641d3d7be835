"""What a segment of a run has come to, told from its journal alone: the one place that ends a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent import events as ev
from agent.circuit import trouble
from agent.logbook import Logbook
from agent.stopping import FAILURES, StopReason


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """`unfinished`: the segment is over, the run is not. `detail` is one sentence for people."""

    state: Literal["completed", "stopped", "failed", "unfinished"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """Why nothing more is proved: people asked for a stop, or there is nothing left to prove on."""

    stopped: bool = False
    unprovable: bool = False


def stopped(logbook: Logbook, role: str) -> str:
    """Why a role stopped, empty while it has not."""
    info = logbook.ledger.roles.get(role)
    return info.stopped if info else ""


async def conclude(logbook: Logbook, roles: Sequence[str], leave: Leave) -> RunOutcome:
    """The run ends when every role has and nothing waits for its proof. What nobody will prove is noted. Raises
    LeaseLost and JournalDown."""
    ledger = logbook.ledger
    running = [name for name in roles if not stopped(logbook, name)]
    if running or (ledger.pending and not (leave.stopped or leave.unprovable)):
        return RunOutcome("unfinished", f"Still to do: {', '.join(running) or 'proofs'}.")
    for suspicion in ledger.pending.values():
        note = ev.ObservationNoted(str(suspicion["title"]), "The run ended before this could be proved.")
        await logbook.append(str(suspicion["role"]), note)
    if note := trouble(logbook.events):
        await logbook.append("", note)
    outcome = _outcome(logbook, roles, leave)
    await logbook.append("", ev.RunEnded(outcome.state, outcome.detail))
    return outcome


def _outcome(logbook: Logbook, roles: Sequence[str], leave: Leave) -> RunOutcome:
    if leave.stopped:
        return RunOutcome("stopped", "Stopped on request.")
    if all(StopReason(stopped(logbook, name)) in FAILURES for name in roles):
        return RunOutcome("failed", "; ".join(f"{name}: {logbook.ledger.roles[name].detail}" for name in roles))
    return RunOutcome("completed", f"{len(roles)} roles are done.")
