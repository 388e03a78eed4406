"""
whatever the schema permits, and what it doesn't, sent to a custodian by Schemathesis (fault 21)
├── is answered, and never with an error of the custodian's own
└── a server that does make one is found by the same run
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools.install import schemathesis

from .conftest import Network

# As many requests as there is time for: hundreds, where nothing else keeps the machine busy.
_SECONDS = 20
_EXAMPLES = 20
_LEAST = 5


@pytest.fixture(scope="module")
def program() -> Path:
    return schemathesis()


def sent_by(
    program: Path, url: str, folder: Path, seconds: int
) -> subprocess.CompletedProcess[str]:
    """All kinds of requests, the same in each run."""
    command = [str(program), "run", f"{url}/openapi.json"]
    command += ["--checks", "not_a_server_error", "--max-time", str(seconds)]
    command += ["--max-examples", str(_EXAMPLES), "--seed", "7", "--generation-database", "none"]
    command += ["--phases", "examples,coverage,fuzzing", "--request-timeout", "10"]
    command += ["--no-color", "--no-shrink", "--warnings", "off", "--continue-on-failure"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=seconds + 120
    )


def test_nothing_that_is_sent_breaks_it(network: Network, program: Path, tmp_path: Path) -> None:
    done = sent_by(program, network.keepers[0].url, tmp_path, _SECONDS)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    (cases,) = re.findall(r"([0-9,]+) generated", done.stdout)
    assert int(cases.replace(",", "")) >= _LEAST
    log = (network.folder / "logs" / "custodian-0.log").read_text()
    assert "Traceback" not in log


_SCHEMA = {
    "openapi": "3.1.0",
    "info": {"title": "One that breaks", "version": "1"},
    "paths": {
        "/breaks": {
            "get": {
                "parameters": [
                    {"name": "n", "in": "query", "required": True, "schema": {"type": "integer"}}
                ],
                "responses": {"200": {"description": "well"}},
            }
        }
    },
}


@pytest.fixture
def breaking() -> Iterator[str]:
    """A server that fails wherever it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            schema = self.path == "/openapi.json"
            self.send_response(200 if schema else 500)
            body = json.dumps(_SCHEMA if schema else {}).encode()
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_breaks_is_found(program: Path, breaking: str, tmp_path: Path) -> None:
    done = sent_by(program, breaking, tmp_path, 3)
    assert done.returncode == 1
    assert "[500]" in done.stdout
