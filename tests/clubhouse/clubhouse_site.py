"""One Clubhouse instance behind real HTTP, in a thread, and the clients of its people."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import httpx
import uvicorn

from demo.clubhouse.app import AppConfig, create_app
from demo.clubhouse.clock import clock_from
from demo.clubhouse.defects import parse_defects

TODAY = date(2026, 5, 20)
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


@contextmanager
def serve(defects: str, build: str = "") -> Iterator[Site]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        config = AppConfig(
            clock=clock_from(datetime.combine(TODAY, time(10, 20))),
            defects=parse_defects(defects),
            build=build or defects,
            resettable=True,
        )
        server = uvicorn.Server(uvicorn.Config(create_app(config), log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        site = Site(f"http://127.0.0.1:{listener.getsockname()[1]}")
        try:
            httpx.get(f"{site.url}/version", timeout=10).raise_for_status()
            yield site
        finally:
            server.should_exit = True
            thread.join()


def texts(html: str, pattern: str) -> list[str]:
    return re.findall(pattern, html, re.DOTALL)
