"""What the demo's story amounts to: figures and checks, read back from the database and the local GitHub."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from agent.ledger import Ledger
from bot.store.findings import FindingRow
from bot.store.runs import Run

DISTINCT_DEFECTS = 8


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run. Seconds from the charter's label (or the command) to the run's end, and to the first filed issue."""

    id: str
    state: str
    seconds: float
    iterations: int
    filed: int
    first_filed_s: float | None
    duplicates: int


@dataclass(frozen=True, slots=True)
class FindingFigures:
    """One filed issue and the seeded defect behind it; None when it shows up without each of them."""

    number: int
    title: str
    fingerprint: str
    defect: str | None
    verdict: str
    hits: int
    runs: int
    role: str


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the story: did it happen?"""

    what: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    runs: tuple[RunFigures, ...]
    findings: tuple[FindingFigures, ...]
    fix_verdicts: dict[str, str]
    tokens: int
    peak_pss_mib: float
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "runs": [asdict(run) for run in self.runs],
            "findings": [asdict(finding) for finding in self.findings],
            "fix_verdicts": self.fix_verdicts,
            "tokens": self.tokens,
            "peak_pss_mib": round(self.peak_pss_mib),
            "failed_checks": [f"{check.what}: {check.detail}" for check in self.checks if not check.ok],
        }


def run_figures(
    run: Run, asked_at: datetime, ledger: Ledger, rows: Sequence[FindingRow], duplicates: int
) -> RunFigures:
    """`rows` are the findings that this run filed, `asked_at` is when the label or the command was delivered."""
    filed = sorted(row.filed_at for row in rows if row.filed_at)
    end = run.finished_at or run.created_at
    return RunFigures(
        id=run.id,
        state=str(run.state),
        seconds=round((end - asked_at).total_seconds(), 1),
        iterations=sum(role.iterations for role in ledger.roles.values()),
        filed=len(filed),
        first_filed_s=round((filed[0] - asked_at).total_seconds(), 1) if filed else None,
        duplicates=duplicates,
    )


def finding_figures(row: FindingRow, defect: str | None) -> FindingFigures:
    finding = row.finding
    return FindingFigures(
        number=row.issue or 0,
        title=finding.title,
        fingerprint=row.fingerprint,
        defect=defect,
        verdict=finding.verdict.kind,
        hits=finding.verdict.hits,
        runs=finding.verdict.runs,
        role=finding.role,
    )


def duplicates_of(run_id: str, filed: Iterable[tuple[str, str | None]]) -> int:
    """How many issues of a run show a defect that an earlier issue shows. `filed` is (run, defect), oldest first."""
    seen: Counter[str] = Counter()
    count = 0
    for run, defect in filed:
        if defect is None:
            continue
        count += run == run_id and seen[defect] > 0
        seen[defect] += 1
    return count


def twin_checks(runs: Sequence[RunFigures], issues: int) -> list[Check]:
    return [
        Check("the run on the clean twin completed", all(run.state == "completed" for run in runs), _states(runs)),
        Check("nothing was filed against the clean twin", issues == 0, f"{issues} issues"),
    ]


def finding_checks(runs: Sequence[RunFigures], findings: Sequence[FindingFigures], issues: int) -> list[Check]:
    """What must be true of runs and findings; `issues` counts the finding issues on GitHub."""
    distinct = {finding.defect for finding in findings if finding.defect}
    unexplained = [finding.number for finding in findings if finding.defect is None]
    unproven = [finding.number for finding in findings if finding.verdict != "CONFIRMED"]
    duplicates = sum(run.duplicates for run in runs)
    first = runs[0]
    early = first.first_filed_s is not None and first.first_filed_s < first.seconds
    return [
        Check("both runs completed", all(run.state == "completed" for run in runs), _states(runs)),
        Check(
            f"at least {DISTINCT_DEFECTS} distinct defects filed", len(distinct) >= DISTINCT_DEFECTS, str(len(distinct))
        ),
        Check("every issue is CONFIRMED", not unproven, f"not so: {unproven}"),
        Check("every issue has a defect behind it", not unexplained, f"none behind: {unexplained}"),
        Check("no duplicates", duplicates == 0 and issues == len(findings), f"{duplicates}, {issues} issues on GitHub"),
        Check("the first issue was filed while the run went on", early, f"{first.first_filed_s} of {first.seconds} s"),
    ]


def rerun_check(filed: Iterable[str], fixed: Iterable[str], replayed: Iterable[str]) -> Check:
    """Fingerprints that were filed before the rerun, those that a fix took away, and those that the rerun replayed."""
    anew = (set(filed) - set(fixed)) & set(replayed)
    return Check("what was known was not replayed anew", not anew, f"anew: {sorted(anew)}")


def _states(runs: Sequence[RunFigures]) -> str:
    return ", ".join(run.state for run in runs)
