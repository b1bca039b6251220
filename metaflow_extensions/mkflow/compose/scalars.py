"""Plain scalars by the YAML 1.2 core schema, and those that YAML 1.1 reads differently."""

from __future__ import annotations

import re
from typing import Any

MOST_DIGITS = 1_000
"""A longer whole number is refused: Python cannot write one of 4,300 digits, and no setting is one."""

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_SPECIAL_FLOATS = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_NUMBER_START = frozenset("+-.0123456789")
_NORWAY = frozenset(("yes", "no", "on", "off"))
_UNLIKE_NUMBERS = re.compile(
    r"[-+]?0[0-9]+|0o[0-7]+|[-+]?0b[01_]+|[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?"
    r"|[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?|[-+]0x[0-9a-fA-F_]+|0x[0-9a-fA-F]*_[0-9a-fA-F_]*|\.[0-9]+_[0-9_]*"
)


def ambiguous(text: str) -> str | None:
    """For a plain scalar that YAML 1.1 and 1.2 read differently: how to write it. Else None."""
    if text.lower() in _NORWAY:
        truth = "true" if text.lower() in ("yes", "on") else "false"
        return f"{truth}, or \"{text}\" if it is text"
    if text[:1] in _NUMBER_START and _UNLIKE_NUMBERS.fullmatch(text):
        digits = text.replace("_", "")
        number = digits.lstrip("+-0") if digits.lstrip("+-").isdigit() else ""
        return f"{number or 'the plain number'}, or \"{text}\" if it is text"
    return None


def scalar(text: str) -> Any:
    """The value of a plain scalar by the YAML 1.2 core schema; 1e-3 is a float, a date is text."""
    if text in _NULLS:
        return None
    if text[0] in _NUMBER_START:
        if _INT.fullmatch(text) and len(text) <= MOST_DIGITS:
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _HEX.fullmatch(text):
            return int(text, 16)
        special = _SPECIAL_FLOATS.fullmatch(text)
        if special:
            return float(text.replace(".", ""))
        return text
    return _BOOLS.get(text, text)


def is_long_number(text: str) -> bool:
    """Tell a whole number of more digits than settings may have; Python takes seconds, or raises, to read one."""
    return len(text) > MOST_DIGITS and bool(_INT.fullmatch(text) or _HEX.fullmatch(text))
