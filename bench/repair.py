"""How often the repair of tool-call arguments brings back what was meant, refuses, or is wrong without saying so.

Judged as for a tool that writes: what the repair calls lossy counts as refused, because it never runs such a tool.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from agent.llm.repair.arguments import Unreadable, arguments
from agent.llm.repair.strict_json import same
from bench.breakage import Broken, broken

CORPUS = Path(__file__).with_name("repair_corpus.json")
Outcome = Literal["intended", "refused", "silently_wrong"]


@dataclass(frozen=True, slots=True)
class Shares:
    """Of one set of texts. `refused` holds right refusals too; `restored` is the share of intended objects among the
    texts whose break left them knowable."""

    cases: int
    intended: float
    refused: float
    silently_wrong: float
    restored: float
    microseconds: float
    by_category: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class RepairFigures:
    corpus: Shares
    generated: Shares

    @property
    def good(self) -> float:
        """The share of all texts that were restored to the intended object or refused."""
        return 1 - self.silently_wrong

    @property
    def silently_wrong(self) -> float:
        """The share of all texts that were read as something else, without a word that anything was lost."""
        both = (self.corpus, self.generated)
        return sum(item.silently_wrong * item.cases for item in both) / sum(item.cases for item in both)


def measure(seed: int = 1, count: int = 2000) -> RepairFigures:
    """The hand-made corpus and `count` generated texts. Takes a few seconds."""
    document = json.loads(CORPUS.read_text(encoding="utf-8"))
    schemas = document["schemas"]
    return RepairFigures(
        corpus=shares(corpus(document["cases"]), schemas), generated=shares(broken(schemas, seed, count), schemas)
    )


def corpus(cases: Iterable[Mapping[str, Any]]) -> list[Broken]:
    return [
        Broken(case["kind"], case["schema"], case["text"], None if case["intended"] == "refuse" else case["intended"])
        for case in cases
    ]


def shares(cases: Iterable[Broken], schemas: Mapping[str, Any]) -> Shares:
    by_category: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    seconds = 0.0
    for case in cases:
        started = perf_counter()
        found = outcome(case, schemas[case.schema])
        seconds += perf_counter() - started
        by_category.setdefault(case.category, Counter())[found] += 1
        knowable = case.intended is not None and not case.destroyed
        totals.update([found, "all", *(["knowable"] * knowable), *(["restored"] * (knowable and found == "intended"))])
    return Shares(
        totals["all"],
        totals["intended"] / totals["all"],
        totals["refused"] / totals["all"],
        totals["silently_wrong"] / totals["all"],
        totals["restored"] / max(totals["knowable"], 1),
        seconds / totals["all"] * 1e6,
        {category: dict(counts) for category, counts in sorted(by_category.items())},
    )


def outcome(case: Broken, schema: Mapping[str, Any]) -> Outcome:
    try:
        found = arguments(case.text, schema, case.schema)
    except Unreadable:
        return "refused"
    if found.lossy:
        return "refused"
    right = case.intended is not None and same(found.value, case.intended)
    return "intended" if right else "silently_wrong"


if __name__ == "__main__":
    json.dump(asdict(measure()), sys.stdout, indent=2)
