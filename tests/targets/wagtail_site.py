"""A small Wagtail site with its admin, for tests: a foreign app of a rich kind that nobody here has built.

`python -m tests.targets.wagtail_site --port N` makes a project in a folder of its own, fills its database once, keeps a
copy of it, and serves until it is ended. `POST /__reset` puts the copy back, `GET /version` names the build. The users
`editor` and `moderator` stand in Wagtail's own groups, `admin` may everything. Nothing is sent anywhere and nothing
outlives it.
"""

import argparse
import json
import os
import shutil
import signal
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import cache
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.utils import timezone

BUILD = "8"
PAGES = "tests.targets.wagtail_pages"
APPS = (
    *(PAGES, "wagtail.contrib.redirects", "wagtail.embeds", "wagtail.sites", "wagtail.users", "wagtail.snippets"),
    *("wagtail.documents", "wagtail.images", "wagtail.search", "wagtail.admin", "wagtail"),
    *("modelcluster", "taggit", "django_filters", "django.contrib.auth", "django.contrib.contenttypes"),
    *("django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles"),
)
MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
)
CONTEXT = ("django.template.context_processors.request", "django.contrib.auth.context_processors.auth")
MESSAGES = "django.contrib.messages.context_processors.messages"


class NoMigrations:
    """Tables are made from the models as they are: two hundred migrations would take ten times as long."""

    def __contains__(self, label: str) -> bool:
        return True

    def __getitem__(self, label: str) -> None:
        return None


def configure(folder: Path) -> None:
    """Settings of the project in `folder`; the rest is as `wagtail start` leaves it."""
    settings.configure(
        DEBUG=True,
        SECRET_KEY="only for tests",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=f"{PAGES}.urls",
        INSTALLED_APPS=APPS,
        MIDDLEWARE=MIDDLEWARE,
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": [*CONTEXT, MESSAGES]},
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / "site.sqlite3",
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
                },
            }
        },
        MIGRATION_MODULES=NoMigrations(),
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        # Signing in is done hundreds of times in a test run, and guards nothing.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        LOGGING_CONFIG=None,
        STATIC_URL="/static/",
        MEDIA_ROOT=folder / "media",
        MEDIA_URL="/media/",
        TIME_ZONE="UTC",
        USE_TZ=True,
        WAGTAIL_SITE_NAME="Harbour Museum",
        WAGTAILADMIN_BASE_URL="http://127.0.0.1",
        WAGTAIL_ENABLE_UPDATE_CHECK=False,
        WAGTAIL_ENABLE_WHATS_NEW_BANNER=False,
        WAGTAIL_GRAVATAR_PROVIDER_URL=None,
    )
    django.setup()


def begin_at(moment: datetime) -> None:
    """Lets the site's clock run on from `moment`. Before anything of the site is imported, which keeps the function."""
    ahead = moment - datetime.now(UTC)
    timezone.now = lambda: datetime.now(UTC) + ahead


class Pristine:
    """The filled site, kept apart, and put back."""

    def __init__(self, folder: Path) -> None:
        self._live, self._media = folder / "site.sqlite3", folder / "media"
        self._kept, self._kept_media = sqlite3.connect(":memory:", check_same_thread=False), folder / "kept"
        self._one = threading.Lock()
        with closing(sqlite3.connect(self._live)) as live:
            live.backup(self._kept)
        shutil.copytree(self._media, self._kept_media)

    def put_back(self) -> None:
        with self._one:
            with closing(sqlite3.connect(self._live, timeout=20)) as live:
                self._kept.backup(live)
            shutil.rmtree(self._media)
            shutil.copytree(self._kept_media, self._media)
            cache.clear()


Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Any]


def with_hooks(site: Wsgi, pristine: Pristine) -> Wsgi:
    """The site, and beside it the two addresses that a profile names."""

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        match (environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            case ("POST", "/__reset"):
                pristine.put_back()
                start("204 No Content", [])
                return [b""]
            case ("GET", "/version"):
                start("200 OK", [("Content-Type", "application/json")])
                return [json.dumps({"build": BUILD}).encode()]
        return site(environ, start)

    return answer


def build(folder: Path, port: int) -> Pristine:
    """Makes the project in `folder`: settings, tables, content."""
    configure(folder)
    call_command("migrate", run_syncdb=True, verbosity=0)
    # What imports models can only be imported once the settings are there.
    from tests.targets.wagtail_pages.content import fill

    fill(port)
    connections.close_all()
    return Pristine(folder)


class Quiet(WSGIRequestHandler):
    """One line a request would fill the log of a replay."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadedWSGIServer):
    daemon_threads = True


def serve(port: int) -> None:
    folder = tempfile.TemporaryDirectory(prefix="wagtail-", ignore_cleanup_errors=True)
    # Bound before the work, so that the port is ours; who connects early waits in its queue.
    with folder as name, Server(("127.0.0.1", port), Quiet) as server:
        port = server.server_port
        pristine = build(Path(name), port)
        server.set_app(with_hooks(StaticFilesHandler(get_wsgi_application()), pristine))
        print(f"wagtail listening on http://127.0.0.1:{port}", flush=True)  # noqa: T201 - read by starters
        server.serve_forever(poll_interval=0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serves a small Wagtail site, for tests.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one, which is printed")
    parser.add_argument("--now", default=os.environ.get("WAGTAIL_NOW"), help="the time at the start, for recordings")
    wanted = parser.parse_args()
    if wanted.now:
        begin_at(datetime.fromisoformat(wanted.now))

    def end(*_: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    with suppress(KeyboardInterrupt):
        serve(wanted.port)


if __name__ == "__main__":
    main()
