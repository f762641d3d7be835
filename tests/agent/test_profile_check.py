"""`charterbot profile check`: everything that is wrong with a profile at once, and what to do about it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from agent_scene import Apps, person

from agent.errors import BadInput
from agent.profiles.check import check_profile
from agent.profiles.markdown import history_lines, scope_notes, without_comments

COMMAND = Path(sys.executable).with_name("charterbot")
APPS = Path(__file__).parents[2] / "apps"


def run_check(root: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHARTERBOT_")}
    environ = {**kept, "CHARTERBOT_APPS_DIR": str(root), **variables}
    command = [str(COMMAND), "profile", "check", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environ, cwd=root, timeout=120)


def told(remarks: tuple) -> list[str]:
    return [f"{remark.file.name}: {remark.place}: {remark.problem}" for remark in remarks]


def whole(apps: Apps) -> None:
    """A profile that nothing is to be said of."""
    apps.roles = [person("member", capabilities=["Search"], iterations=20)]
    apps.save()


def test_every_mistake_of_a_profile_is_told_not_only_the_first(apps):
    (apps.folder / "big.md").write_text("x" * 2_000_000)
    (apps.folder / "old.md").write_bytes(b"\xff\xfe")
    (apps.folder / "scope.md").write_text("# Sometimes\n- billing\n")
    (apps.folder / "secrets.env").write_text("SITE_PASSWORD=x\npassword\n")
    apps.settings |= {
        "urll": "http://host",
        "environment": "prod",
        "context": "big.md",
        "scope": "scope.md",
        "secrets_file": "secrets.env",
        "compaction": {"keep": 50, "pagess": 1},
        "default_roles": ["boss"],
    }
    apps.roles = [
        {"name": "guest", "context": "none.md"},
        person("member", historical_bugs="old.md", capabilities=["Pay", "Pay", {"name": "See", "routes": ["see"]}]),
        person("admin", sign_in={"path": "/in", "fields": {"Password": "open-sesame", "Pin": "{{secret}}"}, "x": 1}),
    ]
    apps.save()

    checked = check_profile(apps.root, "Site/local", apps.environ)

    assert sorted(told(checked.mistakes)) == sorted(
        [
            "settings.json: urll: this key is unknown",
            "settings.json: environment: input should be 'local', 'staging' or 'production'",
            "settings.json: compaction.pagess: this key is unknown",
            "settings.json: compaction.keep: keep (50) must be below entries (40)",
            "settings.json: default_roles.0: roles.json has no role 'boss'",
            f"settings.json: context: {apps.folder}/big.md is larger than 1 MB (2.0 MB)",
            "scope.md: line 1: the heading 'Sometimes' is not known here",
            "secrets.env: line 2: this is no NAME=value",
            "roles.json: roles.0.sign_in: this key is missing",
            f"roles.json: guest.context: {apps.folder}/none.md does not exist",
            f"roles.json: member.historical_bugs: {apps.folder}/old.md is not UTF-8",
            "roles.json: roles.1.capabilities.1: 'Pay' is used twice",
            "roles.json: roles.1.capabilities.2.routes.0: 'see' is no route",
            "roles.json: roles.2.sign_in.fields.Password: this looks like a password in plain text",
            "roles.json: roles.2.sign_in.fields.Pin: this placeholder cannot be read",
            "roles.json: roles.2.sign_in.submit: this key is missing",
            "roles.json: roles.2.sign_in.x: this key is unknown",
        ]
    )
    assert all(remark.remedy for remark in checked.mistakes)


def test_one_broken_file_does_not_hide_the_other(apps):
    apps.roles = [{"name": "guest"}]
    apps.save()
    (apps.folder / "settings.json").write_text("{")
    mistakes = told(check_profile(apps.root, "Site/local", {}).mistakes)
    assert len(mistakes) == 2
    assert mistakes[0].startswith("settings.json: line 1: this is not JSON")
    assert mistakes[1] == "roles.json: roles.0.sign_in: this key is missing"


def test_a_sound_profile_is_told_nothing(apps):
    whole(apps)
    checked = check_profile(apps.root, "Site/local", apps.environ)
    assert (checked.ok, checked.mistakes, checked.warnings) == (True, (), ())


def test_the_shipped_profile_is_told_nothing():
    checked = check_profile(APPS, "Clubhouse/local", {})
    assert (told(checked.mistakes), told(checked.warnings)) == ([], [])


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"replay": None}, "settings.json: replay: there is no instance for replays"),
        (
            {"replay": {"url": "http://127.0.0.1:9/"}},
            "settings.json: replay.url: replays would reset the instance that is being explored",
        ),
        ({"version_path": ""}, "settings.json: version_path: no build can be told from another"),
        ({"iterations": 19}, "settings.json: iterations: 19 turns end before an app is known"),
        ({"environment": "production"}, "settings.json: environment: in production roles only look and change nothing"),
    ],
)
def test_what_is_legal_but_unwanted_in_the_settings_is_a_warning(change, warning, apps):
    whole(apps)
    apps.settings |= change
    apps.save()
    checked = check_profile(apps.root, "Site/local", apps.environ)
    assert checked.ok and told(checked.warnings) == [warning]


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"capabilities": []}, "roles.0.capabilities: no capability is listed"),
        ({"iterations": 3}, "roles.0.iterations: 3 turns end before an app is known"),
        (
            {"capabilities": ["Pay", {"name": "See", "routes": ["/x"]}]},
            "roles.0.capabilities.0: no routes are named here while other capabilities name theirs",
        ),
        ({"start": "/FILL IN: the shop"}, "roles.0.start: this is still to be filled in"),
    ],
)
def test_what_is_legal_but_unwanted_in_a_role_is_a_warning(change, warning, apps):
    whole(apps)
    apps.roles[0] |= change
    apps.save()
    checked = check_profile(apps.root, "Site/local", apps.environ)
    assert checked.ok and told(checked.warnings) == [f"roles.json: {warning}"]


def test_one_cause_is_one_line_however_often_it_is_met(apps):
    """A big profile that was begun and filled in half."""
    whole(apps)
    pay = {"name": "Pay", "routes": ["/pay"]}
    apps.roles = [
        person(f"role-{number}", capabilities=[*(f"Do {item}" for item in range(8)), pay], iterations=5)
        for number in range(3)
    ]
    for number, role in enumerate(apps.roles):
        role["sign_in"]["fields"]["Password"] = f"{{{{secret:PASSWORD_{number}}}}}"
        role["context"] = f"role-{number}.md"
        (apps.folder / f"role-{number}.md").write_text("<!-- later -->\n")
    apps.settings |= {"iterations": 5, "secrets_file": "secrets.env"}
    (apps.folder / "secrets.env").write_text("")
    apps.save()
    checked = check_profile(apps.root, "Site/local", {})
    assert checked.ok
    assert [str(remark) for remark in checked.warnings] == [
        f"{apps.folder}: settings.json iterations, roles.json roles.0.iterations, roles.json roles.1.iterations, "
        "roles.json roles.2.iterations: 5 turns end before an app is known; write 20 or more; 500 are usual.",
        f"{apps.folder}/roles.json: roles.0.capabilities.0, roles.0.capabilities.1, roles.0.capabilities.2, "
        "roles.0.capabilities.3, roles.0.capabilities.4, roles.0.capabilities.5 and 18 more: no routes are named here "
        "while other capabilities name theirs; add them, or a role's own pages may count as forbidden to it.",
        f"{apps.folder}: role-0.md, role-1.md, role-2.md: nothing is said here yet; write something, or remove the "
        "file's name where it is named.",
        f"{apps.folder}/roles.json: roles.0.sign_in.fields.Password, roles.1.sign_in.fields.Password, "
        "roles.2.sign_in.fields.Password: the secrets PASSWORD_0, PASSWORD_1, PASSWORD_2 have no value; set these "
        "variables or add them to secrets.env.",
    ]


def test_secrets_are_looked_for_on_this_machine_and_never_shown(apps):
    whole(apps)
    apps.roles.append(person("guest", capabilities=["Search"], iterations=20))
    apps.save()
    missing = check_profile(apps.root, "Site/local", {}).warnings
    assert told(missing) == ["roles.json: roles.0.sign_in.fields.Password: the secret SITE_PASSWORD has no value"]
    short = check_profile(apps.root, "Site/local", {"SITE_PASSWORD": "qzx"}).warnings
    assert [remark.problem for remark in short] == [
        "the secret SITE_PASSWORD is so short that it cannot be told from other text and masked"
    ]
    assert "qzx" not in str(short)


def test_files_that_say_nothing_too_much_or_two_things_are_warned_of(apps):
    whole(apps)
    (apps.folder / "app.md").write_text("# Site\n\n<!-- what it is for -->\n")
    (apps.folder / "role.md").write_text("word " * 5_000)
    (apps.folder / "scope.md").write_text("# Skip\n- billing\n\n# Focus\n- billing\n- FILL IN\n")
    (apps.folder / "bugs.md").write_text("Once the list was empty.\n\n- Doubled prices.\n")
    apps.settings |= {"context": "app.md", "scope": "scope.md", "historical_bugs": "bugs.md"}
    apps.roles[0]["context"] = "role.md"
    apps.save()
    checked = check_profile(apps.root, "Site/local", apps.environ)
    assert checked.ok
    assert told(checked.warnings) == [
        "app.md: : nothing is said here yet",
        "role.md: : 25000 characters are part of every request",
        "scope.md: line 6: this is still to be filled in",
        "bugs.md: line 1: a paragraph is not read here",
        "scope.md: : 'billing' is to be skipped and focused on",
    ]


def test_a_profile_that_is_not_there_is_bad_input(apps):
    with pytest.raises(
        BadInput, match="There is no app profile 'Site/none'; write App/profile, the known ones are Site"
    ):
        check_profile(apps.root, "Site/none", {})
    with pytest.raises(BadInput, match="There is no app profile"):
        check_profile(apps.root, "../apps/Site/local", {})


def test_the_command_checks_all_profiles_and_ends_with_2_when_one_is_wrong(apps):
    whole(apps)
    assert run_check(apps.root, SITE_PASSWORD="some-password").returncode == 0
    other = apps.root / "Shop" / "staging"
    other.mkdir(parents=True)
    (other / "settings.json").write_text('{"url": "http://shop"}')

    done = run_check(apps.root, "--json")
    assert done.returncode == 2
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["ok"] is False
    shop, site = result["profiles"]
    assert (shop["profile"], shop["ok"], site["profile"], site["ok"]) == ("Shop/staging", False, "Site/local", True)
    assert shop["mistakes"] == [
        {
            "file": str(other / "settings.json"),
            "place": "environment",
            "problem": "this key is missing",
            "remedy": "add it",
        },
        {
            "file": str(other / "roles.json"),
            "place": "",
            "problem": "the file does not exist",
            "remedy": "create it or correct the name",
        },
    ]
    assert [warning["problem"] for warning in site["warnings"]] == ["the secret SITE_PASSWORD has no value"]

    told = run_check(apps.root).stdout
    assert f"mistake {other / 'settings.json'}: environment: this key is missing; add it." in told
    assert "Shop/staging cannot be explored: 2 mistakes" in told
    assert "Site/local can be explored, with 1 warning." in told
    assert run_check(apps.root, "Site/local").returncode == 0


def test_the_command_says_so_where_nothing_can_be_checked(tmp_path, apps):
    none = run_check(tmp_path / "apps" / "Site")
    assert none.returncode == 2 and "begin one with: charterbot profile new" in none.stderr
    unknown = run_check(apps.root, "Site/none")
    assert unknown.returncode == 2 and "known ones are Site/local" in unknown.stderr
    assert "Traceback" not in none.stderr + unknown.stderr


def test_markdown_is_read_as_people_write_it():
    text = (
        "#  SKIP  #\n* a\n+ b\n1) c\n  goes on\nand on\n\n   - [x] d\n-\n"
        "<!--\n# Other\n- no\n-->\n###### *Focus*:\n- <!-- x --> e `f`\n-not an item\n"
    )
    notes = scope_notes(text)
    assert notes.skip == ("a", "b", "c goes on and on", "d")
    assert notes.focus == ("e `f` -not an item",)
    assert history_lines("# 2024\n- a\n\nwords\n\n## 2025\n- b <!-- Jo -->\n<!-- open\n- c") == ("a", "b")
    assert without_comments("a <!-- b --> c <!-- open") == "a  c <!-- open"
