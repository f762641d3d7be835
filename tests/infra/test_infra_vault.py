"""Signed-in states on disk: encrypted, whole, for one role of one run."""

import multiprocessing
import stat
from pathlib import Path

import pytest

from agent.vault import EVERY, Kept, Vault

STATE = {"cookies": [{"name": "session", "value": "c0ffee-secret-value"}], "origins": []}
OTHER = {"cookies": [], "origins": [{"origin": "http://x.test", "localStorage": [{"name": "a", "value": "b"}]}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "20260301T120000Z-abc"


def test_a_state_comes_back_in_another_process_and_cannot_be_read_on_the_way(tmp_path: Path, folder: Path) -> None:
    key = tmp_path / "data" / "state.key"
    Vault(key).keep(folder, "member", STATE)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.relative_to(folder).as_posix() for path in files] == ["roles/member/state.enc"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert b"c0ffee" not in files[0].read_bytes() and b"session" not in files[0].read_bytes()

    again = Vault(key)
    assert again.take(folder, "member") == STATE
    again.keep(folder, "member", OTHER)
    assert Vault(key).take(folder, "member") == OTHER
    again.drop(folder, "member")
    assert again.take(folder, "member") is None and not any(path.is_file() for path in folder.rglob("*"))


def test_a_state_is_for_its_own_role_run_and_key(tmp_path: Path, folder: Path) -> None:
    vault = Vault(tmp_path / "state.key")
    vault.keep(folder, "member", STATE)
    written = (folder / "roles/member/state.enc").read_bytes()
    for other in (folder / "roles/admin/state.enc", folder.parent / "other-run/roles/member/state.enc"):
        other.parent.mkdir(parents=True)
        other.write_bytes(written)
    assert vault.take(folder, "admin") is None
    assert vault.take(folder.parent / "other-run", "member") is None
    assert Vault(tmp_path / "another.key").take(folder, "member") is None
    (folder / "roles/member/state.enc").write_bytes(written[:-7])
    assert vault.take(folder, "member") is None


def test_where_no_key_can_be_had_nothing_is_kept(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "broken.key").write_text("no key at all")
    for vault in (Vault(None), Vault(tmp_path / "file" / "state.key"), Vault(tmp_path / "broken.key")):
        assert not vault.usable
        vault.keep(folder, "member", STATE)
        assert vault.take(folder, "member") is None
    assert not folder.exists()
    assert (tmp_path / "broken.key").read_text() == "no key at all"


def test_a_folder_that_cannot_be_written_costs_the_run_nothing(tmp_path: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "roles").write_text("in the way")
    vault = Vault(tmp_path / "state.key")
    vault.keep(folder, "member", STATE)
    assert vault.take(folder, "member") is None
    vault.drop(folder, "member")


def _first_use(key: Path, folder: Path, role: str, begin) -> None:
    begin.wait()
    Vault(key).keep(folder, role, STATE)


def test_processes_that_begin_at_once_agree_on_one_key(tmp_path: Path, folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    begin, key = context.Event(), tmp_path / "data" / "state.key"
    children = [context.Process(target=_first_use, args=(key, folder, f"r{n}", begin)) for n in range(4)]
    for child in children:
        child.start()
    begin.set()
    for child in children:
        child.join(60)
    assert [Vault(key).take(folder, f"r{n}") for n in range(4)] == [STATE] * 4
    assert [path.name for path in key.parent.iterdir()] == ["state.key"]


async def test_a_role_keeps_its_state_every_few_seconds_only(tmp_path: Path, folder: Path) -> None:
    now, reads = [100.0], []
    kept = Kept(Vault(tmp_path / "state.key"), folder, "member", lambda: now[0])

    async def read() -> dict:
        reads.append(now[0])
        return STATE

    for _ in range(30):
        await kept.keep(read)
        now[0] += 1.0
    assert reads == [100.0 + EVERY * n for n in range(6)]
    assert kept.take() == STATE
    kept.drop()
    assert kept.take() is None


async def test_without_a_key_the_browser_is_not_even_asked(folder: Path) -> None:
    async def read() -> dict:
        raise AssertionError("asked")

    await Kept(Vault(None), folder, "member").keep(read)
