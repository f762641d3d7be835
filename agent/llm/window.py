"""How much a local server really reads, and how to give it more. Asks the servers' own pages; knows no SDK.

Ollama: GET /api/ps, `context_length` of the loaded model. vLLM: GET /v1/models, `max_model_len`. llama.cpp: GET /props,
`default_generation_settings.n_ctx`. All three cut or refuse a longer conversation, Ollama without a word.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Window:
    """`tokens` that the server reads for one request; `raise_it` says how to give it `{tokens}` of them."""

    server: str
    tokens: int
    raise_it: str


async def find_window(base_url: str, api_key: str, model: str) -> Window | None:
    """None where the server does not tell. `base_url` is that of chat completions; the model was asked just now, so
    that the server has it loaded."""
    headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
    root = base_url.rstrip("/").removesuffix("/v1")
    places: tuple[tuple[str, Callable[[Any, str], Window | None]], ...] = (
        (f"{root}/api/ps", _ollama),
        (f"{base_url.rstrip('/')}/models", _vllm),
        (f"{root}/props", _llama_cpp),
    )
    async with httpx2.AsyncClient(timeout=SECONDS, follow_redirects=False, headers=headers) as http:
        for url, read in places:
            body = await _get(http, url)
            if body is not None and (window := read(body, model)):
                return window
    return None


async def _get(http: httpx2.AsyncClient, url: str) -> Any:
    try:
        answer = await http.get(url)
        return answer.json() if answer.status_code == 200 else None
    except (httpx2.HTTPError, ValueError, RecursionError):
        return None


def _ollama(body: Any, model: str) -> Window | None:
    for entry in _entries(body, "models"):
        if model in (entry.get("name"), entry.get("model"), str(entry.get("name")).removesuffix(":latest")):
            return _window("Ollama", entry.get("context_length"), "start it with OLLAMA_CONTEXT_LENGTH={tokens}")
    return None


def _vllm(body: Any, model: str) -> Window | None:
    for entry in _entries(body, "data"):
        if entry.get("id") == model:
            return _window("vLLM", entry.get("max_model_len"), "start it with --max-model-len {tokens}")
    return None


def _llama_cpp(body: Any, model: str) -> Window | None:
    settings = body.get("default_generation_settings") if isinstance(body, dict) else None
    tokens = settings.get("n_ctx") if isinstance(settings, dict) else None
    return _window("llama.cpp", tokens, "start it with -c {tokens} for each of its slots")


def _entries(body: Any, key: str) -> list[Mapping[str, Any]]:
    found = body.get(key) if isinstance(body, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _window(server: str, tokens: Any, raise_it: str) -> Window | None:
    return Window(server, tokens, raise_it) if isinstance(tokens, int) and tokens > 0 else None
