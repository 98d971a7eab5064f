"""Where the work is done: on this machine, or by tasks of a Ray cluster. The answers are the same."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from seqcast.forecasters.pool import Crew, done_by
from seqcast.options import RunOptions


@contextmanager
def working(options: RunOptions, workers: int | None = None) -> Iterator[None]:
    """Have many jobs done where the options say; `workers` are the cores of a Ray that is started for it.

    Classical models are fitted to each series at each cutoff, and forecast a panel, in tasks of the cluster. A network
    is trained once for all series, in this process.

    Raises
    ------
    MissingExtraError
        When Ray is asked for and not installed.
    ConfigError
        When no cluster answers at the address.

    Examples
    --------
    >>> with working(RunOptions(horizon=1)):
    ...     "on this machine"
    'on this machine'
    """
    if options.engine != "ray":
        yield
        return
    from seqcast.forecasters.cluster import connected, cores, map_on_cluster

    with connected(options.address, workers or os.cpu_count() or 1), done_by(Crew(map_on_cluster, cores())):
        yield
