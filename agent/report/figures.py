"""A run in figures, as JSON data: what `charterbot runs` lists and compares, without reading a long journal again."""

from typing import Any

from agent.charter import Profile
from agent.report.analysis import Analysis
from agent.report.summary import RunSummary

FORMAT = 1


def figures(profile: Profile, facts: RunSummary, found: Analysis) -> dict[str, Any]:
    """Times are ISO 8601 in UTC, `price` is in US dollars (null: unknown), `minutes` of wall clock."""
    return {
        "format": FORMAT,
        "app": profile.app,
        "profile": profile.name,
        "state": facts.state,
        "detail": facts.detail,
        "build": facts.build,
        "started": facts.started.isoformat() if facts.started else None,
        "ended": facts.ended.isoformat() if facts.ended else None,
        "roles": [
            {"name": role.name, "turns": role.iteration, "end": role.state, "detail": role.detail}
            for role in facts.roles
        ],
        "turns": facts.iterations,
        "tokens": found.tokens,
        "price": found.price,
        "findings": [
            {
                "fingerprint": finding.fingerprint.value,
                "title": finding.title,
                "severity": finding.severity,
                "role": finding.role,
                "verdict": finding.verdict.kind,
                "proven": finding.verdict.proven,
            }
            for finding in facts.findings
        ],
        "known": [
            {"fingerprint": each.fingerprint, "title": each.title, "reference": each.reference} for each in facts.known
        ],
        "repeated_ground": round(found.repeated, 3),
        "revisit_rate": round(found.revisited, 3),
        "observations": len(facts.observations),
        "capabilities": [
            {"role": each.role, "name": each.subject, "status": each.status, "why": each.why}
            for each in found.outcomes.capabilities
        ],
        "charter": [{"line": each.subject, "status": each.status, "why": each.why} for each in found.outcomes.lines],
        "routes": {
            area.route: {"turns": area.turns, "actions": area.actions, "claims": area.claims} for area in found.areas
        },
        "states": sum(1 for state in found.coverage.states.values() if state.visits),
        "tasks": {task: round(share, 3) for task, share in found.tasks.items()},
    }
