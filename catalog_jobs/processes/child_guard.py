"""Runs one command and ends it when standard input closes.

    python child_guard.py GRACE_SECONDS COMMAND [ARGUMENT ...]

The parent holds the other end of the pipe. Closing it stops the command, and so does the death of the parent, however
it died. Neither signals nor a lookup of process ids could ensure that.
"""

import os
import signal
import subprocess
import sys
import threading


def main(grace: float, command: list[str]) -> int:
    """Return the command's exit status."""
    # Ctrl-C and a terminal's hang-up are for the parent, which stops its processes in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # The parent may have passed on open files for the command.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=False)
    threading.Thread(target=_end_with_parent, args=(child, grace), daemon=True).start()
    return child.wait()


def _end_with_parent(child: subprocess.Popen[bytes], grace: float) -> None:
    # Not through sys.stdin: its lock, held by a waiting thread, makes the interpreter's own end fail.
    while os.read(0, 1024):
        pass
    child.terminate()
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
