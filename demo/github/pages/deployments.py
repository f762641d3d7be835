"""The page of deployments: what is live where, and the button that deploys a commit."""

from fastapi import APIRouter
from fastapi.responses import Response

from demo.github.errors import GitHubError
from demo.github.pages.frame import OnPage

router = APIRouter(prefix="/{owner}/{repo}")
RECENT = 15


@router.get("/deployments")
async def show_deployments(at: OnPage) -> Response:
    repository = at.repository
    live = {each.environment: each for each in repository.deployments if each.state == "success"}
    graph = repository.graph
    history = graph.history(graph.branches[repository.default_branch])
    environments = sorted({each.environment for each in repository.deployments}) or ["staging"]
    values = {
        "deployments": repository.deployments[::-1][:RECENT],
        "live": live,
        "commits": history[:RECENT],
        "environments": environments,
        "may_write": at.may("write"),
    }
    return at.page("deployments.html", "deployments", values)


@router.post("/deployments")
async def deploy(at: OnPage) -> Response:
    """Form fields: `ref` (a commit or branch), `environment`. Answers when the deployment ended, well or not."""
    at.require("write")
    fields = await at.fields()
    environment = fields.get("environment", "").strip()
    if not environment:
        raise GitHubError(422, "Please name the environment.")
    ref = fields.get("ref", "").strip() or at.repository.default_branch
    await at.world.deploy(at.repository, at.login, ref, environment, at.request.app.state.deployer)
    return at.go("/deployments")
