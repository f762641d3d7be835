"""`charterbot profile check` and `charterbot profile new`: profiles looked through and begun, told on the terminal."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from agent.errors import BadInput
from agent.profiles.check import Checked, check_profile
from agent.profiles.load import known_profiles
from agent.profiles.remarks import Remark
from agent.profiles.start import start_profile
from bot.config import load_settings


def check_here(slug: str, console: Console) -> dict[str, Any]:
    """Check one profile, or all with an empty `slug`. Returns what was found as JSON data. Raises BadInput."""
    root = load_settings(os.environ).apps_dir
    slugs = (slug,) if slug else known_profiles(root)
    if not slugs:
        raise BadInput(f"{root} holds no profile yet; begin one with: charterbot profile new App/profile --url ADDRESS")
    found = [check_profile(root, each, os.environ) for each in slugs]
    for checked in found:
        _tell(checked, console)
    return {"ok": all(checked.ok for checked in found), "profiles": [_facts(checked) for checked in found]}


def start_here(slug: str, url: str, console: Console) -> None:
    """Write a new profile and say what comes next. Raises BadInput."""
    root = load_settings(os.environ).apps_dir
    for path in start_profile(root, slug, url):
        _say(console, f"wrote {path}")
    _say(console, f"Fill in what this names, then explore: charterbot profile check {slug}")


def _tell(checked: Checked, console: Console) -> None:
    for mark, style, remarks in (("mistake", "red", checked.mistakes), ("warning", "yellow", checked.warnings)):
        for remark in remarks:
            _say(console, f"{mark} {remark}", style)
    if checked.ok:
        _say(console, f"{checked.slug} can be explored{_count(checked.warnings, 'warning', ', with ')}.", "green")
    else:
        counted = _count(checked.mistakes, "mistake") + _count(checked.warnings, "warning", " and ")
        _say(console, f"{checked.slug} cannot be explored: {counted}.", "red")


def _count(remarks: tuple[Remark, ...], noun: str, before: str = "") -> str:
    return f"{before}{len(remarks)} {noun}{'s' if len(remarks) > 1 else ''}" if remarks else ""


def _facts(checked: Checked) -> dict[str, Any]:
    def plain(remarks: tuple[Remark, ...]) -> list[dict[str, str]]:
        return [{name: _text(value) for name, value in asdict(remark).items()} for remark in remarks]

    return {
        "profile": checked.slug,
        "ok": checked.ok,
        "mistakes": plain(checked.mistakes),
        "warnings": plain(checked.warnings),
    }


def _text(value: str | Path) -> str:
    return str(value)


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
