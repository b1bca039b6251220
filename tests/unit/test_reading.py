from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_extensions.mkflow.compose.compiled import dump
from metaflow_extensions.mkflow.compose.errors import SettingsError, printable
from metaflow_extensions.mkflow.compose.reader import read
from metaflow_extensions.mkflow.compose.source import Source
from metaflow_extensions.mkflow.compose.tree import dotted, leaves, plain


def parsed(text: str, name: str = "s.yaml") -> Any:
    return plain(read(text.encode(), Source(name)))


def said(data: bytes, name: str = "s.yaml") -> tuple[str, str]:
    with pytest.raises(SettingsError) as error:
        read(data, Source(name))
    (problem,) = error.value.problems
    return problem.summary, str(problem.origins[0])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1", 1), ("-7", -7), ("+7", 7), ("0", 0), ("1.5", 1.5), ("1e-3", 0.001), ("1E5", 100000.0), (".5", 0.5), ("5.", 5.0), ("0x1F", 31),
        ("true", True), ("False", False), ("TRUE", True), ("null", None), ("~", None), ("Null", None), ("", None), ("2024-01-01", "2024-01-01"),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"), ("abc", "abc"), ("y", "y"), ("'yes'", "yes"), ('"012"', "012"), ("!!str 012", "012"),
        ("1.2.3", "1.2.3"), ("-", ["x"]), (".inf", math.inf), ("-.INF", -math.inf), ("=", "="), ("1e", "1e"), ("0x", "0x"), ("|\n  x\n", "x\n"),
    ],
)  # fmt: skip
def test_the_core_schema(text: str, wanted: object) -> None:
    if text == "-":
        text = "[x]"
    found = parsed(f"a: {text}")["a"]
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize("text", ["yes", "No", "ON", "off", "012", "-012", "08", "1:20", "1:20:30.5", "1_000", "0o17", "0b101"])
def test_what_two_versions_of_yaml_read_differently_is_refused(text: str) -> None:
    assert said(f"a: {text}".encode()) == (f"'{text}' means different things in YAML 1.1 and 1.2", "s.yaml:1:4")


def test_every_key_value_and_item_has_its_place() -> None:
    node = read(b"a:\n  b: 1\n  c: [x, {d: y}]\nbase: &base {k: 1}\nuse: {<<: *base, z: 2}\n", Source("s.yaml", "global"))
    places = {dotted(leaf.path): (str(leaf.origin), leaf.origin.layer) for leaf in leaves(node)}
    assert places == {
        "a.b": ("s.yaml:2:6", "global"), "a.c.0": ("s.yaml:3:7", "global"), "a.c.1.d": ("s.yaml:3:14", "global"),
        "base.k": ("s.yaml:4:17", "global"), "use.k": ("s.yaml:4:17", "global"), "use.z": ("s.yaml:5:21", "global"),
    }  # fmt: skip
    assert isinstance(node.value, dict)
    assert str(node.value["use"].key_origin) == "s.yaml:5:1"


def test_json_and_toml_have_places() -> None:
    node = read(b'{"a": 1,\n "b": ["x", {"c": null}]}', Source("s.json"))
    assert {dotted(leaf.path): str(leaf.origin) for leaf in leaves(node)} == {
        "a": "s.json:1:7", "b.0": "s.json:2:8", "b.1.c": "s.json:2:19",
    }  # fmt: skip
    node = read(b'a.b = 1\n[t]\nx = 2024-01-01\ny = """\nz = 3\n"""\n[[l]]\nq = 1\n[[l]]\nq = 2\n', Source("s.toml"))
    assert plain(node) == {"a": {"b": 1}, "t": {"x": "2024-01-01", "y": "z = 3\n"}, "l": [{"q": 1}, {"q": 2}]}
    assert {dotted(leaf.path): str(leaf.origin) for leaf in leaves(node)} == {
        "a.b": "s.toml:1:7", "t.x": "s.toml:3:5", "t.y": "s.toml:4:5", "l.0.q": "s.toml:8:5", "l.1.q": "s.toml:10:5",
    }  # fmt: skip


SCALARS = st.one_of(st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8))
DATA = st.dictionaries(
    st.text(min_size=1, max_size=5).filter(lambda key: key.isprintable()),
    st.recursive(SCALARS, lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.text(min_size=1, max_size=3), below, max_size=3)),
                 max_leaves=8),
    max_size=4,
)  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True)
@given(DATA)
def test_json_is_read_as_json_is_meant(data: dict[str, Any]) -> None:
    assert parsed(json.dumps(data), "s.json") == data


@settings(max_examples=300, deadline=None, derandomize=True)
@given(DATA)
def test_a_compiled_file_is_read_back(data: dict[str, Any]) -> None:
    text = dump(data)
    assert parsed(text) == data
    assert yaml.safe_load(text) == data


@pytest.mark.parametrize("text", ["yes", "012", "1e-3", "1e3", "null", "~", "", " x ", "a: b", "# x", "1:20", "2024-01-01", "a\nb\n", "\t", "\x07", "é→", "0x1F"])
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    assert parsed(dump({"a": text})) == {"a": text}
    assert yaml.safe_load(dump({"a": text})) == {"a": text}


def test_what_could_move_the_cursor_is_escaped_on_output() -> None:
    assert printable("a\x1b[31mb") == "a\\x1b[31mb"
    assert printable("a\u202eb") == "a\\u202eb"
    assert printable("zürich →") == "zürich →"
