"""Scopes: which mentions a cue reaches. One left-to-right walk over the cues, mentions and boundaries of a text.

Places are indexes into the parts of the text (gap, word, gap, word, ...), so two parts are one word on.
"""

from dermatrust.lexicon.cues import RANKS, Connectives, Cue
from dermatrust.lexicon.gaps import BRACKET, BULLET, COLON, COMMA, PARAGRAPH, gap_kind

LIST_STEP = 8
"""Parts from one list item to the next: "no scale, crust or obvious signs of ulceration"."""
ITEM_STEP = 12
"""Parts from the bullet of a list item to the diagnosis it names."""
FILL = frozenset({"and", "or", "nor", "any", "the", "a", "an", "of", "no", "other", "obvious", "significant", "clear"})
"""Words that may stand between two mentions which one following cue marks together."""

_OR = frozenset({"or", "nor"})
"""Words that end a list of whatever kinds: "no scale, ulceration, or bleeding"; "and" may begin something else."""
_HEDGED = RANKS.index("hedged")


class _Scope:
    """What one cue reaches."""

    __slots__ = ("cue", "held_to", "kind", "passes_commas", "rank", "reach", "start", "waiting", "waits")

    def __init__(self, cue: Cue, end: int) -> None:
        self.cue = cue
        self.rank = cue.rank
        self.start = end
        self.reach = end + cue.reach
        self.held_to = 0
        """End of the last mention it holds or has waiting; 0 where there is none."""
        self.kind = ""
        self.waits = False
        """Whether a comma came since: then only what is of the same kind, or joined by "or", is still in the list."""
        self.passes_commas = self.rank == _HEDGED
        """Whether what comes after the comma is held at once, or only when "or" or "and" shows that it was a list."""
        self.waiting: list[int] = []


class Scopes:
    """The state of the walk. `ranks[i]` is the place in RANKS of the i-th mention's status."""

    def __init__(self, parts: list[str], connectives: Connectives) -> None:
        self._parts = parts
        self._enders, self._joiners = connectives
        self._open: list[_Scope] = []
        self._clause: list[tuple[int, int, int, str]] = []
        self.ranks: list[int] = []

    def mention(self, start: int, end: int, kind: str) -> None:
        """Meet a mention: every open scope that reaches it marks it."""
        index = len(self.ranks)
        self.ranks.append(0)
        self._clause.append((start, end, index, kind))
        for scope in self._open:
            if start <= scope.reach and (not scope.cue.kind or scope.cue.kind == kind):
                self._take(scope, index, start, end, kind)

    def _take(self, scope: _Scope, index: int, start: int, end: int, kind: str) -> None:
        if scope.held_to:
            between = self._parts[scope.held_to + 2 : start : 2]
            is_listed = kind == scope.kind or not _OR.isdisjoint(between)
            if (scope.waits and not is_listed) or not self._enders.isdisjoint(between):
                scope.reach = -1
                return
            is_last_but_one = not _OR.isdisjoint(self._parts[end + 2 : end + 3])
            if scope.waits and not (scope.passes_commas or is_last_but_one) and self._joiners.isdisjoint(between):
                scope.waiting.append(index)
                scope.held_to, scope.reach = end, end + LIST_STEP
                return
            for waiting in scope.waiting:
                self.ranks[waiting] = max(self.ranks[waiting], scope.rank)
            scope.waiting = []
        self.ranks[index] = max(self.ranks[index], scope.rank)
        scope.held_to, scope.reach, scope.kind, scope.waits = end, end + LIST_STEP, kind, False
        if scope.cue.role == "precedes_next":
            scope.reach = -1

    def cue(self, start: int, end: int, cue: Cue) -> None:
        """Meet a cue."""
        role = cue.role
        if role == "either":
            role = "follows" if self._clause and self._clause[-1][1] == start - 2 else "precedes"
        if role == "follows":
            self._mark_back(start, cue)
        elif role == "ends":
            self._open, self._clause = [], []
        elif role == "ends_if_used":
            self._end_used()
        elif role not in ("ignored", "joins"):
            self._open = [scope for scope in self._open if scope.rank != cue.rank]
            self._open.append(_Scope(cue, end))

    def gap(self, place: int, kind: int) -> None:
        """Meet a boundary between two words."""
        if not self._open:
            if kind not in (COMMA, COLON, BRACKET):
                self._clause = []
        elif kind == COMMA:
            self._comma()
        elif kind == BRACKET:
            for scope in self._open:
                scope.waits = scope.passes_commas = scope.held_to > 0
        elif kind == COLON:
            self._end_used()
        else:
            self._stop(place, kind)

    def _comma(self) -> None:
        kept = []
        for scope in self._open:
            if scope.held_to == 0 and scope.cue.role != "heads_list":
                continue  # "no, it is scaly"; "a potential cause, impetigo stands out"
            if scope.cue.role == "precedes_to_comma":
                continue
            scope.waits = scope.held_to > 0
            kept.append(scope)
        self._open = kept

    def _stop(self, place: int, kind: int) -> None:
        self._clause = []
        self._open = [scope for scope in self._open if scope.cue.role == "heads_list" and kind != PARAGRAPH]
        for scope in self._open:
            scope.held_to, scope.waits = 0, False
            scope.reach = place + ITEM_STEP if kind == BULLET else -1

    def _end_used(self) -> None:
        for scope in self._open:
            if scope.held_to:
                scope.reach = -1

    def _mark_back(self, start: int, cue: Cue) -> None:
        limit, following, kind = start - cue.reach, start, ""
        for first, last, index, own_kind in reversed(self._clause):
            if last < limit or (kind and not self._are_joined(last, following, same_kind=own_kind == kind)):
                return
            self.ranks[index] = max(self.ranks[index], cue.rank)
            limit, following, kind = last - cue.reach, first, own_kind

    def _are_joined(self, last: int, first: int, *, same_kind: bool) -> bool:
        """Whether two mentions, up to `last` and from `first`, are one list or one noun phrase."""
        if any(word not in FILL for word in self._parts[last + 2 : first : 2]):
            return False
        return same_kind or gap_kind(self._parts[last + 1]) != BRACKET
