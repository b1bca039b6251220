"""AWS Step Functions: records are tags of the state machine, read with one listing of the tagging service.

Tags survive a redeployment by anybody (``UpdateStateMachine`` leaves them), so a definition that is not the
recorded one tells of it. AWS allows 256 characters in a tag's value and these: letters, digits, space ``_.:/=+-@``.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from ..errors import OutsideError, Problem
from ..model import Deployed, Execution, Record

PREFIX = "mkflow:"
_FIELDS = ("flow", "binding", "profile", "name", "definition", "commit", "user", "time")
_PARTS = ("settings", "code", "options", "tools")


@lru_cache(maxsize=4)
def _session(key: str | None, secret: str | None, token: str | None, region: str | None, profile: str | None) -> Any:
    """A session keeps the models of the services that it made clients of; reading them is most of a client's cost."""
    import boto3

    return boto3.session.Session(key, secret, token, region, profile_name=profile)


def _client(service: str, env: Mapping[str, str]) -> Any:
    """A client with the credentials of an environment; throttling and network faults are tried again with jitter."""
    from botocore.config import Config

    session = _session(
        env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY"), env.get("AWS_SESSION_TOKEN"),
        env.get("AWS_DEFAULT_REGION") or env.get("AWS_REGION"), env.get("AWS_PROFILE"),
    )  # fmt: skip
    retries = Config(retries={"mode": "standard", "max_attempts": 6}, connect_timeout=5, read_timeout=30, max_pool_connections=16)
    return session.client(service, endpoint_url=env.get("AWS_ENDPOINT_URL"), config=retries)


def _asked(what: str, error: Exception) -> OutsideError:
    return OutsideError(Problem(f"AWS did not {what}", hint="the credentials and the region of this profile", detail=str(error)))


def holds(project: str, env: Mapping[str, str]) -> dict[str, Deployed]:
    """Everything deployed, by name: two paged listings, whatever the number of instances.

    Raises:
        OutsideError: if AWS cannot be asked, in its own words.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        records = _records(env)
        pages = _client("stepfunctions", env).get_paginator("list_state_machines").paginate()
        machines = [machine for page in pages for machine in page["stateMachines"]]
    except (BotoCoreError, ClientError) as error:
        raise _asked("list the state machines", error) from None
    return {
        machine["name"]: Deployed(machine["name"], machine["stateMachineArn"], records.get(machine["stateMachineArn"]))
        for machine in machines
    }


def _records(env: Mapping[str, str]) -> dict[str, Record]:
    pages = _client("resourcegroupstaggingapi", env).get_paginator("get_resources").paginate(
        TagFilters=[{"Key": f"{PREFIX}project"}], ResourceTypeFilters=["states:stateMachine"]
    )  # fmt: skip
    found = {}
    for page in pages:
        for entry in page["ResourceTagMappingList"]:
            tags = {tag["Key"].removeprefix(PREFIX): tag["Value"] for tag in entry["Tags"] if tag["Key"].startswith(PREFIX)}
            parts = {part: tags.get(f"part.{part}", "") for part in _PARTS}
            values = {field: tags.get(field, "") for field in _FIELDS}
            found[entry["ResourceARN"]] = Record(project=tags["project"], parts=parts, **values)
    return found


def idents(names: Iterable[str], env: Mapping[str, str]) -> dict[str, str]:
    """The ARNs that state machines of this account and region have or will have, by name.

    Raises:
        OutsideError: if the credentials are not good.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        states, who = _client("stepfunctions", env), _client("sts", env).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise _asked("say who we are", error) from None
    partition = who["Arn"].split(":")[1]
    prefix = f"arn:{partition}:states:{states.meta.region_name}:{who['Account']}:stateMachine:"
    return {name: prefix + name for name in names}


def _describe(ident: str, env: Mapping[str, str]) -> str:
    definition: str = _client("stepfunctions", env).describe_state_machine(stateMachineArn=ident)["definition"]
    return definition


def definitions(found: Iterable[Deployed], env: Mapping[str, str]) -> dict[str, str]:
    """The digest of each definition, by name; AWS has no listing that gives them."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = _client("stepfunctions", env)

    def digest(entry: Deployed) -> tuple[str, str]:
        text = client.describe_state_machine(stateMachineArn=entry.ident)["definition"]
        return entry.name, hashlib.sha256(text.encode()).hexdigest()[:16]

    try:
        with ThreadPoolExecutor(8) as pool:
            return dict(pool.map(digest, found))
    except (BotoCoreError, ClientError) as error:
        raise _asked("describe a state machine", error) from None


def token(found: Deployed, env: Mapping[str, str]) -> str | None:
    """Metaflow 2.19 keeps the production token in the parameters of the start state."""
    definition = json.loads(_describe(found.ident, env))
    for state in definition.get("States", {}).values():
        value = state.get("Parameters", {}).get("Parameters", {}).get("metaflow.production_token")
        if value:
            return str(value)
    return None


def settings(found: Deployed, env: Mapping[str, str]) -> dict[str, object] | None:
    """The settings in the code package that a state machine's tasks download, as Metaflow 2.19 stores them."""
    from botocore.exceptions import BotoCoreError, ClientError

    states = json.loads(_describe(found.ident, env)).get("States", {}).values()
    overrides = [state.get("Parameters", {}).get("ContainerOverrides", {}).get("Environment", []) for state in states]
    urls = [entry["Value"] for entries in overrides for entry in entries if entry["Name"] == "METAFLOW_CODE_URL"]
    if not urls:
        return None
    bucket, _, key = urls[0].removeprefix("s3://").partition("/")
    endpoint = env.get("METAFLOW_S3_ENDPOINT_URL")
    try:
        body = _client("s3", {**env, **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})}).get_object(Bucket=bucket, Key=key)["Body"]
        with tarfile.open(fileobj=io.BytesIO(body.read())) as package:
            config = package.extractfile(".mf_meta/CONFIG")
            values: dict[str, object] | None = json.load(config)["user_configs"]["settings"][0] if config else None
    except (BotoCoreError, ClientError, tarfile.TarError, KeyError, ValueError):
        return None
    return values


def runs(found: Deployed, limit: int, env: Mapping[str, str]) -> list[Execution]:
    """The latest executions, newest first.

    Raises:
        OutsideError: if AWS cannot be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        page = _client("stepfunctions", env).list_executions(stateMachineArn=found.ident, maxResults=limit)
    except (BotoCoreError, ClientError) as error:
        raise _asked("list the executions", error) from None
    return [
        Execution(
            f"sfn-{entry['name']}", entry["status"].lower(), entry["startDate"].isoformat(timespec="seconds"),
            entry["stopDate"].isoformat(timespec="seconds") if entry.get("stopDate") else None,
        )
        for entry in page["executions"]
    ]  # fmt: skip


def write_record(found: Deployed, record: Record, env: Mapping[str, str]) -> None:
    """Put a record on a state machine as tags.

    Raises:
        OutsideError: if AWS does not take them; the instance is then deployed and not recorded.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    values = {"project": record.project, **{field: getattr(record, field) for field in _FIELDS}}
    values |= {f"part.{part}": record.parts[part] for part in _PARTS}
    tags = [{"key": PREFIX + key, "value": value[:256]} for key, value in values.items()]
    try:
        _client("stepfunctions", env).tag_resource(resourceArn=found.ident, tags=tags)
    except (BotoCoreError, ClientError) as error:
        raise _asked("tag the state machine", error) from None


def remove(found: Deployed, env: Mapping[str, str]) -> None:
    """Delete the rules that start a state machine, then the state machine.

    Raises:
        OutsideError: if AWS does not.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    events = _client("events", env)
    try:
        for rule in events.list_rule_names_by_target(TargetArn=found.ident)["RuleNames"]:
            targets = [target["Id"] for target in events.list_targets_by_rule(Rule=rule)["Targets"]]
            events.remove_targets(Rule=rule, Ids=targets)
            events.delete_rule(Name=rule)
        _client("stepfunctions", env).delete_state_machine(stateMachineArn=found.ident)
    except (BotoCoreError, ClientError) as error:
        raise _asked(f"delete '{found.name}'", error) from None

