"""Did you mean? Edit distance and the nearest of some names."""

from __future__ import annotations

import re
from collections.abc import Collection


def distance(left: str, right: str, most: int = 3) -> int:
    """Edits between two words: insert, delete, replace, or swap two neighbours; ``most`` caps it."""
    if left == right:
        return 0
    if abs(len(left) - len(right)) >= most:
        return most
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, one in enumerate(left, 1):
        current = [row]
        for column, two in enumerate(right, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (one != two))
            if row > 1 and column > 1 and one == right[column - 2] and left[row - 2] == two:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) >= most:
            return most
        before, previous = previous, current
    return min(previous[-1], most)


def nearest(word: str, candidates: Collection[str]) -> str | None:
    """The candidate a person most likely meant, or None where none is near."""
    limit = len(word) // 2 if len(word) < 3 else 1 if len(word) < 4 else 2 if len(word) < 9 else 3
    scored = [(distance(word.lower(), name.lower(), limit + 1), name) for name in candidates]
    good = sorted((score, name) for score, name in scored if score <= limit)
    if good:
        return good[0][1]
    starts = sorted(name for name in candidates if len(word) >= 3 and name.lower().startswith(word.lower()))
    return starts[0] if starts else None


def is_misspelt(word: str, known: str) -> bool:
    """Tell whether ``word`` is so near to ``known`` that it must be a slip and not another key.

    One edit for words from four letters on, two from seven on, two swapped neighbours always. Words
    that differ in their digits only (``lag_1``, ``lag_7``) or in one short part (``value_min``,
    ``value_max``) are different words.
    """
    if word == known or _letters(word) == _letters(known):
        return False
    edits = distance(word, known)
    shortest = min(len(word), len(known))
    if edits == 1:
        return shortest >= 4 or sorted(word) == sorted(known)
    return edits == 2 and shortest >= 7 and not _differ_in_one_part(word, known)


def _letters(word: str) -> str:
    """The word with each number in it as 0."""
    return re.sub(r"\d+", "0", word)


def _differ_in_one_part(word: str, known: str) -> bool:
    """``value_min`` and ``value_max`` differ in a whole part of two words: not a slip."""
    ours, theirs = word.split("_"), known.split("_")
    if len(ours) != len(theirs) or len(ours) == 1:
        return False
    different = [(one, two) for one, two in zip(ours, theirs) if one != two]
    return len(different) == 1 and max(len(word) for word in different[0]) <= 4
