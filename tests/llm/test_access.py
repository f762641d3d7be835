"""How a provider is reached: what may be said of address and key, proxies and certificates that stand in the way."""

import io
import logging
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.charter import Budgets, Profile, Role
from agent.errors import BadInput
from agent.llm.access import owner_of, place, proxy_variable
from agent.llm.base import Message, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.choose import LlmSettings, choose_adapter
from agent.llm.costs import CostLog
from agent.llm.emulators.server import Served, serve
from agent.llm.errors import ModelBusy, ModelFailure
from agent.llm.models import Metering, Models
from agent.llm.openai.errors import is_openai
from agent.llm.spending import Account, MemoryDay
from agent.llm.testing import GEMINI, OPENAI, Answer
from bot.log import configure

REQUEST = ModelRequest("You test.", (Message("user", "Go."),), ())
PROVIDERS = ("openai", "gemini")
SECRETS = ("hunter2", "s3cret")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def own_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Of a server with a certificate that it signed itself."""
    folder = tmp_path_factory.mktemp("tls")
    files = (str(folder / "cert.pem"), str(folder / "key.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


async def ask(provider: str, url: str, key: str = "test-key") -> str:
    """What is said, or the sentence why not."""
    adapter = choose_adapter(LlmSettings(provider, url, key, "m"), "m", Traits())
    try:
        return (await adapter.generate(REQUEST)).text
    except ModelFailure as failure:
        return f"{type(failure).__name__}: {failure}"
    finally:
        await adapter.close()


def base(provider: str, server: Served) -> str:
    return server.url + ("/v1" if provider == "openai" else "")


def good(provider: str) -> Answer:
    return {"openai": OPENAI, "gemini": GEMINI}[provider].said("hello")


@contextmanager
def free_port() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://joe:hunter2@h:8080/v1?key=s3cret#x", "http://h:8080/v1"),
        ("https://[::1]:8080/v1", "https://[::1]:8080/v1"),
        ("http://joe:hun@ter2@h/v1", "http://h/v1"),
        ("http://joe:hunter2/s3cret@h/v1", "h/v1"),
        ("htp://joe:hunter2@h/v1?key=s3cret", "h/v1"),
        ("joe:hunter2@localhost:11434/v1", "localhost:11434/v1"),
        ("localhost:11434/v1", "localhost:11434/v1"),
        ("", ""),
    ],
)
def test_of_an_address_only_what_is_no_secret_is_shown(url: str, shown: str) -> None:
    assert place(url) == shown


def test_keys_tell_their_owners() -> None:
    owners = [owner_of(key) for key in ("AIzaX", "sk-ant-x", "sk-or-x", "sk-x", "x", "")]
    assert owners == ["Google", "Anthropic", "OpenRouter", "OpenAI", "", ""]


ANSWERS = {
    "overloaded": Answer({"error": {"message": "http://joe:hunter2@h?key=s3cret is down"}}, 503),
    "not found": Answer("404 page not found", 404),
    "page": Answer("<html>hello</html>"),
    "garbage": Answer("{"),
    "refused": Answer({"error": {"message": "bad key s3cret, test-key"}}, 401),
    "reset": Answer(manner="reset"),
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", ANSWERS)
async def test_no_sentence_shows_the_secrets_of_the_address(provider: str, name: str) -> None:
    with serve(lambda _: ANSWERS[name]) as server:
        url = base(provider, server).replace("http://", "http://joe:hunter2@") + "?key=s3cret"
        told = await ask(provider, url)
    assert told.startswith("Model")
    assert not any(secret in told for secret in (*SECRETS, "test-key")), told


async def test_settings_that_are_refused_show_no_secret_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.llm.models.KNOCKS", (0.0,))
    with pytest.raises(BadInput) as refused:
        choose_adapter(LlmSettings("openai", "htp://joe:hunter2@h/v1?key=s3cret", "k", "m"), "m", Traits())
    with free_port() as port:
        settings = LlmSettings("openai", f"http://joe:hunter2@127.0.0.1:{port}/v1?key=s3cret", "k", "m")
        profile = Profile("Site", "local", tmp_path, "http://x.test", "local", (Role("member", None),))
        metering = Metering("run", Account(Budgets(), MemoryDay()), CostLog(tmp_path / "c.ndjson"))
        with pytest.raises(BadInput, match=f"http://127.0.0.1:{port}/v1;") as away:
            await Models(settings, profile, metering).reach()
    for told in (str(refused.value), str(away.value)):
        assert "CHARTERBOT_LLM_BASE_URL" in told and not any(secret in told for secret in SECRETS)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_log_shows_no_request_with_its_address(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root, stream = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr("sys.stderr", stream)
    configure(as_json=True)
    with serve(lambda _: good(provider)) as server:
        assert await ask(provider, base(provider, server).replace("http://", "http://joe:hunter2@")) == "hello"
    assert "hunter2" not in stream.getvalue() and "127.0.0.1" not in stream.getvalue()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_nothing_of_the_environment_is_shown_to_somebody_else_s_server(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("GOOGLE_API_KEY", "GEMINI_API_KEY", "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID")
    for name in (*names, "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "mine-alone")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: mine-alone\nAuthorization: Bearer mine-alone")
    with serve(lambda _: good(provider)) as server:
        assert await ask(provider, base(provider, server), key="") == "hello"
        assert "mine-alone" not in str(server.asked)
        assert await ask(provider, base(provider, server), key="given") == "hello"
        assert "mine-alone" not in str(server.asked) and "given" in str(server.asked[1].headers)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_no_key_is_needed_in_the_environment_for_a_server_without(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with serve(lambda _: good(provider)) as server:
        assert await ask(provider, base(provider, server), key="") == "hello"


def test_which_servers_are_openai_s_own() -> None:
    assert is_openai("https://api.openai.com/v1") and is_openai("https://eu.api.openai.com/v1")
    assert not any(is_openai(url) for url in ("https://api.openai.com.evil.test/v1", "https://myapi.openai.com/v1", ""))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_https_where_plain_http_is_spoken_is_no_bad_day(provider: str) -> None:
    with serve(lambda _: good(provider)) as server:
        told = await ask(provider, base(provider, server).replace("http:", "https:"))
    assert told.startswith("ModelFailure: ")
    assert all(word in told for word in ("CHARTERBOT_LLM_BASE_URL", "http://", "https://", "SSL_CERT_FILE"))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_certificate_that_nobody_trusts_is_no_bad_day(provider: str, own_tls: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_shake_hands, args=(listener, own_tls))
        thread.start()
        told = await ask(provider, f"https://127.0.0.1:{listener.getsockname()[1]}/v1")
        thread.join()
    assert told.startswith("ModelFailure: The certificate of https://127.0.0.1:")
    assert all(word in told for word in ("CHARTERBOT_LLM_BASE_URL", "http://", "SSL_CERT_FILE"))


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with connection:
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            return


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("ALL_PROXY", "socks5://127.0.0.1:1"), ("http_proxy", "localhost:3128x"), ("HTTPS_PROXY", "ftp://h")],
)
async def test_a_proxy_that_cannot_be_used_is_named(
    provider: str, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match=f"^{name} names no proxy"):
        await ask(provider, "http://models.example.com/v1")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_certificates_that_are_not_there_are_named(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/cert.pem")
    with pytest.raises(BadInput, match="SSL_CERT_FILE"):
        await ask(provider, "https://models.example.com/v1")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_proxy_that_is_dead_is_named_where_it_is_in_force(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with free_port() as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://joe:hunter2@127.0.0.1:{port}")
        told = await ask(provider, "http://models.example.com/v1")
        assert told.startswith(ModelBusy.__name__) and "HTTP_PROXY" in told and "CHARTERBOT_LLM_BASE_URL" in told
        assert "hunter2" not in told
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert "HTTP_PROXY" not in await ask(provider, f"http://127.0.0.1:{port}/v1")


def test_which_proxy_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy_variable("https://h/v1") == ""
    monkeypatch.setenv("all_proxy", "http://p:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://p:2")
    assert [proxy_variable(f"{scheme}://h/v1") for scheme in ("http", "https")] == ["all_proxy", "HTTPS_PROXY"]
    monkeypatch.setenv("NO_PROXY", "h")
    assert proxy_variable("https://h/v1") == ""
