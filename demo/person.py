"""People of the demo: they use the local GitHub's pages as a person would, by ordinary forms."""

from collections.abc import Sequence

import httpx

MISSION = """\
Members must be able to find a free court, book it and see what they booked; the club's office must be able to run
the day. Look at every page that your role can reach, fill in the forms with what people really type, and tell us
what breaks."""


class Person:
    """Somebody with a role in the repository. `pages` is the address of the repository's pages."""

    def __init__(self, login: str, pages: str):
        self.login = login
        self._client = httpx.AsyncClient(base_url=pages, cookies={"persona": login}, follow_redirects=True, timeout=60)

    async def _post(self, path: str, fields: Sequence[tuple[str, str]]) -> httpx.Response:
        answer = await self._client.post(path, data=dict(fields))
        answer.raise_for_status()
        return answer

    async def open_charter(self, target: str, title: str, turns: str = "") -> int:
        """Fill in the charter form; the number of the new issue. Empty `turns` leave the profile's own limit."""
        form = [("title", title), ("template", "test-charter.yml")]
        fields = [*form, ("target", target), ("mission", MISSION), ("turns", turns)]
        return _number(await self._post("/issues", fields))

    async def comment(self, issue: int, body: str) -> None:
        await self._post(f"/issues/{issue}/comments", [("body", body)])

    async def change_file(self, path: str, text: str, title: str, body: str) -> int:
        """Open a pull request that changes one file; its number."""
        fields = [("title", title), ("body", body), ("path", path), ("content", text)]
        return _number(await self._post("/pulls", fields))

    async def merge(self, pull: int) -> None:
        await self._post(f"/pull/{pull}/merge", [("method", "merge")])

    async def deploy(self, ref: str, environment: str) -> None:
        await self._post("/deployments", [("ref", ref), ("environment", environment)])

    async def close(self) -> None:
        await self._client.aclose()


def _number(answer: httpx.Response) -> int:
    return int(answer.url.path.rpartition("/")[2])
