"""Untrusted words in Markdown, and the lines that the texts of a report share. Pure."""

from collections.abc import Mapping, Sequence

from agent.effort import RoleEffort
from agent.evidence.finding import Claim, Finding, Step


def plain(text: str) -> str:
    """One line of untrusted text, without meaning for Markdown or HTML."""
    line = " ".join(text.split())
    for char in "\\`*_[]<>#|~":
        line = line.replace(char, f"\\{char}")
    return line.replace("@", "@\u200b")


def code(text: str) -> str:
    """One line of untrusted text as it is, in a code span that it cannot end."""
    line = " ".join(text.split())
    tick = "`"
    while tick in line:
        tick += "`"
    room = " " if "`" in line else ""
    return f"{tick}{room}{line}{room}{tick}" if line else ""


def section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"## {title}", "", *([f"- {line}" for line in lines] or ["- none"])])


def some(lines: Sequence[str], most: int) -> list[str]:
    """The first ones, and how many more there are."""
    left = len(lines) - most
    return [*lines[:most], *([f"… and {left} more"] if left > 0 else [])]


def counts(counter: Mapping[str, int]) -> str:
    return ", ".join(f"{plain(name)} {count}" for name, count in sorted(counter.items()))


def effort_line(name: str, effort: RoleEffort) -> str:
    """What the model cost one role, and what went wrong on the way, in one line."""
    price = f", ${effort.usd:.4f}" if effort.usd or not effort.unpriced else ", price unknown"
    parts = [
        f"**{name}**: {effort.replies} replies, {effort.input_tokens} tokens in ({effort.cached_tokens} cached), "
        f"{effort.output_tokens} out{price}"
    ]
    if effort.waited or effort.faults:
        parts.append(f"waited {effort.waited:.0f} s for the provider ({counts(effort.faults) or 'no faults'})")
    parts += [f"{effort.cool_downs} calls given up"] if effort.cool_downs else []
    parts += [f"asked again: {counts(effort.unusable)}"] if effort.unusable else []
    parts += [f"arguments mended: {counts(effort.repairs)}"] if effort.repairs else []
    return "; ".join(parts)


def finding_text(finding: Finding) -> str:
    verdict = finding.verdict
    first = (
        f"**{plain(finding.title)}** ({finding.severity}, {finding.role}): {verdict.kind} "
        f"{verdict.hits}/{verdict.runs}, control {verdict.control}, fingerprint {finding.fingerprint.value}"
    )
    facts = [
        ("Verdict", "" if verdict.kind == "CONFIRMED" else plain(verdict.note)),
        ("Expected", _expected(finding)),
        ("Actual", code(verdict.actual)),
        ("Note", plain(finding.detail)),
        ("Picture", f"proofs/{verdict.screenshot}" if verdict.screenshot else ""),
    ]
    told = [f"  - {name}: {text}" for name, text in facts if text]
    steps = [f"  {number}. {step_text(step)}" for number, step in enumerate(finding.repro.steps, 1)]
    return "\n".join([first, *told, *steps])


def step_text(step: Step) -> str:
    return words_text(step.words)


def words_text(words: str) -> str:
    """The verb stays plain; what it acts on may hold quotes, which a code span shows as they are."""
    verb, _, rest = " ".join(words.split()).partition(" ")
    return f"{plain(verb)} {code(rest)}".strip()


def _expected(finding: Finding) -> str:
    claim = finding.oracle
    if not isinstance(claim, Claim):
        return ""
    wanted = " ".join((code(claim.subject), claim.predicate.replace("_", " "), code(claim.expected))).strip()
    return f"{wanted} ({claim.because}: {plain(claim.reason)})"
