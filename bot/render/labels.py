"""The labels that the bot sets: names, colours and what they say. People may recolour them; that is left alone."""

from agent.evidence.finding import Finding
from bot.github.port import LabelSpec

FINDING = "finding"
AWAITING = "finding:awaiting-deploy"
VERIFIED = "finding:verified"
STILL_REPRODUCES = "finding:still-reproduces"
REGRESSION = "finding:regression"
INTERMITTENT = "intermittent"
SEVERITIES = {"critical": "b60205", "high": "d93f0b", "medium": "fbca04", "low": "c2e0c6"}
_STATES = (
    LabelSpec(FINDING, "5319e7", "Found and proven by Charterbot"),
    LabelSpec(AWAITING, "bfdadc", "A fix was merged; it is re-validated once it is deployed"),
    LabelSpec(VERIFIED, "0e8a16", "The fix was re-validated: the problem is gone"),
    LabelSpec(STILL_REPRODUCES, "b60205", "The fix was re-validated: the problem still shows"),
    LabelSpec(REGRESSION, "d93f0b", "It was fixed and came back"),
    LabelSpec(INTERMITTENT, "fef2c0", "It does not show every time; the issue says how often"),
)


def of_finding(finding: Finding) -> tuple[str, ...]:
    # GitHub refuses commas in a label's name and more than 50 characters.
    role = f"role:{finding.role.replace(',', ' ')}"[:50]
    sometimes = (INTERMITTENT,) if finding.verdict.intermittent else ()
    return FINDING, f"severity:{finding.severity}", role, *sometimes


def specs(finding: Finding) -> tuple[LabelSpec, ...]:
    """Every label that this finding has or may get."""
    _, severity, role, *_ = of_finding(finding)
    return (
        *_STATES,
        LabelSpec(severity, SEVERITIES[finding.severity], f"How bad it is: {finding.severity}"),
        LabelSpec(role, "1d76db", "The role in which it was found"),
    )
