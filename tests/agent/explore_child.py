"""`charterbot explore` as a process of its own that a test can kill: apps folder, address, run folder, roles."""

import asyncio
import os
import sys
from pathlib import Path

from agent.explore import ExploreOptions, explore
from agent.llm.choose import LlmSettings


async def main(apps: str, url: str, out: str, resume: str) -> int:
    options = ExploreOptions(
        Path(apps), "Site/local", os.environ, LlmSettings(), url, out=Path(out), resume=Path(resume) if resume else None
    )
    explored = await explore(options)
    print(explored.outcome.state, explored.folder)  # noqa: T201 - read by the test
    return 0 if explored.outcome.state == "completed" else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:5])))
