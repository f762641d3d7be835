"""One Clubhouse instance behind real HTTP, in a thread or as its own process, and the clients of its people."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import httpx
import uvicorn

from demo.clubhouse.app import AppConfig, create_app
from demo.clubhouse.clock import clock_from
from demo.clubhouse.defects import Switches, parse_defects
from demo.clubhouse.web import House

TODAY = date(2026, 5, 20)
NOW = datetime.combine(TODAY, time(10, 20))
MEMBER, MAINTENANCE, ADMIN = "member@lakeside.test", "maintenance@lakeside.test", "admin@lakeside.test"
OTHER_MEMBER, PLATFORM, NEWCOMER = "member@hilltop.test", "platform@clubhouse.test", "newcomer@lakeside.test"


def ahead(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


@dataclass(frozen=True, slots=True)
class Site:
    url: str

    def visitor(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, follow_redirects=True, timeout=20)

    def person(self, email: str) -> httpx.Client:
        client = self.visitor()
        answer = client.post("/login", data={"email": email, "password": "court-and-net"})
        assert answer.url.path == "/home", answer.text
        return client

    def reset(self) -> None:
        assert httpx.post(f"{self.url}/__reset").status_code == 204


@dataclass(frozen=True, slots=True)
class Switchable(Site):
    """An instance in this process, whose defects can be switched while it runs."""

    house: House

    def switch(self, defects: str) -> None:
        """Only these defects are on from now on; people and data stay as they are."""
        self.house.switches = Switches(parse_defects(defects))

    def begin(self, defects: str) -> None:
        """Freshly seeded data with only these defects."""
        self.switch(defects)
        self.reset()


@contextmanager
def serve(defects: str, build: str = "") -> Iterator[Switchable]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        config = AppConfig(
            clock=clock_from(NOW),
            defects=parse_defects(defects),
            build=build or defects,
            resettable=True,
        )
        app = create_app(config)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        site = Switchable(f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.house)
        try:
            httpx.get(f"{site.url}/version", timeout=10).raise_for_status()
            yield site
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def started(*arguments: str, end: int = signal.SIGTERM, **variables: str) -> Iterator[tuple[str, str]]:
    """The url and the build that an instance started by its command tells of; it gets the signal `end` afterwards."""
    command = [sys.executable, "-m", "demo.clubhouse", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | variables) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            told = re.fullmatch(r"clubhouse listening on (http://127\.0\.0\.1:\d+) build (\S+)\n", line)
            assert told, line
            yield told[1], told[2]
        finally:
            process.send_signal(end)


def texts(html: str, pattern: str) -> list[str]:
    return re.findall(pattern, html, re.DOTALL)
