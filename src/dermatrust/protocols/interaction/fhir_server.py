"""A small FHIR server on this machine: it answers searches of resources it is given, and changes nothing.

For tests and tutorials of agents that work in a patient record. It knows what such agents ask: search by patient, code,
category, date, name and birth date, newest first, a page at a time.

Reference: FHIR R4 search, https://hl7.org/fhir/R4/search.html.
"""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Resource = Mapping[str, Any]
PAGE = 20
"""Entries of a page where a search names no `_count`, as the server of MedAgentBench has it."""
_PREFIXES = ("ge", "le", "gt", "lt", "eq")


class FhirServer:
    """Serves resources at `url` while its block runs.

    Args:
        resources: Each with "resourceType" and "id".

    Example:
        >>> from urllib.request import urlopen
        >>> with FhirServer([{"resourceType": "Patient", "id": "S1", "birthDate": "1980-02-03"}]) as server:
        ...     found = json.load(urlopen(f"{server.url}Patient?birthdate=1980-02-03"))
        >>> found["total"], found["entry"][0]["resource"]["id"]
        (1, 'S1')
    """

    def __init__(self, resources: Iterable[Resource]) -> None:
        kept = list(resources)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                content = json.dumps(answer(kept, parts.path, parse_qsl(parts.query))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/fhir+json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # the base class names it so
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/fhir/"

    def __enter__(self) -> "FhirServer":
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def answer(resources: Sequence[Resource], path: str, query: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the resource that a path names, or the bundle that a search finds; an empty one where nothing fits."""
    kind, _, name = path.rstrip("/").partition("/fhir/")[2].partition("/")
    if name:
        found = [one for one in resources if one["resourceType"] == kind and one["id"] == name]
        return dict(found[0]) if found else {"resourceType": "OperationOutcome", "issue": [{"code": "not-found"}]}
    matching = [one for one in resources if one["resourceType"] == kind and all(_fits(one, *term) for term in query)]
    asked = dict(query)
    if asked.get("_sort", "").lstrip("-") == "date":
        matching.sort(key=when, reverse=asked["_sort"].startswith("-"))
    count = asked.get("_count", "")
    page = matching[: int(count) if count.isdigit() else PAGE]
    return {
        "resourceType": "Bundle", "type": "searchset", "total": len(matching),
        "entry": [{"resource": dict(one)} for one in page],
    }  # fmt: skip


def when(resource: Resource) -> str:
    """Return the time a resource is about, as ISO 8601; empty where it says none."""
    return str(resource.get("effectiveDateTime") or resource.get("authoredOn") or resource.get("recordedDate") or "")


def _fits(resource: Resource, name: str, wanted: str) -> bool:
    """Return whether a resource fits one term of a search; terms that begin with _ are not about content."""
    if name.startswith("_"):
        return True
    if name in ("patient", "subject"):
        reference = str(resource.get("subject", {}).get("reference", ""))
        return reference.removeprefix("Patient/") == wanted.removeprefix("Patient/")
    if name == "date":
        prefix, moment = (wanted[:2], wanted[2:]) if wanted[:2] in _PREFIXES else ("eq", wanted)
        return _compares(prefix, when(resource), moment)
    if name == "birthdate":
        return str(resource.get("birthDate", "")).startswith(wanted.removeprefix("eq"))
    texts = _texts(resource, name)
    return any(wanted.rpartition("|")[2].lower() == text.lower() for text in texts)


def _compares(prefix: str, moment: str, wanted: str) -> bool:
    """Compare at the precision that is wanted, as FHIR does for dates."""
    own = moment[: len(wanted)]
    if prefix == "eq":
        return own == wanted
    return {"ge": own >= wanted, "le": own <= wanted, "gt": own > wanted, "lt": own < wanted}[prefix]


def _texts(resource: Resource, name: str) -> list[str]:
    """Return the texts a term is about: codes, categories, identifiers, names."""
    if name in ("family", "given", "name"):
        names = resource.get("name", [])
        given = [text for one in names for text in one.get("given", [])]
        family = [one.get("family", "") for one in names]
        return {"family": family, "given": given}.get(name, [*family, *given])
    if name == "identifier":
        return [str(one.get("value", "")) for one in resource.get("identifier", [])]
    concept = resource.get(name, {})
    concepts = [one for one in (concept if isinstance(concept, list) else [concept]) if isinstance(one, Mapping)]
    codes = [str(coding.get("code", "")) for one in concepts for coding in one.get("coding", [])]
    return [*codes, *(str(one.get("text", "")) for one in concepts)]
