"""pretalx, installed and filled once; the sound one and one with every fault."""

from collections.abc import Callable, Iterator

import pytest
from pretalx_site import Site

from bench.pretalx import environment
from bench.pretalx.instance import Instance


@pytest.fixture(scope="session")
def prepared() -> environment.Environment:
    try:
        return environment.prepare(environment.default_folder())
    except environment.CannotInstall as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def sites(prepared: environment.Environment) -> Iterator[Callable[[str], Site]]:
    """A reset instance of the named build; each build is started once."""
    running: dict[str, Instance] = {}

    def reset(build: str) -> Site:
        if build not in running:
            running[build] = Instance(build)
            running[build].start()
        running[build].reset()
        return Site(running[build].url)

    yield reset
    for instance in running.values():
        instance.stop()
