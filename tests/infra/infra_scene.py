"""Sites as processes, and profiles and browsers for them."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from infra_site import PASSWORD

from agent.charter import Profile, Resilience, Role, SignIn
from agent.tools.chromium import require_browser
from agent.tools.seat import BrowserOptions

SITE = Path(__file__).with_name("infra_site.py")


@dataclass
class RunningSite:
    url: str
    process: subprocess.Popen[bytes]

    def asked(self) -> list[str]:
        with urllib.request.urlopen(f"{self.url}/__asked", timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str, body: bytes = b"") -> None:
        urllib.request.urlopen(f"{self.url}{path}", data=body, timeout=60).close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


StartSite = Callable[..., RunningSite]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start_site() -> Iterator[StartSite]:
    """`start_site(delay=2, login="token", port=...)`; ended with the test."""
    started: list[RunningSite] = []

    def start(port: int = 0, **options: Any) -> RunningSite:
        port = port or free_port()
        flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        site = RunningSite(
            f"http://127.0.0.1:{port}", subprocess.Popen([sys.executable, str(SITE), "--port", str(port), *flags])
        )
        started.append(site)
        deadline = time.monotonic() + 20
        while True:
            try:
                site.asked()
                return site
            except OSError:
                assert time.monotonic() < deadline, "the site did not start"
                time.sleep(0.02)

    yield start
    for site in started:
        site.kill()


def person(name: str, **changes: Any) -> Role:
    fields = (("Email", name), ("Password", "{{secret:PASSWORD}}"))
    return replace(Role(name, SignIn("/sign-in", fields, "Sign in")), **changes)


@pytest.fixture
def profile(tmp_path: Path) -> Callable[..., Profile]:
    def make(url: str, *roles: Role, **changes: Any) -> Profile:
        plain = Profile("Site", "local", tmp_path, url, "local", roles, secrets=(("PASSWORD", PASSWORD),))
        return replace(plain, **{"resilience": Resilience(patience=1.0), **changes})

    return make


@pytest.fixture
def options(tmp_path: Path) -> Callable[..., BrowserOptions]:
    """How a role's browser is opened in this test's run folder."""
    path = require_browser(os.environ)

    def make(role: Role, profile: Profile, **changes: Any) -> BrowserOptions:
        folder = tmp_path / "run"
        plain = BrowserOptions(role, profile, path, folder / "browsers", artefacts=folder / "roles" / role.name)
        return replace(plain, **changes)

    return make
