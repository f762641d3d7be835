"""The foreign site that other tests play on: Wagtail's own groups, what readers see, and its way back to the start."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from agent.profiles.check import check_profile

APPS = Path(__file__).parent / "apps"
PASSWORD = "quiet-harbour-9"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.targets.wagtail_site", "--now", "2026-03-01T09:00:00+00:00"]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline().split()[3]
    finally:
        process.terminate()
        assert process.wait() == 0


def signed_in(site: str, name: str) -> httpx.Client:
    client = httpx.Client(base_url=site, follow_redirects=True, timeout=60)
    page = client.get("/admin/login/")
    answer = client.post("/admin/login/", data={"username": name, "password": PASSWORD, **token(page)})
    assert answer.url.path == "/admin/"
    return client


def token(page: httpx.Response) -> dict[str, str]:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found
    return {"csrfmiddlewaretoken": found[1]}


@pytest.mark.timeout(300)
def test_roles_readers_clock_and_reset(site: str) -> None:
    reader = httpx.Client(base_url=site, timeout=60)
    assert reader.get("/version").json() == {"build": "8"}
    assert "1 found for" in reader.get("/search/", params={"query": "salt"}).text
    assert reader.get("/news/lost-and-found-in-the-reeds/").status_code == 404
    editor, moderator = signed_in(site, "editor"), signed_in(site, "moderator")
    refused = editor.get("/admin/pages/5/unpublish/")
    assert refused.url.path == "/admin/" and "you do not have permission" in refused.text
    asked = moderator.get("/admin/pages/5/unpublish/")
    moderator.post("/admin/pages/5/unpublish/", data=token(asked))
    assert "March 1, 2026" in moderator.get("/admin/reports/site-history/").text
    assert reader.get("/exhibitions/the-salt-road/").status_code == 404
    assert reader.post("/__reset").status_code == 204
    assert reader.get("/exhibitions/the-salt-road/").status_code == 200


def test_the_profile_has_no_mistakes_and_no_warnings() -> None:
    checked = check_profile(APPS, "Wagtail/local", {})
    assert (checked.mistakes, checked.warnings) == ((), ())
