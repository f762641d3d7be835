"""The shape of a text: what stays the same when ids, names and numbers differ. Pure."""

import re

from agent import routes

LONGEST = 160
_URL = re.compile(r"https?://[^\s'\"`)\]]+")
_QUOTED = re.compile(r"\"[^\"\n]*\"|`[^`\n]*`|(?<!\w)'[^'\n]*'(?!\w)|[“„][^”\n]*”|[‘][^’\n]*’")
_LONG_ID = re.compile(r"\b(?=[0-9a-fA-F-]*\d)(?=[0-9-]*[a-fA-F])[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*\b")
_MAIL = re.compile(r"\S+@\S+\.\w+")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")


def of_message(text: str) -> str:
    """An error message without its data: quoted parts, addresses, ids and numbers become placeholders."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = _URL.sub(lambda match: routes.template(match[0]), line)
    return of_words(_QUOTED.sub("{s}", line))


def of_words(text: str) -> str:
    """Words kept, data generalised: `Order 57 of ann@club.org` → `Order {n} of {mail}`."""
    text = _MAIL.sub("{mail}", " ".join(text.split()))
    return _NUMBER.sub("{n}", _LONG_ID.sub("{id}", text))[:LONGEST]
