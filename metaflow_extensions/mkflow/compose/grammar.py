"""OmegaConf's reference grammar with our look-ups: its parser and its visitor, none of its containers.

The only module that imports OmegaConf (2.3 and 2.4 have the two names that are used here). Parsing costs
about a millisecond, so parse trees are kept: the same text comes again with every instance.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from omegaconf.errors import GrammarParseError
from omegaconf.grammar_parser import parse
from omegaconf.grammar_visitor import GrammarVisitor


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> Any:
    return parse(text)


def evaluate(text: str, lookup: Callable[[str], Any], call: Callable[[str, tuple[Any, ...]], Any]) -> Any:
    """The value of a text with references.

    Args:
        text: with ``${...}`` and escapes in it.
        lookup: gives the plain value for a key as written, with its leading dots.
        call: gives the plain value of a resolver and its arguments.

    Raises:
        ValueError: if the text does not follow the grammar.
    """

    def resolver(name: str, args: tuple[Any, ...], args_str: tuple[str, ...]) -> Any:
        return call(name, args)

    def node(key: Any, memo: Any) -> Any:
        # OmegaConf 2.3 gives the text of the key, 2.4 an object that has it.
        return lookup(key if isinstance(key, str) else key.raw)

    try:
        return GrammarVisitor(node, resolver, None).visit(_parsed(text))
    except GrammarParseError as error:
        if text.count("${") > text.count("}"):
            raise ValueError(f"a reference is not closed: '{text}'") from None
        if "${}" in text:
            raise ValueError(f"a reference is empty: '{text}'") from None
        words = str(error).split("\n")[0]
        raise ValueError(f"'{text}' is not a reference: {words}") from None
    except ValueError as error:
        words = str(error).split("\n")[0]
        if "config key" in words:
            raise ValueError(f"a reference inside a reference gives no text for a key: '{text}'") from None
        raise ValueError(f"'{text}' is not a reference: {words[:1].lower()}{words[1:]}") from None
    except RecursionError:
        raise ValueError("the references are nested too deep") from None
