"""Deploy the suite: `brownie run deploy --network <network>`.

Shows the network, the account and every argument, deploys, checks what is there now, and writes
deployments/<network>.json. The steps are those of `aceso.chain.deploy_suite`, so that what Brownie
deploys and what the package deploys is one thing.

On a local network (development, ganache) the authority is a small multi-signature wallet of three
of the chain's accounts, made first. On any other network these say who is who:

    ACESO_DEPLOYER_KEY   the private key that pays, and has no power afterwards
    ACESO_AUTHORITY      the multi-signature wallet that accredits
    ACESO_COMMONS        who gets the commons' part

what coin is sold for beside ether, if for anything:

    ACESO_SALE_TOKEN     a token
    ACESO_SALE_PRICE     how many base units of it a whole coin costs

and ACESO_CONFIRM=yes that what is shown is meant. Without it nothing is sent.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from brownie import network, web3
from eth_account import Account
from eth_account.signers.local import LocalAccount
from rich.console import Console
from rich.table import Table

from aceso.chain import (
    Deployment,
    Finding,
    check_deployment,
    deploy_local_authority,
    deploy_suite,
)

ROOT = Path(__file__).resolve().parent.parent
LOCAL = {"development", "ganache"}
# Of brownie-config.yaml: nobody's secret.
MNEMONIC = "test test test test test test test test test test test junk"
COIN = 10**18
NOBODY = "0x" + "00" * 20
CONSOLE = Console(highlight=False)

# In base units: 10,000 coins for an ether, at most 100 million of them sold, a million in a day.
COIN_RATE = 10_000
SALE_CAP = 100_000_000 * COIN
SALE_DAY_CAP = 1_000_000 * COIN
# A million coins for each quarter of the first two years, then half of it; 16 million for ever. In
# millionths of a coin, epochs, and seconds.
EMISSION = (1_000_000 * 10**6, 8, 90 * 24 * 3600)
COIN_CAP = SALE_CAP + 16_000_000 * COIN
# Seconds to challenge a root, seconds for a panel, and what is behind each, in base units.
REWARD_TERMS = (14 * 24 * 3600, 21 * 24 * 3600, 500 * COIN)
# On a local network nobody has to wait for an accreditation.
DELAY_SECONDS = 7 * 24 * 3600
LOCAL_DELAY_SECONDS = 0
# How long a person has to object: to being found incapable or dead, and to a recovery of the seed.
ATTESTATION_DELAY_SECONDS = 14 * 24 * 3600
RECOVERY_DELAY_SECONDS = 7 * 24 * 3600
# What an emergency access is backed by, in base units, and how long a panel has to review it.
EMERGENCY_BOND = 50 * COIN
REVIEW_SECONDS = 14 * 24 * 3600
# How long a delivery can be disputed, what it takes and a vote gets, and how long a panel may take.
CHALLENGE_SECONDS = 3 * 24 * 3600
DISPUTE_BOND = 50 * COIN
DISPUTE_FEE = 5 * COIN
DRAW_SECONDS = 7 * 24 * 3600
VOTE_SECONDS = 14 * 24 * 3600


def main() -> None:
    """Deploy, check and write the file."""
    deploy()
    # What the others will read, not what we hold.
    deployment = Deployment.read(file())
    report(deployment, check_deployment(endpoint(), deployment))


def endpoint() -> str:
    """Where the chain of the chosen network is."""
    return str(web3.provider.endpoint_uri)


def file() -> Path:
    """Where the deployment of the chosen network is kept."""
    return ROOT / "deployments" / f"{network.show_active()}.json"


def deploy() -> Deployment:
    """Deploy the suite on the chosen network and write its file."""
    name = str(network.show_active())
    local = name in LOCAL
    deployer = _local_account(0) if local else _named_account()
    if local:
        owners = [_local_account(place) for place in (1, 2, 3)]
        authority = deploy_local_authority(endpoint(), deployer, owners, threshold=2)
        commons = str(_local_account(4).address)
    else:
        authority, commons = _named("ACESO_AUTHORITY"), _named("ACESO_COMMONS")
    token, price = os.environ.get("ACESO_SALE_TOKEN", NOBODY), 0
    if token != NOBODY:
        price = int(_named("ACESO_SALE_PRICE"))
    delay = LOCAL_DELAY_SECONDS if local else DELAY_SECONDS
    ether = web3.eth.get_balance(deployer.address) / COIN
    _show(
        {
            "network": f"{name} (chain {web3.eth.chain_id})",
            "account": f"{deployer.address} ({ether} ether)",
            "authority": f"{authority}{' (a wallet for this chain only)' if local else ''}",
            "commons": commons,
            "accreditation delay": f"{delay} s",
            "attestation delay": f"{ATTESTATION_DELAY_SECONDS} s",
            "recovery delay": f"{RECOVERY_DELAY_SECONDS} s",
            "emergency bond": f"{EMERGENCY_BOND} base units",
            "emergency review": f"{REVIEW_SECONDS} s",
            "challenge window": f"{CHALLENGE_SECONDS} s",
            "dispute bond": f"{DISPUTE_BOND} base units",
            "dispute fee": f"{DISPUTE_FEE} base units for a vote",
            "dispute panel": f"{DRAW_SECONDS} s to be drawn, {VOTE_SECONDS} s to vote",
            "coin rate": f"{COIN_RATE} base units for a wei",
            "coin price": f"{price} base units of {token}" if price else "of no token",
            "sale cap": f"{SALE_CAP} base units, {SALE_DAY_CAP} in a day",
            "coin cap": f"{COIN_CAP} base units",
            "emission": f"{EMISSION[0]} millionths of a coin, halved every {EMISSION[1]} epochs",
            "epoch": f"{EMISSION[2]} s",
            "rewards": f"{REWARD_TERMS[0]} s to challenge, {REWARD_TERMS[1]} s for a panel",
            "reward bond": f"{REWARD_TERMS[2]} base units",
            "commit": _commit() or "unknown",
        }
    )
    if not local and os.environ.get("ACESO_CONFIRM") != "yes":
        raise SystemExit("Nothing was sent. Set ACESO_CONFIRM=yes if this is what you mean.")

    deployment = deploy_suite(
        endpoint(),
        deployer,
        network=name,
        authority=authority,
        commons=commons,
        accreditation_delay=delay,
        coin_rate=COIN_RATE,
        sale_cap=SALE_CAP,
        sale_day_cap=SALE_DAY_CAP,
        sale_token=(token, price),
        coin_cap=COIN_CAP,
        attestation_delay=ATTESTATION_DELAY_SECONDS,
        recovery_delay=RECOVERY_DELAY_SECONDS,
        emergency_bond=EMERGENCY_BOND,
        review_period=REVIEW_SECONDS,
        challenge_window=CHALLENGE_SECONDS,
        dispute_bond=DISPUTE_BOND,
        dispute_fee=DISPUTE_FEE,
        draw_period=DRAW_SECONDS,
        vote_period=VOTE_SECONDS,
        emission=EMISSION,
        reward_terms=REWARD_TERMS,
        commit=_commit(),
        progress=lambda contract, address: CONSOLE.print(f"  {contract:<20} {address}"),
    )
    deployment.write(file())
    CONSOLE.print(f"Wrote {file().relative_to(ROOT)}.")
    return deployment


def report(deployment: Deployment, findings: list[Finding]) -> None:
    """Print what was checked; end with 1 if anything is wrong."""
    table = Table(title=f"Check of {deployment.network}, chain {deployment.chain_id}")
    for title in ("contract", "address", "block", "findings"):
        table.add_column(title)
    for name, at in deployment.contracts.items():
        wrong = [finding.what for finding in findings if finding.contract == name]
        table.add_row(name, at.address, str(at.block), "\n".join(wrong) or "none")
    CONSOLE.print(table)
    for finding in findings:
        if finding.contract not in deployment.contracts:
            CONSOLE.print(str(finding))
    if findings:
        raise SystemExit(1)
    CONSOLE.print("Code, wiring, domains, roles and minters are as they must be.")


def _local_account(place: int) -> LocalAccount:
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{place}")
    return account


def _named_account() -> LocalAccount:
    account: LocalAccount = Account.from_key(_named("ACESO_DEPLOYER_KEY"))
    return account


def _named(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise SystemExit(f"{variable} is not set: on this network it has to be.")
    return value


def _show(facts: dict[str, str]) -> None:
    table = Table(show_header=False, title="What will be deployed")
    for name, value in facts.items():
        table.add_row(name, value)
    CONSOLE.print(table)


def _commit() -> str:
    """Of the sources, with a mark if they were changed since."""
    run = subprocess.run(
        ["git", "describe", "--always", "--abbrev=40", "--dirty"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return run.stdout.strip() if run.returncode == 0 else ""
