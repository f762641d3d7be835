"""pretalx's own settings and what an operator adds to them: how SQLite is shared by several people at once, no e-mail,
cheap password hashes. The middleware that plants faults is only there when a fault is switched on."""

import os
from typing import Any

from pretalx.settings import *  # noqa: F403 # pyright: ignore[reportMissingImports] lives in its own environment
from pretalx.settings import DATABASES, MIDDLEWARE, STORAGES  # pyright: ignore[reportMissingImports]

databases: dict[str, dict[str, Any]] = DATABASES
databases["default"]["OPTIONS"] = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
}
# Signing in is done hundreds of times in a run, and guards nothing here.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
# Compressed copies of static files serve no one on this machine.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
LOGGING_CONFIG = None
if os.environ.get("PLANTED"):
    # Last, next to the pages: what it changes goes through everything that an answer of pretalx goes through.
    MIDDLEWARE = [*MIDDLEWARE, "inside.middleware.Planted"]
