"""The HTTP client of the App: authentication, one shared connection pool, time limits, and which calls are sent again.

Knows no routes of ours. Touches three private names of githubkit (`_get_api_route`, `_get_installation_cache_key`,
`auth._url`), so that the minor version is pinned and the fault tests guard it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import httpx
from githubkit import AppAuthStrategy, GitHub
from githubkit.auth._url import require_app_auth
from githubkit.auth.app import AppAuth, AppInstallationAuthStrategy
from githubkit.cache import MemCacheStrategy

from bot.github.policy import decide_retry

CLIENT_SECONDS = 20
CONNECT_SECONDS = 5
# A token is renewed this long before its end, so that none ends in the middle of a call.
TOKEN_MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class AppCredentials:
    app_id: str
    private_key: str = field(repr=False)
    base_url: str = "https://api.github.com"


class SharedTransport(httpx.AsyncHTTPTransport):
    """githubkit opens and closes a client per call; the pool below them stays."""

    async def __aenter__(self) -> "SharedTransport":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Left open on purpose."""

    async def aclose(self) -> None:
        """Left open on purpose."""

    async def really_close(self) -> None:
        await super().aclose()


@dataclass
class InstallationAuth(AppAuth):
    """Mints a token once for any number of waiting calls, and once more when GitHub rejects it before its time."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if require_app_auth(self._get_api_route(request.url)):
            request.headers["Authorization"] = f"Bearer {await self.aget_jwt()}"
            yield request
            return
        used = await self._token()
        request.headers["Authorization"] = f"token {used}"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = f"token {await self._token(stale=used)}"
            yield request

    async def _token(self, stale: str = "") -> str:
        cache = await self.github.config.cache_strategy.get_async_cache_storage()
        key = self._get_installation_cache_key()
        if (token := await cache.aget(key)) and token != stale:
            return token
        async with self.lock:
            if (token := await cache.aget(key)) and token != stale:
                return token
            app = GitHub(AppAuthStrategy(self.app_id or "", self.private_key), config=self.github.config)
            path = f"/app/installations/{self.installation_id}/access_tokens"
            minted = (await app.arequest("POST", path)).json()
            left = datetime.fromisoformat(minted["expires_at"]) - datetime.now(UTC)
            await cache.aset(key, minted["token"], max(left - TOKEN_MARGIN, timedelta(seconds=1)))
            return minted["token"]


@dataclass
class InstallationStrategy(AppInstallationAuthStrategy):
    # One lock for all clients of the installation, because githubkit makes an auth flow per call.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def get_auth_flow(self, github: Any) -> httpx.Auth:
        return InstallationAuth(
            github, self.app_id, self.private_key, installation_id=self.installation_id, lock=self.lock
        )


class AppClient:
    """One App on one GitHub. Hand it a clock; close it at the end. `of` keeps one client per installation."""

    def __init__(self, credentials: AppCredentials, clock: Callable[[], datetime]):
        self.clock = clock
        self._credentials = credentials
        self._transport = SharedTransport()
        self.app = GitHub(
            AppAuthStrategy(credentials.app_id, credentials.private_key),
            base_url=credentials.base_url.rstrip("/") + "/",
            timeout=httpx.Timeout(CLIENT_SECONDS, connect=CONNECT_SECONDS),
            user_agent="charterbot",
            http_cache=False,
            auto_retry=decide_retry,
            async_transport=self._transport,
            # The default one is shared by the process and its keys have no address: two GitHubs would share tokens.
            cache_strategy=MemCacheStrategy(),
        )
        self._installations: dict[int, GitHub[Any]] = {}

    def of(self, installation_id: int) -> "GitHub[Any]":
        if installation_id not in self._installations:
            strategy = InstallationStrategy(self._credentials.app_id, self._credentials.private_key, installation_id)
            self._installations[installation_id] = self.app.with_auth(strategy)
        return self._installations[installation_id]

    async def close(self) -> None:
        await self._transport.really_close()
