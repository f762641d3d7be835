"""The errors that cross rooms in bot/.

github/policy.py raises those of GitHub; dispatch and the outbox are the edges that catch them.
"""

from datetime import datetime


class GitHubFailure(Exception):
    """A call to GitHub did not do what it should. `str(error)` names the call and GitHub's answer, never a secret."""


class RateLimited(GitHubFailure):
    """Nothing was done; no call of this installation before `until` (aware, UTC)."""

    def __init__(self, message: str, until: datetime):
        super().__init__(message)
        self.until = until


class Unavailable(GitHubFailure):
    """A read or a repeatable write failed on GitHub's side, also after retries. Nothing is lost: try later."""


class Ambiguous(GitHubFailure):
    """A create was sent and its fate is unknown. It must never be sent again blindly: look for its marker first."""


class BadCredentials(GitHubFailure):
    """The App's key or a fresh token was rejected."""


class PermissionMissing(GitHubFailure):
    """The App was not granted what this call needs; an administrator has to accept it."""


class Gone(GitHubFailure):
    """404 or 410: deleted, transferred, issues disabled, or the App uninstalled."""


class Refused(GitHubFailure):
    """422 and the like: the data is at fault, so that trying again changes nothing."""
