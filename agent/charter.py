"""What to explore, as whom, and where it may go. Plain data; agent/profiles reads it from files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Environment = Literal["local", "staging", "production"]


@dataclass(frozen=True, slots=True)
class Charter:
    """A mission as accepted. `roles` names roles of the profile (empty: its default ones); `text_hash` binds the text
    that was accepted."""

    mission: str
    app: str
    profile: str
    roles: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    iterations: int | None = None
    text_hash: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a role signs in: open `path`, fill the labelled fields, press `submit`; done when the path was left.

    Values may hold `{{secret:NAME}}`.
    """

    path: str
    fields: tuple[tuple[str, str], ...]
    submit: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What one capability opens: patterns such as `/admin/*` (any method) or `POST /api/bookings/*`. A pattern that
    ends in `/*` covers that path and all below it; `*` inside stands for one segment."""

    capability: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScopeNotes:
    """What to leave alone and what to look at first, a line each, as people wrote it."""

    skip: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A persona. `iterations` is its budget in model turns; `sign_in` is None for a visitor. `grants` hold the
    capabilities that name their addresses: what another role's grant names and none of its own is forbidden to it.
    `history` are bugs that were there before, a line each."""

    name: str
    sign_in: SignIn | None
    context: str = ""
    capabilities: tuple[str, ...] = ()
    iterations: int = 500
    model: str = ""
    start: str = "/"
    grants: tuple[Grant, ...] = ()
    history: tuple[str, ...] = ()
    scope: ScopeNotes = field(default_factory=ScopeNotes)


@dataclass(frozen=True, slots=True)
class ReplayTarget:
    """The instance on which proofs are replayed. `start` is a command with `{port}` and `{build}`, or empty when
    `url` already answers. Before every replay come `reset_command` and then `reset`, a `METHOD /path`, where there are.
    It gets `ready` seconds to come up."""

    start: tuple[str, ...]
    url: str
    reset: str = ""
    ready: float = 30.0
    reset_command: tuple[str, ...] = ()

    @property
    def is_reset(self) -> bool:
        return bool(self.reset or self.reset_command)


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """An MCP server beside the browser that the profile declares. `tools` is its allow-list, `writes` the subset of
    it that changes something. `env` names variables to hand on."""

    name: str
    command: tuple[str, ...]
    tools: tuple[str, ...]
    writes: tuple[str, ...] = ()
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filing:
    enabled: bool = True
    dry_run: bool = False
    intermittent: bool = True


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a provider may be asked, and what is done when it refuses. Waits are in seconds.

    An answer is waited for `longest_answer` at most. `tries` requests are sent for one call at most, `shortest_wait` to
    `longest_wait` apart unless the server names a delay; one longer than `longest_server_wait` is not waited for. A
    call whose tries ran out is a cool-down; so many of them in a row as `cool_downs` end the role.
    """

    requests_per_minute: float = 60.0
    burst: int = 10
    tries: int = 10
    shortest_wait: float = 2.0
    longest_wait: float = 60.0
    longest_server_wait: float = 300.0
    longest_answer: float = 120.0
    cool_downs: int = 5


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be spent; None is no limit. `tokens` counts input and output, `usd` is in US dollars."""

    tokens: int | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Budgets:
    """Limits for one run, for each role of a run, and for all runs of a profile on one day (UTC)."""

    run: Limit = field(default_factory=Limit)
    role: Limit = field(default_factory=Limit)
    day: Limit = field(default_factory=Limit)

    @property
    def in_money(self) -> bool:
        return any(limit.usd is not None for limit in (self.run, self.role, self.day))


@dataclass(frozen=True, slots=True)
class Compaction:
    """When a role's conversation is made short. An epoch ends at `entries` turns or `tokens` of history, whichever is
    first; the last `keep` turns stay, and of these the last `pages` with the text of their pages. `note`: ask the model
    for a note of its own thoughts then, marked as unverified."""

    entries: int = 40
    keep: int = 20
    pages: int = 6
    tokens: int = 32_000
    note: bool = False


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long a role is held to its work. It may not finish by itself before `minimum_share` of its turns; after
    `nudge_after` turns without anything new it is told so, after `stall_after` it ends."""

    minimum_share: float = 0.1
    nudge_after: int = 4
    stall_after: int = 20


@dataclass(frozen=True, slots=True)
class Resilience:
    """What is done when things break. `connection_failures` in a row open a role's circuit breaker; a target that went
    away is waited for `patience` seconds; roles start `stagger` seconds apart; a page is given up as hung after `hang`
    seconds without an answer."""

    connection_failures: int = 5
    patience: float = 20.0
    stagger: float = 0.3
    hang: float = 8.0


@dataclass(frozen=True, slots=True)
class Sharing:
    """How roles share leads. A lead that was offered to a role is its own for `lease` of its turns; `per_route` leads
    are kept of one route; `offered` are shown at a time; states of a route that are `alike` to that share are one."""

    lease: int = 6
    per_route: int = 5
    offered: int = 5
    alike: float = 0.85


@dataclass(frozen=True, slots=True)
class Profile:
    """One app in one environment, as read from `apps/<App>/<profile>/`. URLs are origins without a trailing slash.

    `default_roles` are those of a charter that names none (empty: all).
    `secrets` maps names to values and must never be journalled, logged or shown.
    """

    app: str
    name: str
    folder: Path
    url: str
    environment: Environment
    roles: tuple[Role, ...]
    default_roles: tuple[str, ...] = ()
    context: str = ""
    allow_writes: bool = False
    allowed_origins: tuple[str, ...] = ()
    deployment: str = ""
    """The environment's name in GitHub deployments; empty: the same word as `environment`."""
    version_path: str = ""
    version_key: str = ""
    replay: ReplayTarget | None = None
    replays: int = 5
    servers: tuple[ServerSpec, ...] = ()
    filing: Filing = field(default_factory=Filing)
    pace: Pace = field(default_factory=Pace)
    budgets: Budgets = field(default_factory=Budgets)
    compaction: Compaction = field(default_factory=Compaction)
    persistence: Persistence = field(default_factory=Persistence)
    resilience: Resilience = field(default_factory=Resilience)
    sharing: Sharing = field(default_factory=Sharing)
    shared_browser: bool = False
    viewport: tuple[int, int] = (1280, 800)
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def may_write(self) -> bool:
        """Production is read-only unless the profile says otherwise in so many words."""
        return self.environment != "production" or self.allow_writes

    @property
    def slug(self) -> str:
        return f"{self.app}/{self.name}"
