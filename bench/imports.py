"""What an import of the program costs, and that it loads no provider's SDK while none is configured."""

import asyncio
import json
import sys
from dataclasses import dataclass

# What `charterbot explore` and the workers import, and the reasoner that is chosen when nothing is said.
PROGRAM = """
import asyncio, json, sys, time
began = time.perf_counter()
import bot.cli, bot.exploring, bot.worker, bot.runner, bot.doctor
from agent.llm.choose import LlmSettings
from agent.llm.models import check_settings
asyncio.run(check_settings(LlmSettings()))
seconds = time.perf_counter() - began
loaded = [name for name in ("openai", "google.genai") if name in sys.modules]
print(json.dumps({"seconds": seconds, "loaded": loaded}))
"""


@dataclass(frozen=True, slots=True)
class ImportFigures:
    """`loaded` names the SDKs that were imported although nobody asked for them."""

    seconds: float
    loaded: tuple[str, ...]


async def measure() -> ImportFigures:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"The program cannot be imported: {err.decode().strip().splitlines()[-1]}")
    figures = json.loads(out)
    return ImportFigures(figures["seconds"], tuple(figures["loaded"]))
