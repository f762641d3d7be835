"""The port on the real GitHub, over githubkit's client. The only file that knows routes; decides nothing.

Answers are read as plain JSON: a field that GitHub adds or drops must not stop the bot. Path parameters are quoted
here, because githubkit does not: an unquoted label `#1` would make a removal of one label one of all labels.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from githubkit.exception import GitHubException

from bot.domain.effects import Reaction
from bot.errors import Gone, Refused
from bot.events import RepoRef
from bot.github.client import AppClient, AppCredentials
from bot.github.policy import translate
from bot.github.port import (
    CommentView,
    DeploymentView,
    IssueChange,
    IssueView,
    LabelSpec,
    NewIssue,
    RepoRole,
)

VERSION = {"X-GitHub-Api-Version": "2026-03-10", "Accept": "application/vnd.github+json"}
LINKED_ISSUES = files("bot.github.queries").joinpath("linked_issues.graphql").read_text(encoding="utf-8")
MAX_DEPLOYMENTS = 20


def utc_now() -> datetime:
    return datetime.now(UTC)


class LiveGitHub:
    """Use it from one event loop; close it at the end."""

    def __init__(self, credentials: AppCredentials, clock: Callable[[], datetime] = utc_now):
        self._client = AppClient(credentials, clock)
        self._app_id = str(credentials.app_id)
        self._login = ""
        self.labelled: set[tuple[int, str]] = set()
        """Labels that are known to exist, by repository."""

    def at(self, repo: RepoRef, installation_id: int) -> "LiveRepository":
        return LiveRepository(self, repo, installation_id)

    async def close(self) -> None:
        await self._client.close()

    async def call(self, installation_id: int, method: str, path: str, **arguments: Any) -> Any:
        """One request; answers its JSON, None without a body. Raises the errors of bot/errors.py."""
        try:
            github = self._client.of(installation_id)
            response = await github.arequest(method, path, headers=VERSION, **arguments)
        except GitHubException as error:
            raise translate(error, self._client.clock()) from error
        return response.json() if response.content else None

    async def pages(self, installation_id: int, path: str, params: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        """All items of a list, by the Link header; a reader that stops early reads no further page."""
        address: str | None = path
        query: dict[str, Any] | None = {**params, "per_page": 100}
        while address:
            try:
                github = self._client.of(installation_id)
                response = await github.arequest("GET", address, headers=VERSION, params=query)
            except GitHubException as error:
                raise translate(error, self._client.clock()) from error
            for item in response.json():
                yield item
            # The next address carries the query already.
            address, query = response.raw_response.links.get("next", {}).get("url"), None

    async def graphql(self, installation_id: int, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._client.of(installation_id).graphql.arequest(query, variables)
        except GitHubException as error:
            raise translate(error, self._client.clock()) from error

    async def login(self) -> str:
        """The login under which our App writes. Logins with `[bot]` cannot be taken by people."""
        if not self._login:
            try:
                app = (await self._client.app.arequest("GET", "/app", headers=VERSION)).json()
            except GitHubException as error:
                raise translate(error, self._client.clock()) from error
            self._login = f"{app['slug']}[bot]"
        return self._login

    async def is_ours(self, content: Mapping[str, Any]) -> bool:
        author = content.get("user") or {}
        if author.get("type") != "Bot":
            return False
        by_app = (content.get("performed_via_github_app") or {}).get("id")
        return str(by_app) == self._app_id or author.get("login") == await self.login()


class LiveRepository:
    def __init__(self, github: LiveGitHub, repo: RepoRef, installation_id: int):
        self._github = github
        self._repo = repo
        self._installation_id = installation_id
        self._path = f"/repos/{_part(repo.owner)}/{_part(repo.name)}"

    async def _call(self, method: str, path: str, **arguments: Any) -> Any:
        return await self._github.call(self._installation_id, method, self._path + path, **arguments)

    async def _list(self, path: str, **params: str) -> list[dict[str, Any]]:
        return [item async for item in self._pages(path, **params)]

    def _pages(self, path: str, **params: str) -> AsyncIterator[dict[str, Any]]:
        return self._github.pages(self._installation_id, self._path + path, params)

    async def role_of(self, login: str) -> RepoRole:
        try:
            answer = await self._call("GET", f"/collaborators/{_part(login)}/permission")
        except Gone:
            return RepoRole.NONE
        # `permission` folds triage into read; it stands in only for custom roles.
        for word in (answer.get("role_name"), answer.get("permission")):
            if str(word).upper() in RepoRole.__members__:
                return RepoRole[str(word).upper()]
        return RepoRole.NONE

    async def issue(self, number: int) -> IssueView:
        return await self._issue(await self._call("GET", f"/issues/{number}"))

    async def create_issue(self, new: NewIssue) -> IssueView:
        body = {"title": new.title, "body": new.body, "labels": list(new.labels)}
        return await self._issue(await self._call("POST", "/issues", json=body))

    async def update_issue(self, number: int, change: IssueChange) -> None:
        parts = {"body": change.body, "state": change.state, "state_reason": change.state_reason}
        given = {key: value for key, value in parts.items() if value is not None}
        await self._call("PATCH", f"/issues/{number}", json=given)

    async def issues_with_label(self, label: str, since: datetime) -> tuple[IssueView, ...]:
        items = await self._list("/issues", labels=label, state="all", since=_stamp(since))
        return tuple([await self._issue(item) for item in items if "pull_request" not in item])

    async def comments(self, issue: int, since: datetime) -> tuple[CommentView, ...]:
        items = await self._list(f"/issues/{issue}/comments", since=_stamp(since))
        return tuple([await self._comment(item) for item in items])

    async def create_comment(self, issue: int, body: str) -> CommentView:
        return await self._comment(await self._call("POST", f"/issues/{issue}/comments", json={"body": body}))

    async def edit_comment(self, comment_id: int, body: str) -> None:
        await self._call("PATCH", f"/issues/comments/{comment_id}", json={"body": body})

    async def react(self, comment_id: int, content: Reaction) -> None:
        await self._call("POST", f"/issues/comments/{comment_id}/reactions", json={"content": content})

    async def react_to_issue(self, issue: int, content: Reaction) -> None:
        await self._call("POST", f"/issues/{issue}/reactions", json={"content": content})

    async def add_labels(self, issue: int, labels: Sequence[str]) -> None:
        await self._call("POST", f"/issues/{issue}/labels", json={"labels": list(labels)})

    async def remove_label(self, issue: int, label: str) -> None:
        try:
            await self._call("DELETE", f"/issues/{issue}/labels/{_part(label)}")
        except Gone:
            return  # it is not there, which is what was asked for

    async def ensure_labels(self, labels: Sequence[LabelSpec]) -> None:
        wanted = [label for label in labels if (self._repo.id, label.name) not in self._github.labelled]
        if not wanted:
            return
        present = {item["name"].lower() for item in await self._list("/labels")}
        for label in wanted:
            if label.name.lower() not in present:
                await self._create_label(label)
            self._github.labelled.add((self._repo.id, label.name))

    async def _create_label(self, label: LabelSpec) -> None:
        body = {"name": label.name, "color": label.color, "description": label.description[:100]}
        try:
            await self._call("POST", "/labels", json=body)
        except Refused as refusal:
            if "already_exists" not in str(refusal):
                raise

    async def linked_issues(self, pull_request: int) -> tuple[int, ...]:
        found: dict[int, None] = {}
        after: str | None = None
        while True:
            variables = {
                "owner": self._repo.owner,
                "name": self._repo.name,
                "number": pull_request,
                "after": after,
            }
            data = await self._github.graphql(self._installation_id, LINKED_ISSUES, variables)
            links = data["repository"]["pullRequest"]["closingIssuesReferences"]
            for node in links["nodes"]:
                # A pull request may close issues of other repositories, too.
                if node["url"].lower().endswith(f"/{self._repo.full_name.lower()}/issues/{node['number']}"):
                    found[node["number"]] = None
            if not links["pageInfo"]["hasNextPage"]:
                return tuple(found)
            after = links["pageInfo"]["endCursor"]

    async def compare(self, base: str, head: str) -> str:
        answer = await self._call("GET", f"/compare/{_part(base)}...{_part(head)}", params={"per_page": 1})
        return answer["status"]

    async def deployments(self, environment: str) -> tuple[DeploymentView, ...]:
        found = []
        async for item in self._pages("/deployments", environment=environment):
            statuses = await self._list(f"/deployments/{item['id']}/statuses")
            was_live = any(status["state"] == "success" for status in statuses)
            found.append(DeploymentView(item["id"], item["sha"], item["environment"], was_live))
            if was_live or len(found) == MAX_DEPLOYMENTS:
                break
        return tuple(found)

    async def _issue(self, item: Mapping[str, Any]) -> IssueView:
        return IssueView(
            number=item["number"],
            title=item["title"],
            body=item.get("body") or "",
            is_open=item["state"] == "open",
            labels=tuple(label if isinstance(label, str) else label["name"] for label in item.get("labels", ())),
            ours=await self._github.is_ours(item),
            url=item.get("html_url", ""),
        )

    async def _comment(self, item: Mapping[str, Any]) -> CommentView:
        ours = await self._github.is_ours(item)
        return CommentView(item["id"], item.get("body") or "", ours, item.get("html_url", ""))


def _part(text: str) -> str:
    """One path segment, whatever is in it."""
    return quote(text, safe="")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
