"""The words of the atlas: every value a drawn finding can take, by its name in the lexicon."""

from typing import Literal, get_args

Attribute = Literal["site", "primary", "features", "colour", "shape", "border", "surface", "count", "distribution"]
"""What can be seen on a case, one at a time. `features` holds any number of values, the others exactly one."""
ATTRIBUTES: tuple[Attribute, ...] = get_args(Attribute)

SITES = (
    "Scalp", "Face", "Lip", "Neck", "Chest", "Back", "Abdomen", "Buttock", "Arm", "Elbow", "Forearm", "Hand", "Palm",
    "Finger", "Nail", "Thigh", "Knee", "Leg", "Foot", "Sole",
)  # fmt: skip
PRIMARIES = (
    "Macule", "Patch", "Papule", "Plaque", "Nodule", "Vesicle", "Bulla", "Pustule", "Wheal", "Ulcer", "Comedo",
)  # fmt: skip
FEATURES = (
    "Scale", "Crust", "Erosion", "Excoriation", "Lichenification", "Telangiectasia", "Umbilicated", "Hyperkeratosis",
    "Warty/Papillomatous", "Atrophy", "Hair loss", "Fissure", "Oedema", "Purpura/Petechiae", "Central punctum",
    "Necrosis",
)  # fmt: skip
"""Secondary findings; a case has any number of them."""
COLOURS = (
    "Erythema", "Pink", "Salmon", "Purple", "Brown", "Black", "White", "Yellow", "Gray", "Blue", "Skin-coloured",
    "Variegated colour",
)  # fmt: skip
SHAPES = ("Round", "Oval", "Annular", "Linear", "Targetoid", "Polygonal")
BORDERS = ("Well-defined border", "Ill-defined border", "Irregular border", "Raised border", "Rolled border")
SURFACES = ("Smooth", "Rough", "Shiny", "Waxy", "Greasy", "Silvery", "Moist")
COUNTS = ("Solitary", "Multiple")
DISTRIBUTIONS = ("Localised", "Grouped", "Scattered", "Symmetrical", "Confluent", "Dermatomal", "Generalised")
SYMPTOMS = ("Pruritus", "Pain")

VALUES: dict[Attribute, tuple[str, ...]] = {
    "site": SITES,
    "primary": PRIMARIES,
    "features": FEATURES,
    "colour": COLOURS,
    "shape": SHAPES,
    "border": BORDERS,
    "surface": SURFACES,
    "count": COUNTS,
    "distribution": DISTRIBUTIONS,
}
"""Attribute to its values, in the order in which the narrators' networks number them."""

Angle = Literal["near", "far", "oblique"]
"""How a photograph is taken: filling the frame with lesions, showing the whole region, or aslant."""

VISIBLE: dict[Angle, tuple[Attribute, ...]] = {
    "near": ("primary", "features", "colour", "shape", "border", "surface"),
    "far": ("site", "primary", "colour", "shape", "count", "distribution"),
    "oblique": ("site", "primary", "features", "colour", "border", "surface", "count"),
}
"""What a photograph of good quality lets an observer judge. A near view fills the frame, so site and number are out of
sight; a far view resolves neither surface nor secondary findings (lost hair is drawn, but
nobody is held to it); an oblique view foreshortens shapes."""
