"""`charterbot profile new`: a sound start that says what to fill in, and can be explored when that is done."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from faulty_site import PASSWORD

from agent import events as ev
from agent.errors import BadInput
from agent.explore import ExploreOptions, explore
from agent.journal import FileJournal
from agent.llm.choose import LlmSettings
from agent.profiles.check import check_profile
from agent.profiles.load import load_profile
from agent.profiles.schema import schemas
from agent.profiles.start import guessed_environment, secret_name, start_profile

COMMAND = Path(sys.executable).with_name("charterbot")


def run_new(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "CHARTERBOT_APPS_DIR": str(root)}
    command = [str(COMMAND), "profile", "new", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120)


def files(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_what_was_written_is_sound_and_says_what_to_fill_in(tmp_path):
    root = tmp_path / "elsewhere" / "apps"
    written = start_profile(root, "Shop/local", "http://127.0.0.1:8099/")
    assert {str(path.relative_to(root)) for path in written} == set(files(root))

    checked = check_profile(root, "Shop/local", {})
    assert checked.mistakes == ()
    places = [f"{remark.file.name} {remark.place}".strip() for remark in checked.warnings]
    texts = ("app", "visitor", "user", "testing-scope", "historical-bugs")
    assert places == [
        "settings.json replay",
        "settings.json version_path",
        "roles.json roles.0.capabilities.0",
        "roles.json roles.1.sign_in.fields.Email",
        "roles.json roles.1.capabilities.0",
        "context " + ", ".join(f"{name}.md" for name in texts),
        "roles.json roles.1.sign_in.fields.Password",
    ]
    assert len({(remark.problem, remark.remedy) for remark in checked.warnings}) == len(checked.warnings)


def test_it_can_be_loaded_once_the_variable_is_set(tmp_path):
    start_profile(tmp_path, "Shop/local", "http://127.0.0.1:8099/")
    with pytest.raises(
        BadInput, match="the secret SHOP_USER_PASSWORD has no value; set the variable SHOP_USER_PASSWORD"
    ):
        load_profile(tmp_path, "Shop/local", {})
    profile = load_profile(tmp_path, "Shop/local", {"SHOP_USER_PASSWORD": "throw-away"})
    visitor, user = profile.roles
    assert (profile.url, profile.environment, visitor.sign_in, user.iterations) == (
        "http://127.0.0.1:8099",
        "local",
        None,
        500,
    )
    assert user.sign_in and dict(user.sign_in.fields)["Password"] == "{{secret:SHOP_USER_PASSWORD}}"
    assert "<!--" not in profile.context + visitor.context + user.context
    assert (user.scope.skip, user.scope.focus, user.history) == ((), (), ())


def test_the_example_of_the_secrets_file_works_as_it_says(tmp_path):
    start_profile(tmp_path, "Shop/local", "http://127.0.0.1:8099")
    folder = tmp_path / "Shop" / "local"
    example = (folder / "secrets.env.example").read_text()
    (folder / "secrets.env").write_text(example.replace("PASSWORD=\n", "PASSWORD=throw-away\n"))
    settings = json.loads((folder / "settings.json").read_text())
    (folder / "settings.json").write_text(json.dumps(settings | {"secrets_file": "secrets.env"}))
    assert dict(load_profile(tmp_path, "Shop/local", {}).secrets) == {"SHOP_USER_PASSWORD": "throw-away"}
    assert "secrets.env" in (folder / ".gitignore").read_text().splitlines()


def test_the_schemas_are_beside_it_where_the_files_point(tmp_path):
    start_profile(tmp_path / "apps", "Shop/local", "http://127.0.0.1:8099")
    folder = tmp_path / "apps" / "Shop" / "local"
    for name in ("settings", "roles"):
        data = json.loads((folder / f"{name}.json").read_text())
        schema = json.loads((folder / data["$schema"]).read_text())
        jsonschema.validate(data, schema, jsonschema.Draft202012Validator)
    (tmp_path / "apps" / "schema" / "roles.schema.json").write_text("{}")
    start_profile(tmp_path / "apps", "Shop/staging", "http://127.0.0.1:8099")
    assert (tmp_path / "apps" / "schema" / "roles.schema.json").read_text() == "{}", "only what is missing is written"


def test_the_readme_explains_every_key(tmp_path):
    start_profile(tmp_path, "Shop/local", "http://127.0.0.1:8099")
    lines = (tmp_path / "Shop" / "local" / "README.md").read_text().splitlines()
    explained = {match[1] for line in lines if (match := re.match(r"\s*- `([^`]+)`[^:]*: \S", line))}
    for text in schemas().values():
        schema = json.loads(text)
        for node in (schema, *schema["$defs"].values()):
            assert set(node["properties"]) <= explained


def test_nothing_is_overwritten(tmp_path):
    start_profile(tmp_path, "Shop/local", "http://127.0.0.1:8099")
    (tmp_path / "Shop" / "local" / "roles.json").write_text("mine")
    before = files(tmp_path)
    with pytest.raises(BadInput, match="Shop/local is there already and is not overwritten; choose another name"):
        start_profile(tmp_path, "Shop/local", "http://127.0.0.1:1")
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    "slug", ["Shop", "Shop/", "/local", "../x/y", "Shop/a/b", "Shop/a b", f"{'x' * 61}/a", "schema/x"]
)
def test_a_name_that_cannot_be_used_is_refused(slug, tmp_path):
    with pytest.raises(BadInput, match=r"write App/profile|choose another name"):
        start_profile(tmp_path / "apps", slug, "http://127.0.0.1:8099")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["", "shop", "ftp://shop", "http://shop/path", "http://user@shop", "http://shop:99999"])
def test_an_address_that_cannot_be_used_is_refused(url, tmp_path):
    with pytest.raises(BadInput, match="is no usable address; write scheme, host and port"):
        start_profile(tmp_path / "apps", "Shop/local", url)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "apps").write_text("a file")
    with pytest.raises(BadInput, match=r"apps/Shop/local/\S+ cannot be written"):
        start_profile(tmp_path / "apps", "Shop/local", "http://127.0.0.1:8099")


def test_a_host_that_others_reach_is_only_looked_at_until_people_say_otherwise(tmp_path):
    for url in (
        "http://localhost:1",
        "http://127.0.0.1",
        "http://[::1]:1",
        "http://10.0.0.7",
        "http://shop",
        "http://a.test",
    ):
        assert guessed_environment(url) == "local"
    for url in ("https://shop.example.com", "http://8.8.8.8"):
        assert guessed_environment(url) == "production"
    start_profile(tmp_path, "Shop/live", "https://shop.example.com")
    places = [remark.place for remark in check_profile(tmp_path, "Shop/live", {}).warnings]
    assert "environment" in places


def test_the_variable_has_a_name_that_a_shell_takes():
    assert [secret_name(app) for app in ("Shop", "my-shop.2", "3D")] == [
        "SHOP_USER_PASSWORD",
        "MY_SHOP_2_USER_PASSWORD",
        "APP_3D_USER_PASSWORD",
    ]


def test_the_command_tells_what_it_wrote_and_what_comes_next(tmp_path):
    done = run_new(tmp_path, "Shop/local", "--url", "http://127.0.0.1:8099")
    assert done.returncode == 0, done.stderr
    assert f"wrote {tmp_path / 'Shop' / 'local' / 'roles.json'}" in done.stdout
    assert "charterbot profile check Shop/local" in done.stdout
    again = run_new(tmp_path, "Shop/local", "--url", "http://127.0.0.1:8099")
    assert again.returncode == 2 and "not overwritten" in again.stderr and "Traceback" not in again.stderr


async def test_filled_in_it_explores_an_app_that_nobody_has_seen(tmp_path, start_site):
    """The site of these tests, as somebody would meet it who has it running and nothing else."""
    site = start_site("clean")
    start_profile(tmp_path / "apps", "Shop/local", site.url)
    roles_file = tmp_path / "apps" / "Shop" / "local" / "roles.json"
    text = roles_file.read_text().replace("FILL IN: the test account's address or name", "member@site.test")
    roles_file.write_text(text.replace('"/login"', '"/sign-in"'))
    environ = {**os.environ, "SHOP_USER_PASSWORD": PASSWORD}
    options = ExploreOptions(
        tmp_path / "apps", "Shop/local", environ, LlmSettings(), iterations=3, out=tmp_path / "runs"
    )
    explored = await explore(options)
    assert explored.outcome.state == "completed", explored.outcome.detail
    journal = await FileJournal(explored.folder / "journal.jsonl").read()
    assert {event.role for event in journal if isinstance(event.payload, ev.RoleStarted)} == {"visitor", "user"}
    assert PASSWORD not in (explored.folder / "journal.jsonl").read_text()
