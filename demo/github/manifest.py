"""Reads the App manifest (`app.yml`): the permissions and events that an installation is granted."""

from dataclasses import dataclass
from pathlib import Path

import yaml

APP_YML = Path(__file__).resolve().parents[2] / "app.yml"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The part of the manifest that the local GitHub enforces."""

    name: str
    description: str
    url: str
    permissions: dict[str, str]
    events: tuple[str, ...]


def read_manifest(path: Path = APP_YML) -> Manifest:
    """Raises KeyError when a part that GitHub requires is missing."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Manifest(
        name=raw["name"],
        description=raw["description"],
        url=raw["url"],
        permissions=dict(raw["default_permissions"]),
        events=tuple(raw["default_events"]),
    )
