"""The people of a running pretalx: their clients, and how its pages, which come without quotes, are read."""

import re
from dataclasses import dataclass
from html import unescape

import httpx

ORGANISER, HARBOUR = "organiser@democon.test", "organiser@harbour.test"
REVIEWER, SPEAKER, NEWCOMER = "reviewer@democon.test", "speaker@democon.test", "newcomer@democon.test"
PASSWORD = "harbour-and-talks-7"
ORGA = "/orga/event/democon"
VALUE = r"""\bvalue=(?:"([^"]*)"|'([^']*)'|([^\s>"']+))"""


@dataclass(frozen=True, slots=True)
class Site:
    url: str

    def visitor(self) -> "Person":
        return Person(httpx.Client(base_url=self.url, follow_redirects=True, timeout=90))

    def person(self, email: str) -> "Person":
        person = self.visitor()
        path = "/democon/login/" if email in (SPEAKER, NEWCOMER) else "/orga/login/"
        answer = person.send(path, login_email=email, login_password=PASSWORD)
        assert "login" not in answer.url.path, answer.text
        return person


@dataclass(frozen=True, slots=True)
class Person:
    client: httpx.Client

    def page(self, path: str, **query: str) -> str:
        """The page's text, with one blank for any space."""
        answer = self.client.get(path, params=query or None)
        assert answer.status_code == 200, (path, answer.status_code)
        return re.sub(r"\s+", " ", answer.text)

    def status(self, path: str, **query: str) -> int:
        return self.client.get(path, params=query or None).status_code

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Sends the form of the page at `path`, with the fields that it is filled with but for those named here."""
        form = self.client.get(path)
        referer = {"Referer": str(form.url)}
        return self.client.post(form.url, data={**filled(form.text), **fields}, headers=referer)


def filled(html: str) -> dict[str, str]:
    """Names and values of a page's text fields and choices, hidden ones included, the first of each name."""
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", html):
        name, value = re.search(r"\bname=\"?([\w-]+)", tag), re.search(VALUE, tag)
        if name and not re.search(r"type=(checkbox|radio|file|submit)", tag):
            fields.setdefault(name[1], unescape(next(filter(None, value.groups()), "")) if value else "")
    for name, text in re.findall(r"<textarea\b[^>]*\bname=([\w-]+)[^>]*>(.*?)</textarea>", html, re.S):
        fields.setdefault(name, text.strip())
    for name, choices in re.findall(r"<select\b[^>]*\bname=([\w-]+)[^>]*>(.*?)</select>", html, re.S):
        fields.setdefault(name, "".join(re.findall(r"<option selected value=\"?([^\s\">]*)", choices)[:1]))
    return fields


def found(pattern: str, html: str) -> list[str]:
    return re.findall(pattern, html, re.S)
