"""What a flow file uses: the ComposeSettings mix-in. The only module of the library that flows load.

It is imported in every process of a run, so it imports nothing but what ``import metaflow`` has loaded
already; the rest of the library is imported where a flow composes by itself, which steps never do.
Metaflow behaviour that this relies on was read in 2.19.39 and runs in the tests from 2.19.10 on.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any

from metaflow.decorators import FlowDecorator
from metaflow.exception import MetaflowException
from metaflow.flowspec import FlowSpecMeta, FlowStateItems
from metaflow.parameters import current_flow
from metaflow.user_configs.config_parameters import UNPACK_KEY, Config, ConfigValue, DelayEvaluator
from metaflow.user_decorators.user_flow_decorator import FlowMutator

if TYPE_CHECKING:
    from .errors import MkflowError

NAME = "settings"
SCHEDULERS = ("step-functions", "argo-workflows")
MASK = "********"
_SECRET = re.compile(r"(?i)(?:pass(?:word|wd|phrase)?|secret|token|api_?key|private_?key|credentials?)$")


class ComposeFailed(MetaflowException):
    """The settings of a flow cannot be composed, or are another flow's."""

    headline = "The settings do not compose"


class Deferred(DelayEvaluator):
    """A setting that a decorator or a parameter asks for before there are settings.

    Metaflow's own class builds a Python expression of the keys and evaluates it. This one looks the keys
    up, so that a key may have any characters, a wrong one says so, and no value is ever run as code.
    """

    def __init__(self, path: tuple[Any, ...]) -> None:
        super().__init__(NAME)
        self._path = path

    def __copy__(self) -> Deferred:
        return self

    def __deepcopy__(self, memo: Any) -> Deferred:
        return self

    def __getitem__(self, key: Any) -> Deferred:
        if isinstance(key, str) and key.startswith(UNPACK_KEY):
            return self
        return Deferred((*self._path, key))

    def __getattr__(self, name: str) -> Deferred:
        if name.startswith("__"):
            raise AttributeError(name)
        return Deferred((*self._path, name))

    def __call__(self, ctx: Any = None, deploy_time: bool = False) -> Any:
        """The value, once Metaflow has read the Config; it calls this when it resolves a decorator."""
        flow_cls = getattr(current_flow, "flow_cls", None)
        if flow_cls is None:
            raise MetaflowException("settings can be asked for in a flow and its decorators only")
        configs = flow_cls._flow_state[FlowStateItems.CONFIGS]
        found: Any = configs[NAME][0] if NAME in configs else None
        path = [part() if isinstance(part, DelayEvaluator) else part for part in self._path]
        for position, part in enumerate(path):
            found = _step_down(found, part, path[: position + 1])
        return ConfigValue(found) if isinstance(found, dict) else found


def _step_down(found: Any, part: Any, path: Sequence[Any]) -> Any:
    if isinstance(found, dict) and part in found:
        return found[part]
    if isinstance(found, (list, tuple)) and str(part).isdigit() and int(part) < len(found):
        return found[int(part)]
    from .spelling import nearest

    known = [str(key) for key in found] if isinstance(found, dict) else []
    meant = nearest(str(part), known)
    words = ".".join(map(str, path))
    hint = f"; did you mean {'.'.join([*map(str, path[:-1]), meant])!r}?" if meant else ""
    raise ComposeFailed(f"there is no setting {words!r}{hint}")


class SettingsConfig(Config):
    """Metaflow's Config, with :class:`Deferred` in decorators."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Deferred((name,))

    def __getitem__(self, key: Any) -> Any:
        return Deferred(()) if isinstance(key, str) and key.startswith(UNPACK_KEY) else Deferred((key,))

    def __iter__(self) -> Iterator[str]:
        yield from Deferred(())


class RunTags(FlowDecorator):
    """Puts what an instance is on every run, as system tags, however the run is started."""

    name = "_mkflow"
    defaults = {"tags": None}

    def flow_init(
        self, flow: Any, graph: Any, environment: Any, flow_datastore: Any, metadata: Any, logger: Any, echo: Any,
        options: Any,
    ) -> None:  # fmt: skip
        """Metaflow's hook: called in every process before anything is registered."""
        metadata.add_sticky_tags(sys_tags=self.attributes["tags"])


class ApplySettings(FlowMutator):
    """Attached to every flow with the mix-in; runs in every process, so it reads the Config only."""

    def pre_mutate(self, mutable_flow: Any) -> None:
        """Metaflow's hook: called when the Config was read, before parameters and flow decorators are."""
        settings = dict(mutable_flow.configs).get(NAME)
        if settings is None:
            return
        _scrub(settings)
        artifact = settings.get("artifact") or {}
        _verify(artifact, mutable_flow._flow_cls.__name__)
        tags = [f"mkflow.{key}:{artifact[key]}" for key in _TAGGED if artifact.get(key)]
        if tags:
            mutable_flow.add_decorator(partial(FlowDecorator, RunTags), deco_kwargs={"tags": tags})
        section = _flow_section(mutable_flow)
        if section:
            from .apply import apply_to_flow

            _check_shape(mutable_flow._flow_cls, section)
            apply_to_flow(mutable_flow, section)
        target = next((word for word in sys.argv[1:] if word in SCHEDULERS), None)
        if target:
            from .apply import translate_schedule

            try:
                translate_schedule(mutable_flow, target)
            except ValueError as error:
                raise ComposeFailed(str(error)) from None

    def mutate(self, mutable_flow: Any) -> None:
        """Metaflow's hook: called when the command line was read, before step decorators start."""
        section = _flow_section(mutable_flow)
        if section:
            from .apply import apply_to_steps

            apply_to_steps(mutable_flow, section)


def _flow_section(mutable_flow: Any) -> dict[str, Any]:
    """What the settings say of the flow's shape, as plain data."""
    settings = dict(mutable_flow.configs).get(NAME)
    section = settings.get("flow") if settings is not None else None
    return section.to_dict() if isinstance(section, ConfigValue) else {}


def _check_shape(flow_cls: Any, section: dict[str, Any]) -> None:
    """Refuse what does not fit the flow before anything runs; origins are those that came with the settings."""
    from .errors import SettingsError, by_place
    from .flow_probe import describe
    from .shape import shape_problems
    from .tree import located

    problems = shape_problems(located(section, ("flow",), _origins), describe(flow_cls))
    if problems:
        raise ComposeFailed(_below_headline(SettingsError(*by_place(problems))))


_origins: dict[str, str] = {}
"""Places of the ``flow`` section's values by dotted path, where this process knows them."""


_TAGGED = ("project", "flow", "binding", "profile", "fingerprint")


def _scrub(settings: Any) -> None:
    """Keep a Runner inside a step from handing this flow's settings to another flow.

    Deployed tasks have METAFLOW_FLOW_CONFIG_VALUE set, and every process that they start inherits it.
    """
    handed = os.environ.get("METAFLOW_FLOW_CONFIG_VALUE", "")
    if '"kv.' in handed:
        wanted, given = os.environ.get("MKFLOW_BINDING"), (settings.get("artifact") or {}).get("binding")
        if wanted and given and wanted != given:
            raise ComposeFailed(f"these are the settings of the binding {given!r}, MKFLOW_BINDING is {wanted!r}")
        del os.environ["METAFLOW_FLOW_CONFIG_VALUE"]


def _verify(artifact: Any, class_name: str) -> None:
    meant = artifact.get("flow_class")
    if meant and meant != class_name:
        binding = artifact.get("binding", "default")
        raise ComposeFailed(
            f"these settings were compiled for the flow {meant!r} (binding {binding!r}), this flow is {class_name!r}; "
            "use the file that `mkflow compile` names for it"
        )


class ComposeMeta(FlowSpecMeta):
    """Attaches :class:`ApplySettings` to flows; a class that is no FlowSpec is left as it is."""

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        if not any(isinstance(base, FlowSpecMeta) and not isinstance(base, ComposeMeta) for base in cls.__mro__):
            type.__init__(cls, name, bases, attrs)
            return
        super().__init__(name, bases, attrs)
        present = cls._flow_state[FlowStateItems.FLOW_MUTATORS]
        if not any(isinstance(mutator, ApplySettings) for mutator in present):
            ApplySettings()(cls)


def compose_for(context: Any) -> dict[str, Any]:
    """The settings of the flow that is being run, for MKFLOW_BINDING and MKFLOW_PROFILE.

    Metaflow calls this once, in the outer process, where neither ``--config`` nor ``--config-value`` is given.

    Raises:
        ComposeFailed: with every problem and its place.
    """
    from .errors import MkflowError
    from .flow_door import compose_flow

    flow_cls = current_flow.flow_cls
    # Under Runner and Deployer the flow is a module, and its own process composes again, with its own environment.
    try:
        settings, origins = compose_flow(_file_of(flow_cls), flow_cls.__name__, flow_cls.__module__ != "__main__")
        _origins.update(origins)
        return settings
    except MkflowError as error:
        raise ComposeFailed(_below_headline(error)) from None


def _file_of(flow_cls: type) -> str:
    """The file of a flow; ``inspect`` cannot tell under Runner, which keeps the module to itself."""
    found = (getattr(value, "__code__", None) for value in vars(flow_cls).values())
    return next((code.co_filename for code in found if code is not None), sys.argv[0])


def _below_headline(error: MkflowError) -> str:
    return "\n" + str(error)


def parse(text: str) -> Any:
    """The content of ``--config settings FILE``: YAML or JSON whose top is a mapping.

    Raises:
        ComposeFailed: if it is neither.
    """
    if text.lstrip()[:1] == "{":
        try:
            return json.loads(text)
        except ValueError:
            pass
    from .compiled import origins_in
    from .reader import read_yaml
    from .source import Refusal, Source
    from .tree import plain

    _origins.update(origins_in(text))
    try:
        return plain(read_yaml(text, Source(f"--config {NAME}")))
    except Refusal as refusal:
        from .errors import format_problem

        raise ComposeFailed("\n" + format_problem(refusal.problem)) from None


class ComposeSettings(metaclass=ComposeMeta):
    """Mix-in for FlowSpec: ``self.settings``, composed from the project's settings files.

    ::

        class Training(FlowSpec, ComposeSettings):
            ...

    In decorators and parameters, ``ComposeSettings.settings.configuration.model.depth`` or
    :meth:`get_deploy_time_settings` stand for a value that is known when the flow is run or deployed.
    """

    settings = SettingsConfig(
        NAME,
        default_value=compose_for,
        parser=parse,
        help="The compiled settings of one instance; composed for MKFLOW_BINDING and MKFLOW_PROFILE if not given.",
    )

    @staticmethod
    def get_deploy_time_settings(path: str) -> Deferred:
        """The value of a dotted path, for use in a decorator or as a parameter's default.

        Raises:
            ComposeFailed: when the flow is run or deployed, if there is no such setting.
        """
        from .tree import parse_path

        return Deferred(parse_path(path))

    def show_settings(
        self, include_patterns: Sequence[str] | None = None, exclude_patterns: Sequence[str] | None = None
    ) -> None:
        """Print the settings, a line each, secrets masked; patterns are globs on dotted paths.

        Never fails a run: what cannot be printed is said in a line.
        """
        try:
            lines = ["Configuration Values:"]
            for path, value in _lines(self.settings, ()):
                dotted = ".".join(path)
                if include_patterns and not any(fnmatchcase(dotted, glob) for glob in include_patterns):
                    continue
                if exclude_patterns and any(fnmatchcase(dotted, glob) for glob in exclude_patterns):
                    continue
                shown = MASK if any(_SECRET.search(part) for part in path) else value
                lines.append(f"settings.{dotted} = {shown}")
            print("\n".join(lines))
        # Whatever is odd about a value or a terminal, printing settings must not end a training.
        except Exception as error:
            print(f"the settings cannot be shown: {error!r}")


def _lines(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for key in value:
            yield from _lines(value[key], (*path, str(key)))
    elif isinstance(value, (list, tuple)) and value:
        for index, item in enumerate(value):
            yield from _lines(item, (*path, str(index)))
    else:
        yield path, value
