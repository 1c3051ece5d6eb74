"""The nouns of the specification as plain values. Standard library only.

Everything here is frozen and holds no behaviour beyond its own arithmetic. Ids are `NewType`s
over lower-case hex, so that an item id cannot be passed where a slot id is meant. A value that
holds a key does not belong here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

VaultId = NewType("VaultId", str)
"""32 lower-case hex digits (128 random bits)."""
SlotId = NewType("SlotId", str)
"""16 lower-case hex digits (64 random bits)."""
ItemId = NewType("ItemId", str)
"""32 lower-case hex digits (128 random bits)."""
ObjectId = NewType("ObjectId", str)
"""32 lower-case hex digits (128 random bits): one sealed object version, the name of its blob."""
AlbumId = NewType("AlbumId", str)
"""32 lower-case hex digits (128 random bits)."""


class Kind(enum.Enum):
    """What an item is. Decided by content, never by file name."""

    PHOTO = "photo"
    VIDEO = "video"


class PreviewState(enum.Enum):
    """Whether an item has a preview. `NONE` is final until `doctor` tries again."""

    PENDING = "pending"
    READY = "ready"
    NONE = "none"


class Factor(enum.Enum):
    """What a way in asks for. A PIN is a passphrase. The order is the order of the format."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"
    RECOVERY = "recovery"
    FIDO2 = "fido2"


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees, WGS 84: latitude −90…90 north positive, longitude −180…180 east positive."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Item:
    """One photo or video, as the library knows it.

    `width` × `height` are pixels as shown, after orientation. `taken` is the camera's local wall
    time (naive), because that is what people remember; None where the picture does not say, and
    `sort`, where it stands in the timeline, is then the time of its file or of import. `imported`
    is aware, UTC. `duration` is in seconds. `size` is the true length of the original in bytes.
    """

    id: ItemId
    name: str
    kind: Kind
    mime: str
    size: int
    width: int | None
    height: int | None
    duration: float | None
    taken: datetime | None
    sort: datetime
    imported: datetime
    favourite: bool
    caption: str
    place: Place | None
    device: str | None
    playable: bool
    preview: PreviewState
    trashed: datetime | None


@dataclass(frozen=True, slots=True)
class Cell:
    """What the timeline needs of an item, and no more: 100,000 of these are held at once.

    `when` is the time that the view is ordered by, as seconds since 1970-01-01 of that wall
    clock: `taken`, or where the picture does not say, the time of the file it came from. In
    "Recently added" it is the time of import and in the trash the time of deleting.
    `width`/`height` are 0 where unknown.
    """

    id: ItemId
    when: int
    width: int
    height: int
    duration: float | None
    kind: Kind
    favourite: bool
    preview: PreviewState


@dataclass(frozen=True, slots=True)
class Album:
    id: AlbumId
    name: str
    count: int
    veiled: bool


class Scope(enum.Enum):
    """The places that the sidebar leads to. `RECENT` is what was imported in the last 30 days."""

    ALL = "all"
    FAVOURITES = "favourites"
    VIDEOS = "videos"
    RECENT = "recent"
    ALBUM = "album"
    TRASH = "trash"


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: a place, narrowed by what was typed into the search and by a kind.

    `album` is set if and only if the scope is `ALBUM`.
    """

    scope: Scope = Scope.ALL
    album: AlbumId | None = None
    text: str = ""
    kind: Kind | None = None

    def __post_init__(self) -> None:
        if (self.scope is Scope.ALBUM) != (self.album is not None):
            raise ValueError("a view of an album names it, and no other does")


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers for the sidebar. `albums` is how many albums there are; `trash` is in no other."""

    all: int
    favourites: int
    videos: int
    recent: int
    trash: int
    albums: int


@dataclass(frozen=True, slots=True)
class Labels:
    """What the owner filed an item under: names, in alphabetical order."""

    albums: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and how many items outside the trash carry it."""

    name: str
    count: int
