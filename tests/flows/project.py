"""A small project on disk and ways to run it, shared by the tests of this folder."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

FLOW = """
import os
from metaflow import ComposeSettings, FlowSpec, Parameter, current, environment, resources, step


class Training(FlowSpec, ComposeSettings):
    depth = Parameter("depth", type=int, default=ComposeSettings.settings.configuration.model.depth)

    @environment(vars=ComposeSettings.get_deploy_time_settings("configuration.vars"))
    @resources(cpu=ComposeSettings.settings["configuration"]["model"]["cpu"])
    @step
    def start(self):
        self.seen = os.environ.get("FROM_SETTINGS")
        self.next(self.end)

    @step
    def end(self):
        self.rate = self.settings.configuration.model.rate


if __name__ == "__main__":
    Training()
"""

SETTINGS = {
    "settings/settings.configuration.yaml": """
        model: {depth: 4, cpu: 2, rate: 1e-3, name: "${mkflow:binding}-${.depth}"}
        features: [a, b]
        vars: {FROM_SETTINGS: "007", "dashed-key": "x"}
        nothing: null
        unicode: "zürich → 東京"
    """,
    "settings/settings.configuration.EXP_01.yaml": "model: {depth: 8}\n",
    "settings/settings.configuration.EXP_02.yaml": "features: !append [c]\n",
    "settings/settings.configuration@prod.yaml": "model: {cpu: 16}\n",
    "mkflow.yaml": """
        project: demo
        default_profile: dev
        flows: {training: {bindings: "EXP_*"}}
        profiles: {dev: {}, prod: {production: true}}
    """,
}


class Project:
    """A folder with settings and flows."""

    def __init__(self, root: pathlib.Path, files: Mapping[str, str] | None = None) -> None:
        self.root = root
        for name, text in {**SETTINGS, "flows/training.py": FLOW, **(files or {})}.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> pathlib.Path:
        """Write a file, without its indentation."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")
        return path

    def env(self, **more: str) -> dict[str, str]:
        """A clean environment: no settings of the person who runs the tests."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        own = {"METAFLOW_USER": "tester", "PYTHONPATH": "", "METAFLOW_HOME": str(self.root / ".home")}
        return {**kept, **own, "PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{kept.get('PATH', '')}", **more}

    def run(self, *argv: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project folder and check its exit status."""
        done = subprocess.run(argv, cwd=self.root, env=self.env(**env), capture_output=True, text=True, timeout=180)
        assert done.returncode == code, f"{argv} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def mkflow(self, *argv: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the mkflow command."""
        return self.run(sys.executable, "-m", "mkflow", *argv, code=code, **env)

    def flow(self, *argv: str, code: int = 0, file: str = "flows/training.py", **env: str) -> subprocess.CompletedProcess[str]:
        """Run a flow file with Python."""
        return self.run(sys.executable, file, *argv, code=code, **env)

    def python(self, code: str, **env: str) -> Any:
        """Run a piece of Python that prints one JSON value on its last line."""
        done = self.run(sys.executable, "-c", textwrap.dedent(code), **env)
        return json.loads(done.stdout.strip().splitlines()[-1])

    def latest(self, expression: str, flow: str = "Training") -> Any:
        """An expression over ``run``, the latest run of a flow, through the Client API."""
        return self.python(f"""
            import json
            from metaflow import Flow, namespace
            namespace(None)
            run = Flow({flow!r}).latest_run
            print(json.dumps({expression}))
        """)

    def latest_settings_of(self, package: str) -> dict[str, Any]:
        """The settings inside a code package."""
        done = self.run("tar", "xOf", package, ".mf_meta/CONFIG")
        value: dict[str, Any] = json.loads(done.stdout)["user_configs"]["settings"][0]
        return value
