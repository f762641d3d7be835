"""What is known of models: context, output, pictures, prices. Read from `models.json`, over which a user's file wins.

Knows no provider's library. What nobody wrote down is unknown: a price is never invented.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.charter import Budgets
from agent.errors import BadInput
from agent.llm.base import Usage

SHIPPED = Path(__file__).with_name("models.json")
MILLION = 1_000_000
SNAPSHOT = re.compile(r"-(20\d\d-\d\d-\d\d|\d{3})$")
"""How the providers mark a frozen copy, which costs the same: gpt-4o-2024-08-06, gemini-2.5-flash-001."""

Provider = Literal["gemini", "openai"]


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. `cached` is for input that came from the provider's cache."""

    input: float
    cached: float
    output: float


@dataclass(frozen=True, slots=True)
class Traits:
    """What a model can take, in tokens; the defaults are those of a local model.

    `cache_minimum` is the shortest prefix that can be cached explicitly (0: none can), `image_tokens` what one
    screenshot counts. `price` None is an unknown price.
    """

    context: int = 32_768
    max_output: int = 4_096
    vision: bool = False
    cache_minimum: int = 0
    image_tokens: int = 1_000
    price: Price | None = None


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PriceEntry(Strict):
    """US dollars per million tokens; without `cached`, cached input costs what input costs."""

    input: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)
    output: float = Field(ge=0)


class ModelEntry(Strict):
    """What is known of the models whose name fits a pattern. `later` holds prices by the day on which they begin."""

    context: int = Field(default=0, ge=1024)
    max_output: int = Field(default=0, ge=1)
    vision: bool = False
    cache_minimum: int = Field(default=0, ge=0)
    image_tokens: int = Field(default=0, ge=0)
    price: PriceEntry | None = None
    later: dict[date, PriceEntry] = {}
    source: list[str] = []


class SourceEntry(Strict):
    """Where figures come from, and of which day they are."""

    address: str
    date: date


class ModelsFile(Strict):
    """models.json. `models` goes provider -> pattern of the name (`*`, `?`, `[...]`) -> entry."""

    as_of: date | None = None
    notes: list[str] = []
    sources: dict[str, SourceEntry] = {}
    defaults: dict[Provider, Annotated[str, Field(min_length=1)]] = {}
    models: dict[Provider, dict[str, ModelEntry]] = {}


class Catalogue:
    """The shipped models and a user's own. Key by key the user's file wins, and within a file the closest pattern."""

    def __init__(self, shipped: ModelsFile, own: ModelsFile, today: date):
        self._shipped = shipped
        self._own = own
        self._today = today

    def traits(self, provider: str, model: str, local: bool) -> Traits:
        """What `model` can take. `local`: it is served by somebody's own base URL, where a name says nothing about
        the model, so that only the user's file is asked."""
        known: dict[str, Any] = {}
        for file in (self._own,) if local else (self._shipped, self._own):
            for entry in _fitting(_of(file.models, provider), model):
                known |= _given(entry, self._today)
        return replace(Traits(), **known)

    def default_model(self, provider: str) -> str:
        """The model taken when none is named. Raises BadInput for a provider without one."""
        named = _of(self._own.defaults, provider) or _of(self._shipped.defaults, provider)
        if not named:
            raise BadInput(f"No model is known for the provider {provider!r}; name one in CHARTERBOT_LLM_MODEL.")
        return named


def load_catalogue(override: Path | None = None, today: date | None = None) -> Catalogue:
    """The catalogue as of `today` (UTC), with the file of CHARTERBOT_MODELS over it. Raises BadInput."""
    own = ModelsFile() if override is None else _read(override)
    return Catalogue(_read(SHIPPED), own, today or datetime.now(UTC).date())


def price_of(traits: Traits, usage: Usage) -> float | None:
    """What a call cost in US dollars; None when the model's price is unknown."""
    price = traits.price
    if price is None:
        return None
    cached = min(usage.cached, usage.input)
    return ((usage.input - cached) * price.input + cached * price.cached + usage.output * price.output) / MILLION


def require_prices(budgets: Budgets, models: Iterable[tuple[str, Traits]]) -> None:
    """Raises BadInput when a budget in money meets a model (name, traits) whose price is unknown: it would count 0."""
    limited = [name for name in ("run", "role", "day") if getattr(budgets, name).usd is not None]
    unpriced = sorted({name for name, traits in models if traits.price is None})
    if limited and unpriced:
        keys = " and ".join(f"budgets.{name}.usd" for name in limited)
        raise BadInput(
            f"{keys} cannot be kept: the price of the model {unpriced[0]!r} is unknown. Write it into the JSON file "
            f'that CHARTERBOT_MODELS names, as models > provider > "{unpriced[0]}" > price with input and output in '
            f"US dollars per million tokens (0 for a model of your own), or remove {keys} from settings.json."
        )


def _of(table: Mapping[Any, Any], provider: str) -> Any:
    return table.get(provider, {})


def _fitting(entries: Mapping[str, ModelEntry], model: str) -> Iterable[ModelEntry]:
    """The entries whose pattern fits the name, or the name without its snapshot; the closest one last."""
    name = model.removeprefix("models/").lower()
    names = {name, SNAPSHOT.sub("", name)}
    fitting = [pattern for pattern in entries if any(fnmatchcase(each, pattern.lower()) for each in names)]
    return [entries[pattern] for pattern in sorted(fitting, key=_closeness)]


def _closeness(pattern: str) -> tuple[int, bool]:
    letters = len(re.sub(r"\[[^]]*\]|[*?]", "", pattern))
    return letters, letters == len(pattern)


def _given(entry: ModelEntry, today: date) -> dict[str, Any]:
    """What the file says, and nothing that it leaves out."""
    said = entry.model_fields_set - {"price", "later", "source"}
    known: dict[str, Any] = {key: getattr(entry, key) for key in said}
    begun = [day for day in entry.later if day <= today]
    if begun or "price" in entry.model_fields_set:
        price = entry.later[max(begun)] if begun else entry.price
        known["price"] = price and Price(
            price.input, price.input if price.cached is None else price.cached, price.output
        )
    return known


def _read(path: Path) -> ModelsFile:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return ModelsFile.model_validate_json(json.dumps(data), strict=True)  # JSON knows no dates, its mode does
    except OSError as error:
        raise BadInput(
            f"CHARTERBOT_MODELS: {path} cannot be read ({error.strerror}); name a readable JSON file or unset it."
        ) from None
    except UnicodeDecodeError:
        raise BadInput(f"CHARTERBOT_MODELS: {path} is not UTF-8; save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise BadInput(
            f"CHARTERBOT_MODELS: {path}: line {error.lineno}: this is not JSON ({error.msg}); "
            "correct that line or the one before."
        ) from None
    except ValidationError as error:
        raise BadInput(_sentence(path, error)) from None


def _sentence(path: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    place = " > ".join(str(part) for part in first["loc"] if part != "[key]") or "the file"
    if first["type"] == "extra_forbidden":
        return f"CHARTERBOT_MODELS: {path}: {place}: this key is unknown; remove it or correct its spelling."
    if first["type"] == "missing":
        return f"CHARTERBOT_MODELS: {path}: {place}: this key is missing; add it."
    problem = first["msg"][0].lower() + first["msg"][1:]
    return f"CHARTERBOT_MODELS: {path}: {place}: {problem}; correct the value."
