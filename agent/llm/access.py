"""How a provider is reached: its address, the key, the proxy on the way; what of them may be said, and whose they are.

Imports no SDK and no HTTP client. Reads nothing but the environment's proxies.
"""

import os
import re
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

BASE_URL = "CHARTERBOT_LLM_BASE_URL"
KEYS = {"AIza": "Google", "sk-ant-": "Anthropic", "sk-or-": "OpenRouter", "sk-": "OpenAI"}
"""How keys begin, the longer first where one begins like another."""
SHORTEST_SECRET = 4
"""Characters. Shorter ones hide nothing and stand in every sentence."""


def is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def place(url: str) -> str:
    """Scheme, host, port and path: what may stand in a sentence. User, password and query may be secret; of what is no
    address, everything up to the last @."""
    if is_address(url):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return re.split(r"[?#]", url.rpartition("@")[2])[0]


def without_secrets(words: str, url: str, api_key: str) -> str:
    """Words of others, who may repeat what they were sent."""
    secrets = {api_key, *_secrets_in(url)}
    for secret in sorted((item for item in secrets if len(item) >= SHORTEST_SECRET), key=len, reverse=True):
        words = words.replace(secret, "***")
    return words


def _secrets_in(url: str) -> set[str]:
    """The password and the values of the query, as they are written and as they are meant."""
    if not is_address(url):
        return set()
    parts = urlsplit(url)
    written = {parts.password or "", *(item.partition("=")[2] for item in parts.query.split("&"))}
    return written | {unquote(item) for item in written} | {value for _, value in parse_qsl(parts.query)}


def owner_of(key: str) -> str:
    """Whose key this is by its shape; empty when it has none of the known ones."""
    return next((owner for start, owner in KEYS.items() if key.startswith(start)), "")


def proxy_variable(url: str) -> str:
    """The variable whose proxy a request to this address goes through; empty when it goes there by itself."""
    parts, proxies = urlsplit(url), getproxies()
    kind = next((kind for kind in (parts.scheme, "all") if proxies.get(kind)), "")
    return proxy_name(kind) if kind and not proxy_bypass(parts.hostname or "") else ""


def proxy_name(kind: str) -> str:
    """The variable that holds the proxy for `http`, `https` or `all`, as it is spelled in the environment."""
    name = f"{kind}_proxy"
    return next((item for item in (name, name.upper()) if os.environ.get(item)), name.upper())
