"""The shape of `settings.json` and `roles.json`: what people may write in a profile, with bounds and words for editors.
Knows no files; defaults are those of charter.py.

`python -m agent.profiles.schema` writes the JSON Schemas for editors to apps/schema/.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from agent.charter import Compaction, Persistence, Resilience, Role, Sharing

COMPACTION, PERSISTENCE, RESILIENCE, SHARING = Compaction(), Persistence(), Resilience(), Sharing()
ITERATIONS = Role("", None).iterations

FILE_NAME = r"^[^\x00-\x1f]+$"
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]
Url = Annotated[str, Field(pattern=r"^https?://[^/\s?#@]+/?$", description="Scheme, host and port; no path.")]
UrlPath = Annotated[str, Field(pattern=r"^/")]
File = Annotated[str, Field(pattern=FILE_NAME, description="A file of the profile's folder.")]
Iterations = Annotated[int, Field(ge=1, le=10_000, description="Turns of the model for each role.")]
HISTORY = "Markdown list of bugs that were there before, an item each."
SCOPE = "Markdown with lists below the headings Skip and Focus."
CAPABILITY = r"^\S([^\x00-\x1f]*\S)?$"
ROUTE = r"^((GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) )?/(([^\s/?#*{}]+|\*)(/([^\s/?#*{}]+|\*))*/?)?$"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ReplaySettings(Strict):
    """The instance on which proofs are replayed; never the one that is explored."""

    start: list[str] = Field(
        default=[],
        description="Command that starts it: {python}, {port} and {build} are filled in. Empty: it runs already.",
    )
    url: str = Field(pattern=r"^https?://", description="Its address; {port} is filled in.")
    reset: str = Field(
        default="", pattern=r"^$|^(GET|POST|PUT|DELETE) /", description="Request before each replay, e.g. POST /reset."
    )
    reset_command: list[str] = Field(
        default=[],
        description="Command before each replay, such as one that restores a database; {python}, {port}, {build} are "
        "filled in. With neither it nor reset the steps alone set up the state, and the verdict says so.",
    )
    ready: float = Field(default=30, gt=0, le=3600, description="Seconds that it gets to come up.")


class ServerSettings(Strict):
    """An MCP server beside the browser."""

    name: Slug = Field(description="How messages call it.")
    command: list[str] = Field(min_length=1, description="Starts it; it speaks over its input and output.")
    tools: list[str] = Field(min_length=1, description="The only tools of it that a role gets to see.")
    writes: list[str] = Field(default=[], description="Those of them that change something.")
    env: list[str] = Field(default=[], description="Names of environment variables to hand on.")


class FilingSettings(Strict):
    """Whether findings become issues."""

    enabled: bool = Field(default=True, description="False: findings stay in the report.")
    dry_run: bool = Field(default=False, description="Prove and list what would be filed; file nothing.")
    intermittent: bool = Field(
        default=True,
        description="Also file what showed in at least 2 of 10 replays and never without its trigger, with its k/n.",
    )


class PaceSettings(Strict):
    """How hard the model's provider may be asked. Waits are in seconds."""

    requests_per_minute: float = Field(default=60, gt=0, le=100_000, description="By all roles of all runs together.")
    burst: int = Field(default=10, ge=1, le=1000, description="Requests that may follow each other at once.")
    tries: int = Field(default=10, ge=1, le=100, description="Requests for one call at most.")
    shortest_wait: float = Field(default=2, gt=0, le=3600, description="After the first refusal.")
    longest_wait: float = Field(default=60, gt=0, le=3600, description="However often it was refused.")
    longest_server_wait: float = Field(
        default=300, gt=0, le=3600, description="A longer delay named by the server is not waited for."
    )
    longest_answer: float = Field(
        default=120, gt=0, le=300, description="A slow local model may need more for one answer."
    )
    cool_downs: int = Field(
        default=5, ge=1, le=100, description="Calls in a row whose tries ran out, after which a role ends."
    )


class LimitSettings(Strict):
    """What may be spent; null is no limit."""

    tokens: int | None = Field(default=None, ge=1, description="Input and output together.")
    usd: float | None = Field(default=None, gt=0, description="US dollars, by the price table.")


class BudgetSettings(Strict):
    """What model calls may cost. When a limit is reached each role gets one closing turn."""

    run: LimitSettings = Field(default=LimitSettings(), description="All roles of one run.")
    role: LimitSettings = Field(default=LimitSettings(), description="Each role of a run.")
    day: LimitSettings = Field(default=LimitSettings(), description="All runs of the profile on one day (UTC).")


class CompactionSettings(Strict):
    """When a role's conversation is made short."""

    entries: int = Field(default=COMPACTION.entries, ge=2, le=10_000, description="Turns after which it is.")
    keep: int = Field(default=COMPACTION.keep, ge=1, le=9_999, description="Last turns that stay; below entries.")
    pages: int = Field(
        default=COMPACTION.pages, ge=1, le=9_999, description="Last turns that keep their page's text; at most keep."
    )
    tokens: int = Field(
        default=COMPACTION.tokens, ge=1_000, le=10_000_000, description="Tokens of history after which it is, too."
    )
    note: bool = Field(default=COMPACTION.note, description="Ask the model for a note then; marked as unverified.")


class PersistenceSettings(Strict):
    """How long a role is held to its work."""

    minimum_share: float = Field(
        default=PERSISTENCE.minimum_share, ge=0, le=1, description="Share of its turns before a role may finish."
    )
    nudge_after: int = Field(
        default=PERSISTENCE.nudge_after, ge=1, le=9_999, description="Turns without anything new until it is told so."
    )
    stall_after: int = Field(
        default=PERSISTENCE.stall_after,
        ge=2,
        le=10_000,
        description="Turns without anything new until the role ends; above nudge_after.",
    )


class ResilienceSettings(Strict):
    """What is done when things break. Times are in seconds."""

    connection_failures: int = Field(
        default=RESILIENCE.connection_failures, ge=1, le=100, description="In a row, until a role gives the server up."
    )
    patience: float = Field(
        default=RESILIENCE.patience, ge=0, le=3600, description="How long a target that went away is waited for."
    )
    stagger: float = Field(default=RESILIENCE.stagger, ge=0, le=60, description="Pause between the starts of roles.")
    hang: float = Field(default=RESILIENCE.hang, gt=0, le=300, description="A page silent for so long is given up.")


class SharingSettings(Strict):
    """How roles share leads: addresses and records that one saw and another may try."""

    lease: int = Field(default=SHARING.lease, ge=1, le=1000, description="Turns for which a lead is one role's own.")
    per_route: int = Field(default=SHARING.per_route, ge=1, le=1000, description="Leads that are kept of one route.")
    offered: int = Field(default=SHARING.offered, ge=1, le=100, description="Leads that are shown at a time.")
    alike: float = Field(
        default=SHARING.alike, gt=0, le=1, description="Pages of one route that are so much alike count as one."
    )


class ViewportSettings(Strict):
    """Size of the browser's pages in pixels."""

    width: int = Field(default=1280, ge=240, le=4000, description="Pixels.")
    height: int = Field(default=800, ge=240, le=4000, description="Pixels.")


class SettingsFile(Strict):
    """settings.json of an app profile."""

    model_config = ConfigDict(title="Charterbot profile settings")

    schema_: str = Field(default="", alias="$schema", description="For editors: the JSON Schema of this file.")
    url: Url = Field(description="Where the app answers: scheme, host and port; no path.")
    environment: Literal["local", "staging", "production"] = Field(
        description="local, staging or production; in production roles only look."
    )
    allow_writes: bool = Field(default=False, description="Let roles change things in production.")
    allowed_origins: list[Url] = Field(default=[], description="Further origins that roles may visit.")
    context: File | None = Field(default=None, description="Markdown about the app, for every role.")
    default_roles: list[Slug] = Field(default=[], description="Roles of a charter that names none. Empty: all.")
    scope: File | None = Field(default=None, description=f"{SCOPE} For roles that name none.")
    historical_bugs: File | None = Field(default=None, description=f"{HISTORY} For roles that name none.")
    iterations: Iterations = ITERATIONS
    deployment: str = Field(default="", description="Its name in GitHub deployments; empty: the environment's word.")
    version_path: str = Field(default="", pattern=r"^$|^/", description="Where the app tells its build.")
    version_key: str = Field(default="", description="Key of the build in that JSON; empty: the whole text.")
    replay: ReplaySettings | None = Field(default=None, description="The instance on which proofs are replayed.")
    replays: int = Field(default=5, ge=1, le=50, description="Replays that a verdict is based on.")
    servers: list[ServerSettings] = Field(default=[], description="MCP servers beside the browser.")
    filing: FilingSettings = FilingSettings()
    pace: PaceSettings = PaceSettings()
    budgets: BudgetSettings = BudgetSettings()
    compaction: CompactionSettings = CompactionSettings()
    persistence: PersistenceSettings = PersistenceSettings()
    resilience: ResilienceSettings = ResilienceSettings()
    sharing: SharingSettings = SharingSettings()
    shared_browser: bool = Field(default=False, description="One Chromium for all roles, for small machines.")
    viewport: ViewportSettings = ViewportSettings()
    secrets_file: File | None = Field(
        default=None, description="A file of NAME=value lines; the environment wins over it."
    )


class SignInSettings(Strict):
    """The app's own form for signing in."""

    path: UrlPath = Field(description="Where the form is.")
    fields: dict[str, str] = Field(
        min_length=1, description="Value by the field's label; a password is written {{secret:NAME}}, never as it is."
    )
    submit: str = Field(min_length=1, description="The button's name.")


class CapabilitySettings(Strict):
    """A capability with its addresses: a role that has none that fits may not open them."""

    name: str = Field(pattern=CAPABILITY, max_length=200, description="What the role may do, in one line.")
    routes: list[Annotated[str, Field(pattern=ROUTE)]] = Field(
        min_length=1,
        description="/path or METHOD /path each. * is one segment; with /* at the end a path and all below it.",
    )


def _form(value: object) -> str | None:
    return "text" if isinstance(value, str) else "object" if isinstance(value, dict | CapabilitySettings) else None


CapabilityName = Annotated[str, Field(pattern=CAPABILITY, max_length=200)]
CapabilityEntry = Annotated[
    Annotated[CapabilityName, Tag("text")] | Annotated[CapabilitySettings, Tag("object")], Discriminator(_form)
]


class RoleSettings(Strict):
    """Who explores."""

    name: Slug = Field(description="As charters name it.")
    sign_in: SignInSettings | None = Field(description="How it signs in; null for a visitor.")
    context: File | None = Field(default=None, description="Markdown for this role alone.")
    scope: File | None = Field(default=None, description=SCOPE)
    historical_bugs: File | None = Field(default=None, description=HISTORY)
    capabilities: list[CapabilityEntry] = Field(
        default=[], description="What the role may do, a line each; with its addresses it closes them to other roles."
    )
    iterations: Iterations | None = Field(default=None, description="Instead of the settings' own.")
    model: str = Field(default="", description="Instead of the configured one.")
    start: UrlPath = Field(default="/", description="Where the role begins once it is signed in.")


class RolesFile(Strict):
    """roles.json of an app profile."""

    model_config = ConfigDict(title="Charterbot profile roles")

    schema_: str = Field(default="", alias="$schema", description="For editors: the JSON Schema of this file.")
    roles: list[RoleSettings] = Field(min_length=1, description="Who explores, each in a browser of its own.")


def schemas() -> dict[str, str]:
    """The published JSON Schemas by file name."""
    files: dict[str, type[BaseModel]] = {"settings.schema.json": SettingsFile, "roles.schema.json": RolesFile}
    return {name: json.dumps(model.model_json_schema(), indent=2) + "\n" for name, model in files.items()}


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "apps/schema")
    for file_name, text in schemas().items():
        (target / file_name).write_text(text, encoding="utf-8")
