"""scripts/install and the Makefile, with a `uv` that only takes notes: nothing is fetched."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
NOWHERE = "3.77"
# below `make test` a make would also say which folder it enters
QUIET_RUN = ["make", "--no-print-directory", "run"]

UV = f"""#!/bin/sh
echo "$*" >> "$NOTES"
case "$1 $2" in
    --version*) ;;
    venv*)
        for folder; do :; done
        mkdir -p $folder/bin
        ln -s {sys.executable} $folder/bin/python ;;
    pip*) ;;
    *) exit 2 ;;
esac
"""


@dataclass(frozen=True)
class Folder:
    path: Path
    tools: Path

    @property
    def notes(self) -> list[str]:
        """What `uv` was asked to do since the last look; questions are not noted."""
        notes = self.tools / "notes"
        said = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return [line for line in said if line.startswith(("venv", "pip"))]

    def install(self) -> subprocess.CompletedProcess[str]:
        path = f"{self.tools}:{os.environ['PATH']}"
        env = os.environ | {"PATH": path, "NOTES": str(self.tools / "notes")}
        command = [str(self.path / "scripts/install")]
        return subprocess.run(command, env=env, capture_output=True, text=True)

    def wants(self, app: str, engine: str) -> None:
        script = (ROOT / "scripts/install").read_text()
        script = script.replace(" 3.12 3.13\n", f" {app}\n")
        script = script.replace(" 3.10\nengine_", f" {engine}\nengine_")
        (self.path / "scripts/install").write_text(script)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A copy of the project, its name with a space, that wants the Python of this test."""
    made = Folder(tmp_path / "a folder", tmp_path / "tools")
    made.tools.mkdir()
    shutil.copytree(ROOT / "scripts", made.path / "scripts")
    shutil.copytree(ROOT / "requirements", made.path / "requirements")
    for name in ("pyproject.toml", "Makefile"):
        shutil.copy(ROOT / name, made.path)
    made.wants(app=HERE, engine=HERE)
    executable(made.tools / "uv", UV)
    # what a pyenv shim does when its version is not chosen
    executable(made.tools / f"python{HERE}", "#!/bin/sh\nexit 127\n")
    own = made.path / ".tools/python/own/bin"
    own.mkdir(parents=True)
    (own / f"python{HERE}").symlink_to(sys.executable)
    return made


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def test_both_environments_are_made_from_the_locks(folder: Folder) -> None:
    done = folder.install()
    assert done.returncode == 0, done.stderr
    assert [line.split(" --python")[0] for line in folder.notes] == [
        "venv --quiet",
        "pip sync --compile-bytecode --require-hashes",
        "pip install --quiet --no-deps --no-build-isolation",
        "venv --quiet",
        "pip sync --compile-bytecode --require-hashes",
    ]


def test_the_second_time_nothing_is_done(folder: Folder) -> None:
    folder.install()
    assert folder.notes
    begun = time.monotonic()
    assert folder.install().stderr == ""
    assert folder.notes == []
    assert time.monotonic() - begun < 1.5


def test_a_changed_lock_changes_its_environment_only(folder: Folder) -> None:
    folder.install()
    assert folder.notes
    with (folder.path / "requirements/engine.txt").open("a") as lock:
        lock.write("# one more\n")
    folder.install()
    [sync] = folder.notes
    assert sync.startswith("pip sync") and sync.endswith("requirements/engine.txt")


def test_a_moved_folder_is_installed_anew(folder: Folder, tmp_path: Path) -> None:
    folder.install()
    assert folder.notes
    moved = Folder(folder.path.rename(tmp_path / "moved"), folder.tools)
    moved.install()
    assert sum(line.startswith("venv") for line in moved.notes) == 2


@pytest.mark.parametrize(("app", "engine"), [(NOWHERE, HERE), (HERE, NOWHERE)])
def test_a_missing_interpreter_is_one_sentence(folder: Folder, app: str, engine: str) -> None:
    folder.wants(app=app, engine=engine)
    done = folder.install()
    assert done.returncode == 1
    *progress, sentence = done.stderr.strip().splitlines()
    assert sentence.startswith(f"Python {NOWHERE} is missing")
    assert progress == [f"Fetching Python {NOWHERE}"]
    assert folder.notes == [], "nothing half installed"


@pytest.mark.parametrize("name", ["app", "dev", "engine"])
def test_locks_have_a_hash_each_and_no_address(name: str) -> None:
    lock = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in lock and "--index" not in lock
    packages = re.findall(r"^[\w.\-\[\]]+==\S+.*(?:\n +--hash=\S+.*)*", lock, re.MULTILINE)
    assert packages and all("--hash=sha256:" in package for package in packages)


def test_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    [phony] = re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE)
    shown = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True).stdout
    assert all(re.search(rf"^{target} +\w", shown, re.MULTILINE) for target in phony.split())


def test_make_run_waits_for_the_orderly_stop(folder: Folder) -> None:
    executable(folder.path / "scripts/install", "#!/bin/sh\n")
    stop = "trap 'sleep 0.5; echo stopped; exit' INT; echo started; while :; do sleep 0.05; done"
    executable(folder.path / ".venv/bin/faro", f"#!/bin/sh\n{stop}\n")
    make = subprocess.Popen(
        ["make", "--no-print-directory", "run"],
        cwd=folder.path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert make.stdout and make.stdout.readline() == "started\n"
    os.killpg(make.pid, signal.SIGINT)
    assert make.communicate(timeout=5)[0].startswith("stopped")
