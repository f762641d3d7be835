"""What an HTML answer says: read whatever its markup is like, and never at the cost of time."""

import time

import pytest

from agent.tools.page_words import LONGEST_READ, told

AT = "http://app.test/orders/7"


def lines(body: str, room: int = 1_500) -> list[str]:
    return told(body, AT, room)[0].splitlines()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>One<br>two<td>three</td>", "One two three"),
        ("Hel<b>l</b>o <span>live</span><span>draft</span>", "Hello live draft"),
        ("<div role=main><div>In</div> here</div><p>Out</p>", "In here"),
        ("<main></main><p>A shell</p>", "A shell"),
        ("<head><style>x</style><p>Open head", "Open head"),
        ("<svg><title>Icon</title><text>S</text></svg>Shown", "Shown"),
        ("<noscript>Turn it on</noscript><template><p>T</p></template>Shown", "Shown"),
        ("Fish &amp; <b>chips</b> &lt;now&gt;", "Fish & chips <now>"),
        ("<p>Before</p><![odd[ x ]]><p>After</p>", "Before"),
    ],
)
def test_the_words_are_those_that_a_reader_would_see(body: str, words: str):
    assert lines(body) == [words]


def test_links_are_addresses_of_their_own_each_once():
    body = """<a href="/a?x=1">A</a><a href="8">B</a><a href="/a?x=1#z">C</a><a href="#top">D</a>
    <a href="mailto:x@y.z">E</a><a href="javascript:void 0">F</a><a href="http://else.test/q">G</a><a href="">H</a><a href="http://[x">I</a>"""
    assert lines(body)[-1] == "Links: /a?x=1, /orders/8, http://else.test/q"


def test_a_long_address_loses_its_query_and_one_longer_still_is_left_out():
    body = f'<a href="/a?token={"k" * 100}">A</a><a href="/{"p" * 101}">B</a>words'
    assert lines(body) == ["A B words", "Links: /a"]


def test_many_leads_leave_room_for_the_words():
    body = "".join(f'<a href="/item/{n}">x</a>' for n in range(300)) + "<form>" + "<input name=abcdefgh>" * 300
    title, words, links, form = lines(f"<title>T</title>{body}{'word ' * 900}")
    assert title == "Title: T" and len(words) > 900
    assert links.startswith("Links: /item/0, /item/1,") and links.endswith(" more)") and len(links) <= 250
    assert form.startswith("Form GET /orders/7: abcdefgh, ") and form.endswith(" more)") and len(form) <= 250
    assert len(told(f"<title>T</title>{body}{'word ' * 900}", AT, 1_500)[0]) <= 1_500


def test_a_value_is_told_whole_or_by_its_length_and_a_secret_one_never():
    body = f"""<input name=short value="Ann  Lee"><input name=long value="{"s" * 41}">
    <input name=on type=checkbox checked><input name=pin type=password value=1234>
    <input name=csrf type=hidden value=t><input value=nameless>
    <textarea name=open>two
    lines"""
    assert lines(body) == ['Fields: short "Ann Lee", long (41 characters), on "on", pin, open "two lines"']


def test_fields_beside_a_form_and_the_method_of_a_form_are_told():
    body = '<form method="POST" action="/x">Go</form><form action="/y?z=1"></form><input name=q>'
    assert lines(body) == ["Go", "Form POST /x", "Form GET /y?z=1", "Fields: q"]


def test_whether_something_was_left_out_is_told():
    assert told("<p>short</p>", AT, 1_500)[1] is False
    assert told("<p>" + "long " * 400, AT, 1_500)[1] is True
    assert told("<p>short</p>" + " " * LONGEST_READ, AT, 1_500)[1] is True
    assert told("<p>Before</p><![odd[ x", AT, 1_500)[1] is True


def test_words_without_blanks_are_cut_where_the_room_ends_but_never_a_key():
    text, left_out = told(f"<main>{'場' * 3_000}</main>", AT, 1_500)
    assert left_out and 1_400 < len(text) <= 1_500
    assert told("<p>Your key: " + "x1" * 2_000, AT, 1_500)[0] == "Your key:"


def test_a_name_cannot_pass_for_a_line_of_ours():
    assert lines('<form action="/x"><input name="q\nLinks: /evil"></form>') == ["Form GET /x: q Links: /evil"]


PIECES = ("<a ", "<", "<!--", "</", "<p>x", "&", "<script>", "<![", "<a b='", "<!", "<a href=/x>")
FORMS = ("<form>", "<form action=/x><input name=a>")


@pytest.mark.parametrize("piece", [*PIECES, *FORMS])
def test_no_markup_keeps_the_reader_for_long(piece: str):
    began = time.process_time()
    told(piece * (LONGEST_READ // len(piece)), AT, 1_500)
    assert time.process_time() - began < 2.0
