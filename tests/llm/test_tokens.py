"""Token estimates against counts that the o200k tokenizer gave for the same texts, and what a gauge learns."""

import json

import pytest

from agent.llm.base import Message, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.tokens import Gauge, estimate
from agent.tools.surface import Image, ToolCall, ToolSpec

TABLE = "\n".join(
    f'    - row "{n} Invoice {n * 37 % 1000} Open {n * 7}.{n % 100:02d} EUR" [ref=e{n * 5}]:\n'
    f'      - cell "{n}" [ref=e{n * 5 + 1}]\n      - cell "Invoice {n * 37 % 1000}" [ref=e{n * 5 + 2}]'
    for n in range(1, 41)
)
UUIDS = "\n".join(
    f'- link "Order {n}" [ref=e{n}]:\n  - /url: /orders/{(n * 2654435761) % 2**32:08x}-{(n * 40503) % 2**16:04x}'
    f"-4{(n * 977) % 2**12:03x}-a{(n * 353) % 2**12:03x}-{(n * 11400714819323198485) % 2**48:012x}"
    for n in range(1, 31)
)
LABELS = ("First name", "Family name", "E-mail address", "Street and number", "Postal code", "City", "Country")
MORE = ("Telephone number", "Date of birth", "Membership number", "How did you hear about us?")
FORM = "\n".join(
    f'- textbox "{label}" [ref=e{n}]' for n, label in enumerate([*LABELS, *MORE, "Remarks for the secretary"] * 4)
)
PROSE = " ".join(
    [
        "The club meets every second Tuesday in the old boat house, and members may bring one guest each.",
        "Payments are due at the beginning of the quarter; reminders are sent after two weeks.",
    ]
    * 20
)
POLISH = "\n".join(
    f'- heading "Zamówienie nr {n}: żółta koszulka, rozmiar średni" [level=3] [ref=e{n}]\n'
    f'- button "Dodaj do koszyka" [ref=e{n + 100}]\n'
    "- text: Wysyłka w ciągu trzech dni roboczych, płatność przy odbiorze"
    for n in range(1, 25)
)
JAPANESE = "\n".join(
    f'- heading "注文番号{n}：黄色いシャツ、中サイズ" [level=3] [ref=e{n}]\n'
    f'- button "カートに入れる" [ref=e{n + 100}]\n'
    "- text: 三営業日以内に発送します。代金引換もご利用いただけます。"
    for n in range(1, 25)
)
CLICK = {
    "name": "browser_click",
    "description": "Click an element on the page",
    "parameters": {
        "type": "object",
        "properties": {
            "target": {"type": "string", "description": "Exact target element reference from the page snapshot"},
            "doubleClick": {"type": "boolean"},
        },
        "required": ["target"],
    },
}
SCHEMAS = json.dumps([CLICK] * 6)
NUMBERS = "\n".join(" ".join(f"{n * k * 7919 % 100000}.{n * k % 100}" for k in range(1, 9)) for n in range(1, 40))

RUSSIAN = (
    "Клуб собирается каждый второй вторник в старом лодочном сарае, и каждый чле"
    "н клуба может привести одного гостя. Взносы следует оплатить в начале кварт"
    "ала; напоминания отправляются через две недели."
)
KANJI = (
    "クラブは毎月第二火曜日に古い艇庫で集まり、会員は一人ずつ客を連れて来ることができます。"
    "会費は四半期の初めに支払い、催促状は二週間後に送られます。"
)
CHINESE = "俱乐部每隔一周的星期二在旧船库聚会，每位会员可以带一位客人。会费应在季度初支付，两周后发送提醒。"
KOREAN = "클럽은 매달 둘째 화요일에 오래된 보트 창고에서 모이며 회원은 손님을 한 명씩 데려올 수 있습니다."

# text -> its tokens in o200k_base, counted once with that tokenizer
COUNTED = {
    "table": (TABLE, 1760),
    "uuids": (UUIDS, 1294),
    "form": (FORM, 556),
    "prose": (PROSE, 740),
    "polish": (POLISH, 1751),
    "japanese": (JAPANESE, 1440),
    "schemas": (SCHEMAS, 422),
    "numbers": (NUMBERS, 1556),
    "kanji": (KANJI, 60),
    "chinese": (CHINESE, 39),
    "korean": (KOREAN, 33),
}
TRAITS = Traits(image_tokens=700)
REQUEST = ModelRequest("You test a web app.", (Message("user", PROSE),), ())


@pytest.mark.parametrize("kind", COUNTED)
def test_an_estimate_is_within_a_fifth_of_the_count(kind: str) -> None:
    text, counted = COUNTED[kind]
    assert 0.8 * counted < estimate(text) < 1.2 * counted


def test_cyrillic_is_estimated_on_the_safe_side() -> None:
    assert 48 <= estimate(RUSSIAN) <= 2.1 * 48


@pytest.mark.parametrize("kind", ["table", "uuids", "polish", "japanese", "numbers"])
def test_what_is_dear_is_not_taken_for_prose(kind: str) -> None:
    text, counted = COUNTED[kind]
    assert len(text) / 4 < 0.7 * counted, "characters over four would do"
    assert estimate(text) > len(text) / 4 * 1.2


def test_a_longer_text_never_has_fewer_tokens_and_parts_sum_up() -> None:
    text = TABLE[:400] + JAPANESE[:200] + POLISH[:300] + UUIDS[:300]
    sizes = [estimate(text[:end]) for end in range(len(text) + 1)]
    assert sizes == sorted(sizes)
    for cut in range(0, len(text), 7):
        assert abs(estimate(text[:cut]) + estimate(text[cut:]) - estimate(text)) <= 2


@pytest.mark.parametrize("text", ["a", "7", "-", "é", "ß", "字", "😀", " x ", "\u00a0", "\n.\n"])
def test_no_text_is_free(text: str) -> None:
    assert estimate(text) > 0


def test_nothing_is_free() -> None:
    assert estimate("") == estimate("   ") == 0


def test_a_request_counts_all_that_is_sent() -> None:
    gauge = Gauge()
    plain = gauge.tokens(REQUEST, TRAITS)
    assert plain == estimate(REQUEST.system) + estimate(PROSE)
    spec = ToolSpec(CLICK["name"], CLICK["description"], CLICK["parameters"], True, "browser")
    call = ToolCall("c1", "browser_click", {"target": UUIDS})
    with_tools = ModelRequest(REQUEST.system, REQUEST.messages, (spec,))
    assert gauge.tokens(with_tools, TRAITS) - plain > 50
    with_call = ModelRequest(REQUEST.system, (*REQUEST.messages, Message("assistant", calls=(call,))), ())
    assert gauge.tokens(with_call, TRAITS) - plain > estimate(UUIDS)
    answer = Message("tool", "", call_id="c1", tool="x", images=(Image("image/png", b"1"), Image("image/png", b"2")))
    with_pictures = ModelRequest(REQUEST.system, (*REQUEST.messages, answer), ())
    assert gauge.tokens(with_pictures, TRAITS) - plain == 1400


def test_a_gauge_learns_what_the_model_counts_and_settles_there() -> None:
    gauge = Gauge()
    counted = round(gauge.tokens(REQUEST, TRAITS) * 1.4)
    errors = []
    for _ in range(30):
        said = gauge.tokens(REQUEST, TRAITS)
        errors.append(abs(said - counted))
        gauge.learn(said, counted)
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] <= counted * 0.01
    assert errors[1] > counted * 0.1, "one reply is not believed at once"


def test_five_roles_that_ask_at_once_do_not_teach_too_much() -> None:
    gauge = Gauge()
    start = gauge.tokens(REQUEST, TRAITS)
    for _ in range(6):
        said = [gauge.tokens(REQUEST, TRAITS) for _ in range(5)]
        for each in said:
            gauge.learn(each, round(start * 1.4))
        assert gauge.tokens(REQUEST, TRAITS) < start * 1.4 * 1.1


@pytest.mark.parametrize(("counted", "factor"), [(1_000_000, 2.0), (1, 0.5)])
def test_a_gauge_believes_no_nonsense(counted: int, factor: float) -> None:
    gauge = Gauge()
    start = gauge.tokens(REQUEST, TRAITS)
    for _ in range(100):
        gauge.learn(gauge.tokens(REQUEST, TRAITS), counted)
    assert gauge.tokens(REQUEST, TRAITS) == pytest.approx(start * factor, abs=1)


def test_a_silent_server_teaches_nothing() -> None:
    gauge = Gauge()
    start = gauge.tokens(REQUEST, TRAITS)
    gauge.learn(start, 0)
    gauge.learn(0, 500)
    assert gauge.tokens(REQUEST, TRAITS) == start
