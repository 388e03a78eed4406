"""Deploying the suite, and checking that what is on a chain is the suite.

    deployment = deploy_suite(url, deployer, network="local", authority=wallet, commons=commons, …)
    deployment.write("deployments/local.json")
    check_deployment(url, deployment)          # [] when all is as it must be

The steps are those of `SUITE`, in its order; libraries come before those that are linked with
them. The coin names the sale and the pool that may mint before they exist, and the pool its board;
their addresses follow from the deployer's next nonces, so nothing else may be sent from that
account meanwhile, and the deployment fails if it was.

`check_deployment` reads the code back, and compares it byte for byte with what the compiler made,
with addresses, separators and caps in the places of immutables. It tells that a deployment is ours
as it was compiled here. It can't tell that the authority's owners are who they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.ethereum import NOBODY
from aceso.signing import DOMAIN_NAME, DOMAIN_VERSION, domain_separator

from ._bytes import checksum, keccak
from ._rlp import encode as rlp
from .abi import SUITE, artifact
from .contract import Contract
from .contracts import Emergencies, Guardianship, Participants
from .deployed import Deployed, Deployment
from .disputes import Disputes
from .errors import DeploymentError
from .market import Coin, Market, Sale
from .node import Node
from .reward_contracts import RewardBoard, RewardPool
from .sender import Sender

__all__ = [
    "Finding",
    "Plan",
    "Step",
    "check_deployment",
    "deploy_local_authority",
    "deploy_suite",
    "plan",
]

_MICROCOIN: Final = 10**12
# Libraries that others are linked with, by the name that the compiler gives the place for them.
_LIBRARIES: Final = {
    "contracts/market/Offers.sol:Offers": "Offers",
    "contracts/market/Settlement.sol:Settlement": "Settlement",
    "contracts/market/StudyBook.sol:StudyBook": "StudyBook",
    "contracts/market/UnionBook.sol:UnionBook": "UnionBook",
    "contracts/market/UnionShares.sol:UnionShares": "UnionShares",
}
_WALLET: Final = "MultiSigWallet"
# Those with orders.
_DESKS: Final = ("DataMarket", "Studies", "Unions")
# Those that take signed messages.
_SIGNED: Final = (
    "ConsentRegistry",
    "RecordRegistry",
    "DataMarket",
    "Studies",
    "Unions",
    "Guardianship",
    "AccessLog",
    "EmergencyAccess",
    "RewardBoard",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment is made with."""

    authority: str
    commons: str
    accreditation_delay: int
    coin_rate: int
    sale_cap: int
    sale_day_cap: int
    # A token that coin is sold for, and what of it a coin costs, in base units; zeros for none.
    sale_token: tuple[str, int]
    coin_cap: int
    attestation_delay: int
    recovery_delay: int
    emergency_bond: int
    review_period: int
    challenge_window: int
    dispute_bond: int
    dispute_fee: int
    draw_period: int
    vote_period: int
    # Millionths of a coin in an epoch, the epochs until it is halved, and the seconds of one.
    emission: tuple[int, int, int]
    # Of a root of rewards: seconds to challenge it, seconds for a panel, base units behind it.
    reward_terms: tuple[int, int, int]

    @property
    def emission_cap(self) -> int:
        """The most that the pool ever mints, in base units."""
        budget, halving, _ = self.emission
        return 2 * budget * halving * _MICROCOIN


@dataclass(frozen=True, slots=True)
class Step:
    """One contract to create: its name, and what its constructor takes."""

    name: str
    arguments: list[Any]


def plan(deployer: str, nonce: int, wanted: Plan) -> list[Step]:
    """The steps for an account whose next transaction has this nonce."""
    at = {name: _created(deployer, nonce + place) for place, name in enumerate(SUITE)}
    authority, commons = checksum(wanted.authority), checksum(wanted.commons)
    desk: list[Any] = [at["ConsentRegistry"], at["ParticipantRegistry"], at["RewardCoin"], commons]
    desk += [at["Disputes"], wanted.challenge_window]
    arguments: dict[str, list[Any]] = {
        "ParticipantRegistry": [authority, wanted.accreditation_delay],
        "ConsentRegistry": [at["ParticipantRegistry"]],
        "RecordRegistry": [at["ParticipantRegistry"]],
        "RewardCoin": [at["CoinSale"], at["RewardPool"], wanted.coin_cap],
        "CoinSale": [
            at["ParticipantRegistry"],
            at["RewardCoin"],
            commons,
            [wanted.coin_rate, *wanted.sale_token, wanted.sale_cap, wanted.sale_day_cap],
        ],
        "Offers": [],
        "Settlement": [],
        "Disputes": [
            at["ParticipantRegistry"],
            at["RewardCoin"],
            wanted.dispute_bond,
            wanted.dispute_fee,
            wanted.draw_period,
            wanted.vote_period,
        ],
        "DataMarket": desk,
        "StudyBook": [],
        "Studies": desk,
        "UnionBook": [],
        "UnionShares": [],
        "Unions": desk,
        "Guardianship": [
            at["ParticipantRegistry"],
            wanted.attestation_delay,
            wanted.recovery_delay,
        ],
        "AccessLog": [at["ParticipantRegistry"]],
        "EmergencyAccess": [
            at["ParticipantRegistry"],
            at["Guardianship"],
            at["RewardCoin"],
            wanted.emergency_bond,
            wanted.review_period,
        ],
        "RewardPool": [
            at["RecordRegistry"],
            at["RewardCoin"],
            at["RewardBoard"],
            list(wanted.emission),
        ],
        "RewardBoard": [
            at["ParticipantRegistry"],
            at["RewardCoin"],
            at["RewardPool"],
            *wanted.reward_terms,
        ],
    }
    return [Step(name, arguments[name]) for name in SUITE]


def deploy_suite(
    rpc_url: str,
    deployer: LocalAccount,
    *,
    network: str,
    authority: str,
    commons: str,
    accreditation_delay: int,
    coin_rate: int,
    sale_cap: int,
    coin_cap: int,
    sale_day_cap: int | None = None,
    sale_token: tuple[str, int] = (NOBODY, 0),
    attestation_delay: int = 14 * 86_400,
    recovery_delay: int = 7 * 86_400,
    emergency_bond: int = 50 * 10**18,
    review_period: int = 14 * 86_400,
    challenge_window: int = 3 * 86_400,
    dispute_bond: int = 50 * 10**18,
    dispute_fee: int = 5 * 10**18,
    draw_period: int = 7 * 86_400,
    vote_period: int = 14 * 86_400,
    emission: tuple[int, int, int] = (10**12, 8, 90 * 86_400),
    reward_terms: tuple[int, int, int] = (14 * 86_400, 21 * 86_400, 500 * 10**18),
    commit: str = "",
    progress: Callable[[str, str], None] | None = None,
) -> Deployment:
    """Deploy everything, and raise `DeploymentError` if any step is not as planned.

    Without `sale_day_cap` all coin that is ever sold may be sold in one day. `sale_token` is a
    token that coin is sold for beside ether, with what of it a coin costs.
    `progress` is told the name and address of each contract when it is there.
    """
    node = Node(rpc_url)
    try:
        wanted = Plan(
            authority=authority,
            commons=commons,
            accreditation_delay=accreditation_delay,
            coin_rate=coin_rate,
            sale_cap=sale_cap,
            sale_day_cap=sale_cap if sale_day_cap is None else sale_day_cap,
            sale_token=(checksum(sale_token[0]), sale_token[1]),
            coin_cap=coin_cap,
            attestation_delay=attestation_delay,
            recovery_delay=recovery_delay,
            emergency_bond=emergency_bond,
            review_period=review_period,
            challenge_window=challenge_window,
            dispute_bond=dispute_bond,
            dispute_fee=dispute_fee,
            draw_period=draw_period,
            vote_period=vote_period,
            emission=emission,
            reward_terms=reward_terms,
        )
        if wanted.sale_cap + wanted.emission_cap > coin_cap:
            raise DeploymentError(
                f"the coin's cap of {coin_cap} leaves no place for {sale_cap} that are sold and "
                f"{wanted.emission_cap} that are emitted"
            )
        if len(node.code(checksum(authority))) == 0:
            raise DeploymentError(
                f"the authority {authority} is no contract: it has to be a multi-signature wallet"
            )
        sender = Sender(node, deployer)
        nonce = node.nonce(deployer.address, block="pending")
        contracts: dict[str, Deployed] = {}
        for place, step in enumerate(plan(deployer.address, nonce, wanted)):
            foreseen = _created(deployer.address, nonce + place)
            compiled = artifact(step.name)
            libraries = {path: contracts[_LIBRARIES[path]].address for path in compiled.links}
            code = _linked(compiled.bytecode, compiled.links, libraries)
            code += compiled.constructor.encode(step.arguments)
            receipt = sender.deploy(code, name=step.name)
            if receipt.contract_address != foreseen:
                raise DeploymentError(
                    f"{step.name} came to {receipt.contract_address} and not to {foreseen}, since "
                    "the account sent something else meanwhile"
                )
            contracts[step.name] = Deployed(foreseen, receipt.block_number, step.arguments)
            if progress is not None:
                progress(step.name, foreseen)
        return Deployment(network, node.chain_id, commit, contracts)
    finally:
        node.close()


def _created(deployer: str, nonce: int) -> str:
    """The address of what an account creates with this nonce."""
    return checksum("0x" + keccak(rlp([bytes.fromhex(deployer[2:]), nonce]))[12:].hex())


def _linked(
    code: str, places: Mapping[str, list[list[int]]], addresses: Mapping[str, str]
) -> bytes:
    """The code with the addresses of libraries where the compiler left place for them."""
    text = code.removeprefix("0x")
    for library, found in places.items():
        for start, length in found:
            address = addresses[library][2:].lower()
            text = text[: 2 * start] + address + text[2 * (start + length) :]
    return bytes.fromhex(text)


# Checking


@dataclass(frozen=True, slots=True)
class Finding:
    """Something of a deployment that is not as it must be."""

    contract: str
    what: str

    def __str__(self) -> str:
        return f"{self.contract}: {self.what}"


def check_deployment(rpc_url: str, deployment: Deployment) -> list[Finding]:
    """Read a deployment back from its chain; return all that is wrong with it."""
    node = Node(rpc_url)
    try:
        if node.chain_id != deployment.chain_id:
            return [Finding("chain", f"the node serves {node.chain_id}, not {deployment.chain_id}")]
        findings: list[Finding] = []
        for name in SUITE:
            findings += _check_code(node, deployment, name)
        if findings:
            # What a foreign contract answers says nothing.
            return findings
        at = {name: deployment.contracts[name].address for name in SUITE}
        args = {name: deployment.contracts[name].args for name in SUITE}

        def expect(contract: str, what: str, found: object, wanted: object) -> None:
            if found != wanted:
                findings.append(Finding(contract, f"{what} is {found}, not {wanted}"))

        participants = Participants(node, "ParticipantRegistry", at["ParticipantRegistry"])
        authority = participants.authority()
        expect("ParticipantRegistry", "authority", authority, args["ParticipantRegistry"][0])
        expect(
            "ParticipantRegistry",
            "accreditation delay",
            participants.accreditation_delay(),
            args["ParticipantRegistry"][1],
        )
        if not node.code(authority):
            findings.append(Finding("ParticipantRegistry", f"authority {authority} has no code"))
        coin = Coin(node, "RewardCoin", at["RewardCoin"])
        expect("RewardCoin", "minters", coin.minters(), (at["CoinSale"], at["RewardPool"]))
        expect("RewardCoin", "cap", coin.cap(), args["RewardCoin"][2])
        sale = Sale(node, "CoinSale", at["CoinSale"])
        terms = [sale.rate(), *sale.token(), sale.sold()[1], sale.sold_today()[1]]
        expect("CoinSale", "terms", terms, args["CoinSale"][3])
        pool = RewardPool(node, "RewardPool", at["RewardPool"])
        if coin.total_supply() > sale.sold()[0] + pool.emission_cap():
            findings.append(Finding("RewardCoin", "there is more coin than was sold and emitted"))
        if coin.cap() < sale.sold()[1] + pool.emission_cap():
            findings.append(Finding("RewardCoin", "its cap is below what is sold and emitted"))
        expect("RewardPool", "board", pool.board(), at["RewardBoard"])
        expect("RewardPool", "emission", list(pool.emission().schedule), args["RewardPool"][3])
        board = RewardBoard(node, "RewardBoard", at["RewardBoard"])
        expect("RewardBoard", "terms", list(board.terms()), args["RewardBoard"][3:])
        guardianship = Guardianship(node, "Guardianship", at["Guardianship"])
        expect(
            "Guardianship",
            "delays",
            [guardianship.attestation_delay(), guardianship.recovery_delay()],
            args["Guardianship"][1:],
        )
        emergencies = Emergencies(node, "EmergencyAccess", at["EmergencyAccess"])
        expect(
            "EmergencyAccess",
            "bond and review period",
            [emergencies.bond(), emergencies.review_period()],
            args["EmergencyAccess"][3:],
        )
        disputes = Disputes(node, "Disputes", at["Disputes"])
        expect("Disputes", "terms", list(astuple(disputes.terms())), args["Disputes"][2:])
        market = Market(node, "DataMarket", at["DataMarket"])
        expect(
            "DataMarket",
            "challenge window and contract of disputes",
            market.challenge(),
            (args["DataMarket"][5], at["Disputes"]),
        )
        for name in _SIGNED:
            contract = Contract(node, name, at[name])
            _, title, version, chain_id, verifier, _, _ = contract.read("eip712Domain")
            expect(
                name,
                "EIP-712 domain",
                (title, version, chain_id, verifier),
                (DOMAIN_NAME, DOMAIN_VERSION, deployment.chain_id, at[name]),
            )
        return findings
    finally:
        node.close()


def _check_code(node: Node, deployment: Deployment, name: str) -> list[Finding]:
    """Compare the code with the compiler's, and what is in it with what must be."""
    compiled = artifact(name)
    address = deployment.contracts[name].address
    found = node.code(address)
    if not found:
        return [Finding(name, f"there is no code at {address}")]
    wanted = bytearray(
        _linked(
            compiled.runtime,
            compiled.runtime_links,
            {path: deployment.contracts[library].address for path, library in _LIBRARIES.items()},
        )
    )
    if len(found) != len(wanted):
        return [
            Finding(name, f"the code has {len(found)} bytes, and {len(wanted)} were compiled here")
        ]
    findings: list[Finding] = []
    expected = _immutables(deployment, name)
    for immutable, start, length in compiled.immutables:
        part = found[start : start + length]
        wanted[start : start + length] = part
        value = expected.get(immutable)
        # A short text of OpenZeppelin's own; that the domain is right follows from the separator.
        if value is not None and part != value:
            findings.append(
                Finding(name, f"{immutable} is 0x{part.hex()}, not 0x{value.hex()} as deployed")
            )
    if bytes(wanted) != found:
        findings.append(Finding(name, "the code is not what was compiled here"))
    return findings


def _immutables(deployment: Deployment, name: str) -> dict[str, bytes]:
    """What stands in the places of the immutables whose values follow from the deployment."""
    address = deployment.contracts[name].address
    args = deployment.contracts[name].args
    domain = {
        "name": DOMAIN_NAME,
        "version": DOMAIN_VERSION,
        "chainId": deployment.chain_id,
        "verifyingContract": address,
    }
    at = {other: deployment.contracts[other].address for other in SUITE}
    values: dict[str, Any] = {
        "_chainId": deployment.chain_id,
        "_cachedChainId": deployment.chain_id,
        "_separator": domain_separator(domain),
        "_cachedDomainSeparator": domain_separator(domain),
        "_cachedThis": address,
    }
    # Who points to whom is not read from the arguments, but from where the others are.
    if name == "ParticipantRegistry":
        values |= {"_authority": args[0], "_delay": args[1]}
    elif name in ("ConsentRegistry", "RecordRegistry", "AccessLog"):
        values |= {"_participants": at["ParticipantRegistry"]}
    elif name == "RewardCoin":
        values |= {"_sale": at["CoinSale"], "_pool": at["RewardPool"], "_cap": args[2]}
    elif name == "CoinSale":
        values |= {"_participants": at["ParticipantRegistry"], "_coin": at["RewardCoin"]}
        values |= {"_commons": args[2]}
        terms = ("_rate", "_token", "_tokenPrice", "_cap", "_dayCap")
        values |= dict(zip(terms, args[3], strict=True))
    elif name in _DESKS:
        values |= {"_consents": at["ConsentRegistry"], "_commons": args[3]}
        values |= {"_participants": at["ParticipantRegistry"], "_coin": at["RewardCoin"]}
        values |= {"_disputes": at["Disputes"], "_challengeWindow": args[5]}
        if name == "Unions":
            values |= {"_rules": int(at["ConsentRegistry"], 16) | args[5] << 160}
    elif name == "Disputes":
        values |= {"_participants": at["ParticipantRegistry"], "_coin": at["RewardCoin"]}
        values |= dict(zip(("_bond", "_fee", "_drawPeriod", "_votePeriod"), args[2:], strict=True))
    elif name == "Guardianship":
        values |= {"_participants": at["ParticipantRegistry"]}
        values |= {"_attestationDelay": args[1], "_recoveryDelay": args[2]}
    elif name == "EmergencyAccess":
        values |= {"_participants": at["ParticipantRegistry"], "_coin": at["RewardCoin"]}
        values |= {"_guardianship": at["Guardianship"]}
        values |= {"_bond": args[3], "_reviewPeriod": args[4]}
    elif name == "RewardPool":
        values |= {"_records": at["RecordRegistry"], "_coin": at["RewardCoin"]}
        values |= {"_board": at["RewardBoard"]}
        values |= dict(zip(("_budget", "_halving", "_length"), args[3], strict=True))
    elif name == "RewardBoard":
        values |= {"_participants": at["ParticipantRegistry"], "_coin": at["RewardCoin"]}
        values |= {"_pool": at["RewardPool"]}
        values |= dict(zip(("_challengePeriod", "_panelPeriod", "_bond"), args[3:], strict=True))
    found = {key: _as_word(value) for key, value in values.items()}
    if name in _LIBRARIES.values():
        found["library"] = bytes.fromhex(address[2:])
    return found


def _as_word(value: Any) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    if isinstance(value, str):
        return bytes(12) + bytes.fromhex(value[2:])
    return bytes(value)


# The authority of a local network


def deploy_local_authority(
    rpc_url: str, deployer: LocalAccount, owners: list[LocalAccount], threshold: int = 2
) -> str:
    """Deploy the wallet that is the authority on a local network, and return its address.

    It was not audited and is for nothing else.
    """
    node = Node(rpc_url)
    try:
        compiled = artifact(_WALLET)
        ordered = sorted((owner.address for owner in owners), key=str.lower)
        code = bytes.fromhex(compiled.bytecode[2:])
        code += compiled.constructor.encode([ordered, threshold])
        receipt = Sender(node, deployer).deploy(code, name=_WALLET)
        if receipt.contract_address is None:
            raise DeploymentError("the wallet has no address")
        return receipt.contract_address
    finally:
        node.close()
