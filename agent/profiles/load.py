"""Makes a Profile out of the files in `apps/<App>/<profile>/`, and picks the roles of a charter.

Every mistake is a BadInput whose one sentence names the file, the place in it and the remedy.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from agent.charter import (
    Budgets,
    Charter,
    Compaction,
    Filing,
    Grant,
    Limit,
    Pace,
    Persistence,
    Profile,
    ReplayTarget,
    Resilience,
    Role,
    ScopeNotes,
    ServerSpec,
    Sharing,
    SignIn,
)
from agent.errors import BadInput
from agent.profiles.markdown import history_lines, scope_notes, without_comments
from agent.profiles.reading import Reading, read_folder
from agent.profiles.remarks import Remark
from agent.profiles.rules import secret_names, valid_origin
from agent.profiles.schema import CapabilitySettings, RoleSettings, RolesFile, SettingsFile

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class _Sound:
    """A folder without mistakes."""

    settings: SettingsFile
    roles: RolesFile
    texts: Mapping[str, str]

    def prose(self, name: str | None) -> str:
        return without_comments(self.texts[name]) if name else ""

    def history(self, name: str | None) -> tuple[str, ...]:
        return history_lines(self.texts[name]) if name else ()

    def scope(self, name: str | None) -> ScopeNotes:
        return scope_notes(self.texts[name]) if name else ScopeNotes()


def load_profile(root: Path, slug: str, environ: Mapping[str, str] | None, url: str | None = None) -> Profile:
    """Read the profile `App/profile` below `root` (the `apps` folder). `url` replaces the profile's own address.

    Without `environ` the secrets are left out: only who explores needs them.

    Raises BadInput.
    """
    reading = read_folder(profile_folder(root, slug), with_secrets=environ is not None)
    sound = _sound(reading)
    settings = sound.settings
    secrets = {} if environ is None else _secrets(reading, environ)
    base = _origin(url) if url else settings.url.rstrip("/")
    origins = dict.fromkeys([base, *(origin.rstrip("/") for origin in settings.allowed_origins)])
    app, name = slug.split("/")
    return Profile(
        app=app,
        name=name,
        folder=reading.folder,
        url=base,
        environment=settings.environment,
        roles=tuple(_role(sound, item) for item in sound.roles.roles),
        default_roles=tuple(settings.default_roles),
        context=sound.prose(settings.context),
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
        filing=Filing(**settings.filing.model_dump()),
        pace=Pace(**settings.pace.model_dump()),
        budgets=Budgets(*(Limit(limit.tokens, limit.usd) for _, limit in settings.budgets)),
        compaction=Compaction(**settings.compaction.model_dump()),
        persistence=Persistence(**settings.persistence.model_dump()),
        resilience=Resilience(**settings.resilience.model_dump()),
        sharing=Sharing(**settings.sharing.model_dump()),
        shared_browser=settings.shared_browser,
        viewport=(settings.viewport.width, settings.viewport.height),
        secrets=tuple(secrets.items()),
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
    """Every `App/profile` below `root`, sorted."""
    return tuple(sorted("/".join(path.parts[-3:-1]) for path in root.glob("*/*/settings.json")))


def profile_folder(root: Path, slug: str) -> Path:
    """The folder of a profile; a file may still be missing from it. Raises BadInput when there is none."""
    if SLUG.fullmatch(slug) and (root / slug).is_dir():
        return root / slug
    known = known_profiles(root)
    listing = f"the known ones are {', '.join(known)}" if known else f"{root} holds no profile yet"
    raise BadInput(f"There is no app profile {slug!r}; write App/profile, {listing}.")


def missing_secrets(reading: Reading, environ: Mapping[str, str]) -> Remark | None:
    """What to say of the secrets that have no value on this machine, each at the first place that uses it."""
    settings, roles = reading.settings, reading.roles
    if settings is None or roles is None:
        return None
    places: dict[str, str] = {}
    for index, role in enumerate(roles.roles):
        for label, text in role.sign_in.fields.items() if role.sign_in else ():
            for name in secret_names(text):
                if not secret_value(reading, environ, name):
                    places.setdefault(name, f"roles.{index}.sign_in.fields.{label}")
    if not places:
        return None
    names, them = ", ".join(places), "it" if len(places) == 1 else "them"
    where = f" or add {them} to {settings.secrets_file}" if settings.secrets_file else ""
    if len(places) == 1:
        problem, remedy = f"the secret {names} has no value", f"set the variable {names}{where}"
    else:
        problem, remedy = f"the secrets {names} have no value", f"set these variables{where}"
    return Remark(reading.folder / "roles.json", ", ".join(dict.fromkeys(places.values())), problem, remedy)


def secret_value(reading: Reading, environ: Mapping[str, str], name: str) -> str:
    """The environment wins over the file; empty when neither has it."""
    return environ.get(name) or reading.kept.get(name, "")


def used_secrets(roles: RolesFile) -> tuple[str, ...]:
    """The names that roles.json uses, each once."""
    texts = [text for role in roles.roles if role.sign_in for text in role.sign_in.fields.values()]
    return tuple(dict.fromkeys(name for text in texts for name in secret_names(text)))


def _sound(reading: Reading) -> _Sound:
    for mistake in reading.mistakes:
        raise BadInput(str(mistake))
    assert reading.settings is not None and reading.roles is not None
    return _Sound(reading.settings, reading.roles, reading.texts)


def _secrets(reading: Reading, environ: Mapping[str, str]) -> dict[str, str]:
    """The values of the secrets that roles.json names, and of no others."""
    if missing := missing_secrets(reading, environ):
        raise BadInput(str(missing))
    assert reading.roles is not None
    return {name: secret_value(reading, environ, name) for name in used_secrets(reading.roles)}


def _origin(text: str) -> str:
    if not valid_origin(text):
        raise BadInput(
            f"The address given: {text!r} is no usable address; write scheme, host and port, e.g. http://host:8080."
        )
    return text.strip().rstrip("/")


def _role(sound: _Sound, item: RoleSettings) -> Role:
    settings = sound.settings
    sign_in = item.sign_in and SignIn(item.sign_in.path, tuple(item.sign_in.fields.items()), item.sign_in.submit)
    detailed = [entry for entry in item.capabilities if isinstance(entry, CapabilitySettings)]
    return Role(
        name=item.name,
        sign_in=sign_in,
        context=sound.prose(item.context),
        capabilities=tuple(entry if isinstance(entry, str) else entry.name for entry in item.capabilities),
        iterations=item.iterations or settings.iterations,
        model=item.model,
        start=item.start,
        grants=tuple(Grant(entry.name, tuple(entry.routes)) for entry in detailed),
        history=sound.history(item.historical_bugs or settings.historical_bugs),
        scope=sound.scope(item.scope or settings.scope),
    )


def _replay(settings: SettingsFile) -> ReplayTarget | None:
    replay = settings.replay
    return replay and ReplayTarget(
        tuple(replay.start), replay.url.rstrip("/"), replay.reset, replay.ready, tuple(replay.reset_command)
    )
