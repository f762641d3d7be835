"""The lines that tell what calls cost: written by real processes, some of them killed, read back and summed."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agent.llm.costs import CostLine, CostLog, Total, read_costs, scan_costs, spent_today, total, totals
from agent.llm.spending import Spend

LINE = CostLine(
    at="2026-05-04T12:00:00.000+00:00",
    run="r1",
    app="Clubhouse/local",
    role="member",
    provider="openai",
    model="m1",
    input=100,
    cached=40,
    output=10,
    reasoning=4,
    seconds=1.5,
    outcome="called",
    price=0.25,
    tries=2,
    waited=3.0,
)

WRITER = """
import sys
from pathlib import Path
from dataclasses import replace
from agent.llm.costs import CostLine, CostLog
log = CostLog(Path(sys.argv[1]))
number = 0
print("ready", flush=True)
while sys.argv[2] == "for ever" or number < int(sys.argv[2]):
    number += 1
    log.add(CostLine("2026-05-04T12:00:00+00:00", "r1", "A/b", "r", "openai", "m" * 2000, number, 0, 0, 0, 0.0, "said",
                     None, 1, 0.0))
"""


def writer(path: Path, count: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), count], stdout=subprocess.PIPE)


def test_what_was_added_is_read_back(tmp_path: Path):
    lines = [LINE, replace(LINE, role="Kurs-Köchin", price=None, outcome="busy", input=0, output=0)]
    log = CostLog(tmp_path / "Clubhouse" / "local" / "run" / "usage.ndjson")
    for line in lines:
        log.add(line)
    assert read_costs(tmp_path) == lines
    assert json.loads((tmp_path / "Clubhouse/local/run/usage.ndjson").read_text().splitlines()[0]) == asdict(LINE)


def test_two_processes_that_write_into_one_file_tear_no_line(tmp_path: Path):
    file = tmp_path / "usage.ndjson"
    started = [writer(file, "300") for _ in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    book = scan_costs(tmp_path)
    assert (len(book.lines), book.skipped) == (600, 0)


def test_a_killed_writer_loses_no_line_and_its_torn_one_does_not_spoil_the_next(tmp_path: Path):
    file = tmp_path / "usage.ndjson"
    process = writer(file, "for ever")
    assert process.stdout is not None
    process.stdout.readline()
    while not file.exists() or file.stat().st_size < 200_000:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    whole = len(read_costs(tmp_path))
    with file.open("ab") as torn:  # what a full disk or a crash of the machine would leave
        torn.write(json.dumps(asdict(LINE)).encode()[:70])
    CostLog(file).add(LINE)
    book = scan_costs(tmp_path)
    assert len(book.lines) == whole + 1
    assert [line.input for line in book.lines] == [*range(1, whole + 1), LINE.input]
    assert book.skipped == 1


@pytest.mark.parametrize(
    "foreign",
    [
        b"\xff\xfe\x00",
        b"[]",
        b"17",
        b'{"calls": 3}',
        json.dumps({**asdict(LINE), "input": "100"}).encode(),
        json.dumps({**asdict(LINE), "input": 1.5}).encode(),
        json.dumps({**asdict(LINE), "at": "yesterday"}).encode(),
        json.dumps({**asdict(LINE), "price": float("nan")}).encode(),
        json.dumps({**asdict(LINE), "waited": float("inf")}).encode(),
    ],
)
def test_a_foreign_line_is_skipped_and_counted(tmp_path: Path, foreign: bytes):
    (tmp_path / "usage.ndjson").write_bytes(foreign + b"\n\n" + json.dumps(asdict(LINE)).encode() + b"\n")
    book = scan_costs(tmp_path)
    assert book.lines == (LINE,)
    assert (book.files, book.skipped) == (1, 1)


def test_a_line_of_a_later_version_with_more_keys_is_read(tmp_path: Path):
    (tmp_path / "usage.ndjson").write_text(json.dumps({**asdict(LINE), "purpose": "judge"}) + "\n")
    assert read_costs(tmp_path) == [LINE]


def test_runs_of_an_older_version_are_counted_too(tmp_path: Path):
    today = datetime.now(UTC)
    now = replace(LINE, at=today.isoformat())
    CostLog(tmp_path / "Clubhouse" / "local" / "old" / "costs.ndjson").add(now)
    CostLog(tmp_path / "Clubhouse" / "local" / "new" / "usage.ndjson").add(now)
    assert (len(read_costs(tmp_path)), scan_costs(tmp_path).files) == (2, 2)
    assert spent_today(tmp_path, "Clubhouse/local", today.date()).tokens == 220


def test_no_folder_is_no_lines(tmp_path: Path):
    assert read_costs(tmp_path / "none") == []


def test_sums_by_each_key():
    lines = [
        LINE,
        replace(LINE, role="coach", app="Clubhouse/staging", price=0.5),
        replace(LINE, model="m2", at="2026-05-05T00:30:00+02:00", seconds=0.5),
    ]
    assert totals(lines, "role") == {
        "coach": Total(1, 100, 40, 10, 4, 1.5, 3.0, 0.5),
        "member": Total(2, 200, 80, 20, 8, 2.0, 6.0, 0.5),
    }
    assert {name: sums.calls for name, sums in totals(lines, "app").items()} == {
        "Clubhouse/local": 2,
        "Clubhouse/staging": 1,
    }
    assert {name: sums.calls for name, sums in totals(lines, "model").items()} == {"m1": 2, "m2": 1}
    # Half past midnight in Berlin is the day before in UTC.
    assert {name: sums.calls for name, sums in totals(lines, "day").items()} == {"2026-05-04": 3}


def test_an_unknown_price_is_never_zero():
    unknown, free = replace(LINE, price=None), replace(LINE, price=0.0)
    failed = replace(LINE, price=0.0, input=0, output=0, outcome="failed")
    assert total([unknown, unknown]).price is None
    assert total([unknown, failed]).price is None
    assert (total([unknown, LINE]).price, total([unknown, LINE]).unpriced) == (0.25, 1)
    assert total([unknown, free]).price == 0
    assert total([free]).price == total([failed]).price == total([]).price == 0


def test_the_day_of_a_profile_counts_its_own_lines_of_today_only(tmp_path: Path):
    today = datetime.now(UTC)
    now = replace(LINE, at=today.isoformat())
    folder = tmp_path / "Clubhouse" / "local"
    first, second = CostLog(folder / "one" / "usage.ndjson"), CostLog(folder / "two" / "usage.ndjson")
    first.add(now)
    first.add(LINE)  # of another day
    second.add(replace(now, price=None))
    second.add(replace(now, app="Clubhouse/staging"))
    CostLog(tmp_path / "Clubhouse" / "staging" / "one" / "usage.ndjson").add(replace(now, app="Clubhouse/staging"))
    assert spent_today(tmp_path, "Clubhouse/local", today.date()) == Spend(220, 0.25)
    assert spent_today(tmp_path, "Clubhouse/staging", today.date()) == Spend(110, 0.25)
    assert spent_today(tmp_path, "Clubhouse/none", today.date()) == Spend()
    assert spent_today(tmp_path, "Clubhouse/local", date(2026, 5, 4)) == Spend(110, 0.25)


def test_files_that_were_finished_before_today_are_not_read_for_the_day(tmp_path: Path):
    today = datetime.now(UTC)
    file = tmp_path / "A" / "b" / "one" / "usage.ndjson"
    CostLog(file).add(replace(LINE, app="A/b", at=today.isoformat()))
    assert spent_today(tmp_path, "A/b", today.date()).tokens == 110
    os.utime(file, (0, 0))
    assert spent_today(tmp_path, "A/b", today.date()).tokens == 0
