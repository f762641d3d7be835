"""Reads the small part of GraphQL that one query needs: fields, arguments, variables. No aliases, no fragments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(r'[\s,]+|#[^\n]*|(?P<token>\.\.\.|[{}()\[\]:$!=@]|"[^"\n\\]*"|-?\d+|[A-Za-z_]\w*)')
LITERALS = {"true": True, "false": False, "null": None}


class QueryError(Exception):
    """A document that GitHub, or this part of it, refuses."""

    def __init__(self, message: str, code: str = "parseError", path: list[str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.path = path or []

    def payload(self) -> dict[str, Any]:
        return {
            "message": str(self),
            "path": self.path,
            "extensions": {"code": self.code},
            "locations": [{"line": 1, "column": 1}],
        }


@dataclass(slots=True)
class Field:
    arguments: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, "Field"] = field(default_factory=dict)


def parse(document: str, variables: Mapping[str, Any]) -> Field:
    """The selection of one query operation, variables filled in. Raises QueryError."""
    reader = _Reader(_tokens(document), variables)
    root = reader.operation()
    if reader.rest:
        raise QueryError(f"Unexpected {reader.rest[0]!r} after the operation")
    return root


def _tokens(document: str) -> list[str]:
    found, position = [], 0
    while position < len(document):
        match = TOKEN.match(document, position)
        if match is None:
            raise QueryError(f"Unexpected character {document[position]!r}")
        if match["token"]:
            found.append(match["token"])
        position = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[str], variables: Mapping[str, Any]) -> None:
        self.rest = tokens
        self.given = variables
        self.declared: dict[str, Any] = {}

    def take(self, expected: str = "") -> str:
        if not self.rest:
            raise QueryError("Unexpected end of document")
        token = self.rest.pop(0)
        if expected and token != expected:
            raise QueryError(f"Expected {expected!r}, found {token!r}")
        return token

    def skip(self, token: str) -> bool:
        if self.rest[:1] == [token]:
            self.rest.pop(0)
            return True
        return False

    def name(self) -> str:
        token = self.take()
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            raise QueryError(f"Expected a name, found {token!r}")
        return token

    def operation(self) -> Field:
        if self.skip("query"):
            if self.rest[:1] not in (["("], ["{"]):
                self.name()
            if self.skip("("):
                self._declarations()
        return Field(fields=self.selection())

    def _declarations(self) -> None:
        while not self.skip(")"):
            self.take("$")
            name = self.name()
            self.take(":")
            kind = self.name()
            required = self.skip("!")
            value = self.given.get(name, self.value() if self.skip("=") else None)
            if value is None and required:
                text = f"Variable ${name} of type {kind}! was provided invalid value"
                raise QueryError(text, "variableMissing")
            wanted = {"Int": int, "String": str}.get(kind)
            if wanted is None or (value is not None and type(value) is not wanted):
                raise QueryError(f"Variable ${name} of type {kind} was provided invalid value", "variableMismatch")
            self.declared[name] = value

    def selection(self) -> dict[str, Field]:
        self.take("{")
        chosen: dict[str, Field] = {}
        while not self.skip("}"):
            name = self.name()
            arguments = self.arguments() if self.skip("(") else {}
            fields = self.selection() if self.rest[:1] == ["{"] else {}
            chosen[name] = Field(arguments, fields)
        return chosen

    def arguments(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        while not self.skip(")"):
            name = self.name()
            self.take(":")
            given[name] = self.value()
        return given

    def value(self) -> Any:
        word = self.take()
        if word == "$":
            name = self.name()
            if name not in self.declared:
                raise QueryError(f"Variable ${name} is used by query but not declared", "variableNotDefined")
            return self.declared[name]
        if word.startswith('"'):
            return word[1:-1]
        if word.lstrip("-").isdigit():
            return int(word)
        if word in LITERALS:
            return LITERALS[word]
        raise QueryError(f"Unexpected value {word!r}")
