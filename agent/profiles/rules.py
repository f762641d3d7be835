"""What must hold in `settings.json` and `roles.json` beyond their shape. Pure: works on the data as it was written.

The data may be of any shape here: a file with one mistake is looked through to its end all the same.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from agent.profiles.remarks import ADDRESS, shortened
from agent.profiles.schema import SettingsFile

SECRET = re.compile(r"\{\{secret:([^{}]*)\}\}")
SECRET_NAME = re.compile(r"^[A-Z][A-Z0-9_]*$")
GUARDED = re.compile(
    r"pass\s?word|passwort|passwd|pass\s?code|pass\s?phrase|kennwort|secret|token|(?<![a-z])(?:pin|pwd)(?![a-z])", re.I
)
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Found = Iterator[tuple[str, str, str]]
"""Place, problem, remedy."""


def settings_slips(data: Any, roles: Any) -> Found:
    """Of settings.json; `roles` is the content of roles.json."""
    settings = _object(data)
    yield from _addresses(settings)
    yield from _default_roles(settings, role_names(roles))
    yield from _order(settings, ("compaction", "keep", "entries"), lambda low, high: low < high, "must be below")
    yield from _order(settings, ("compaction", "pages", "keep"), lambda low, high: low <= high, "is larger than")
    yield from _order(
        settings, ("persistence", "nudge_after", "stall_after"), lambda low, high: low < high, "must be below"
    )
    yield from _order(settings, ("pace", "shortest_wait", "longest_wait"), lambda low, high: low <= high, "is above")
    yield from _servers(settings)


def roles_slips(data: Any) -> Found:
    """Of roles.json."""
    roles = [_object(role) for role in _list(_object(data).get("roles"))]
    names = [role.get("name") for role in roles]
    yield from _repeated(names, "roles.{}.name", "give each role its own name")
    for index, role in enumerate(roles):
        place = f"roles.{index}"
        fields = _object(_object(role.get("sign_in")).get("fields"))
        for label, value in fields.items():
            yield from _field(f"{place}.sign_in.fields.{label}", label, value)
        yield from _capabilities(f"{place}.capabilities", _list(role.get("capabilities")))


def role_names(data: Any) -> list[str]:
    names = (_object(role).get("name") for role in _list(_object(data).get("roles")))
    return [name for name in names if isinstance(name, str)]


def secret_names(text: str) -> list[str]:
    """The names in the placeholders of a value."""
    return SECRET.findall(text)


def valid_origin(text: str) -> bool:
    """Scheme, host and a port that exists, nothing else."""
    try:
        parts = urlsplit(text.strip())
        rest = (parts.path.rstrip("/"), parts.query, parts.fragment, parts.username, parts.password)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not any(rest)
    except ValueError:  # a port that is none, or half an IPv6 address
        return False


def _addresses(settings: Mapping[str, Any]) -> Found:
    """Only what has the right shape: other addresses are named by it."""
    origins = [("url", settings.get("url"))]
    origins += [(f"allowed_origins.{i}", value) for i, value in enumerate(_list(settings.get("allowed_origins")))]
    for place, value in origins:
        if isinstance(value, str) and re.match(r"^https?://[^/\s?#@]+/?$", value) and not valid_origin(value):
            yield place, f"{shortened(value)} {ADDRESS[0]}", ADDRESS[1]
    replay = _object(settings.get("replay"))
    if "{port}" in str(replay.get("url", "")) and not replay.get("start"):
        yield "replay.url", "{port} is only known where start names a command", "write the port, or add start"


def _default_roles(settings: Mapping[str, Any], names: list[str]) -> Found:
    wished = _list(settings.get("default_roles"))
    for index, name in enumerate(wished):
        if names and isinstance(name, str) and name not in names:
            remedy = f"use one of {', '.join(names)}"
            yield f"default_roles.{index}", f"roles.json has no role {shortened(name)}", remedy
    yield from _repeated(wished, "default_roles.{}", "name each role once")


def _order(
    settings: Mapping[str, Any], names: tuple[str, str, str], fine: Callable[[float, float], bool], words: str
) -> Found:
    """`names`: block, its lower value, its higher one. Where only one is given the block's shape knows the other."""
    block, lower, higher = names
    written = _object(settings.get(block))
    defaults = SettingsFile.model_fields[block].default
    low, high = (written.get(name, getattr(defaults, name)) for name in (lower, higher))
    if _number(low) and _number(high) and not fine(low, high):
        place = f"{block}.{lower if lower in written else higher}"
        yield place, f"{lower} ({low:g}) {words} {higher} ({high:g})", "correct one"


def _servers(settings: Mapping[str, Any]) -> Found:
    servers = [_object(server) for server in _list(settings.get("servers"))]
    yield from _repeated([server.get("name") for server in servers], "servers.{}.name", "give each its own name")
    for index, server in enumerate(servers):
        tools = _list(server.get("tools"))
        for number, tool in enumerate(_list(server.get("writes"))):
            if tool not in tools:
                problem = f"{shortened(tool)} is not among its tools"
                yield f"servers.{index}.writes.{number}", problem, "add it to tools or remove it here"


def _field(place: str, label: str, value: Any) -> Found:
    """One field of a sign-in: passwords come as names of secrets only."""
    if not isinstance(value, str):
        return
    names = secret_names(value)
    for name in names:
        if not SECRET_NAME.match(name):
            yield place, f"{shortened(name)} is no name for a secret", "use capitals, digits and _"
    if "{{" in SECRET.sub("", value):
        yield place, "this placeholder cannot be read", "write {{secret:NAME}}"
    elif not names and _is_guarded(label, value):
        # Never with the value: these words end in terminals and issues.
        remedy = "write {{secret:NAME}} and keep the value in the variable NAME or in the secrets_file"
        yield place, "this looks like a password in plain text", remedy


def _is_guarded(label: str, value: str) -> bool:
    spoken = bool(GUARDED.search(value)) and not MAIL.fullmatch(value.strip())
    return spoken or bool(GUARDED.search(CAMEL.sub(" ", label).replace("_", " ").replace("-", " ")))


def _capabilities(place: str, entries: list[Any]) -> Found:
    names = [entry.get("name") if isinstance(entry, dict) else entry for entry in entries]
    yield from _repeated(names, f"{place}.{{}}", "give each capability its own words")
    first: dict[str, str] = {}
    for index, entry in enumerate(entries):
        for number, route in enumerate(_list(_object(entry).get("routes"))):
            here = f"{place}.{index}.routes.{number}"
            if isinstance(route, str) and first.setdefault(route, here) != here:
                yield here, f"{shortened(route)} is listed at {first[route]} already", "remove one of the two"


def _repeated(values: Iterable[Any], place: str, remedy: str) -> Found:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if isinstance(value, str):
            plain = " ".join(value.split()).casefold()
            if plain in seen:
                yield place.format(index), f"{shortened(value)} is used twice", remedy
            seen.add(plain)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
