"""The Kotlin compiler, with which the Android app's core is built where there is no Gradle: `.ci/kotlin` gets it."""

import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system_programs import require, unavailable

VERSION = "2.4.20"
JUNIT = tuple(Path("/usr/share/java", name) for name in ("junit4.jar", "hamcrest.jar"))
"""Debian's package junit4"""


@dataclass(frozen=True)
class Kotlin:
    """A toolchain that is there."""

    java: str
    compiler: Path
    libraries: tuple[Path, ...]
    """What the core and its tests are compiled against and run with"""

    def compile(self, sources: list[Path], jar: Path) -> None:
        """Kotlin of folders into a jar; fails the test with what the compiler says, of warnings too."""
        plugin = self.compiler / "lib/kotlinx-serialization-compiler-plugin.jar"
        command = [
            self.java, "-Xmx900m", "-cp", f"{self.compiler}/lib/*", "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler",
            "-kotlin-home", self.compiler, "-no-stdlib", "-Xjdk-release=8", "-Werror", f"-Xplugin={plugin}",
            "-cp", os.pathsep.join(map(str, self.libraries)), "-d", jar, *sources,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
        if done.returncode:
            pytest.fail(done.stdout + done.stderr)

    def run(self, jar: Path, main: str, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """A program of a jar, in this environment."""
        path = os.pathsep.join(map(str, (jar, *self.libraries)))
        command = [self.java, "-cp", path, main, *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=1200, check=False)


def kotlin() -> Kotlin:
    """From the folder VITEXPORT_KOTLIN, or that of `.ci/kotlin`; where a part is missing the test is skipped."""
    java = require("java")
    default = Path.home() / f".cache/vitexport/kotlin-{VERSION}"
    folder = Path(os.environ.get("VITEXPORT_KOTLIN", default))
    compiler = folder / "kotlin-compiler"
    standard = (compiler / f"lib/{name}.jar" for name in ("kotlin-stdlib", "kotlin-test", "kotlin-test-junit"))
    libraries = (*standard, *sorted((folder / "jars").glob("kotlinx-serialization-*.jar")), *JUNIT)
    missing = next((path for path in libraries if not path.is_file()), None)
    if missing is not None:
        unavailable(f"{missing} is not there: run .ci/kotlin, and install junit4")
    return Kotlin(java, compiler, libraries)


def classes_of_tests(jar: Path) -> list[str]:
    """Of the classes in a jar, those that are called tests."""
    names = zipfile.ZipFile(jar).namelist()
    return sorted(name.removesuffix(".class").replace("/", ".") for name in names if name.endswith("Test.class"))
