"""The profile that ships for Clubhouse tells the truth: on the clean twin each role may open what its capabilities
name and is refused what only those of others name."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from clubhouse_site import Site
from fastapi.routing import APIRoute

from agent.charter import Role
from agent.coverage.access import Access, read_pattern
from agent.profiles.load import load_profile
from demo.clubhouse import app as clubhouse

PROFILE = load_profile(Path(__file__).parents[2] / "apps", "Clubhouse/local", {})
NOBODYS = "999999999"  # an id that no record has: the guard of the role is asked before the record


def calls() -> Iterator[tuple[str, str]]:
    """Every method and path that Clubhouse answers."""
    routers = [*(pages.router for pages in clubhouse.PAGES), clubhouse.decoys.router]
    for route in (route for router in routers for route in router.routes if isinstance(route, APIRoute)):
        for method in route.methods or ():
            for step in ("accept", "start", "close", "reopen") if "{step}" in route.path else ("",):
                for change in ("suspend", "resume", "flags") if "{change}" in route.path else ("",):
                    path = route.path.replace("{step}", step).replace("{change}", change)
                    yield method, re.sub(r"\{\w+\}", NOBODYS, path)


@pytest.mark.parametrize("role", PROFILE.roles, ids=lambda role: role.name)
def test_a_role_is_let_in_and_kept_out_as_its_capabilities_say(role: Role, twin: Site) -> None:
    twin.reset()
    client = twin.person(dict(role.sign_in.fields)["Email"]) if role.sign_in else twin.visitor()
    access, tried = Access(role.name, PROFILE.roles), Counter[str]()
    for method, path in calls():
        standing = access.verdict(method, path).standing
        if standing != "undeclared":
            answer = client.request(method, path, json={} if path.startswith("/api/") else None)
            refused = answer.status_code == 403 if role.sign_in else asks_to_sign_in(answer, path)
            assert refused == (standing == "foreign"), f"{role.name}: {method} {path} answers {answer.status_code}"
            tried[standing] += 1
    assert tried["granted"] >= 5 and tried["foreign"] >= 5


def asks_to_sign_in(answer: httpx.Response, path: str) -> bool:
    """How somebody is refused who is nobody yet."""
    return answer.status_code == 401 or (answer.url.path == "/login" and path != "/login")


def test_every_route_of_the_profile_is_one_that_clubhouse_answers() -> None:
    named = {pattern for role in PROFILE.roles for grant in role.grants for pattern in grant.patterns}
    answered = [(method, [part for part in path.split("/") if part]) for method, path in calls()]
    assert [each for each in sorted(named) if not any(read_pattern(each).matches(*call) for call in answered)] == []
