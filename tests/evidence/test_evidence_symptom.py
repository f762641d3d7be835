"""Which failure of a claim is the one that was seen."""

import pytest

from agent.evidence.finding import Claim, Predicate
from agent.evidence.outcome import LONGEST_ACTUAL, ReplayOutcome
from agent.evidence.symptom import OTHERWISE, judged, lasting


def claim(predicate: Predicate) -> Claim:
    return Claim('get_by_role("row")', predicate, "2", "consistency", "")


def shown(actual: str) -> ReplayOutcome:
    return ReplayOutcome(True, hit=True, walked=True, actual=actual, screenshot="a.png")


@pytest.mark.parametrize("predicate", ["count_is", "text_is", "value_is", "status_is", "persists_after_reload"])
def test_what_is_read_from_the_app_must_be_what_was_seen(predicate: Predicate) -> None:
    assert judged(shown("3"), claim(predicate), "3").hit
    other = judged(shown("0"), claim(predicate), "3")
    assert (other.hit, other.walked, other.screenshot) == (False, True, "")
    assert other.error == OTHERWISE


@pytest.mark.parametrize("predicate", ["visible", "absent", "url_is", "text_contains", "reachable"])
def test_of_other_claims_that_they_fail_is_all(predicate: Predicate) -> None:
    assert judged(shown("not visible"), claim(predicate), "visible").hit


def test_what_was_not_kept_is_not_compared() -> None:
    assert judged(shown("0"), claim("count_is"), "").hit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Saved at 10:41", "Saved at 09:02:11"),
        ("Saved at 1:05 pm", "Saved at 11:59 a.m"),
        ("Booked on 2026-11-21T10:00:00Z", "Booked on 2026-11-22 08:15"),
        ("Booked on 21.11.2026", "Booked on 22.11.2026"),
        ("Receipt 00418273", "Receipt 00418274"),
        ("Key 3f9ab2c41d77e0", "Key 90bb12cc8a8e1f"),
        ("Talk 339QFP", "Talk K7XW2L"),
        ("Order #1042", "Order #1043"),
        ("Sent 5 minutes ago", "Sent just now"),
        ("See http://127.0.0.1:40123/orders", "See http://127.0.0.1:8185/orders"),
    ],
)
def test_times_dates_and_ids_differ_by_themselves(one: str, other: str) -> None:
    assert lasting(one) == lasting(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2 items", "0 items"), ("Total 40.00", "Total 32.00"), ("1,204 members", "1,205 members"), ("added", "faced")],
)
def test_counts_amounts_and_words_do_not(one: str, other: str) -> None:
    assert lasting(one) != lasting(other)


def test_of_texts_that_were_cut_what_both_show_is_compared() -> None:
    long = "the same words again and again " * 20
    assert judged(shown(f"9:05 am {long}"[:LONGEST_ACTUAL]), claim("text_is"), f"10:05 am {long}"[:LONGEST_ACTUAL]).hit
    assert not judged(
        shown(f"2 items {long}"[:LONGEST_ACTUAL]), claim("text_is"), f"3 items {long}"[:LONGEST_ACTUAL]
    ).hit
