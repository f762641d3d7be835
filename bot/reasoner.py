"""The settings of the reasoner, as the agent wants them."""

from agent.llm.choose import LlmSettings
from bot.config import Settings


def llm_settings(settings: Settings) -> LlmSettings:
    key = settings.llm_api_key.get_secret_value()
    return LlmSettings(settings.llm, settings.llm_base_url, key, settings.llm_model, settings.llm_seed)
