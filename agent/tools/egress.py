"""Where the browser may go: exact origins, and a grammar so narrow that every browser reads it the same way. Pure."""

import re
from urllib.parse import quote, urljoin, urlsplit

# A strict part of what browsers accept: no user, no backslash, no control characters, a plain ASCII host.
PLAIN = re.compile(r"(?P<origin>https?://(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?)(?P<rest>[/?#].*)?", re.I)
SAFE = "/?#[]@!$&'()*+,;=:%-._~"


class Forbidden(Exception):
    """The address may not be opened. `str(error)` is a sentence for the model."""


def origin_of(url: str) -> str | None:
    """The origin of an http(s) address, without a default port; None for anything else or anything ambiguous."""
    match = PLAIN.fullmatch(url.strip(" "))
    if not match or any(char == "\\" or ord(char) < 32 for char in url):
        return None
    origin = match["origin"].lower()
    default = ":80" if origin.startswith("http:") else ":443"
    return origin.removesuffix(default) if not match["host"].endswith(default) else origin


def destination(text: str, base: str, allowed: tuple[str, ...]) -> str:
    """The address to open for a path or URL that the model gave. Raises Forbidden with the reason."""
    wanted = text.strip()
    if wanted.startswith("/") and not wanted.startswith(("//", "/\\")):
        wanted = base + wanted
    origin = origin_of(wanted)
    if origin is None:
        raise Forbidden(f"Only paths such as /members and http(s) addresses of {base} can be opened, not {text!r}.")
    if origin not in allowed_origins(base, allowed):
        raise Forbidden(f"{origin} is outside this charter; stay on {', '.join(allowed_origins(base, allowed))}.")
    return quote(wanted, safe=SAFE)


def leaves(href: str, base: str, allowed: tuple[str, ...]) -> bool:
    """Whether following a link would leave the allowed origins. Scripts and mail links stay on the page."""
    if not href.lower().startswith(("http:", "https:", "//")):
        return False
    return origin_of(urljoin(base, href)) not in allowed_origins(base, allowed)


def allowed_origins(base: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (origin_of(item) for item in (base, *allowed)))))


def hosts(base: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The host names of the allowed origins, for the browser's resolver fence."""
    names = (urlsplit(origin).netloc for origin in allowed_origins(base, allowed))
    return tuple(dict.fromkeys(re.sub(r":\d+$", "", name) for name in names))
