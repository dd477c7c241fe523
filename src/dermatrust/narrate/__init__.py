"""Prompts and candidate narratives."""

from dermatrust.narrate.candidate import candidate_request, narrate_case
from dermatrust.narrate.closing import closing_diagnosis
from dermatrust.narrate.prompt import Prompt, load_prompt
from dermatrust.narrate.refusal import is_refusal

__all__ = ["Prompt", "candidate_request", "closing_diagnosis", "is_refusal", "load_prompt", "narrate_case"]
