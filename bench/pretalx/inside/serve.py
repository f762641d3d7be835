"""Serves one instance of pretalx until it is ended, and beside it two addresses of ours: `POST /__reset` puts the data
back, `GET /__version` tells the build.

`python -m inside.serve --port N --template FOLDER --build NAME` in the instance's own folder, with `pretalx.cfg` there;
the folder is removed at the end.
"""

import argparse
import json
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.utils import timesince, timezone

from .seed import BEGIN

Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Any]


def begin_at(moment: datetime) -> None:
    """Lets pretalx's clock run on from `moment`. Before anything of pretalx is imported, which keeps the function."""
    ahead = moment - datetime.now(UTC)
    timezone.now = lambda: datetime.now(UTC) + ahead
    # "3 days from now" has a clock of its own.
    since = timesince.timesince

    def by_our_clock(d: Any, now: Any = None, *more: Any, **named: Any) -> str:
        return since(d, now or timezone.now().astimezone(getattr(d, "tzinfo", None)), *more, **named)

    timesince.timesince = by_our_clock


class Data:
    """The instance's database and uploads, copies of the template's. `url` takes the place of the template's address
    in the texts of mails."""

    def __init__(self, template: Path, folder: Path, url: str) -> None:
        self._template, self._live, self._media = template, folder / "db.sqlite3", folder / "media"
        self._kept = sqlite3.connect(":memory:", check_same_thread=False)
        self._one = threading.Lock()
        with closing(sqlite3.connect(f"file:{template / 'db.sqlite3'}?immutable=1", uri=True)) as filled:
            filled.backup(self._kept)
        self._kept.execute("UPDATE mail_queuedmail SET text = replace(text, 'http://pretalx.invalid', ?)", [url])
        self._kept.commit()
        self.put_back()

    def put_back(self) -> None:
        with self._one:
            with closing(sqlite3.connect(self._live, timeout=20)) as live:
                self._kept.backup(live)
            shutil.rmtree(self._media, ignore_errors=True)
            shutil.copytree(self._template / "media", self._media)


def with_hooks(site: Wsgi, data: Data, build: str) -> Wsgi:
    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        match (environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            case ("POST", "/__reset"):
                data.put_back()
                start("204 No Content", [])
                return [b""]
            case ("GET", "/__version"):
                start("200 OK", [("Content-Type", "application/json")])
                return [json.dumps({"build": build}).encode()]
        return site(environ, start)

    return answer


class Quiet(WSGIRequestHandler):
    """One line a request would fill the log of a replay."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadedWSGIServer):
    daemon_threads = True
    request_queue_size = 64


def serve(port: int, template: Path, build: str) -> None:
    begin_at(datetime.fromisoformat(BEGIN).replace(tzinfo=UTC))
    url = f"http://127.0.0.1:{port}"
    data = Data(template, Path.cwd(), url)
    # Only now: pretalx reads its configuration and the clock while it is imported.
    from django.core.wsgi import get_wsgi_application

    with Server(("127.0.0.1", port), Quiet) as server:
        server.set_app(with_hooks(get_wsgi_application(), data, build))
        print(f"pretalx listening on {url} build {build}", flush=True)  # noqa: T201 - read by starters
        server.serve_forever(poll_interval=0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serves one instance of pretalx.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--build", required=True)
    wanted = parser.parse_args()

    def end(*_: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    try:
        with suppress(KeyboardInterrupt):
            serve(wanted.port, wanted.template, wanted.build)
    finally:
        shutil.rmtree(Path.cwd(), ignore_errors=True)


if __name__ == "__main__":
    main()
