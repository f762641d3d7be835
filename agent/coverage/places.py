"""What a place is: the address of a page or of an API call, as leads and events name it. Pure.

A place is a path with its query (`/orders/7?tab=log`), with the fragment where the app keeps its route there
(`/#/orders/7`), with the origin in front where it is another one than the app's own, or `METHOD /path` for an API.
"""

import re
from functools import lru_cache
from urllib.parse import urljoin

from agent import routes

LEAVES = re.compile(
    r"(log|sign)[-_ ]?(out|off)\b|delete|remov|destroy|erase|purge|unsubscribe|deactivat|terminat|revoke", re.I
)
"""Addresses that end the session or destroy something: never a lead."""
_API = re.compile(r"^([A-Z]+) (.+)$", re.S)
_HASH_ROUTE = re.compile(r"#!?(/.*)$", re.S)
LONGEST = 500


def of_url(url: str, home: str = "") -> str:
    """The place of an address; empty when it is none of http(s). `home` is the app's own origin, empty: any is."""
    return _of_url(url, home) if len(url) <= routes.LONGEST_KEPT else _of_url.__wrapped__(url, home)


@lru_cache(maxsize=2_048)
def _of_url(url: str, home: str) -> str:
    where = routes.origin(url)
    if not where and not url.startswith("/"):
        return ""
    hashed = _HASH_ROUTE.search(url)
    place = routes.path(url) + (f"#{hashed[1]}" if hashed else "")
    foreign = bool(where and home) and where != routes.origin(home)
    return f"{where}{place}"[:LONGEST] if foreign else place[:LONGEST]


def of_api(method: str, url: str, home: str = "") -> str:
    place = of_url(url.partition("#")[0], home)
    return f"{method.upper()} {place}" if place else ""


def as_api(place: str) -> tuple[str, str] | None:
    """Method and path of an API's place; None for a page."""
    match = _API.match(place)
    return (match[1], match[2]) if match else None


def address(place: str, home: str) -> str:
    """The full address of a page's place."""
    return urljoin(home, place)


@lru_cache(maxsize=4_096)
def route_of(place: str) -> str:
    """The template without ids and data, with the names of the query: `/orders/{id}?tab`, `GET /api/orders/{id}`."""
    api = as_api(place)
    if api:
        return f"{api[0]} {route_of(api[1])}"
    plain, mark, hashed = place.partition("#")
    where = routes.origin(plain)
    route = where + routes.template(plain, with_query=True)
    return f"{route}#{routes.template(hashed, with_query=True)}" if mark else route


@lru_cache(maxsize=4_096)
def family_of(route: str) -> str:
    """The route one level up, without the query: the pages of an archive are one family."""
    plain, mark, hashed = route.partition("#")
    last = hashed if mark else plain
    return (f"{plain}#" if mark else "") + last.partition("?")[0].rpartition("/")[0]
