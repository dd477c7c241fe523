"""Writes a bill of materials (CycloneDX 1.6, JSON): dermatrust and every package an install brings, at its pin.

python scripts/write_sbom.py > sbom.json                         the core
python scripts/write_sbom.py --extra web --extra postgres        with extras

Versions are those of constraints.txt; which package needs which, and under which licence, is read from what is
installed, so that a package must be installed to be listed. Format: https://cyclonedx.org/docs/1.6/json/
"""

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
OURS = "dermatrust"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$", re.MULTILINE)


def pins(constraints: str) -> dict[str, str]:
    """Return the version of every package by its normalised name."""
    return {canonicalize_name(name): version for name, version in _PIN.findall(constraints)}


def needed(name: str, extras: frozenset[str]) -> dict[str, list[str]]:
    """Return the names of a package and of all that it needs, each with the names of what it needs itself."""
    found: dict[str, list[str]] = {}
    todo = [(canonicalize_name(name), extras)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        package, wanted = todo.pop()
        if (package, wanted) in seen:
            continue
        seen.add((package, wanted))
        below = list(_requirements(_installed(package), wanted))
        known = found.setdefault(package, [])
        known += [one for one, _ in below if one not in known]
        todo += below
    return found


def _installed(package: str) -> Distribution:
    try:
        return distribution(package)
    except PackageNotFoundError:
        raise click.ClickException(f"{package} is not installed: install dermatrust with these extras first") from None


def _requirements(package: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for text in package.requires or ():
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield canonicalize_name(one.name), frozenset(one.extras)


def component(package: str, version: str) -> dict[str, Any]:
    """Return what CycloneDX says of one package: kind, name, version, address and licence."""
    said = _installed(package).metadata
    fields: dict[str, Any] = {"type": "application" if package == OURS else "library", "name": package}
    fields |= {"version": version, "bom-ref": package, "purl": f"pkg:pypi/{package}@{version}"}
    if expression := said.get("License-Expression"):
        return fields | {"licenses": [{"expression": expression}]}
    kinds = [one.rpartition(" :: ")[2] for one in said.get_all("Classifier") or () if one.startswith("License ::")]
    return fields | ({"licenses": [{"license": {"name": kind}} for kind in kinds]} if kinds else {})


def bill(extras: frozenset[str]) -> dict[str, Any]:
    """Return the bill.

    Raises:
        click.ClickException: A package is not installed, or constraints.txt has no version of it.
    """
    versions = pins((ROOT / "constraints.txt").read_text(encoding="utf-8")) | {OURS: distribution(OURS).version}
    below = needed(OURS, extras)
    if unpinned := sorted(below.keys() - versions.keys()):
        raise click.ClickException(f"constraints.txt has no version of {', '.join(unpinned)}")
    components = [component(name, versions[name]) for name in sorted(below)]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": next(one for one in components if one["name"] == OURS)},
        "components": [one for one in components if one["name"] != OURS],
        "dependencies": [{"ref": name, "dependsOn": sorted(below[name])} for name in sorted(below)],
    }


@click.command()
@click.option("--extra", "extras", multiple=True, help="As of pip install 'dermatrust[EXTRA]'; repeatable.")
def main(extras: tuple[str, ...]) -> None:
    """Print the bill of materials."""
    click.echo(json.dumps(bill(frozenset(extras)), indent=1))


if __name__ == "__main__":
    main()
