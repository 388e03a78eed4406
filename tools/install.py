"""Steps of `make setup`: what npm and pip do not do by themselves.

    packages    those of requirements.txt, into the environment of the Python that runs this
    compiler    .solcx/solc-v<version>: a native-looking compiler over the one of npm
    links       .venv/bin/{anvil,forge,cast,ganache}: the native programs; and a file in the
                environment by which its Python finds them and the compiler, activated or not
    networks    the entry `ganache` in Brownie's own list of networks, in the home folder
    postgresql  Debian's PostgreSQL, which the custodians' tests start; only where it is missing
    softhsm     Debian's SoftHSM, a PKCS#11 token in software, likewise
    schemathesis  an environment of its own, as it wants a newer hypothesis than Brownie

It uses the standard library alone, save `networks`, which is run by the Python that has Brownie.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.programs import foundry

ROOT = Path(__file__).resolve().parent.parent
SOLC_VERSION = "0.8.37"

# Brownie runs only networks that its list knows, and starts Ganache at the fork that it ends at.
GANACHE = """
  - name: Ganache 7
    id: ganache
    cmd: ganache
    host: http://127.0.0.1
    cmd_settings:
      port: 8546
      gas_limit: 30000000
      accounts: 20
      evm_version: shanghai
"""


# Python runs a line of a .pth file that begins with `import` when it starts. What is set wins.
ENVIRONMENT = (
    "import os, sys; "
    "s = os.path.join(os.path.dirname(sys.prefix), '.solcx'); "
    "os.environ.setdefault('SOLCX_BINARY_PATH', s); "
    "b = os.path.join(sys.prefix, 'bin'); "
    "p = os.environ.get('PATH', ''); "
    "os.environ.update({} if b in p.split(os.pathsep) else {'PATH': b + os.pathsep + p})\n"
)


def packages() -> None:
    """Install what is pinned, by two pips at once: each unpacks and compiles one file at a time.

    They need not know of each other, as all is pinned and nothing is asked for besides.
    """
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for place in range(2):
            half = Path(folder) / f"{place}.txt"
            half.write_text("\n".join(pins[place::2]) + "\n", encoding="utf-8")
            running.append(subprocess.Popen([*pip, "--no-deps", "-r", str(half)]))
        if any([one.wait() for one in running]):
            raise SystemExit("pip could not install what requirements.txt asks for: see above.")


def compiler() -> None:
    """Put a launcher where py-solc-x looks. It finds the script from its own place."""
    folder = ROOT / ".solcx"
    folder.mkdir(exist_ok=True)
    launcher = folder / f"solc-v{SOLC_VERSION}"
    launcher.write_text(
        '#!/bin/sh\nexec node "$(dirname "$(readlink -f "$0")")/../tools/solc-shim.js" "$@"\n'
    )
    launcher.chmod(0o755)


def links() -> None:
    """Link the native programs into the environment, relative, so that the folder can move."""
    for name in ("anvil", "forge", "cast"):
        _link(name, f"{foundry(name)}/{name}")
    _link("ganache", "node_modules/ganache/dist/node/cli.js")
    for folder in ROOT.glob(".venv/lib/python*/site-packages"):
        (folder / "aceso_toolchain.pth").write_text(ENVIRONMENT)


def _link(name: str, target: str) -> None:
    program = ROOT / target
    if not program.exists():
        raise SystemExit(
            f"{target} is missing. npm carries Foundry 1.7.1 for Linux on x86-64; elsewhere, put"
            f" its {name} there by hand."
        )
    # npm leaves the mode to its install scripts, which are not run.
    program.chmod(0o755)
    link = ROOT / ".venv" / "bin" / name
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(program, link.parent))


def networks() -> None:
    """Add the network `ganache`, once, and leave every other entry alone."""
    import brownie._config  # noqa: F401  (writes the list when there is none)
    import yaml

    path = Path.home() / ".brownie" / "network-config.yaml"
    text = path.read_text(encoding="utf-8")
    known = {entry["id"] for entry in yaml.safe_load(text)["development"]}
    if "ganache" not in known:
        path.write_text(text.rstrip("\n") + GANACHE, encoding="utf-8")
        after = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "ganache" not in {entry["id"] for entry in after["development"]}:
            path.write_text(text, encoding="utf-8")
            raise SystemExit(f"cannot add the network ganache: `development` is not last in {path}")


def postgresql_programs() -> Path:
    """The folder with `initdb` and `postgres` of the newest PostgreSQL that is installed."""
    folders = [Path(name).resolve().parent for name in [shutil.which("initdb")] if name]
    folders += sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda folder: float(folder.parent.name),
        reverse=True,
    )
    for folder in folders:
        if (folder / "postgres").exists():
            return folder
    raise SystemExit(
        "PostgreSQL is missing, which the tests of custodians start. Install it as root: apt-get "
        "install postgresql (on other systems: put initdb and postgres on PATH), then run again."
    )


def softhsm_module() -> Path:
    """The library of SoftHSM, which comes with the program that makes its tokens."""
    for folder in ("/usr/lib/softhsm", "/usr/lib64/softhsm", "/usr/local/lib/softhsm"):
        module = Path(folder) / "libsofthsm2.so"
        if module.exists() and shutil.which("softhsm2-util"):
            return module
    raise SystemExit(
        "SoftHSM is missing, a token for the tests of custodians. Install it as root: apt-get "
        "install softhsm2, then run again."
    )


def postgresql() -> None:
    _debian("postgresql", "PostgreSQL", postgresql_programs)


def softhsm() -> None:
    _debian("softhsm2", "SoftHSM", softhsm_module)


def _debian(package: str, name: str, find: Callable[[], Path]) -> None:
    """Install a package of Debian where it is missing and we may. Where it still is, say what to do
    and go on: the tests that start it are red then, and no others."""
    try:
        find()
        return
    except SystemExit as missing:
        said = f"{missing}\n"
    if not os.geteuid() and shutil.which("apt-get"):
        print(f"installing {name}")
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-qq", "-y", package]):
            subprocess.run(
                ["apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL
            )
        try:
            find()
            return
        except SystemExit as missing:
            said = f"{missing}\n"
    sys.stderr.write(said)


def schemathesis() -> Path:
    """The program `st` of the pinned version, in an environment of its own, made where it isn't."""
    wanted = ROOT / "tools" / "schemathesis.txt"
    folder = ROOT / ".venv-schemathesis"
    installed, program = folder / ".installed", folder / "bin" / "st"
    if installed.exists() and installed.read_bytes() == wanted.read_bytes():
        return program
    print("installing Schemathesis")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "-r", str(wanted)], check=True)
    installed.write_bytes(wanted.read_bytes())
    return program


if __name__ == "__main__":
    {
        "packages": packages,
        "compiler": compiler,
        "links": links,
        "networks": networks,
        "postgresql": postgresql,
        "softhsm": softhsm,
        "schemathesis": schemathesis,
    }[sys.argv[1]]()
