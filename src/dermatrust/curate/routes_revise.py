"""Revising a text after the blind scores are in, and certifying it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import or_, select
from starlette.datastructures import FormData

from dermatrust.curate import drafts, texts
from dermatrust.curate.access import item_for, role_in
from dermatrust.curate.blind import item_images
from dermatrust.curate.certify import certificate_of, certify
from dermatrust.curate.forms import scores_in, text_in
from dermatrust.curate.gate import Bench, Place, Signed, Workbench, actor_of, in_project, place_of
from dermatrust.curate.pages import go, page
from dermatrust.curate.photographs import photograph
from dermatrust.curate.problems import ConflictError, NotFoundError, RefusedError
from dermatrust.curate.routes_account import prove
from dermatrust.curate.routes_rate import context_lines
from dermatrust.curate.tables import Adjudication, Assignment, Item, Project
from dermatrust.curate.trail import Actor
from dermatrust.judge.rubric import load_rubric
from dermatrust.records import DIMENSIONS

router = APIRouter(include_in_schema=False)
_SETTLED = ("agreed", "adjudicated", "certified", "released")
Reviser = Annotated[Place, Depends(in_project("rater", "adjudicator"))]


async def form_of(request: Request) -> FormData:
    """Return the form a request brings."""
    return await request.form()


Form = Annotated[FormData, Depends(form_of)]


class Written(BaseModel):
    """A text that is being written, and the version of the draft it follows."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(max_length=texts.LONGEST_TEXT)]
    version: Annotated[int, Field(ge=0, lt=2**31, strict=True)] = 0


@router.get("/projects/{project_id}/certify")
def certifiable(request: Request, bench: Bench, place: Reviser) -> Response:
    """List the texts a person may revise and certify, and those that are certified.

    What is not settled is left out: that raters disagree about a text is not yet theirs to know.
    """
    me = place.actor.user_id
    rated = select(Assignment.item_id).where(Assignment.rater_id == me, Assignment.state == "submitted")
    decided = select(Adjudication.item_id).where(Adjudication.adjudicator_id == me)
    own = Item.project_id == place.project.id, Item.state.in_(_SETTLED), or_(Item.id.in_(rated), Item.id.in_(decided))
    with bench.database.reading() as session:
        items = session.scalars(select(Item).where(*own).order_by(Item.number)).all()
        rows = [(item.id, item.state, texts.latest_text(session, item.id)) for item in items]
        session.expunge_all()
    return page(request, "certifiable.html", rows=rows)


@router.get("/items/{item_id}/revise")
def revise_page(request: Request, bench: Bench, signed: Signed, item_id: str) -> Response:
    """Show a text with its changes since the draft, to be revised and certified."""
    return _revise(request, bench, item_id)


@router.put("/items/{item_id}/draft")
def save(request: Request, bench: Bench, signed: Signed, item_id: str, sent: Written) -> Response:
    """Store a revision that is being written."""
    with bench.database.writing() as session:
        by = actor_of(request, signed)
        draft = texts.save_draft(session, by, item_id, sent.version, sent.text, bench.clock())
        return JSONResponse({"version": draft.version})


@router.post("/items/{item_id}/compare")
def compare(request: Request, bench: Bench, signed: Signed, item_id: str, sent: Written) -> Response:
    """Return what a text changes of the drafted one, word by word. Nothing is stored."""
    with bench.database.reading() as session:
        texts.item_to_revise(session, actor_of(request, signed), item_id)
        pieces = texts.word_diff(texts.drafted_text(session, item_id).text, sent.text)
    return JSONResponse({"pieces": [(piece.kind, piece.text) for piece in pieces]})


@router.post("/items/{item_id}/text")
def revise(request: Request, bench: Bench, signed: Signed, item_id: str, form: Form) -> Response:
    """Store a new version of a text."""
    text, parent = text_in(form, "text"), text_in(form, "parent")
    try:
        with bench.database.writing() as session:
            number = int(parent) if parent.isdecimal() and len(parent) < 9 else 0
            by, is_new = actor_of(request, signed), form.get("from_scratch") == "yes"
            texts.revise(session, by, item_id, number, text, bench.clock(), from_scratch=is_new)
    except ConflictError as error:
        wrong = f"{error.stored['number']} versions are stored by now. Below is yours against the latest."
        return _revise(request, bench, item_id, status=409, wrong=wrong, mine=text)
    except RefusedError as error:
        if error.reason in ("role", "frozen", "too early"):
            raise
        return _revise(request, bench, item_id, status=422, wrong=str(error), mine=text)
    return go(request, f"/items/{item_id}/revise#certify")


@router.post("/items/{item_id}/certify")
def certify_text(request: Request, bench: Bench, signed: Signed, item_id: str, form: Form) -> Response:
    """Certify the text that was shown, by somebody who has just proved who they are."""
    try:
        given_at = signed.authenticated_at
        password = text_in(form, "password")
        if password:
            prove(request, bench, signed, password)
            given_at = bench.clock()
        with bench.database.writing() as session:
            by, sha256 = actor_of(request, signed), text_in(form, "text_sha256")
            certify(session, by, item_id, scores_in(form), sha256, given_at, bench.clock())
    except RefusedError as error:
        if error.reason == "role":
            raise
        return _revise(request, bench, item_id, status=422, wrong=str(error), scores=dict(form))
    return go(request, f"/items/{item_id}/revise")


@router.get("/items/{item_id}/images/{number}")
def image(request: Request, bench: Bench, signed: Signed, item_id: str, number: int) -> Response:
    """Return an image to those who may see the whole item: its curator and adjudicator, and raters who are done."""
    with bench.database.reading() as session:
        item = _visible(session, actor_of(request, signed), item_id)
        images = item_images(session, item_id)
        project = session.get_one(Project, item.project_id)
        session.expunge_all()
    if not 1 <= number <= len(images):
        raise NotFoundError("the image", "does not exist")
    return photograph(bench, project, images[number - 1])


def _visible(session: Any, by: Actor, item_id: str) -> Item:
    item = item_for(session, by, item_id, "rater", "adjudicator", "curator")
    if role_in(session, by, item.project_id) == "rater":
        texts.item_to_revise(session, by, item_id)
    return item


def _revise(
    request: Request, bench: Workbench, item_id: str, *, status: int = 200, wrong: str = "", mine: str | None = None,
    scores: dict[str, Any] | None = None,
) -> Response:  # fmt: skip
    signed = request.state.signed
    with bench.database.reading() as session:
        by = actor_of(request, signed)
        item = texts.item_to_revise(session, by, item_id)
        if item.state not in _SETTLED:
            raise RefusedError("the text", "is not settled yet", "ratings that agree or a decision", reason="too early")
        versions = texts.text_versions(session, item_id)
        draft = drafts.draft_of(session, by, f"item:{item_id}")
        certificate = certificate_of(session, item_id)
        n_images = len(item_images(session, item_id))
        session.expunge_all()
    place_of(request, bench, signed, item.project_id, "rater", "adjudicator")
    latest = versions[-1]
    written = mine if mine is not None else draft.content["text"] if draft else latest.text
    return page(
        request, "revise.html", status=status, wrong=wrong, item=item, latest=latest, first=versions[0],
        n_versions=len(versions), written=written, draft_version=draft.version if draft else 0,
        diff=texts.word_diff(versions[0].text, latest.text), conflict=_conflict(latest.text, mine, status),
        certificate=certificate[0] if certificate else None, context=context_lines(item.case.get("context", {})),
        images=[f"/items/{item_id}/images/{k}" for k in range(1, n_images + 1)], scores=scores or {},
        dimensions=DIMENSIONS, rubric=load_rubric(), may_revise=item.state in ("agreed", "adjudicated"),
        longest=texts.LONGEST_TEXT,
    )  # fmt: skip


def _conflict(latest: str, mine: str | None, status: int) -> list[texts.Piece]:
    """Return what the person's text changes of one that somebody else stored in the meantime."""
    return texts.word_diff(latest, mine) if status == 409 and mine is not None else []
