"""
An epoch on a chain, from an order to the coin: what `aceso rewards` does, with the real contracts
├── an approved order with a record of the patient's own: computed, posted, claimed, released
├── the audit file is right by itself and by the chain, and one of other facts is not
├── another patient's record, and one that nobody accredited anchored, yield nothing and stop nobody
├── `earnings` gives the reason of each coin; the commands say the same, in two languages
└── a retraction takes what has not vested
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Committee,
    Delivery,
    Deployment,
    LocalAuthority,
    OfferTerms,
    RefusedError,
    RootState,
    Sender,
    Suite,
    Terms,
    grantee_of_group,
    sign,
)
from aceso.codes import Condition, DataClass, Role, Use
from aceso.flows import (
    RESEARCH,
    Profile,
    claim_rewards,
    compute_rewards,
    earnings,
    read_filed,
    verify_rewards,
)
from aceso.index import Index
from aceso.rewards import (
    MICROCOIN,
    TAG_FIELD,
    Audit,
    AuditFalseError,
    Contribution,
    patient_tag,
    vouch_for,
)
from aceso.vault import FieldTree, Seed, head_fields, make_batch
from tests.python.chain.conftest import account, deployment, local_chain, owners, relayer, suite
from tests.python.cli.conftest import PASSPHRASE, aceso, clean

__all__ = ["aceso", "clean", "deployment", "local_chain", "owners", "relayer", "suite"]

COIN = 10**18
DAY = 86_400
PRICE = 10 * COIN
FOREVER = 2**40 - 1
LABS = int(DataClass.LABS)
HOSPITAL, QUACK, RESEARCHER = account(9), account(10), account(8)
EVALUATOR, CUSTODIANS = account(11), (account(12), account(13))
TAG = patient_tag(b"of the hospital", "chart 7")


@dataclass
class Scene:
    """A market in use: accredited accounts, a person, and what is sent in whose name."""

    suite: Suite
    chain: Any
    relayer: Sender
    wallet: LocalAuthority
    index: Index
    seed: Seed

    @property
    def person(self) -> LocalAccount:
        return self.seed.persona(RESEARCH)

    @property
    def network(self) -> Any:
        """As much of a network as rewards ask for."""

        def synced() -> Index:
            self.index.sync()
            return self.index

        return SimpleNamespace(
            suite=self.suite, relayer=self.relayer, index=self.index, synced=synced
        )

    def rule(self, call: Any) -> None:
        self.relayer.send(self.wallet.call(call))

    def send(self, who: LocalAccount, call: Any) -> Any:
        return Sender(self.suite, who).send(call)

    def accredit(self, who: LocalAccount, role: Role, conditions: Condition) -> None:
        participants = self.suite.participants
        self.rule(participants.propose_accreditation(who.address, role, conditions))
        self.relayer.send(participants.accredit(who.address))

    def prepare(self) -> None:
        participants = self.suite.participants
        nothing = Condition(0)
        for place, (who, role) in enumerate(
            ((CUSTODIANS[0], Role.CUSTODIAN), (CUSTODIANS[1], Role.CUSTODIAN),
             (EVALUATOR, Role.EVALUATOR)), start=1,
        ):  # fmt: skip
            self.rule(participants.open_institution(HOSPITAL.address))
            self.send(HOSPITAL, participants.set_member(place, who.address, FOREVER))
            self.accredit(who, role, nothing)
        self.accredit(HOSPITAL, Role.ISSUER, nothing)
        self.accredit(RESEARCHER, Role.RESEARCHER, Condition.IRB)
        self.relayer.send(participants.register_committee(self.committee, [1, 2]))
        for who, spender in ((RESEARCHER, "DataMarket"), (EVALUATOR, "RewardBoard")):
            self.send(who, self.suite.sale.buy(COIN))
            self.send(who, self.suite.coin.approve(self.suite.addresses[spender], 1000 * COIN))

    @property
    def committee(self) -> Committee:
        return Committee(tuple(one.address for one in CUSTODIANS), 2)

    def order(self) -> int:
        """An order of labs that is bought, delivered and paid whole."""
        market = self.suite.market
        terms = OfferTerms(
            subject=self.person.address, price=PRICE, institution=HOSPITAL.address, committee=1,
            duration=DAY, institution_bps=1_000, use=Use.HMB, classes=DataClass.LABS, disease=0,
            conditions=0, delivery_period=DAY,
        )  # fmt: skip
        self.send(self.person, market.offer(terms))
        offer = market.offer_count()
        now = self.suite.now()
        granted = Terms(
            grantee=grantee_of_group(offer, self.suite.addresses["DataMarket"]),
            classes=DataClass.LABS, uses=Use.HMB, conditions=0, disease=0, valid_from=now,
            valid_until=now + 30 * DAY, notice=bytes(32),
        )  # fmt: skip
        self.send(self.person, self.suite.consents.grant(granted))
        self.send(RESEARCHER, market.buy(offer, b"\x01" * 32))
        order, _ = market.order_of(offer, RESEARCHER.address)
        delivery = Delivery(order, b"\x02" * 32, b"\x01" * 32, b"\x03" * 32)
        message = {
            "order": order,
            "extract": delivery.extract,
            "receivingKey": delivery.receiving_key,
            "capsule": delivery.capsule,
        }
        domain = self.suite.domain("DataMarket")
        signatures = [sign(one, "Delivery", message, domain) for one in CUSTODIANS]
        self.relayer.send(market.deliver(delivery, self.committee, 3, signatures))
        # The bought day, and the time in which it can be disputed.
        self.chain.advance_time(5 * DAY)
        self.relayer.send(market.settle(order))
        return order

    def file(
        self, order: int, *, issuer: LocalAccount = HOSPITAL, tag: bytes = TAG
    ) -> Contribution:
        """A record that the issuer anchored, and what the person files of it."""
        record = order.to_bytes(32, "big")[:31] + tag[:1]
        fields = head_fields(
            record_id=record, data_class=LABS, issued_at=1, lineage=(),
            holder=self.person.address, digest=bytes(32),
        ) | {TAG_FIELD: tag}  # fmt: skip
        tree = FieldTree.of(fields, dek=b"\x07" * 32, record_id=record)
        batch = make_batch([tree.leaf])
        self.send(issuer, self.suite.records.anchor(batch.root, bytes(32)))
        domain = self.suite.domain("RewardPool")
        vouch = vouch_for(issuer, domain, account=self.person.address, tag=tag)
        shown = tree.disclose({"class": fields["class"], TAG_FIELD: tag})
        return Contribution(
            order, issuer.address, batch.root, tree.root, batch.proof(tree.leaf), shown,
            self.person.address, vouch,
        )  # fmt: skip


@pytest.fixture(scope="module")
def scene(
    suite: Suite,
    local_chain: Any,
    relayer: Sender,
    owners: list[LocalAccount],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    seed = Seed.make()
    local_chain.ask("anvil_setBalance", seed.persona(RESEARCH).address, hex(10**19))
    for one in (HOSPITAL, QUACK, RESEARCHER, EVALUATOR, *CUSTODIANS):
        local_chain.ask("anvil_setBalance", one.address, hex(10**20))
    wallet = LocalAuthority(suite, suite.participants.authority(), owners)
    with Index(tmp_path_factory.mktemp("index") / "index.sqlite", suite) as index:
        made = Scene(suite, local_chain, relayer, wallet, index, seed)
        made.prepare()
        yield made


@pytest.fixture
def command(scene: Scene, aceso: Any, tmp_path: Any, deployment: Deployment) -> Callable[..., Any]:
    """Run `aceso` as the person, with as much of a network as rewards ask for."""
    path, home = tmp_path / "network.json", tmp_path / "person"
    facts = {
        "chain": {"url": scene.chain.url, "chainId": scene.suite.chain_id},
        "ipfs": {"url": "http://127.0.0.1:1"},
        "deployment": deployment.to_json(),
        "custodians": [],
        "committee": {"number": 1, "threshold": 2},
        "relayerKey": "0x" + account(5).key.hex().removeprefix("0x"),
    }
    path.write_text(json.dumps(facts))
    Profile.create(
        home, scene.seed, passphrase=PASSPHRASE, kind="person", network=str(path)
    ).close()

    def run(*arguments: Any, code: int = 0) -> Any:
        done = aceso(*arguments, "--home", home, "--network", path)
        assert done.code == code, (done.out, done.err)
        return done

    return run


def test_from_an_order_to_the_coin(
    scene: Scene, tmp_path: Any, command: Callable[..., Any]
) -> None:
    suite, network = scene.suite, scene.network
    order = scene.order()
    good = scene.file(order)
    quack = scene.file(order, issuer=QUACK, tag=b"\x09" * 32)
    # Of another's record, by a vouch that is not for its patient: it stops nobody's rewards.
    spoilt = dataclasses.replace(good, vouch=quack.vouch)
    for name, one in (("a", good), ("b", quack), ("d", spoilt)):
        (tmp_path / f"{name}.json").write_text(json.dumps(one.to_document()))
    (tmp_path / "c.json").write_text("{}")
    folder = tmp_path / "filed"
    folder.mkdir()
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.json").rename(folder / f"{name}.json")
    filed, refused = read_filed(folder)
    assert refused == ["c.json"]
    terms = suite.rewards.emission()
    scene.chain.advance_time(terms.begins(1) - suite.now() + 1)

    audit = compute_rewards(network, 0, filed)

    # A twentieth of 10 coins, a tenth of it the hospital's.
    half = 500_000
    assert {(one.reward.account, one.reward.amount) for one in audit.lines} == {
        (scene.person.address, half - half // 10),
        (HOSPITAL.address, half // 10),
    }
    assert [one.issuer for one in audit.facts.sources] == [HOSPITAL.address]
    again = Audit.from_bytes(audit.to_bytes())
    assert not verify_rewards(network, again)
    file = tmp_path / "audit.json"
    made = command("rewards", "compute", file, "--epoch", 0, "--filed", folder, "--json").document
    assert file.read_bytes() == audit.to_bytes()
    assert (made["total"], made["refused"], made["leftOut"]) == (half, ["c.json"], 2)
    said = command("rewards", "verify", file, "--json").document
    assert (said["right"], said["posted"], said["root"]) == (True, False, "0x" + audit.root.hex())
    wrong = dataclasses.replace(audit.facts, uses=())
    (tmp_path / "wrong.json").write_bytes(Audit.make(wrong).to_bytes())
    command("rewards", "verify", tmp_path / "wrong.json", code=6)
    command("rewards", "verify", tmp_path / "network.json", code=3)
    command("rewards", "compute", file, code=2)
    with pytest.raises(AuditFalseError, match="uses"):
        verify_rewards(network, Audit.make(wrong))

    posted = suite.reward_board.post_root(
        0, 3, audit.root, audit.total, audit.institutions, bytes(32)
    )
    scene.send(EVALUATOR, posted)
    assert verify_rewards(network, again)
    with pytest.raises(RefusedError):
        claim_rewards(network, audit, scene.person.address)
    scene.chain.advance_time(15 * DAY)
    scene.relayer.send(suite.reward_board.end_root(0))
    assert suite.reward_board.state_of(0)[0] is RootState.STANDS

    claimed = command("rewards", "claim", file, "--json").document
    assert (claimed["account"], len(claimed["transactions"])) == (scene.person.address, 2)

    held = suite.coin.balance_of(scene.person.address)
    state = suite.rewards.earnings_of(scene.person.address)
    assert 0 < held == state.paid * MICROCOIN
    assert state.vested + state.vesting == half - half // 10
    assert claim_rewards(network, audit, HOSPITAL.address)
    report = earnings(network, scene.person.address, [audit])
    assert [(one.sale.order, one.mine) for one in report.orders] == [(order, PRICE * 80 // 100)]
    assert [(one.amount, one.parts[0].order) for one in report.rewards] == [(450_000, order)]
    told = command("earnings", "--audit", file, "--json").document
    assert [one["mine"] for one in told["orders"]] == [str(PRICE * 80 // 100)]
    assert told["rewards"][0]["amount"] == str(450_000 * MICROCOIN)
    assert told["rewards"][0]["why"][0]["order"] == str(order)
    assert "0.45" in command("earnings", "--audit", file).out
    assert "까닭" in command("earnings", "--audit", file, "--lang", "ko").out

    scene.send(HOSPITAL, suite.records.retract(good.record))
    # The person's and the institution's, by anybody, and once.
    taken = command("rewards", "clawback", file, "--json").document["taken"]
    assert {one["account"] for one in taken} == {scene.person.address, HOSPITAL.address}
    assert command("rewards", "clawback", file, "--json").document["taken"] == []

    after = earnings(network, scene.person.address)
    assert after.state.vesting == 0
    assert after.rewards[0].taken == 450_000 - after.state.vested


def test_a_researcher_without_an_approval_is_no_use(scene: Scene) -> None:
    suite = scene.suite
    scene.rule(suite.participants.unaccredit(RESEARCHER.address, Role(0), Condition.IRB))
    order = scene.order()
    epoch = suite.rewards.current_epoch()
    filed = [scene.file(order)]
    scene.chain.advance_time(suite.rewards.emission().begins(epoch + 1) - suite.now() + 1)

    audit = compute_rewards(scene.network, epoch, filed)

    assert [use.approved for use in audit.facts.uses if use.order == order] == [False]
    assert audit.lines == ()
