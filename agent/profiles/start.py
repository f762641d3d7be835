"""Writes the first files of a new profile, with comments that say what to fill in. Overwrites nothing."""

import ipaddress
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from agent.charter import Environment
from agent.errors import BadInput
from agent.profiles.check import FILL_IN
from agent.profiles.load import SLUG
from agent.profiles.reference import key_list
from agent.profiles.rules import valid_origin
from agent.profiles.schema import ITERATIONS, RolesFile, SettingsFile, schemas

SCHEMA_FOLDER = "schema"
LONGEST_NAME = 60
HOME_ENDINGS = (".localhost", ".local", ".test", ".internal", ".lan", ".home.arpa")

SECRETS = """\
# Copy this file to secrets.env, write the password of the test account behind the =, and add
#   "secrets_file": "secrets.env"
# to settings.json. Or leave it and set an environment variable of this name; that one wins.
# Use throw-away accounts that open nothing but the app under test.
{secret}=
"""
APP = """\
# {app}

<!-- What every role should know about {app}. Roles read this text; what stands in a comment like this one is
     for you alone. Short is good: it is part of every request. Worth writing down:

     - what the app is for and who uses it;
     - rules that must hold, each in a sentence, because a broken rule is a finding:
       "An order's total is the sum of its lines", "A cancelled order cannot be paid";
     - what belongs to whom: "Customers see their own orders only";
     - limits: longest name, opening hours, how far ahead one may order. -->
"""
VISITOR = """\
# Visitor

<!-- What somebody without an account comes for, and what is closed to them. -->
"""
USER = """\
# User

<!-- What this account may do and what it may not: its own things, those of others, pages of other roles.
     What it starts with: "has two open orders and a paid one". -->
"""
SCOPE = """\
## Skip

<!-- What to leave alone, a list item each, e.g.
     - the pages of the payment provider
     - sending newsletters -->

## Focus

<!-- What to look at first, a list item each, e.g.
     - the new search, released last week -->
"""
HISTORY = """\
<!-- Bugs that were there before, a list item each: they come back, and their neighbours have them too, e.g.
     - A discount was counted twice for orders of more than ten pieces.
     - The list of orders showed those of another customer after a quick change of accounts. -->
"""
README = """\
# {app}/{profile}

Configuration of one app in one place; no code. JSON has no comments, so they are here. `charterbot profile check
{app}/{profile}` names every mistake and what is still to be filled in; `charterbot explore {app}/{profile}` explores.

| file | holds |
|---|---|
| `settings.json` | where the app is and what a run may do |
| `roles.json` | who explores: sign-in and capabilities |
| `context/app.md` | what every role should know |
| `context/visitor.md`, `context/user.md` | what one role should know |
| `context/testing-scope.md` | lists below the headings Skip and Focus |
| `context/historical-bugs.md` | a list of earlier bugs |
| `secrets.env.example` | how to hand over the password of the test account |

A capability can name its addresses. Such an address is then closed to every role that names none that fits, and the
roles will try it: name them for all roles or for none. Of two that fit, the one with more words counts: where customers
name `/orders/*` and clerks `/orders/*/approve`, customers may not approve. What a visitor names is open to all.

```json
"capabilities": [
  "See the start page",
  {{"name": "Work on orders", "routes": ["/orders", "/orders/*", "POST /api/orders/*/cancel"]}}
]
```

In parentheses is the default.

## settings.json

{settings}

## roles.json

{roles}
"""


def start_profile(root: Path, slug: str, url: str) -> tuple[Path, ...]:
    """Writes `App/profile` below `root` for the app at `url`, and the schemas beside it where they are missing.

    Returns the files written. Raises BadInput, before anything was written where it can be known.
    """
    app, profile = _names(slug)
    if not valid_origin(url):
        raise BadInput(f"--url: {url!r} is no usable address; write scheme, host and port, e.g. http://host:8080.")
    folder = root / app / profile
    if folder.exists():
        raise BadInput(f"{folder} is there already and is not overwritten; choose another name or remove it.")
    texts = {folder / name: text for name, text in start_files(app, profile, url.strip().rstrip("/")).items()}
    published = {root / SCHEMA_FOLDER / name: text for name, text in schemas().items()}
    texts |= {path: text for path, text in published.items() if not path.exists()}
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise BadInput(f"{path} cannot be written ({error.strerror}); check the folder and try again.") from None
    return tuple(texts)


def start_files(app: str, profile: str, url: str) -> dict[str, str]:
    """The texts by file name. Pure."""
    secret = secret_name(app)
    return {
        "README.md": README.format(
            app=app, profile=profile, settings=key_list(SettingsFile), roles=key_list(RolesFile)
        ),
        "settings.json": _json(_settings(url)),
        "roles.json": _json(_roles(secret)),
        "context/app.md": APP.format(app=app),
        "context/visitor.md": VISITOR,
        "context/user.md": USER,
        "context/testing-scope.md": SCOPE,
        "context/historical-bugs.md": HISTORY,
        "secrets.env.example": SECRETS.format(secret=secret),
        ".gitignore": "secrets.env\n",
    }


def secret_name(app: str) -> str:
    """The variable that a new profile expects its user's password in."""
    plain = re.sub(r"[^A-Z0-9]+", "_", app.upper()).strip("_")
    return f"{plain if plain[:1].isalpha() else f'APP_{plain}'}_USER_PASSWORD"


def guessed_environment(url: str) -> Environment:
    """Of a host that others can reach it is not known whether it is live, so nothing may be changed there."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
        at_home = address.is_loopback or address.is_private
    except ValueError:
        at_home = "." not in host or host.endswith(HOME_ENDINGS)
    return "local" if at_home else "production"


def _names(slug: str) -> tuple[str, str]:
    names = slug.split("/")
    if not SLUG.fullmatch(slug) or any(len(name) > LONGEST_NAME for name in names):
        raise BadInput(f"{slug!r} is no name for a profile; write App/profile of letters, digits, - and _.")
    if names[0].lower() == SCHEMA_FOLDER:
        raise BadInput(f"{slug!r}: the folder {SCHEMA_FOLDER} holds the schemas for editors; choose another name.")
    return names[0], names[1]


def _settings(url: str) -> dict[str, object]:
    return {
        "$schema": f"../../{SCHEMA_FOLDER}/settings.schema.json",
        "url": url,
        "environment": guessed_environment(url),
        "context": "context/app.md",
        "scope": "context/testing-scope.md",
        "historical_bugs": "context/historical-bugs.md",
        "iterations": ITERATIONS,
    }


def _roles(secret: str) -> dict[str, object]:
    visitor = {
        "name": "visitor",
        "sign_in": None,
        "context": "context/visitor.md",
        "capabilities": [f"{FILL_IN}: what a visitor may do, a line each, e.g. Search products"],
    }
    fields = {"Email": f"{FILL_IN}: the test account's address or name", "Password": f"{{{{secret:{secret}}}}}"}
    user = {
        "name": "user",
        "sign_in": {"path": "/login", "fields": fields, "submit": "Sign in"},
        "context": "context/user.md",
        "capabilities": [f"{FILL_IN}: what this account may do, a line each, e.g. Place an order"],
    }
    return {"$schema": f"../../{SCHEMA_FOLDER}/roles.schema.json", "roles": [visitor, user]}


def _json(data: dict[str, object]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
