"""`charterbot costs` as a person runs it: the real program over real files."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.llm.costs import CostLine, CostLog

LINE = CostLine(
    at="2026-05-04T12:00:00+00:00",
    run="r1",
    app="Clubhouse/local",
    role="member",
    provider="openai",
    model="gpt-5.4-mini",
    input=1_234_567,
    cached=400_000,
    output=2_000,
    reasoning=500,
    seconds=12.25,
    outcome="called",
    price=1.25,
    tries=1,
    waited=2.5,
)
LOCAL = replace(
    LINE, model="hf.co/Qwen/Qwen3-14B-GGUF:Q4_K_M", role="[bold]coach", price=None, at="2026-05-05T09:00:00Z"
)


def costs(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CHARTERBOT_")}
    return subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", "costs", *words],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "60", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def written(tmp_path: Path) -> Path:
    log = CostLog(tmp_path / "runs" / "Clubhouse" / "local" / "one" / "usage.ndjson")
    log.add(LINE)
    log.add(LINE)
    CostLog(tmp_path / "runs" / "Clubhouse" / "local" / "two" / "usage.ndjson").add(LOCAL)
    return tmp_path


def test_four_tables_tell_what_was_spent_in_full_figures(written: Path):
    said = costs(written)
    assert said.returncode == 0, said.stderr
    for key in ("app", "role", "model", "day"):
        assert f"By {key}" in said.stdout
    rows = {line.split()[0]: line.split()[1:] for line in said.stdout.splitlines() if len(line.split()) > 8}
    assert rows["gpt-5.4-mini"] == ["2", "2,469,134", "800,000", "4,000", "1,000", "24.5", "5.0", "2.5000"]
    assert rows["hf.co/Qwen/Qwen3-14B-GGUF:Q4_K_M"][-1] == "unknown"
    assert rows["Clubhouse/local"][-3:] == ["2.5000", "+", "unknown"]
    assert rows["[bold]coach"][0] == rows["2026-05-05"][0] == "1"
    assert "Calls without a known price: 1 of 3." in said.stdout
    assert "skipped" not in said.stdout


def test_json_is_one_object_in_the_last_line_and_an_unknown_price_is_null(written: Path):
    said = costs(written, "--json")
    assert said.returncode == 0, said.stderr
    [line] = said.stdout.splitlines()
    data = json.loads(line)
    assert data["total"] == {
        "calls": 3,
        "input": 3_703_701,
        "cached": 1_200_000,
        "output": 6_000,
        "reasoning": 1_500,
        "seconds": 36.75,
        "waited": 7.5,
        "price": 2.5,
        "unpriced": 1,
    }
    assert data["by_role"]["[bold]coach"]["price"] is None
    assert list(data["by_day"]) == ["2026-05-04", "2026-05-05"]
    assert data["files"] == 2
    assert "By model" in said.stderr


def test_without_a_call_it_says_where_it_looked_and_what_writes_the_lines(tmp_path: Path):
    said = costs(tmp_path)
    assert said.returncode == 0
    assert said.stdout.splitlines() == [
        f"No model call was found in any usage.ndjson below {tmp_path.resolve() / 'runs'}; "
        "a run with CHARTERBOT_LLM set to gemini or openai writes one into its folder."
    ]
    assert json.loads(costs(tmp_path, "--json").stdout)["total"]["calls"] == 0


def test_torn_and_foreign_lines_are_skipped_and_counted(written: Path):
    with (written / "runs" / "Clubhouse" / "local" / "one" / "usage.ndjson").open("a") as file:
        file.write('{"some": "thing"}\n{"at": "2026-')
    said = costs(written)
    assert said.returncode == 0, said.stderr
    assert "Lines skipped because they are torn or no cost lines: 2." in said.stdout
    assert json.loads(costs(written, "--json").stdout)["skipped_lines"] == 2
