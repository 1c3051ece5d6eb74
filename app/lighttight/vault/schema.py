"""The tables of the catalog, and the numbered steps that lead to them.

`app/docs/vault-format.md`, section 6. A step is never edited once a release carried it: a vault
made by any earlier build is brought here by running the steps it lacks, each in a transaction of
its own that also writes an entry into the record.

`COLUMNS` is the authoritative part: exactly these tables, with their columns in this order, are
covered by the state root. A table that is missing here could be rolled back unnoticed, so a test
compares it with what SQLite says the tables are.
"""

from __future__ import annotations

from typing import Final

SEARCH: Final = """
    CREATE VIRTUAL TABLE search USING fts5 (
        name, caption, albums, tags, device, day,
        tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
    );
    INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
"""
"""Full text. Statements of their own, because the projection is also made anew when it is wrong."""

STEPS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE objects (
        id BLOB PRIMARY KEY,
        key BLOB NOT NULL,
        size INTEGER NOT NULL,
        sealed INTEGER NOT NULL,
        catalog INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE items (
        row INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        object BLOB NOT NULL REFERENCES objects (id),
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        mime TEXT NOT NULL,
        size INTEGER NOT NULL,
        digest BLOB NOT NULL UNIQUE,
        width INTEGER,
        height INTEGER,
        duration INTEGER,
        orientation INTEGER NOT NULL,
        taken INTEGER,
        imported INTEGER NOT NULL,
        favourite INTEGER NOT NULL,
        caption TEXT NOT NULL,
        latitude INTEGER,
        longitude INTEGER,
        device TEXT,
        playable INTEGER NOT NULL,
        preview TEXT NOT NULL,
        trashed INTEGER,
        sort INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX items_timeline ON items (
        sort DESC, row DESC, id, width, height, duration, kind, favourite, preview, trashed
    ) WHERE trashed IS NULL;
    CREATE INDEX items_imported ON items (imported DESC, row DESC);
    CREATE INDEX items_trash ON items (trashed DESC, row DESC) WHERE trashed IS NOT NULL;
    CREATE INDEX items_object ON items (object);
    CREATE TABLE albums (
        id BLOB PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        created INTEGER NOT NULL,
        veiled INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE album_items (
        album BLOB NOT NULL REFERENCES albums (id) ON DELETE CASCADE,
        item BLOB NOT NULL REFERENCES items (id) ON DELETE CASCADE,
        added INTEGER NOT NULL,
        PRIMARY KEY (album, item)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX album_items_item ON album_items (item);
    CREATE TABLE tags (
        item BLOB NOT NULL REFERENCES items (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (item, tag)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tags_tag ON tags (tag);
    CREATE TABLE removals (
        object BLOB PRIMARY KEY,
        item BLOB NOT NULL,
        requested INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE entries (
        sequence INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        claimed INTEGER NOT NULL,
        leaf BLOB NOT NULL
    ) STRICT;
    CREATE INDEX entries_kind ON entries (kind, sequence);
    CREATE TABLE fields (
        sequence INTEGER NOT NULL REFERENCES entries (sequence),
        name TEXT NOT NULL,
        salt BLOB,
        value BLOB,
        PRIMARY KEY (sequence, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE epochs (
        number INTEGER PRIMARY KEY,
        certificate BLOB NOT NULL
    ) STRICT;
    CREATE TABLE checkpoints (
        size INTEGER PRIMARY KEY,
        kept INTEGER NOT NULL,
        epoch INTEGER NOT NULL REFERENCES epochs (number),
        claimed INTEGER NOT NULL,
        root BLOB NOT NULL,
        signatures BLOB NOT NULL
    ) STRICT;
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        generation INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        sum BLOB NOT NULL,
        tree_size INTEGER NOT NULL,
        frontier BLOB NOT NULL
    ) STRICT;
    CREATE TABLE copies (
        intent INTEGER NOT NULL,
        item BLOB NOT NULL,
        what TEXT NOT NULL,
        place TEXT NOT NULL,
        state TEXT NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (item, intent)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX copies_intent ON copies (intent);
    """
    + SEARCH,
)

VERSION: Final = len(STEPS)

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "meta": ("name", "value"),
    "secrets": ("name", "value"),
    "settings": ("name", "value"),
    "objects": ("id", "key", "size", "sealed", "catalog"),
    "items": (
        *("row", "id", "object", "name", "kind", "mime", "size", "digest", "width", "height"),
        *("duration", "orientation", "taken", "imported", "favourite", "caption", "latitude"),
        *("longitude", "device", "playable", "preview", "trashed", "sort"),
    ),
    "albums": ("id", "name", "created", "veiled"),
    "album_items": ("album", "item", "added"),
    "tags": ("item", "tag"),
    "removals": ("object", "item", "requested"),
    "entries": ("sequence", "kind", "claimed", "leaf"),
    "fields": ("sequence", "name", "salt", "value"),
    "epochs": ("number", "certificate"),
    "checkpoints": ("size", "kept", "epoch", "claimed", "root", "signatures"),
}

_WITH_ROWID: Final = frozenset({"items", "entries", "epochs", "checkpoints"})


def whole(table: str, columns: tuple[str, ...]) -> str:
    """A query for every row, read from the table itself.

    An index that has all of the columns would be quicker, SQLite takes it even when told not to,
    and it would answer for a table whose own page is an old one.
    """
    by = "NOT INDEXED" if table in _WITH_ROWID else f"INDEXED BY sqlite_autoindex_{table}_1"
    return f"SELECT {', '.join(columns)} FROM {table} {by}"  # noqa: S608


PROJECTIONS: Final = frozenset({"copies", "search"})
"""Derived from authoritative tables: rebuilt or compared before use, outside the state root."""

SECRETS: Final = ("anchor", "audit", "duplicates", "journal", "preview", "state", "tracing")
"""32 random bytes each: what can be derived cannot be deleted. Rotation does not change them."""

EPOCH_SECRETS: Final = ("epoch-ed25519", "epoch-mldsa65")
"""Seeds of the keys that sign now, 32 bytes each; the next epoch's are written over them."""

PREVIEWS: Final = """
    CREATE TABLE IF NOT EXISTS previews (
        item BLOB PRIMARY KEY, picture BLOB NOT NULL
    ) STRICT;
"""
