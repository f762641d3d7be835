"""How a fault is planted: a function around the page, called for the requests that it is about, kept under its id."""

import re
from collections.abc import Callable
from typing import Any

Request = Any
"""Django's request, with `session`, `user` and pretalx's `event` that middleware hung on it."""
Answer = Any
"""Django's response."""
Page = Callable[[Request], Answer]
"""Everything further inside, pretalx's own page at the end."""
Plant = Callable[[Request, Page], Answer]

PLANTS: dict[str, Plant] = {}


def planted(fault: str, method: str, path: str) -> Callable[[Plant], Plant]:
    """Registers a plant for requests of one method (`GET|POST`: of either) whose whole path fits the pattern."""
    fits = re.compile(path)

    def register(plant: Plant) -> Plant:
        def only_there(request: Request, page: Page) -> Answer:
            there = request.method in method.split("|") and fits.fullmatch(request.path)
            return plant(request, page) if there else page(request)

        PLANTS[fault] = only_there
        return plant

    return register


def rewritten(answer: Answer, change: Callable[[str], str]) -> Answer:
    """The same answer with its text changed; one that is no text, or no page, stays as it is."""
    if answer.status_code == 200 and not answer.streaming:
        answer.content = change(answer.content.decode()).encode()
    return answer


def between(before: str, after: str, change: Callable[[str], str]) -> Callable[[str], str]:
    """A change of what lies between two patterns, each time that they meet."""
    pattern = re.compile(f"({before})(.*?)({after})", re.S)
    return lambda text: pattern.sub(lambda found: found[1] + change(found[2]) + found[3], text)
