"""Pages of a list with GitHub's Link header, whose addresses are those of the request's own host."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request, Response

from demo.github.rest.access import TheWorld

T = TypeVar("T")
Shape = Callable[[T], object]


class Paging:
    """The page that a request asks for. The default size is the world's small one, so that nobody reads one page."""

    def __init__(
        self,
        request: Request,
        response: Response,
        world: TheWorld,
        per_page: Annotated[int | None, Query()] = None,
        page: Annotated[int, Query()] = 1,
    ) -> None:
        self.request = request
        self.response = response
        self.size = min(max(per_page if per_page is not None else world.config.page_size, 1), 100)
        self.page = max(page, 1)

    def cut(self, items: Sequence[T]) -> list[T]:
        """This page of the items; sets the Link header when there is more than one page."""
        last = max(1, -(-len(items) // self.size))
        links: list[tuple[str, int]] = []
        if self.page > 1:
            links += [("prev", self.page - 1), ("first", 1)]
        if self.page < last:
            links += [("next", self.page + 1), ("last", last)]
        if links:
            self.response.headers["link"] = ", ".join(
                f'<{self.request.url.include_query_params(page=number)}>; rel="{name}"' for name, number in links
            )
        start = (self.page - 1) * self.size
        return list(items[start : start + self.size])


Pages = Annotated[Paging, Depends()]
