"""
aceso rewards, for evaluators: on a real chain, with a real IPFS node
├── post: the file that was computed again, on IPFS for everybody, with the bond; show says so
│   ├── a file that is not the chain's, a second root, too little coin: refused, nothing is sent
│   ├── end: too early refused; then it stands, and the bond is free to be paid
│   ├── verify, claim, earnings, show --out by the epoch: the file from IPFS, by its digest on chain
│   └── a digest of another file, other sums, no root: refused
├── challenge, judge: two of two others let go of it; the challenger has both bonds; why is shown
├── ban: two of two institutions; the person appeals by signature; the evidence is shown
│   ├── evidence that nobody has is said to be unread, and hostile letters are left out
│   ├── judged wrong by two others: lifted
│   └── nobody answers: ended by anybody
└── what is left out or misspelt: one sentence in two languages, exit code 2
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aceso.chain import BanState, Deployment, RootState
from aceso.codes import Condition, Role
from aceso.flows import Profile, compute_rewards, posted
from aceso.rewards import Audit
from aceso.storage import IpfsClient, cid_digest, content_digest
from aceso.vault import Seed
from tests.python.chain.conftest import account, deployment, local_chain, owners, relayer, suite
from tests.python.cli.conftest import PASSPHRASE, aceso, clean
from tests.python.rewards.test_on_chain import COIN, DAY, FOREVER, HOSPITAL, Scene, scene
from tests.python.storage.conftest import shared_node

__all__ = [
    "aceso",
    "clean",
    "deployment",
    "local_chain",
    "owners",
    "relayer",
    "scene",
    "shared_node",
    "suite",
]

BOND = 500 * COIN
# Two custodians and an evaluator have the first three.
FIRST = 4
REASON = b"The facts of the file are not those of the chain.\n"
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def seeds(scene: Scene) -> list[Seed]:
    """Four evaluators of four institutions, with coin."""
    made = [Seed.make() for _ in range(4)]
    for place, seed in enumerate(made, start=FIRST):
        who = seed.persona(0)
        scene.chain.ask("anvil_setBalance", who.address, hex(10**19))
        scene.rule(scene.suite.participants.open_institution(HOSPITAL.address))
        scene.send(HOSPITAL, scene.suite.participants.set_member(place, who.address, FOREVER))
        scene.accredit(who, Role.EVALUATOR, Condition(0))
        scene.send(who, scene.suite.sale.buy(COIN))
    return made


@pytest.fixture(scope="module")
def audit(scene: Scene, seeds: list[Seed]) -> Audit:
    """Of an epoch that is over, with an order that counts."""
    filed = [scene.file(scene.order())]
    suite = scene.suite
    scene.chain.advance_time(suite.rewards.emission().begins(1) - suite.now() + 1)
    return compute_rewards(scene.network, 0, filed)


@pytest.fixture(autouse=True)
def rolled_back(scene: Scene, audit: Audit) -> Iterator[None]:
    """Each test begins where the epoch is over and nothing is posted."""
    taken = scene.chain.ask("evm_snapshot")
    yield
    scene.chain.ask("evm_revert", taken)


@pytest.fixture
def run(
    scene: Scene,
    seeds: list[Seed],
    shared_node: Any,
    aceso: Any,
    deployment: Deployment,
    tmp_path: Path,
) -> Run:
    """Run `aceso rewards` as the evaluator of this number, or as the person."""
    network = tmp_path / "network.json"
    facts = {
        "chain": {"url": scene.chain.url, "chainId": scene.suite.chain_id},
        "ipfs": {"url": shared_node.url},
        "deployment": deployment.to_json(),
        "custodians": [],
        "committee": {"number": 1, "threshold": 2},
        "relayerKey": "0x" + account(5).key.hex().removeprefix("0x"),
    }
    network.write_text(json.dumps(facts))

    def ran(who: int | str, *arguments: Any, code: int = 0) -> Any:
        home = tmp_path / f"home-{who}"
        if not home.exists():
            seed, kind = (scene.seed, "person") if who == "person" else (seeds[int(who)], None)
            made = Profile.create(
                home,
                seed,
                passphrase=PASSPHRASE,
                kind="person" if kind else "professional",
                network=str(network),
            )
            made.close()
        name = () if arguments[0] == "earnings" else ("rewards",)
        done = aceso(*name, *arguments, "--home", home, "--network", network, "--json")
        assert done.code == code, (done.out, done.err)
        return done.document

    return ran


@pytest.fixture
def file(audit: Audit, tmp_path: Path) -> Path:
    path = tmp_path / "audit.json"
    path.write_bytes(audit.to_bytes())
    return path


@pytest.fixture
def reason(tmp_path: Path) -> Path:
    path = tmp_path / "reason.txt"
    path.write_bytes(REASON)
    return path


@pytest.fixture
def post(run: Run, file: Path) -> Callable[[int], Any]:
    """The evaluator of this number posts the file, for their own institution."""
    return lambda who: run(who, "post", file, "--institution", FIRST + who, "--yes")


def held(scene: Scene, seed: Seed) -> int:
    return scene.suite.coin.balance_of(seed.persona(0).address)


def test_what_was_computed_again_is_posted_and_stands(
    scene: Scene, seeds: list[Seed], audit: Audit, post: Any, run: Run, shared_node: Any
) -> None:
    before = held(scene, seeds[0])

    said = post(0)

    assert (said["epoch"], said["root"]) == (0, "0x" + audit.root.hex())
    assert before - held(scene, seeds[0]) == BOND
    (event,) = (one for one in scene.network.synced().events("RootPosted"))
    assert event.args["audit"] == content_digest(audit.to_bytes())
    shown = run("person", "show", 0)
    assert (shown["state"], shown["root"]) == ("POSTED", said["root"])
    assert run("person", "end", 0, code=5)["error"]["code"] == "E_REFUSED_ROOT_WRONG_STATE"

    scene.chain.advance_time(14 * DAY)
    run("person", "end", 0)

    assert scene.suite.reward_board.state_of(0)[0] is RootState.STANDS
    poster = seeds[0].persona(0).address
    assert run("person", "show", poster)["bond"] == str(BOND)
    run("person", "bond", poster)
    assert held(scene, seeds[0]) == before


def test_the_posted_file_is_fetched_by_the_number_of_its_epoch(
    scene: Scene, audit: Audit, post: Any, run: Run, tmp_path: Path
) -> None:
    assert run("person", "verify", 0, code=3)["error"]["code"] == "E_ROOT_NONE"
    post(0)

    said = run("person", "verify", 0)
    run("person", "show", 0, "--out", tmp_path / "posted.json")

    assert (said["right"], said["posted"], said["root"]) == (True, True, "0x" + audit.root.hex())
    assert (tmp_path / "posted.json").read_bytes() == audit.to_bytes()
    scene.chain.advance_time(14 * DAY)
    run("person", "end", 0)
    assert run("person", "claim", 0)["transactions"]
    (line,) = [one for one in audit.lines if one.reward.account == scene.person.address]
    assert scene.suite.rewards.is_claimed(0, line.reward.index)[0]
    assert run("person", "earnings", "--audit", 0)["rewards"][0]["why"]


@pytest.mark.parametrize("wrong", ["file", "sums"])
def test_a_posted_file_that_is_not_the_root_s_is_refused(
    scene: Scene,
    seeds: list[Seed],
    audit: Audit,
    run: Run,
    file: Path,
    shared_node: Any,
    wrong: str,
) -> None:
    # The same sums, for somebody else.
    first, *rest = audit.lines
    stolen = dataclasses.replace(first.reward, account=seeds[0].persona(0).address)
    line = dataclasses.replace(first, reward=stolen)
    other = dataclasses.replace(audit, lines=(line, *rest))
    posted, total = (other, audit.total) if wrong == "file" else (audit, audit.total + 1)
    with IpfsClient(shared_node.url) as ipfs:
        digest = cid_digest(ipfs.add(posted.to_bytes()))
    poster, board = seeds[0].persona(0), scene.suite.reward_board
    scene.send(poster, scene.suite.coin.approve(scene.suite.addresses["RewardBoard"], BOND))
    scene.send(poster, board.post_root(0, FIRST, audit.root, total, audit.institutions, digest))

    for action in ("verify", "claim"):
        assert run("person", action, 0, code=6)["error"]["code"] == "E_REWARDS_FALSE"
    if wrong == "sums":
        assert run("person", "verify", file, code=6)["error"]["code"] == "E_REWARDS_FALSE"


def test_a_false_file_is_not_posted(
    scene: Scene, seeds: list[Seed], audit: Audit, run: Run, tmp_path: Path
) -> None:
    # As if nothing had happened in the epoch.
    wrong = Audit.make(dataclasses.replace(audit.facts, uses=()))
    path = tmp_path / "wrong.json"
    path.write_bytes(wrong.to_bytes())
    sent = scene.suite.node.nonce(seeds[0].persona(0).address)

    run(0, "post", path, "--institution", FIRST, "--yes", code=6)

    assert scene.suite.node.nonce(seeds[0].persona(0).address) == sent


def test_a_second_root_and_one_without_a_bond_are_refused(
    scene: Scene, seeds: list[Seed], post: Any, run: Run, file: Path
) -> None:
    poor = seeds[1].persona(0)
    scene.send(poor, scene.suite.coin.transfer(HOSPITAL.address, held(scene, seeds[1])))
    ask = ("post", file, "--institution", FIRST + 1, "--yes")
    assert run(1, *ask, code=3)["error"]["code"] == "E_NO_BOND"

    post(0)

    assert run(1, *ask, code=3)["error"]["code"] == "E_ROOT_THERE"


def test_two_others_let_go_of_a_challenged_root(
    scene: Scene, seeds: list[Seed], post: Any, run: Run, reason: Path, shared_node: Any
) -> None:
    post(0)
    before = held(scene, seeds[1])

    run(1, "challenge", 0, "--institution", FIRST + 1, "--reason", reason, "--yes")

    (event,) = (one for one in scene.network.synced().events("RootChallenged"))
    with IpfsClient(shared_node.url) as ipfs:
        cid = ipfs.add(REASON)
        assert (ipfs.read(cid), cid_digest(cid)) == (REASON, event.args["why"])
    (why,) = run("person", "show", 0)["reasons"]
    assert (why["evaluator"], why["cid"]) == (seeds[1].persona(0).address, cid)
    assert why["text"] == REASON.decode().strip()
    run(2, "judge", 0, "--institution", FIRST + 2, "--wrong")
    board = scene.suite.reward_board
    scene.send(seeds[3].persona(0), board.judge_root(0, FIRST + 3, False))

    assert board.state_of(0)[0] is RootState.NONE
    assert board.bond_of(seeds[1].persona(0).address) == 2 * BOND
    assert held(scene, seeds[1]) == before - BOND


def test_a_ban_that_was_appealed_is_lifted_by_two_others(
    scene: Scene,
    seeds: list[Seed],
    run: Run,
    reason: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posted, "_TEXT_SECONDS", 1.0)
    about, board = scene.person.address, scene.suite.reward_board
    scene.send(seeds[1].persona(0), board.ban(about, FIRST + 1, bytes(32)))
    reason.write_bytes(b"Two \x1b]0;accounts\x07 of one\xe2\x80\xae person.\n")
    run(0, "ban", about, "--institution", FIRST, "--reason", reason, "--yes")
    shown = run("person", "show", about)
    assert (shown["state"], shown["until"]) == ("BANNED", board.ban_of(about)[1])
    # The first one's digest is of nothing that anybody has.
    assert [one["text"] for one in shown["reasons"]] == [None, "Two ]0;accounts of one person."]

    said = run("person", "appeal")

    assert said["account"] == about
    assert board.ban_of(about)[0] is BanState.APPEALED
    run(2, "judge", about, "--institution", FIRST + 2, "--wrong")
    scene.send(seeds[3].persona(0), board.judge_appeal(about, FIRST + 3, False))
    assert board.ban_of(about)[0] is BanState.NONE


def test_an_appeal_that_nobody_answers_ends_the_ban(
    scene: Scene, seeds: list[Seed], run: Run
) -> None:
    about, board = scene.person.address, scene.suite.reward_board
    for place, seed in enumerate(seeds[:2], start=FIRST):
        scene.send(seed.persona(0), board.ban(about, place, bytes(32)))
    scene.send(scene.person, board.appeal())
    scene.chain.advance_time(21 * DAY)

    run("person", "end", about)

    assert board.ban_of(about)[0] is BanState.NONE


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("post",), "E_REWARDS_WHAT"),
        (("challenge", "0"), "E_REWARDS_INSTITUTION"),
        (("challenge", "0", "--institution", "4"), "E_REWARDS_REASON"),
        (("challenge", "-1"), "E_USAGE_OPTION"),
        (("challenge", "70000", "--institution", "4"), "E_REWARDS_WHICH"),
        (("judge", "0", "--institution", "4"), "E_REWARDS_JUDGE"),
        (("ban", "--institution", "4"), "E_REWARDS_ABOUT"),
        (("show", "0xabc"), "E_ADDRESS"),
    ],
)
def test_what_is_left_out_is_said(run: Run, arguments: Any, code: str) -> None:
    said = [run(0, *arguments, "--lang", lang, code=2)["error"] for lang in ("en", "ko")]

    assert {one["code"] for one in said} == {code}
    assert any("가" <= letter <= "힣" for letter in said[1]["message"])
