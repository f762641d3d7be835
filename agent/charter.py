"""What to explore, as whom, and where it may go. Plain data; profiles are read in profile.py."""

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
class Role:
    """A persona. `iterations` is its budget in model turns; `sign_in` is None for a visitor."""

    name: str
    sign_in: SignIn | None
    context: str = ""
    capabilities: tuple[str, ...] = ()
    iterations: int = 60
    model: str = ""
    start: str = "/"


@dataclass(frozen=True, slots=True)
class ReplayTarget:
    """The instance on which proofs are replayed. `start` is a command with `{port}` and `{build}`, or empty when
    `url` already answers; `reset` is `METHOD /path`, called before every replay, or empty."""

    start: tuple[str, ...]
    url: str
    reset: str = ""


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
