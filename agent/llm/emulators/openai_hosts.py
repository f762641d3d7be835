"""The servers that the emulator plays: what OpenAI, Ollama, vLLM and llama.cpp tell of a model, and in which words
they refuse one. Pure.

Sources: Ollama's API reference (/api/show, /api/ps) and its pull request 11331 (context_length of a loaded model);
vLLM's model card (max_model_len) and its issues 9986 and 33418; llama.cpp's server README (/props), its pull request
15780 (exceed_context_size_error) and issue 10920.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agent.llm.emulators.server import Answer

Kind = Literal["openai", "ollama", "vllm", "llama.cpp"]


@dataclass(frozen=True, slots=True)
class Host:
    """`models` are the names that it serves, empty for any. `context` is the window that the server gives, `trained`
    the one that the model could have, both in tokens; `tools` whether a request with tools is taken."""

    kind: Kind = "openai"
    models: tuple[str, ...] = ()
    context: int = 32_768
    trained: int = 131_072
    tools: bool = True
    vision: bool = False

    def refuses(self, body: Mapping[str, Any]) -> Answer | None:
        """What it has against a well-formed request."""
        model = body["model"]
        if self.kind != "llama.cpp" and self.models and model not in self.models:
            return self._no_model(model)
        if "tools" in body and not self.tools:
            return self._no_tools(model)
        return None

    def tells(self, method: str, path: str, body: Mapping[str, Any], loaded: tuple[str, ...]) -> Answer | None:
        """What it answers to a question about itself; None for a path that it has not. `loaded` are the models that
        were asked something."""
        if (method, path) == ("GET", "/v1/models"):
            return Answer({"object": "list", "data": [self._card(name) for name in self.models]})
        match (self.kind, method, path):
            case ("ollama", "POST", "/api/show"):
                return self._shown(str(body.get("model") or body.get("name") or ""))
            case ("ollama", "GET", "/api/ps"):
                return Answer({"models": [self._running(name) for name in loaded]})
            case ("ollama", "GET", "/api/version"):
                return Answer({"version": "0.40.12"})
            case ("vllm", "GET", "/version"):
                return Answer({"version": "0.32.0"})
            case ("llama.cpp", "GET", "/props"):
                return Answer(self._props())
            case _:
                return None

    def _card(self, name: str) -> dict[str, Any]:
        owner = {"openai": "system", "ollama": "library", "vllm": "vllm", "llama.cpp": "llamacpp"}[self.kind]
        card: dict[str, Any] = {"id": name, "object": "model", "created": 1, "owned_by": owner}
        if self.kind == "vllm":
            card |= {"root": name, "parent": None, "max_model_len": self.context, "permission": []}
        if self.kind == "llama.cpp":
            card |= {"meta": {"n_ctx_train": self.trained}}
        return card

    def _shown(self, name: str) -> Answer:
        if name not in self.models:
            return Answer({"error": f"model '{name}' not found"}, 404)
        capabilities = ["completion", *(["tools"] if self.tools else []), *(["vision"] if self.vision else [])]
        info = {"general.architecture": "qwen2", "qwen2.context_length": self.trained}
        return Answer({"capabilities": capabilities, "model_info": info, "parameters": "", "details": {}})

    def _running(self, name: str) -> dict[str, Any]:
        sizes = {"size": 9_000_000_000, "size_vram": 9_000_000_000}
        return {"name": name, "model": name, **sizes, "details": {}, "context_length": self.context}

    def _props(self) -> dict[str, Any]:
        return {
            "default_generation_settings": {"n_ctx": self.context},
            "total_slots": 1,
            "model_alias": self.models[0] if self.models else "",
            "modalities": {"vision": self.vision, "audio": False},
            "chat_template_caps": {"supports_tools": self.tools, "supports_tool_calls": self.tools},
        }

    def _no_model(self, name: str) -> Answer:
        match self.kind:
            case "ollama":
                return refusal(404, f'model "{name}" not found, try pulling it first', kind="not_found_error")
            case "vllm":
                return refusal(404, f"The model `{name}` does not exist.", 404, kind="NotFoundError")
            case _:
                words = f"The model `{name}` does not exist or you do not have access to it."
                return refusal(404, words, "model_not_found")

    def _no_tools(self, name: str) -> Answer:
        match self.kind:
            case "ollama":
                return refusal(400, f"registry.ollama.ai/library/{name} does not support tools", kind="api_error")
            case "vllm":
                words = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
                error = {"object": "error", "message": words, "type": "BadRequestError", "param": None, "code": 400}
                return Answer(error, 400)
            case "llama.cpp":
                return refusal(500, "tools param requires --jinja flag", 500, kind="server_error")
            case _:
                return refusal(400, "tools is not supported in this model.", None)

    def too_long(self, tokens: int) -> Answer:
        """Its refusal of a request of so many tokens."""
        match self.kind:
            case "ollama":
                return refusal(400, "the input length exceeds the context length", kind="api_error")
            case "vllm":
                words = f"This model's maximum context length is {self.context} tokens. However, your request has "
                return refusal(400, f"{words}{tokens} input tokens.", 400, kind="BadRequestError")
            case "llama.cpp":
                words = "the request exceeds the available context size, try increasing it"
                error = {"code": 400, "message": words, "type": "exceed_context_size_error"}
                return Answer({"error": {**error, "n_prompt_tokens": tokens, "n_ctx": self.context}}, 400)
            case _:
                words = f"This model's maximum context length is {self.context} tokens. However, your messages "
                return refusal(400, f"{words}resulted in {tokens} tokens.", "context_length_exceeded")


def refusal(
    status: int, words: str, code: str | int | None = None, kind: str = "invalid_request_error", **headers: str
) -> Answer:
    """An error in the form that they share. Underscores in the names of headers become hyphens."""
    error = {"message": words, "type": kind, "param": None, "code": code}
    return Answer({"error": error}, status, {name.replace("_", "-"): value for name, value in headers.items()})
