"""What each operation costs: the scenarios behind `make gas`.

A fresh Anvil at Shanghai, from the same genesis second, with the same keys, every block exactly 12
seconds after the one before: so each number is the same on every machine, and any difference is a
difference of the code. What is deployed is what `src/aceso/abi` holds.

The conditions are those of a suite in use. Contracts and their global slots have been used, the
sender is known, and the operation's own slot is fresh, unless the operation is a change of it.
Nothing is touched beforehand to make it cheaper. Views count their call frame, without the 21,000
and the calldata of a transaction.

    measure()              # {operation: gas}
    figures = run()        # the same, and the bytes of calldata
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

from aceso.codes import DataClass, Role, Use
from aceso.typed_data import TYPES
from aceso.vault.batch import tree_of
from tools import gas_economy, gas_rewards
from tools.compiler import ROOT
from tools.programs import ANVIL

__all__ = [
    "CALLDATA",
    "CONDITIONS",
    "LATER",
    "Figures",
    "Scene",
    "account",
    "anvil",
    "frame",
    "group",
    "measure",
    "run",
]

HARDFORK: Final = "shanghai"
# 1 January 2027. Only that it is always the same second matters: calldata is paid by its zeros.
GENESIS: Final = 1_798_761_600
BLOCK_SECONDS: Final = 12
DAY: Final = 86_400
COIN: Final = 10**18
FOREVER: Final = 2**40 - 1
_WAIT_SECONDS: Final = 20.0

# The most bytes of calldata: on a rollup that is most of the fee.
CALLDATA: Final = {"anchor": 132, "grant": 260, "grant_signed": 500, "buy": 100}

# Budgets of contracts that are still to come.
LATER: Final = (
    "supply_commission",
    "supply_handover",
    "claim_submit",
    "claim_decide",
    "claim_pay",
    "trial_register",
    "trial_enrol",
    "union_join",
    "union_leave",
)

CONDITIONS: Final = {
    "chain": f"Anvil with --hardfork {HARDFORK}, from the second {GENESIS}",
    "blocks": f"a transaction each, {BLOCK_SECONDS} seconds apart by evm_setNextBlockTimestamp",
    "code": "src/aceso/abi, as compiled by make generate and as it is deployed",
    "state": (
        "steady: contracts and their global slots used before, the sender known; the operation's "
        "own slot fresh unless it is a change of it; nothing touched beforehand"
    ),
    "views": (
        "decide, decide_member, decide_ward, decide_emergency, guardian_check, "
        "verify_inclusion_1000 and verify_record are the call's own frame, without the 21,000 and "
        "the calldata of a transaction"
    ),
    "buy": "the allowance was given before and is not used up; not the buyer's first order",
    "buy_permit": "the buyer's second permit, for exactly the price",
    "settle": (
        "the committee, the commons, the institution and the subject as credits, by a stranger; "
        "all have earned before and been paid, and so has the buyer for settle_prorata"
    ),
    "credit_withdraw": (
        "to an account that holds coin and was paid before, of the last coin that the market "
        "holds, as for the limit that the budget is from; 4,800 more while it holds other coin"
    ),
    "reward_claim_1000": (
        "a proof of ten steps; the account, and the word of 256 rewards, were used before"
    ),
    "decide_member": (
        "a member of an institution; a buyer of an offer costs two slots more, some 4,200"
    ),
    "later": f"budgets of contracts that are still to come: {', '.join(LATER)}",
}

# As plain numbers: web3.py takes an `IntFlag` for a collection.
LABS: Final = int(DataClass.LABS)
TREAT: Final = int(Use.TREAT)
HMB: Final = int(Use.HMB)


@dataclass(slots=True)
class Figures:
    """What was measured: gas by name, and bytes of calldata by name."""

    gas: dict[str, int] = field(default_factory=dict)
    calldata: dict[str, int] = field(default_factory=dict)


@contextmanager
def anvil() -> Iterator[Web3]:
    """An Anvil of our own on a free port, gone at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            ROOT / ANVIL,
            *("--port", str(port), "--hardfork", HARDFORK, "--timestamp", str(GENESIS)),
            *("--accounts", "20", "--chain-id", "31337", "--silent"),
        ]
    )
    try:
        web3 = Web3(HTTPProvider(f"http://127.0.0.1:{port}"))
        end = time.monotonic() + _WAIT_SECONDS
        while not web3.is_connected():
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit("Anvil did not start: run `make setup`")
            time.sleep(0.05)
        yield web3
    finally:
        process.terminate()
        process.wait()


def ask(web3: Web3, method: str, *params: object) -> Any:
    answer = web3.provider.make_request(RPCEndpoint(method), list(params))
    if "error" in answer:
        raise SystemExit(f"{method}: {answer['error']}")
    return answer["result"]


def frame(web3: Web3, call: Any) -> int:
    """The gas of a call's own frame: what the node counts for it as a transaction, less that."""
    data = call._encode_transaction_data()
    trace = ask(
        web3,
        "debug_traceCall",
        {"to": call.address, "data": data},
        "latest",
        {"tracer": "callTracer"},
    )
    if "error" in trace:
        raise SystemExit(f"{call.fn_name} reverted: {trace['error']}")
    paid = sum(16 if byte else 4 for byte in bytes.fromhex(data[2:]))
    return int(trace["gasUsed"], 16) - 21_000 - paid


def keccak(data: bytes | None = None, *, text: str | None = None) -> bytes:
    return bytes(Web3.keccak(data, text=text))


def account(address: str) -> bytes:
    """An account as a grantee."""
    return bytes(12) + bytes.fromhex(address[2:])


def group(number: int, address: str) -> bytes:
    """A member group as a grantee."""
    return number.to_bytes(12, "big") + bytes.fromhex(address[2:])


class Scene:
    """The suite on a chain of its own, with everybody who takes part."""

    def __init__(self, chain: Any) -> None:
        # A Web3, without its types: the contracts' functions have none either.
        self.web3 = chain
        self.figures = Figures()
        self.now = int(chain.eth.get_block("latest")["timestamp"])
        accounts = [str(address) for address in chain.eth.accounts]
        self.authority, self.subject, self.colleague, self.buyer = accounts[:4]
        self.institution, self.physician, self.stranger, self.relayer = accounts[4:8]
        self.commons, self.treasury = accounts[8:10]
        keys = [Account.from_key(keccak(text=f"a signer of make gas {at}")) for at in range(8)]
        self.persona: LocalAccount = keys[0]
        self.payer: LocalAccount = keys[1]
        self.issuer: LocalAccount = keys[2]
        self.custodians: list[LocalAccount] = keys[3:8]
        for key in keys:
            chain.eth.send_transaction({"from": self.authority, "to": key.address, "value": COIN})
        self._deploy()
        self.guardianship: Any = None

    # The chain

    def _tick(self, seconds: int = BLOCK_SECONDS) -> None:
        self.now += seconds
        ask(self.web3, "evm_setNextBlockTimestamp", self.now)

    def wait(self, seconds: int) -> None:
        """Let time pass before the next block."""
        self.now += seconds

    def deploy(self, name: str, *arguments: Any, **libraries: str) -> Any:
        artifact = json.loads((ROOT / f"src/aceso/abi/{name}.json").read_text(encoding="utf-8"))
        code = artifact["bytecode"]
        for path, places in artifact["links"].items():
            address = libraries[path.split(":")[1]][2:].lower()
            for start, length in places:
                code = code[: 2 + 2 * start] + address + code[2 + 2 * (start + length) :]
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=code)
        self._tick()
        sent = factory.constructor(*arguments).transact({"from": self.authority})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def send(self, call: Any, sender: str, name: str | None = None, value: int = 0) -> int:
        """Send a transaction in a block of its own; `name` is what its gas is kept as."""
        self._tick()
        sent = call.transact({"from": sender, "value": value, "gas": 5_000_000})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        if receipt["status"] != 1:
            raise SystemExit(f"{name or call.fn_name} reverted")
        if name:
            self.figures.gas[name] = receipt["gasUsed"]
            self.figures.calldata[name] = len(call._encode_transaction_data()) // 2 - 1
        return int(receipt["gasUsed"])

    def view(self, call: Any, name: str) -> int:
        """Keep the gas of a view's frame."""
        self.figures.gas[name] = frame(self.web3, call)
        return self.figures.gas[name]

    def sign(self, signer: LocalAccount, contract: Any, kind: str, **message: Any) -> bytes:
        """The signature of a message of the suite."""
        domain = {
            "name": "Aceso",
            "version": "1",
            "chainId": self.web3.eth.chain_id,
            "verifyingContract": contract.address,
        }
        signable = encode_typed_data(domain, dict(TYPES[kind].types), message)
        return bytes(signer.sign_message(signable).signature)

    def permit(
        self, token: Any, spender: str, value: int, deadline: int
    ) -> tuple[int, bytes, bytes]:
        """The payer's permit (ERC-2612), in a token's own typed data."""
        kinds = {
            "Permit": [
                {"name": "owner", "type": "address"},
                {"name": "spender", "type": "address"},
                {"name": "value", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ]
        }
        domain = {
            "name": "Aceso",
            "version": "1",
            "chainId": self.web3.eth.chain_id,
            "verifyingContract": token.address,
        }
        message = {
            "owner": self.payer.address,
            "spender": spender,
            "value": value,
            "nonce": token.functions.nonces(self.payer.address).call(),
            "deadline": deadline,
        }
        signed = self.payer.sign_message(encode_typed_data(domain, kinds, message))
        return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")

    def address_of(self, nonce: int) -> str:
        """Where the contract will be that is deployed with this nonce."""
        return create_address(self.authority, nonce)

    # The suite

    def _deploy(self) -> None:
        self.participants = self.deploy("ParticipantRegistry", self.authority, 0)
        self.consents = self.deploy("ConsentRegistry", self.participants.address)
        self.records = self.deploy("RecordRegistry", self.participants.address)
        # The coin is told the sale's address before the sale exists: it is the next of the sender.
        nonce = self.web3.eth.get_transaction_count(self.authority)
        sale = create_address(self.authority, nonce + 1)
        nobody = "0x" + "00" * 20
        self.coin = self.deploy("RewardCoin", sale, nobody, 10**9 * COIN)
        self.sale = self.deploy(
            "CoinSale",
            self.participants.address,
            self.coin.address,
            self.treasury,
            (1000, nobody, 0, 10**8 * COIN, 10**8 * COIN),
        )
        if self.sale.address != sale:
            raise SystemExit("the sale is not where the coin expects it")
        libraries = {
            name: self.deploy(name).address for name in ("Offers", "Settlement", "StudyBook")
        }
        self.libraries = libraries
        self.market = self.desk("DataMarket", nobody, 0)

    def desk(self, name: str, disputes: str, window: int) -> Any:
        """A contract with orders, whose orders can be disputed by `disputes` for a time."""
        return self.deploy(
            name,
            self.consents.address,
            self.participants.address,
            self.coin.address,
            self.commons,
            disputes,
            window,
            **self.libraries,
        )

    def accredit(self, who: str, roles: Role) -> None:
        call = self.participants.functions
        self.send(call.proposeAccreditation(who, int(roles), 0), self.authority)
        self.send(call.accredit(who), self.authority)

    def terms(
        self,
        grantee: bytes,
        classes: int = LABS,
        uses: int = TREAT,
    ) -> tuple[Any, ...]:
        """A grant of 300 days from now."""
        notice = keccak(text="the text that was shown")
        return (grantee, classes, uses, 0, 0, self.now, self.now + 300 * DAY, notice)

    def offer(self, committee: int = 1, subject: str | None = None) -> int:
        """An offer of labs for medical research at 1 coin a day, granted to."""
        subject = subject or self.subject
        terms = (
            subject,
            COIN,
            self.institution,
            committee,
            DAY,
            1000,
            HMB,
            LABS,
            0,
            0,
            DAY,
        )
        self.send(self.market.functions.offer(terms), subject)
        number = int(self.market.functions.offerCount().call())
        grantee = group(number, self.market.address)
        granted = self.terms(grantee, LABS, HMB)
        self.send(self.consents.functions.grant(granted), subject)
        return number

    def buy(self, number: int, name: str | None = None) -> int:
        """A purchase under an allowance that was given before and is not used up."""
        self.send(self.market.functions.buy(number, keccak(text="a key")), self.buyer, name)
        return int(self.market.functions.orderOf(number, self.buyer).call()[0])

    def deliver(
        self, order: int, signers: list[int], members: int, threshold: int, name: str | None = None
    ) -> None:
        """The delivery of `order` by these of the first `members` custodians."""
        delivery = {
            "order": order,
            "extract": keccak(text="an extract"),
            "receivingKey": keccak(text="a key"),
            "capsule": keccak(text="a capsule"),
        }
        signatures = [
            self.sign(self.custodians[at], self.market, "Delivery", **delivery) for at in signers
        ]
        committee = ([custodian.address for custodian in self.custodians[:members]], threshold)
        bits = sum(1 << at for at in signers)
        self.send(
            self.market.functions.deliver(tuple(delivery.values()), committee, bits, signatures),
            self.relayer,
            name,
        )


def create_address(sender: str, nonce: int) -> str:
    """Where the contract will be that `sender` creates as transaction `nonce` (below 2^16)."""
    number = b"\x80" if nonce == 0 else nonce.to_bytes(2 if nonce > 255 else 1, "big")
    if nonce > 127:
        number = bytes([0x80 + len(number)]) + number
    body = b"\x94" + bytes.fromhex(sender[2:]) + number
    return str(Web3.to_checksum_address(keccak(bytes([0xC0 + len(body)]) + body)[12:]))


def measure() -> dict[str, int]:
    """The gas of every operation; stops where calldata is longer than it may be."""
    figures = run()
    for name, limit in CALLDATA.items():
        if figures.calldata[name] > limit:
            length = figures.calldata[name]
            raise SystemExit(f"{name} has {length} bytes of calldata, it may have {limit}")
    return figures.gas


def run() -> Figures:
    """Run every scenario on a fresh chain."""
    with anvil() as web3:
        scene = Scene(web3)
        _records(scene)
        _consents(scene)
        _market(scene)
        _decisions(scene)
        _guardians(scene)
        _logs(scene)
        _emergencies(scene)
        gas_economy.run(scene)
        gas_rewards.run(scene)
        return scene.figures


def _records(scene: Scene) -> None:
    """An accredited issuer anchors, replaces, retracts; somebody verifies."""
    records, issuer = scene.records.functions, scene.issuer
    scene.accredit(issuer.address, Role.ISSUER)
    scene.accredit(scene.institution, Role.ISSUER)
    batch = keccak(text="the list of leaves")

    def root(at: int) -> bytes:
        return keccak(text=f"root {at}")

    scene.send(records.anchor(root(0), batch), scene.institution)
    scene.send(records.anchor(root(1), batch), scene.institution, "anchor")

    def signed(at: int) -> tuple[Any, ...]:
        message = {"root": root(at), "batch": batch, "deadline": scene.now + DAY}
        signature = scene.sign(issuer, scene.records, "Anchor", issuer=issuer.address, **message)
        return (issuer.address, *message.values(), signature)

    scene.send(records.anchorWithSig(*signed(0)), scene.relayer)
    scene.send(records.anchorWithSig(*signed(1)), scene.relayer, "anchor_signed")

    leaf, successor = keccak(text="a leaf"), keccak(text="its successor")
    scene.send(records.supersede(leaf, successor), scene.institution, "supersede")
    scene.send(records.retract(successor), scene.institution, "retract")

    leaves = [keccak(text=f"leaf {at}") for at in range(1000)]
    tree = tree_of(leaves)
    scene.send(records.anchor(tree.root, batch), scene.institution)
    # The deepest of them: the lowest row of the tree holds the first in its order.
    deepest = max(leaves, key=lambda each: (len(tree.proof(each)), each))
    question = (scene.institution, tree.root, deepest, list(tree.proof(deepest)))
    scene.view(records.isIncluded(*question), "verify_inclusion_1000")
    scene.view(records.verify(*question), "verify_record")


def _consents(scene: Scene) -> None:
    """Grants, renewals and withdrawals, sent and signed."""
    consents, subject, persona = scene.consents.functions, scene.subject, scene.persona
    grantee = account(scene.colleague)
    scene.send(consents.grant(scene.terms(account(scene.physician))), subject)
    scene.send(consents.grant(scene.terms(grantee)), subject, "grant")
    scene.send(consents.grant(scene.terms(grantee)), subject, "grant_renew")
    scene.send(consents.withdraw(grantee), subject, "withdraw")
    scene.send(consents.withdraw(account(scene.relayer)), subject, "withdraw_unsent")
    scene.send(consents.withdrawAll(), scene.stranger, "withdraw_all_first")
    scene.send(consents.withdrawAll(), scene.stranger, "withdraw_all")

    terms = scene.terms(grantee)
    deadline = scene.now + DAY
    fields = [each["name"] for each in TYPES["Grant"].types["Grant"]]
    values = (persona.address, *terms, 0, 0, 0, deadline)
    signature = scene.sign(
        persona, scene.consents, "Grant", **dict(zip(fields, values, strict=True))
    )
    granted = consents.grantWithSig(persona.address, terms, deadline, signature)
    scene.send(granted, scene.relayer, "grant_signed")
    signature = scene.sign(
        persona,
        scene.consents,
        "Withdrawal",
        subject=persona.address,
        grantee=grantee,
        withdrawals=0,
    )
    withdrawn = consents.withdrawWithSig(persona.address, grantee, signature)
    scene.send(withdrawn, scene.relayer, "withdraw_signed")


def _market(scene: Scene) -> None:
    """Orders bought, delivered and settled, and what is paid out of them."""
    market, coin, participants = (
        scene.market.functions,
        scene.coin.functions,
        scene.participants.functions,
    )
    for place, custodian in enumerate(scene.custodians, start=1):
        scene.send(participants.openInstitution(scene.authority), scene.authority)
        member = participants.setMember(place, custodian.address, FOREVER, 0)
        scene.send(member, scene.authority)
        scene.accredit(custodian.address, Role.CUSTODIAN)
    members = [custodian.address for custodian in scene.custodians]
    for committee, places in (((members[:3], 2), [1, 2, 3]), ((members, 3), [1, 2, 3, 4, 5])):
        scene.send(participants.registerCommittee(committee, places), scene.authority)

    for holder in (scene.buyer, scene.subject, scene.stranger):
        scene.send(scene.sale.functions.buy(), holder, value=COIN)
    scene.send(coin.transfer(scene.stranger, 5), scene.buyer, "coin_transfer")
    scene.send(coin.approve(scene.market.address, 100 * COIN), scene.buyer)

    # Nothing is delivered and all goes back, twice: the second refund counts.
    for name in (None, "credit_withdraw"):
        order = scene.buy(scene.offer())
        scene.wait(DAY)
        scene.send(market.settle(order), scene.relayer)
        scene.send(market.payCredit(scene.buyer), scene.buyer, name)
    if coin.balanceOf(scene.market.address).call() != 0:
        raise SystemExit("the market still holds coin")

    # A first round for all, after which nobody has a slot that was never used: one order runs its
    # whole time, one is stopped, and everybody takes what they are owed.
    for stopped in (False, True):
        _round(scene, stopped=stopped)
    for owed in (scene.subject, scene.institution, scene.buyer):
        scene.send(market.payCredit(owed), owed)

    # The second round counts.
    _round(scene, stopped=False, counts=True)
    for owed in (scene.subject, scene.institution):
        scene.send(market.payCredit(owed), owed)
    _round(scene, stopped=True, counts=True)

    order = scene.buy(scene.offer(committee=2))
    scene.deliver(order, [0, 2, 4], 5, 3, "deliver_3of5")

    _permits(scene)


def _round(scene: Scene, *, stopped: bool, counts: bool = False) -> None:
    """An order from purchase to settlement by a stranger; `stopped` after an hour of its day."""
    number = scene.offer()
    order = scene.buy(number, "buy" if counts and not stopped else None)
    scene.deliver(order, [0, 2], 3, 2, "deliver_2of3" if counts and not stopped else None)
    if stopped:
        scene.wait(3600)
        grantee = group(number, scene.market.address)
        scene.send(scene.consents.functions.withdraw(grantee), scene.subject)
    else:
        scene.wait(DAY)
    name = "settle_prorata" if stopped else "settle"
    scene.send(scene.market.functions.settle(order), scene.relayer, name if counts else None)


def _permits(scene: Scene) -> None:
    """Purchases in one transaction, by somebody who bought so before."""
    payer = scene.payer
    scene.send(scene.coin.functions.transfer(payer.address, 10 * COIN), scene.buyer)
    # The payer has a key of their own, so the node is told to send as them.
    ask(scene.web3, "anvil_impersonateAccount", payer.address)
    for name in (None, "buy_permit"):
        number = scene.offer()
        deadline = scene.now + DAY
        signature = scene.permit(scene.coin, scene.market.address, COIN, deadline)
        key = keccak(text="a key")
        bought = scene.market.functions.buyWithPermit(number, key, deadline, *signature)
        scene.send(bought, payer.address, name)


def _decisions(scene: Scene) -> None:
    """The one decision: of a direct grant, and of a grant to an institution."""
    consents, subject, colleague = scene.consents.functions, scene.subject, scene.colleague
    grantee = account(colleague)
    scene.send(consents.grant(scene.terms(grantee)), subject)
    question = (subject, colleague, grantee, TREAT, LABS, 0)
    _check_permitted(consents.decide(question))
    scene.view(consents.decide(question), "decide")

    hospital = group(1, scene.participants.address)
    scene.send(consents.grant(scene.terms(hospital)), subject)
    question = (subject, scene.custodians[0].address, hospital, TREAT, LABS, 0)
    _check_permitted(consents.decide(question))
    scene.view(consents.decide(question), "decide_member")


def _guardians(scene: Scene) -> None:
    """A minor's guardian, from the appointment to the end; a recovery, an attestation, a successor.

    It comes last and touches nothing of the others.
    """
    contract = scene.deploy("Guardianship", scene.participants.address, DAY, DAY)
    scene.guardianship = contract
    persona, call = scene.persona, contract.functions
    # The persona has used the contract before, and the minor is known to be one.
    majority = scene.now + 900 * DAY
    majority -= majority % 7_889_400
    first, second, third = scene.custodians[:3]
    until = majority

    def appointment(guardian: str, threshold: int = 0) -> tuple[Any, ...]:
        return (guardian, 7, scene.now, until, majority, threshold)

    ask(scene.web3, "anvil_impersonateAccount", persona.address)
    scene.send(call.nameGuardian(appointment(first.address, 2)), persona.address)
    scene.send(call.nameGuardian(appointment(second.address)), persona.address, "guardian_name")

    fields = [each["name"] for each in TYPES["Appointment"].types["Appointment"]]
    deadline = scene.now + DAY
    terms = appointment(third.address)
    values = (persona.address, *terms, 0, 0, deadline)
    signature = scene.sign(
        persona, contract, "Appointment", **dict(zip(fields, values, strict=True))
    )
    named = call.nameGuardianWithSig(persona.address, terms, deadline, signature)
    scene.send(named, scene.relayer, "guardian_name_signed")

    def accept(guardian: LocalAccount, name: str | None = None) -> None:
        message = {"appointments": 1, "removals": 0, "deadline": scene.now + DAY}
        people = {"subject": persona.address, "guardian": guardian.address}
        signature = scene.sign(guardian, contract, "GuardianAcceptance", **people, **message)
        accepted = call.acceptGuardianshipWithSig(
            persona.address, guardian.address, message["deadline"], signature
        )
        scene.send(accepted, scene.relayer, name)

    accept(first)
    accept(second, "guardian_accept")
    accept(third)

    people = {"subject": persona.address, "guardian": first.address}
    actor = scene.colleague
    message = {"actor": actor, "validUntil": until, "ends": 0, "deadline": scene.now + DAY}
    signature = scene.sign(first, contract, "GuardianShare", **people, **message)
    shared = call.shareWithSig(
        persona.address, first.address, actor, until, message["deadline"], signature
    )
    scene.send(shared, scene.relayer, "guardian_share")
    ours = group(int(first.address, 16) & (2**96 - 1), contract.address)
    scene.send(scene.consents.functions.grant(scene.terms(ours)), persona.address)
    question = (persona.address, actor, ours, TREAT, LABS, 0)
    _check_permitted(scene.consents.functions.decide(question))
    scene.view(scene.consents.functions.decide(question), "decide_ward")
    scene.view(call.isGuardian(persona.address, first.address, 2), "guardian_check")
    signature = scene.sign(first, contract, "GuardianUnshare", **people, actor=actor, ends=0)
    ended = call.unshareWithSig(persona.address, first.address, actor, signature)
    scene.send(ended, scene.relayer, "guardian_unshare")

    _claims(scene)
    _recoveries(scene, [first, second])

    signature = scene.sign(
        persona,
        contract,
        "GuardianRemoval",
        subject=persona.address,
        guardian=third.address,
        removals=0,
    )
    removed = call.removeGuardianWithSig(persona.address, third.address, signature)
    scene.send(removed, scene.relayer, "guardian_remove_signed")
    scene.send(call.removeGuardian(second.address), persona.address, "guardian_remove")

    message = {"subject": persona.address, "will": keccak(text="a will"), "wills": 0}
    deadline = scene.now + DAY
    signature = scene.sign(persona, contract, "Will", **message, deadline=deadline)
    committed = call.commitWillWithSig(persona.address, message["will"], deadline, signature)
    scene.send(committed, scene.relayer, "will_commit")

    successor = scene.payer
    message = {"subject": persona.address, "successor": successor.address, "deadline": deadline}
    own = scene.sign(persona, contract, "Succession", **message)
    other = scene.sign(successor, contract, "Succession", **message)
    scene.send(call.succeed(*message.values(), own, other), scene.relayer, "persona_succeed")


def _claims(scene: Scene) -> None:
    """Two physicians of two institutions find the persona incapable, and the persona objects."""
    call, persona = scene.guardianship.functions, scene.persona
    doctors = (scene.physician, scene.institution)
    for place, doctor in enumerate(doctors, start=1):
        scene.accredit(doctor, Role.PHYSICIAN)
        member = scene.participants.functions.setMember(place, doctor, FOREVER, 0)
        scene.send(member, scene.authority)
    names = ("claim_attest", "claim_confirm")
    for place, (doctor, name) in enumerate(zip(doctors, names, strict=True), start=1):
        scene.send(call.attest(persona.address, place, 0), doctor, name)
    signature = scene.sign(
        persona, scene.guardianship, "Objection", subject=persona.address, claim=0, objections=0
    )
    scene.send(
        call.contestWithSig(persona.address, 0, signature), scene.relayer, "claim_contest_signed"
    )
    scene.send(call.contest(0), persona.address, "claim_contest")


def _recoveries(scene: Scene, guardians: list[LocalAccount]) -> None:
    """Two guardians of three start a recovery, and the persona ends it by a veto."""
    call, persona = scene.guardianship.functions, scene.persona
    ordered = sorted(guardians, key=lambda one: int(one.address, 16))
    deadline = scene.now + DAY
    signatures = [
        scene.sign(
            one,
            scene.guardianship,
            "RecoverySupport",
            subject=persona.address,
            guardian=one.address,
            requester=scene.stranger,
            objections=0,
            deadline=deadline,
        )
        for one in ordered
    ]
    addresses = [one.address for one in ordered]
    started = call.startRecovery(persona.address, scene.stranger, addresses, deadline, signatures)
    scene.send(started, scene.relayer, "recovery_start_2of3")
    signature = scene.sign(
        persona, scene.guardianship, "Objection", subject=persona.address, claim=3, objections=0
    )
    scene.send(call.contestWithSig(persona.address, 3, signature), scene.relayer, "recovery_veto")


def _logs(scene: Scene) -> None:
    """A custodian anchors the head of its log, as before. It touches nothing of the others."""
    contract = scene.deploy("AccessLog", scene.participants.address)
    log, custodian = contract.functions, scene.custodians[0]

    def signed(size: int) -> tuple[Any, ...]:
        head = {"custodian": custodian.address, "size": size, "root": keccak(text=f"head {size}")}
        return (*head.values(), scene.sign(custodian, contract, "LogHead", **head))

    scene.send(log.anchorLogWithSig(*signed(1_000)), scene.relayer)
    scene.send(log.anchorLogWithSig(*signed(2_000)), scene.relayer, "anchor_log_signed")
    scene.accredit(scene.institution, Role.CUSTODIAN)
    for size, name in ((1_000, None), (2_000, "anchor_log")):
        head = log.anchorLog(size, keccak(text=f"head {size}"))
        scene.send(head, scene.institution, name)


def _emergencies(scene: Scene) -> None:
    """A clinician's second openings of all kinds: stopped, closed, reviewed, left unreviewed.

    It comes last: it deploys a coin, guardians and consents' group of its own.
    """
    coin = scene.deploy("RewardCoin", scene.authority, scene.authority, 10**9 * COIN)
    guardianship = scene.deploy("Guardianship", scene.participants.address, DAY, DAY)
    contract = scene.deploy(
        "EmergencyAccess", scene.participants.address, guardianship.address, coin.address, COIN, DAY
    )
    call, clinician, persona = contract.functions, scene.colleague, scene.persona
    scene.accredit(clinician, Role.EMERGENCY_CLINICIAN)
    reviewers = (scene.physician, scene.institution)
    for place, (member, role) in enumerate(
        (
            (clinician, Role.EMERGENCY_CLINICIAN),
            (reviewers[0], Role.ETHICS_BOARD),
            (reviewers[1], Role.ETHICS_BOARD),
        ),
        start=1,
    ):
        scene.accredit(member, role)
        # They may belong to others' institutions by what came before.
        for other in (1, 2, 3):
            until = FOREVER if other == place else 0
            joined = scene.participants.functions.setMember(other, member, until, 0)
            scene.send(joined, scene.authority)
    scene.send(coin.functions.mint(clinician, 100 * COIN), scene.authority)
    scene.send(coin.functions.approve(contract.address, 100 * COIN), clinician)

    def opened(name: str | None = None, window: int = 0, subject: str = "") -> int:
        scene.send(call.open(subject or persona.address, 1, 0, window), clinician, name)
        return int(call.statistics(0).call()[0])

    def reviewed(number: int, *names: str | None) -> None:
        for place, (reviewer, name) in enumerate(zip(reviewers, names, strict=True), start=2):
            scene.send(call.review(number, place, True), reviewer, name)

    first = opened()
    scene.send(call.close(persona.address), clinician)
    reviewed(first, None, None)
    # Of another person: the slot of their glass is fresh.
    second = opened("emergency_open", subject=scene.subject)
    ours = group(1, contract.address)
    terms = list(scene.terms(ours))
    terms[2] = int(Use.ETREAT)
    scene.send(scene.consents.functions.grant(tuple(terms)), scene.subject)
    question = (scene.subject, clinician, ours, int(Use.ETREAT), LABS, 0)
    _check_permitted(scene.consents.functions.decide(question))
    scene.view(scene.consents.functions.decide(question), "decide_emergency")
    scene.send(call.close(scene.subject), clinician, "emergency_close")
    reviewed(second, "emergency_review", "emergency_review_decides")
    third = opened(subject=scene.subject)
    scene.send(call.stop(scene.subject, clinician), scene.subject, "emergency_stop")
    reviewed(third, None, None)
    fourth = opened()
    message = {"subject": persona.address, "by": persona.address, "clinician": clinician}
    signature = scene.sign(persona, contract, "EmergencyStop", **message, number=fourth)
    scene.send(
        call.stopWithSig(*message.values(), signature), scene.relayer, "emergency_stop_signed"
    )
    reviewed(fourth, None, None)
    fifth = opened(window=1)
    scene.wait(2 * DAY)
    scene.send(call.endReview(fifth), scene.stranger, "emergency_end_review")
    deadline = scene.now + DAY
    signature = scene.sign(
        persona,
        contract,
        "EmergencyCredit",
        subject=persona.address,
        to=scene.stranger,
        taken=0,
        deadline=deadline,
    )
    taken = call.takeCreditWithSig(persona.address, scene.stranger, deadline, signature)
    scene.send(taken, scene.relayer, "emergency_credit_signed")
    scene.send(call.takeCredit(clinician), clinician, "emergency_credit")


def _check_permitted(call: Any) -> None:
    """A denial is cheaper, and would be no measure."""
    permitted, reason = call.call()
    if not permitted:
        raise SystemExit(f"decide denied with reason {reason} what was to be measured")
