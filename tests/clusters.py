"""Clusters of two nodes on one machine, for tests that kill one of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

# Seconds instead of a minute until a node that is silent counts as dead.
WATCHFUL = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 4,
}


def waited_for(holds, seconds=240.0) -> None:
    """Wait until something holds, and fail where it does not."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


@contextmanager
def two_nodes() -> Iterator[Any]:
    """Be a client of a cluster of two raylets with one core each; lends the second."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'seqcast[ray]'")
    from ray.cluster_utils import Cluster

    from seqcast.forecasters.cluster import connected

    small = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 100 * 2**20}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # beside other tests a polite worker hardly ever gets its turn
        cluster = Cluster(initialize_head=True, head_node_args={**small, "_system_config": WATCHFUL})
        try:
            node = cluster.add_node(**small)
            with connected(cluster.address, 1):
                assert [each["Alive"] for each in ray.nodes()] == [True, True]
                yield node
        finally:
            cluster.shutdown()


def alive(node: Any) -> bool:
    """Whether the cluster holds a node for alive."""
    import ray

    return next(each["Alive"] for each in ray.nodes() if each["NodeID"] == node.node_id)
