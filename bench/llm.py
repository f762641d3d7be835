"""The layer between roles and models in figures: what it costs, what it mends, what it asks of a provider, and what a
storm of faults does to a run.
"""

from collections.abc import Callable
from dataclasses import asdict

from bench import growth, imports, limiter, overhead, repair, storm
from bench.figures import Figures

BOUNDS = {
    "sdks_loaded": "0",
    "overhead_ratio": "<= 1.3",
    "repair_intended": ">= 0.95, restored or refused",
    "repair_silently_wrong": "<= 0.005",
    "repair_growth": "<= 8 for four times the text",
    "limiter_429_share": "<= 0.02",
    "limiter_sent_while_drained": "0",
    "storm_lost_turns": "0",
    "storm_wrong_writes": "0",
    "storm_counted_rightly": "True",
}


async def measure(turns: int, say: Callable[[str], None]) -> Figures:
    """About ten minutes for 300 turns of the storm, most of it real browsing."""
    figures = Figures(BOUNDS)
    say("Import of the program without a provider ...")
    _add_imports(figures, await imports.measure())
    for protocol in ("openai", "gemini"):
        say(f"Overhead of a call, {protocol}, against the bare SDK ...")
        _add_overhead(figures, await overhead.measure(protocol))
    say("Repair of arguments ...")
    _add_repair(figures, repair.measure())
    grown = growth.measure()
    figures.add("repair_growth", grown.worst, grown.worst <= 8)
    say("Two processes at a limited provider ...")
    _add_limiter(figures, await limiter.measure())
    for protocol in ("openai", "gemini"):
        say(f"Fault storm, {protocol}: three roles of {turns} turns ...")
        _add_storm(figures, await storm.measure(protocol, turns), turns)
    return figures


def _add_imports(figures: Figures, found: imports.ImportFigures) -> None:
    figures.add("import_seconds", round(found.seconds, 2))
    figures.add("sdks_loaded", len(found.loaded), not found.loaded)


def _add_overhead(figures: Figures, found: overhead.OverheadFigures) -> None:
    """The worse of the two protocols is the published ratio."""
    worst = max(figures.values.get("overhead_ratio", 0.0), found.ratio)
    figures.add("overhead_ratio", worst, found.ratio <= 1.3)
    figures.add(f"overhead_{found.protocol}", f"{found.layer_ms} ms against {found.bare_ms} ms bare: {found.ratio}")


def _add_repair(figures: Figures, found: repair.RepairFigures) -> None:
    sets = (found.corpus, found.generated)
    cases = sum(each.cases for each in sets)
    intended = sum(each.intended * each.cases for each in sets) / cases
    wrong = sum(each.silently_wrong * each.cases for each in sets) / cases
    figures.add("repair_cases", f"{found.corpus.cases} by hand, {found.generated.cases} generated")
    figures.add("repair_intended", round(1 - wrong, 4), all(each.silently_wrong <= 0.05 for each in sets))
    figures.add("repair_restored", round(intended, 4))
    figures.add("repair_refused", round(1 - intended - wrong, 4))
    figures.add("repair_silently_wrong", round(wrong, 4), all(each.silently_wrong <= 0.005 for each in sets))


def _add_limiter(figures: Figures, found: limiter.LimiterFigures) -> None:
    figures.add("limiter_requests", found.requests, found.succeeded == limiter.CALLS)
    figures.add("limiter_429_share", round(found.share_refused, 4), found.share_refused <= 0.02)
    figures.add("limiter_sent_while_drained", found.sent_while_drained, found.sent_while_drained == 0)


def _add_storm(figures: Figures, found: storm.StormFigures, turns: int) -> None:
    lost = figures.values.get("storm_lost_turns", 0) + found.lost_turns
    wrong = figures.values.get("storm_wrong_writes", 0) + found.wrong_writes
    rightly = figures.values.get("storm_counted_rightly", True) and found.counted_rightly
    figures.add("storm_lost_turns", lost, not lost)
    figures.add("storm_wrong_writes", wrong, not wrong)
    figures.add("storm_counted_rightly", rightly, rightly)
    whole = found.ended == ("completed: budget",) * len(storm.ROLES) and found.reports == 1
    summary = (
        f"{found.turns} turns, {found.replies} replies, {found.kinds} kinds of faults: {found.retries} tried again, "
        f"{found.asked_again} asked again; waited {found.waited:.0f} s (virtual)"
    )
    figures.add(f"storm_{found.protocol}", summary, whole and (found.kinds >= 20 or turns < 100))
    figures.values.setdefault("storm_details", {})[found.protocol] = asdict(found)
