"""The shape of `settings.json` and `roles.json`: what people may write in a profile. Reading them is profile.py's.

`python -m agent.profiles.schema` writes the JSON Schemas for editors to apps/schema/.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]
Url = Annotated[str, Field(pattern=r"^https?://[^/\s?#@]+/?$", description="Scheme, host and port; no path.")]
UrlPath = Annotated[str, Field(pattern=r"^/")]
File = Annotated[str, Field(min_length=1, description="A file of the profile's folder.")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ReplaySettings(Strict):
    """The instance on which proofs are replayed; never the one that is explored."""

    start: list[str] = Field(
        default=[], description="Command that starts it: {python}, {port} and {build} are filled in. Empty: it runs."
    )
    url: str = Field(pattern=r"^https?://", description="Its address; {port} is filled in.")
    reset: str = Field(
        default="", pattern=r"^$|^(GET|POST|PUT|DELETE) /", description="Request before each replay, e.g. POST /reset."
    )


class ServerSettings(Strict):
    """An MCP server beside the browser."""

    name: Slug
    command: list[str] = Field(min_length=1)
    tools: list[str] = Field(min_length=1, description="The only tools of it that a role gets to see.")
    writes: list[str] = Field(default=[], description="Those of them that change something.")
    env: list[str] = Field(default=[], description="Names of environment variables to hand on.")


class FilingSettings(Strict):
    enabled: bool = True
    dry_run: bool = Field(default=False, description="Prove and list what would be filed; file nothing.")


class PaceSettings(Strict):
    """How hard the model's provider may be asked. Waits are in seconds."""

    requests_per_minute: float = Field(default=60, gt=0, le=100_000, description="By all roles of all runs together.")
    burst: int = Field(default=10, ge=1, le=1000, description="Requests that may follow each other at once.")
    tries: int = Field(default=10, ge=1, le=100, description="Requests for one call at most.")
    shortest_wait: float = Field(default=2, gt=0, le=3600)
    longest_wait: float = Field(default=60, gt=0, le=3600)
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
    tokens: int | None = Field(default=None, ge=1, description="Input and output together.")
    usd: float | None = Field(default=None, gt=0, description="US dollars, by the price table.")


class BudgetSettings(Strict):
    """What model calls may cost. When a limit is reached each role gets one closing turn."""

    run: LimitSettings = LimitSettings()
    role: LimitSettings = LimitSettings()
    day: LimitSettings = Field(default=LimitSettings(), description="All runs of the profile on one day (UTC).")


class ViewportSettings(Strict):
    width: int = Field(default=1280, ge=240, le=4000)
    height: int = Field(default=800, ge=240, le=4000)


class SettingsFile(Strict):
    """settings.json of an app profile."""

    model_config = ConfigDict(title="Charterbot profile settings")

    schema_: str = Field(default="", alias="$schema")
    url: Url
    environment: Literal["local", "staging", "production"]
    allow_writes: bool = Field(default=False, description="Let roles change things in production.")
    allowed_origins: list[Url] = Field(default=[], description="Further origins that roles may visit.")
    context: File | None = Field(default=None, description="Markdown about the app for every role.")
    default_roles: list[Slug] = Field(default=[], description="Roles of a charter that names none. Empty: all.")
    iterations: int = Field(default=500, ge=1, le=10_000, description="Model turns per role.")
    deployment: str = Field(default="", description="Its name in GitHub deployments; empty: the environment's word.")
    version_path: UrlPath | Literal[""] = Field(default="", description="Where the app tells its build.")
    version_key: str = Field(default="", description="Key of the build in that JSON; empty: the whole text.")
    replay: ReplaySettings | None = None
    replays: int = Field(default=5, ge=1, le=50, description="Replays that a verdict is based on.")
    servers: list[ServerSettings] = []
    filing: FilingSettings = FilingSettings()
    pace: PaceSettings = PaceSettings()
    budgets: BudgetSettings = BudgetSettings()
    shared_browser: bool = Field(default=False, description="One Chromium for all roles, for small machines.")
    viewport: ViewportSettings = ViewportSettings()
    secrets_file: File | None = Field(default=None, description="NAME=value lines; the environment wins over it.")


class SignInSettings(Strict):
    path: UrlPath
    fields: dict[str, str] = Field(min_length=1, description="Value by field label; {{secret:NAME}} for secrets.")
    submit: str = Field(min_length=1, description="The button's name.")


class RoleSettings(Strict):
    name: Slug
    sign_in: SignInSettings | None = Field(description="null for a visitor.")
    context: File | None = Field(default=None, description="Markdown for this role alone.")
    capabilities: list[str] = Field(default=[], description="What the role may do, a line each.")
    iterations: int | None = Field(default=None, ge=1, le=10_000)
    model: str = ""
    start: UrlPath = "/"


class RolesFile(Strict):
    """roles.json of an app profile."""

    model_config = ConfigDict(title="Charterbot profile roles")

    schema_: str = Field(default="", alias="$schema")
    roles: list[RoleSettings] = Field(min_length=1)


def schemas() -> dict[str, str]:
    """The published JSON Schemas by file name."""
    files: dict[str, type[BaseModel]] = {"settings.schema.json": SettingsFile, "roles.schema.json": RolesFile}
    return {name: json.dumps(model.model_json_schema(), indent=2) + "\n" for name, model in files.items()}


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "apps/schema")
    for file_name, text in schemas().items():
        (target / file_name).write_text(text, encoding="utf-8")
