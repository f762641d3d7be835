"""One worker of a soak: explores with the rule-based explorer and writes down how large each request was.

`python -m bench.soak_worker --apps DIR --profile App/name --folder DIR`. Started again on the same folder it goes on.
"""

import argparse
import asyncio
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from agent.book import MemoryBook
from agent.charter import Charter, Role
from agent.crew import CrewRun, run_crew
from agent.journal import FileJournal
from agent.llm.base import ModelReply, ModelRequest
from agent.llm.scout.explorer import Scout
from agent.llm.tokens import written_tokens
from agent.profiles.load import load_profile

SIZES = "requests.ndjson"


@dataclass(slots=True)
class Weighing:
    """The explorer in a model's seat, on a scale: each line of the file has the role, its turn, the tokens of the
    conversation, and the seconds of processor time that all but the explorer itself took since the role's last turn."""

    scout: Scout
    role: Role
    file: Path
    name: str = "scout"
    vision: bool = False
    last: float = 0.0

    async def generate(self, request: ModelRequest) -> ModelReply:
        begun = time.process_time()
        reply = await self.scout.generate(request)
        line = {
            "role": self.role.name,
            "turn": request.situation.iteration,
            "tokens": sum(written_tokens(message) for message in request.messages),
            "cpu": round(begun - self.last, 6) if self.last else None,
        }
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self.last = time.process_time()
        return reply

    async def close(self) -> None:
        await self.scout.close()


async def work(apps: Path, slug: str, folder: Path) -> str:
    """The state in which the run ended."""
    profile = load_profile(apps, slug, os.environ)
    scout = Scout()
    run = CrewRun(
        charter=Charter("Explore the whole catalogue.", profile.app, profile.name),
        profile=profile,
        model=lambda role: Weighing(scout, role, folder / SIZES),
        journal=FileJournal(folder / "journal.jsonl"),
        book=MemoryBook(),
        folder=folder,
        environ=os.environ,
    )
    return (await run_crew(run)).state


def main() -> None:
    parser = argparse.ArgumentParser(description="Work on one run of a soak.")
    parser.add_argument("--apps", type=Path, required=True)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    asyncio.run(work(given.apps, given.profile, given.folder))


if __name__ == "__main__":
    main()
