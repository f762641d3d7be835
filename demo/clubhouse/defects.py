"""The defect switches: which ids exist, how a list of them is written, and how the app asks for one.

`Switches.on("D05")` is the only way a page may learn that a defect is switched on.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

DEFECT_IDS: tuple[str, ...] = tuple(f"D{number:02}" for number in range(1, 49))


class UnknownDefectError(ValueError):
    """A defect list that names something which does not exist. The message is one clear sentence."""


@dataclass(frozen=True, slots=True)
class Build:
    name: str
    defects: frozenset[str]


@dataclass(frozen=True, slots=True)
class Switches:
    active: frozenset[str]

    def on(self, defect: str) -> bool:
        if defect not in DEFECT_IDS:
            raise KeyError(defect)
        return defect in self.active


def parse_defects(text: str) -> frozenset[str]:
    """Read ids separated by commas, blanks, `+` or line ends; `all`, `none` and `#` comments are understood."""
    active: set[str] = set()
    for line in text.splitlines():
        for word in re.split(r"[\s,+]+", line.partition("#")[0]):
            active.update(_meaning(word))
    return frozenset(active)


def read_build(name: str) -> Build:
    """Find a build: a file of that name in the folder CLUBHOUSE_BUILDS, else the name itself is the list."""
    folder = os.environ.get("CLUBHOUSE_BUILDS")
    if folder and name == Path(name).name and (Path(folder) / name).is_file():
        return Build(name, parse_defects((Path(folder) / name).read_text(encoding="utf-8")))
    return Build(name, parse_defects(name))


def _meaning(word: str) -> frozenset[str]:
    lowered = word.lower()
    if lowered in {"", "none"}:
        return frozenset()
    if lowered == "all":
        return frozenset(DEFECT_IDS)
    if word.upper() not in DEFECT_IDS:
        raise UnknownDefectError(
            f"Unknown defect {word[:40]!r}: use ids from {DEFECT_IDS[0]} to {DEFECT_IDS[-1]}, 'all' or 'none'."
        )
    return frozenset({word.upper()})
