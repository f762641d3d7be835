"""The instance that proofs run on: started, told its build, reset, replaced, and gone when its owner is gone."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest
from evidence_profile import SITE, site_profile

from agent.charter import ReplayTarget
from agent.evidence.instance import InstanceFailed, ReplayInstance, read_build

OWNER = """import asyncio, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from evidence_profile import site_profile
from agent.evidence.instance import ReplayInstance
async def own():
    async with ReplayInstance(site_profile(Path()), os.environ) as instance:
        print(await instance.ensure("none"), flush=True)
        await asyncio.sleep(60)
asyncio.run(own())"""


async def is_up(origin: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            await client.get(origin + "/version")
        except httpx.HTTPError:
            return False
    return True


async def test_a_build_is_started_replaced_and_stopped(tmp_path):
    profile = site_profile(tmp_path)
    async with ReplayInstance(profile, os.environ) as instance:
        first = await instance.ensure("one")
        assert await read_build(profile, first) == "one"
        assert await instance.ensure("one") == first == await instance.ensure("")
        await instance.reset()
        second = await instance.ensure("two")
        assert await read_build(profile, second) == "two"
        assert first == second or not await is_up(first)
    assert not await is_up(second)


async def test_what_cannot_be_started_or_reset_is_told_in_a_sentence(tmp_path):
    missing = site_profile(tmp_path, replay=ReplayTarget(("no-such-program",), "http://127.0.0.1:{port}"))
    with pytest.raises(InstanceFailed, match="no-such-program is no program"):
        await ReplayInstance(missing, os.environ).ensure()
    away = site_profile(tmp_path, replay=ReplayTarget((), "http://127.0.0.1:9"))
    with pytest.raises(InstanceFailed, match="does not answer"):
        await ReplayInstance(away, os.environ).ensure()
    start = ("{python}", str(SITE), "--port", "{port}", "--build", "{build}")
    unhooked = site_profile(tmp_path, replay=ReplayTarget(start, "http://127.0.0.1:{port}", "POST /no-hook"))
    async with ReplayInstance(unhooked, os.environ) as instance:
        await instance.ensure("none")
        with pytest.raises(InstanceFailed, match="POST /no-hook answered 404"):
            await instance.reset()


def with_reset(tmp_path: Path, *command: str):
    start = ("{python}", str(SITE), "--port", "{port}", "--build", "{build}")
    return site_profile(
        tmp_path, replay=ReplayTarget(start, "http://127.0.0.1:{port}", reset_command=("{python}", "-c", *command))
    )


async def test_a_command_puts_the_data_back(tmp_path):
    mark = tmp_path / "reset"
    command = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + chr(10))"
    async with ReplayInstance(with_reset(tmp_path, command, str(mark), "{port}", "{build}"), os.environ) as instance:
        origin = await instance.ensure("none")
        await instance.reset()
        await instance.reset()
        port = origin.rpartition(":")[2]
        assert mark.read_text().splitlines() == [f"{port} none"] * 2
        assert not instance.note


async def test_a_command_that_cannot_put_the_data_back_is_told_in_a_sentence(tmp_path):
    async with ReplayInstance(with_reset(tmp_path, "print('1'); raise SystemExit('no dump')"), os.environ) as instance:
        await instance.ensure("none")
        with pytest.raises(InstanceFailed, match="ended with 1: no dump"):
            await instance.reset()
    gone = ReplayTarget((), "http://127.0.0.1:9", reset_command=("no-such-program",))
    with pytest.raises(InstanceFailed, match="no-such-program cannot be run"):
        await ReplayInstance(site_profile(tmp_path, replay=gone), os.environ).reset()


async def test_what_a_reset_starts_anew_stays_and_is_not_waited_for(tmp_path):
    mark = tmp_path / "restarted"
    later = f"import time; time.sleep(1); open({str(mark)!r}, 'w').close()"
    command = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]])"
    async with ReplayInstance(with_reset(tmp_path, command, later), os.environ) as instance:
        await instance.ensure("none")
        await instance.reset()
        assert not mark.exists()
        for _ in range(100):
            if mark.exists():
                return
            await asyncio.sleep(0.1)
    raise AssertionError("the reset's own process was ended with it")


async def test_without_any_reset_the_verdict_says_so(tmp_path):
    bare = ReplayTarget((), "http://127.0.0.1:9")
    assert "without a reset" in ReplayInstance(site_profile(tmp_path, replay=bare), os.environ).note


async def test_without_a_replay_target_the_deployed_app_is_used_and_the_verdict_says_so(tmp_path):
    async with ReplayInstance(site_profile(tmp_path), os.environ) as deployed:
        url = await deployed.ensure("none")
        profile = site_profile(tmp_path, replay=None, url=url, version_path="", version_key="")
        async with ReplayInstance(profile, os.environ) as instance:
            assert await instance.ensure("other") == url
            assert "without a reset" in instance.note
            assert await read_build(profile, url) == ""
        assert await is_up(url)


async def test_a_killed_owner_leaves_no_instance_behind():
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(Path(__file__).parent), stdout=asyncio.subprocess.PIPE, cwd=Path.cwd()
    )
    assert owner.stdout
    origin = (await owner.stdout.readline()).decode().strip()
    assert await is_up(origin)
    owner.send_signal(signal.SIGKILL)
    await owner.wait()
    async with asyncio.timeout(20):
        while await is_up(origin):
            await asyncio.sleep(0.05)
