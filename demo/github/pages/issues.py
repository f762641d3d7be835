"""Pages and forms of issues: the list, a new one from a form, one issue with its conversation."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from demo.github.errors import GitHubError
from demo.github.model import Comment, Happening, Issue
from demo.github.pages.forms import find_form, find_forms
from demo.github.pages.frame import OnPage, Visit

router = APIRouter(prefix="/{owner}/{repo}")


@router.get("")
async def show_repository(at: OnPage) -> Response:
    return at.go("/issues")


@router.get("/issues")
async def list_issues(at: OnPage, state: str = "open", label: str = "") -> Response:
    issues = [issue for issue in at.repository.issues.values() if issue.pull is None]
    labelled = [issue for issue in issues if not label or label in issue.label_names]
    shown = [issue for issue in reversed(labelled) if issue.state == state]
    counts = {name: sum(issue.state == name for issue in labelled) for name in ("open", "closed")}
    values = {"issues": shown, "counts": counts, "state": state, "label": label, "pulls": False}
    return at.page("issues.html", "issues", values)


@router.get("/issues/new")
async def new_issue(at: OnPage, template: str = "") -> Response:
    if not template:
        return at.page("new_issue.html", "issues", {"forms": find_forms(at.repository), "form": None})
    blank = template == "blank"
    form = None if blank else find_form(at.repository, template)
    return at.page("new_issue.html", "issues", {"forms": None, "form": form})


@router.post("/issues")
async def open_issue(at: OnPage) -> Response:
    """Form fields: `title`; with `template` the form's own ids, without it `body`."""
    pairs = await at.form()
    fields = dict(pairs)
    labels: list[str] = []
    body = fields.get("body", "")
    if fields.get("template"):
        form = find_form(at.repository, fields["template"])
        body = form.body(pairs)
        # As on GitHub a form applies its labels whoever the author is, but only those that exist.
        labels = [name for name in form.labels if name.lower() in at.repository.labels]
    issue = at.world.open_issue(at.repository, at.login, fields.get("title", ""), body, labels)
    return at.go(f"/issues/{issue.number}")


@router.get("/issues/{number}")
async def show_issue(number: int, at: OnPage) -> Response:
    issue = at.world.issue(at.repository, number)
    if issue.pull:
        return at.go(f"/pull/{number}")
    return at.page("issue.html", "issues", conversation(at, issue))


@router.post("/issues/{number}/comments")
async def comment(number: int, at: OnPage) -> Response:
    """Form fields: `body`, and `then` = close or reopen to do so after it."""
    fields = await at.fields()
    issue = at.world.issue(at.repository, number)
    then, body = fields.get("then", ""), fields.get("body", "")
    if body.strip() or not then:
        at.world.comment(issue, at.login, body)
    if then:
        _change_state(at, issue, then, fields.get("reason", "completed"))
    return at.go(f"/{'pull' if issue.pull else 'issues'}/{number}")


@router.post("/issues/{number}/labels")
async def change_label(number: int, at: OnPage) -> Response:
    """Form fields: `label`, and `do` = add or remove."""
    at.require("triage")
    fields = await at.fields()
    issue, name = at.world.issue(at.repository, number), fields.get("label", "")
    if fields.get("do") == "remove":
        at.world.remove_label(issue, at.login, name)
    else:
        at.world.add_labels(issue, at.login, [name])
    return at.go(f"/{'pull' if issue.pull else 'issues'}/{number}")


@router.post("/issues/{number}/state")
async def change_state(number: int, at: OnPage) -> Response:
    """Form fields: `then` = close or reopen, `reason` = completed, not_planned or duplicate."""
    fields = await at.fields()
    issue = at.world.issue(at.repository, number)
    _change_state(at, issue, fields.get("then", ""), fields.get("reason", "completed"))
    return at.go(f"/{'pull' if issue.pull else 'issues'}/{number}")


@router.post("/issues/{number}/body")
async def edit(number: int, at: OnPage) -> Response:
    """Form fields: `title`, `body`."""
    issue = at.world.issue(at.repository, number)
    _require_author(at, issue)
    fields = await at.fields()
    at.world.edit_issue(issue, at.login, title=fields.get("title"), body=fields.get("body"))
    return at.go(f"/{'pull' if issue.pull else 'issues'}/{number}")


def conversation(at: Visit, issue: Issue) -> dict[str, Any]:
    """What the page of an issue or pull request shows: comments and happenings in the order of time."""
    entries: list[Comment | Happening] = [*issue.comments, *issue.happenings]
    # Sorting is stable, and a happening of the same moment belongs before the answer to it.
    entries.sort(key=lambda each: (_moment(each), isinstance(each, Comment)))
    return {
        "issue": issue,
        "timeline": [{"comment": each if isinstance(each, Comment) else None, "happening": each} for each in entries],
        "labels": at.repository.labels,
        "may_triage": at.may("triage"),
        "may_close": at.may("triage") or issue.author is at.person,
    }


def _moment(entry: Comment | Happening) -> Any:
    return entry.created_at if isinstance(entry, Comment) else entry.at


def _require_author(at: Visit, issue: Issue) -> None:
    if issue.author is not at.person:
        at.require("triage")


def _change_state(at: Visit, issue: Issue, then: str, reason: str) -> None:
    _require_author(at, issue)
    if then == "reopen":
        at.world.reopen_issue(issue, at.login)
    elif then == "close" and issue.pull:
        at.world.close_pull(issue.pull, at.login)
    elif then == "close":
        at.world.close_issue(issue, at.login, reason)
    else:
        raise GitHubError(422, "The form must say close or reopen.")
