"""SNU: clinical photographs of 134 skin disorders from Seoul National University, as evaluation code packs them.

Paper     Han et al. (2020), https://doi.org/10.1016/j.jid.2020.01.019
Source    The packaging that https://github.com/SiyuanYan1/DermFM-Zero and https://github.com/XiejiLi/MAGEN-O-MAKE
          describe and link to. We have read their README and scripts and about a third of one table, and seen no
          photograph, nor the paper's own release and its terms.
Layout    One table, one row per photograph, of any of three names:
          meta.csv      image_path, label, diag: data/zero-shot-classification/snu-134-zero-shot/ of DermFM-Zero, 2,101
                        photographs by the README of its data_deduplication; `diag` is documented there for tables of
                        one's own, and its list of overlaps has names for SNU
          MAKE_SNU.csv  filename, label: data/downstream/SNU/ of MAGEN-O-MAKE; others who use it read its `diag`
          SNU-LP.csv    image_path, diag, split, label: meta/downstream/ of MAGEN-O-MAKE, the table we have read in
          Paths are from the folder that holds data/; a photograph is <class>_<number>.jpg in images/.
Case      One photograph. The source names no patient and no lesion.
Label     `diag`, else the name that `label` numbers in the list of 134, counted from 0: SNU_134_CLASSNAMES in
          src/open_clip/zero_shot_metadata.py of MAGEN-O-MAKE.
Split     That of SNU-LP.csv. It is by photograph; whether a patient is in two splits nobody can tell.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from dermatrust.datasets.imported import Imported, MissingImages, check_image_root, with_images
from dermatrust.datasets.labels import label_facts, lexicon_urgency
from dermatrust.datasets.source_table import Row, source_rows, version_of
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard

SOURCE = "https://github.com/SiyuanYan1/DermFM-Zero"
CITATION = (
    "Han et al. (2020). Augmented Intelligence Dermatology: Deep Neural Networks Empower Medical Professionals in "
    "Diagnosing Skin Cancer and Predicting Treatment Options for 134 Skin Disorders. Journal of Investigative "
    "Dermatology 140(9), 1753-1761."
)
TABLES = ("meta.csv", "MAKE_SNU.csv", "SNU-LP.csv")
CLASSES = (
    "epidermal cyst", "paronychia", "ota nevus", "condyloma", "keloid", "alopecia areata", "cellulitis",
    "pyogenic granuloma", "fifth disease", "dermatofibroma", "perioral dermatitis", "squamous cell carcinoma", "wart",
    "riehl melanosis", "urticaria pigmentosa", "furuncle", "bullous disease", "herpes simplex", "tinea faciale",
    "lupus erythematosus", "striae distensae", "hemangioma", "herpes zoster", "malignant melanoma",
    "pityriasis lichenoides et varioliformis acuta", "pompholyx", "nevus spilus", "juvenile xanthogranuloma",
    "actinic keratosis", "nummular eczema", "folliculitis", "xerotic eczema", "subungual hematoma",
    "androgenic alopecia", "prurigo nodularis", "hand eczema", "basal cell carcinoma", "melanocytic nevus",
    "lymphangioma", "seborrheic keratosis", "hypertrophic scar", "idiopathic guttate hypomelanosis", "keratoderma",
    "erythema ab igne", "lichen striatus", "ingrowing nail", "varicella", "cafe au lait macule", "poikiloderma",
    "morphea", "eczema herpeticum", "milia", "nail dystrophy", "lichen nitidus", "acanthosis nigricans",
    "angular cheilitis", "confluent and reticulated papillomatosis", "syringoma", "mucous cyst", "becker nevus",
    "tinea versicolor", "psoriasis", "port wine stain", "neurofibromatosis", "tinea cruris", "xanthelasma",
    "molluscum contagiosum", "erythema annulare centrifugum", "onychomycosis", "scabies", "neurofibroma",
    "mucosal melanotic macule", "rosacea", "keratoacanthoma", "angiofibroma", "melanonychia", "organoid nevus",
    "nevus depigmentosus", "epidermal nevus", "tinea corporis", "drug eruption", "freckle", "vitiligo", "poroma",
    "pityriasis alba", "viral exanthem", "blue nevus", "acne", "venous lake", "atopic dermatitis",
    "seborrheic dermatitis", "lichen planus", "exfoliative dermatitis", "melasma", "abscess",
    "acute generalized exanthematous pustulosis", "urticarial vasculitis", "vasculitis", "prurigo pigmentosa",
    "impetigo", "pityriasis lichenoides chronica", "bowen disease", "granuloma annulare", "amyloidosis", "urticaria",
    "keratosis pilaris", "livedo reticularis", "steatocystoma multiplex", "pityriasis rosea", "mucocele",
    "erythema multiforme", "sebaceous hyperplasia", "palmoplantar pustulosis", "porokeratosis", "lentigo",
    "erythema nodosum", "inflammed cyst", "staphylococcal scalded skin syndrome", "contact dermatitis", "verruca plana",
    "congenital nevus", "lichen simplex chronicus", "guttate psoriasis", "angiokeratoma", "tinea pedis", "insect bite",
    "pigmented progressive purpuric dermatosis", "pyoderma gangrenosum", "skin tag", "lichen amyloidosis", "abnormal",
    "onycholysis", "pustular psoriasis", "telangiectasia",
)  # fmt: skip
_OF_FILES = {name.replace(" ", ""): name for name in CLASSES}


def read_snu(root: Path, *, image_root: Path | None = None, missing_images: MissingImages = "error") -> Imported:
    """Read the dataset under `root`.

    Args:
        root: The folder that holds one of `TABLES`; of several, the first of them is read.
        image_root: Where the photographs are, if not under `root`.
        missing_images: What to do about photographs that are not there.

    Raises:
        DataError: A column or value is not what the dataset's layout says, a photograph is there twice, a number
            stands for two names, or photographs are missing.
    """
    check_image_root(image_root)
    table = next((root / name for name in TABLES if (root / name).is_file()), None)
    if table is None:
        what = (
            f"holds none of {', '.join(TABLES)}"
            if root.is_dir()
            else "is no folder"
            if root.exists()
            else "is not there"
        )
        raise DataError(str(root), what, f"the folder that holds one of {', '.join(TABLES)}")
    cases: dict[str, Case] = {}
    pairs: dict[str, tuple[str, str]] = {}
    n_numbered = 0
    for where, row in source_rows(table, ("label",), dataset="SNU"):
        n_numbered += "diag" not in row
        label = row.get("diag") or _numbered(row, where)
        _check_pair(row, label, where, pairs)
        case = _case(row, label, where)
        if case.id in cases:
            raise DataError(where, f"{case.id!r} is there twice", "every photograph once")
        cases[case.id] = case
    facts = (fact for case in cases.values() for fact in label_facts(case, "SNU"))
    return with_images(
        _card(table), tuple(cases.values()), facts, root=image_root or root, missing=missing_images, where=table,
        remarks=_remarks(n_numbered, len(cases)),
    )  # fmt: skip


def _photograph(row: Row, where: str) -> PurePosixPath:
    path = row.get("image_path") or row.get("filename")
    if path is None:
        raise DataError(where, "names no photograph", "its path in the column image_path or filename")
    return PurePosixPath(path.replace("\\", "/"))


def _numbered(row: Row, where: str) -> str:
    """Return the name for a class known by its number only.

    Raises:
        DataError: There is no such number, or the file is called after another class: then the table counts by another
            list, and every label would be wrong without a word.
    """
    number, do = row.get("label", "").removesuffix(".0"), "Give the names in a column diag."
    if not number.isdecimal() or int(number) >= len(CLASSES):
        raise DataError(where, f"label is {number!r}", f"a number from 0 to {len(CLASSES) - 1}", do=do)
    label = CLASSES[int(number)]
    of_file = _OF_FILES.get(_photograph(row, where).stem.rpartition("_")[0].lower(), label)
    if of_file != label:
        what = f"label {number} is {label!r} in the list of 134, but the file is called after {of_file!r}"
        raise DataError(where, what, "numbers of that list", do=do)
    return label


def _check_pair(row: Row, label: str, where: str, pairs: dict[str, tuple[str, str]]) -> None:
    """Check that a number goes with one name only, and a name with one number; `pairs` are those of earlier rows."""
    if (number := row.get("label")) is None:
        return
    for one, other in ((f"number {number}", label), (f"name {label}", number)):
        earlier, place = pairs.setdefault(one, (other, where))
        if earlier != other:
            what = f"label {number} is {label!r}, but the {one} goes with {earlier!r} in {place}"
            raise DataError(where, what, "one number for one name")


def _case(row: Row, label: str, where: str) -> Case:
    path = _photograph(row, where)
    fields = {
        "id": path.stem,
        "file_names": (f"images/{path.name}",),
        "label": label,
        **lexicon_urgency(label),
        "split": row.get("split"),
    }
    return Case.from_fields(fields, where=where)


def _remarks(n_numbered: int, n_cases: int) -> Iterator[str]:
    if n_numbered:
        yield f"{n_numbered} of {n_cases} labels are numbers only: named by the list of 134."
    yield "No patient is named: intervals are by photograph, and too narrow where one patient has several."


def _card(table: Path) -> DatasetCard:
    return DatasetCard(
        name="snu",
        version=f"table {version_of(table)}",
        source=SOURCE,
        licence="not-stated",
        consent="Not stated where we looked; the paper's own release we have not seen.",
        may_leave_machine=False,
        citation=CITATION,
        notes="Read as packed by others for evaluation, whose code is CC BY-NC-ND 4.0; that says nothing about the "
        "photographs. Ask their owners before you change may_leave_machine. Labels were checked by nobody here. No "
        "patient is named, so splits can only keep near-duplicate photographs together.",
    )
