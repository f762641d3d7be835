"""From settings to a model's adapter. Imports no SDK until one is chosen: a run with the scout must not pay for it."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from agent.errors import BadInput
from agent.llm.base import Adapter
from agent.llm.catalogue import Catalogue, Traits

OPENAI_URL = "https://api.openai.com/v1"
PROVIDERS = ("scout", "openai", "gemini")
KEYS = {"AIza": "Google", "sk-ant-": "Anthropic", "sk-": "OpenAI"}
"""How keys begin, the longer first where one begins like another."""


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
        raise BadInput("No model is named; set CHARTERBOT_LLM_MODEL to one that the server offers.")
    return catalogue.default_model(settings.provider)


def choose_adapter(
    settings: LlmSettings, model: str, traits: Traits, options: AdapterOptions = AdapterOptions()
) -> Adapter:
    """The adapter of one model; the scout has none. Raises BadInput."""
    match settings.provider:
        case "openai":
            _check(settings, "an address such as http://localhost:11434/v1")
            from agent.llm.openai.adapter import OpenAICompatible

            url = settings.base_url or OPENAI_URL
            return OpenAICompatible(url, settings.api_key, model, traits, options.timeout)
        case "gemini":
            _check(settings, "an address such as https://gateway.example.com, or leave it out")
            from agent.llm.gemini.adapter import Gemini

            return Gemini(settings.api_key, model, traits, settings.base_url, options.timeout, options.run)
        case other:
            raise BadInput(f"CHARTERBOT_LLM is {other!r}; choose one of {', '.join(PROVIDERS)}.")


def _check(settings: LlmSettings, example: str) -> None:
    """Raises BadInput for what can be seen to be wrong before anybody is asked."""
    key, own = settings.api_key, "Google" if settings.provider == "gemini" else "OpenAI"
    if settings.base_url and not _is_address(settings.base_url):
        raise BadInput(f"CHARTERBOT_LLM_BASE_URL is {settings.base_url!r}; give {example}.")
    if not key and not settings.base_url:
        also = ", or CHARTERBOT_LLM_BASE_URL for a local server" if own == "OpenAI" else ""
        raise BadInput(f"CHARTERBOT_LLM={settings.provider} needs a key of {own}; set CHARTERBOT_LLM_API_KEY{also}.")
    if not key.isascii() or any(char.isspace() for char in key):
        raise BadInput("CHARTERBOT_LLM_API_KEY holds blanks or characters that no key has; copy it anew.")
    whose = next((owner for start, owner in KEYS.items() if key.startswith(start)), own)
    if whose != own and not settings.base_url:
        other = {"Google": "gemini", "OpenAI": "openai"}.get(whose, "")
        hint = f" or CHARTERBOT_LLM to {other}" if other else ""
        raise BadInput(
            f"CHARTERBOT_LLM_API_KEY looks like a key of {whose}, but CHARTERBOT_LLM is {settings.provider}; "
            f"set CHARTERBOT_LLM_API_KEY to a key of {own}{hint}."
        )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
