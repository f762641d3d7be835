"""What the scout types: a plausible value and boundary values for each kind of field. Pure and deterministic."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from agent.evidence.oracles import INJECTION
from agent.tools.aria import Element

Kind = Literal[
    "text", "long_text", "name", "email", "phone", "password", "search", "number", "date", "time", "datetime", "url",
    "choice", "tick", "slider",
]  # fmt: skip

TEMPORAL: dict[str, tuple[Kind, ...]] = {
    "date": ("date", "datetime", "time", "text"),
    "datetime": ("datetime", "date", "time", "text"),
    "time": ("time", "datetime", "date", "text"),
}
"""What to try in turn when a field refuses a value: a snapshot does not tell a date field from a text field."""
WORDY: frozenset[Kind] = frozenset({"text", "long_text", "name", "search"})
_LABELS: tuple[tuple[Kind, str], ...] = (
    ("password", r"pass ?word|passphrase"),
    ("email", r"e-?mail"),
    ("phone", r"phone|mobile|\btel\b"),
    ("url", r"\burl\b|website|homepage"),
    ("search", r"search|find|filter by text|query|look up"),
    ("datetime", r"date and time|date ?time"),
    ("date", r"\bdate\b|\bday\b|birth|\bon\b|deadline|\bdue\b|expires|expiry"),
    ("time", r"\btime\b|\bhour\b|clock"),
    ("number", r"amount|quantity|\bqty\b|price|capacity|\bcount\b|how many|number of|\bage\b|hours|minutes"),
    ("long_text", r"message|note|comment|description|about|\bbio\b|reason|details|body|text"),
    ("name", r"name"),
    ("date", r"\b(start|end|begin|from|until|to)\b|starts|ends|begins"),
)
LONG = 300


@dataclass(frozen=True, slots=True)
class Voice:
    """Who is typing: `tag` is unique per role and seed, `today` the tester's date."""

    tag: str
    today: date


def kind_of(field: Element, guess: int = 0) -> Kind:
    """What a field wants, from role, present value and label. `guess` rotates what is uncertain: dates and times."""
    if field.role in ("checkbox", "radio", "switch"):
        return "tick"
    if field.role == "combobox" and field.options:
        return "choice"
    if field.role == "spinbutton":
        return "number"
    if field.role == "slider":
        return "slider"
    shown = _by_value(field.value or field.placeholder)
    if shown:
        return shown
    if field.role == "searchbox":
        return "search"
    kind = _by_label(f"{field.name} {field.placeholder}")
    return TEMPORAL[kind][guess % 4] if kind in TEMPORAL else kind


def _by_value(value: str) -> Kind | None:
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", value):
        return "datetime"
    if re.fullmatch(r"\d{4}-\d\d-\d\d|yyyy-mm-dd", value, re.I):
        return "date"
    return "time" if re.fullmatch(r"\d\d:\d\d(:\d\d)?|hh:mm", value, re.I) else None


def _by_label(label: str) -> Kind:
    for kind, pattern in _LABELS:
        if re.search(pattern, label, re.I):
            return kind
    return "text"


def valid(field: Element, kind: Kind, voice: Voice, late: bool = False) -> str:
    """A value that a sensible user might give. `late` is for the second of two dates or times."""
    match kind:
        case "tick":
            return "true"
        case "choice":
            return next((option for option in field.options[1:] if option != field.value), field.value)
        case "number":
            return field.value or "2"
        case "slider":
            return field.value or "1"
        case "email":
            return field.value or f"{voice.tag}@example.com"
        case "password":
            return f"Pass-{voice.tag}-42"
        case "phone":
            return "0" + "".join(str(ord(char) % 10) for char in f"{voice.tag}charter")[:9]
        case "url":
            return f"https://example.com/{voice.tag}"
        case "search":
            return "a"
        case "date" | "datetime" | "time":
            day = _day(field, voice) + timedelta(days=1 if late and kind == "date" else 0)
            return _moment(kind, day, "12:00" if late else "10:00")
        case "name":
            return f"Robin {voice.tag.capitalize()}"
        case _:
            return f"Note {voice.tag}"


def _day(field: Element, voice: Voice) -> date:
    """Near the date that the app itself offers, which may live by another clock."""
    match = re.match(r"\d{4}-\d\d-\d\d", field.value)
    try:
        base = date.fromisoformat(match[0]) if match else voice.today
    except ValueError:
        base = voice.today
    return base + timedelta(days=3)


def _moment(kind: Kind, day: date, clock: str) -> str:
    return {"date": day.isoformat(), "time": clock}.get(kind, f"{day.isoformat()}T{clock}")


def boundary(name: str, kind: Kind, voice: Voice) -> str | None:
    """The value of a boundary variant for this kind of field; None where the variant leaves it valid."""
    if name in ("past", "future") and kind in ("date", "datetime"):
        return _moment(kind, voice.today - timedelta(days=1) if name == "past" else date(2199, 12, 31), "10:00")
    if kind == "number":
        return {"negative": "-5", "zero": "0", "huge": "999999999"}.get(name)
    if name == "no domain" and kind == "email":
        return f"{voice.tag}@"
    if name == "empty" and kind not in ("tick", "choice", "slider"):
        return ""
    return WORDS[name].replace("{tag}", voice.tag) if kind in WORDY and name in WORDS else None


WORDS = {
    "apostrophe": "O'Brien {tag}",
    "markup": '<b>"{tag}"</b>' + INJECTION,
    "long": ("{tag} " * LONG)[:LONG],
    "blanks": "   ",
    "emoji": "Zoë 🏸 {tag} 你好",
}
