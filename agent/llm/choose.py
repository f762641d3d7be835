"""From settings to a model's adapter. Imports no SDK until one is chosen: a run with the scout must not pay for it."""

from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import BadInput
from agent.llm.access import is_address, owner_of, place
from agent.llm.base import Adapter
from agent.llm.catalogue import Catalogue, Traits

OPENAI_URL = "https://api.openai.com/v1"
PROVIDERS = ("scout", "openai", "gemini")
EXAMPLES = {
    "openai": "an address such as http://localhost:11434/v1",
    "gemini": "an address such as https://gateway.example.com, or leave it out",
}
ENDPOINT = "/chat/completions"
QUOTES = ('"', "'", "`")


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """`provider` is one of PROVIDERS; an empty `base_url` is the provider's own; an empty `model` its default one.
    `models_file` overrides what is known of models."""

    provider: str = "scout"
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    model: str = ""
    seed: int = 0
    models_file: Path | None = None


@dataclass(frozen=True, slots=True)
class AdapterOptions:
    """`run` names what is kept at the provider for the run; `timeout` is for one answer, in seconds."""

    run: str = ""
    timeout: float = 120.0


def is_local(settings: LlmSettings) -> bool:
    """Whether the model is served by somebody's own server, so that its name says nothing of price or window. Behind
    another address of Gemini's own protocol are Google's models all the same."""
    return bool(settings.base_url) and settings.provider == "openai"


def model_name(settings: LlmSettings, wanted: str, catalogue: Catalogue) -> str:
    """The role's own model, else the one of the settings, else the provider's usual one. Raises BadInput."""
    if name := wanted or settings.model:
        return name
    if is_local(settings):
        _check_address(settings)
        raise BadInput("No model is named; set CHARTERBOT_LLM_MODEL to one that the server offers.")
    return catalogue.default_model(settings.provider)


def choose_adapter(
    settings: LlmSettings, model: str, traits: Traits, options: AdapterOptions = AdapterOptions()
) -> Adapter:
    """The adapter of one model; the scout has none. Raises BadInput."""
    match settings.provider:
        case "openai":
            _check(settings, model)
            from agent.llm.openai.adapter import OpenAICompatible

            url = settings.base_url or OPENAI_URL
            return OpenAICompatible(url, settings.api_key, model, traits, options.timeout)
        case "gemini":
            _check(settings, model)
            from agent.llm.gemini.adapter import Gemini

            return Gemini(settings.api_key, model, traits, settings.base_url, options.timeout, options.run)
        case other:
            raise BadInput(f"CHARTERBOT_LLM is {other!r}; choose one of {', '.join(PROVIDERS)}.")


def _check(settings: LlmSettings, model: str) -> None:
    """Raises BadInput for what can be seen to be wrong before anybody is asked."""
    _check_address(settings)
    _check_key(settings)
    if not model or model != model.strip():
        raise BadInput(f"The model's name {model!r} has blanks around it or is empty; correct CHARTERBOT_LLM_MODEL.")


def _check_address(settings: LlmSettings) -> None:
    url, example = settings.base_url, EXAMPLES[settings.provider]
    if url and not is_address(url):
        raise BadInput(f"CHARTERBOT_LLM_BASE_URL is {place(url)!r}; give {example}.")
    if place(url).rstrip("/").endswith(ENDPOINT):
        raise BadInput(
            f"CHARTERBOT_LLM_BASE_URL is {place(url)!r}; leave off {ENDPOINT}, which is added, and give {example}."
        )


def _check_key(settings: LlmSettings) -> None:
    key, own = settings.api_key, "Google" if settings.provider == "gemini" else "OpenAI"
    if not key and not settings.base_url:
        also = ", or CHARTERBOT_LLM_BASE_URL for a local server" if own == "OpenAI" else ""
        raise BadInput(f"CHARTERBOT_LLM={settings.provider} needs a key of {own}; set CHARTERBOT_LLM_API_KEY{also}.")
    if not key.isascii() or any(char.isspace() for char in key):
        raise BadInput("CHARTERBOT_LLM_API_KEY holds blanks or characters that no key has; copy it anew.")
    if key.startswith(QUOTES) or key.endswith(QUOTES):
        raise BadInput("CHARTERBOT_LLM_API_KEY stands in quotes, which are sent with it; write it without them.")
    whose = owner_of(key) or own
    if whose != own and not settings.base_url:
        other = {"Google": "gemini", "OpenAI": "openai"}.get(whose, "")
        hint = f" or CHARTERBOT_LLM to {other}" if other else ""
        raise BadInput(
            f"CHARTERBOT_LLM_API_KEY looks like a key of {whose}, but CHARTERBOT_LLM is {settings.provider}; "
            f"set CHARTERBOT_LLM_API_KEY to a key of {own}{hint}."
        )
