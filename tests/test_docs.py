"""What the documentation shows is run, and what it should cover is counted."""

import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import griffe
import pytest
import yaml

from dermatrust import __version__
from dermatrust.cli.main import cli
from dermatrust.records import DIMENSIONS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HANDWRITTEN = ROOT / "tests" / "handwritten"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *PAGES]
COMMAND_PAGE = ROOT / "scripts" / "write_command_docs.py"
PROTOCOL_PAGE = ROOT / "scripts" / "write_protocol_docs.py"
RUNNABLE = ("sh", "console", "python")
PLACEHOLDER = "http://localhost:8000/v1"

NARRATIVE = "A well-demarcated plaque with silvery scale. Eczema is less likely. The answer is psoriasis."
VERDICT = json.dumps({name: {"reason": "It says so.", "score": 4} for name in DIMENSIONS})

# `make` would install the package; whether its targets exist is a test of its own.
PRELUDE = "set -euo pipefail\nmake() { :; }\n"


def blocks(page: Path, *languages: str) -> Iterator[tuple[str, str]]:
    """Yield (language, code) of the page's fenced blocks, in order."""
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        if match[1] in languages:
            yield match[1], match[2]


def run(arguments: list[str], folder: Path, server_url: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    keys = {"OPENAI_BASE_URL": server_url, "OPENAI_API_KEY": "not-a-key"}
    return subprocess.run(
        arguments, cwd=folder, env=os.environ | keys | {"PATH": path}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def run_console(code: str, folder: Path, server_url: str) -> None:
    """Run each line that starts with `$` and compare what it prints with the lines below it."""
    for session in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        command, _, shown = session.partition("\n")
        done = run(["bash", "-c", command], folder, server_url)
        fails = shown.startswith("error: ")
        assert done.returncode == (2 if fails else 0), done.stderr
        printed = done.stderr if fails else done.stdout
        assert re.fullmatch(pattern_of(shown), printed), f"{command} printed\n{printed}\nand not\n{shown}"


def pattern_of(shown: str) -> str:
    """Return what matches the lines shown; `…` stands for any text, alone on its line for any lines."""
    lines = (
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r" *\n" for line in shown.splitlines()
    )
    return "".join(lines)


def with_my_dataset(folder: Path) -> None:
    shutil.copytree(HANDWRITTEN, folder / "my-dataset")
    card = yaml.safe_load((folder / "my-dataset" / "card.yaml").read_text())
    shutil.copytree(folder / "my-dataset", folder / "my-private-dataset")
    private = card | {"name": "ward-4", "may_leave_machine": False, "licence": "private", "synthetic": False}
    (folder / "my-private-dataset" / "card.yaml").write_text(yaml.safe_dump(private))


def with_photographs(folder: Path) -> None:
    (folder / "photos").mkdir()
    drawings = sorted((HANDWRITTEN / "images").iterdir())
    for name, drawing in zip(("near.jpg", "far.jpg", "elbow.jpg"), drawings[::9], strict=False):
        shutil.copy(drawing, folder / "photos" / name)


def with_environment(folder: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "activate").write_text("")


PREPARED = {"README.md": with_photographs, "tutorial.md": with_environment}
RUN = [page for page in (ROOT / "README.md", *PAGES) if any(blocks(page, *RUNNABLE))]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run(page, tmp_path, server, answered):
    PREPARED.get(page.name, with_my_dataset)(tmp_path)
    server.answer = lambda body: answered(VERDICT if "response_format" in body else NARRATIVE)
    for language, written in blocks(page, *RUNNABLE):
        code = written.replace(PLACEHOLDER, server.url)
        if language == "console":
            run_console(code, tmp_path, server.url)
            continue
        start = [sys.executable, "-W", "error", "-c"] if language == "python" else ["bash", "-c"]
        done = run([*start, code if language == "python" else PRELUDE + code], tmp_path, server.url)
        assert done.returncode == 0, f"{page.name}: {written}\n{done.stdout}\n{done.stderr}"


def test_lines_shown_must_be_lines_printed():
    assert re.fullmatch(pattern_of("one …\n…\nlast\n"), "one two\nx\ny\nlast\n")
    assert re.fullmatch(pattern_of("4.50 [4.00]\n"), "4.50 [4.00]  \n")
    assert not re.fullmatch(pattern_of("4.50\n"), "4.60\n")
    assert not re.fullmatch(pattern_of("one …\nlast\n"), "one two\nx\nlast\n")


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_make_lines_name_targets_of_the_makefile(page):
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"^make ([\w-]+)", text, flags=re.MULTILINE)) | set(re.findall(r"`make ([\w-]+)`", text))
    assert named <= targets


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


def test_every_page_is_in_the_navigation_once():
    def leaves(entry: Any) -> Iterator[str]:
        children = entry.values() if isinstance(entry, dict) else entry
        for child in children:
            if isinstance(child, str):
                yield child
            else:
                yield from leaves(child)

    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    assert sorted(leaves(nav)) == [str(page.relative_to(DOCS)) for page in PAGES]


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from commands(found, f"{path} {name}")
    else:
        yield path, command


def test_every_command_is_documented_and_in_the_readme():
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Commands")[2].partition("\n## ")[0]
    for path, command in commands(cli, "dermatrust"):
        assert command.help, path
        assert re.search(rf"`{path}\b", table), path


@pytest.mark.parametrize(
    ("script", "page", "word"),
    [(COMMAND_PAGE, "commands.md", "--judge"), (PROTOCOL_PAGE, "protocols.md", "Measures")],
    ids=["commands", "protocols"],
)
def test_a_generated_page_is_current(script, page, word, tmp_path):
    assert subprocess.run([sys.executable, script, "--check"], check=False).returncode == 0
    stale = tmp_path / page
    shutil.copy(DOCS / page, stale)
    stale.write_text(stale.read_text(encoding="utf-8").replace(word, "misspelt", 1), encoding="utf-8")
    check = [sys.executable, script, "--check", "--page", str(stale)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (done.returncode, "out of date" in done.stderr) == (1, True)


@pytest.fixture(scope="module")
def rooms() -> dict[str, griffe.Module]:
    package = griffe.load("dermatrust", search_paths=[ROOT / "src"], resolve_aliases=True)
    return {name: room for name, room in package.modules.items() if name not in ("cli", "__main__")}


def test_every_public_name_has_a_docstring(rooms):
    public = [(room, name) for room in rooms.values() for name in room.exports or ()]
    assert len(public) > 50
    assert not [f"{room.path}.{name}" for room, name in public if not room[str(name)].has_docstring]
    assert not [room.path for room in rooms.values() if not room.has_docstring]


def test_every_room_is_in_the_reference(rooms):
    page = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert not [name for name in rooms if not re.search(rf"^::: dermatrust\.{name}\b", page, flags=re.MULTILINE)]


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [
        *project["project"]["dependencies"],
        *itertools.chain(*project["project"]["optional-dependencies"].values()),
        *project["dependency-groups"]["dev"],
    ]
    reasons = (DOCS / "decisions" / "0002-core-dependencies.md").read_text(encoding="utf-8")
    names = {re.split(r"[<>=\[]", one)[0] for one in declared}
    assert not [name for name in sorted(names) if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", reasons)]


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()
    assert [reference["url"][-10:] for reference in citation["references"]] == ["2511.09195", "2605.04098"]


def test_the_licence_is_apache_2_word_for_word():
    # The text at https://www.apache.org/licenses/LICENSE-2.0.txt
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_the_picture_of_the_report_is_small():
    picture = DOCS / "images" / "report.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 300_000


def test_hooks_call_the_tools_of_make_check():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    entries = " ; ".join(hook.get("entry", hook["id"]) for repository in hooks for hook in repository["hooks"])
    makefile = (ROOT / "Makefile").read_text()
    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports"):
        assert f"$(BIN)/{tool}" in makefile
        assert f".venv/bin/{tool}" in entries
    assert "check-added-large-files" in entries
    assert "detect-private-key" in entries
