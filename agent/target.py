"""Does the application under test answer at all, and is it where the profile says? Plain HTTP; knows no browser.

Any answer will do, an error too: what the application says is the explorer's business, that it speaks is ours.
"""

from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from agent.tools.egress import allowed_origins, origin_of

SECONDS = 10.0
HEAD_SECONDS = 4.0
PAUSE = 0.5
HOPS = 10
# What servers and proxies answer that know no HEAD, or think that nobody asks it honestly.
HEAD_REFUSED = frozenset({400, 403, 404, 405, 501})
GATEWAY = frozenset({502, 503, 504})
"""What stands in front of an application answers so while the application is away."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request brought: `problem` is one sentence for people, empty when there was an answer; `why` its
    middle in a few words; `leads_to` the absolute address of a redirect; `status` the answer's own."""

    problem: str = ""
    why: str = ""
    leads_to: str = ""
    status: int = 0

    @property
    def away(self) -> str:
        """Why the application itself did not speak, in a few words; empty when it did."""
        return f"HTTP status {self.status}" if self.status in GATEWAY else self.why


async def unreachable(url: str) -> str:
    """Empty when anything answers at `url`, be it an error; else one sentence."""
    return (await ask(url)).problem


async def silent(url: str) -> str:
    """Empty when the application itself answers at `url`, not only what stands in front of it; else one sentence."""
    reply = await ask(url, head=False)
    return reply.problem or (reply.away and f"The target {url} is away: {reply.away}; start the application.")


async def misplaced(url: str, allowed: tuple[str, ...] = ()) -> str:
    """Empty when all redirects from `url` stay on its own origin and the `allowed` ones; else one sentence with the
    remedy. A target that does not answer is not misplaced."""
    here, origins = url, allowed_origins(url, allowed)
    for _ in range(HOPS):
        reply = await ask(here)
        if not reply.leads_to:
            return ""
        origin = origin_of(reply.leads_to)
        if origin not in origins:
            place = origin or reply.leads_to[:100]
            return (
                f"The target {url} redirects to {place}; correct the profile's url, or add {place} to its "
                "allowed_origins if it belongs to the application."
            )
        here = reply.leads_to
    return ""


async def ask(url: str, seconds: float = SECONDS, *, head: bool = True) -> Reply:
    """GET; with `head` HEAD first, and GET only where that is refused or breaks. Follows no redirect, reads no page.
    An answer is waited for `seconds`, one to HEAD not as long."""
    # The target is tested as people reach it: no proxy of this machine, no certificate excuses.
    try:
        async with httpx.AsyncClient(timeout=seconds, trust_env=False) as client:
            if head and (reply := await _head(client, url)):
                return reply
            async with client.stream("GET", url) as got:
                return _reply(url, got)
    except httpx.TimeoutException:
        problem = f"The target {url} did not answer within {seconds:.0f} seconds; check that the application is up."
        return Reply(problem, f"no answer within {seconds:.0f} seconds")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        problem = f"The target {url} cannot be reached ({reason}); start the application or correct the profile's url."
        return Reply(problem, reason)


async def _head(client: httpx.AsyncClient, url: str) -> Reply | None:
    """None when GET must be tried. Not being able to connect is the same for both, and raised."""
    try:
        response = await client.head(url, timeout=HEAD_SECONDS)
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.ReadTimeout):
        return None  # connected, but this server does not know what to do with it
    return None if response.status_code in HEAD_REFUSED else _reply(url, response)


def _reply(url: str, response: httpx.Response) -> Reply:
    place = response.headers.get("location", "") if response.is_redirect else ""
    return Reply(leads_to=urljoin(url, place) if place else "", status=response.status_code)
