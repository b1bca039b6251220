from __future__ import annotations

import pytest

from metaflow_extensions.mkflow.compose.tree import Leaf, at, chain, dotted, leaves, plain

from .build import fold, refusal, value


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        pytest.param("{x: 1, y: 2}", "{y: 3, z: 4}", {"x": 1, "y": 3, "z": 4}, id="mapping over mapping"),
        pytest.param("{x: 1}", "{}", {"x": 1}, id="empty mapping over mapping"),
        pytest.param("{x: 1}", "null", None, id="null over mapping"),
        pytest.param("{x: 1}", "${b}", "${b}", id="reference over mapping"),
        pytest.param("[1, 2]", "[3]", [3], id="list over list"),
        pytest.param("[1, 2]", "[]", [], id="empty list over list"),
        pytest.param("[1, 2]", "null", None, id="null over list"),
        pytest.param("[1]", "${b}", "${b}", id="reference over list"),
        pytest.param("1", "two", "two", id="scalar over scalar"),
        pytest.param("1", "null", None, id="null over scalar"),
        pytest.param("1", "${b}", "${b}", id="reference over scalar"),
        pytest.param("null", "{x: 1}", {"x": 1}, id="mapping over null"),
        pytest.param("null", "[1]", [1], id="list over null"),
        pytest.param("???", "{x: 1}", {"x": 1}, id="mapping over missing"),
        pytest.param("???", "null", None, id="null over missing"),
        pytest.param("5", "???", 5, id="missing covers nothing"),
        pytest.param("{x: 1}", "???", {"x": 1}, id="missing covers no mapping"),
        pytest.param("${b}", "[1]", [1], id="list over reference"),
        pytest.param("${b}", "1", 1, id="scalar over reference"),
        pytest.param("${b}", "null", None, id="null over reference"),
        pytest.param("${b}", "${c}", "${c}", id="reference over reference"),
        pytest.param("[1, 2]", "!append [3]", [1, 2, 3], id="append"),
        pytest.param("[1, 2]", "!prepend [3]", [3, 1, 2], id="prepend"),
        pytest.param("[1, 2, 1]", "!remove [1]", [2], id="remove"),
        pytest.param("[1, true]", "!remove [true]", [1], id="true is not 1"),
        pytest.param("{x: 1}", "!override [1]", [1], id="override"),
        pytest.param("{x: 1}", "!override {y: 2}", {"y": 2}, id="override does not merge"),
        pytest.param("1", "!final 2", 2, id="final"),
    ],
)
def test_what_a_higher_layer_makes(low: str, high: str, wanted: object) -> None:
    assert value(f"a: {low}", f"a: {high}") == {"a": wanted}


@pytest.mark.parametrize(
    ("low", "high", "summary"),
    [
        ("{x: 1}", "[1]", "a list cannot replace a mapping"),
        ("{x: 1}", "1", "a scalar cannot replace a mapping"),
        ("[1]", "{x: 1}", "a mapping cannot replace a list"),
        ("[1]", "1", "a scalar cannot replace a list"),
        ("1", "{x: 1}", "a mapping cannot replace a scalar"),
        ("1", "[1]", "a list cannot replace a scalar"),
        ("${b}", "{x: 1}", "cannot merge a mapping over the reference '${b}'"),
        ("x-${b}", "{x: 1}", "a mapping cannot replace a scalar"),
        ("1", "!append [1]", "'!append' needs a list below, there is a scalar"),
        ("[1]", "!remove [2]", "'!remove': 2 is not in the list"),
        ("!final 1", "2", "'a' is final and cannot be changed"),
        ("!final 1", "null", "'a' is final and cannot be changed"),
        ("!final 1", "!override 2", "'a' is final and cannot be changed"),
        ("!final 1", "!reset", "'a' is final and cannot be changed"),
        ("!final [1]", "!append [2]", "'a' is final and cannot be changed"),
        ("{x: !final 1}", "{x: 2}", "'x' is final and cannot be changed"),
        ("{x: !final 1}", "null", "'x' is final and cannot be changed"),
        ("{x: !final 1}", "!override {}", "'x' is final and cannot be changed"),
        ("{x: !final 1}", "!reset", "'x' is final and cannot be changed"),
    ],
)
def test_what_is_refused(low: str, high: str, summary: str) -> None:
    said, places = refusal(f"a: {low}", f"a: {high}")
    assert said == summary
    assert places[0].startswith("1.yaml:1:")
    assert places[1].startswith("0.yaml:1:")


@pytest.mark.parametrize("tag", ["!append [1]", "!prepend [1]", "!remove [1]", "!override 1", "!reset null"])
@pytest.mark.parametrize("where", ["a: {}", "a: {{b: {{c: {}}}}}"], ids=["at the top", "inside what is new"])
def test_a_tag_needs_something_below(tag: str, where: str) -> None:
    said, places = refusal(where.format(tag))
    assert said == f"'{tag.split(maxsplit=1)[0]}' has nothing below to act on"
    assert places[0].startswith("0.yaml:1:")


def test_reset_takes_a_key_away_and_a_higher_layer_may_bring_it_back() -> None:
    assert value("a: {x: 1, y: 2}", "a: {x: !reset }") == {"a": {"y": 2}}
    assert value("a: {x: 1}", "a: {x: !reset }", "a: {x: [3]}") == {"a": {"x": [3]}}


def test_merging_is_a_fold_from_the_left() -> None:
    assert value("b: {x: 1}", "b: null", "b: {}") == {"b": {}}


def test_all_problems_are_found_and_the_lower_values_stay() -> None:
    merged, problems = fold("a: 1\nb: [1]\nc: {x: 1}", "a: [1]\nb: 2\nc: 3")
    assert len(problems) == 3
    assert plain(merged) == {"a": 1, "b": [1], "c": {"x": 1}}


def test_what_is_unchanged_is_shared() -> None:
    low, _ = fold("a: {x: {y: 1}}\nb: {x: 1}")
    from metaflow_extensions.mkflow.compose.merge import merge

    from .build import layer

    high = merge(low, layer("b: {x: 2}"), [])
    assert at(high, ("a",)) is at(low, ("a",))


def found(*texts: str) -> dict[str, Leaf]:
    merged, problems = fold(*texts)
    assert not problems
    return {dotted(leaf.path): leaf for leaf in leaves(merged)}


def test_every_leaf_knows_where_it_is_from_and_what_it_replaced() -> None:
    known = found("a: {x: 1}\nl: [p, q]", "a: {x: 2}", "a:\n  x: 3\nl: !append [r]")
    assert str(known["a.x"].origin) == "2.yaml:2:6"
    assert [(str(node.origin), node.value) for node in known["a.x"].replaced] == [("1.yaml:1:8", 2), ("0.yaml:1:8", 1)]
    assert [str(known[f"l.{index}"].origin) for index in range(3)] == ["0.yaml:2:5", "0.yaml:2:8", "2.yaml:3:13"]
    assert known["l.0"].replaced == ()


def test_a_list_item_replaced_what_stood_at_its_index() -> None:
    known = found("l: [p, q]", "l: [s]")
    assert [(str(node.origin), node.value) for node in known["l.0"].replaced] == [("0.yaml:1:5", "p")]


def test_what_null_covered_is_still_known() -> None:
    merged, _ = fold("a: {x: 1}", "a: null", "a: 5")
    node = at(merged, ("a",))
    assert node is not None
    assert [plain(below) for below in chain(node)] == [None, {"x": 1}]
