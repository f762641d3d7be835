"""`charterbot runs` as a person runs it: the real program over real folders."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from told_run import Tale

from agent.charter import Charter, Profile, Role
from agent.report.write import write_report

ROLES = (Role("buyer", None, capabilities=("Pay an order", "Read the news")),)
SHOP = Profile("Shop", "local", Path("/nowhere"), "http://shop.test", "local", ROLES)
FIRST, SECOND = "20261120T080000Z-aaaaaa", "20261121T090000Z-bbbbbb"


def runs(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CHARTERBOT_")}
    return subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", "runs", *words],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "60", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """The second run went elsewhere, proved one more fault and one other."""
    local = tmp_path / "runs" / "Shop" / "local"
    one = Tale("buyer").arrive("/").go("/news").claim('get_by_text("News")').turn()
    one.prove("[bold]Both[/]", "/a").prove("Old", "/b").stop()
    write_report(local / FIRST, Charter("Explore.", "Shop", "local"), SHOP, one.end())
    other = Tale("buyer").arrive("/").go("/orders").turn(price=0.5).go("/news").turn()
    other.prove("[bold]Both[/]", "/a").prove("Fresh", "/c").prove("Unsure", "/d", "FLAKY").stop()
    write_report(local / SECOND, Charter("Explore.", "Shop", "local"), SHOP, other.end())
    return tmp_path


def test_runs_that_were_written_elsewhere_are_listed_and_compared_too(two: Path):
    (two / "runs").rename(two / "kept")
    assert "There are no runs below" in runs(two).stdout
    rows = runs(two, "--out", "kept").stdout
    assert f"kept/Shop/local/{FIRST}" in rows and f"kept/Shop/local/{SECOND}" in rows
    compared = runs(two, "--out", "kept", "--compare", FIRST, SECOND)
    assert compared.returncode == 0 and "Fresh" in compared.stdout


def test_runs_are_listed_newest_first_with_their_figures(two: Path):
    # Both tales begin at the same minute: the folder's name decides.
    said = runs(two)
    assert said.returncode == 0, said.stderr
    rows = [line.split() for line in said.stdout.splitlines() if "Shop/local" in line]
    assert [row[2:] for row in rows] == [
        ["Shop/local", "completed", "buyer", "2", "2", "$0.5100", f"runs/Shop/local/{SECOND}"],
        ["Shop/local", "completed", "buyer", "1", "2", "$0.0100", f"runs/Shop/local/{FIRST}"],
    ]
    data = json.loads(runs(two, "Shop/local", "--json").stdout)
    assert [(run["run"], run["state"], run["confirmed"], run["turns"]) for run in data["runs"]] == [
        (SECOND, "completed", 2, 2),
        (FIRST, "completed", 2, 1),
    ]


def test_folders_that_were_cut_off_are_listed_as_what_they_are(two: Path):
    local = two / "runs" / "Shop" / "local"
    (local / SECOND / "run.json").unlink()  # cut off before the report, with a torn last line
    journal = (local / SECOND / "journal.jsonl").read_text().splitlines()
    (local / SECOND / "journal.jsonl").write_text("\n".join(journal[:-1]) + '\n{"seq": 9')
    for name, file, text in (("20261122T000000Z-c", "", ""), ("x", "run.json", "{"), ("y", "journal.jsonl", "[]\n")):
        (local / name).mkdir()
        if file:
            (local / name / file).write_text(text)
    data = json.loads(runs(two, "--json").stdout)
    assert {run["run"]: run["state"] for run in data["runs"]} == {
        "20261122T000000Z-c": "no journal",
        SECOND: "running, not ended",
        FIRST: "completed",
        "y": "unreadable",
        "x": "unreadable",
    }
    assert data["runs"][0]["started"] == "2026-11-22T00:00:00+00:00"
    assert (local / SECOND / "journal.jsonl").read_text().endswith('{"seq": 9'), "reading a journal writes nothing"
    assert "no journal" in runs(two).stdout
    assert runs(two, "--compare", FIRST, SECOND).returncode == 0
    said = runs(two, "--compare", FIRST, "20261122T000000Z-c")
    assert said.returncode == 2 and "has no journal and no report; compare runs that" in said.stderr


def test_two_runs_are_compared_by_findings_routes_and_outcomes(two: Path):
    said = runs(two, "--compare", "aaaaaa", f"runs/Shop/local/{SECOND}")
    assert said.returncode == 0, said.stderr
    for line in (
        f"Findings only in {FIRST}: 1",
        f"Findings only in {SECOND}: 1",
        "Findings in both: 1",
        "  [bold]Both[/] (",
        f"Routes only in {SECOND}: 2",
        "  buyer: Pay an order: not reached → touched",
        "  buyer: Read the news: proven → touched",
        "Capabilities that ended otherwise (0 ended alike): 2",
    ):
        assert line in said.stdout
    data = json.loads(runs(two, "--compare", FIRST, SECOND, "--json").stdout)
    assert [found["title"] for found in data["findings"]["only_second"]] == ["Fresh"]
    assert (data["first"]["price"], data["second"]["price"]) == (0.01, 0.51)
    assert "/news" in data["routes"]["both"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--compare", FIRST, "cccccc"), "There is no run cccccc below"),
        (("Shop/staging",), "There are no runs of Shop/staging below"),
        (("Shop/local", "--compare", FIRST, SECOND), "Give either a profile to list or two runs to --compare."),
    ],
)
def test_what_was_named_wrongly_is_one_sentence(two: Path, words: tuple[str, ...], sentence: str):
    said = runs(two, *words)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith(sentence) and said.stderr.count("\n") == 1


def test_no_run_at_all_says_where_it_looked(tmp_path: Path):
    said = runs(tmp_path)
    assert said.returncode == 0
    assert said.stdout == f"There are no runs below {tmp_path / 'runs'}; charterbot explore App/profile makes one.\n"
    assert json.loads(runs(tmp_path, "--json").stdout) == {"runs": []}
