"""The HTTP client that the adapters share, and what its failures mean. Knows no provider."""

import ssl
from collections.abc import Iterator
from urllib.request import getproxies

import httpx2

from agent.errors import BadInput
from agent.llm.access import BASE_URL, place, proxy_name
from agent.llm.errors import ModelFailure

BAD_PROXY = (ValueError, ImportError, httpx2.InvalidURL)
"""No proxy's address, one of an unknown kind, or SOCKS, which needs a package that is not installed."""


def http_client(limits: httpx2.Timeout) -> httpx2.AsyncClient:
    """Raises BadInput for a proxy or for certificates in the environment that cannot be used."""
    try:
        # A redirect would carry the conversation, and the key, to another host.
        return httpx2.AsyncClient(follow_redirects=False, timeout=limits)
    except BAD_PROXY:
        raise BadInput(
            f"{_bad_proxy()} names no proxy that can be used; set it to an address such as "
            "http://proxy.example.com:3128, or unset it."
        ) from None
    except OSError as error:
        reason = error.strerror or "no certificates in it"
        raise BadInput(f"The certificates that SSL_CERT_FILE names cannot be read ({reason}); correct it.") from None


def _bad_proxy() -> str:
    for kind in ("http", "https", "all"):
        url = getproxies().get(kind, "")
        try:
            if url:
                httpx2.AsyncHTTPTransport(proxy=url if "://" in url else f"http://{url}")
        except BAD_PROXY:
            return proxy_name(kind)
    return "A proxy variable of the environment"


def tls_failure(error: BaseException | None, base_url: str, answered: bool) -> ModelFailure | None:
    """The sentence when TLS was why a request failed, which no other try mends. A connection that merely ended is
    worth one where the server `answered` before, or once the handshake was over."""
    fault = next((item for item in _chain(error) if isinstance(item, ssl.SSLError)), None)
    ended = isinstance(fault, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    if fault is None or (ended and (answered or not isinstance(error, httpx2.ConnectError))):
        return None
    if isinstance(fault, ssl.SSLCertVerificationError):
        return ModelFailure(
            f"The certificate of {place(base_url)} is not one that this machine trusts; check {BASE_URL}, begin it "
            "with http:// if the server has no certificate, or name the certificates to trust in SSL_CERT_FILE."
        )
    return ModelFailure(
        f"{place(base_url)} does not answer with TLS that this machine can use; if its server speaks plain HTTP, begin "
        f"{BASE_URL} with http:// instead of https://, else name the certificates to trust in SSL_CERT_FILE."
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
