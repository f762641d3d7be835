"""The reasoners of one run: who of its roles is answered by which model, and what all of them share."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from agent.charter import Profile, Role
from agent.errors import BadInput
from agent.llm.access import place, proxy_variable
from agent.llm.base import Model
from agent.llm.catalogue import Traits, load_catalogue, require_prices
from agent.llm.choose import AdapterOptions, LlmSettings, choose_adapter, is_local, model_name
from agent.llm.costs import CostLog
from agent.llm.governed import Engine, GovernedModel, Seat
from agent.llm.governor import Bucket, Governor, MemoryBucket, bucket_key
from agent.llm.spending import Account
from agent.llm.tokens import Gauge

KNOCKS = (0.0, 1.0, 2.0)
KNOCK_SECONDS = 5.0
MOST_OUTPUT = 8_192
"""An answer is a few calls with a thought; what a model could write at most would only make its reservation dear."""


@dataclass(frozen=True, slots=True)
class Metering:
    """What the calls of a run are counted against. `bucket` gives the token bucket of a key: shared by all workers
    where there is a Redis, else that of this process."""

    run: str
    account: Account
    costs: CostLog
    bucket: Callable[[str], Bucket] | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Models:
    """`of` gives each role its model; `close` ends them all."""

    def __init__(self, settings: LlmSettings, profile: Profile, metering: Metering):
        self._settings = settings
        self._profile = profile
        self._metering = metering
        self._catalogue = load_catalogue(settings.models_file)
        self._engines: dict[str, Engine] = {}
        self._plain: Model | None = None

    def require(self, roles: Iterable[Role]) -> None:
        """Raises BadInput for settings with which some role could not be answered, before anything is started."""
        if self._settings.provider == "scout":
            self._scout()
            return
        used = {self._name(role): self._engine(role).traits for role in roles}
        require_prices(self._profile.budgets, used.items())

    async def reach(self) -> None:
        """Raises BadInput when nothing listens at the model's address, which no waiting would mend at a run's start."""
        url = self._settings.base_url
        if self._settings.provider != "scout" and url and not await _listens(url):
            raise BadInput(
                f"Nothing answers at the model's address {place(url)}; start its server, or correct "
                "CHARTERBOT_LLM_BASE_URL."
            )

    def of(self, role: Role) -> Model:
        """Raises BadInput."""
        if self._settings.provider == "scout":
            return self._scout()
        seat = Seat(self._metering.run, self._profile.slug, role.name, self._settings.provider)
        return GovernedModel(self._engine(role), seat, self._metering.account, self._metering.costs)

    async def close(self) -> None:
        for engine in self._engines.values():
            await engine.adapter.close()

    def _scout(self) -> Model:
        """It asks nobody and costs nothing, so nothing paces or prices it. One serves all roles."""
        if self._plain is None:
            from agent.llm.scout.explorer import Scout

            self._plain = Scout(self._settings.seed)
        return self._plain

    def _name(self, role: Role) -> str:
        return model_name(self._settings, role.model, self._catalogue)

    def _engine(self, role: Role) -> Engine:
        name = self._name(role)
        if name not in self._engines:
            settings = self._settings
            traits = usable(self._catalogue.traits(settings.provider, name, is_local(settings)))
            pace = self._profile.pace
            adapter = choose_adapter(settings, name, traits, AdapterOptions(self._metering.run, pace.longest_answer))
            key = bucket_key(settings.provider, settings.base_url, settings.api_key, name)
            bucket = self._metering.bucket(key) if self._metering.bucket else MemoryBucket(pace)
            governor = Governor(pace, bucket, self._metering.sleep)
            self._engines[name] = Engine(adapter, traits, governor, Gauge())
        return self._engines[name]


async def check_settings(settings: LlmSettings) -> str:
    """The name of the model that these settings lead to, without asking anybody. Raises BadInput."""
    if settings.provider == "scout":
        return "scout"
    catalogue = load_catalogue(settings.models_file)
    name = model_name(settings, "", catalogue)
    await choose_adapter(settings, name, catalogue.traits(settings.provider, name, is_local(settings))).close()
    return name


async def _listens(url: str) -> bool:
    """Whether a connection can be made, within some tries: a server may be on its way up."""
    if proxy_variable(url):
        return True  # only the proxy knows
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    for delay in KNOCKS:
        await asyncio.sleep(delay)
        try:
            async with asyncio.timeout(KNOCK_SECONDS):
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except (OSError, TimeoutError):
            continue
        writer.close()
        return True
    return False


def usable(traits: Traits) -> Traits:
    """What we ask of a model at most, of what it could do."""
    return replace(traits, max_output=min(traits.max_output, MOST_OUTPUT, traits.context // 4))
