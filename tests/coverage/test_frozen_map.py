"""A frozen map behaves as a dict that is copied for every change."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.coverage.frozen_map import FrozenMap

CHANGES = st.lists(st.tuples(st.text(max_size=3), st.none() | st.integers()), max_size=60)


@settings(deadline=None)
@given(CHANGES)
def test_it_holds_what_a_dict_would_and_earlier_maps_stay_as_they_were(changes: list[tuple[str, int | None]]):
    mirror: dict[str, int] = {}
    made: FrozenMap[int] = FrozenMap()
    history = [(made, dict(mirror))]
    for key, value in changes:
        if value is None:
            made = made.without(key)
            mirror.pop(key, None)
        else:
            made = made.with_(key, value)
            mirror[key] = value
        history.append((made, dict(mirror)))
    for some, expected in history:
        assert dict(some) == expected == dict(some.pairs())
        assert len(some) == len(expected)
        assert all(key in some and some.get(key) == value for key, value in expected.items())


def test_its_order_does_not_depend_on_how_it_came_to_be():
    one = FrozenMap({"a": 1, "b": 2, "c": 3})
    other = FrozenMap({"c": 3}).with_("b", 2).with_("x", 9).with_("a", 1).without("x")
    assert list(one) == list(other)
    assert one == other
    assert one.get("y") is None and one.get("y", 7) == 7
