"""The hidden first line by which we find our own content again. Pure text.

Anyone can type one: a marker counts only in content that our App wrote (`ours` of the views in port.py).
It stands first, so that no cap on length ever removes it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.render.markdown import Md

VERSION = 1
_LINE = re.compile(r"^<!-- charterbot:(?P<kind>[a-z]+) v=(?P<version>\d+)(?P<fields>(?: [a-z]+=[^\s<>]*)*) -->$")
_UNSAFE = re.compile(r"[^A-Za-z0-9:._/+-]")


@dataclass(frozen=True, slots=True)
class Marker:
    kind: str
    fields: Mapping[str, str]


def write(kind: str, **fields: str) -> Md:
    values = "".join(f" {key}={_UNSAFE.sub('_', value)}" for key, value in fields.items())
    return Md(f"<!-- charterbot:{kind} v={VERSION}{values} -->")


def read(body: str | None) -> Marker | None:
    """The marker of the first line; None when there is none or of another version."""
    first = (body or "").split("\n", 1)[0].strip()
    match = _LINE.match(first)
    if match is None or int(match["version"]) != VERSION:
        return None
    return Marker(match["kind"], dict(item.split("=", 1) for item in match["fields"].split()))


def finding_marker(finding_id: str, fingerprint: str) -> Md:
    return write("finding", id=finding_id, fp=fingerprint)


def comment_marker(key: str, **fields: str) -> Md:
    return write("comment", key=key, **fields)


def is_finding(body: str | None, finding_id: str) -> bool:
    marker = read(body)
    return marker is not None and marker.kind == "finding" and marker.fields.get("id") == finding_id


def is_comment(body: str | None, key: str) -> bool:
    marker = read(body)
    return marker is not None and marker.kind == "comment" and marker.fields.get("key") == _UNSAFE.sub("_", key)
