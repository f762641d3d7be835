"""The fixture of these tests; everything else is in github_scene.py."""

from collections.abc import AsyncIterator

import pytest
from github_scene import Scene, new_scene


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Ends with the check that nothing was asked for which the local GitHub does not have."""
    scene = new_scene()
    await scene.webhooks()
    yield scene
    assert scene.world.unexpected == []
