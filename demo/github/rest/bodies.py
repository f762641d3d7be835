"""The request bodies that the routes read. An unknown property is refused, so that none is silently ignored."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """Only what the request named."""
        return self.model_dump(exclude_unset=True)


class LabelName(Body):
    name: StrictStr


LabelItem = StrictStr | LabelName


def names(items: list[LabelItem]) -> list[str]:
    return [item if isinstance(item, str) else item.name for item in items]


class NewIssue(Body):
    title: StrictStr
    body: StrictStr | None = None
    labels: list[LabelItem] = Field(default_factory=list)


class IssueChange(Body):
    title: StrictStr | None = None
    body: StrictStr | None = None
    state: StrictStr | None = None
    state_reason: StrictStr | None = None
    labels: list[LabelItem] | None = None


class NewLabel(Body):
    name: StrictStr
    color: StrictStr = "ededed"
    description: StrictStr | None = None


class LabelList(Body):
    labels: list[LabelItem]


class CommentText(Body):
    body: StrictStr


class NewReaction(Body):
    content: StrictStr


class TokenScope(Body):
    repositories: list[StrictStr] | None = None
    repository_ids: list[int] | None = None
    permissions: dict[str, str] | None = None


class CheckOutput(Body):
    title: StrictStr | None = None
    summary: StrictStr
    text: StrictStr | None = None


class CheckFields(Body):
    status: StrictStr | None = None
    conclusion: StrictStr | None = None
    external_id: StrictStr | None = None
    details_url: StrictStr | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    output: CheckOutput | None = None


class CheckChange(CheckFields):
    name: StrictStr | None = None


class NewCheck(CheckFields):
    name: StrictStr
    head_sha: StrictStr


class GraphQLRequest(Body):
    query: StrictStr
    variables: dict[str, Any] | None = None
    operationName: StrictStr | None = None
