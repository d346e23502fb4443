"""The cheapest way to give each box at most one caption, and each caption to at most one box. Pure.

Shortest augmenting paths with prices (the Hungarian method) over the few pairs that are possible at all.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from itertools import count

Costs = Mapping[int, Mapping[int, float]]  # box -> caption -> what that pair costs, 0 or more


class Assignment:
    """Who gets what; `none` is what it costs a box to stay without."""

    def __init__(self, costs: Costs, none: float) -> None:
        self._costs, self._none = costs, none
        self.given: dict[int, int] = {}  # box -> caption; below zero: none
        self._taken: dict[int, int] = {}
        self._of_box: dict[int, float] = defaultdict(float)
        self._price: dict[int, float] = defaultdict(float)  # of a caption; 0 or less
        for box in costs:
            self._place(box)

    def margins(self) -> dict[int, float]:
        """Return for each box that got a caption how much more everything costs where it must not have that one."""
        return {box: self._margin(box) for box, caption in self.given.items() if caption >= 0}

    def _offers(self, box: int) -> dict[int, float]:
        return {**self._costs[box], -1 - box: self._none}

    def _place(self, start: int) -> None:
        way = self._ways(start, stop_at_free=True)
        end = next(caption for caption in reversed(way) if caption not in self._taken)
        least = way[end][0]
        self._of_box[start] += least
        for caption, (so_far, _) in way.items():
            if caption != end and so_far < least:
                self._of_box[self._taken[caption]] += least - so_far
                self._price[caption] -= least - so_far
        while True:
            box = way[end][1]
            before = self.given.get(box)
            self.given[box], self._taken[end] = end, box
            if box == start or before is None:
                return
            end = before

    def _ways(
        self, start: int, *, stop_at_free: bool = False, without: int | None = None
    ) -> dict[int, tuple[float, int]]:
        """Return the cheapest way from a box to each caption: what it costs, and the box that would take it.

        The captions come in the order of their costs. `without`: a caption that the box must not take.
        """
        found: dict[int, tuple[float, int]] = {}
        heap: list[tuple[float, int, int, int]] = []
        order, box, so_far = count(), start, 0.0
        while True:
            for caption, cost in self._offers(box).items():
                if caption not in found and not (box == start and caption == without):
                    reduced = cost - self._of_box[box] - self._price[caption]
                    heapq.heappush(heap, (so_far + reduced, next(order), caption, box))
            while heap and heap[0][2] in found:
                heapq.heappop(heap)
            if not heap:
                return found
            so_far, _, caption, taker = heapq.heappop(heap)
            found[caption] = (so_far, taker)
            is_free = caption not in self._taken or caption == without
            if is_free and stop_at_free:
                return found
            if not is_free:
                box = self._taken[caption]

    def _margin(self, box: int) -> float:
        own = self.given[box]
        ways = self._ways(box, without=own)
        rest = min(
            so_far + self._price[caption]
            for caption, (so_far, _) in ways.items()
            if caption not in self._taken or caption == own
        )
        return rest - self._price[own] - self._wanted_elsewhere(box, own)

    def _wanted_elsewhere(self, box: int, caption: int) -> float:
        """Return what the box that would gain most by a caption would gain."""
        gains = [
            (self._costs[other].get(self.given[other], self._none)) - costs[caption]
            for other, costs in self._costs.items()
            if other != box and caption in costs
        ]
        return max([0.0, *gains])
