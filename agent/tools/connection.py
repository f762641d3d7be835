"""Which facts heard in a browser mean that a connection could not be made or held. Pure; judges no application.

Shared by the circuit breaker, which counts them, and the alarms, which must not blame the application's code for them.
"""

import re
from collections.abc import Collection

from agent.tools.egress import origin_of
from agent.tools.surface import Signal

CONNECTION = re.compile(
    r"net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED|FAILED|ABORTED|TIMED_OUT)|EMPTY_RESPONSE|NAME_NOT_RESOLVED"
    r"|NAME_RESOLUTION_FAILED|ADDRESS_UNREACHABLE|TIMED_OUT|SOCKET_NOT_CONNECTED)"
)
LATE = (
    "The next page did not come in time; loading was stopped, as with a browser's Stop. "
    "What the call did is unknown: look before you repeat it."
)
"""The host's word to a role whose call led to a document that the app did not send."""


def unconnected(signal: Signal, origins: Collection[str]) -> bool:
    """A request to one of the application's own `origins` got no answer. Others never get one: they are fenced off."""
    return signal.kind == "requestfailed" and bool(CONNECTION.search(signal.text)) and origin_of(signal.url) in origins


def unreached(url: str) -> bool:
    """The browser shows its own page instead of one of the application."""
    return url.startswith("chrome-error:")
