"""What a run in a folder was begun with, kept beside its journal, so that who resumes it need not say it again.

A small file of its own: the journal tells what happened, this what was wanted.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.charter import Charter
from agent.errors import BadInput

FILE = "charter.json"


class Begun(BaseModel):
    """The charter as accepted, with the names of its roles, and the address of the application."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    app: str
    profile: str
    url: str
    mission: str
    roles: tuple[str, ...]
    areas: tuple[str, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    iterations: int | None = None

    @property
    def slug(self) -> str:
        return f"{self.app}/{self.profile}"

    @property
    def charter(self) -> Charter:
        return Charter(self.mission, self.app, self.profile, self.roles, self.areas, self.out_of_scope, self.iterations)


def keep(folder: Path, charter: Charter, roles: Sequence[str], url: str) -> None:
    """Raises BadInput when the folder cannot be written."""
    begun = Begun(
        app=charter.app,
        profile=charter.profile,
        url=url,
        mission=charter.mission,
        roles=tuple(roles),
        areas=charter.areas,
        out_of_scope=charter.out_of_scope,
        iterations=charter.iterations,
    )
    try:
        (folder / FILE).write_text(begun.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{folder} cannot be written ({error.strerror}); choose another --out.") from None


def recall(folder: Path) -> Begun:
    """Raises BadInput when the folder holds no run that was cut off."""
    if not (folder / "journal.jsonl").is_file():
        raise BadInput(f"{folder} holds no journal.jsonl; name the folder of a run that was cut off.")
    try:
        return Begun.model_validate_json((folder / FILE).read_bytes())
    except OSError:
        raise BadInput(f"{folder} holds no {FILE} that can be read; begin a new run.") from None
    except ValidationError:
        raise BadInput(f"{folder / FILE} is damaged; begin a new run.") from None
