"""A simulated catalogue that no walk comes to the end of: areas, shelves, items with a form, lists by the page."""

from collections.abc import Iterator, Mapping

from simulated_apps import App, Screen

AREAS = ("amber", "birch", "cedar", "dune", "ember", "fern", "ginger", "hazel", "ivory", "jasmine")
SHELVES = ("north", "south", "upper", "lower", "inner", "outer", "front", "rear")
ITEMS = 40
PAGE = 8
NOTE = (("textbox", "Note", ""), ("textbox", "Due date", ""))


class Catalogue(Mapping[str, Screen]):
    """Screens are made when they are asked for."""

    def __getitem__(self, path: str) -> Screen:
        words = tuple(path.strip("/").split("/")) if path != "/" else ()
        known = ((AREAS,), (AREAS, SHELVES), (AREAS, SHELVES, tuple(map(str, range(1, ITEMS + 1)))))
        if not words:
            return Screen("Start", links=tuple((area.title(), f"/{area}") for area in AREAS))
        if words == ("notes",):
            return Screen("Notes", fields=NOTE, submit="Save note", said="Saved")
        if len(words) > 3 or not all(word in some for word, some in zip(words, known[len(words) - 1], strict=True)):
            raise KeyError(path)
        title = " ".join(words).title()
        match len(words):
            case 1:
                return Screen(title, links=tuple((shelf.title(), f"{path}/{shelf}") for shelf in SHELVES))
            case 2:
                rows = tuple((f"No. {n}", f"{path}/{n}") for n in range(1, ITEMS + 1))
                more = tuple((str(n), f"{path}?page={n}") for n in range(2, ITEMS // PAGE))
                return Screen(title, links=more, items=rows, buttons=("Sort by name",))
            case _:
                return Screen(title, fields=NOTE, submit="Save note", said="Saved", buttons=("Reserve", "Show history"))

    def __iter__(self) -> Iterator[str]:
        yield from ("/", "/notes")
        for area in AREAS:
            yield f"/{area}"
            for shelf in SHELVES:
                yield f"/{area}/{shelf}"
                yield from (f"/{area}/{shelf}/{n}" for n in range(1, ITEMS + 1))

    def __len__(self) -> int:
        return 2 + len(AREAS) * (1 + len(SHELVES) * (1 + ITEMS))


def catalogue() -> App:
    effects = {"Show history": "modal History", "Reserve": "confirm dialog: Reserve it?"}
    return App(Catalogue(), (("Start", "/"), ("Notes", "/notes")), lambda path, button: effects.get(button, ""))
