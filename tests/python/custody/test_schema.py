"""
whatever the schema permits, and what it doesn't, sent to a custodian by Schemathesis (fault 21)
├── is answered, and never with an error of the custodian's own
├── is answered as its OpenAPI says: with a status, a type, headers and a body of those described
├── every route has its answers described
└── a server that errs, or answers what it doesn't describe, is found by the same run
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from aceso.custody._answers import ANSWERS, Refusal
from tools.install import schemathesis

from .conftest import Network

# Of each operation beside those that go through all that its schema says: thousands together.
_EXAMPLES = 4
_LEAST = 1_000
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@pytest.fixture(scope="module")
def program() -> Path:
    return schemathesis()


def sent_by(program: Path, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """All kinds of requests, the same in each run."""
    command = [str(program), "run", f"{url}/openapi.json"]
    command += ["--checks", ",".join(_CHECKS)]
    command += ["--max-examples", str(_EXAMPLES), "--seed", "7", "--generation-database", "none"]
    command += ["--phases", "coverage,fuzzing", "--request-timeout", "10"]
    command += ["--no-color", "--no-shrink", "--warnings", "off", "--continue-on-failure"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=400
    )


def test_nothing_that_is_sent_breaks_it(network: Network, program: Path, tmp_path: Path) -> None:
    done = sent_by(program, network.keepers[0].url, tmp_path)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    (cases,) = re.findall(r"([0-9,]+) generated", done.stdout)
    assert int(cases.replace(",", "")) >= _LEAST
    log = (network.folder / "logs" / "custodian-0.log").read_text()
    assert "Traceback" not in log


def test_every_route_says_what_it_answers(network: Network) -> None:
    described = httpx.get(f"{network.keepers[0].url}/openapi.json", trust_env=False).json()
    routes = {
        (method.upper(), route): said
        for route, methods in described["paths"].items()
        for method, said in methods.items()
    }
    assert set(routes) == {*ANSWERS, ("GET", "/metrics")}
    for (method, route), said in routes.items():
        for status, answer in said["responses"].items():
            ((kind, content),) = answer["content"].items()
            assert kind == ("text/plain" if route == "/metrics" else "application/json")
            if kind == "application/json":
                name = ANSWERS[method, route] if status == "200" else Refusal
                assert content["schema"] == {"$ref": f"#/components/schemas/{name.__name__}"}


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
        },
        "/surprises": {"get": {"responses": {"200": {"description": "well"}}}},
    },
}


@pytest.fixture
def breaking() -> Iterator[str]:
    """A server that fails wherever it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            schema = self.path == "/openapi.json"
            self.send_response(200 if schema else 418 if "surprises" in self.path else 500)
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
    done = sent_by(program, breaking, tmp_path)
    assert done.returncode == 1
    assert "[500]" in done.stdout
    assert "[418]" in done.stdout, done.stdout
