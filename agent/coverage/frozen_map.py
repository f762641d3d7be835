"""A map that never changes: to set a key gives another map, which shares almost all of its insides with the first.

For folds over a long journal, where copying a dict of thousands of entries for each event would be the main cost.
Pure; keys are texts. Iteration goes by bucket, so its order depends on the keys and not on the process.
"""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar, overload
from zlib import crc32

V = TypeVar("V")
D = TypeVar("D")
BUCKETS = 128
"""Setting copies one bucket and the list of buckets: about 1 µs up to some 20,000 entries."""
_NOTHING: dict = {}


class FrozenMap(Mapping[str, V], Generic[V]):
    __slots__ = ("_buckets", "_size")

    def __init__(self, entries: Mapping[str, V] | None = None):
        buckets: list[dict[str, V]] = [_NOTHING] * BUCKETS
        for key, value in (entries or {}).items():
            at = _bucket(key)
            buckets[at] = {**buckets[at], key: value}
        self._buckets = tuple(buckets)
        self._size = len(entries or {})

    def with_(self, key: str, value: V) -> "FrozenMap[V]":
        at = _bucket(key)
        old = self._buckets[at]
        return self._replaced(at, {**old, key: value}, self._size + (key not in old))

    def without(self, key: str) -> "FrozenMap[V]":
        at = _bucket(key)
        old = self._buckets[at]
        if key not in old:
            return self
        return self._replaced(at, {other: value for other, value in old.items() if other != key}, self._size - 1)

    def _replaced(self, at: int, bucket: dict[str, V], size: int) -> "FrozenMap[V]":
        made: FrozenMap[V] = object.__new__(FrozenMap)
        made._buckets = (*self._buckets[:at], bucket, *self._buckets[at + 1 :])
        made._size = size
        return made

    def __getitem__(self, key: str) -> V:
        return self._buckets[_bucket(key)][key]

    @overload
    def get(self, key: str, /) -> V | None: ...
    @overload
    def get(self, key: str, /, default: V | D) -> V | D: ...
    def get(self, key: str, /, default: object = None) -> object:
        return self._buckets[_bucket(key)].get(key, default)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._buckets[_bucket(key)]

    def __iter__(self) -> Iterator[str]:
        for bucket in self._buckets:
            yield from bucket

    def pairs(self) -> Iterator[tuple[str, V]]:
        for bucket in self._buckets:
            yield from bucket.items()

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"FrozenMap({dict(self)!r})"


def _bucket(key: str) -> int:
    return crc32(key.encode("utf-8", "surrogatepass")) % BUCKETS
