"""Who calls: verifies the App's JWT and installation tokens, and that the granted permissions cover the route."""

from dataclasses import dataclass
from typing import Annotated, Any

import jwt
from fastapi import Depends, Request

from demo.github.errors import GitHubError, not_found
from demo.github.model import Repository, Token
from demo.github.state import LEVELS
from demo.github.world import World

JWT_LIFE_S = 600
CLOCK_SKEW_S = 60


async def world_of(request: Request) -> World:
    return request.app.state.world


TheWorld = Annotated[World, Depends(world_of)]


def credential(request: Request) -> str:
    """The token after "Bearer" or "token"; raises 401 when there is none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "token") or not value:
        raise GitHubError(401, "Requires authentication")
    return value.strip()


def _claims(world: World, value: str) -> dict[str, Any]:
    try:
        return jwt.decode(
            value,
            world.config.public_key,
            algorithms=["RS256"],
            # The times are checked below, on the world's own clock.
            options={
                "require": ["iat", "exp", "iss"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_iss": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as problem:
        raise GitHubError(401, "A JSON web token could not be decoded") from problem


async def as_app(request: Request, world: TheWorld) -> World:
    """Admits the App itself. Raises 401 for a token that is no JWT of ours, too old, or valid for too long."""
    claims = _claims(world, credential(request))
    now = world.now().timestamp()
    if not isinstance(claims["iat"], int) or claims["iat"] > now + CLOCK_SKEW_S:
        raise GitHubError(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        )
    if claims["exp"] <= now:
        raise GitHubError(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which "
            "the assertion expires",
        )
    if claims["exp"] > now + JWT_LIFE_S:
        raise GitHubError(401, "'Expiration time' claim ('exp') is too far in the future")
    if str(claims["iss"]) != str(world.config.app_id):
        raise GitHubError(404, "Integration not found")
    return world


AsApp = Annotated[World, Depends(as_app)]


@dataclass(frozen=True, slots=True)
class Caller:
    """An installation at work on one repository."""

    world: World
    token: Token
    repository: Repository

    @property
    def login(self) -> str:
        return self.world.bot.login


async def live_token(request: Request, world: TheWorld) -> Token:
    """Raises 401 for an unknown, expired or revoked token, 403 when the installation is suspended."""
    token = world.tokens.get(credential(request))
    if token is None or token.revoked or token.expires_at <= world.now():
        raise GitHubError(401, "Bad credentials")
    if token.installation.suspended_at is not None:
        raise GitHubError(403, "This installation has been suspended")
    token.requests += 1
    request.state.token = token
    return token


LiveToken = Annotated[Token, Depends(live_token)]


def demand(token: Token, permission: str, level: str = "read") -> None:
    """Raises 403 when the token does not carry the permission at that level."""
    held = token.permissions.get(permission, "none")
    if LEVELS.index(held) < LEVELS.index(level):
        accepted = {"X-Accepted-GitHub-Permissions": f"{permission}={level}"}
        raise GitHubError(403, "Resource not accessible by integration", headers=accepted)


def visible_repository(world: World, token: Token, full_name: str) -> Repository:
    """Raises 404 for a repository that the token does not cover, as if it did not exist."""
    repository = world.repository(full_name)
    scoped_out = token.repository_ids is not None and repository.id not in token.repository_ids
    if scoped_out or not token.installation.covers(repository):
        raise not_found()
    return repository


def needs(permission: str, level: str = "read") -> Any:
    """The guard of a repository's route: `at: Annotated[Caller, needs("issues", "write")]`."""

    async def guard(request: Request, owner: str, repo: str, world: TheWorld, token: LiveToken) -> Caller:
        repository = visible_repository(world, token, f"{owner}/{repo}")
        demand(token, permission, level)
        return Caller(world, token, repository)

    return Depends(guard)
