"""The gunicorn worker of the local functions."""

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):  # type: ignore[misc]
    """Stops without waiting for connections that never had a request, such as those a browser opens in advance.

    gunicorn 27 waits for these as long as for a request in progress. Connections that had one are closed soon.
    """

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        for connection in self.pending_conns:
            connection.timeout = min(connection.timeout, deadline)
