"""GitHub's issue forms: reads a template, checks what a person filled in, writes the body in GitHub's shape."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from demo.github.errors import GitHubError
from demo.github.model import Repository

FOLDER = ".github/ISSUE_TEMPLATE/"
NO_RESPONSE = "_No response_"


@dataclass(frozen=True, slots=True)
class FormField:
    """One element of a form; `name` is that of its control in the HTML form."""

    name: str
    kind: str
    label: str = ""
    description: str = ""
    placeholder: str = ""
    value: str = ""
    required: bool = False
    multiple: bool = False
    render: str = ""
    options: tuple[str, ...] = ()
    default: int | None = None

    def section(self, values: Sequence[str]) -> str:
        """The heading and the answer as GitHub writes them into the body."""
        if self.kind == "checkboxes":
            answer = "\n".join(f"- [{'X' if option in values else ' '}] {option}" for option in self.options)
        else:
            given = [value for value in values if value.strip()]
            answer = ", ".join(given) if given else NO_RESPONSE
            if given and self.render:
                answer = f"```{self.render}\n{answer}\n```"
        return f"### {self.label}\n\n{answer}"


@dataclass(frozen=True, slots=True)
class IssueForm:
    key: str
    name: str
    description: str
    title: str = ""
    labels: tuple[str, ...] = ()
    fields: tuple[FormField, ...] = field(default_factory=tuple)

    def body(self, pairs: Sequence[tuple[str, str]]) -> str:
        """The issue's text. Raises 422 naming the required fields that are empty or the unknown choices."""
        answered = {each.name: [value for name, value in pairs if name == each.name] for each in self.fields}
        shown = [each for each in self.fields if each.kind != "markdown"]
        missing = [each.label for each in shown if each.required and not any(v.strip() for v in answered[each.name])]
        if missing:
            raise GitHubError(422, f"Please fill in: {', '.join(missing)}.")
        for each in shown:
            strange = [value for value in answered[each.name] if value and each.options and value not in each.options]
            if strange:
                raise GitHubError(422, f"{each.label} does not offer {strange[0]!r}.")
        return "\n\n".join(each.section(answered[each.name]) for each in shown)


def find_forms(repository: Repository) -> list[IssueForm]:
    """The forms on the default branch, by file name."""
    files = repository.graph.commits[repository.graph.branches[repository.default_branch]].files
    names = sorted(name for name in files if name.startswith(FOLDER) and name.endswith((".yml", ".yaml")))
    return [_form(name.removeprefix(FOLDER), files[name]) for name in names if not name.startswith(f"{FOLDER}config.")]


def find_form(repository: Repository, key: str) -> IssueForm:
    """By file name, with or without its ending. Raises 404."""
    wanted = key.removesuffix(".yml").removesuffix(".yaml")
    for form in find_forms(repository):
        if form.key == wanted:
            return form
    raise GitHubError(404, f"There is no issue form {key} on the default branch.")


def _form(file_name: str, text: str) -> IssueForm:
    try:
        return _read_form(file_name, yaml.safe_load(text))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as problem:
        raise GitHubError(422, f"The issue form {file_name} cannot be read: {problem}.") from problem


def _read_form(file_name: str, raw: dict[str, Any]) -> IssueForm:
    labels = raw.get("labels") or []
    names = labels.split(",") if isinstance(labels, str) else labels
    return IssueForm(
        key=file_name.rpartition(".")[0],
        name=raw["name"],
        description=raw["description"],
        title=raw.get("title") or "",
        labels=tuple(name.strip() for name in names),
        fields=tuple(_field(number, element) for number, element in enumerate(raw["body"])),
    )


def _field(number: int, element: dict[str, Any]) -> FormField:
    given, kind = element.get("attributes") or {}, element["type"]
    rules = element.get("validations") or {}
    options = [each["label"] if isinstance(each, dict) else str(each) for each in given.get("options") or ()]
    return FormField(
        name=element.get("id") or f"field-{number}",
        kind=kind,
        label=given.get("label") or "",
        description=given.get("description") or "",
        placeholder=given.get("placeholder") or "",
        value=given.get("value") or "",
        required=bool(rules.get("required")),
        multiple=bool(given.get("multiple")),
        render=given.get("render") or "",
        options=tuple(options),
        default=given.get("default"),
    )
