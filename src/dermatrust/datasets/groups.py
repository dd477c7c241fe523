"""Which things belong together, directly or through others."""


class Groups:
    """Groups of names that grow together: union-find.

    Example:
        >>> groups = Groups()
        >>> groups.join("a", "b"), groups.join("b", "c")
        (None, None)
        >>> groups.root("c") == groups.root("a"), groups.root("d") == groups.root("a")
        (True, False)
    """

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, member: str) -> str:
        """Return the member that stands for the group; a new member is its own group."""
        parent = self._parent
        parent.setdefault(member, member)
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    def join(self, a: str, b: str) -> None:
        """Put both members, and all that belong with them, into one group."""
        self._parent[self.root(b)] = self.root(a)
