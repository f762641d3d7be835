"""The report as people open it: in a real browser, with everything an application may have written into it."""

import base64
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from told_run import BEGAN, Tale

from agent import events as ev
from agent.charter import Charter, Profile, Role
from agent.planning import plan
from agent.report.html import ROOM, Pictures
from agent.report.write import write_report
from agent.tools.chromium import require_browser

NAMES = ("Pay an order", "Read the news")
HOSTILE = (
    "</title></text><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">{{7*7}} `*#|"
)
CHARTER = Charter(f"Explore the shop. {HOSTILE}", "Shop", "local", areas=("News", HOSTILE))
ROLES = (Role("buyer", None, capabilities=NAMES), Role("clerk", None, capabilities=(HOSTILE,)))
SHOP = Profile("Shop", "local", Path("/nowhere"), "http://shop.test", "local", ROLES, secrets=(("PASS", "hunter22"),))
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(require_browser(os.environ)))
        yield browser
        browser.close()


def hostile_run() -> Tale:
    """Each text that an application or a model can write holds markup, and a secret."""
    bad = f"{HOSTILE} hunter22"
    tale = Tale("buyer", "clerk").add(ev.PlanMade(tuple(i.to_json() for i in plan(CHARTER, ROLES, ()))), role="")
    tale.arrive("/").go("/news").click("button", bad).fill(bad, bad).click("button", "Save").go("/news")
    tale.claim(f'get_by_text("{bad}")', "fails", bad, bad).prove(bad, "/news").turn(waited=9.0, faults=("busy",))
    tale.click("link", bad, "/legal")
    tale.add(ev.StateMet("s/news", "/news", (bad,), "/news", bad)).add(ev.LeadFound("id", f"/news/{bad}", bad))
    tale.add(ev.BlockerMet(bad, bad, True)).add(ev.CircuitOpened("app_down", "/news", 5, bad))
    tale.add(ev.SignedInAgain("form", "/")).add(ev.EpochClosed(1, "entries", 9, 4, note=bad))
    tale.add(ev.ObservationNoted(bad, bad, bad)).note("Read the news", "broken", bad)
    tale.add(ev.PictureTaken("s/news", bad, "roles/buyer/1.png")).add(ev.FindingKnown("f", bad, bad))
    tale.add(ev.Steered("n1", "focus", bad, bad), role="").turn().stop("crashed", bad)
    return tale.as_role("clerk").arrive("/").go("/news").turn().stop()


def written(folder: Path, events: list[ev.Event]) -> Path:
    (folder / "roles" / "buyer").mkdir(parents=True)
    (folder / "roles" / "buyer" / "1.png").write_bytes(PNG)
    write_report(folder, CHARTER, SHOP, events)
    return folder / "report.html"


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_texts_stay_texts_and_the_page_fits_its_window(tmp_path, chromium, width, scheme):
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(written(tmp_path, hostile_run().end()).as_uri())

    assert page.title() == "Shop/local: session report"
    assert page.locator("script, img[onerror], iframe, object, link").count() == 0
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and said == []
    assert page.locator("article.proved h3, article.finding h3").inner_text().startswith("</title></text><script>")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("svg.map g.box").count() == 2 and page.locator("svg.line").count() == 2
    assert page.locator("#pictures img").evaluate("image => image.naturalWidth") == 1
    page.close()


def test_nothing_is_lost_without_scripts_and_details_can_be_opened(tmp_path, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(written(tmp_path, hostile_run().end()).as_uri())
    page.locator("summary", has_text="moments in words").first.click()
    assert page.locator("li", has_text="Signed in again (form)").is_visible()
    context.close()


def test_no_secret_and_no_markup_of_the_application_is_in_any_file(tmp_path):
    written(tmp_path, hostile_run().end())
    files = [path for path in tmp_path.rglob("*") if path.suffix in (".md", ".html", ".json", ".jsonl")]
    assert {path.name for path in files} == {
        "report.md",
        "report.html",
        "findings.json",
        "run.json",
        "journal.jsonl",
        "sheet.md",
    }
    for path in files:
        assert "hunter22" not in path.read_text(), path
    for name in ("report.md", "roles/buyer/sheet.md"):
        shown = re.sub(r"(`+).*?\1", "", (tmp_path / name).read_text())
        assert "script" in shown and not re.search(r"(?<!\\)<script", shown)
    assert "49" not in re.findall(r"onerror.{0,90}", (tmp_path / "report.html").read_text())[0]


def test_a_secret_is_masked_however_a_file_would_spell_it(tmp_path):
    secret = 'it\'s_Zq*"xy<zq>" & @zorro'
    run = Tale("buyer").arrive("/").go("/news").fill("Code", secret).click("link", secret, f"/{secret}").turn()
    run.claim(f"get_by_text({secret})", "fails", secret, secret).prove(f"Shows {secret}", "/news").turn()
    run.add(ev.StateMet("s/news", "/news", (secret,), "/news", secret)).add(ev.LeadFound("id", f"/{secret}", secret))
    run.note("Read the news", "broken", secret).add(ev.ObservationNoted(secret, secret, "/")).stop("crashed", secret)
    charter = Charter(f"Sign in with {secret}.", "Shop", "local", areas=(f"Code {secret}",))
    write_report(tmp_path, charter, replace(SHOP, secrets=(("PASS", secret),)), run.end())
    for path in (path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size):
        text = path.read_text()
        assert "{{secret:PASS}}" in text and not re.search(r"zorro|_Zq", text), path


def test_a_secret_that_is_a_word_of_the_run_does_not_tear_it_apart(tmp_path):
    profile = replace(SHOP, secrets=(("PASS", "buyer"), ("WORD", "goto"), ("ODD", "a_b*c")))
    write_report(tmp_path, CHARTER, profile, Tale("buyer").arrive("/").go("/news").turn().stop().end())
    told = json.loads((tmp_path / "run.json").read_text())
    assert [(role["name"], role["turns"]) for role in told["roles"]] == [("{{secret:PASS}}", 1)]


def test_a_run_without_a_model_has_an_empty_list_of_calls_and_another_keeps_its_own(tmp_path):
    write_report(tmp_path, CHARTER, SHOP, Tale("buyer").end())
    assert (tmp_path / "usage.ndjson").read_bytes() == b""
    (tmp_path / "usage.ndjson").write_text('{"a": 1}\n')
    write_report(tmp_path, CHARTER, SHOP, Tale("buyer").end())
    assert (tmp_path / "usage.ndjson").read_text() == '{"a": 1}\n'


def test_the_map_keeps_addresses_apart_from_the_dots_of_the_roles(tmp_path, chromium):
    names = ("buyer", "clerk", "guest", "chief", "admin")
    tale = Tale(*names)
    for name in names:
        tale.as_role(name).arrive("/").go(f"/{'WM' * 12}/customers-with-open-orders").turn()
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(written(tmp_path, tale.end()).as_uri())
    box = page.locator("svg.map g.box", has_text="…")
    shown = box.locator("text.route").bounding_box()
    cut = box.locator("svg").bounding_box()
    dots = [dot.bounding_box() for dot in box.locator("circle").all()]
    assert shown and cut and len(dots) == 5
    left = min(dot["x"] for dot in dots if dot)
    assert shown["x"] + shown["width"] <= left and cut["x"] + cut["width"] <= left
    page.close()


def test_how_much_was_repeated_and_revisited_is_told_everywhere(tmp_path, chromium):
    tale = Tale("buyer").arrive("/").go("/news").go("/").go("/news").go("/").turn().stop()
    path = written(tmp_path, tale.end())
    told = json.loads((tmp_path / "run.json").read_text())
    assert (told["repeated_ground"], told["revisit_rate"]) == (0.5, 0.5)
    assert "- Revisits: 50% of the arrivals were where the role had been before" in (tmp_path / "report.md").read_text()
    page = chromium.new_page()
    page.goto(path.as_uri())
    assert page.get_by_text("Revisits: 50 % of the arrivals").is_visible()
    page.close()


def test_the_sheet_speaks_as_testers_do(tmp_path):
    tale = Tale("buyer", "clerk").add(ev.PlanMade(tuple(i.to_json() for i in plan(CHARTER, ROLES, ()))), role="")
    tale.arrive("/").go("/news").fill("Comment", "Nice").click("button", "Send").turn()
    tale.claim('get_by_text("News")', "fails").prove("The news are empty", "/news").turn()
    tale.add(ev.BlockerMet("cookie banner", "pressed Reject", True)).turn()
    tale.add(ev.LeadFound("link", "/archive", "a link")).go("/news/7").turn().stop()
    tale.as_role("clerk").stop("sign_in_failed", "Wrong password.")
    written(tmp_path, tale.end())
    sheet = (tmp_path / "report.md").read_text()
    parts = {part.partition("\n")[0]: part for part in sheet.split("\n## ")}
    assert f"**Start.** {BEGAN:%Y-%m-%d %H:%M} UTC. **Duration.**" in sheet
    assert "- News: *proven* (1 finding proved, 2 claims" not in sheet
    assert "- News: *proven* (1 finding proved, 1 claim evaluated, proven for buyer)" in parts["Charter"]
    assert "- buyer: Pay an order: *not reached* (the budget was used up)" in parts["Not reached"]
    assert parts["Task breakdown"].split("\n- ")[1:] == [
        "Test design and execution: 50% of the turns",
        "Bug investigation and reporting: 25% of the turns",
        "Setup (sign-in, blockers, waiting): 25% of the turns\n",
    ]
    assert 'turn 1 at `/news`: Fill `textbox "Comment" with "Nice"`; Click `button "Send"`' in parts["Data created"]
    assert "- **The news are empty** (high, buyer): CONFIRMED 5/5" in parts["Findings"]
    assert "- cookie banner: pressed Reject (met 1 times, overcome 1)" in parts["Blockers"]
    assert "- `/archive`: link seen by buyer: a link" in parts["Leads not followed"]
    assert "- `/news/7`: visited by buyer" in parts["Visited, not tested"]
    assert "Each confirmed finding took 4.0 turns and 440 tokens, $0.0400" in parts["What it cost"]
    assert "(clerk): " in parts["Plan and what came of it"]
    role = (tmp_path / "roles" / "buyer" / "sheet.md").read_text()
    assert "- 2 `/news`: looked. **A claim failed: It was said so.** **Proved: The news are empty**" in role
    assert "Wrong password." in (tmp_path / "roles" / "clerk" / "sheet.md").read_text()


def test_a_run_without_a_single_turn_has_a_report_too(tmp_path, chromium):
    path = tmp_path / "empty"
    write_report(path, replace(CHARTER, mission="", areas=()), replace(SHOP, roles=()), Tale().end("failed"))
    page = chromium.new_page()
    page.goto((path / "report.html").as_uri())
    assert page.get_by_text("No state was met.").is_visible()
    page.close()
    write_report(tmp_path / "none", CHARTER, SHOP, ())
    assert (tmp_path / "none" / "report.md").is_file()


def test_pictures_are_put_in_while_there_is_room_and_never_from_elsewhere(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "a.png").write_bytes(PNG)
    (run / "b.png").write_bytes(PNG + bytes(ROOM))
    (tmp_path / "outside.png").write_bytes(PNG)
    (run / "notes.txt").write_text("x")
    (run / "way.png").symlink_to(tmp_path / "outside.png")
    pictures = Pictures(run)
    assert pictures.address("a.png").startswith("data:image/png;base64,iVBOR")
    assert pictures.address("b.png") == "b.png"
    for file in ("../outside.png", str(tmp_path / "outside.png"), "way.png", "notes.txt", "none.png", ""):
        assert pictures.address(file) == ""
