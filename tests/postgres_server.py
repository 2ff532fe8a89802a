"""A PostgreSQL server of our own, in a folder that goes with it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
"""Where Debian puts the server's programs, newest first; the `PATH` has none of them."""
_ANYBODY = "nobody"
"""Runs the server for root, whom it refuses"""


@contextmanager
def running_server(initdb: str, *settings: str) -> Iterator[str]:
    """The URL of a database's server without the database's name: put it before the "?".

    Reached by a socket in its folder, so that no port can be taken; whoever can read the folder is let in.
    """
    # Paths of sockets are short, and folders of pytest's are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = pwd.getpwnam(_ANYBODY) if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [Path(initdb).resolve().with_name(program), *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=user and [],
        )

    data = folder / "data"
    try:
        run("initdb", "--auth=trust", "--username=tests", "--encoding=UTF8", "--locale=C", "--no-sync", str(data))
        options = ["listen_addresses=", f"unix_socket_directories={folder}", *settings]
        log = folder / "log"
        run("pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={log}", "--options", _as_options(options))
        try:
            yield f"postgresql://tests@/?host={folder}"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={data}")
    finally:
        shutil.rmtree(folder)


def _as_options(settings: list[str]) -> str:
    return " ".join(f"-c {setting}" for setting in settings)
