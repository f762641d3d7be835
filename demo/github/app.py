"""The local GitHub as a web application: REST, pages, faults, and the courier that sends webhooks while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from demo.github import pages, rest
from demo.github.courier import Courier
from demo.github.errors import GitHubError
from demo.github.faults import FaultMiddleware
from demo.github.verbs.deployments import Deployer
from demo.github.world import World

REQUESTS_PER_HOUR = 5000


def create_app(world: World, deployer: Deployer | None = None) -> FastAPI:
    """`deployer` starts what a person deploys from the pages; without one every deployment succeeds at once."""
    courier = Courier(world)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(courier.run())
            yield
            running.cancel()

    app = FastAPI(title="Local GitHub", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.world = world
    app.state.deployer = deployer
    app.state.courier = courier
    app.include_router(rest.routes())
    app.include_router(pages.routes())
    app.add_exception_handler(GitHubError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_body)
    app.add_exception_handler(HTTPException, _refuse_route)
    app.middleware("http")(_add_rate_limit)
    app.add_middleware(FaultMiddleware, faults=world.faults)
    return app


async def _add_rate_limit(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    token = getattr(request.state, "token", None)
    if token is not None:
        used = token.requests
        world: World = request.app.state.world
        response.headers["x-ratelimit-limit"] = str(REQUESTS_PER_HOUR)
        response.headers["x-ratelimit-remaining"] = str(max(0, REQUESTS_PER_HOUR - used))
        response.headers["x-ratelimit-used"] = str(used)
        response.headers["x-ratelimit-reset"] = str(int(world.now().timestamp()) + 3600)
        response.headers["x-ratelimit-resource"] = "graphql" if request.url.path == "/graphql" else "core"
    return response


def _answer(request: Request, refused: GitHubError) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(pages.error_page(request, refused), refused.status)
    return JSONResponse(refused.payload(), refused.status, refused.headers)


async def _refuse(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, GitHubError)
    return _answer(request, problem)


async def _refuse_body(request: Request, problem: Exception) -> Response:
    """FastAPI's report in GitHub's words. A property that is not modelled is recorded: nobody may rely on it."""
    assert isinstance(problem, RequestValidationError)
    errors = problem.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return _answer(request, GitHubError(400, "Problems parsing JSON"))
    fields = []
    for error in errors:
        name = ".".join(str(part) for part in error["loc"][1:]) or "body"
        if error["type"] == "extra_forbidden":
            request.app.state.world.refuse_unexpected(request.method, request.url.path, f"property {name}")
        code = "missing_field" if error["type"] == "missing" else "invalid"
        fields.append({"resource": "Request", "field": name, "code": code, "message": error["msg"]})
    return _answer(request, GitHubError(422, "Validation Failed", fields))


async def _refuse_route(request: Request, problem: Exception) -> Response:
    """An address or method that nothing here answers."""
    assert isinstance(problem, HTTPException)
    world: World = request.app.state.world
    return _answer(request, world.refuse_unexpected(request.method, request.url.path, "no such route"))
