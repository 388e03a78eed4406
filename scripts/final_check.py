"""Read a deployment back from its chain: `brownie run final_check --network <network>`.

Checks deployments/<network>.json against what is there: code, wiring, EIP-712 domains, roles and
minters. Ends with 1 on any finding. It sends nothing, but for one case: a local network that has
just been started is empty, and gets the suite first.
"""

from __future__ import annotations

from brownie import network, web3

from aceso.chain import Deployment, check_deployment
from scripts.deploy import CONSOLE, LOCAL, deploy, endpoint, file, report


def main() -> None:
    """Check the deployment of the chosen network."""
    deployment = _found()
    report(deployment, check_deployment(endpoint(), deployment))


def _found() -> Deployment:
    name = network.show_active()
    fresh = name in LOCAL and web3.eth.block_number == 0
    if fresh:
        CONSOLE.print(f"The chain of {name} is empty: deploying first.")
        deploy()
    return Deployment.read(file())
