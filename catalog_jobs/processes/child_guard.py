"""Runs one command and ends it when standard input closes.

    python leash.py COMMAND [ARGUMENT ...]

Whoever starts the command holds the other end of the pipe. Closing it stops the command; dying closes it
too, however the holder died. Neither signals nor a lookup of process ids could promise that.
"""

import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 30.0


def main(command: list[str]) -> int:
    """Returns the command's exit status."""
    # Ctrl-C and a terminal's hang-up are for the holder, which stops its processes in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # Open files that the holder passed on are for the command.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=False)
    threading.Thread(target=_end_with_holder, args=(child,), daemon=True).start()
    return child.wait()


def _end_with_holder(child: subprocess.Popen[bytes]) -> None:
    # Not through sys.stdin: its lock, held by a waiting thread, makes the interpreter's own end fail.
    while os.read(0, 1024):
        pass
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
