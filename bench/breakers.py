"""The breakages themselves: each takes JSON of an object and gives it as a model would have botched it, or None
where that cannot be done to this text. Knows nothing of the repair."""

import html
import json
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

STRING = re.compile(r'"(?:\\.|[^"\\])*"')
MEMBER = re.compile(r'"(\w+)"(\s*:\s*)')
TOOL = "THE_TOOL"
"""Stands for the tool's name until the text is done."""

Breaker = Callable[[str, dict[str, Any], Random], str | None]


def _outside(text: str, change: Callable[[str], str]) -> str:
    """Changes what is not in a string."""
    parts, at = [], 0
    for string in STRING.finditer(text):
        parts += [change(text[at : string.start()]), string.group()]
        at = string.end()
    return "".join([*parts, change(text[at:])])


def _requoted(text: str, opening: str, closing: str) -> str | None:
    """None where a string holds one of the new quotes, which would have to be escaped."""
    strings = STRING.findall(text)
    if any(mark in string[1:-1] for string in strings for mark in (opening, closing)):
        return None
    return STRING.sub(lambda found: opening + found.group()[1:-1].replace('\\"', '"') + closing, text)


def _truncated(text: str, _: Any, random: Random) -> str | None:
    return text[: random.randint(1, len(text) - 1)]


def _brackets_missing(text: str, _: Any, random: Random) -> str | None:
    stripped = text.rstrip("}] \n")
    ends = [at for at in range(len(stripped), len(text)) if text[at] in "}]"]
    return text[: random.choice(ends)]


def _inner_bracket_missing(text: str, _: Any, random: Random) -> str | None:
    closing = [found.start() for found in re.finditer(r"[}\]]", STRING.sub(lambda s: "x" * len(s.group()), text))]
    if len(closing) < 2:
        return None
    at = random.choice(closing[:-1])
    return text[:at] + text[at + 1 :]


def _trailing_comma(text: str, _: Any, random: Random) -> str | None:
    return _outside(text, lambda part: re.sub(r"(\s*[}\]])", r",\1", part, count=1))


def _missing_comma(text: str, _: Any, random: Random) -> str | None:
    return _outside(text, lambda part: part.replace(",", "", 1) if random.random() < 0.7 else part)


def _double_comma(text: str, _: Any, random: Random) -> str | None:
    return _outside(text, lambda part: part.replace(",", ",,", 1))


def _unescaped_quotes(text: str, _: Any, random: Random) -> str | None:
    return text.replace('\\"', '"') if '\\"' in text else None


def _raw_newlines(text: str, _: Any, random: Random) -> str | None:
    raw = STRING.sub(lambda s: re.sub(r"(?<!\\)\\([nt])", lambda e: {"n": "\n", "t": "\t"}[e[1]], s.group()), text)
    return _trailing_comma(raw, _, random) if raw != text else None


def _unquoted_names(text: str, _: Any, random: Random) -> str | None:
    return MEMBER.sub(r"\1\2", text)


def _half_quoted_name(text: str, _: Any, random: Random) -> str | None:
    return MEMBER.sub(random.choice((r'\1"\2', r'"\1\2')), text, count=1)


def _half_quoted_value(text: str, value: dict[str, Any], random: Random) -> str | None:
    found = re.search(r'(:\s*")(\w+)"', text)
    return None if found is None else text[: found.end() - 1] + text[found.end() :]


def _bare_values(text: str, _: Any, random: Random) -> str | None:
    found = re.sub(r'(:\s*)"([a-zA-Z]\w*)"', r"\1\2", text)
    return found if found != text else None


def _python(text: str, value: dict[str, Any], random: Random) -> str | None:
    return repr(value)


def _python_words(text: str, _: Any, random: Random) -> str | None:
    words = {"true": "True", "false": "False", "null": "None"}
    return _outside(text, lambda part: re.sub(r"\b(true|false|null)\b", lambda word: words[word[0]], part))


def _fence(text: str, _: Any, random: Random) -> str | None:
    return f"```{random.choice(('json', '', 'tool_call'))}\n{text}\n```"


def _prose(text: str, _: Any, random: Random) -> str | None:
    before = random.choice(("Here are the arguments: ", "I'll click it now.\n\n", "", "Sure! Calling the tool [1]:\n"))
    after = random.choice(("", "\n\nLet me know if that helps!", " That should do it.", "\nDone"))
    return before + text + after


def _thought(text: str, _: Any, random: Random) -> str | None:
    thoughts = ("I should click it.", 'Maybe {"target": "e9"}? No.', "The form has {three} fields", "")
    opening = random.choice(("<think>", "<thinking>", ""))
    return f"{opening}{random.choice(thoughts)}{'</thinking>' if 'ing' in opening else '</think>'}\n{text}"


def _tags(text: str, _: Any, random: Random) -> str | None:
    return random.choice(
        (f"<tool_call>\n{text}\n</tool_call>", f"{text}</tool_call>", f"<arguments>{text}", f"{text}<|im_end|>")
    )


def _quoted(text: str, _: Any, random: Random) -> str | None:
    once = json.dumps(text, ensure_ascii=random.random() < 0.5)
    return json.dumps(once) if random.random() < 0.2 else once


def _escaped(text: str, _: Any, random: Random) -> str | None:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _listed(text: str, _: Any, random: Random) -> str | None:
    return random.choice((f"[{text}]", f"[[{text}]]", f"[{text},]"))


def _comments(text: str, _: Any, random: Random) -> str | None:
    comment = random.choice((" // the button\n", " /* as asked */ ", " # see above\n"))
    return (
        _outside(text, lambda part: part.replace(",", "," + comment, 1)) if "," in text else text[:-1] + comment + "}"
    )


def _arrow(text: str, _: Any, random: Random) -> str | None:
    separator = random.choice((" => ", "=>", "=", " = ", "："))
    return MEMBER.sub(lambda found: f'"{found[1]}"{separator}', text)


def _bare_arrow(text: str, _: Any, random: Random) -> str | None:
    return MEMBER.sub(lambda found: f"{found[1]}=", text)


def _wide_commas(text: str, _: Any, random: Random) -> str | None:
    return _outside(text, lambda part: part.replace(",", "，").replace(":", random.choice((":", "："))))


def _extra_brackets(text: str, _: Any, random: Random) -> str | None:
    return text + random.choice(("}", "}}", "]", '"', '"}', "\n}", ")"))


def _bad_escapes(text: str, _: Any, random: Random) -> str | None:
    if "\\\\" in text:
        return text.replace("\\\\", "\\")
    found = re.sub(r"([a-z])(['&_#$])", r"\1\\\2", text, count=1)
    return found if found != text and "'" in found else None


def _escaped_apostrophes(text: str, _: Any, random: Random) -> str | None:
    return text.replace("'", "\\'") if "'" in text else None


def _call(text: str, value: dict[str, Any], random: Random) -> str | None:
    return f"{TOOL}({', '.join(f'{name}={item!r}' for name, item in value.items())})"


def _call_of_object(text: str, _: Any, random: Random) -> str | None:
    return random.choice((f"{TOOL}({text})", f"{TOOL}({text});", f"{TOOL} {text}"))


def _repeated(text: str, _: Any, random: Random) -> str | None:
    return text + random.choice(("", "\n", ", ")) + text


def _different(text: str, value: dict[str, Any], random: Random) -> str | None:
    other = {name: f"{item} " if isinstance(item, str) else item for name, item in value.items()}
    return None if other == value else text + random.choice(("", "\n", " or ", ",")) + json.dumps(other)


def _empty_first(text: str, _: Any, random: Random) -> str | None:
    return "{}" + text


def _entities(text: str, _: Any, random: Random) -> str | None:
    return html.escape(text, quote=True)


def _bom(text: str, _: Any, random: Random) -> str | None:
    return random.choice(("\ufeff", "\u200b", "\ufeff\n")) + text


def _no_braces(text: str, _: Any, random: Random) -> str | None:
    return text[1:-1] if random.random() < 0.5 else text[1:]


BREAKERS: Mapping[str, Breaker] = {
    "truncated": _truncated,
    "brackets missing": _brackets_missing,
    "inner bracket missing": _inner_bracket_missing,
    "trailing comma": _trailing_comma,
    "missing comma": _missing_comma,
    "double comma": _double_comma,
    "single quotes": lambda text, _, random: _requoted(text, "'", "'"),
    "smart quotes": lambda text, _, random: _requoted(text, "“", "”"),
    "backticks": lambda text, _, random: _requoted(text, "`", "`"),
    "unescaped apostrophes": lambda text, _, random: STRING.sub(lambda s: f"'{s.group()[1:-1]}'", text),
    "unescaped quotes": _unescaped_quotes,
    "raw newlines": _raw_newlines,
    "unquoted names": _unquoted_names,
    "half-quoted name": _half_quoted_name,
    "half-quoted value": _half_quoted_value,
    "bare values": _bare_values,
    "Python": _python,
    "Python words": _python_words,
    "fence": _fence,
    "prose": _prose,
    "thought": _thought,
    "tags": _tags,
    "quoted": _quoted,
    "escaped": _escaped,
    "list": _listed,
    "comments": _comments,
    "arrow": _arrow,
    "bare arrow": _bare_arrow,
    "wide punctuation": _wide_commas,
    "extra brackets": _extra_brackets,
    "bad escapes": _bad_escapes,
    "escaped apostrophes": _escaped_apostrophes,
    "call": _call,
    "call of an object": _call_of_object,
    "repeated": _repeated,
    "different": _different,
    "empty first": _empty_first,
    "entities": _entities,
    "bom": _bom,
    "no braces": _no_braces,
}
OUTER = ("fence", "prose", "thought", "tags", "quoted", "bom")
INNER = ("trailing comma", "missing comma", "single quotes", "unquoted names", "Python", "comments", "unescaped quotes")
