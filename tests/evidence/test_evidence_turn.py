"""What a whole run makes of a page that shows a secret, and of overlays that can and cannot be closed."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agent.book import MemoryBook
from agent.charter import Charter, Profile, Role
from agent.crew import CrewRun, run_crew
from agent.journal import FileJournal
from agent.llm.base import ModelReply, ModelRequest
from agent.tools.aria import elements, parse
from agent.tools.surface import ToolCall

PASSWORD = "s3cret-Passw0rd"
WALL = '<div id="{name}" style="position: fixed; inset: 0; background: #fffc">{said}</div>'
PAGES = {
    "/": f'<h1>Account</h1><p data-testid="key">{"." * 290}{PASSWORD}</p>'
    f'<label>Shown<input value="{PASSWORD}"></label>',
    "/wall": "<h1>Wall</h1><button>Go on</button>" + WALL.format(name="wall", said="Spring sale"),
    "/banner": "<h1>Banner</h1><button>Go on</button>"
    + WALL.format(name="bar", said='We use cookies. <button onclick="bar.remove()">Reject all</button>'),
}


class Site(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        body = PAGES.get(self.path, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Walker:
    """A model that checks what the first page shows, then presses the button of two others."""

    name, vision = "walker", False

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []

    async def generate(self, request: ModelRequest) -> ModelReply:
        self.requests.append(request)
        calls = self.next(len(self.requests), request)
        return ModelReply("called", calls=tuple(ToolCall(str(n), tool, args) for n, (tool, args) in enumerate(calls)))

    def next(self, turn: int, request: ModelRequest) -> list[tuple[str, dict[str, str]]]:
        view = request.situation.view
        go_on = [item.ref for item in elements(parse(view.snapshot if view else "")) if item.name == "Go on"]
        match turn:
            case 1:
                told = {"expected": "nothing", "because": "consistency", "reason": "r"}
                key = {"subject": 'get_by_test_id("key")', "predicate": "text_is", **told}
                shown = {"subject": 'get_by_label("Shown")', "predicate": "value_is", **told}
                return [("check", key), ("check", shown), ("browser_navigate", {"url": "/wall"})]
            case 2:
                return [("browser_click", {"target": go_on[0]})]
            case 3:
                return [("browser_navigate", {"url": "/banner"})]
            case 4:
                return [("browser_click", {"target": go_on[0]})]
            case _:
                return [("finish", {"summary": "Done."})]

    async def close(self) -> None:
        return


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def test_a_claim_tells_no_secret_and_only_what_cannot_be_closed_is_a_finding(url, tmp_path):
    role, secrets = Role("visitor", None, iterations=8), (("KEY", PASSWORD),)
    profile = Profile("Site", "local", tmp_path, url, "local", (role,), secrets=secrets, replays=1)
    model, book, journal = Walker(), MemoryBook(), tmp_path / "journal.jsonl"
    charter = Charter("Look around.", "Site", "local")
    await run_crew(CrewRun(charter, profile, lambda _: model, FileJournal(journal), book, tmp_path, os.environ))

    told = "\n".join(message.text for request in model.requests for message in request.messages)
    assert "Claim 1 fails" in told and "Claim 2 fails" in told
    for text in (told, journal.read_text()):
        assert PASSWORD[:6] not in text and "{{secret:KEY" in text

    (finding,) = book.findings
    assert finding.title == 'div#wall (focus interference) covers button "Go on" and cannot be closed'
    assert (finding.severity, finding.verdict.kind) == ("medium", "CONFIRMED")
    assert [step.value for step in finding.repro.steps] == ["/wall"]
