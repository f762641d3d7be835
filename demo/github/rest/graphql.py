"""POST /graphql: exactly one query, the issues that a pull request closes. Everything else is GitHub's error."""

from typing import Any

from fastapi import APIRouter

from demo.github import shapes
from demo.github.errors import GitHubError
from demo.github.model import Issue, Repository
from demo.github.rest.access import LiveToken, TheWorld, demand, visible_repository
from demo.github.rest.bodies import GraphQLRequest
from demo.github.rest.query import Field, QueryError, parse
from demo.github.world import World

router = APIRouter()

# What each type offers; a nested name is the type of the field.
SCHEMA: dict[str, dict[str, str]] = {
    "Query": {"repository": "Repository"},
    "Repository": {"pullRequest": "PullRequest", "nameWithOwner": ""},
    "PullRequest": {"closingIssuesReferences": "IssueConnection", "number": "", "merged": "", "title": ""},
    "IssueConnection": {"nodes": "Issue", "totalCount": "", "pageInfo": "PageInfo"},
    "Issue": dict.fromkeys(("id", "number", "title", "state", "url"), "") | {"repository": "RepositoryName"},
    "RepositoryName": {"nameWithOwner": ""},
    "PageInfo": {"hasNextPage": "", "endCursor": ""},
}
ARGUMENTS = {
    "repository": {"owner", "name"},
    "pullRequest": {"number"},
    "closingIssuesReferences": {"first", "after"},
}
REQUIRED = {"repository": {"owner", "name"}, "pullRequest": {"number"}, "closingIssuesReferences": {"first"}}


@router.post("/graphql")
async def execute(call: GraphQLRequest, world: TheWorld, token: LiveToken) -> dict[str, Any]:
    try:
        root = parse(call.query, call.variables or {})
        _check(root, "Query", ["query"])
    except QueryError as problem:
        world.refuse_unexpected("POST", "/graphql", str(problem))
        return {"errors": [problem.payload()]}
    try:
        demand(token, "pull_requests")
        demand(token, "issues")
    except GitHubError as refused:
        return {"data": {"repository": None}, "errors": [_error("FORBIDDEN", refused.message, "repository")]}
    wanted = root.fields["repository"]
    full_name = f"{wanted.arguments['owner']}/{wanted.arguments['name']}"
    try:
        repository = visible_repository(world, token, full_name)
    except GitHubError:
        message = f"Could not resolve to a Repository with the name '{full_name}'."
        return {"data": {"repository": None}, "errors": [_error("NOT_FOUND", message, "repository")]}
    return _repository(world, repository, wanted)


def _check(field: Field, kind: str, path: list[str]) -> None:
    """Raises QueryError for a field or argument that the one query does not have."""
    for name, child in field.fields.items():
        offered = SCHEMA[kind]
        here = [*path, name]
        if name not in offered:
            raise QueryError(f"Field '{name}' doesn't exist on type '{kind}'", "undefinedField", here)
        if bool(offered[name]) != bool(child.fields):
            raise QueryError(f"Field '{name}' has a wrong selection of subfields", "selectionMismatch", here)
        given = set(child.arguments)
        if unknown := given - ARGUMENTS.get(name, set()):
            text = f"Field '{name}' doesn't accept argument '{min(unknown)}'"
            raise QueryError(text, "argumentNotAccepted", here)
        if missing := REQUIRED.get(name, set()) - given:
            text = f"Field '{name}' is missing required arguments: {', '.join(sorted(missing))}"
            raise QueryError(text, "missingRequiredArguments", here)
        if offered[name]:
            _check(child, offered[name], here)


def _error(kind: str, message: str, *path: str) -> dict[str, Any]:
    return {"type": kind, "path": list(path), "locations": [{"line": 1, "column": 1}], "message": message}


def _repository(world: World, repository: Repository, wanted: Field) -> dict[str, Any]:
    data: dict[str, Any] = {}
    errors = []
    for name, field in wanted.fields.items():
        if name == "nameWithOwner":
            data[name] = repository.full_name
            continue
        number = field.arguments["number"]
        try:
            data[name] = _pull(world, repository, field, number)
        except GitHubError:
            data[name] = None
            message = f"Could not resolve to a PullRequest with the number of {number}."
            errors.append(_error("NOT_FOUND", message, "repository", "pullRequest"))
    answer: dict[str, Any] = {"data": {"repository": data}}
    return answer | {"errors": errors} if errors else answer


def _pull(world: World, repository: Repository, wanted: Field, number: int) -> dict[str, Any]:
    pull = world.pull(repository, number)
    linked = world.linked_issues(pull) if world.visible("graphql", pull.issue.created_at) else []
    values = {"number": pull.number, "merged": pull.merged_at is not None, "title": pull.issue.title}
    return {
        name: _connection(world, field, linked) if field.fields else values[name]
        for name, field in wanted.fields.items()
    }


def _connection(world: World, wanted: Field, issues: list[Issue]) -> dict[str, Any]:
    after = str(wanted.arguments.get("after") or "")
    start = int(after) if after.isdigit() else 0
    shown = issues[start : start + int(wanted.arguments["first"])]
    end = start + len(shown)
    whole = {
        "totalCount": len(issues),
        "pageInfo": {"hasNextPage": end < len(issues), "endCursor": str(end) if shown else None},
    }
    answer: dict[str, Any] = {}
    for name, field in wanted.fields.items():
        if name == "nodes":
            answer[name] = [{key: _issue(world, each)[key] for key in field.fields} for each in shown]
        elif name == "pageInfo":
            answer[name] = {key: whole[name][key] for key in field.fields}
        else:
            answer[name] = whole[name]
    return answer


def _issue(world: World, issue: Issue) -> dict[str, Any]:
    shape = shapes.issue(world, issue)
    return {
        "id": shape["node_id"],
        "number": issue.number,
        "title": issue.title,
        "state": issue.state.upper(),
        "url": shape["html_url"],
        "repository": {"nameWithOwner": issue.repository.full_name},
    }
