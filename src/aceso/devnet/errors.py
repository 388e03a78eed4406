"""What can go wrong with a local network.

ServiceError
+ ToolMissingError      E_DEVNET_TOOL       a program that it needs can't be found or fetched
+ ProcessStartError     E_DEVNET_START      a part did not get ready
+ ProcessEndedError     E_DEVNET_ENDED      a part ended by itself
+ NotRunningError       E_DEVNET_DOWN       no network runs in the folder
UsageError
+ PortInUseError        E_DEVNET_PORT       somebody else listens there
+ FolderInUseError      E_DEVNET_FOLDER     another network runs in the folder
"""

from __future__ import annotations

from pathlib import Path

from aceso.errors import ServiceError, UsageError

__all__ = [
    "FolderInUseError",
    "NotRunningError",
    "PortInUseError",
    "ProcessEndedError",
    "ProcessStartError",
    "ToolMissingError",
]


class ToolMissingError(ServiceError):
    """A program that the network needs is not on this machine, and can't be fetched."""

    def __init__(self, tool: str, advice: str):
        super().__init__(
            f"{tool} is not on this machine: {advice}.",
            code="E_DEVNET_TOOL",
            details={"tool": tool},
        )


class ProcessStartError(ServiceError):
    """A part of the network did not get ready."""

    def __init__(self, name: str, log: Path, last: str):
        super().__init__(
            f"The {name} did not get ready: {last or 'it said nothing'} (see {log}).",
            code="E_DEVNET_START",
            details={"name": name, "log": str(log)},
        )


class ProcessEndedError(ServiceError):
    """A part of the network ended by itself."""

    def __init__(self, name: str, status: int, log: Path, last: str):
        super().__init__(
            f"The {name} ended by itself with status {status}: {last or 'it said nothing'} "
            f"(see {log}).",
            code="E_DEVNET_ENDED",
            details={"name": name, "status": status, "log": str(log)},
        )


class NotRunningError(ServiceError):
    """No network runs in the folder."""

    def __init__(self, folder: Path):
        super().__init__(
            f"No local network runs in {folder}: start one with aceso devnet.",
            code="E_DEVNET_DOWN",
            details={"folder": str(folder)},
        )


class PortInUseError(UsageError):
    """Somebody else listens on the port."""

    def __init__(self, port: int):
        super().__init__(
            f"Port {port} of 127.0.0.1 is taken: choose another, or leave it out for a free one.",
            code="E_DEVNET_PORT",
            details={"port": port},
        )


class FolderInUseError(UsageError):
    """Another network runs in the folder."""

    def __init__(self, folder: Path):
        super().__init__(
            f"A local network runs in {folder} already: use it, end it, or name another folder.",
            code="E_DEVNET_FOLDER",
            details={"folder": str(folder)},
        )
