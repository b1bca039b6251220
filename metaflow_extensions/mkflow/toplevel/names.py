"""What mkflow adds to ``metaflow``; nothing of the library is imported by ``import metaflow``."""

import sys

from metaflow_extensions.mkflow.version import __version__  # noqa: F401  shown as 2.19.39+mkflow(0.1.0)

__mf_extensions__ = "mkflow"
__mf_promote_submodules__ = ["compose"]


def __lazily(module=sys.modules["metaflow"]):  # type: ignore[no-untyped-def]
    """Give ``metaflow`` the name ComposeSettings, loaded when it is asked for (PEP 562)."""
    before = module.__dict__.get("__getattr__")

    def __getattr__(name):  # type: ignore[no-untyped-def]
        if name == "ComposeSettings":
            from metaflow_extensions.mkflow.compose.author import ComposeSettings

            return ComposeSettings
        if before is not None:
            return before(name)
        raise AttributeError(f"module 'metaflow' has no attribute {name!r}")

    module.__getattr__ = __getattr__


__lazily()
