"""What a patient record behind a FHIR server holds that answers are held against, read by the program, not the agent.

Reference: Jiang et al. (2025), MedAgentBench, https://arxiv.org/abs/2501.14654.
"""

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from dermatrust.protocols.interaction.fhir_agent import fetch_here
from dermatrust.protocols.scorers.record_tasks import A1C, GLUCOSE, MAGNESIUM, POTASSIUM

SERVER = "http://localhost:8080/fhir/"
"""Where the record is, unless the variable DERMATRUST_FHIR says otherwise."""
_OBSERVED = (MAGNESIUM, POTASSIUM, GLUCOSE, A1C)


def server() -> str:
    """Return the address of the record, which ends in a slash."""
    return os.environ.get("DERMATRUST_FHIR", SERVER).rstrip("/") + "/"


def patient_facts(patient: str) -> str | None:
    """Return what the record holds of a patient, as JSON: "birth", and "observations" as (time, value) by code.

    An empty object for no patient; None where the server does not say, or says what is no record.
    """
    if not patient:
        return "{}"
    try:
        found = _resources(f"{server()}Patient?identifier={quote(patient)}")
        birth = next((str(one.get("birthDate", "")) for one in found), "")
        asked = f"{server()}Observation?patient={quote(patient)}&_count=5000&code="
        observations = {code: [_value(one) for one in _resources(asked + code)] for code in _OBSERVED}
    except (ValueError, KeyError, TypeError):
        return None
    return json.dumps({"birth": birth, "observations": observations})


def _resources(url: str) -> list[Mapping[str, Any]]:
    return [entry["resource"] for entry in json.loads(fetch_here(url)).get("entry", [])]


def _value(observation: Mapping[str, Any]) -> tuple[str, float]:
    return str(observation["effectiveDateTime"]), float(observation["valueQuantity"]["value"])
