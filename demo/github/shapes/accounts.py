"""JSON of users, organisations, the App, its installations, tokens and the ping."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

from demo.github.model import Installation, Repository, Token, User

if TYPE_CHECKING:
    from demo.github.state import State

HOOK_ID = 900_001
_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


def node_id(kind: str, number: int) -> str:
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def moment(at: datetime) -> str:
    """GitHub's timestamps have whole seconds and a Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def optional_moment(at: datetime | None) -> str | None:
    return moment(at) if at else None


def user(state: State, account: User) -> dict[str, Any]:
    url = f"{state.base_url}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.kind, account.id),
        "avatar_url": f"{state.base_url}/avatars/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{state.base_url}/{account.login}",
        **{name: url + suffix for name, suffix in _USER_URLS.items()},
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def organization(state: State, account: User) -> dict[str, Any]:
    url = f"{state.base_url}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.kind, account.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{state.base_url}/avatars/{account.id}",
        "description": None,
    }


def app(state: State) -> dict[str, Any]:
    config = state.config
    return {
        "id": config.app_id,
        "slug": config.slug,
        "node_id": node_id("App", config.app_id),
        "client_id": f"Iv1.{config.app_id:016x}",
        "owner": user(state, state.app_owner),
        "name": config.manifest.name,
        "description": config.manifest.description,
        "external_url": config.manifest.url,
        "html_url": f"{state.base_url}/apps/{config.slug}",
        "created_at": moment(state.created_at),
        "updated_at": moment(state.created_at),
        "permissions": state.permissions,
        "events": list(state.events),
        "installations_count": len(state.installations),
    }


def installation(state: State, installed: Installation) -> dict[str, Any]:
    url = f"{state.base_url}/app/installations/{installed.id}"
    return {
        "id": installed.id,
        "account": user(state, installed.account),
        "repository_selection": "all" if installed.repository_ids is None else "selected",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{state.base_url}/installation/repositories",
        "html_url": f"{state.base_url}/organizations/{installed.account.login}/settings/installations",
        "app_id": state.config.app_id,
        "app_slug": state.config.slug,
        "client_id": f"Iv1.{state.config.app_id:016x}",
        "target_id": installed.account.id,
        "target_type": installed.account.kind,
        "permissions": installed.permissions,
        "events": list(installed.events),
        "created_at": moment(installed.created_at),
        "updated_at": moment(installed.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user(state, installed.suspended_by) if installed.suspended_by else None,
        "suspended_at": optional_moment(installed.suspended_at),
    }


def token(minted: Token, repositories: list[dict[str, Any]] | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "token": minted.value,
        "expires_at": moment(minted.expires_at),
        "permissions": minted.permissions,
        "repository_selection": "all" if minted.repository_ids is None else "selected",
    }
    return body if repositories is None else body | {"repositories": repositories}


def ping(state: State) -> dict[str, Any]:
    return {
        "zen": "Keep it logically awesome.",
        "hook_id": HOOK_ID,
        "hook": {
            "type": "App",
            "id": HOOK_ID,
            "name": "web",
            "active": True,
            "app_id": state.config.app_id,
            "events": list(state.events),
            "config": {"content_type": "json", "insecure_ssl": "0", "url": state.webhook_url},
            "created_at": moment(state.created_at),
            "updated_at": moment(state.created_at),
            "deliveries_url": f"{state.base_url}/app/hook/deliveries",
        },
    }


def repository_url(state: State, repository: Repository) -> str:
    """The address of a repository's REST resources."""
    return f"{state.base_url}/repos/{repository.full_name}"


def page_url(state: State, repository: Repository) -> str:
    """The address of a repository's pages."""
    return f"{state.base_url}/{repository.full_name}"
