"""The facts PAD-UFES-20 records about a lesion, put into plain sentences of ours. Nothing is inferred.

What is not recorded is not mentioned, so the text never says that a finding is absent which nobody asked about.
"""

from collections.abc import Mapping

DIAGNOSES = {
    "ACK": "actinic keratosis",
    "BCC": "basal cell carcinoma",
    "MEL": "melanoma",
    "NEV": "melanocytic nevus",
    "SCC": "squamous cell carcinoma",
    "SEK": "seborrheic keratosis",
}

_SYMPTOMS = {
    "itch": ("itches", "does not itch"),
    "grew": ("has grown", "has not grown"),
    "hurt": ("hurts", "does not hurt"),
    "changed": ("has changed", "has not changed"),
    "bleed": ("has bled", "has not bled"),
    "elevation": ("is raised", "is not raised"),
}


def label_text(
    diagnosis: str,
    *,
    region: str | None = None,
    diameters_mm: tuple[str, ...] = (),
    symptoms: Mapping[str, bool] | None = None,
    biopsied: bool | None = None,
) -> str:
    """Return the recorded facts as sentences.

    Args:
        diagnosis: One of the dataset's six codes.
        region: Body site in the words of the dataset; None where it is missing.
        diameters_mm: The diameters that were recorded, in millimetres.
        symptoms: Symptom to present or absent, only those that were recorded.
        biopsied: Whether the diagnosis was proven by biopsy; None where it is missing.

    Example:
        >>> label_text("BCC", region="NECK", diameters_mm=("6.0", "5.0"), symptoms={"itch": True, "hurt": False})
        'Diagnosis: basal cell carcinoma. Site: neck. Size: 6 by 5 mm. The lesion itches. The lesion does not hurt.'
    """
    sentences = [f"Diagnosis: {DIAGNOSES[diagnosis]}."]
    if biopsied is not None:
        sentences.append("The diagnosis was proven by biopsy." if biopsied else "No biopsy was taken.")
    if region:
        sentences.append(f"Site: {region.lower()}.")
    if diameters_mm:
        sentences.append(f"Size: {' by '.join(_number(d) for d in diameters_mm)} mm.")
    recorded = symptoms or {}
    for present in (True, False):
        words = [_SYMPTOMS[name][0 if present else 1] for name, value in recorded.items() if value is present]
        if words:
            sentences.append(f"The lesion {_enumeration(words)}.")
    return " ".join(sentences)


def _number(text: str) -> str:
    return f"{float(text):g}"


def _enumeration(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
