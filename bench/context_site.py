"""An office application in pages of common size: a menu, lists of records with filters and pages, a form per record.

`python -m bench.context_site --port N`. The pages of a public demo application, read by the explorer, had some 1,700
characters each; these have about as many. Nothing is broken, nothing is kept. Knows nothing of the explorer.
"""

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

AREAS = (
    "customers",
    "orders",
    "invoices",
    "parcels",
    "suppliers",
    "repairs",
    "contracts",
    "visits",
    "claims",
    "offers",
)
STATES = ("open", "waiting", "in work", "settled", "refused")
PEOPLE = ("Anna Berg", "Luis Moreno", "Chidi Eze", "Mei Tanaka", "Olga Petrova", "Sean Walsh", "Ines Costa")
PAGES = 6
ROWS = 9
FRAME = """<!doctype html><html lang="en"><head><title>{title}</title><link rel="icon" href="data:,"></head><body>
<nav>{menu}</nav><main><h1>{title}</h1>{body}</main>
<footer>Help desk, extension 42, from 8 to 17 hours</footer></body></html>"""
FILTER = """<form><label>Words <input name="q"></label> <label>State <select name="state">{states}</select></label>
<button>Apply filter</button></form>"""
RECORD = """<p>Kept by {keeper} since week {week}. The last change was a change of the amount, entered by hand.</p>
<dl><dt>Number</dt><dd>{number}</dd><dt>Amount</dt><dd>{amount} EUR</dd><dt>State</dt><dd>{state}</dd></dl>
<form method="post"><label>Contact <input name="contact" value="{keeper}"></label>
<label>Amount <input name="amount" type="number" value="{amount}"></label>
<label>State <select name="state">{states}</select></label>
<label>Remark <textarea name="remark"></textarea></label>
<label><input type="checkbox" name="urgent"> Urgent</label><button>Save {thing}</button></form><ul>{history}</ul>"""


class Office(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        words = [word for word in parts.path.split("/") if word]
        page = parse_qs(parts.query).get("page", ["1"])[0]
        match words:
            case []:
                self._page("Office", _links({area.title(): f"/{area}" for area in AREAS}))
            case [area] if area in AREAS and page.isdigit():
                self._page(area.title(), _list(area, min(max(int(page), 1), PAGES)))
            case [area, number] if area in AREAS and number.isdigit() and 0 < int(number) <= PAGES * ROWS:
                self._page(f"{area.title()[:-1]} {number}", _record(area, int(number)))
            case _:
                self._page("Not found", "<p>There is no such page.</p>", 404)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(303)
        self.send_header("Location", self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _page(self, title: str, body: str, status: int = 200) -> None:
        menu = " ".join(f'<a href="/{area}">{area.title()}</a>' for area in AREAS)
        data = FRAME.format(title=title, menu=f'<a href="/">Office</a> {menu}', body=body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _links(places: dict[str, str]) -> str:
    return "<ul>" + "".join(f'<li><a href="{place}">{name}</a></li>' for name, place in places.items()) + "</ul>"


def _options() -> str:
    return "".join(f"<option>{state}</option>" for state in STATES)


def _list(area: str, page: int) -> str:
    rows = "".join(_row(area, number) for number in range((page - 1) * ROWS + 1, page * ROWS + 1))
    head = "<tr><th>Number</th><th>Contact</th><th>Amount</th><th>State</th></tr>"
    pages = _links({f"Page {other}": f"/{area}?page={other}" for other in range(1, PAGES + 1) if other != page})
    total = f"<p>{PAGES * ROWS} {area}, page {page} of {PAGES}</p>"
    return FILTER.format(states=_options()) + total + f"<table>{head}{rows}</table>" + pages


def _row(area: str, number: int) -> str:
    cells = (PEOPLE[number % len(PEOPLE)], f"{number * 37 % 900}.50 EUR", STATES[number % len(STATES)])
    link = f'<a href="/{area}/{number}">{area[0].upper()}-{4000 + number}</a>'
    return f"<tr><td>{link}</td>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _record(area: str, number: int) -> str:
    history = "".join(
        f"<li>Week {week}: {STATES[(number + week) % len(STATES)]}, by {PEOPLE[(number * week) % len(PEOPLE)]}</li>"
        for week in range(3, 9)
    )
    return RECORD.format(
        keeper=PEOPLE[number % len(PEOPLE)],
        week=number % 40 + 1,
        number=f"{area[0].upper()}-{4000 + number}",
        amount=number * 37 % 900,
        state=STATES[number % len(STATES)],
        states=_options(),
        thing=area[:-1],
        history=history,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve the office.")
    parser.add_argument("--port", type=int, required=True)
    ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Office).serve_forever()
