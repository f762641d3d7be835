"""The clean twin of a test module, an instance whose defects it switches, and one browser for it."""

import os
import shutil
from collections.abc import Iterator

import pytest
from clubhouse_site import Site, Switchable, serve
from playwright.sync_api import Browser, sync_playwright

FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def twin() -> Iterator[Site]:
    with serve("none") as site:
        yield site


@pytest.fixture(scope="module")
def site() -> Iterator[Switchable]:
    with serve("none") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    installed = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    path = os.environ.get("CHARTERBOT_BROWSER") or next((found for found in installed if found), None)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()
