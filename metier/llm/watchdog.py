"""Run a server until whoever started us lets go of our input or dies; then stop it and all that it started.

python watchdog.py GRACE COMMAND...: SIGTERM to the process group, and SIGKILL after GRACE seconds. Started as a file of
its own, in a session of its own; imports nothing of the package.
"""

import os
import select
import signal
import subprocess
import sys
import time


def main(grace: float, command: list[str]) -> None:
    """Watch until the input ends or the server does; does not return."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # a handler, unlike SIG_IGN, is not passed on to the server
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    while server.poll() is None:
        if select.select([sys.stdin], [], [], 0.1)[0] and not os.read(sys.stdin.fileno(), 1):
            break
    else:
        print(f"the server ended with code {server.returncode}", file=sys.stderr, flush=True)
    os.killpg(0, signal.SIGTERM)
    end = time.monotonic() + grace
    while server.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
