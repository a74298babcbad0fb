"""Monitors with logs made by hand."""

import pytest

from spikeviz import TrainingMonitor
from spikeviz.training_log import Log


@pytest.fixture
def log_of():
    """log_of(losses, every): a log of these, a test every so many rows."""

    def make(losses, every=1):
        log = Log()
        for i, loss in enumerate(losses, 1):
            extra = {"test_accuracy": i / len(losses)} if i % every == 0 else {}
            log.append({"step": 4 * i, "epoch": i / 10, "loss": loss, **extra}, seconds=i / 2)
        return log

    return make


@pytest.fixture
def monitor_of():
    """monitor_of(name=log, …): a monitor of these runs alone."""

    def make(**logs):
        monitor = TrainingMonitor()
        monitor._forget_shipped()
        for name, log in logs.items():
            monitor._keep(name, log)
        return monitor

    return make
