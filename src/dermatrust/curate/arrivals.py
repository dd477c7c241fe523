"""What an upload would bring into the workbench, and bringing it in: a dataset as a new project, or a whole project.

Each is looked at with what `dermatrust data check` and the import itself use; nothing is stored by looking.
"""

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.access import role_in
from dermatrust.curate.database import Database
from dermatrust.curate.exchange import import_project
from dermatrust.curate.image_cleaning import Cleaners
from dermatrust.curate.migrations import upgrade
from dermatrust.curate.moving import move_project
from dermatrust.curate.new_project import NewProject
from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.projects import Texts, create_project, pick, read_images, set_member
from dermatrust.curate.tables import Base, Image, Project, User
from dermatrust.curate.trail import Actor, record
from dermatrust.curate.unpacking import Unpacked, check_directory, unpack
from dermatrust.curate.uploads import Report, Upload, Uploads
from dermatrust.datasets.check import CheckReport, check_dataset
from dermatrust.datasets.image_reviews import note_images
from dermatrust.errors import DataError, UserError
from dermatrust.store.folder import DatasetFolder

LARGEST_PROJECT = 32 * 1024**2
_MOST_SAID = 40
Photographs = frozenset[tuple[str, str]]
"""File name and SHA-256 of each."""
_ZIP = b"PK"


def look(database: Database, by: Actor, upload: Upload) -> Report:
    """Return what an upload would bring in; an error is a fault with its place, never an exception.

    Args:
        database: The workbench's; it is only read.
        by: Who uploaded it.
        upload: The file.
    """
    with upload.file.open("rb") as file:
        is_zip = file.read(2) == _ZIP
    try:
        report = _look_at_dataset(upload) if is_zip else _look_at_project(database, by, upload)
    except UserError as error:
        where, what = _without(str(upload.room), error.where), str(error).removeprefix(f"{error.where}: ")
        report = Report("dataset" if is_zip else "project", faults=((where, _without(str(upload.room), what)),))
    upload.say(report)
    return report


def _look_at_dataset(upload: Upload) -> Report:
    check_directory(upload.file)  # before a cage is opened for nothing
    with Cleaners(1) as cleaners:
        unpacked = unpack(upload.file, upload.folder, cleaners)
    upload.file.unlink()
    faults = list(unpacked.faults)
    if not (upload.folder / "card.yaml").is_file():
        faults.append(("card.yaml", "is not in the archive: it is no zip of a dataset folder"))
    if faults:
        return Report("dataset", faults=tuple(faults[:_MOST_SAID]), left_out=tuple(unpacked.left_out[:_MOST_SAID]))
    with_flags = _flagged(upload.folder)
    return _report(upload.folder, unpacked, check_dataset(upload.folder), with_flags)


def _flagged(folder: Path) -> int:
    """Note in the folder which photographs a person has to look at, as the command line's import does."""
    try:
        return len(note_images(DatasetFolder.open(folder)))
    except DataError:  # what is wrong with the folder, the check says
        return 0


def _report(folder: Path, unpacked: Unpacked, checked: CheckReport, n_flagged: int) -> Report:
    room = str(folder.parent)
    said = [
        (one.severity, _without(room, one.where), _without(room, _sentence(one.what, one.do)))
        for one in checked.findings
    ]
    faults = tuple((where, what) for severity, where, what in said if severity == "error")
    remarks = tuple((where, what) for severity, where, what in said if severity != "error")
    left_out = tuple(unpacked.left_out[:_MOST_SAID])
    if faults:
        return Report("dataset", faults=faults[:_MOST_SAID], remarks=remarks[:_MOST_SAID], left_out=left_out)
    opened = DatasetFolder.open(folder)
    n_of = {
        "narratives": sum(1 for _ in opened.iter_narratives()),
        "references": sum(1 for _ in opened.iter_references()),
    }
    counts = (
        ("cases", checked.n_cases), ("photographs", checked.n_images), *n_of.items(),
        ("ratings", sum(1 for _ in opened.iter_ratings())),
        ("photographs to be looked at", n_flagged), ("photographs encoded anew", unpacked.n_encoded_anew),
    )  # fmt: skip
    texts = tuple(name for name, n in n_of.items() if n)
    none = () if texts else (("the dataset", "has neither narratives nor references: there is nothing to rate"),)
    return Report(
        "dataset", opened.card.name, counts, none, remarks[:_MOST_SAID], left_out, texts, opened.card.synthetic
    )  # fmt: skip


def _look_at_project(database: Database, by: Actor, upload: Upload) -> Report:
    """Take the project into an empty database, and look at what is there then."""
    if upload.file.stat().st_size > LARGEST_PROJECT:
        raise RefusedError("the file", f"has more than {LARGEST_PROJECT // 1024**2} MiB", "a zip, or a project.jsonl")
    scratch = Database.open(upload.scratch)
    try:
        upgrade(scratch)
        with scratch.writing() as session:
            project = import_project(session, by, upload.file)
            counts = _counts(session)
            people = list(session.scalars(select(User.name)))
            photographs = _photographs(session, project.id)
    finally:
        scratch.close()
    upload.file.unlink()
    faults, remarks = [], []
    with database.reading() as session:
        if session.scalar(select(Project.id).where(Project.name == project.name)) is not None:
            faults.append(("the project", f"is called {project.name!r}, as one that is here already"))
        if dataset_here(session, by, project, photographs) is None:
            faults.append(("the dataset", "of this project is not here; import it first, as a zip"))
        known = set(session.scalars(select(User.name).where(User.name.in_(people))))
    for name in sorted(set(people) - known):
        remarks.append((name, "has no account here; an administrator can let them in"))
    is_synthetic = isinstance(project.card, dict) and project.card.get("synthetic") is True
    return Report(
        "project", project.name, counts, tuple(faults), tuple(remarks[:_MOST_SAID]), is_synthetic=is_synthetic
    )  # fmt: skip


def take_dataset(database: Database, by: Actor, upload: Upload, uploads: Uploads, wanted: NewProject) -> int:
    """Make a project of an uploaded dataset, with who brought it as its curator, and return the project's number.

    Raises:
        UserError: As of `NewProject.queue`, `pick`, `read_images` and `create_project`; then the upload stays
            where it is.
    """
    assert by.user_id is not None
    texts = wanted.texts or cast("Texts", upload.report.texts[0])
    name = wanted.name.strip() or f"{upload.report.name}: {texts}"
    queue = wanted.queue(upload.room)
    folder = uploads.settle(upload, by.user_id)
    try:
        opened = DatasetFolder.open(folder)
        picked = pick(opened, texts, queue)
        images = read_images(opened, picked)
        with database.writing() as session:
            project = create_project(session, by, name, opened, picked, images, rules=wanted.rules, seed=wanted.seed)
            record(session, by, "dataset.import", f"project:{project.id}", after={"dataset": project.dataset_hash})
            set_member(session, by, project.id, by.user_id, "curator")
            project_id = project.id
    except BaseException:
        uploads.unsettle(upload, folder)
        raise
    upload.drop()
    return project_id


def take_project(database: Database, by: Actor, upload: Upload) -> int:
    """Take in an uploaded project, and return its number. Its photographs come from a dataset that is here.

    The file cannot name a folder of its own choice: the server reads photographs from a project's folder and writes
    results into it. Its rows come from the database that `look` made, so that others wait for seconds at most.

    Raises:
        UserError: As of `move_project`; or its dataset is not here.
    """
    scratch = Database.open(upload.scratch)
    try:
        with scratch.reading() as source:
            project_id = _take_from(source, database, by)
    finally:
        scratch.close()
    upload.drop()
    return project_id


def _take_from(source: Session, database: Database, by: Actor) -> int:
    assert by.user_id is not None
    with database.writing() as session:
        project = move_project(source, session, by)
        here = dataset_here(session, by, project, _photographs(session, project.id))
        if here is None:
            raise RefusedError("the dataset", "of this project is not here", do="Import it first, as a zip.")
        if here != project.folder:
            before, after = {"folder": project.folder}, {"folder": here}
            record(session, by, "project.move", f"project:{project.id}", before=before, after=after)
            project.folder = here
        try:
            role_in(session, by, project.id)
        except NotFoundError:
            set_member(session, by, project.id, by.user_id, "curator")
        return project.id


def dataset_here(session: Session, by: Actor, project: Project, photographs: Photographs) -> str | None:
    """Return the folder of a project's dataset: that of another project which the person looks after, or None.

    It is the same folder, or one whose dataset was the same when its project was made, or has the same photographs:
    what a curator wrote into the folder since changes its hash.
    """
    others = session.scalars(select(Project).where(Project.name != project.name).order_by(Project.id))
    own = [other for other in others if _may_curate(session, by, other.id)]
    if any(other.folder == project.folder for other in own):
        return project.folder
    same = (other.folder for other in own if other.dataset_hash == project.dataset_hash)
    alike = (other.folder for other in own if photographs and photographs <= _photographs(session, other.id))
    return next(chain(same, alike), None)


def _photographs(session: Session, project_id: int) -> Photographs:
    query = select(Image.file_name, Image.sha256).where(Image.project_id == project_id)
    return frozenset((name, sha256) for name, sha256 in session.execute(query))


def _may_curate(session: Session, by: Actor, project_id: int) -> bool:
    try:
        return role_in(session, by, project_id) == "curator"
    except NotFoundError:
        return False


def _counts(session: Session) -> tuple[tuple[str, int], ...]:
    nouns = {
        "item": "texts to rate", "image": "photographs", "text_version": "versions of texts", "rating": "ratings",
        "draft": "drafts", "adjudication": "decisions", "certificate": "certificates", "user": "people",
    }  # fmt: skip
    found = Counter({kind.name: len(session.execute(select(kind)).all()) for kind in Base.metadata.sorted_tables})
    return tuple((noun, found[table]) for table, noun in nouns.items())


def _sentence(what: str, do: str) -> str:
    return f"{what}. {do}" if do else what


def _without(root: str, text: str) -> str:
    """Return a text without the folder of the upload, which is nobody's business."""
    text = text.replace(f"{root}/folder/", "").replace(f"{root}/folder", "the dataset")
    return text.replace(f"{root}/file", "project.jsonl").replace(f"{root}/", "").replace(root, "the upload")
