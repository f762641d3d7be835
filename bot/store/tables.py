"""The tables. The database is the truth; Redis and GitHub's labels only mirror it.

Times are UTC and aware. JSON columns hold the JSON forms of the types named beside them.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime on every database; SQLite would hand it back naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(64), primary_key=True),  # GitHub's delivery GUID; a redelivery keeps it
    Column("event", String(64), nullable=False),
    Column("action", String(64), nullable=False, default=""),
    Column("state", String(16), nullable=False),  # received | queued | done | failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("payload", JSON, nullable=False),  # bot.events JSON
    Column("error", Text, nullable=False, default=""),
    Column("received_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False, index=True),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("repo_id", BigInteger, nullable=False, index=True),
    Column("repo", JSON, nullable=False),  # bot.events.RepoRef
    Column("installation_id", BigInteger, nullable=False),
    Column("issue", Integer, nullable=False),  # the charter's number
    Column("charter", JSON, nullable=False),  # agent.charter.Charter
    Column("requested_by", String(64), nullable=False),
    Column("trigger", String(96), nullable=False, unique=True),  # what asked for it: makes a repeated request one run
    Column("state", String(16), nullable=False, index=True),  # bot.domain.run.RunState
    Column("detail", Text, nullable=False, default=""),
    Column("stop_requested", Integer, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    Column("started_at", Utc),
    Column("finished_at", Utc),
    Column("owner", String(32), nullable=False, default=""),
    Column("lease_until", Utc),
    Column("fence", Integer, nullable=False, default=0),
    Column("events", Integer, nullable=False, default=0),  # the highest seq of its journal
    Column("progress_comment", BigInteger),
    Column("progress_text", Text, nullable=False, default=""),
    Column("build", String(64), nullable=False, default=""),
    Column("folder", Text, nullable=False, default=""),
)
# One charter has one run at a time, whoever asks and however often at once.
ACTIVE = runs.c.state.in_(["queued", "running"])
Index("uq_runs_active", runs.c.repo_id, runs.c.issue, unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE)

events = Table(
    "events",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("role", String(64), nullable=False, default=""),
    Column("kind", String(32), nullable=False),
    Column("payload", JSON, nullable=False),  # agent.events payload
)

findings = Table(
    "findings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("repo_id", BigInteger, nullable=False),
    Column("app", String(255), nullable=False),  # two apps of one repository may share a fingerprint
    Column("fingerprint", String(64), nullable=False),
    Column("run_id", String(32), nullable=False, index=True),
    Column("state", String(24), nullable=False, index=True),  # bot.domain.finding.FindingState
    Column("finding", JSON, nullable=False),  # agent.evidence.finding.Finding
    Column("issue", Integer),
    Column("created_at", Utc, nullable=False),
    Column("filed_at", Utc),
    UniqueConstraint("repo_id", "app", "fingerprint"),
)

sightings = Table(
    "sightings",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("finding_id", String(32), primary_key=True),
    Column("at", Utc, nullable=False),
)

revalidations = Table(
    "revalidations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("repo_id", BigInteger, nullable=False),
    Column("finding_id", String(32), nullable=False, index=True),
    Column("pull_request", Integer, nullable=False),
    Column("merge_sha", String(64), nullable=False),
    Column("environment", String(64), nullable=False),
    Column("state", String(24), nullable=False, index=True),  # bot.domain.revalidation.RevalidationState
    Column("build", String(64), nullable=False, default=""),
    Column("verdict", JSON),  # agent.evidence.finding.FixVerdict
    Column("owner", String(32), nullable=False, default=""),
    Column("lease_until", Utc),
    Column("fence", Integer, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    Column("deadline", Utc, nullable=False),
    Column("finished_at", Utc),
    UniqueConstraint("finding_id", "merge_sha", "environment"),
)

notes = Table(
    "notes",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("id", String(96), primary_key=True),  # the command that gave it, so that a redelivery is one note
    Column("order", String(16), nullable=False),  # agent.steering.Order
    Column("text", Text, nullable=False, default=""),
    Column("by", String(64), nullable=False, default=""),
    Column("at", Utc, nullable=False),
)

effects = Table(
    "effects",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key", String(160), nullable=False, unique=True),  # the same intent twice is one row
    Column("repo", JSON, nullable=False),  # bot.events.RepoRef
    Column("installation_id", BigInteger, nullable=False),
    Column("effect", JSON, nullable=False),  # bot.domain.effects JSON
    Column("state", String(16), nullable=False, index=True),  # pending | sending | done | failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    Column("started_at", Utc),  # when the first attempt began: settle time counts from here
    Column("not_before", Utc, nullable=False),
    Column("owner", String(32), nullable=False, default=""),
    Column("lease_until", Utc),
    Column("fence", Integer, nullable=False, default=0),
    Column("result", JSON),
    Column("error", Text, nullable=False, default=""),
)

spend = Table(
    "spend",
    metadata,
    Column("day", String(10), primary_key=True),  # UTC, 2026-05-04
    Column("profile", String(255), primary_key=True),  # App/profile
    Column("run_id", String(32), primary_key=True),  # empty: the profile's day itself, a lock
    Column("tokens", BigInteger, nullable=False),
    Column("micros", BigInteger, nullable=False),  # millionths of a US dollar
    Column("reserved_tokens", BigInteger, nullable=False),
    Column("reserved_micros", BigInteger, nullable=False),
)
