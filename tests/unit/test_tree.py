from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_extensions.mkflow.compose.tree import (
    MOST_PARTS,
    Node,
    Origin,
    assign,
    at,
    chain,
    compare,
    dotted,
    from_plain,
    is_utf_8,
    is_whole_reference,
    kind,
    leaves,
    located,
    parse_path,
    places,
    plain,
)

from .build import fold, layer

HERE = Origin("here")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        pytest.param({}, "mapping", id="mapping"),
        pytest.param([], "list", id="list"),
        pytest.param(None, "null", id="null"),
        pytest.param("${a}", "reference", id="reference"),
        pytest.param("${a.${b}}", "reference", id="nested reference"),
        pytest.param("${oc.env:A,{x: 1}}", "reference", id="braces inside a reference"),
        pytest.param("x${a}", "scalar", id="text before"),
        pytest.param("${a}x", "scalar", id="text after"),
        pytest.param("${a}${b}", "scalar", id="two references"),
        pytest.param("${a", "scalar", id="not closed"),
        pytest.param("\\${a}", "scalar", id="escaped"),
        pytest.param("???", "scalar", id="missing"),
        pytest.param("", "scalar", id="empty text"),
        pytest.param(0, "scalar", id="zero"),
        pytest.param(False, "scalar", id="false"),
    ],
)
def test_kinds(value: object, word: str) -> None:
    assert kind(from_plain(value, HERE)) == word
    assert is_whole_reference(value if isinstance(value, str) else "") is (word == "reference")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(("a", "b", 0), "a.b.0", id="plain"),
        pytest.param(("a", "b.c"), 'a."b.c"', id="dot"),
        pytest.param(("a", ""), 'a.""', id="empty"),
        pytest.param(("a b",), '"a b"', id="space"),
        pytest.param(('q"q',), '"q\\"q"', id="quote"),
        pytest.param(("x=y",), '"x=y"', id="equals sign"),
        pytest.param(("ü", "a-b", "a\\b"), "ü.a-b.a\\b", id="needs no quotes"),
    ],
)
def test_a_path_is_written_and_read_back(path: tuple[str | int, ...], text: str) -> None:
    assert dotted(path) == text
    assert parse_path(text) == tuple(map(str, path))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=5).map(tuple))
def test_every_path_is_read_back(path: tuple[str, ...]) -> None:
    assert parse_path(dotted(path)) == path


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", '"a', 'a"b"', '"a"b', "a." * MOST_PARTS + "a"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse_path(text)


def test_places_of_a_tree() -> None:
    node = layer("a:\n  b: 1\n  c: [x, {d: y}]\n")
    assert {dotted(path): str(origin) for path, origin in places(node)} == {
        "": "0.yaml:1:1", "a": "0.yaml:1:1", "a.b": "0.yaml:2:6", "a.c": "0.yaml:3:6", "a.c.0": "0.yaml:3:7",
        "a.c.1": "0.yaml:3:10", "a.c.1.d": "0.yaml:3:14",
    }  # fmt: skip


def test_leaves_in_document_order_and_empty_ones_too() -> None:
    node = layer("z: 1\na: {}\nl: []\nm: {k: [1, {}]}\nn: null\n")
    assert [(dotted(leaf.path), leaf.value) for leaf in leaves(node)] == [
        ("z", 1), ("a", {}), ("l", []), ("m.k.0", 1), ("m.k.1", {}), ("n", None),
    ]  # fmt: skip


def test_the_nearest_replaced_value_comes_first() -> None:
    node = at(fold("a: 1", "a: 2", "a: 3")[0], ("a",))
    assert node is not None
    assert [plain(below) for below in chain(node)] == [2, 1]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("a", "l", 1), "y", id="item by number"),
        pytest.param(("a", "l", "1"), "y", id="item by text"),
        pytest.param(("a", "l", "-1"), "z", id="last item"),
        pytest.param(("a", "l", 3), None, id="behind the end"),
        pytest.param(("a", "l", "x"), None, id="no number"),
        pytest.param(("a", "no", "where"), None, id="absent"),
        pytest.param(("a", "s", "deeper"), None, id="inside a scalar"),
        pytest.param(("a", "7"), "seven", id="digits as a key"),
        pytest.param(("a", 7), "seven", id="a number for a key of digits"),
    ],
)
def test_the_node_at_a_path(path: tuple[str | int, ...], value: object) -> None:
    node = at(layer("a: {l: [x, y, z], s: 1, '7': seven}"), path)
    assert (None if node is None else plain(node)) == value


def test_assigning_leaves_the_tree_as_it_was_and_shares_the_rest() -> None:
    before = from_plain({"a": {"x": 1}, "b": {"y": 2}}, HERE)
    after = assign(before, ("a", "n", "m"), Node(7, HERE))
    assert plain(before) == {"a": {"x": 1}, "b": {"y": 2}}
    assert plain(after) == {"a": {"x": 1, "n": {"m": 7}}, "b": {"y": 2}}
    assert at(after, ("b",)) is at(before, ("b",))


def test_comparing_tells_value_and_type() -> None:
    left = from_plain({"a": 1, "b": True, "c": {}, "same": "x", "system": {"user": 1}}, HERE)
    right = from_plain({"a": 1.0, "b": 1, "d": [], "same": "x", "system": {"user": 2}}, HERE)
    found = [(path, one and one.value, two and two.value) for path, one, two in compare(left, right, ("system",))]
    assert found == [("a", 1, 1.0), ("b", True, 1), ("c", {}, None), ("d", None, [])]


def test_plain_data_is_placed_by_its_dotted_paths() -> None:
    node = located({"a": {"b.c": [1]}}, (), {"a": "f.yaml:1:1", 'a."b.c".0': "f.yaml:2:3"})
    assert [str(leaf.origin) for leaf in leaves(node)] == ["f.yaml:2:3"]
    assert str(at(node, ("a",)).origin) == "f.yaml:1:1"  # type: ignore[union-attr]
    assert plain(node) == {"a": {"b.c": [1]}}


@pytest.mark.parametrize(("text", "fine"), [("zürich", True), ("\ud800", False), ("", True)])
def test_what_can_be_written_down(text: str, fine: bool) -> None:
    assert is_utf_8(text) is fine
