"""Brings an installation to what this version needs: buckets, Airflow's database, its first user, and its pools.

The service `init` of docker-compose.yml. It may be run at any time, and again: what is there stays as it is.
"""

import os
import subprocess
import sys

import boto3
from botocore.exceptions import ClientError

USER = "admin"


def make_buckets() -> None:
    """Makes the archive's bucket and that of the tasks' logs."""
    client = boto3.client("s3")
    for url in (os.environ["ARCHIVE_URL"], os.environ["AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER"]):
        bucket = url.removeprefix("s3://").partition("/")[0]
        try:
            client.head_bucket(Bucket=bucket)
        except ClientError as err:
            if err.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            client.create_bucket(Bucket=bucket, **_where(client.meta.region_name))
            print(f"made the bucket {bucket}")


def _where(region: str) -> dict[str, dict[str, str]]:
    """Amazon wants to hear of every region but its first."""
    return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}


def make_user(password: str) -> None:
    """Makes Airflow's first user, who can make the others. A password that was changed since stays. (Airflow's command
    wants it among its arguments, where all the machine's users can read it.)"""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager = builder.sm
        if manager.find_user(USER):
            return
        role = manager.find_role("Admin")
        if not manager.add_user(USER, "Admin", "User", "admin@localhost", role, password):
            raise SystemExit(f"the user {USER} could not be made: the lines above say why")
        print(f"made the user {USER}")


def main() -> None:
    """Does it all, in the order in which one needs the other."""
    from bantin.pools import make_pools
    from bantin.settings import Settings

    make_buckets()
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True)
    make_user(os.environ["ADMIN_PASSWORD"])
    for pool in make_pools(Settings.from_environment().sources):
        print(f"made the pool {pool}")


if __name__ == "__main__":
    main()
