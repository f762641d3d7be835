"""Makes foreign text harmless: it must notify nobody, link nowhere, command nothing and look like no marker.

GitHub finds mentions, references and addresses in the finished text, after entities and escapes are resolved, so these
are broken by a zero-width space that readers do not see. Inside code nothing is live, so what people should copy
goes there unchanged.
"""

import re
import unicodedata

from bot.render.markdown import Md, Untrusted

BREAK = "\u200b"
MORE = "…"
# Format characters hide or reorder text; private and unassigned ones show as boxes; lone surrogates cannot be sent.
_DROPPED = ("Cf", "Cc", "Cs", "Co", "Cn")
_MARKUP = re.compile(r"([\\`*_\[\]{}|~$^])")
_AT = re.compile("@(?=[A-Za-z0-9_-])")
_NUMBER = re.compile(r"#(?=\d)")
_GH = re.compile(r"GH-(?=\d)", re.I)
_SHA = re.compile(r"(?<![0-9A-Za-z])([0-9a-f]{5})(?=[0-9a-f]{2,35}(?![0-9A-Za-z]))", re.I)
_SCHEME = re.compile(":(?=//)")
_URL = re.compile(r"(https?://[^\s<>\"'`|]*[\w/])", re.I)
_WWW = re.compile(r"www(?=\.)", re.I)
_EMOJI = re.compile(r":(?=[a-z0-9_+-]+:)", re.I)
_STARTS_BLOCK = re.compile(r"^(?=[/#>+=-]|\d+[.)])")
_COMMENT = re.compile("<(?=!--)|(?<=--)>")


def clean(text: str, limit: int) -> str:
    """Without invisible, reordering and broken characters; lines kept; cut to `limit` characters."""
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    visible = "".join(c for c in normal if c == "\n" or unicodedata.category(c) not in _DROPPED)
    return visible if len(visible) <= limit else visible[: max(limit - 1, 0)].rstrip() + MORE


def inline(value: Untrusted, limit: int = 200) -> Md:
    """Foreign text within one line of ours."""
    text = " ".join(clean(value.text, 4 * limit).split())
    text = text if len(text) <= limit else text[: limit - 1].rstrip() + MORE
    # Addresses become code: not clickable, and still good to copy.
    parts = _URL.split(text)
    shown = (span(Untrusted(part), limit) if index % 2 else _neutral(part) for index, part in enumerate(parts))
    return Md(_STARTS_BLOCK.sub(BREAK, "".join(shown)))


def block(value: Untrusted, limit: int = 2000) -> Md:
    """Foreign text of several lines, as a quotation."""
    shown = [line.strip() for line in clean(value.text, limit).strip().split("\n")]
    return Md("\n".join(f"> {inline(Untrusted(line), limit)}".rstrip() for line in shown))


def code(value: Untrusted, limit: int = 4000) -> Md:
    """Foreign text as a code block, its lines as they are."""
    text = _COMMENT.sub(lambda match: _broken_comment(match[0]), clean(value.text, limit).strip("\n"))
    fence = "`" * max(3, _longest_run(text) + 1)
    return Md(f"{fence}text\n{text}\n{fence}")


def span(value: Untrusted, limit: int = 200) -> Md:
    """Foreign text as code within a line: for what a reader should type, look for or copy."""
    text = " ".join(clean(value.text, 4 * limit).split())
    text = text if len(text) <= limit else text[: limit - 1] + MORE
    if not text:
        return Md("(empty)")
    # A bar ends a table's cell even inside code.
    text = _COMMENT.sub(lambda match: _broken_comment(match[0]), text).replace("|", "¦")
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return Md(f"{ticks}{pad}{text}{pad}{ticks}")


def plain(value: Untrusted, limit: int) -> str:
    """For titles, where nothing is rendered: one line; mentions and references are still found there."""
    text = " ".join(clean(value.text, 4 * limit).split())
    for pattern in (_AT, _NUMBER):
        text = pattern.sub(lambda match: match[0] + BREAK, text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + MORE


def _neutral(text: str) -> Md:
    text = _SHA.sub(rf"\1{BREAK}", text)
    for pattern in (_AT, _NUMBER, _GH, _SCHEME, _WWW, _EMOJI):
        text = pattern.sub(lambda match: match[0] + BREAK, text)
    text = _MARKUP.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return Md(text)


def _broken_comment(part: str) -> str:
    return part + BREAK if part == "<" else BREAK + part


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
