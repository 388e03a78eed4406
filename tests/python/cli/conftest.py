"""A command that runs in this process, without a terminal.

aceso        on a home of its own, with no network but one that it is given
actors       make somebody with a profile on the one local network; `physician` and
             `researcher` are there for all of these tests, `person` for those of one file
"""

from __future__ import annotations

import io
import json
import re
import socket
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from aceso.cli import main
from aceso.devnet import Devnet, with_suite

PASSPHRASE = "a passphrase of the tests"
LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")

PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "김"}]}
GLUCOSE = {
    "resourceType": "Observation",
    "id": "glucose",
    "status": "final",
    "category": [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                    "code": "laboratory",
                }
            ]
        }
    ],
    "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2024-03-01T09:00:00+09:00",
    "valueQuantity": {
        "value": 95,
        "unit": "mg/dL",
        "system": "http://unitsofmeasure.org",
        "code": "mg/dL",
    },
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"resource": PATIENT}, {"resource": GLUCOSE}],
}


@dataclass(frozen=True)
class Run:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """One for all of these tests: a chain, an IPFS node and three custodians."""
    with Devnet.start(tmp_path_factory.mktemp("network"), stages=[with_suite()]) as started:
        yield started


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """No setting of whoever runs the tests, and a passphrase."""
    for name in (*LOCALES, "ACESO_NETWORK", "ACESO_RELAYER_KEY", "ACESO_GATEWAY_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACESO_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("ACESO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def aceso(clean, monkeypatch):
    """Run `aceso` with these arguments; `typed` is what standard input holds."""

    def run(*arguments, typed=""):
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with redirect_stdout(out), redirect_stderr(err):
            code = main([str(one) for one in arguments])
        return Run(code, out.getvalue(), err.getvalue())

    return run


def call(*arguments, typed="", passphrase=PASSPHRASE):
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(typed))
        patch.setenv("ACESO_PASSPHRASE", passphrase)
        for name in (*LOCALES, "ACESO_NETWORK", "ACESO_HOME", "ACESO_RELAYER_KEY"):
            patch.delenv(name, raising=False)
        with redirect_stdout(out), redirect_stderr(err):
            code = main([str(one) for one in arguments])
    assert "Traceback" not in out.getvalue() + err.getvalue()
    assert code != 70, err.getvalue() + out.getvalue()
    return Run(code, out.getvalue(), err.getvalue())


class Actor:
    """Somebody with a profile, who runs commands."""

    def __init__(self, home, network):
        self.home = home
        self.network = network

    def __call__(self, *arguments, **options):
        return call(*arguments, "--home", self.home, "--network", self.network, "--json", **options)

    def says(self, *arguments, **options):
        return call(*arguments, "--home", self.home, "--network", self.network, **options)

    @property
    def account(self):
        return self("balance").document["account"]


@pytest.fixture(scope="session")
def actors(network, tmp_path_factory):
    """Make somebody of a kind."""

    def make(kind):
        actor = Actor(tmp_path_factory.mktemp(kind) / "home", network.folder)
        made = actor("init", "--kind", kind, "--yes")
        assert made.code == 0, made.out
        actor.words = " ".join(re.findall(r"\d+ ([a-z]+)", made.err))
        return actor

    return make


@pytest.fixture(scope="module")
def person(actors, tmp_path_factory):
    """Somebody whose vault holds a laboratory result."""
    made = actors("person")
    path = tmp_path_factory.mktemp("files") / "history.json"
    path.write_text(json.dumps(BUNDLE))
    assert made("import", path).code == 0
    return made


@pytest.fixture(scope="session")
def physician(actors):
    return actors("professional")


@pytest.fixture(scope="session")
def researcher(actors):
    made = actors("researcher")
    assert made("accredit", made.account, "--role", "researcher").code == 0
    return made


@pytest.fixture
def without(network, tmp_path):
    """The network, as it is for somebody who can't reach some of its parts."""

    def make(*parts):
        state = network.state
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            nowhere = f"http://127.0.0.1:{probe.getsockname()[1]}"
        for part in parts:
            if isinstance(part, int):
                custodians = [dict(one) for one in state["custodians"]]
                custodians[part]["url"] = nowhere
                state["custodians"] = custodians
            else:
                state[part] = {**state[part], "url": nowhere}
        path = tmp_path / "network.json"
        path.write_text(json.dumps(state))
        return path

    return make
