"""Who may do what in a project. What a person may not know of looks the same as what is not there."""

from typing import NamedTuple, TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from dermatrust.curate.problems import NotFoundError, RefusedError
from dermatrust.curate.tables import Assignment, Base, Item, Member, Project, Role, User
from dermatrust.curate.trail import Actor

T = TypeVar("T", bound=Base)


_OWN = (
    select(Assignment, Item, Project, User, Member)
    .join(Item, Item.id == Assignment.item_id)
    .join(Project, Project.id == Item.project_id)
    .join(User, User.id == Assignment.rater_id)
    .outerjoin(Member, (Member.project_id == Project.id) & (Member.user_id == User.id))
    .where(Assignment.id == bindparam("assignment"), Assignment.rater_id == bindparam("rater"))
)
"""Made once: to put such a query together takes longer than to ask it."""


class Own(NamedTuple):
    """A rater's own assignment, its item and their project."""

    assignment: Assignment
    item: Item
    project: Project


def require(session: Session, by: Actor, project_id: int, *roles: Role) -> None:
    """Return where the person has one of these roles in the project; an administrator may do what a curator may.

    Raises:
        NotFoundError: The person is no member, or there is no such project.
        RefusedError: The person is a member in another role.
    """
    role = role_in(session, by, project_id)
    if role not in roles:
        wanted = " or ".join(roles)
        raise RefusedError(f"project {project_id}", f"you are {role} in it", wanted, reason="role")


def role_in(session: Session, by: Actor, project_id: int) -> str:
    """Return the person's role in a project.

    Raises:
        NotFoundError: The person is no member, or there is no such project.
    """
    project = session.get(Project, project_id)
    user = None if by.user_id is None else session.get(User, by.user_id)
    if project is not None and user is not None:
        role = _role(user, session.get(Member, (project_id, user.id)))
        if role is not None:
            return role
    raise NotFoundError(f"project {project_id}", "there is none such")


def _role(user: User, member: Member | None) -> str | None:
    if user.disabled_at is not None:
        return None
    if member is not None:
        return member.role
    return "curator" if user.is_admin else None


def item_for(session: Session, by: Actor, item_id: str, *roles: Role) -> Item:
    """Return an item, if the person has one of these roles in its project.

    Raises:
        NotFoundError: There is none such, or the person is no member of its project.
        RefusedError: The person is a member in another role.
    """
    item = _found(session, Item, item_id, "item")
    try:
        require(session, by, item.project_id, *roles)
    except NotFoundError:
        raise _absent("item", item_id) from None
    return item


def own_assignment(session: Session, by: Actor, assignment_id: str) -> Own:
    """Return a rater's own assignment, its item and their project, read at once: every save begins with it.

    Raises:
        NotFoundError: There is none such, or it is another's: the two look the same.
    """
    found = session.execute(_OWN, {"assignment": assignment_id, "rater": by.user_id}).one_or_none()
    if found is None:
        raise _absent("assignment", assignment_id)
    assignment, item, project, user, member = found
    if _role(user, member) is None:
        raise _absent("assignment", assignment_id)
    return Own(assignment, item, project)


def _found(session: Session, kind: type[T], key: str, name: str) -> T:
    found = session.get(kind, key)
    if found is None:
        raise _absent(name, key)
    return found


def _absent(name: str, key: str) -> NotFoundError:
    return NotFoundError(f"{name} {key}", "there is none such")
