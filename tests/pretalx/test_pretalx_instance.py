"""One pretalx as others start it: the command, builds, reset, the manifest, and that faults leave the rest alone."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from pretalx_site import ORGA, ORGANISER, Site

from bench.pretalx.environment import VERSION, Environment
from bench.pretalx.faults import FAULTS, UnknownFaultError, parse_faults
from bench.pretalx.instance import Instance, StartFailed

pytestmark = pytest.mark.timeout(900)
SETTINGS = """import pretalx.settings
own = list(pretalx.settings.MIDDLEWARE)
import inside.settings as ours
print(ours.MIDDLEWARE == own, ours.MIDDLEWARE[:-1] == own)"""


def test_reset_brings_the_seeded_data_back(sites: Callable[[str], Site]) -> None:
    site = sites("none")
    organiser = site.person(ORGANISER)
    before = organiser.page(f"{ORGA}/schedule/rooms/")
    organiser.send(f"{ORGA}/schedule/rooms/new/", name_0="Lighthouse")
    assert "Lighthouse" in organiser.page(f"{ORGA}/schedule/rooms/")
    assert httpx.post(f"{site.url}/__reset", timeout=60).status_code == 204
    assert organiser.client.get(f"{ORGA}/").url.path == "/orga/event/democon/login/", "sessions are gone too"
    assert site.person(ORGANISER).page(f"{ORGA}/schedule/rooms/").count("<tr") == before.count("<tr")


def test_a_build_file_switches_its_faults_on_and_stays_unnamed(
    prepared: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "abc123").write_text("# the deployed list\nP05\nP01 # no description\n")
    monkeypatch.setenv("PRETALX_BUILDS", str(tmp_path))
    with Instance("abc123") as instance:
        site = Site(instance.url)
        assert instance.build() == "abc123"
        assert "href=/democon/programme/" in site.visitor().page("/democon/cfp")
        assert "avatar.png" not in site.visitor().page("/democon/talk/339QFP/")
        instance.switch("P06")
        changed = Site(instance.url).visitor()
        assert "programme" not in changed.page("/democon/cfp") and "avatar.png" in changed.page("/democon/talk/339QFP/")
    with pytest.raises(httpx.ConnectError):
        httpx.get(instance.url)


def test_an_unknown_fault_ends_with_one_sentence(prepared: Environment) -> None:
    command = [sys.executable, "-m", "bench.pretalx", "--port", "0", "--build", "P99"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("Unknown fault 'P99'") and ended.stderr.count("\n") == 1
    with pytest.raises(StartFailed, match="Unknown fault 'OOPS'"):
        Instance("oops").start()


def test_lists_of_faults_are_read_in_every_spelling() -> None:
    assert parse_faults("P02,P01") == parse_faults("P01+P02") == parse_faults("p01 # first\n P02\n") == ("P01", "P02")
    assert parse_faults("none") == parse_faults("") == ()
    assert parse_faults("all") == tuple(FAULTS)
    with pytest.raises(UnknownFaultError):
        parse_faults("P00")


def test_the_manifest_holds_every_letter_and_most_are_no_alarms() -> None:
    oracles = "".join(fault.oracle for fault in FAULTS.values())
    assert oracles == "AAAAAAAACCCCCCCCCCWWWWRRRRR"
    assert len({fault.summary for fault in FAULTS.values()}) == len(FAULTS) == 27


def test_without_faults_pretalx_is_as_its_makers_left_it(prepared: Environment, tmp_path: Path) -> None:
    (tmp_path / "pretalx.cfg").write_text(f"[filesystem]\ndata = {tmp_path}\n")

    def told(planted: str) -> str:
        variables = prepared.variables(os.environ) | {"PLANTED": planted}
        command = [str(prepared.python), "-c", SETTINGS]
        return subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60, check=True
        ).stdout.split("\n")[-2]

    assert told("") == "True False"
    assert told("P01") == "False True"


@pytest.mark.parametrize("path", ["/", "/democon/", "/democon/speaker/", "/democon/schedule/nojs", "/harbourconf/"])
def test_pages_that_no_fault_is_about_are_the_same_byte_for_byte(path: str, sites: Callable[[str], Site]) -> None:
    sound, faulty = sites("none"), sites("all")
    pages = [httpx.get(site.url + path, timeout=60).content.replace(site.url.encode(), b"") for site in (sound, faulty)]
    assert pages[0] == pages[1]


def test_the_two_environments_reach_nothing_of_each_other(prepared: Environment) -> None:
    assert prepared.python.is_relative_to(Path.cwd() / ".charterbot" / f"pretalx-{VERSION}")
    hostile = {"PYTHONPATH": "/ours", "PRETALX_DEBUG": "1", "DJANGO_SETTINGS_MODULE": "ours", "PATH": "/bin"}
    handed = prepared.variables(hostile)
    assert "PRETALX_DEBUG" not in handed and "/ours" not in handed["PYTHONPATH"]
    assert (handed["PATH"], handed["DJANGO_SETTINGS_MODULE"]) == ("/bin", "inside.settings")
