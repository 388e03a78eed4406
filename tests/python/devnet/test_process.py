"""
Process
├── says when it is ready
├── ends by itself: is told with its last words
├── never gets ready: is ended, and told
├── does not listen to SIGTERM: is killed
├── the parent is killed with kill -9: no child is left
└── a port that is taken: is told
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from aceso.devnet import PortInUseError, Process, ProcessEndedError, ProcessStartError, free_port

SLEEP = "import time; time.sleep(60)"


def python(code):
    return [sys.executable, "-c", code]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_it_says_when_it_is_ready(tmp_path):
    code = f"print('{{\"url\": 1}}', flush=True); {SLEEP}"
    with Process.start("part", python(code), folder=tmp_path) as process:
        assert process.wait_for_line(seconds=10) == {"url": 1}
        process.check()
    assert not process.is_running


def test_its_last_words(tmp_path):
    with Process.start("part", python("raise SystemExit('no room')"), folder=tmp_path) as process:
        assert wait_for(lambda: not process.is_running)
        with pytest.raises(ProcessEndedError, match="no room"):
            process.check()


def test_it_never_gets_ready(tmp_path):
    process = Process.start("part", python(SLEEP), folder=tmp_path)

    with pytest.raises(ProcessStartError):
        process.wait_for_line(seconds=0.3)
    assert not process.is_running


def test_it_does_not_listen(tmp_path):
    code = f"import signal; signal.signal(15, signal.SIG_IGN); print('{{}}', flush=True); {SLEEP}"
    process = Process.start("part", python(code), folder=tmp_path)
    process.wait_for_line(seconds=10)

    process.stop(seconds=0.2)

    assert not is_alive(process.pid)


def test_no_child_outlives_a_killed_parent(tmp_path):
    code = f"""
import json, sys, threading
from pathlib import Path
from aceso.devnet import Process
made = []
def start():
    made.extend(Process.start(f"p{{n}}", {python(SLEEP)!r}, folder=Path({str(tmp_path)!r})).pid
                for n in range(3))
thread = threading.Thread(target=start)  # A thread that ends: its children must live on.
thread.start(); thread.join()
print(json.dumps(made), flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen(python(code), stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    with parent:
        pids = json.loads(parent.stdout.readline())
        time.sleep(0.2)
        assert all(is_alive(pid) for pid in pids)

        os.kill(parent.pid, signal.SIGKILL)

        assert wait_for(lambda: not any(is_alive(pid) for pid in pids))


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=str(port)):
            free_port(port)
    assert free_port() > 1023
