"""The demo's arithmetic: what counts as a duplicate, and which defects are tried first."""

from agent.evidence.finding import Alarm, Finding, Fingerprint, Repro, Step, Verdict
from demo.attribution import ranked
from demo.outcome import FindingFigures, RunFigures, duplicates_of, finding_checks, rerun_check, twin_checks


def finding(alarm: Alarm, path: str) -> Finding:
    repro = Repro((Step("member", "goto", value=path),), 0, alarm)
    verdict = Verdict("CONFIRMED", 5, 5, "clean")
    return Finding(Fingerprint("f", ()), "t", "high", "member", alarm, repro, verdict, "Clubhouse", "local")


def test_a_second_issue_of_one_defect_is_a_duplicate_of_the_run_that_filed_it():
    filed = [("a", "D01"), ("a", "D02"), ("b", "D01"), ("b", None), ("b", None)]
    assert duplicates_of("a", filed) == 0
    assert duplicates_of("b", filed) == 1
    assert duplicates_of("a", [("a", "D01"), ("a", "D01"), ("a", "D01")]) == 2


def test_defects_of_the_page_and_kind_come_first_and_all_are_tried():
    alarm = Alarm("server_error", "/search", "GET /search 500", "", "http://a/search", "http://a/search")
    order = ranked(finding(alarm, "/search?q=o'clock"), frozenset({"D01", "D02", "D47", "D12"}))
    assert order[0] == "D01"
    assert sorted(order) == ["D01", "D02", "D12", "D47"]


def run(state="completed", filed=9, duplicates=0, first: float | None = 40.0) -> RunFigures:
    return RunFigures("r", state, 200.0, 180, filed, first, duplicates)


def filed(count: int, defect: str | None = "") -> list[FindingFigures]:
    defects = [f"D{n:02}" if defect == "" else defect for n in range(count)]
    return [FindingFigures(n, "t", "f", name, "CONFIRMED", 5, 5, "member") for n, name in enumerate(defects)]


def failed(checks) -> list[str]:
    return [check.what for check in checks if not check.ok]


def test_a_good_story_passes_every_check():
    assert failed(finding_checks([run(), run(filed=0, first=None)], filed(9), 9)) == []


def test_each_thing_that_may_go_wrong_fails_its_own_check():
    runs = [run(), run(filed=0, first=None)]
    assert failed(finding_checks(runs, filed(7), 7)) == ["at least 8 distinct defects filed"]
    assert "every issue has a defect behind it" in failed(finding_checks(runs, filed(9, None), 9))
    assert failed(finding_checks(runs, filed(9), 10)) == ["no duplicates"]
    assert failed(finding_checks([run(duplicates=1)], filed(9), 9)) == ["no duplicates"]
    assert failed(finding_checks([run(state="failed")], filed(9), 9)) == ["both runs completed"]
    assert failed(finding_checks([run(first=None)], filed(9), 9)) == ["the first issue was filed while the run went on"]


def test_a_known_finding_that_is_replayed_anew_is_told_but_one_that_was_fixed_may_be():
    assert rerun_check(["a", "b"], [], ["c"]).ok
    assert rerun_check(["a", "b"], ["b"], ["b"]).ok
    assert not rerun_check(["a", "b"], ["b"], ["a"]).ok


def test_one_issue_on_the_twin_is_one_too_many():
    assert failed(twin_checks([run(filed=0)], 0)) == []
    assert failed(twin_checks([run(filed=1)], 1)) == ["nothing was filed against the clean twin"]
