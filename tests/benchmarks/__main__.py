"""``python -m tests.benchmarks``: every claim of speed, as a ratio against a peer measured in the same run."""

from __future__ import annotations

import os
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

from ..aws import server
from . import project_maker
from .measure import cost, median, pairs, ratio

PLAIN = """from metaflow import FlowSpec, step


class Training(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Training()
"""
ONE_STEP = """from metaflow import ComposeSettings, FlowSpec, step


class Training(FlowSpec, ComposeSettings):
    @step(start=True, end=True)
    def only(self):
        pass


if __name__ == "__main__":
    Training()
"""


def environment(folder: pathlib.Path) -> dict[str, str]:
    """The environment of every measured process."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "METAFLOW_USER": "bench", "METAFLOW_HOME": str(folder / ".home")}


def compose_against_hydra() -> str:
    """CPU of composing 200 bindings of a project with 250 keys, a third of them references."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from metaflow_extensions.mkflow.compose.environment import read_facts
    from metaflow_extensions.mkflow.compose.pipeline import Composer, load_project
    from metaflow_extensions.mkflow.compose.select import all_keys
    from metaflow_extensions.mkflow.compose.tree import plain

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        project_maker.make_mkflow(folder / "mkflow", 200, 250)
        project_maker.make_hydra(folder / "hydra", 200, 250)
        ratios, ours_ms, theirs_ms = [], [], []
        for _ in range(3):
            started = time.process_time()
            project = load_project(folder / "mkflow")
            composer = Composer(project, read_facts(project.root, os.environ))
            ours = [plain(outcome.instance.settings)["configuration"] for outcome in composer.outcomes(all_keys(project, ["dev"]))]
            mine = (time.process_time() - started) / 200
            started = time.process_time()
            with initialize_config_dir(str(folder / "hydra"), version_base=None):
                theirs = [
                    OmegaConf.to_container(compose("config", overrides=[f"binding=B-{number}"]), resolve=True)["configuration"]
                    for number in range(20)
                ]
            hydra = (time.process_time() - started) / 20
            by_name = {settings["group_0"]["key_0"] + str(settings): settings for settings in ours}
            assert all(any(settings == other for other in by_name.values()) for settings in theirs), "not the same settings"
            ratios.append(hydra / mine)
            ours_ms.append(mine * 1000)
            theirs_ms.append(hydra * 1000)
    return (
        f"compose an instance: Hydra {statistics.median(theirs_ms):.1f} ms, mkflow {statistics.median(ours_ms):.2f} ms, "
        f"{statistics.median(ratios):.0f} times less (goal 20)"
    )


def show_against_import() -> str:
    """`mkflow show` of one instance in a project of 200 bindings, against importing Metaflow."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        project_maker.make_mkflow(folder, 200, 250)
        small = pathlib.Path(name, "small")
        project_maker.make_mkflow(small, 2, 50)
        show = [sys.executable, "-m", "mkflow", "show", "-b", "B-1"]
        peer = [sys.executable, "-c", "import metaflow"]
        large_pairs = pairs(show, peer, folder, environment(folder), 9)
        small_pairs = pairs(show, peer, small, environment(folder), 9)
    return (
        f"mkflow show / import metaflow, wall: {ratio(small_pairs, 'wall'):.2f} with 2 bindings and 50 keys, "
        f"{ratio(large_pairs, 'wall'):.2f} with 200 bindings and 250 keys (goal below 1)"
    )


def run_against_plain() -> str:
    """`mkflow run` against the same run by hand, of a flow with one empty step."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        project_maker.make_mkflow(folder, 2, 50)
        (folder / "flows" / "training.py").write_text(ONE_STEP)
        env = environment(folder)
        os.chdir(folder)
        cost([sys.executable, "-m", "mkflow", "compile", "-b", "B-1"], folder, env)
        compiled = next((folder / ".mkflow/settings/compiled").glob("*.B-1.*"))
        plain = [sys.executable, "flows/training.py", "--config", "settings", str(compiled), "run"]
        found = pairs([sys.executable, "-m", "mkflow", "run", "-b", "B-1"], plain, folder, env, 9)
        os.chdir("/")
    return f"mkflow run / python flow.py --config ... run, wall: {ratio(found, 'wall'):.2f} (goal at most 1.1)"


def step_against_plain() -> str:
    """A step process of a flow with the mix-in against one without."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        project_maker.make_mkflow(folder, 2, 250)
        (folder / "flows" / "plain.py").write_text(PLAIN)
        env = environment(folder)
        commands = []
        for file, more in (("flows/training.py", {"MKFLOW_BINDING": "B-1"}), ("flows/plain.py", {})):
            package = folder / f"{pathlib.Path(file).stem}.tgz"
            cost([sys.executable, file, "package", "save", str(package)], folder, {**env, **more})
            task = folder / pathlib.Path(file).stem
            task.mkdir()
            cost(["tar", "xf", str(package), "-C", str(task)], folder, env)
            top = ["--quiet", "--metadata", "local", "--datastore", "local", "--datastore-root", str(task / "store")]
            script = f"{task.name}.py"
            value = ["--config-value", "settings", "kv.settings"] if more else []
            code = f"PYTHONPATH={task}/.mf_code exec {sys.executable} {script} {' '.join([*top, *value])} "
            cost(["sh", "-c", f"cd {task} && {code} init --run-id 1 --task-id 0"], folder, env)
            step = "step start --run-id 1 --task-id 1 --input-paths 1/_parameters/0"
            commands.append(["sh", "-c", f"cd {task} && {code} {step}"])
        found = pairs(commands[0], commands[1], folder, env, 15)
        more_ms = statistics.median((one.wall - two.wall) * 1000 for one, two in found)
        plain_ms = median([two for _, two in found], "wall") * 1000
    return f"a step process with the mix-in: {more_ms:+.0f} ms on {plain_ms:.0f} ms (goal at most +10 ms)"


def check_many() -> str:
    """Memory and time of `mkflow check` over 5,000 instances, against 1,000."""
    found = {}
    for count in (1_000, 5_000):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            project_maker.make_mkflow(folder, count // 2, 250)
            check = [sys.executable, "-m", "mkflow", "check", "--no-flows"]
            found[count] = cost(check, folder, environment(folder))
    growth = (found[5_000].cpu / 5_000) / (found[1_000].cpu / 1_000)
    return (
        f"check of 5,000 instances: {found[5_000].memory:.0f} MiB (goal below 300), {found[5_000].wall:.1f} s, "
        f"CPU for an instance {growth:.2f} times that of 1,000 instances (linear is 1)"
    )


def deploy_many(count: int = 50) -> str:
    """Deploying instances to Step Functions on loopback, against a loop of Metaflow's own command; then a plan."""
    with tempfile.TemporaryDirectory() as name, server() as aws:
        folder = pathlib.Path(name)
        project_maker.make_mkflow(folder, count, 50)
        (folder / "mkflow.yaml").write_text("project: bench\ndefault_profile: dev\nprofiles: {dev: {orchestrator: step-functions}}\n")
        env = {**environment(folder), **aws}
        compiled = folder / ".mkflow/settings/compiled"
        cost([sys.executable, "-m", "mkflow", "compile"], folder, env)
        loop = "set -e; for f in " + str(compiled) + "/*.yaml; do " + sys.executable + (
            " flows/training.py --no-pylint --config settings $f step-functions --name loop-$(basename $f | md5sum | cut -c1-8) create; done"
        )  # fmt: skip
        peer = cost(["bash", "-c", loop], folder, env)
        ours = cost([sys.executable, "-m", "mkflow", "deploy", "--jobs", "2"], folder, env)
        plan = cost([sys.executable, "-m", "mkflow", "plan"], folder, env)
        one = peer.wall / count
    return (
        f"deploy {count} instances / the loop: CPU {ours.cpu / peer.cpu:.2f} (goal 0.25), wall with two jobs {ours.wall / peer.wall:.2f}; "
        f"plan of {count} unchanged: {plan.wall / one:.1f} times one create of Metaflow"
    )


ALL: tuple[Callable[[], str], ...] = (
    compose_against_hydra, show_against_import, run_against_plain, step_against_plain, check_many, deploy_many,
)  # fmt: skip


def main() -> None:
    """Run all, or those whose names are given."""
    wanted = sys.argv[1:]
    for benchmark in ALL:
        if not wanted or benchmark.__name__ in wanted:
            print(benchmark(), flush=True)


if __name__ == "__main__":
    main()
