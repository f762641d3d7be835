"""The explorer in figures: what a turn sends and costs, whether it keeps its head over hundreds of turns, what stands
in its way, and what a dead server costs.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import context, dead_server, overlays, soak
from bench.figures import Figures

KILLS = 10
CPU_TURNS = 60
BOUNDS = {
    "median_request_share": "<= 0.3334 of the same observations kept uncompressed",
    "prefix_unchanged": ">= 0.7, median from turn to turn",
    "host_cpu_ms_per_turn": "< 15, median, without model, browser and MCP server",
    "overlays_recovered": "all",
    "overlay_most_calls": "<= 4",
    "destructive_clicks": "0",
    "dead_server_seconds": "<= 60 until every role has ended",
    "dead_server_calls": "<= 5 of a role after the end of the server",
    "dead_server_told": "1 observation for the run, every role ended as target_down",
    "turns": "all, of each role",
    "memory_growth": "<= 0.1, last quarter over the second, in PSS",
    "prompt_largest": "<= the epoch's limit and what comes with it",
    "repeated_ground": "<= 0.15, of the worst role",
    "findings_confirmed": "> 0",
    "findings_lost": "0",
    "findings_doubled": "0",
    "roles_ended": "all with a reason",
}


async def measure(turns: int, say: Callable[[str], None]) -> Figures:
    """About 20 minutes for 500 turns of each of five roles on two cores."""
    figures = Figures(BOUNDS)
    say("Tokens of a 200-turn run ...")
    tokens = await context.measure()
    share, prefix = round(tokens.median_request_share, 4), round(tokens.prefix_unchanged, 4)
    figures.add("median_request_share", share, share <= 0.3334)
    figures.add("prefix_unchanged", prefix, prefix >= 0.7)
    folder = Path(tempfile.mkdtemp(prefix="charterbot-bench-"))
    try:
        say(f"Processor time of {CPU_TURNS} turns of one role ...")
        cpu = await soak.host_cpu_ms(CPU_TURNS, folder / "cpu")
        figures.add("host_cpu_ms_per_turn", cpu, cpu < 15)
        say("Overlays and dialogs ...")
        _add_overlays(figures, await overlays.measure(say))
        say("A server that dies in the middle of a run ...")
        dead = await dead_server.measure(folder / "dead")
        figures.add("dead_server_seconds", dead.seconds, dead.seconds <= 60)
        figures.add("dead_server_calls", dead.most_calls, dead.most_calls <= 5)
        as_told = set(dead.reasons.values()) == {"target_down"} and dead.told == 1
        figures.add("dead_server_told", dead.told, as_told and len(dead.reasons) == dead_server.ROLES)
        say(f"Five roles of {turns} turns each, the worker killed {KILLS} times on the way ...")
        _add_soak(figures, await soak.measure(turns, KILLS, folder / "soak"), turns)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return figures


def _add_overlays(figures: Figures, found: Mapping[str, Any]) -> None:
    recovered, pages = found["overlays_recovered"], found["overlays"]
    figures.add("overlays_recovered", f"{recovered} of {pages}", recovered == pages)
    figures.add("overlay_most_calls", found["most_calls"], found["most_calls"] <= 4)
    figures.add("destructive_clicks", found["destructive_clicks"], found["destructive_clicks"] == 0)


def _add_soak(figures: Figures, found: soak.SoakFigures, turns: int) -> None:
    figures.add("turns", found.turns, found.fewest_turns >= turns)
    figures.add("memory_growth", found.memory_growth, found.memory_growth is not None and found.memory_growth <= 0.1)
    figures.add("prompt_largest", found.prompt_largest, found.prompt_largest <= found.prompt_limit)
    figures.add("repeated_ground", found.repeated, found.repeated <= 0.15)
    figures.add("revisit_rate", found.revisits)
    figures.add("findings_confirmed", found.confirmed, found.confirmed > 0)
    figures.add("findings_lost", found.lost, found.lost == 0)
    figures.add("findings_doubled", found.doubled, found.doubled == 0)
    figures.add("roles_ended", len(found.ended), len(found.ended) == found.roles)
    figures.add("soak_details", asdict(found))
