"""Run a program that ends when whoever started it ends, even by kill -9.

    python _launch.py PARENT_PID program argument...

The kernel keeps the promise on Linux (PR_SET_PDEATHSIG lasts through exec). Elsewhere the program
just runs. This file stands alone, so that starting it costs no imports.
"""

import os
import signal
import sys


def die_with(parent: int) -> None:
    """Let the kernel kill this process when `parent`, which started it, ends."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:  # It ended before the promise was made.
            raise SystemExit(1)


if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
