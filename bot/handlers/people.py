"""Who may do what: a person's role as GitHub tells it now. Fails closed."""

import structlog

from bot.errors import GitHubFailure, RateLimited
from bot.github.port import RepoRole, RepositoryPort

STARTS_RUNS = RepoRole.TRIAGE

log = structlog.get_logger()


async def role_of(repo: RepositoryPort, login: str) -> RepoRole | None:
    """None when GitHub does not say: nothing is allowed then that is not open to all. Raises RateLimited."""
    try:
        return await repo.role_of(login)
    except RateLimited:
        raise
    except GitHubFailure as failure:
        log.warning("role_unknown", login=login, error=str(failure))
        return None
