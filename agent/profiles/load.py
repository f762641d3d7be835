"""Reads `apps/<App>/<profile>/` into a Profile. The only place that knows those files.

Every mistake is a BadInput whose one sentence names the file, the place in it and the remedy.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from agent.charter import Budgets, Charter, Filing, Limit, Pace, Profile, ReplayTarget, Role, ServerSpec, SignIn
from agent.errors import BadInput
from agent.profiles.schema import RoleSettings, RolesFile, SettingsFile

MAX_FILE = 1_000_000
SECRET = re.compile(r"\{\{secret:([^}]*)\}\}")
SECRET_NAME = re.compile(r"^[A-Z][A-Z0-9_]*$")

Shape = TypeVar("Shape", bound=BaseModel)


def load_profile(root: Path, slug: str, environ: Mapping[str, str] | None, url: str | None = None) -> Profile:
    """Read the profile `App/profile` below `root` (the `apps` folder). `url` replaces the profile's own address.

    Without `environ` the secrets are left out: only who explores needs them.

    Raises BadInput.
    """
    folder = _folder(root, slug)
    settings = _read(folder / "settings.json", SettingsFile)
    roles = _read(folder / "roles.json", RolesFile)
    names = [role.name for role in roles.roles]
    _check_names(folder / "roles.json", names)
    for index, name in enumerate(settings.default_roles):
        if name not in names:
            raise BadInput(
                f"{folder / 'settings.json'}: default_roles.{index}: roles.json has no role {name!r}; "
                f"use one of {', '.join(names)}."
            )
    if settings.pace.shortest_wait > settings.pace.longest_wait:
        raise BadInput(f"{folder / 'settings.json'}: pace: shortest_wait is longer than longest_wait; correct one.")
    base = _origin(url, "The address given") if url else settings.url.rstrip("/")
    origins = dict.fromkeys([base, *(origin.rstrip("/") for origin in settings.allowed_origins)])
    app, name = slug.split("/")
    return Profile(
        app=app,
        name=name,
        folder=folder,
        url=base,
        environment=settings.environment,
        roles=tuple(_role(folder, settings, item) for item in roles.roles),
        default_roles=tuple(settings.default_roles),
        context=_text(folder, settings.context, "settings.json: context"),
        allow_writes=settings.allow_writes,
        allowed_origins=tuple(origins),
        deployment=settings.deployment,
        version_path=settings.version_path,
        version_key=settings.version_key,
        replay=_replay(settings),
        replays=settings.replays,
        servers=tuple(
            ServerSpec(s.name, tuple(s.command), tuple(s.tools), tuple(s.writes), tuple(s.env))
            for s in settings.servers
        ),
        filing=Filing(settings.filing.enabled, settings.filing.dry_run),
        pace=Pace(**settings.pace.model_dump()),
        budgets=Budgets(*(Limit(limit.tokens, limit.usd) for _, limit in settings.budgets)),
        shared_browser=settings.shared_browser,
        viewport=(settings.viewport.width, settings.viewport.height),
        secrets=() if environ is None else _secrets(folder, settings, roles, environ),
    )


def chosen_roles(profile: Profile, charter: Charter) -> tuple[Role, ...]:
    """The roles of this charter, with its iterations. Raises BadInput when the profile lacks one of them."""
    known = {role.name: role for role in profile.roles}
    names = charter.roles or profile.default_roles or tuple(known)
    for name in names:
        if name not in known:
            raise BadInput(
                f"{profile.slug} has no role {name!r}; name one or more of {', '.join(known)} in the charter."
            )
    picked = [known[name] for name in dict.fromkeys(names)]
    if charter.iterations:
        picked = [replace(role, iterations=charter.iterations) for role in picked]
    return tuple(picked)


def known_profiles(root: Path) -> tuple[str, ...]:
    return tuple(sorted("/".join(path.parts[-3:-1]) for path in root.glob("*/*/settings.json")))


def _folder(root: Path, slug: str) -> Path:
    known = known_profiles(root)
    if slug not in known:
        listing = f"the known ones are {', '.join(known)}" if known else f"{root} holds no profile yet"
        raise BadInput(f"There is no app profile {slug!r}; write App/profile, {listing}.")
    return root / slug


def _check_names(path: Path, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise BadInput(f"{path}: roles.{index}.name: {name!r} is used twice; give each role its own name.")


def _content(path: Path, place: str) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise BadInput(f"{place}: {path} is larger than 1 MB; shorten it.")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"{place}: {path} does not exist; create it or correct the name.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{place}: {path} is not UTF-8; save it as UTF-8.") from None
    except OSError as error:
        raise BadInput(f"{place}: {path} cannot be read ({error.strerror}); make it a readable file.") from None


def _read(path: Path, shape: type[Shape]) -> Shape:
    text = _content(path, "The profile is incomplete")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{path}: line {error.lineno}: this is not JSON ({error.msg}); correct that line or the one before."
        ) from None
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise BadInput(_sentence(path, shape, error)) from None


def _sentence(path: Path, shape: type[BaseModel], error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    if first["type"] == "extra_forbidden":
        known = ", ".join(_keys(shape, first["loc"][:-1]))
        return f"{path}: {place}: this key is unknown; remove it or use one of {known}."
    if first["type"] == "missing":
        return f"{path}: {place}: this key is missing; add it."
    if place.endswith(("url", "allowed_origins")) or "allowed_origins." in place:
        return f"{path}: {place}: {first['input']!r} is no address; write scheme, host and port, e.g. http://host:8080."
    problem = first["msg"][0].lower() + first["msg"][1:]
    return f"{path}: {place}: {problem}; correct the value."


def _keys(shape: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that the object at this place may have, from the published schema."""
    schema = shape.model_json_schema()
    node: dict[str, Any] = schema
    for part in location:
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
        node = next((item for item in node.get("anyOf", []) if "$ref" in item), node)
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return list(node.get("properties", {}))


def _origin(text: str, place: str) -> str:
    """Scheme, host and port of an address given by hand; a path is refused, because it would be ignored."""
    try:
        parts = urlsplit(text.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
        valid = valid and not (parts.query or parts.fragment or parts.username) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise BadInput(f"{place}: {text!r} is no usable address; write scheme, host and port, e.g. http://host:8080.")
    return text.strip().rstrip("/")


def _text(folder: Path, name: str | None, place: str) -> str:
    if not name:
        return ""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BadInput(f"{folder / place}: {name!r} leaves the profile's folder; put the file into it.")
    return _content(path, str(folder / place))


def _role(folder: Path, settings: SettingsFile, item: RoleSettings) -> Role:
    sign_in = item.sign_in and SignIn(item.sign_in.path, tuple(item.sign_in.fields.items()), item.sign_in.submit)
    return Role(
        name=item.name,
        sign_in=sign_in,
        context=_text(folder, item.context, f"roles.json: {item.name}.context"),
        capabilities=tuple(item.capabilities),
        iterations=item.iterations or settings.iterations,
        model=item.model,
        start=item.start,
    )


def _replay(settings: SettingsFile) -> ReplayTarget | None:
    replay = settings.replay
    return replay and ReplayTarget(tuple(replay.start), replay.url.rstrip("/"), replay.reset)


def _secrets(
    folder: Path, settings: SettingsFile, roles: RolesFile, environ: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """The values of the secrets that roles.json names, and of no others."""
    kept = _secrets_file(folder, settings.secrets_file)
    found: dict[str, str] = {}
    for index, role in enumerate(roles.roles):
        for label, text in role.sign_in.fields.items() if role.sign_in else ():
            for name in SECRET.findall(text):
                place = f"{folder / 'roles.json'}: roles.{index}.sign_in.fields.{label}"
                if not SECRET_NAME.match(name):
                    raise BadInput(f"{place}: {name!r} is no name for a secret; use capitals, digits and _.")
                value = environ.get(name) or kept.get(name)
                if not value:
                    where = f" or add it to {settings.secrets_file}" if settings.secrets_file else ""
                    raise BadInput(f"{place}: the secret {name} has no value; set the variable {name}{where}.")
                found[name] = value
    return tuple(found.items())


def _secrets_file(folder: Path, name: str | None) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(_text(folder, name, "settings.json: secrets_file").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, separator, value = line.partition("=")
        if not separator or not SECRET_NAME.match(key.strip()):
            raise BadInput(f"{folder / str(name)}: line {number}: this is no NAME=value; correct or remove the line.")
        values[key.strip()] = value.strip()
    return values
