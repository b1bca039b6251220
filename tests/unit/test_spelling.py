from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_extensions.mkflow.compose.spelling import distance, is_misspelt, nearest


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [
        ("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("abc", "xabc", 1), ("abc", "acb", 1), ("ab", "ba", 1),
        ("abcd", "badc", 2), ("kitten", "sitting", 3), ("abcdef", "", 3), ("abcdefgh", "hgfedcba", 3),
    ],
)  # fmt: skip
def test_edits(left: str, right: str, edits: int) -> None:
    assert distance(left, right) == edits
    assert distance(right, left) == edits


WORDS = st.text("ab_1", max_size=7)


def slowly(left: str, right: str) -> int:
    """The definition, without a bound."""
    if not left or not right:
        return len(left) + len(right)
    swapped = len(left) > 1 and len(right) > 1 and left[-2:] == right[-2:][::-1]
    ways = [slowly(left[:-1], right) + 1, slowly(left, right[:-1]) + 1, slowly(left[:-1], right[:-1]) + (left[-1] != right[-1])]
    return min([*ways, slowly(left[:-2], right[:-2]) + 1] if swapped else ways)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text("abc", max_size=5), st.text("abc", max_size=5), st.integers(1, 5))
def test_edits_are_those_of_the_definition(left: str, right: str, most: int) -> None:
    assert distance(left, right, most) == min(slowly(left, right), most)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(WORDS, WORDS)
def test_a_slip_goes_both_ways_and_no_word_is_one_of_itself(one: str, two: str) -> None:
    assert is_misspelt(one, two) is is_misspelt(two, one)
    assert not is_misspelt(one, one)


@pytest.mark.parametrize(
    ("word", "known", "misspelt"),
    [
        pytest.param("fetures", "features", True, id="letter lost"),
        pytest.param("regoin", "region", True, id="neighbours swapped"),
        pytest.param("cup", "cpu", True, id="neighbours swapped in a short word"),
        pytest.param("ab", "ba", True, id="two letters"),
        pytest.param("gpu", "cpu", False, id="short words"),
        pytest.param("path", "paths", True, id="four letters"),
        pytest.param("lag", "lags", False, id="three letters"),
        pytest.param("lag_1", "lag_2", False, id="digits only"),
        pytest.param("lag_1", "lag_12", False, id="one digit more"),
        pytest.param("value_min", "value_max", False, id="another word"),
        pytest.param("min_value", "max_value", False, id="another word at the front"),
        pytest.param("target_colum", "target_column", True, id="letter lost at the end"),
        pytest.param("targt_colum", "target_column", True, id="a letter in each part"),
        pytest.param("normlisaton", "normalisation", True, id="two edits of a long word"),
        pytest.param("lag_", "lag_1", True, id="a number and none"),
        pytest.param("depth", "width", False, id="different words"),
        pytest.param("Region", "region", True, id="case"),
    ],
)
def test_slips(word: str, known: str, misspelt: bool) -> None:
    assert is_misspelt(word, known) is misspelt


@pytest.mark.parametrize(
    ("word", "names", "meant"),
    [
        pytest.param("EXP_1", ["EXP_01", "GRID"], "EXP_01", id="one edit"),
        pytest.param("exp_01", ["EXP_01"], "EXP_01", id="case"),
        pytest.param("train", ["training", "scoring"], "training", id="beginning"),
        pytest.param("tr", ["training"], None, id="too short for a beginning"),
        pytest.param("zzz", ["EXP_01"], None, id="none is near"),
        pytest.param("b", ["c", "a"], None, id="a letter for a letter"),
        pytest.param("prd", ["prod", "pre"], "pre", id="of two as near the first by name"),
        pytest.param("x", [], None, id="no names"),
    ],
)
def test_the_nearest_name(word: str, names: list[str], meant: str | None) -> None:
    assert nearest(word, names) == meant
