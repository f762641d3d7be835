"""One instance as others start it: the command, builds, reset, and the manifest that repeats the table."""

import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from clubhouse_site import MEMBER, TODAY, Site, serve, started

from demo.clubhouse.defects import DEFECT_IDS, UnknownDefectError, parse_defects
from demo.clubhouse.manifest import DECOYS, DEFECTS
from demo.clubhouse.seed import seed
from demo.clubhouse.store import SCHEMA

ORACLES = "AAAAAAAAAACAACCAACCCCCCCCCCWWWWWRRRRRRRRCWCCCCAA"


def test_a_build_file_switches_its_defects_on_and_stays_unnamed(tmp_path: Path) -> None:
    (tmp_path / "abc123").write_text("# the deployed list\nD12, D01\nD03 # no description\n")
    with started("--build", "abc123", CLUBHOUSE_BUILDS=str(tmp_path)) as (url, build):
        assert build == "abc123"
        assert httpx.get(f"{url}/version").json() == {"build": "abc123"}
        assert httpx.get(f"{url}/terms").status_code == 404
        assert httpx.post(f"{url}/__reset").status_code in {404, 405}
        partner = re.search(r'src="(http://[^"]+)/court-ads.js"', httpx.get(url).text)
        assert partner and partner[1] != url
        assert "console.error" in httpx.get(f"{partner[1]}/court-ads.js").text
        assert httpx.get(f"{partner[1]}/home").status_code == 404
        assert httpx.get(f"{url}/favicon.ico").status_code == 404


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_instance_leaves_nothing_behind_however_it_ends(tmp_path: Path, end: int) -> None:
    with started(end=end, TMPDIR=str(tmp_path)) as (url, _):
        assert httpx.get(f"{url}/version").status_code == 200
        assert httpx.post(f"{url}/login", data={"email": MEMBER, "password": "court-and-net"}).status_code == 303
    assert list(tmp_path.iterdir()) == []


def test_data_and_sessions_that_are_kept_are_there_for_the_next_build(tmp_path: Path) -> None:
    with started("--keep", str(tmp_path / "data")) as (url, _):
        cookies = Site(url).person(MEMBER).cookies
        member = httpx.Client(base_url=url, cookies=cookies)
        assert member.post("/api/bookings/1/cancel", json={}).status_code == 200
        before = member.get("/api/my/bookings").json()
    with started("--keep", str(tmp_path / "data")) as (url, _):
        assert httpx.Client(base_url=url, cookies=cookies).get("/api/my/bookings").json() == before


@pytest.mark.parametrize("build", ["D99", "D01,oops"])
def test_an_unknown_defect_ends_with_one_sentence(build: str) -> None:
    command = [sys.executable, "-m", "demo.clubhouse", "--port", "0", "--build", build]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("Unknown defect") and ended.stderr.count("\n") == 1


def test_lists_of_defects_are_read_in_every_spelling() -> None:
    assert (
        parse_defects("D01,D02") == parse_defects("D01+D02") == parse_defects("d01 # first\n D02\n") == {"D01", "D02"}
    )
    assert parse_defects("none") == parse_defects("") == frozenset()
    assert parse_defects("all") == frozenset(DEFECT_IDS)
    with pytest.raises(UnknownDefectError):
        parse_defects("D49")


def test_reset_brings_the_seeded_data_back_within_milliseconds() -> None:
    with serve("none") as site:
        member = site.person(MEMBER)
        before = member.get("/api/my/bookings").json()
        assert member.post("/api/bookings/1/cancel", json={}).status_code == 200
        assert member.get("/api/my/bookings").json() != before
        # The instance is a thread of this process; its own work counts, not that of a busy machine.
        begun = time.process_time()
        site.reset()
        assert time.process_time() - begun < 0.2
        assert member.get("/home").url.path == "/login", "sessions are gone too"
        assert site.person(MEMBER).get("/api/my/bookings").json() == before


def test_an_instance_with_all_defects_still_serves() -> None:
    with serve("all") as site:
        assert site.person(MEMBER).get("/home").status_code == 200


def test_a_fresh_instance_answers_within_two_seconds() -> None:
    # Its own work counts, not that of a busy machine.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with started("--build", "all") as (url, _):
        assert httpx.get(f"{url}/").status_code == 200
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_the_same_day_brings_the_same_data() -> None:
    def data(day: date) -> str:
        with closing(sqlite3.connect(":memory:")) as database:
            database.executescript(SCHEMA)
            seed(database, day)
            return "\n".join(database.iterdump())

    assert data(TODAY) == data(TODAY) != data(TODAY + timedelta(days=1))


def test_the_manifest_repeats_the_table() -> None:
    assert tuple(DEFECTS) == DEFECT_IDS
    assert "".join(defect.oracle for defect in DEFECTS.values()) == ORACLES
    assert list(DECOYS) == [f"Y{number:02}" for number in range(1, 15)]
    severities = [defect.severity for defect in DEFECTS.values()]
    assert [severities.count(one) for one in ("critical", "high", "medium", "low")] == [6, 16, 14, 12]
