"""GitHub delivers over HTTP; what it is answered, and what is in the database and the queue afterwards."""

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from spine_stage import Door, Spine

from agent.errors import BadInput
from bot import events
from bot.config import Settings
from bot.context import Context
from bot.dispatch import handle_delivery
from bot.events import CharterLabelled
from bot.reasons import Outcome, Reason
from bot.store import deliveries, effects
from bot.store.database import Database
from bot.sweeps import sweep_deliveries
from webhooks.app import create_app
from webhooks.signature import sign

EXAMPLES = json.loads(gzip.decompress((Path(__file__).parent / "data" / "webhook_examples.json.gz").read_bytes()))
USED = {
    ("issues", "labeled"),
    ("issue_comment", "created"),
    ("pull_request", "closed"),
    ("deployment_status", "created"),
}
LABELLED: dict[str, Any] = {
    "action": "labeled",
    "label": {"name": "test-charter"},
    "issue": {"number": 7, "title": "Booking", "body": None},
    "repository": {"id": 41, "name": "clubhouse", "owner": {"login": "acme", "id": 3}},
    "sender": {"login": "pat", "id": 9},
    "installation": {"id": 5},
}


async def stored(spine: Spine, id: str) -> deliveries.Delivery:
    async with spine.db.read() as tx:
        found = await deliveries.get(tx, id)
    assert found is not None
    return found


async def leave_a_trace(event: CharterLabelled, context: Context) -> Outcome:
    """A handler whose effect can be counted."""
    async with context.db.begin() as tx:
        key = f"{context.delivery_id}:{uuid4()}"
        await effects.add(tx, event.repo, event.installation_id, key, {"issue": event.issue}, context.clock())
    return Outcome.done(Reason.RUN_QUEUED)


async def work_off(spine: Spine) -> int:
    """Do the jobs of the queue as the events worker would; answers how many effects there are."""
    for job in await spine.jobs():
        await handle_delivery(spine.context, job.split(":")[1], {CharterLabelled: leave_a_trace})
    async with spine.db.read() as tx:
        return len(await effects.due(tx, datetime.now(UTC), 100))


async def test_a_label_is_taken_stored_and_queued(spine: Spine) -> None:
    async with spine.door() as door:
        answer = await door.deliver("issues", LABELLED, "guid-1")
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted", "reason": "Queued."})
    delivery = await stored(spine, "guid-1")
    assert (delivery.state, delivery.event, delivery.action) == ("queued", "issues", "labeled")
    assert events.from_json(delivery.payload) == CharterLabelled(
        events.RepoRef(41, "acme", "clubhouse"), 5, events.Actor("pat", 9), 7, "test-charter", "Booking", ""
    )
    assert await spine.jobs() == ["event:guid-1:1"]
    assert await work_off(spine) == 1
    assert (await stored(spine, "guid-1")).state == "done"


@pytest.mark.parametrize("missing", ["X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256"])
async def test_a_request_without_githubs_headers_is_refused(spine: Spine, missing: str) -> None:
    async with spine.door() as door:
        answer = await door.deliver("issues", LABELLED, headers={missing: ""})
    assert answer.status_code == 400 and "missing" in answer.json()["reason"]


@pytest.mark.parametrize("signature", ["sha256=" + "0" * 64, "sha1=abc", "sha256=ünïcode", "x"])
async def test_a_forged_signature_is_refused(spine: Spine, signature: str) -> None:
    async with spine.door() as door:
        answer = await door.deliver("issues", LABELLED, headers={"X-Hub-Signature-256": signature})
        other = await door.deliver("issues", LABELLED, headers={"X-Hub-Signature-256": sign(b"other", b"{}")})
    assert (answer.status_code, other.status_code) == (401, 401)
    assert answer.json()["status"] == "refused"
    assert await spine.jobs() == []


async def test_a_body_over_ten_megabytes_is_refused_announced_or_not(spine: Spine) -> None:
    large = b'{"text": "' + b"x" * (10 * 1024 * 1024) + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    async with spine.door() as door:
        announced = await door.deliver("issues", large)
        headers = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "g", "X-Hub-Signature-256": sign(b"s", large)}
        streamed = await door.client.post(f"{door.url}/webhooks/github", content=pieces(), headers=headers)
        assert "content-length" not in streamed.request.headers
        nearly = await door.deliver("issues", b'{"text": "' + b"x" * (10 * 1024 * 1024 - 100) + b'"}')
    assert (announced.status_code, streamed.status_code, nearly.status_code) == (413, 413, 200)


@pytest.mark.parametrize("body", [b"", b"payload=%7B%7D", b"[1]", b"\xff\xfe{", b"[" * 100_000])
async def test_what_is_not_a_json_object_is_refused(spine: Spine, body: bytes) -> None:
    async with spine.door() as door:
        answer = await door.deliver("issues", body)
    assert answer.status_code == 400 and "JSON" in answer.json()["reason"]


async def test_an_event_that_cannot_be_read_is_recorded_as_failed_and_taken_once_it_can(spine: Spine) -> None:
    broken = {**LABELLED, "issue": {"number": "seven"}}
    async with spine.door() as door:
        first = await door.deliver("issues", broken, "guid-2")
        delivery = await stored(spine, "guid-2")
        mended = await door.deliver("issues", LABELLED, "guid-2")
    assert first.status_code == 422 and "issue.number" in first.json()["reason"]
    assert delivery.state == "failed" and "issue.number" in delivery.error
    assert mended.status_code == 202 and await spine.jobs() == ["event:guid-2:2"]


async def test_what_we_do_not_use_is_answered_politely(spine: Spine) -> None:
    async with spine.door() as door:
        ping = await door.deliver("ping", {"zen": "Keep it logically awesome."})
        push = await door.deliver("push", {"ref": "refs/heads/main"})
        opened = await door.deliver("issues", {**LABELLED, "action": "opened"})
        odd = await door.deliver("issues", {**LABELLED, "action": ["labeled"]})
        lost = await door.client.get(f"{door.url}/webhooks/github")
    assert [answer.status_code for answer in (ping, push, opened, odd, lost)] == [200, 200, 200, 200, 405]
    assert opened.json() == {"status": "ignored", "reason": "issues.opened is not used here."}
    assert set(lost.json()) == {"status", "reason"}
    assert await spine.jobs() == []


async def test_our_own_doings_are_accepted_and_left_alone(spine: Spine) -> None:
    own = {**LABELLED, "sender": {"login": "charterbot[bot]", "id": 1, "type": "Bot"}}
    async with spine.door() as door:
        answer = await door.deliver("issues", own, "guid-3")
    assert (answer.status_code, answer.json()["reason"]) == (202, "Our own App did this.")
    assert (await stored(spine, "guid-3")).state == "done" and await spine.jobs() == []


async def test_twenty_deliveries_of_one_guid_at_once_have_one_effect(spine: Spine) -> None:
    async with spine.door() as door:
        answers = await asyncio.gather(*(door.deliver("issues", LABELLED, "guid-4") for _ in range(20)))
        assert Counter(answer.status_code for answer in answers) == {202: 1, 200: 19}
        assert await work_off(spine) == 1
        late = await door.deliver("issues", LABELLED, "guid-4")
    assert (late.status_code, late.json()["status"]) == (200, "duplicate")
    assert await work_off(spine) == 1


async def test_a_failed_delivery_is_taken_again_when_github_redelivers(spine: Spine) -> None:
    async def fail(event: CharterLabelled, context: Context) -> Outcome:
        raise RuntimeError("the handler is broken today")

    async with spine.door() as door:
        await door.deliver("issues", LABELLED, "guid-5")
        await handle_delivery(spine.context, "guid-5", {CharterLabelled: fail})
        failed = await stored(spine, "guid-5")
        assert failed.state == "failed" and "broken today" in failed.error
        async with spine.db.read() as tx:
            (reply,) = await effects.due(tx, datetime.now(UTC), 5)
        assert "guid-5" in reply.effect["body"] and "broken today" not in reply.effect["body"]
        again = await door.deliver("issues", LABELLED, "guid-5")
    assert again.status_code == 202
    assert await work_off(spine) == 2  # the apology and the handler's own
    assert (await stored(spine, "guid-5")).state == "done"


async def test_with_redis_down_a_delivery_is_kept_and_handled_once_redis_is_back(spine: Spine) -> None:
    async with spine.door() as door:
        await spine.redis.stop()
        down = await door.deliver("issues", LABELLED, "guid-6")
        redelivered = await door.deliver("issues", LABELLED, "guid-6")
        ready = await door.client.get(f"{door.url}/readyz")
        assert (down.status_code, redelivered.status_code, ready.status_code) == (503, 503, 503)
        assert ready.json()["reason"] == "No answer from Redis."
        assert (await stored(spine, "guid-6")).state == "received"
        await sweep_deliveries(spine.context)  # in vain, and harmless
        await spine.redis.start()
        again = await door.deliver("issues", {**LABELLED, "action": "labeled"}, "guid-7")
        assert again.status_code == 202
        assert (await door.client.get(f"{door.url}/readyz")).status_code == 200
    later = datetime.now(UTC) + timedelta(minutes=2)
    await sweep_deliveries(replace_clock(spine, later))
    assert any(job.startswith("event:guid-6:") for job in await spine.jobs())
    assert await work_off(spine) == 2
    assert (await stored(spine, "guid-6")).state == "done"


async def test_githubs_redelivery_alone_brings_it_back_after_redis_was_down(spine: Spine) -> None:
    async with spine.door() as door:
        await spine.redis.stop()
        assert (await door.deliver("issues", LABELLED, "guid-8")).status_code == 503
        await spine.redis.start()
        assert (await door.deliver("issues", LABELLED, "guid-8")).status_code == 202
    assert await work_off(spine) == 1


async def test_a_flushed_redis_loses_no_delivery(spine: Spine) -> None:
    async with spine.door() as door:
        for number in range(5):
            assert (await door.deliver("issues", LABELLED, f"guid-flush{number}")).status_code == 202
    await spine.queue._redis.flushall()
    assert await spine.jobs() == []
    await sweep_deliveries(replace_clock(spine, datetime.now(UTC) + timedelta(minutes=2)))
    assert await work_off(spine) == 5


async def test_a_delivery_that_never_ends_is_given_up(spine: Spine) -> None:
    async with spine.door() as door:
        await door.deliver("issues", LABELLED, "guid-9")
    for attempt in range(1, 20):
        await sweep_deliveries(replace_clock(spine, datetime.now(UTC) + attempt * timedelta(minutes=2)))
    delivery = await stored(spine, "guid-9")
    assert (delivery.state, delivery.attempts) == ("failed", deliveries.ATTEMPTS)


async def test_with_the_database_down_the_answer_is_503(spine: Spine, tmp_path: Path) -> None:
    spine.db = Database(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'x.db'}")
    async with spine.door() as door:
        answer = await door.deliver("issues", LABELLED)
        ready = await door.client.get(f"{door.url}/readyz")
        live = await door.client.get(f"{door.url}/livez")
    assert (answer.status_code, ready.status_code, live.status_code) == (503, 503, 200)
    assert answer.json()["status"] == "unavailable"
    assert await spine.jobs() == []


async def test_every_published_payload_is_answered_as_promised(spine: Spine) -> None:
    assert len(EXAMPLES) == 329

    async def deliver(door: Door, example: dict[str, Any]) -> tuple[bool, int]:
        answer = await door.deliver(example["event"], example["payload"])
        return (example["event"], example["payload"].get("action")) in USED, answer.status_code

    async with spine.door() as door:
        seen = Counter([await deliver(door, example) for example in EXAMPLES])
    assert seen == {(True, 202): 13, (False, 200): 316}
    async with spine.db.read() as tx:
        kinds = Counter()
        for job in await spine.jobs():
            delivery = await deliveries.get(tx, job.split(":")[1])
            assert delivery is not None
            kinds[type(events.from_json(delivery.payload)).__name__] += 1
    assert kinds == {"CharterLabelled": 2, "CommentPosted": 5, "DeploymentFinished": 4}


async def test_a_door_without_a_secret_is_not_opened(spine: Spine) -> None:
    with pytest.raises(BadInput, match="CHARTERBOT_WEBHOOK_SECRET"):
        create_app(Settings(), spine.db, spine.queue)


def replace_clock(spine: Spine, now: datetime) -> Context:
    return replace(spine.context, clock=lambda: now)
