"""Which variants of a form are worth sending, in order, and the values of each. Pure."""

from dataclasses import dataclass
from functools import lru_cache

from agent.llm.scout.page import Form
from agent.llm.scout.values import WORDY, Kind, Voice, boundary, kind_of, valid
from agent.tools.aria import Element

_ORDER = ("markup", "long", "past", "reversed", "negative", "apostrophe", "double", "blanks", "empty", "no domain",
          "zero", "future", "emoji", "huge")  # fmt: skip
_SEARCH = ("apostrophe", "markup", "valid", "empty", "long")
_NEEDS: dict[str, frozenset[Kind]] = {
    "past": frozenset({"date", "datetime"}),
    "future": frozenset({"date", "datetime"}),
    "negative": frozenset({"number"}),
    "zero": frozenset({"number"}),
    "huge": frozenset({"number"}),
    "no domain": frozenset({"email"}),
    **{name: WORDY for name in ("markup", "long", "apostrophe", "blanks", "emoji")},
}
_TIMES: frozenset[Kind] = frozenset({"date", "datetime", "time"})
_FILTERS: frozenset[Kind] = frozenset({"date", "choice", "tick"})
"""A form of nothing else mostly filters a list; sending it twice shows nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    field: Element
    kind: Kind
    value: str


@lru_cache(maxsize=1_024)
def is_search(form: Form) -> bool:
    return any(kind_of(field) == "search" for field in form.fields)


@lru_cache(maxsize=1_024)
def variants(form: Form) -> tuple[str, ...]:
    """Valid data first; for a search box what breaks searches first."""
    kinds = {kind_of(field) for field in form.fields}
    if is_search(form):
        return _SEARCH
    names = [name for name in _ORDER if name not in _NEEDS or _NEEDS[name] & kinds]
    if sum(kind_of(field) in _TIMES for field in form.fields) < 2:
        names.remove("reversed")
    if kinds <= _FILTERS:
        names.remove("double")
    if form.prefilled and "no domain" in names:
        names.remove("no domain")  # a broken address of one's own would lock the role out
    return ("valid", *names)


def entries(form: Form, variant: str, voice: Voice, guess: int = 0) -> tuple[Entry, ...]:
    """The fields to fill, each radio group once. Fields that a variant does not concern get valid data."""
    found: list[Entry] = []
    times = 0
    ticked = False
    for field in form.fields:
        kind = kind_of(field, guess)
        if (field.role == "radio" and ticked) or (field.role == "checkbox" and field.checked):
            continue
        ticked = ticked or field.role == "radio"
        late = times > 0
        times += kind in _TIMES
        found.append(Entry(field, kind, _value(field, kind, variant, (voice, late))))
    return tuple(entry for entry in found if not (entry.kind == "choice" and not entry.value))


def _value(field: Element, kind: Kind, variant: str, context: tuple[Voice, bool]) -> str:
    voice, late = context
    if variant == "reversed" and kind in _TIMES:
        return valid(field, kind, voice, late=not late)
    special = boundary(variant, kind, voice)
    return valid(field, kind, voice, late) if special is None else special
