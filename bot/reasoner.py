"""The settings of the reasoner, as the agent wants them."""

from agent.llm.choose import LlmSettings
from bot.config import Settings


def llm_settings(settings: Settings) -> LlmSettings:
    key = settings.llm_api_key.get_secret_value()
    return LlmSettings(
        provider=settings.llm,
        base_url=settings.llm_base_url,
        api_key=key,
        model=settings.llm_model,
        seed=settings.llm_seed,
        models_file=settings.models,
    )
