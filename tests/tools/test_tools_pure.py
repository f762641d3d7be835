"""Units for the pure parts: the snapshot's grammar, secrets, addresses, the read-only policy."""

import base64
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.charter import Profile
from agent.errors import BadInput
from agent.tools.answers import blocker, name_blocker, read_answer
from agent.tools.aria import dialogs, elements, headings, parse
from agent.tools.aria_text import outline
from agent.tools.chromium import find_browser, require_browser
from agent.tools.egress import Forbidden, destination, leaves, origin_of
from agent.tools.policy import decide
from agent.tools.secrets import SecretRefused, Secrets
from agent.tools.surface import PageView, Target, ToolCall

BASE = "http://127.0.0.1:8000"
SNAPSHOT = r"""- generic [active] [ref=e1]:
  - heading "Members" [level=1] [ref=e2]
  - 'link "Ann: \"Boss\" it''s" [ref=e3] [cursor=pointer]':
    - /url: /m/1?a=b
  - generic [ref=e4]:
    - text: "Name:"
    - textbox "Name" [ref=e5]: "yes: \"no\""
    - searchbox [ref=e15]:
      - /placeholder: Find a member
    - checkbox "News" [checked] [disabled] [ref=e6]
    - combobox "Colour" [ref=e7]:
      - option "red"
      - option "green" [selected]
  - dialog "Settings" [ref=e8]:
    - button [ref=e9] [cursor=pointer]:
      - text: Close
  - generic [ref=e10] [cursor=pointer]: Open me
  - generic [ref=e11] [cursor=pointer]:
    - button "Inner" [ref=e12] [cursor=pointer]
  - list [ref=e13]:
ITEMS"""
ITEMS = "\n".join(f'    - listitem [ref=f1e{n}]:\n      - button "Item {n}" [ref=f2e{n}]' for n in range(20))
TREE = parse(SNAPSHOT.replace("ITEMS", ITEMS))


def test_a_snapshot_is_read_with_its_quotes_and_states() -> None:
    found = {item.ref: item for item in elements(TREE)}
    assert (found["e3"].name, found["e3"].url) == ('Ann: "Boss" it\'s', "/m/1?a=b")
    assert (found["e5"].name, found["e5"].value) == ("Name", 'yes: "no"')
    assert found["e15"].placeholder == "Find a member"
    assert found["e6"].checked and found["e6"].disabled
    assert (found["e7"].options, found["e7"].value) == (("red", "green"), "green")
    assert found["e9"].name == "Close" and found["e10"].name == "Open me"
    assert "e11" not in found and "e12" in found and "e1" not in found
    assert headings(TREE) == ("Members",) and [node.name for node in dialogs(TREE)] == ["Settings"]


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    tree = parse(f'- generic [ref=e1]:\n  - {text}\n- button "Save" [ref=e2]')
    assert elements(tree)[-1].ref == "e2" or "\n" in text or text.startswith(("-", " "))
    outline(tree, 100)


def test_errors_of_the_server_become_one_line() -> None:
    raw = (
        "### Error\nTimeoutError: browserBackend.callTool: Timeout 1500ms exceeded.\nCall log:\n"
        "\x1b[2m  - waiting for locator('aria-ref=e3')\x1b[22m\n\x1b[2m - <p>x</p> from <div role=\"dialog\" "
        'aria-label="Consent">…</div> subtree intercepts pointer events\x1b[22m\n'
    )
    answer = read_answer(raw, True)
    assert answer.error == 'The click was blocked by dialog "Consent".' and "\x1b" not in answer.raw
    assert name_blocker(blocker(answer.raw) or "") == 'dialog "Consent"'
    assert read_answer("### Error\nError: Ref e9 not found.\n", True).error == "Ref e9 not found."


SECRET = 'p&ss w"ö/rd'


@pytest.mark.parametrize(
    "shown",
    [
        *(SECRET, "p%26ss%20w%22%C3%B6%2Frd", "p%26ss+w%22%c3%b6%2frd", "p&amp;ss w&quot;ö/rd", 'p&ss w\\"\\u00f6/rd'),
        *(base64.b64encode(b"u:" + SECRET.encode() + b"!").decode(), quote_plus(SECRET)),
    ],
)
def test_a_secret_is_masked_in_every_spelling(shown: str) -> None:
    masked = Secrets({"PIN": SECRET}, (BASE,)).mask(f"before {shown} after")
    assert "{{secret:PIN}}" in masked and "ss w" not in masked and masked.startswith("before ")


def test_short_values_are_not_masked_and_placeholders_bound_to_origins() -> None:
    secrets = Secrets({"A": "abc", "B": "longer"}, (BASE,))
    assert secrets.mask("abc longer") == "abc {{secret:B}}"
    assert secrets.resolve("x{{secret:B}}", BASE) == "xlonger"
    for origin, name in (("http://evil.test", "B"), (BASE, "C")):
        with pytest.raises(SecretRefused):
            secrets.resolve(f"{{{{secret:{name}}}}}", origin)


@pytest.mark.parametrize(
    ("text", "url"),
    [("/a b?q=ä#x", f"{BASE}/a%20b?q=%C3%A4#x"), (BASE, BASE), ("HTTP://127.0.0.1:8000/x", "HTTP://127.0.0.1:8000/x")],
)
def test_paths_and_own_addresses_may_be_opened(text: str, url: str) -> None:
    assert destination(text, BASE, ()) == url


@pytest.mark.parametrize(
    "text",
    [
        *("http://127.0.0.1:8001/", "http://127.0.0.1:8000@evil.test/", "http://127.0.0.1:8000.evil.test/", "members"),
        *("http:\\\\evil.test\\", "http://evil.test\\@127.0.0.1:8000/", "//evil.test", "https://127.0.0.1:8000/"),
        *("ht\ntp://127.0.0.1:8000/", "http://127.1:8000/", "http://127。0.0.1:8000/", "/\\evil.test", "about:blank"),
    ],
)
def test_anything_else_may_not(text: str) -> None:
    with pytest.raises(Forbidden):
        destination(text, BASE, ("http://other.test",))


def test_origins_are_compared_without_their_default_port() -> None:
    assert origin_of("https://Club.test:443/x") == origin_of("https://club.test") == "https://club.test"
    assert destination("http://other.test/x", BASE, ("http://other.test",)) == "http://other.test/x"
    assert leaves("//evil.test/", BASE, ()) and not leaves("mailto:a@b.c", BASE, ()) and not leaves("/x", BASE, ())


def _profile(environment: str, allow: bool = False) -> Profile:
    return Profile("A", "p", Path(), BASE, environment, (), allow_writes=allow)  # pyright: ignore[reportArgumentType] parametrised


SAVE = Target("x", "button", "Save", kind="button")
SEARCH = Target("x", "button", "Show filters", kind="button")
SUBMIT = Target("x", "button", "Go", kind="submit")


@pytest.mark.parametrize(
    ("call", "target", "denied"),
    [
        (ToolCall("1", "browser_click"), SAVE, True),
        (ToolCall("1", "browser_click"), SUBMIT, True),
        (ToolCall("1", "browser_click"), SEARCH, False),
        (ToolCall("1", "browser_click"), Target("x", "link", "Add-ons"), False),
        (ToolCall("1", "browser_click"), Target("x", "link", "Delete account"), True),
        (ToolCall("1", "browser_type", {"text": "a", "submit": True}), None, True),
        (ToolCall("1", "browser_type", {"text": "a"}), None, False),
        (ToolCall("1", "browser_press_key", {"key": "Enter"}), None, True),
        (ToolCall("1", "browser_press_key", {"key": "Tab"}), None, False),
        (ToolCall("1", "browser_handle_dialog", {"accept": True}), None, True),
        (ToolCall("1", "browser_handle_dialog", {"accept": False}), None, False),
    ],
)
def test_production_may_look_but_not_change(call: ToolCall, target: Target | None, denied: bool) -> None:
    view = PageView(BASE, dialog="confirm: Really?")
    assert bool(decide(call, target, view, _profile("production"))) is denied
    assert decide(call, target, view, _profile("production", allow=True)) is None
    assert decide(call, target, view, _profile("local")) is None


def test_browsers_are_looked_for_in_order(tmp_path: Path) -> None:
    for name in ("chromium", "google-chrome", "mine"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    path = str(tmp_path)
    assert find_browser({"PATH": path, "CHARTERBOT_BROWSER": f"{path}/mine"}) == tmp_path / "mine"
    assert find_browser({"PATH": path}) == tmp_path / "chromium"
    (tmp_path / "chromium").unlink()
    assert find_browser({"PATH": path}) == tmp_path / "google-chrome"


def test_a_missing_browser_is_one_sentence_with_a_remedy(tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    with pytest.raises(BadInput, match="charterbot doctor --fix"):
        require_browser(nowhere)
    with pytest.raises(BadInput, match="CHARTERBOT_BROWSER is /nope"):
        require_browser({**nowhere, "CHARTERBOT_BROWSER": "/nope"})
