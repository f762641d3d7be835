"""Addresses as the project compares them: origins, paths and route templates without ids and data. Pure."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://")
_OPAQUE = re.compile(r"^(about|data|blob|javascript|mailto|tel|chrome-error|view-source):", re.I)
_ASSET = re.compile(
    r"\.(js|mjs|css|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|mp4|webm|pdf|txt|json|xml|csv|html?)$", re.I
)
_UUID = re.compile(r"^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$", re.I)
_DATE = re.compile(r"^\d{4}-\d{1,2}(-\d{1,2})?([T_ ].*)?$")
_HEX = re.compile(r"^(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,}$", re.I)
_VERSION = re.compile(r"^v\d+(\.\d+)*$", re.I)
_HASHED = re.compile(r"([.-])(?=[0-9a-f]*\d)[0-9a-f]{8,}(?=\.)", re.I)
_PORTS = {"http": 80, "https": 443}
LONGEST_WORD = 40
LONGEST_KEPT = 2_000
"""Characters of an address that is worth keeping: a page may hold a whole picture in one."""


def origin(url: str) -> str:
    """`scheme://host[:port]`, lower case, without a default port; empty for anything that is not http(s)."""
    return _origin(url) if len(url) <= LONGEST_KEPT else _origin.__wrapped__(url)


@lru_cache(maxsize=2_048)
def _origin(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS[scheme] else "")


def same_origin(one: str, other: str) -> bool:
    return bool(origin(one)) and origin(one) == origin(other)


def path(url: str) -> str:
    """Path and query, without the fragment: what a reproduction keeps of an address."""
    plain, query = _split(url)
    return plain + (f"?{query}" if query else "")


def place(url: str) -> str:
    """The path, and the fragment where an application in one document keeps its own path there: `/#/members/4`."""
    fragment = url.strip().partition("#")[2]
    return f"{path(url)}#{fragment}" if fragment.startswith(("/", "!")) else path(url)


def template(url: str, *, with_query: bool = False) -> str:
    """`/bookings/57?page=2` → `/bookings/{id}`; with `with_query` the sorted names are kept: `/bookings/{id}?page`."""
    opaque = _OPAQUE.match(url.strip())
    if opaque:
        return f"{opaque[1].lower()}:"
    plain, query = _split(url)
    segments = [segment for segment in plain.split("/") if segment]
    route = "/" + "/".join(_segment(segment, last=index == len(segments) - 1) for index, segment in enumerate(segments))
    names = sorted({re.sub(r"\d+", "{n}", part.partition("=")[0]).strip() for part in query.split("&")} - {""})
    return f"{route}?{'&'.join(names)}" if with_query and names else route


def _split(url: str) -> tuple[str, str]:
    text = url.strip().partition("#")[0]
    scheme = _SCHEME.match(text)
    if scheme:
        begin = re.search(r"[/?]", text[scheme.end() :])
        text = text[scheme.end() + begin.start() :] if begin else ""
    plain, _, query = text.partition("?")
    return plain if plain.startswith("/") else f"/{plain}", query


def _segment(segment: str, *, last: bool) -> str:
    if segment.startswith("{") and segment.endswith("}"):
        return segment
    if last and _ASSET.search(segment):
        stem, dot, ending = segment.rpartition(".")
        placeholder = _placeholder(stem)
        return f"{placeholder}{dot}{ending}" if placeholder in ("{id}", "{date}") else _HASHED.sub(r"\1{hash}", segment)
    return _placeholder(segment) or segment


def _placeholder(segment: str) -> str:
    if _DATE.match(segment):
        return "{date}"
    if segment.isdigit() or re.fullmatch(r"-?\d[\d.,]*", segment) or _UUID.match(segment) or _HEX.match(segment):
        return "{id}"
    if _VERSION.match(segment):
        return ""
    if "%" in segment or re.search(r"\s", segment) or len(segment) > LONGEST_WORD:
        return "{slug}"
    # Words with a number of their own (`court-3`, `ORD1234`) name a record; `oauth2` names a page.
    return "{slug}" if re.search(r"[-_]\d|\d[-_]|\d{3,}", segment) else ""
