"""Profiles as people write them: a good one is read whole, a mistake gets one sentence with its place and a remedy."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import jsonschema
import pytest
from agent_scene import Apps, person

from agent.charter import Charter, Compaction, Grant, Persistence, Resilience, ScopeNotes, Sharing
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
    (lambda apps: apps.roles[0].pop("sign_in"), "roles.0.sign_in: this key is missing; add it, with null for a vis"),
    (role(sign_in="none"), "roles.0.sign_in: this is no object; write {...} with path, fields, submit."),
    (setting(url="http://host:99999"), "settings.json: url: 'http://host:99999' is no address"),
    (setting(default_roles=["member", "member"]), "default_roles.1: 'member' is used twice; name each role once."),
    (setting(compaction={"keep": 40}), "settings.json: compaction.keep: keep (40) must be below entries (40)"),
    (setting(compaction={"entries": 10}), "compaction.entries: keep (20) must be below entries (10); correct one."),
    (setting(compaction={"pages": 21}), "compaction.pages: pages (21) is larger than keep (20); correct one."),
    (setting(compaction={"entries": 0}), "compaction.entries: input should be greater than or equal to 2"),
    (setting(persistence={"minimum_share": 1.1}), "persistence.minimum_share: input should be less than or equal"),
    (setting(persistence={"nudge_after": 20}), "persistence.nudge_after: nudge_after (20) must be below stall_after"),
    (setting(resilience={"hang": 0}), "resilience.hang: input should be greater than 0; correct the value."),
    (setting(sharing={"alike": 85}), "sharing.alike: input should be less than or equal to 1"),
    (setting(sharing={"leese": 1}), "sharing.leese: this key is unknown; remove it or use one of lease, per_route,"),
    (setting(pace={"shortest_wait": 61}), "pace.shortest_wait: shortest_wait (61) is above longest_wait (60)"),
    (setting(replay={"url": "http://host:{port}"}), "replay.url: {port} is only known where start names a command"),
    (
        setting(servers=[{"name": "n", "command": ["x"], "tools": ["read"], "writes": ["write"]}]),
        "servers.0.writes.0: 'write' is not among its tools; add it to tools or remove it here.",
    ),
    (setting(context="a\x00b"), "settings.json: context: 'a\\x00b' is no file name; name a file"),
    (setting(context="."), "Site/local is not a file; put a readable file there."),
    (role(scope="gone.md"), "roles.json: member.scope: "),
    (setting(historical_bugs="gone.md"), "settings.json: historical_bugs: "),
    (role(capabilities=[1]), 'capabilities.0: this is no capability; write a text or {"name": ..., "routes": [...]}.'),
    (role(capabilities=["Pay "]), "roles.0.capabilities.0: 'Pay ' is no capability; write one line of text"),
    (role(capabilities=["Pay", "pay"]), "capabilities.1: 'pay' is used twice; give each capability its own words."),
    (role(capabilities=["Pay", {"name": "Pay", "routes": ["/x"]}]), "capabilities.1: 'Pay' is used twice"),
    (role(capabilities=[{"name": "Pay"}]), "roles.0.capabilities.0.routes: this key is missing; add it."),
    (
        role(capabilities=[{"name": "a", "routes": ["/x", "GET /y"]}, {"name": "b", "routes": ["GET /y"]}]),
        "capabilities.1.routes.0: 'GET /y' is listed at roles.0.capabilities.0.routes.1 already; remove one",
    ),
]

NO_ROUTES = ("admin", "/admin*", "/a/{id}", "post /a", "POST", "FETCH /a", "http://h/a", "/a?b", "/a b", "//a", "")
ROUTES = ("/", "/*", "/admin", "/admin/", "/admin/*", "POST /a/*/b", "DELETE /a/*", "/reports.csv", "/a/~b_c-d")
PLAIN_PASSWORDS = (
    {"Password": "court-and-net"},
    {"Your pass code": "x"},
    {"userPassword": "x"},
    {"user_pin": "1234"},
    {"PIN": "1234"},
    {"API token": "x"},
    {"Secret answer": "x"},
    {"Code": "MyPassword1"},
)
NO_PASSWORDS = (
    {"Shipping address": "Main street"},
    {"Email": "secret.garden@site.test"},
    {"Club": "Lakeside"},
    {"Password": "{{secret:SITE_PASSWORD}}"},
)


@pytest.mark.parametrize(("change", "sentence"), MISTAKES)
def test_a_mistake_in_a_profile_is_named_with_its_place_and_remedy(apps, change, sentence):
    change(apps)
    with pytest.raises(BadInput) as caught:
        apps.load()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("route", NO_ROUTES)
def test_what_is_no_route_is_refused(route, apps):
    apps.roles = [person("member", capabilities=[{"name": "Pay", "routes": [route]}])]
    with pytest.raises(BadInput) as caught:
        apps.load()
    assert f"roles.0.capabilities.0.routes.0: {route!r} is no route; write /path or METHOD /path," in str(caught.value)


def test_capabilities_keep_their_order_and_those_with_routes_become_grants(apps):
    apps.roles = [person("member", capabilities=["See", {"name": "Pay", "routes": list(ROUTES)}, "Cancel"])]
    role = apps.load().roles[0]
    assert role.capabilities == ("See", "Pay", "Cancel")
    assert role.grants == (Grant("Pay", ROUTES),)


@pytest.mark.parametrize("fields", PLAIN_PASSWORDS)
def test_a_password_in_plain_text_is_refused_and_not_repeated(fields, apps):
    apps.roles = [person("member", sign_in={"path": "/x", "fields": fields, "submit": "Go"})]
    with pytest.raises(
        BadInput, match=r"plain text; write \{\{secret:NAME\}\} and keep the value in the variable"
    ) as it:
        apps.load()
    value = next(iter(fields.values()))
    assert len(value) < 4 or value not in str(it.value)


@pytest.mark.parametrize("fields", NO_PASSWORDS)
def test_other_fields_may_be_in_plain_text(fields, apps):
    apps.roles = [person("member", sign_in={"path": "/x", "fields": fields, "submit": "Go"})]
    sign_in = apps.load().roles[0].sign_in
    assert sign_in and dict(sign_in.fields) == fields


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"x" * 2_000_000, "notes.md is larger than 1 MB (2.0 MB); shorten it."),
        ("Prüfe".encode("latin-1"), "notes.md is not UTF-8; save it as UTF-8."),
        (None, "notes.md does not exist; create it or correct the name."),
    ],
)
@pytest.mark.parametrize("key", ["context", "scope", "historical_bugs"])
@pytest.mark.parametrize("of_role", [True, False])
def test_a_file_that_cannot_be_used_is_named_wherever_it_is_named(of_role, key, content, sentence, apps):
    if content is not None:
        (apps.folder / "notes.md").write_bytes(content)
    (apps.roles[0] if of_role else apps.settings)[key] = "notes.md"
    with pytest.raises(BadInput) as caught:
        apps.load()
    place = f"roles.json: member.{key}: " if of_role else f"settings.json: {key}: "
    assert place in str(caught.value) and str(caught.value).endswith(sentence)


def test_a_role_gets_the_notes_it_points_at_else_those_of_the_settings(apps):
    (apps.folder / "all.md").write_text("# skip\n* billing,\n  all of it\n\n### FOCUS:\n1. [ ] search\n")
    (apps.folder / "own.md").write_text("## Focus\n<!-- - not this\n-->\n- tasks\n")
    (apps.folder / "bugs.md").write_text("# Before\n\n- Prices were **doubled**.\n  - also on invoices\n")
    apps.settings |= {"scope": "all.md", "historical_bugs": "bugs.md"}
    apps.roles = [person("member"), person("guest", scope="own.md")]
    member, guest = apps.load().roles
    assert member.scope == ScopeNotes(("billing, all of it",), ("search",))
    assert guest.scope == ScopeNotes((), ("tasks",))
    assert member.history == guest.history == ("Prices were **doubled**.", "also on invoices")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("## Skip\n- a\n\n## Later\n- b\n", "scope.md: line 4: the heading 'Later' is not known here; use Skip or Fo"),
        ("<!--\nx\n-->\n- a\n", "scope.md: line 4: this item stands below no heading; put it below Skip or Focus."),
        ("# Skip\n- a\n\nand b\n", "scope.md: line 4: this is neither a heading nor a list item; begin it with"),
        ("# Skip\n<!-- what\n- a\n", "scope.md: line 2: the comment is opened and not closed; close it with -->."),
    ],
)
def test_what_cannot_be_read_in_the_scope_is_named_with_its_line(text, sentence, apps):
    (apps.folder / "scope.md").write_text(text)
    apps.settings["scope"] = "scope.md"
    with pytest.raises(BadInput) as caught:
        apps.load()
    assert sentence in str(caught.value)


def test_every_threshold_can_be_set_and_has_the_default_of_the_code(apps):
    profile = apps.load()
    found = (profile.compaction, profile.persistence, profile.resilience, profile.sharing)
    assert found == (Compaction(), Persistence(), Resilience(), Sharing())
    wished = {
        "compaction": Compaction(entries=10, keep=4, pages=2, tokens=5_000, note=True),
        "persistence": Persistence(minimum_share=0.3, nudge_after=2, stall_after=9),
        "resilience": Resilience(connection_failures=3, patience=1, stagger=0, hang=2.5),
        "sharing": Sharing(lease=2, per_route=3, offered=4, alike=0.5),
    }
    apps.settings |= {name: asdict(block) for name, block in wished.items()}
    profile = apps.load()
    assert {name: getattr(profile, name) for name in wished} == wished


def test_a_role_gets_500_turns_when_nobody_says_otherwise(apps):
    apps.roles = [{"name": "guest", "sign_in": None}]
    assert apps.load().roles[0].iterations == 500


def test_comments_in_a_context_file_reach_no_role(apps):
    (apps.folder / "app.md").write_text("# Shop\n\n<!-- for us:\nask Jo -->\n\nSells balls.\n")
    apps.settings["context"] = "app.md"
    assert apps.load().context == "# Shop\n\nSells balls."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"url": "http://a", "url": "http://b"}', "url: this key is there twice in one object; keep one of the two."),
        ('{"url": NaN}', "this is not JSON (NaN is no number); correct the file."),
        ("[" * 200_000, "this is not JSON (it is nested too deeply); correct the file."),
        ('{"replays": ' + "9" * 5000 + "}", "this is not JSON (Exceeds the limit"),
        ("[]", "settings.json: this is no object; write {...} with $schema, url, environment,"),
        ("", "settings.json: line 1: this is not JSON"),
    ],
)
def test_odd_json_is_one_sentence_too(text, sentence, apps):
    (apps.folder / "settings.json").write_text(text)
    with pytest.raises(BadInput) as caught:
        load_profile(apps.root, "Site/local", apps.environ)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_with_a_byte_order_mark_is_read(apps):
    text = (apps.folder / "settings.json").read_text()
    (apps.folder / "settings.json").write_text(text, encoding="utf-8-sig")
    assert load_profile(apps.root, "Site/local", apps.environ).replays == 3


def test_a_profile_without_its_settings_says_so(apps):
    (apps.folder / "settings.json").unlink()
    with pytest.raises(BadInput, match=r"Site/local/settings\.json: the file does not exist; create it"):
        load_profile(apps.root, "Site/local", apps.environ)


def test_the_file_of_secrets_is_not_opened_where_nobody_explores(apps):
    apps.settings["secrets_file"] = "elsewhere.env"
    apps.save()
    assert load_profile(apps.root, "Site/local", environ=None).secrets == ()


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
    (apps.folder / "secrets.env").write_text('SITE_PASSWORD = "in quotes"\n')
    assert dict(load_profile(apps.root, "Site/local", {}).secrets) == {"SITE_PASSWORD": "in quotes"}


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
        schema = json.loads(published[f"{name}.schema.json"])
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(file, schema, jsonschema.Draft202012Validator)


def test_every_key_says_in_the_schema_what_it_is():
    for text in schemas().values():
        schema = json.loads(text)
        for node in (schema, *schema["$defs"].values()):
            for key, value in node["properties"].items():
                block = schema["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
                assert value.get("description") or block.get("description"), f"{node['title']}: {key}"
