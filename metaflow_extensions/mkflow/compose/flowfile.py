"""What can be told of a flow file without importing it: the name of its flow class."""

from __future__ import annotations

import ast


def flow_class(source: bytes) -> str:
    """The name of the FlowSpec in a file: the class that its last lines call, else the one with steps.

    An empty text where there is none, or the file is not Python.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    names = {node.name for node in classes}
    called = [call for node in tree.body if isinstance(node, ast.If) for call in _calls(node) if call in names]
    if called:
        return called[-1]
    with_steps = [node.name for node in classes if any(_is_step(item) for item in node.body)]
    return with_steps[-1] if with_steps else ""


def _calls(node: ast.AST) -> list[str]:
    return [
        call.func.id for call in ast.walk(node) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    ]


def _is_step(node: ast.stmt) -> bool:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return any(
        (isinstance(item, ast.Name) and item.id == "step") or (isinstance(item, ast.Attribute) and item.attr == "step")
        for item in decorators
    )
