"""A real AWS interface on loopback, in a process of its own: S3, Step Functions, Batch, EventBridge, IAM, tagging."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

SERVER = """
import sys, time
from moto.server import ThreadedMotoServer
import boto3, logging
logging.getLogger("werkzeug").setLevel(logging.ERROR)
port = int(sys.argv[1])
server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
server.start()
known = dict(endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
boto3.client("s3", **known).create_bucket(Bucket="bucket")
iam, batch, ec2 = (boto3.client(name, **known) for name in ("iam", "batch", "ec2"))
role = iam.create_role(RoleName="flow", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
profile = iam.create_instance_profile(InstanceProfileName="flow")["InstanceProfile"]["Arn"]
machines = batch.create_compute_environment(
    computeEnvironmentName="machines", type="MANAGED", state="ENABLED", serviceRole=role,
    computeResources={"type": "EC2", "minvCpus": 0, "desiredvCpus": 0, "maxvCpus": 8, "instanceTypes": ["m5.large"],
                      "instanceRole": profile, "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
                      "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]]})
batch.create_job_queue(jobQueueName="queue", state="ENABLED", priority=1,
                       computeEnvironmentOrder=[{"order": 1, "computeEnvironment": machines["computeEnvironmentArn"]}])
print(role, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, str]]:
    """The environment of a client of a real AWS interface on loopback."""
    with server() as env:
        yield env


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """Start the interface and give a client's environment; it ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], stdout=subprocess.PIPE, text=True, env={
        **os.environ, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})  # fmt: skip
    assert process.stdout is not None
    role = process.stdout.readline().strip()
    url = f"http://127.0.0.1:{port}"
    yield {
        "AWS_ENDPOINT_URL": url, "METAFLOW_S3_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": "s3://bucket/metaflow", "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_SFN_IAM_ROLE": role, "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": role, "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": role,
        "METAFLOW_BATCH_JOB_QUEUE": "queue", "METAFLOW_SFN_DYNAMO_DB_TABLE": "table",
        "METAFLOW_KUBERNETES_NAMESPACE": "default",
    }  # fmt: skip
    process.terminate()
    process.communicate()
