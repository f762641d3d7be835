"""The jobs of the `events` worker as arq calls them. Each takes the Context from arq's ctx and calls one function.

Flushes run one at a time within a process (`ctx["alone"]`): a second one would only repeat the reads of the first.
"""

from typing import Any

from arq.cron import CronJob, cron
from arq.worker import Function, func

from bot import outbox, sweeps
from bot.context import Context
from bot.dispatch import HANDLERS
from bot.dispatch import handle_delivery as act
from bot.handlers import deployment, finding, fix, progress

HANDLE_SECONDS = 60
FLUSH_SECONDS = 120
EVERY_FIVE = set(range(0, 60, 5))


async def handle_delivery(ctx: dict[str, Any], delivery_id: str) -> None:
    await act(ctx["context"], delivery_id, HANDLERS)


async def flush_outbox(ctx: dict[str, Any]) -> None:
    async with ctx["alone"]["outbox"]:
        await outbox.flush(ctx["context"])


async def file_findings(ctx: dict[str, Any]) -> None:
    async with ctx["alone"]["filing"]:
        await finding.file_drafts(ctx["context"])


async def sync_progress(ctx: dict[str, Any]) -> None:
    async with ctx["alone"]["progress"]:
        await progress.sync(ctx["context"])


async def report_revalidations(ctx: dict[str, Any]) -> None:
    async with ctx["alone"]["reports"]:
        await fix.report(ctx["context"])


async def check_waits(ctx: dict[str, Any]) -> None:
    async with ctx["alone"]["waits"]:
        await deployment.check(ctx["context"])


async def sweep(ctx: dict[str, Any]) -> None:
    context: Context = ctx["context"]
    await sweeps.sweep_deliveries(context)
    await sweeps.sweep_writes(context)
    await sweeps.sweep_runs(context)


def functions() -> list[Function]:
    slow = (flush_outbox, file_findings, sync_progress, report_revalidations)
    return [
        func(handle_delivery, timeout=HANDLE_SECONDS, keep_result=0),
        *(func(job, timeout=FLUSH_SECONDS, keep_result=0) for job in slow),
    ]


def crons() -> list[CronJob]:
    return [
        cron(sweep, name="sweep_events", second=EVERY_FIVE, run_at_startup=True),
        cron(sync_progress, name="cron_progress", second=EVERY_FIVE),
        cron(check_waits, name="check_waits", second={0, 30}, run_at_startup=True),
    ]
