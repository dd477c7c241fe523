"""Clinical readiness: differential diagnosis and triage, with and without what the referring clinician knows."""

from dermatrust.clinic.answer import Answer

__all__ = ["Answer"]
