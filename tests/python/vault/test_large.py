"""
a file of more than 2 GiB
└── is sealed and opened as it streams, in less memory than a hundredth of it
"""

import json
import subprocess
import sys

# Not all zeros, and past what a signed number of 32 bits holds.
LENGTH = (2 << 30) + 1
# Padmé of it is 2 GiB + 64 MiB: 33,792 segments.
SEALED = (2 << 30) + (64 << 20) + 33_792 * 28

PROGRAM = """
import io, json, os, resource, sys
from aceso import vault

def resident(which):
    # Not ru_maxrss, which a child inherits from its parent.
    with open("/proc/self/status") as status:
        return int(next(line.split()[1] for line in status if line.startswith(which))) // 1024

path, length = sys.argv[1], int(sys.argv[2])
places = [0, 65_535, 65_536, (1 << 30) - 1, (1 << 31) - 1, length - 1]
with open(path, "wb") as file:
    file.truncate(length)
    for number, place in enumerate(places, 1):
        file.seek(place)
        file.write(bytes([number]))

class Passing(io.FileIO):
    # Lets go of the system's copies of what was read: to find room for them takes a third of the
    # time of this test.
    def readinto(self, view):
        count = super().readinto(view)
        if self.tell() % (16 << 20) == 0:
            os.posix_fadvise(self.fileno(), 0, self.tell(), os.POSIX_FADV_DONTNEED)
        return count

class Found:
    # Where the bytes are that are not zero.
    at, marks = 0, {}
    def write(self, view):
        part = bytes(view)
        if part.count(0) < len(part):
            self.marks |= {self.at + n: byte for n, byte in enumerate(part) if byte}
        self.at += len(part)

limit = (resident("VmSize") + 64) << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
before, found = resident("VmHWM"), Found()
with Passing(path) as source, open(path + ".sealed", "w+b") as sealed:
    os.unlink(path)
    os.unlink(path + ".sealed")
    body = vault.seal_stream(source, sealed, bytes(32))
    sealed.seek(0)
    vault.open_stream(sealed, found, bytes(32), body)
print(json.dumps({
    "length": body.length,
    "sealed": body.sealed_length,
    "released": found.at,
    "marks": found.marks == {place: number for number, place in enumerate(places, 1)},
    "grown": resident("VmHWM") - before,
}))
"""


def test_two_gibibytes_stream_through(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "large"), str(LENGTH)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    said = json.loads(done.stdout)

    # 0.5 MiB of tags, the buffers, and what the interpreter takes besides.
    assert said.pop("grown") <= 16
    assert said == {"length": LENGTH, "sealed": SEALED, "released": LENGTH, "marks": True}
