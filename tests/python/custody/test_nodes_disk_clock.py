"""
what is under a custodian fails
├── two nodes (fault 5, P6)
│  ├── that agree: it serves
│  ├── one lags: it refuses, and serves again when that one has caught up
│  └── one lies that a consent is there: it refuses, whichever of the two it is
├── a full disk (fault 10)
│  └── nothing is released, what was answered is on disk, and it goes on when there is room
└── a clock that is a day wrong (fault 16, P6)
   └── changes nothing: what is permitted is given, and what is over is refused
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aceso.custody import (
    CustodianDownError,
    DeniedError,
    RequestRefusedError,
    SignedRequest,
)

from .conftest import LABS, Keeper, Network, Person, Reader, Shared, ask, share_at
from .crooked import CrookedNode, crooked_node

# --- Nodes ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crooked(network: Network) -> Iterator[CrookedNode]:
    with crooked_node(network.chain.url) as node:
        yield node


@pytest.fixture(scope="module", params=["first", "second"])
def doubting(
    request: pytest.FixtureRequest,
    network: Network,
    crooked: CrookedNode,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Keeper]:
    """A custodian that asks two nodes, of which one may be crooked."""
    first, second = crooked.url, network.chain.url
    if request.param == "second":
        first, second = second, first
    folder = tmp_path_factory.mktemp("doubting")
    more = ("--no-relay", "--rpc", second, "--follow-every", "3600")
    keeper = network.twin(f"doubting-{request.param}", folder, rpc=first, more=more)
    yield keeper
    keeper.process.stop()


@pytest.fixture
def honest(crooked: CrookedNode) -> Iterator[CrookedNode]:
    """Until the test says otherwise."""
    yield crooked
    crooked.lag, crooked.lies = 0, False


def test_two_nodes_have_to_say_the_same(
    network: Network, doubting: Keeper, honest: CrookedNode, person: Person, doctor: Reader
) -> None:
    shared = share_at(doubting, person, doctor)
    assert ask(doubting, shared).entries

    honest.lag = 10
    with pytest.raises(CustodianDownError, match="do not say the same"):
        ask(doubting, shared)
    honest.lag = 0
    assert ask(doubting, shared).entries

    honest.lies = True
    # Of a class that was never granted, it says that it was.
    for changes in ({"dataClass": int(LABS) << 1}, {"use": 1 << 6}):
        with pytest.raises(CustodianDownError, match="do not say the same"):
            _ask(doubting, shared, **changes)
    honest.lies = False
    with pytest.raises(DeniedError):
        _ask(doubting, shared, use=1 << 6)


def _ask(keeper: Keeper, shared: Shared, **changes: Any) -> None:
    domain = shared.person.network.suite.domain("ConsentRegistry")
    message = shared.message(keeper, **changes)
    keeper.client().list(SignedRequest.sign(shared.reader.account, "ListRequest", message, domain))


# --- The disk ---------------------------------------------------------------------------------


def test_a_full_disk_releases_nothing_and_loses_nothing(
    network: Network, person: Person, doctor: Reader, tmp_path: Path
) -> None:
    keeper = network.twin("full", tmp_path / "full")
    with keeper.process:
        shared = share_at(keeper, person, doctor)
        answered = [_release(keeper, shared) for _ in range(3)]
        written = max(path.stat().st_size for path in keeper.folder.iterdir())
        hard = resource.prlimit(keeper.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(keeper.process.pid, resource.RLIMIT_FSIZE, (written, hard))
        refused = 0
        for _ in range(40):
            try:
                answered.append(_release(keeper, shared))
            except CustodianDownError as error:
                assert "its disk has room" in str(error)
                refused += 1
        assert refused > 10
        resource.prlimit(keeper.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        answered += [_release(keeper, shared) for _ in range(2)]
        suite = network.suite
        log = keeper.client().log(
            person.list_key,
            person.keys.log_key(LABS, 0),
            domain=suite.domain("ConsentRegistry"),
            log_domain=suite.domain("AccessLog"),
            now=suite.now(),
        )
        written_down = [one["request"] for one in log.receipts if one["act"] == "release"]
        assert set(answered) <= set(written_down)
        assert len(set(written_down)) == len(written_down)


def _release(keeper: Keeper, shared: Shared) -> str:
    domain = shared.person.network.suite.domain("ConsentRegistry")
    message = shared.message(keeper, "ReleaseRequest")
    request = SignedRequest.sign(shared.reader.account, "ReleaseRequest", message, domain)
    assert keeper.client().release(request)
    return "0x" + request.digest.hex()


# --- The clock --------------------------------------------------------------------------------

_SKEWED = """
import time

_real = time.time
time.time = lambda: _real() + {days} * 86_400

from aceso.custody.__main__ import main

raise SystemExit(main())
"""


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_a_day_wrong_changes_nothing(
    network: Network, person: Person, doctor: Reader, tmp_path: Path, days: int
) -> None:
    script = tmp_path / "skewed.py"
    script.write_text(_SKEWED.format(days=days))
    keeper = network.twin(f"skewed-{days}", tmp_path / "skewed", module=str(script))
    with keeper.process:
        shared = share_at(keeper, person, doctor)
        assert ask(keeper, shared).entries
        now = network.suite.now()
        for deadline, code in ((now - 1, "E_DEADLINE"), (now + 3_700, "E_DEADLINE_FAR")):
            with pytest.raises(RequestRefusedError) as refused:
                _ask(keeper, shared, deadline=deadline)
            assert refused.value.code == code
        person.grant(doctor.grantee, valid_until=now + 100)
        assert ask(keeper, shared).entries
        network.chain.advance_time(200)
        network.chain.mine(2)
        with pytest.raises(DeniedError, match="ended"):
            ask(keeper, shared)
