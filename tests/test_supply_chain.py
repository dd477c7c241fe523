"""T36: no secret in the repository, nothing in the wheel that asks another host, every package of an install pinned."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SECRETS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b",
    "OpenAI, Anthropic": r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}",
    "Hugging Face": r"\bhf_[A-Za-z0-9]{34}\b",
    "Slack": r"\bxox[abprs]-[0-9A-Za-z-]{20,}",
    "Google": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "PyPI": r"\bpypi-[A-Za-z0-9_-]{50,}",
    "web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "our own": r"\bdt_[A-Za-z0-9_-]{43}\b",
}
SEARCHED = re.compile("|".join(f"(?:{pattern})" for pattern in SECRETS.values()))
ASKS = re.compile(
    r"""(?:\b(?:src|href|srcset|action|poster|data)\s*=\s*["']?|url\(\s*["']?|@import\s+["']?|\bimport\b[^"'\n]*["']
    |\b(?:fetch|Request|WebSocket|EventSource|Worker|importScripts)\(\s*["'`])\s*(?:(?:https?|wss?):)?//""",
    re.IGNORECASE | re.VERBOSE,
)
"""Where a page, a style or a script would fetch something from another host."""


def tracked():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_tracked_file_holds_a_secret():
    files = tracked()
    found = [(path.name, match[0][:12]) for path in files for match in SEARCHED.finditer(text_of(path.read_bytes()))]
    assert len(files) > 500
    assert not found


def text_of(content):
    return "" if b"\0" in content[:4096] else content.decode("utf-8", "replace")


@pytest.mark.parametrize("secret", [
    "-----BEGIN " + "OPENSSH PRIVATE KEY-----", "AKIA" + "A1" * 8, "ghp_" + "a1" * 18, "sk-proj-" + "a1" * 20,
    "hf_" + "aB" * 17, "xoxb-" + "1234567890-" * 3, "AIza" + "a1_-b" * 7, "pypi-" + "aB" * 30,
    "eyJhbGciOiJI" + "UzI1NiJ9.eyJzdWIiOiIxMjM0." + "a" * 20, "dt_" + "a" * 43,
])  # fmt: skip
def test_the_scan_sees_each_kind_of_secret(secret):
    assert SEARCHED.search(f'key = "{secret}"')


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy: what earlier builds left in the checkout must not get into it."""
    pytest.importorskip("setuptools", minversion="80")
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ".",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "--wheel-dir",
        out,
    ]
    subprocess.run(pip, cwd=copy, check=True, capture_output=True, timeout=240)
    (built,) = out.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_what_the_pages_need(wheel):
    suffixes = (".html", ".css", ".js", ".svg", ".txt", ".yaml", ".md", ".onnx")
    own = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "dermatrust").rglob("*")
        if path.suffix in suffixes and "__pycache__" not in path.parts
    }
    assert own - wheel.keys() == set()
    assert {"dermatrust/curate/templates/rate.html", "dermatrust/curate/static/rate.js"} < own


def test_nothing_in_the_wheel_fetches_from_another_host(wheel):
    pages = {
        name: text_of(content) for name, content in wheel.items() if name.endswith((".html", ".css", ".js", ".svg"))
    }
    assert len(pages) > 30
    assert {name: found[0] for name, text in pages.items() if (found := ASKS.search(text))} == {}
    addresses = {found for text in pages.values() for found in re.findall(r"https?://[^\s\"'<>)]+", text)}
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, which nothing fetches


@pytest.mark.parametrize("asks", [
    '<script src="https://cdn.example/x.js">', "<link href=//cdn.example/x.css>", "@import 'http://a.example/x.css'",
    "background: url(https://a.example/x.png)", 'import { x } from "https://a.example/x.js"', "fetch(`//a.example/`)",
])  # fmt: skip
def test_the_search_sees_each_way_to_fetch(asks):
    assert ASKS.search(asks)


HASHED = re.compile(
    r"^([a-z0-9-]+)==(\S+)(?: ; [^\\]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def test_what_a_server_installs_is_pinned_by_hash():
    text = (ROOT / "constraints-hashed.txt").read_text()
    hashed = {name: version for name, version, _ in HASHED.findall(text)}
    assert HASHED.sub("", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)) == ""  # no line without a hash
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    pins = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    differ = {name: (version, pins[name]) for name, version in hashed.items() if pins.get(name, version) != version}
    assert not differ
    assert bill_of("web", "postgres").items() <= hashed.items()


def bill_of(*extras):
    """Return the packages that an install with these extras brings, as the bill of materials lists them."""
    words = [word for extra in extras for word in ("--extra", extra)]
    script = [sys.executable, ROOT / "scripts" / "write_sbom.py", *words]
    bill = json.loads(subprocess.run(script, check=True, capture_output=True, timeout=60).stdout)
    return {one["name"]: one["version"] for one in bill["components"]}


def test_everything_an_install_brings_is_pinned_and_on_the_bill():
    extras = [word for extra in ("web", "postgres") for word in ("--extra", extra)]
    script = [sys.executable, ROOT / "scripts" / "write_sbom.py", *extras]
    bill = json.loads(subprocess.run(script, check=True, capture_output=True, timeout=60).stdout)
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "dermatrust")
    listed = {one["name"]: one["version"] for one in bill["components"]}
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*declared["dependencies"], *declared["optional-dependencies"]["web"]]
    named += declared["optional-dependencies"]["postgres"]
    assert {re.split(r"[\[<>=]", one)[0].lower().replace("_", "-") for one in named} <= listed.keys()
    assert {"starlette", "markupsafe", "argon2-cffi-bindings"} < listed.keys()  # brought along by others
    assert all(re.fullmatch(r"[0-9][0-9a-zA-Z.+]*", version) for version in listed.values())
    assert "torch" not in listed
