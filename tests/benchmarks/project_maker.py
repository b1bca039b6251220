"""A project of a given size, written to a folder, in mkflow's form and in Hydra's."""

from __future__ import annotations

import pathlib

FLOW = """from metaflow import ComposeSettings, FlowSpec, step


class Training(FlowSpec, ComposeSettings):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Training()
"""


def global_settings(keys: int) -> dict[str, dict[str, object]]:
    """About ``keys`` leaves in groups of ten, every third a reference."""
    groups: dict[str, dict[str, object]] = {}
    for group in range(keys // 10):
        values: dict[str, object] = {}
        for item in range(10):
            number = group * 10 + item
            if item % 3 == 2:
                values[f"key_{item}"] = f"${{configuration.group_{group}.key_{item - 1}}}"
            elif item == 6:
                values[f"key_{item}"] = f"s3://bucket/${{configuration.group_{group}.key_0}}/part"
            else:
                values[f"key_{item}"] = number if item % 2 else f"text {number}"
        groups[f"group_{group}"] = values
    return groups


def binding_settings(binding: int, groups: int) -> dict[str, dict[str, object]]:
    """What one binding changes: three values in each of five groups."""
    return {
        f"group_{(binding * 7 + step) % groups}": {"key_0": f"binding {binding}", "key_1": binding, "key_3": step}
        for step in range(5)
    }


def make_mkflow(folder: pathlib.Path, bindings: int, keys: int) -> None:
    """The project for mkflow: two profiles, one file a binding."""
    import yaml

    for name in ("flows", "settings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "flows" / "training.py").write_text(FLOW)
    (folder / "mkflow.yaml").write_text("project: bench\ndefault_profile: dev\nflows: {training: {}}\nprofiles: {dev: {}, prod: {}}\n")
    settings = folder / "settings"
    (settings / "settings.configuration.yaml").write_text(yaml.safe_dump(global_settings(keys)))
    (settings / "settings.configuration@prod.yaml").write_text("group_0: {key_0: prod}\n")
    (settings / "settings.configuration@dev.yaml").write_text("group_0: {key_0: dev}\n")
    for binding in range(bindings):
        text = yaml.safe_dump(binding_settings(binding, keys // 10))
        (settings / f"settings.configuration.B-{binding}.yaml").write_text(text)


def make_hydra(folder: pathlib.Path, bindings: int, keys: int) -> None:
    """The same tree for Hydra: a primary config, a group of profiles and a group of bindings."""
    import yaml

    for name in ("profile", "binding"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    top = {"defaults": ["_self_", {"profile": "dev"}, {"binding": "B-0"}], "configuration": global_settings(keys)}
    (folder / "config.yaml").write_text(yaml.safe_dump(top))
    for name in ("dev", "prod"):
        (folder / "profile" / f"{name}.yaml").write_text(
            "# @package _global_\nconfiguration:\n  group_0: {key_0: " + name + "}\n"
        )
    for binding in range(bindings):
        text = yaml.safe_dump({"configuration": binding_settings(binding, keys // 10)})
        (folder / "binding" / f"B-{binding}.yaml").write_text("# @package _global_\n" + text)
