"""Canonical form and fingerprints: what must be equal for two instances to be the same."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

RECORD_FORMAT = "1"
DEFAULT_SUFFIXES = (".py", ".R", ".RDS")
"""What Metaflow 2.19 packages unless ``--package-suffixes`` says more (``DEFAULT_PACKAGE_SUFFIXES``)."""


def digest(value: Any) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fingerprint(parts: Mapping[str, str]) -> str:
    """One digest of the named parts."""
    return digest(dict(parts))


def code_digest(root: pathlib.Path, flow_file: str, suffixes: Sequence[str] = ()) -> str:
    """The digest of path and content of each file that Metaflow would package with a flow.

    That is every file below the flow's folder with a packaged suffix, hidden ones left out
    (``metaflow.package``, 2.19). Time, user and machine play no part.
    """
    wanted = (*DEFAULT_SUFFIXES, *suffixes)
    top = (root / flow_file).parent
    found = {}
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for name in sorted(names):
            if name.endswith(wanted) and not name.startswith("."):
                path = pathlib.Path(folder, name)
                try:
                    found[path.relative_to(top).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
                except OSError:
                    continue
    return digest(found)
