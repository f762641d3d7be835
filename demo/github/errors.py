"""The refusals of the local GitHub, in the words and shape of the real one. Knows no HTTP framework."""

from collections.abc import Mapping, Sequence

TITLE_LIMIT = 256
BODY_LIMIT = 65_536
LABEL_LIMIT = 50
DESCRIPTION_LIMIT = 100


class GitHubError(Exception):
    """A refusal with its status, message, field errors and extra headers."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def payload(self) -> dict[str, object]:
        """The JSON body that GitHub would answer."""
        body: dict[str, object] = {"message": self.message}
        if self.errors:
            body["errors"] = self.errors
        return body | {"documentation_url": "https://docs.github.com/rest", "status": str(self.status)}


def not_found() -> GitHubError:
    return GitHubError(404, "Not Found")


def invalid(resource: str, field: str, code: str = "invalid", message: str = "") -> GitHubError:
    """A 422 that names one field."""
    error = {"resource": resource, "field": field, "code": code}
    if message:
        error["message"] = message
    return GitHubError(422, "Validation Failed", [error])


def check_length(resource: str, field: str, text: str | None, limit: int) -> None:
    """Raises the 422 that GitHub answers when a text is too long."""
    if text is not None and len(text) > limit:
        raise invalid(resource, field, "custom", f"{field} is too long (maximum is {limit} characters)")


def check_title(resource: str, title: str) -> None:
    """Raises unless a title is there and short enough."""
    if not title.strip():
        raise invalid(resource, "title", "missing_field")
    check_length(resource, "title", title, TITLE_LIMIT)
