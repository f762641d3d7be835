"""From settings to a model. Imports no SDK until one is chosen: a run with the scout should not pay for it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from agent.errors import BadInput
from agent.llm.base import Model

OPENAI_URL = "https://api.openai.com/v1"
PROVIDERS = ("scout", "openai", "gemini")


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """`provider` is one of PROVIDERS; an empty `base_url` is OpenAI's own."""

    provider: str = "scout"
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    model: str = ""
    seed: int = 0


def choose_model(settings: LlmSettings) -> Model:
    """A new model for one run. Raises BadInput."""
    match settings.provider:
        case "scout":
            from agent.llm.scout import Scout

            return Scout(settings.seed)
        case "openai":
            return _openai(settings)
        case "gemini":
            raise BadInput("Gemini comes with a later version; set CHARTERBOT_LLM to scout or openai.")
        case other:
            raise BadInput(f"CHARTERBOT_LLM is {other!r}; choose one of {', '.join(PROVIDERS)}.")


def _openai(settings: LlmSettings) -> Model:
    url = settings.base_url or OPENAI_URL
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"CHARTERBOT_LLM_BASE_URL is {url!r}; give an address such as http://localhost:11434/v1.")
    if not settings.model:
        raise BadInput("No model is named; set CHARTERBOT_LLM_MODEL to one that the server offers.")
    if not settings.api_key and not settings.base_url:
        raise BadInput("OpenAI needs a key; set CHARTERBOT_LLM_API_KEY, or CHARTERBOT_LLM_BASE_URL for a local server.")
    if not settings.api_key.isascii() or any(char.isspace() for char in settings.api_key):
        raise BadInput("CHARTERBOT_LLM_API_KEY holds blanks or characters that no key has; copy it anew.")
    from agent.llm.openai_compatible import OpenAICompatible

    return OpenAICompatible(url, settings.api_key, settings.model)
