"""Signed-in browser states, kept so that a resumed run goes on as the same people. Encrypted, or not kept at all.

A state is what Playwright's `storage_state` gives: cookies, local storage, IndexedDB. Session storage is not part of it
and is lost with the browser: an app that keeps its sign-in there is signed in to by its form. Knows no browser.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from cryptography.fernet import Fernet, InvalidToken

EVERY = 5.0
LARGEST = 4_000_000
"""Bytes of JSON; a state beyond it is not worth its time at each boundary."""
FILE = "state.enc"
STATE_KEY = "state.key"
"""The key's file in the folder of the installation's data, away from the runs."""
State = Mapping[str, Any]

log = structlog.get_logger()


class Vault:
    """Locked by the key in the file at `key_path`, which is made on first use, readable by its owner only. Without a
    path, or where no key can be had, nothing is kept and `take` finds nothing."""

    def __init__(self, key_path: Path | None) -> None:
        self._lock = _lock_of(key_path) if key_path is not None else None

    @property
    def usable(self) -> bool:
        return self._lock is not None

    def keep(self, folder: Path, role: str, state: State) -> None:
        """Puts the state of a role of the run in `folder` in the place of an older one, whole or not at all."""
        if self._lock is None:
            return
        data = json.dumps({"role": role, "run": folder.name, "state": state}).encode()
        if len(data) > LARGEST:
            return
        path = _file(folder, role)
        fresh = path.with_name(f".{FILE}-{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_private(fresh, self._lock.encrypt(data))
            fresh.replace(path)
        except OSError as error:  # a run goes on without; its role signs in by its form
            log.warning("state_not_kept", role=role, error=error.strerror)
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)

    def take(self, folder: Path, role: str) -> State | None:
        """The newest state, or None: there is none, it was written under another key or for another run or role."""
        if self._lock is None:
            return None
        try:
            kept = json.loads(self._lock.decrypt(_file(folder, role).read_bytes()))
        except (OSError, InvalidToken, ValueError):
            return None
        return kept["state"] if (kept["role"], kept["run"]) == (role, folder.name) else None

    def drop(self, folder: Path, role: str) -> None:
        """The role is over: its state is deleted, also one without a key."""
        for path in (_file(folder, role), *_file(folder, role).parent.glob(f".{FILE}-*")):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


class Kept:
    """One role's place in the vault. `clock` is in seconds."""

    def __init__(self, vault: Vault, folder: Path, role: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._vault, self._folder, self._role, self._clock = vault, folder, role, clock
        self._next = clock()

    def take(self) -> State | None:
        return self._vault.take(self._folder, self._role)

    async def keep(self, read: Callable[[], Awaitable[State | None]]) -> None:
        """For each turn boundary: reads and keeps the state, but at most every few seconds."""
        if not self._vault.usable or self._clock() < self._next:
            return
        self._next = self._clock() + EVERY
        if state := await read():
            self._vault.keep(self._folder, self._role, state)

    def drop(self) -> None:
        self._vault.drop(self._folder, self._role)


def _file(folder: Path, role: str) -> Path:
    return folder / "roles" / role / FILE


def _lock_of(path: Path) -> Fernet | None:
    try:
        if not path.exists():
            _make_key(path)
        return Fernet(path.read_bytes().strip())
    except (OSError, ValueError) as error:
        log.warning("no_key_for_states", path=str(path), error=type(error).__name__)
        return None


def _make_key(path: Path) -> None:
    """Written beside its place and linked there: of several processes that begin at once, one makes the key of all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        _write_private(fresh, Fernet.generate_key())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _write_private(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
