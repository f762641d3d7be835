"""A small Wagtail site with its admin, for tests: a foreign app of a rich kind that nobody here has built.

`python -m tests.targets.wagtail_site --port N` makes a project in a folder of its own, migrates and fills it once, keeps
a copy of the database, and serves until it is ended. `POST /__reset` puts the copy back, `GET /version` names the build.
The users `editor` and `moderator` stand in Wagtail's own groups. Nothing is sent anywhere and nothing outlives it.
"""

import argparse
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import cache
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

BUILD = "8"
PAGES = "tests.targets.wagtail_pages"
APPS = (
    *(PAGES, "wagtail.contrib.redirects", "wagtail.embeds", "wagtail.sites", "wagtail.users", "wagtail.snippets"),
    *("wagtail.documents", "wagtail.images", "wagtail.search", "modelsearch", "wagtail.admin", "wagtail"),
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


def configure(folder: Path) -> None:
    """Settings of the project in `folder`; the rest is as `wagtail start` leaves it."""
    settings.configure(
        DEBUG=True,
        SECRET_KEY="only for tests",
        ALLOWED_HOSTS=["*"],
        INTERNAL_IPS=[],
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
