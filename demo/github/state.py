"""What the local GitHub holds, and how a change becomes a webhook. The verbs build on it; it knows no routes."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from demo.github import shapes
from demo.github.errors import GitHubError, not_found
from demo.github.faults import Fault
from demo.github.graph import Graph
from demo.github.manifest import Manifest, read_manifest
from demo.github.model import Delivery, Installation, Message, Repository, Token, Unexpected, User

LEVELS = ("none", "read", "write")
# Events reach an App only when it may read what they tell about; the rest comes to every App.
EVENT_PERMISSION = {
    "issues": "issues",
    "issue_comment": "issues",
    "pull_request": "pull_requests",
    "deployment": "deployments",
    "deployment_status": "deployments",
}
ALWAYS_SENT = ("installation", "ping")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """How one local GitHub behaves. `lag` maps an API ("issues.list", "graphql") to seconds it trails behind."""

    public_key: str
    webhook_url: str
    webhook_secret: str
    app_id: int = 4711
    slug: str = "charterbot"
    manifest: Manifest = field(default_factory=read_manifest)
    base_url: str = "http://127.0.0.1:8000"
    clock: Callable[[], datetime] = utc_now
    token_ttl: timedelta = timedelta(hours=1)
    page_size: int = 5
    lag: Mapping[str, float] = field(default_factory=dict)


class State:
    def __init__(self, config: WorldConfig) -> None:
        self.config = config
        # Settable, because a server on a free port learns its address late.
        self.base_url = config.base_url.rstrip("/")
        self.webhook_url = config.webhook_url
        self.permissions = dict(config.manifest.permissions)
        self.events = config.manifest.events
        self.users: dict[str, User] = {}
        self.repositories: dict[str, Repository] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.faults: list[Fault] = []
        self.unexpected: list[Unexpected] = []
        self.outbox: deque[Message] = deque()
        self.outbox_filled = asyncio.Event()
        self.deliveries: list[Delivery] = []
        self._last_id = 1000
        self.app_owner = self.add_user("charterbot-makers", kind="Organization")
        self.bot = self.add_user(f"{config.slug}[bot]", kind="Bot")
        self.created_at = self.now()

    def now(self) -> datetime:
        return self.config.clock()

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def visible(self, api: str, since: datetime) -> bool:
        """Whether an API that trails behind shows what happened at `since` already."""
        return self.now() - since >= timedelta(seconds=self.config.lag.get(api, 0))

    # --- people and repositories ---------------------------------------------------------------------------

    def add_user(self, login: str, name: str = "", kind: str = "User") -> User:
        user = User(self.new_id(), login, kind, name)
        self.users[login.lower()] = user
        return user

    def user(self, login: str) -> User:
        """Raises the 404 of GitHub for an unknown login."""
        if (user := self.users.get(login.lower())) is None:
            raise not_found()
        return user

    def people(self) -> list[User]:
        """Who can act on the pages."""
        return [user for user in self.users.values() if user.kind != "Organization"]

    def add_repository(self, owner: str, name: str, files: Mapping[str, str]) -> Repository:
        """A repository with one commit on its default branch; the owner is created when it is new."""
        account = self.users.get(owner.lower()) or self.add_user(owner, kind="Organization")
        repository = Repository(self.new_id(), account, name, Graph(), self.now())
        first = repository.graph.commit((), files, "Initial commit", owner, self.now())
        repository.graph.branches[repository.default_branch] = first.sha
        self.repositories[repository.full_name.lower()] = repository
        return repository

    def repository(self, full_name: str) -> Repository:
        """Raises the 404 of GitHub for an unknown "owner/name"."""
        if (repository := self.repositories.get(full_name.lower())) is None:
            raise not_found()
        return repository

    def set_role(self, repository: Repository, login: str, role: str) -> None:
        """`role` is one of model.ROLES; "none" removes the collaborator."""
        repository.roles[self.user(login).login] = role

    # --- the App -------------------------------------------------------------------------------------------

    def install(self, account: str, actor: str, repositories: list[Repository] | None = None) -> Installation:
        """Installs the App on all or some repositories of an account; sends `installation.created`."""
        owner = self.user(account)
        chosen = None if repositories is None else {repository.id for repository in repositories}
        installed = Installation(
            self.new_id(), owner, dict(self.permissions), self.events, self.now(), repository_ids=chosen
        )
        self.installations[installed.id] = installed
        self._tell_installation("created", installed, actor)
        return installed

    def uninstall(self, installation: Installation, actor: str) -> None:
        del self.installations[installation.id]
        self.revoke_tokens(installation)
        self._tell_installation("deleted", installation, actor)

    def suspend(self, installation: Installation, actor: str) -> None:
        installation.suspended_at, installation.suspended_by = self.now(), self.user(actor)
        self._tell_installation("suspend", installation, actor)

    def unsuspend(self, installation: Installation, actor: str) -> None:
        installation.suspended_at = installation.suspended_by = None
        self._tell_installation("unsuspend", installation, actor)

    def grant(self, installation: Installation, permissions: Mapping[str, str]) -> None:
        """Replaces what an installation may do, for tokens of old too, as an administrator's change would."""
        installation.permissions = dict(permissions)
        for token in self.tokens.values():
            if token.installation is installation:
                token.permissions = {name: level for name, level in token.permissions.items() if name in permissions}

    def installation_of(self, repository: Repository) -> Installation | None:
        found = (each for each in self.installations.values() if each.covers(repository))
        return next(found, None)

    def mint_token(
        self, installation: Installation, permissions: dict[str, str], repository_ids: set[int] | None
    ) -> Token:
        value = f"ghs_{secrets.token_hex(18)}"
        expires_at = self.now() + self.config.token_ttl
        token = Token(value, installation, permissions, repository_ids, expires_at)
        self.tokens[value] = token
        return token

    def revoke_tokens(self, installation: Installation) -> None:
        for token in self.tokens.values():
            if token.installation is installation:
                token.revoked = True

    def ping(self) -> None:
        """What GitHub sends when the webhook's address is saved."""
        self.emit("ping", None, None, self.app_owner, **shapes.ping(self))

    def _tell_installation(self, action: str, installation: Installation, actor: str) -> None:
        covered = [each for each in self.repositories.values() if installation.covers(each)]
        self.emit(
            "installation",
            action,
            None,
            self.user(actor),
            installation=shapes.installation(self, installation),
            repositories=[shapes.repository_reference(each) for each in covered],
        )

    # --- webhooks ------------------------------------------------------------------------------------------

    def emit(self, event: str, action: str | None, repository: Repository | None, sender: User, **parts: Any) -> None:
        """Queues one webhook with the bytes of this moment, if the App subscribed to it and may see it."""
        payload: dict[str, Any] = {"action": action} if action else {}
        payload |= parts
        if repository is not None:
            installed = self.installation_of(repository)
            if installed is None or not self._is_sent(event, installed):
                return
            payload["repository"] = shapes.repository(self, repository)
            if repository.owner.kind == "Organization":
                payload["organization"] = shapes.organization(self, repository.owner)
            payload["installation"] = {"id": installed.id, "node_id": shapes.node_id("MDIz", installed.id)}
        payload["sender"] = shapes.user(self, sender)
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        self.send(Message(str(uuid4()), event, action, body, repository.id if repository else None))

    def _is_sent(self, event: str, installed: Installation) -> bool:
        if event in ALWAYS_SENT:
            return True
        readable = installed.permissions.get(EVENT_PERMISSION[event], "none") != "none"
        return event in installed.events and readable and installed.suspended_at is None

    def send(self, message: Message) -> None:
        self.outbox.append(message)
        self.outbox_filled.set()

    def delivery(self, delivery_id: int) -> Delivery:
        """Raises the 404 of GitHub for an unknown delivery."""
        found = next((each for each in self.deliveries if each.id == delivery_id), None)
        if found is None:
            raise not_found()
        return found

    def redeliver(self, delivery_id: int) -> None:
        """Sends a recorded delivery again: same guid, same bytes."""
        message = self.delivery(delivery_id).message
        self.send(
            Message(
                message.guid,
                message.event,
                message.action,
                message.body,
                message.repository_id,
                redelivery=True,
            )
        )

    def refuse_unexpected(self, method: str, path: str, detail: str) -> GitHubError:
        """Records what nothing here answers, so that a test can fail on it, and gives the 404 to raise."""
        self.unexpected.append(Unexpected(method, path, detail))
        return not_found()
