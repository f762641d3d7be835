"""A running site, a profile on disk for it, and runs against both."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from faulty_site import PASSWORD

from agent.book import MemoryBook
from agent.charter import Charter, Profile, Role
from agent.crew import CrewRun
from agent.journal import FileJournal
from agent.llm.base import Model
from agent.profiles.load import load_profile

SITE = Path(__file__).with_name("faulty_site.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class RunningSite:
    url: str
    process: subprocess.Popen[bytes]

    def counts(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/__counts", timeout=5) as answer:
            return json.load(answer)


@pytest.fixture
def start_site() -> Iterator[Callable[[str], RunningSite]]:
    """Starts the site with some faults; it is stopped at the end of the test."""
    started: list[RunningSite] = []

    def start(build: str) -> RunningSite:
        port = free_port()
        command = [sys.executable, str(SITE), "--port", str(port), "--build", build]
        site = RunningSite(f"http://127.0.0.1:{port}", subprocess.Popen(command))
        started.append(site)
        deadline = time.monotonic() + 20
        while True:
            try:
                site.counts()
                return site
            except OSError:
                assert time.monotonic() < deadline, "the site did not start"
                time.sleep(0.02)

    yield start
    for site in started:
        site.process.kill()
        site.process.wait()


def person(name: str, **changes: Any) -> dict[str, Any]:
    fields = {"Email": f"{name}@site.test", "Password": "{{secret:SITE_PASSWORD}}"}
    sign_in = {"path": "/sign-in", "fields": fields, "submit": "Sign in"}
    return {"name": name, "sign_in": sign_in, "iterations": 12, **changes}


class Apps:
    """A folder of profiles with one, Site/local, whose files a test may change."""

    def __init__(self, root: Path):
        self.root = root
        self.folder = root / "Site" / "local"
        self.folder.mkdir(parents=True)
        self.environ = {**os.environ, "SITE_PASSWORD": PASSWORD}
        replay = {
            "start": ["{python}", str(SITE), "--port", "{port}", "--build", "{build}"],
            "url": "http://127.0.0.1:{port}",
            "reset": "POST /__reset",
        }
        self.settings: dict[str, Any] = {
            "url": "http://127.0.0.1:9",
            "environment": "local",
            "version_path": "/version",
            "version_key": "build",
            "replay": replay,
            "replays": 3,
        }
        self.roles: list[dict[str, Any]] = [person("member")]
        self.save()

    def save(self) -> None:
        (self.folder / "settings.json").write_text(json.dumps(self.settings))
        (self.folder / "roles.json").write_text(json.dumps({"roles": self.roles}))

    def load(self, url: str | None = None) -> Profile:
        self.save()
        return load_profile(self.root, "Site/local", self.environ, url)


@pytest.fixture
def apps(tmp_path: Path) -> Apps:
    return Apps(tmp_path / "apps")


class Scene:
    """One run: who plays which role, what was kept, where the journal is."""

    def __init__(self, profile: Profile, environ: dict[str, str], folder: Path):
        self.profile = profile
        self.environ = environ
        self.folder = folder
        self.book = MemoryBook()
        self.charter = Charter("Explore everything.", profile.app, profile.name)

    def journal(self) -> FileJournal:
        return FileJournal(self.folder / "journal.jsonl")

    def run(self, models: dict[str, Model] | Model, **changes: Any) -> CrewRun:
        def model(role: Role) -> Model:
            return models[role.name] if isinstance(models, dict) else models

        values: dict[str, Any] = {
            "charter": self.charter,
            "profile": self.profile,
            "model": model,
            "journal": self.journal(),
            "book": self.book,
            "folder": self.folder,
            "environ": self.environ,
        }
        return CrewRun(**{**values, **changes})

    async def payloads(self, kind: type) -> list[Any]:
        return [event.payload for event in await self.journal().read() if isinstance(event.payload, kind)]


@pytest.fixture
def scene(apps: Apps, tmp_path: Path) -> Callable[[str], Scene]:
    """A run against the site at an address."""
    return lambda url: Scene(apps.load(url), apps.environ, tmp_path / "run")
