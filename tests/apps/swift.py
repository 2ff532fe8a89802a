"""Swift, which runs the tests of the iOS app's core: of this machine, or in the root that `.ci/swift` makes."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.system_programs import unavailable

ROOT = Path(os.environ.get("VITEXPORT_SWIFT", Path.home() / ".cache/vitexport/swift-trixie"))
SWIFT = "usr/libexec/swift/bin"
"""Where Debian's package has it"""

IN_ROOT = """
set -eu
root=$1
shift
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --bind "$1" "$root$1"
    shift
done
shift
exec chroot "$root" "$@"
"""
"""Mounts folders in a namespace of its own: they are gone with the command, and no other sees them."""


def require_swift() -> None:
    """Without Swift the test is skipped, or fails where VITEXPORT_REQUIRE_SYSTEM is set."""
    if shutil.which("swift"):
        return
    if not (ROOT / SWIFT / "swift").exists():
        message = "swift is not installed, and .ci/swift made no root with it"
    elif os.geteuid() != 0:
        message = f"swift is in {ROOT}, which root alone can enter"
    else:
        return
    unavailable(message)


def swift(
    *arguments: str | Path, folders: Sequence[Path], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `swift`, which is there, and sees the files below these folders, where they are."""
    found = shutil.which("swift")
    entered = ["unshare", "--mount", "sh", "-c", IN_ROOT, "sh", ROOT, *folders, "--", f"/{SWIFT}/swift"]
    return subprocess.run(
        [*map(str, [found] if found else entered), *map(str, arguments)],
        env={"PATH": f"/{SWIFT}:{os.environ['PATH']}", "HOME": str(folders[0]), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
