"""Delivers the world's webhooks: signed, in order, each once. As GitHub it never repeats a failed one by itself."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping

import httpx

from demo.github.faults import Fault, consume
from demo.github.model import Delivery, Message
from demo.github.shapes.accounts import HOOK_ID
from demo.github.world import World

TIMEOUT_S = 10


class Courier:
    """`transport` replaces the network in tests that hold the receiver in the same process."""

    def __init__(self, world: World, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.world = world
        self.transport = transport

    async def run(self) -> None:
        """Delivers for ever; ends by cancellation."""
        async with self._client() as client:
            while True:
                await self.world.outbox_filled.wait()
                await self._deliver_waiting(client)

    async def flush(self) -> None:
        """Delivers what waits now, for a test that has no server running."""
        async with self._client() as client:
            await self._deliver_waiting(client)

    def _client(self) -> httpx.AsyncClient:
        # GitHub does not follow redirects, and a proxy of this machine has no say in a local delivery.
        return httpx.AsyncClient(transport=self.transport, timeout=TIMEOUT_S, trust_env=False)

    async def _deliver_waiting(self, client: httpx.AsyncClient) -> None:
        while self.world.outbox:
            message = self.world.outbox.popleft()
            fault = consume(self.world.faults, "HOOK", message.kind)
            for _ in range(_times(fault)):
                await self._deliver(client, message)
            if fault and fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
                await self._deliver(client, message)
        self.world.outbox_filled.clear()

    async def _deliver(self, client: httpx.AsyncClient, message: Message) -> None:
        world = self.world
        headers = request_headers(message, world.config.webhook_secret, world.config.app_id)
        begun, at = time.monotonic(), world.now()
        answered: Mapping[str, str] = {}
        try:
            response = await client.post(world.webhook_url, content=message.body, headers=headers)
        except httpx.TimeoutException:
            status, code, body = "timed out", 0, ""
        except httpx.TransportError:
            status, code, body = "failed to connect to host", 0, ""
        else:
            status = "OK" if response.is_success else response.reason_phrase
            code, body, answered = response.status_code, response.text[:10_000], response.headers
        world.deliveries.append(
            Delivery(
                id=world.new_id(),
                message=message,
                delivered_at=at,
                duration=time.monotonic() - begun,
                status=status,
                status_code=code,
                request_headers=headers,
                response_headers=dict(answered),
                response_body=body,
            )
        )


def _times(fault: Fault | None) -> int:
    kind = fault.kind if fault else ""
    return {"duplicate": 2, "drop": 0, "delay": 0}.get(kind, 1)


def request_headers(message: Message, secret: str, app_id: int) -> dict[str, str]:
    """The headers of a delivery, signed over the exact bytes of the body."""
    signature = hmac.new(secret.encode(), message.body, hashlib.sha256).hexdigest()
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/0000000",
        "X-GitHub-Delivery": message.guid,
        "X-GitHub-Event": message.event,
        "X-GitHub-Hook-ID": str(HOOK_ID),
        "X-GitHub-Hook-Installation-Target-ID": str(app_id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
