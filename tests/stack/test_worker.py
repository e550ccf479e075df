"""The gunicorn worker of the local functions, in a thread of the test."""

import os
import socket
import threading
from collections.abc import Iterator

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.sock import TCPSocket
from gunicorn.workers import gthread

from closetspace_infra.local.ports import HOST
from closetspace_infra.local.worker import Worker
from tests.support.waiting import HANG_SECONDS, eventually


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker that stops within its grace period only if it waits for nothing."""
    monkeypatch.setattr(gthread, "DEFAULT_WORKER_DATA_TIMEOUT", 0.01)
    monkeypatch.setattr(gthread, "STOP_KEEPALIVE_LINGER", 0.0)
    config = Config()
    config.set("graceful_timeout", int(10 * HANG_SECONDS))
    config.set("keepalive", int(10 * HANG_SECONDS))
    listener = TCPSocket((HOST, 0), config, Logger(config))
    worker = Worker(1, os.getppid(), [listener], None, HANG_SECONDS, config, Logger(config))
    # What the worker's process does beside installing signal handlers, which threads can't.
    worker.tpool, worker.poller = worker.get_thread_pool(), gthread.selectors.DefaultSelector()
    worker.method_queue.init()
    yield worker
    worker.tmp.close()


def test_connection_without_a_request_does_not_delay_the_stop(worker: Worker) -> None:
    running = threading.Thread(target=worker.run, daemon=True)
    running.start()
    with socket.create_connection(worker.sockets[0].getsockname()) as idle:
        eventually(lambda: len(worker.pending_conns) == 1)
        worker.handle_exit(None, None)
        idle.settimeout(HANG_SECONDS)
        assert idle.recv(1) == b""
    running.join(HANG_SECONDS)
    assert not running.is_alive()
