"""Profiles as people write them: a good one is read whole, a mistake gets one sentence with its place and a remedy."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from agent_scene import Apps, person

from agent.charter import Charter
from agent.errors import BadInput
from agent.profiles.load import chosen_roles, load_profile
from agent.profiles.schema import schemas

APPS = Path(__file__).parents[2] / "apps"


def setting(**values: object) -> Callable[[Apps], None]:
    return lambda apps: apps.settings.update(values)


def role(**values: object) -> Callable[[Apps], None]:
    return lambda apps: apps.roles.__setitem__(0, person("member", **values))


def without(key: str) -> Callable[[Apps], None]:
    def change(apps: Apps) -> None:
        del apps.settings[key]

    return change


MISTAKES = [
    (setting(urll="x"), "settings.json: urll: this key is unknown; remove it or use one of $schema, url,"),
    (
        setting(replay={"url": "http://x", "resett": ""}),
        "replay.resett: this key is unknown; remove it or use one",
    ),
    (without("environment"), "settings.json: environment: this key is missing; add it."),
    (setting(url="ftp://host"), "settings.json: url: 'ftp://host' is no address; write scheme, host and port"),
    (setting(url="http://host/app"), "settings.json: url: 'http://host/app' is no address"),
    (setting(allowed_origins=["host"]), "settings.json: allowed_origins.0: 'host' is no address"),
    (setting(environment="prod"), "settings.json: environment: input should be 'local', 'staging' or 'production'"),
    (setting(replays="5"), "settings.json: replays: input should be a valid integer; correct the value."),
    (setting(default_roles=["admin"]), "default_roles.0: roles.json has no role 'admin'; use one of member."),
    (setting(context="missing.md"), "settings.json: context: "),
    (setting(context="missing.md"), "missing.md does not exist; create it or correct the name."),
    (setting(context="../../../x"), "settings.json: context: '../../../x' leaves the profile's folder"),
    (setting(secrets_file="no.env"), "no.env does not exist"),
    (role(context="gone.md"), "roles.json: member.context: "),
    (role(sign_in={"path": "/x", "fields": {}, "submit": "Go"}), "roles.json: roles.0.sign_in.fields: "),
    (
        role(sign_in={"path": "/x", "fields": {"Pin": "{{secret:PIN}}"}, "submit": "Go"}),
        "roles.0.sign_in.fields.Pin: the secret PIN has no value; set the variable PIN.",
    ),
    (
        role(sign_in={"path": "/x", "fields": {"Pin": "{{secret:my pin}}"}, "submit": "Go"}),
        "'my pin' is no name for a secret; use capitals, digits and _.",
    ),
    (lambda apps: apps.roles.append(person("member")), "roles.1.name: 'member' is used twice"),
]


@pytest.mark.parametrize(("change", "sentence"), MISTAKES)
def test_a_mistake_in_a_profile_is_named_with_its_place_and_remedy(apps, change, sentence):
    change(apps)
    with pytest.raises(BadInput) as caught:
        apps.load()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_profile_is_answered_with_the_known_ones(apps):
    with pytest.raises(BadInput, match="no app profile 'Site/prod'; write App/profile, the known ones are Site/local"):
        load_profile(apps.root, "Site/prod", apps.environ)
    with pytest.raises(BadInput, match="known ones are Site/local"):
        load_profile(apps.root, "../apps/Site/local", apps.environ)


def test_broken_json_is_named_with_its_line(apps):
    (apps.folder / "settings.json").write_text('{\n  "url": "http://x",\n  oops\n}')
    with pytest.raises(BadInput, match=r"settings\.json: line 3: this is not JSON"):
        load_profile(apps.root, "Site/local", apps.environ)


def test_an_address_given_by_hand_must_be_an_origin(apps):
    assert apps.load("http://elsewhere:8080/").url == "http://elsewhere:8080"
    for wrong in ("elsewhere", "http://", "http://host/path", "http://host:99999", "http://user@host"):
        with pytest.raises(BadInput, match="no usable address"):
            apps.load(wrong)


def test_secrets_come_from_the_environment_before_the_file_and_are_not_shown(apps):
    apps.settings["secrets_file"] = "secrets.env"
    (apps.folder / "secrets.env").write_text("# public\nSITE_PASSWORD=from-file\n")
    del apps.environ["SITE_PASSWORD"]
    profile = apps.load()
    assert dict(profile.secrets) == {"SITE_PASSWORD": "from-file"}
    assert "from-file" not in repr(profile)
    apps.environ["SITE_PASSWORD"] = "from-environment"
    assert dict(apps.load().secrets) == {"SITE_PASSWORD": "from-environment"}


def test_a_charter_gets_the_roles_it_names_or_the_default_ones(apps):
    apps.roles = [person("member"), person("guest"), person("admin")]
    apps.settings["default_roles"] = ["admin", "member"]
    profile = apps.load()

    def roles(**wishes):
        return [(item.name, item.iterations) for item in chosen_roles(profile, Charter("m", "Site", "local", **wishes))]

    assert roles() == [("admin", 12), ("member", 12)]
    assert roles(roles=("guest",), iterations=3) == [("guest", 3)]
    with pytest.raises(BadInput, match="Site/local has no role 'boss'; name one or more of member, guest, admin"):
        roles(roles=("boss",))


def test_the_shipped_profile_can_be_read_and_holds_its_password_only_as_a_secret():
    profile = load_profile(APPS, "Clubhouse/local", {})
    assert [role.name for role in chosen_roles(profile, Charter("m", "Clubhouse", "local"))] == list(
        profile.default_roles
    )
    assert profile.replay is not None and profile.replay.reset
    assert dict(profile.secrets)["CLUBHOUSE_PASSWORD"] not in (APPS / "Clubhouse/local/roles.json").read_text()


def test_the_published_schemas_are_those_of_the_code():
    published = {path.name: path.read_text() for path in (APPS / "schema").glob("*.json")}
    assert published == schemas(), "run: python -m agent.profiles.schema"
    for name in ("settings", "roles"):
        file = json.loads((APPS / f"Clubhouse/local/{name}.json").read_text())
        assert (APPS / "Clubhouse/local" / file["$schema"]).resolve() == (APPS / "schema" / f"{name}.schema.json")
