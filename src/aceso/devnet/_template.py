"""Read modules once, and fork a program that needs them as often as one is asked for.

    python -m aceso.devnet._template MODULE...

Each line of standard input asks for a program: a list of its words, as Python would take them
(`-m`, a module, arguments; or a file, arguments), and where its output, its errors and its exit
status go. Each line of standard output is the id of the process that runs it. All of
them end when the template does, even by kill -9.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from aceso.devnet._launch import die_with

__all__ = ["main"]


def main() -> int:
    """Read the modules, say so, and serve until standard input ends."""
    for name in sys.argv[1:]:
        importlib.import_module(name)
        # Run once more in each program, as its `__main__`.
        if name.endswith(".__main__"):
            del sys.modules[name]
    # What is there by now stays, and is looked through in no program.
    gc.collect()
    gc.freeze()
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, str] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        selector.register(told, selectors.EVENT_READ)
        sys.stdout.write("{}\n")
        sys.stdout.flush()
        asked = b""
        while True:
            for key, _ in selector.select():
                data = os.read(key.fd, 1 << 16)
                if key.fd == told:
                    _reap(running)
                elif not data:
                    return 0
                else:
                    *lines, asked = (asked + data).split(b"\n")
                    for line in lines:
                        _fork(json.loads(line), running)


def _reap(running: dict[int, str]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        Path(running.pop(pid)).write_text(str(os.waitstatus_to_exitcode(status)))


def _fork(asked: dict[str, Any], running: dict[int, str]) -> None:
    pid = os.fork()
    if not pid:
        os._exit(_run(asked))
    running[pid] = asked["status"]
    sys.stdout.write(f"{pid}\n")
    sys.stdout.flush()


def _run(asked: dict[str, Any]) -> int:
    """Be the program; its exit status. It must not return to the loop of the template."""
    try:
        die_with(os.getppid())
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor, path in ((0, os.devnull), (1, asked["output"]), (2, asked["errors"])):
            flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            opened = os.open(path, flags, 0o600)
            os.dup2(opened, descriptor)
            os.close(opened)
        first, *rest = asked["words"]
        if first == "-m":
            sys.argv = rest
            runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv = [first, *rest]
            sys.path.insert(0, str(Path(first).parent))
            runpy.run_path(first, run_name="__main__")
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
            return 1
        return int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
