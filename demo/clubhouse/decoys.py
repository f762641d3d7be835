"""What looks like a defect and is none: always there, in every build. `manifest.DECOYS` names them all.

Most decoys are plain content (an event's title, a banner, a link); those that need a route or a counter live here.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response

PARTNER_SCRIPT = """(() => {
  console.error("CourtAds: no consent string found, falling back to contextual ads");
  console.error("CourtAds: slot #sponsor-strip is too narrow for the creative");
})();
"""

SLOW_SECONDS = 4.0
BUSY_TURNS = frozenset({2, 5, 9})


@dataclass(slots=True)
class DecoyState:
    """Counters of one process; a reset starts them anew."""

    conditions_asked: int = 0
    chatter_polls: int = 0
    chatter_said: int = 0

    def conditions_busy(self) -> bool:
        """Y04: three in ten, never twice in a row."""
        self.conditions_asked += 1
        return self.conditions_asked % 10 in BUSY_TURNS

    def next_chatter(self) -> str | None:
        """Y10: another member posts now and then, until the list has had its share."""
        self.chatter_polls += 1
        if self.chatter_polls % 4 or self.chatter_said >= len(CHATTER):
            return None
        self.chatter_said += 1
        return CHATTER[self.chatter_said - 1]


CHATTER = (
    "I will be at the courts at six, anybody else?",
    "Found a red cap near court three.",
    "The café has fresh lemonade.",
    "Thursday doubles is full, thank you all.",
    "Who took the ball machine home?",
    "Court two plays fast today.",
)

router = APIRouter()


async def pause_for_archive() -> None:
    """Y01: the archive really takes this long, and then is right."""
    await asyncio.sleep(SLOW_SECONDS)


@router.get("/api/leaving")
async def leaving() -> Response:
    """Y09: asked for while the page goes away, so the browser gives up before this answers."""
    await asyncio.sleep(1.5)
    return Response(status_code=204)


def conditions_answer(state: DecoyState) -> Response:
    if state.conditions_busy():
        return JSONResponse({"error": "busy"}, status_code=503, headers={"Retry-After": "1"})
    return JSONResponse({"text": "Dry and calm, 18 degrees. All courts are playable."})


async def partner_app(scope: Any, receive: Any, send: Any) -> None:
    """Y03: the other origin; it serves one script and nothing else."""
    if scope["path"] == "/court-ads.js":
        response = PlainTextResponse(PARTNER_SCRIPT, media_type="text/javascript")
    else:
        response = PlainTextResponse("Nothing here.", status_code=404)
    await response(scope, receive, send)
