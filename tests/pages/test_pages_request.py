"""What a role reads when it asks for an address by itself, and which writes its other calls are known to have made."""

import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from pages_site import PASSWORD, Site
from pages_world import VISITOR, Driver, profile
from playwright.async_api import Playwright

from agent.grounds import writes_of
from agent.tools.browser import open_browser
from agent.tools.page_request import SHOWN
from agent.tools.seat import BrowserOptions

pytestmark = pytest.mark.asyncio(loop_scope="session")
BULK = "<style>" + "a { color: red }\n" * 400 + "</style><script>" + "var noise = 1;\n" * 400 + "</script>"
MENU = "<nav>" + "".join(f'<a href="/menu/{n}">Section {n}</a>' for n in range(60)) + "</nav>"
EDIT = f"""<!doctype html><html><head><title>Edit &ndash; Boats</title>{BULK}</head><body>{MENU}<main><h1>Boats</h1>
<p>Flat   hulls
for <b>mud</b>.</p><a href="/boats/7/history">History</a> <a href="/boats?page=2">Next</a>
<form method="post" action="/boats/7"><input type="hidden" name="csrf" value="zzz"><input name="title" value="Boats">
<textarea name="intro">{"w" * 90}</textarea><select name="kind"><option>Sail</option><option selected>Row</option>
</select><input type="password" name="code" value="{PASSWORD}"><button>Save</button></form>
<p>The key is {PASSWORD}.</p></main><footer>Imprint</footer></body></html>"""
WRITES = """<title>Writes</title><h1>Writes</h1>
<button onclick="fetch('/api/seen?x=1', {method: 'PUT', body: '1'})">Mark</button>
<form method="post" action="/sent"><button>Send</button></form><a href="/loads">Load</a>"""
LOADS = """<title>Loads</title><h1>Loads</h1><script>fetch('/api/alive', {method: 'POST'})</script>"""
ANSWERS = {
    "/": (200, "text/html", "<title>Start</title><h1>Start</h1>"),
    "/edit": (200, "text/html", EDIT),
    "/long": (200, "text/html", f"<title>Long</title><main>{'river bank ' * 2000}</main>"),
    "/bare": (403, "text/html", f"{BULK}<p>Not for you."),
    "/list": (200, "application/json", '{"rows":  [1, 2]}'),
    "/note": (200, "text/plain", "a  b\n\n<p>c</p>"),
    "/writes": (200, "text/html", WRITES),
    "/loads": (200, "text/html", LOADS),
}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...

    def do_GET(self) -> None:
        status, kind, text = ANSWERS.get(self.path, (404, "text/html", "<h1>Lost</h1>"))
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(303)
        self.send_header("Location", "/loads")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST


@pytest.fixture(scope="module")
def pages() -> Iterator[Site]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host, port = server.server_address[:2]
    yield Site(url=f"http://{host}:{port}", other=f"http://{host}:{port}")
    server.shutdown()
    server.server_close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def asker(
    pages: Site, browser_path: Path, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Driver]:
    folder = tmp_path_factory.mktemp("asker")
    async with open_browser(
        BrowserOptions(VISITOR, profile(pages, folder), browser_path, folder, playwright)
    ) as surface:
        yield Driver(surface)


async def asked(driver: Driver, path: str) -> list[str]:
    result = await driver.do("request", url=path)
    assert result.status == "ok", result.told
    return result.text.splitlines()


async def test_of_a_page_its_title_its_words_and_its_leads_are_told(asker: Driver):
    first, *rest = await asked(asker, "/edit")
    assert first == f"GET /edit: HTTP 200, text/html, {len(EDIT):,} bytes"
    assert rest == [
        "Title: Edit – Boats",
        "Boats Flat hulls for mud. History Next Save The key is {{secret:PASSWORD}}.",
        "Links: /boats/7/history, /boats?page=2",
        'Form POST /boats/7: title "Boats", intro (90 characters), kind "Row", code',
    ]


async def test_a_page_without_a_main_part_is_told_whole_with_its_refusal(asker: Driver):
    first, *rest = await asked(asker, "/bare")
    assert first.startswith("GET /bare: HTTP 403, text/html") and rest == ["Not for you."]


async def test_what_is_long_is_cut_between_words_at_the_same_length_as_ever(asker: Driver):
    _, *lines, last = await asked(asker, "/long")
    shown = "\n".join(lines)
    assert last == "… cut" and SHOWN - 20 <= len(shown) <= SHOWN
    assert shown.startswith("Title: Long\nriver bank river") and shown.endswith((" river", " bank"))


async def test_json_and_text_stay_as_they_are(asker: Driver):
    assert (await asked(asker, "/list"))[1:] == ['{"rows":  [1, 2]}']
    assert (await asked(asker, "/note"))[1:] == ["a  b", "", "<p>c</p>"]


async def test_the_writes_of_a_call_are_known_and_those_of_the_next_page_are_not(asker: Driver, pages: Site):
    origins = frozenset({pages.url})
    opened = await asker.open("/writes")
    assert writes_of(opened, origins) == ()
    assert writes_of(await asker.click("Mark"), origins) == ("PUT /api/seen",)
    assert writes_of(await asker.click("Send"), origins) == ("POST /sent",)
    await asker.open("/writes")
    loaded = await asker.click("Load")
    assert [signal.url for signal in loaded.signals if signal.method == "POST"] == [f"{pages.url}/api/alive"]
    assert writes_of(loaded, origins) == ()
    await asker.open("/writes")
    assert writes_of(await asker.click("Mark"), frozenset({"http://other.test"})) == ()
