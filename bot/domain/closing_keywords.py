"""Which issues of this repository a pull request says it closes: GitHub's nine verbs. Pure text; untrusted input."""

import re
from collections.abc import Iterable

VERBS = ("close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved")
_TARGET = r"(?:https?://[^\s/]+/(?P<url>[\w.-]+/[\w.-]+)/issues/|(?P<full>[\w.-]+/[\w.-]+)#|#)(?P<number>\d{1,9})"
PATTERN = re.compile(rf"(?<![\w-])(?:{'|'.join(sorted(VERBS, key=len, reverse=True))})(?::\s*|\s+){_TARGET}\b", re.I)


def closed_issues(texts: Iterable[str], repository: str) -> tuple[int, ...]:
    """Numbers in order of appearance, each once. `repository` is `owner/name`; issues of others are left out."""
    found: dict[int, None] = {}
    for text in texts:
        for match in PATTERN.finditer(text or ""):
            named = match["url"] or match["full"] or repository
            if named.lower() == repository.lower():
                found[int(match["number"])] = None
    return tuple(found)
