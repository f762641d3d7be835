"""The book of findings, as the explorer sees it: is this one known, was it seen again, here is a proven one.

A protocol: bot/store keeps it in the database, `charterbot explore` in memory. The agent never files anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.evidence.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class OpenFault:
    """A finding of this profile that has an issue and is not fixed. `route` is its route template."""

    title: str
    route: str
    severity: Severity
    reference: str


class FindingBook(Protocol):
    async def reference(self, fingerprint: str) -> str | None:
        """The issue number (or `pending`) of a finding that is known and open; None when it must be proven."""
        ...

    async def open_faults(self) -> Sequence[OpenFault]:
        """What is known and open in this profile, newest first: a plan begins there."""
        ...

    async def keep(self, finding: Finding) -> None:
        """Take a proven finding as a draft. Keeping the same fingerprint twice keeps one."""
        ...


class MemoryBook:
    """The book of one run without GitHub."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    async def reference(self, fingerprint: str) -> str | None:
        return None

    async def open_faults(self) -> Sequence[OpenFault]:
        return ()

    async def keep(self, finding: Finding) -> None:
        if all(kept.fingerprint.value != finding.fingerprint.value for kept in self.findings):
            self.findings.append(finding)
