"""Hand-written sentences and how each phrase in them is held. `name: status` pairs list every mention, in order."""

import pytest

from dermatrust.lexicon import load_lexicon

A, N, H, P = "affirmed", "negated", "hedged", "historical"

SENTENCES = [
    # plain statements and inflections
    ("There is a scaly erythematous plaque.", [("scaly", A), ("erythematous", A), ("plaque", A)]),
    ("Multiple papules and pustules on the cheeks.", [("Multiple", A), ("papules", A), ("pustules", A), ("cheeks", A)]),
    ("A well-demarcated nodule with telangiectasias.", [("well-demarcated", A), ("nodule", A), ("telangiectasias", A)]),
    ("Bullae and crusting are seen.", [("Bullae", A), ("crusting", A)]),
    # negation before
    ("No scale.", [("scale", N)]),
    ("The plaque is not scaly.", [("plaque", A), ("scaly", N)]),
    ("The lesion is without crust.", [("crust", N)]),
    ("There is an absence of telangiectasia.", [("telangiectasia", N)]),
    ("The patient denies pruritus and pain.", [("pruritus", N), ("pain", N)]),
    ("The surface lacks scale.", [("scale", N)]),
    ("The surface is free of crust.", [("crust", N)]),
    ("The skin isn't ulcerated.", [("ulcerated", N)]),
    ("It doesn’t show any ulceration.", [("ulceration", N)]),
    ("Findings rule against a wart; negative for psoriasis.", [("wart", A), ("psoriasis", N)]),
    ("This is psoriasis rather than eczema.", [("psoriasis", A), ("eczema", N)]),
    ("This rules out melanoma.", [("melanoma", N)]),
    ("It is neither scaly nor ulcerated.", [("scaly", N), ("ulcerated", N)]),
    ("Not consistent with basal cell carcinoma.", [("basal cell carcinoma", N)]),
    ("SK is favoured over LP.", [("SK", A), ("LP", A)]),
    ("No features suggestive of melanoma.", [("melanoma", N)]),
    ("There are no vesicles, bullae, erosions, or crusts.",
     [("vesicles", N), ("bullae", N), ("erosions", N), ("crusts", N)]),
    ("There is no scale, ulceration, or bleeding.", [("scale", N), ("ulceration", N), ("bleeding", N)]),
    ("The absence of blisters, pustules, or anything else.", [("blisters", N), ("pustules", N)]),
    ("The absence of vesicles, pustules, or annular lesions is of note.",
     [("vesicles", N), ("pustules", N), ("annular", N)]),
    ("Without scale, crust, and ulceration.", [("scale", N), ("crust", N), ("ulceration", N)]),
    ("No scale, no crust, pink nodule.", [("scale", N), ("crust", N), ("pink", A), ("nodule", A)]),
    ("No, the lesion is scaly.", [("scaly", A)]),
    # negation after
    ("Scale is absent.", [("Scale", N)]),
    ("Scale and crust are not seen.", [("Scale", N), ("crust", N)]),
    ("Melanoma has been ruled out.", [("Melanoma", N)]),
    ("Melanoma is unlikely.", [("Melanoma", N)]),
    ("Melanoma unlikely.", [("Melanoma", N)]),
    ("Ulceration is not present on the lip.", [("Ulceration", N), ("lip", A)]),
    ("A brown plaque where scale is absent.", [("brown", A), ("plaque", A), ("scale", N)]),
    # where negation ends
    ("No scale but marked crusting.", [("scale", N), ("crusting", A)]),
    ("There is no scale; the border is ill-defined.", [("scale", N), ("ill-defined", A)]),
    ("There is no scale. Crust is present.", [("scale", N), ("Crust", A)]),
    ("No scale, however the nodule is ulcerated.", [("scale", N), ("nodule", A), ("ulcerated", A)]),
    ("Without scale, although crusts are seen.", [("scale", N), ("crusts", A)]),
    ("No ulceration on the scaly plaque.", [("ulceration", N), ("scaly", A), ("plaque", A)]),
    ("Without scale, with central crust.", [("scale", N), ("crust", A)]),
    ("No scale: a smooth papule.", [("scale", N), ("smooth", A), ("papule", A)]),
    ("There is no scale (smooth surface).", [("scale", N), ("smooth surface", A)]),
    # pseudo-negation
    ("Not only scaly but also crusted.", [("scaly", A), ("crusted", A)]),
    ("There is no doubt about the melanoma.", [("melanoma", A)]),
    ("No change in the plaque.", [("plaque", A)]),
    # hedging
    ("Possible psoriasis.", [("psoriasis", H)]),
    ("This may be a melanoma.", [("melanoma", H)]),
    ("It could be eczema or psoriasis.", [("eczema", H), ("psoriasis", H)]),
    ("Findings are suggestive of lichen planus.", [("lichen planus", H)]),
    ("We cannot exclude melanoma.", [("melanoma", H)]),
    ("Melanoma cannot be excluded.", [("Melanoma", H)]),
    ("The differential includes psoriasis, eczema, and tinea corporis.",
     [("psoriasis", H), ("eczema", H), ("tinea corporis", H)]),
    ("Consider scabies.", [("scabies", H)]),
    ("Tinea should be considered.", [("Tinea", H)]),
    ("Psoriasis is less likely.", [("Psoriasis", H)]),
    ("If it bleeds, a crust forms.", [("bleeds", H), ("crust", A)]),
    ("The most likely diagnosis is psoriasis.", [("psoriasis", A)]),
    ("Differential diagnosis:\n- Psoriasis\n- Eczema\n\nThe plaque is scaly.",
     [("Psoriasis", H), ("Eczema", H), ("plaque", A), ("scaly", A)]),
    ("**Differential diagnoses:**\n\n1. **Psoriasis**: scaly.\n2. **Eczema**: itchy.",
     [("Psoriasis", H), ("scaly", A), ("Eczema", H), ("itchy", A)]),
    # history
    ("History of melanoma.", [("melanoma", P)]),
    ("Family history of melanoma and psoriasis.", [("melanoma", P), ("psoriasis", P)]),
    ("Previous basal cell carcinoma; now a scaly patch.", [("basal cell carcinoma", P), ("scaly", A), ("patch", A)]),
    ("She used to have eczema.", [("eczema", P)]),
    ("Eczema in childhood.", [("Eczema", P)]),
    ("No history of melanoma.", [("melanoma", N)]),
    ("Prior to the biopsy the nodule grew.", [("biopsy", A), ("nodule", A)]),
    # longest phrase, abbreviations, numbers
    ("Allergic contact dermatitis of the hand.", [("Allergic contact dermatitis", A), ("hand", A)]),
    ("A 1.5 cm scaly nodule, e.g. crusted.", [("scaly", A), ("nodule", A), ("crusted", A)]),
    ("Crust, scale.", [("Crust", A), ("scale", A)]),
    ("A naevus sebaceous and a hæmangioma or haemangioma.", [("naevus sebaceous", A), ("haemangioma", A)]),
    ("A non-scaly plaque with non-pitting oedema.", [("scaly", N), ("plaque", A), ("pitting", N), ("oedema", A)]),
    ("Possible basal cell carcinoma (BCC).", [("basal cell carcinoma", H), ("BCC", H)]),
    ("There is no scale (psoriasis has it).", [("scale", N), ("psoriasis", A)]),
    ("A potential cause, impetigo stands out.", [("impetigo", A)]),
    ("The pink plaque rules out melanoma.", [("pink", A), ("plaque", A), ("melanoma", N)]),
    ("A biopsy is needed to rule out melanoma.", [("biopsy", A), ("melanoma", H)]),
    ("I consider a plaque with scale.", [("plaque", A), ("scale", A)]),
    ("Psoriasis (scale is absent).", [("Psoriasis", A), ("scale", N)]),
    # unsafe advice
    ("Apply bleach to the wart.", [("Apply bleach", A), ("wart", A)]),
    ("Do not apply bleach.", [("apply bleach", N)]),
    ("There is no need to see a doctor.", [("no need to see a doctor", A)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SENTENCES, ids=[text[:60] for text, _ in SENTENCES])
def test_every_mention_of_the_sentence_is_held_as_a_reader_would_hold_it(text, expected):
    mentions = load_lexicon().mentions(text)
    assert [(text[m.start : m.end], m.status) for m in mentions] == expected
