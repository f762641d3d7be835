"""Faults of what a page shows or does: errors, dead ends, wrong figures, wrong words. Nothing is stored differently."""

import html
import re
from datetime import datetime

from .planting import Answer, Page, Request, between, planted, rewritten

EVENT = r"/[\w-]+"
ORGA = rf"/orga/event{EVENT}"
SPEAKER_ROW = r'<a href="(/orga/event/[\w-]+/speakers/\w+/)"'
TIME = re.compile(r'(<time [^>]*data-isodatetime="([^"]+)"[^>]*>)[^<]*(</time>)')
SCRIPT = """
document.addEventListener("DOMContentLoaded", () => {
  if (/\\/talk\\/\\w/.test(location.pathname)) document.getElementById("fav-counter").hidden = false
})
"""


@planted("P01", "GET", rf"{ORGA}/submissions/")
def apostrophe_in_search(request: Request, page: Page) -> Answer:
    if "'" in request.GET.get("q", ""):
        raise RuntimeError("unterminated quoted string")
    return page(request)


@planted("P02", "GET", rf"{EVENT}/speaker/\w+/")
def speaker_of_two_sessions(request: Request, page: Page) -> Answer:
    code = request.path.split("/")[-2]
    if request.event.submissions.filter(state="confirmed", speakers__code__iexact=code).count() > 1:
        raise RuntimeError("get() returned more than one session")
    return page(request)


@planted("P03", "GET", rf"{EVENT}/schedule/widget/messages\.js")
def script_of_sessions_throws(request: Request, page: Page) -> Answer:
    return rewritten(page(request), lambda text: text + SCRIPT)


@planted("P04", "GET", rf"{ORGA}/speakers/")
def arrived_does_nothing(request: Request, page: Page) -> Answer:
    buttons = between(r'/toggle-arrived[^>]*>.*?<button type="', r'"', lambda _: "button")
    return rewritten(page(request), buttons)


@planted("P05", "GET", rf"{EVENT}/cfp")
def schedule_link_leads_nowhere(request: Request, page: Page) -> Answer:
    return rewritten(page(request), between(rf'btn-block" href="{EVENT}/', '/"', lambda _: "programme"))


@planted("P06", "GET", rf"{EVENT}/talk/\w+/")
def avatar_is_missing(request: Request, page: Page) -> Answer:
    return rewritten(page(request), lambda text: text.replace('/speaker/avatar.svg"', '/speaker/avatar.png"'))


@planted("P07", "GET", rf"{EVENT}/me/submissions/")
def titles_are_not_escaped(request: Request, page: Page) -> Answer:
    titles = between(r'<td>\s*<a href="[^"]*/me/submissions/\w+/">', "</a>", html.unescape)
    return rewritten(page(request), titles)


@planted("P08", "GET", rf"{ORGA}/schedule/rooms/new/")
def room_form_without_labels(request: Request, page: Page) -> Answer:
    return rewritten(page(request), lambda text: re.sub(r"<label\b.*?</label>", "", text, flags=re.S))


@planted("P09", "GET", rf"{ORGA}/speakers/")
def speaker_opens_the_next(request: Request, page: Page) -> Answer:
    def shifted(text: str) -> str:
        addresses = re.findall(SPEAKER_ROW, text)
        following = iter(addresses[1:] + addresses[:1])
        return re.sub(SPEAKER_ROW, lambda _: f'<a href="{next(following)}"', text)

    return rewritten(page(request), shifted)


@planted("P10", "GET", rf"{ORGA}/submissions/")
def filter_is_not_counted(request: Request, page: Page) -> Answer:
    heading = r'<h2 class="d-flex align-items-center">\s*<span>\s*'
    return rewritten(page(request), between(heading, r"\s", lambda _: str(request.event.submissions.count())))


@planted("P11", "GET", rf"{ORGA}/speakers/")
def one_submitters(request: Request, page: Page) -> Answer:
    return rewritten(page(request), between(r"<h2>\s*1\s+submitter", r"\s", lambda _: "s"))


@planted("P12", "GET", rf"{ORGA}/speakers/")
def descending_is_ascending(request: Request, page: Page) -> Answer:
    given = request.GET.copy()
    if given.get("sort") == "-name":
        given["sort"] = "name"
        request.GET = given
    return page(request)


@planted("P13", "GET", rf"{EVENT}/talk/\w+/")
def session_in_another_time_zone(request: Request, page: Page) -> Answer:
    def in_utc(found: re.Match[str]) -> str:
        moment = datetime.fromisoformat(found[2])
        return found[1] + (moment - (moment.utcoffset() or moment - moment)).strftime("%H:%M") + found[3]

    return rewritten(page(request), lambda text: TIME.sub(in_utc, text))


@planted("P14", "GET", rf"{ORGA}/")
def last_session_not_in_the_total(request: Request, page: Page) -> Answer:
    total = re.compile(r'<h1>(\d+)</h1>(\s*<div class="dashboard-description">\s*sessions\b)')
    return rewritten(
        page(request), lambda text: total.sub(lambda found: f"<h1>{int(found[1]) - 1}</h1>{found[2]}", text)
    )


@planted("P16", "GET", rf"{ORGA}/schedule/rooms/")
def ampersand_is_escaped_twice(request: Request, page: Page) -> Answer:
    names = between(r'<td[^>]*>\s*<a href="[^"]*/schedule/rooms/\d+/"[^>]*>', "</a>", html.escape)
    return rewritten(page(request), names)
