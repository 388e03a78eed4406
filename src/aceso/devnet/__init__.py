"""A whole network on this machine in one call: a chain, two IPFS nodes, and what joins them."""

from .chain import MNEMONIC, ChainKind, LocalChain
from .errors import (
    FolderInUseError,
    NotRunningError,
    PortInUseError,
    ProcessEndedError,
    ProcessStartError,
    ToolMissingError,
)
from .network import Devnet
from .process import Process, free_port
from .suite import Authority, add_custodian, with_suite
from .template import Template

__all__ = [
    "MNEMONIC",
    "Authority",
    "ChainKind",
    "Devnet",
    "FolderInUseError",
    "LocalChain",
    "NotRunningError",
    "PortInUseError",
    "Process",
    "ProcessEndedError",
    "ProcessStartError",
    "Template",
    "ToolMissingError",
    "add_custodian",
    "free_port",
    "with_suite",
]
