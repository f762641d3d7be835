"""The demo's repository: acme/clubhouse with its people and roles, and the App installed on it."""

from collections.abc import Mapping

from demo.github.model import Repository
from demo.github.world import World

OWNER, NAME = "acme", "clubhouse"
PERSONAS = {
    "pm": "triage",
    "maintainer": "maintain",
    "developer": "write",
    "triager": "triage",
    "reader": "read",
    "outsider": "none",
}
# A form applies only labels that exist, so the one that starts a run must be there before anybody writes.
LABELS = {"test-charter": ("5319e7", "A charter that Charterbot explores"), "bug": ("d73a4a", "Something is broken")}


def demo_repository(world: World, files: Mapping[str, str]) -> Repository:
    """Creates the people, the repository with these files, its labels, and installs the App."""
    for login in PERSONAS:
        world.add_user(login, name=login.capitalize())
    repository = world.add_repository(OWNER, NAME, files)
    repository.description = "Courts, courses and memberships of a sports club"
    for login, role in PERSONAS.items():
        world.set_role(repository, login, role)
    for name, (color, description) in LABELS.items():
        world.create_label(repository, name, color, description)
    world.install(OWNER, "maintainer")
    return repository
