"""The middleware that puts the active faults around pretalx's pages. `PLANTED` holds their ids, comma-separated."""

import os

from . import plants_access, plants_pages, plants_writes
from .planting import PLANTS, Answer, Page, Plant, Request

__all__ = ["Planted", "plants_access", "plants_pages", "plants_writes"]


class Planted:
    """Every fault sees only its own requests, so their order says nothing."""

    def __init__(self, get_response: Page) -> None:
        self._page = get_response
        for fault in os.environ["PLANTED"].split(","):
            self._page = _around(self._page, PLANTS[fault])

    def __call__(self, request: Request) -> Answer:
        return self._page(request)


def _around(page: Page, plant: Plant) -> Page:
    return lambda request: plant(request, page)
