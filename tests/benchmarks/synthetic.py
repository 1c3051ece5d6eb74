"""Libraries of any size with made-up metadata, made once and kept in `build/benchmarks`.

They hold rows as an import leaves them: object, item, album, tags, full text, and an entry of the
record for each item. They hold no blobs. Making one of 100,000 takes about a minute.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from pathlib import Path
from typing import Any

from lighttight.audit import record
from lighttight.library import search
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field, Value
from lighttight.vault import schema
from lighttight.vault.vault import Vault
from tests.benchmarks.harness import Setting
from tests.support.password_store import MemoryStore
from tests.support.vaults import PASSPHRASE_WAY, make_vault

BATCH = 2_000
KEPT = Path(__file__).resolve().parent.parent.parent / "build" / "benchmarks"

WORDS = (
    *("lake", "summer", "harbour", "birthday", "grandmother", "garden", "snow", "mountain", "sea"),
    *("school", "kitchen", "concert", "train", "market", "sunset", "wedding", "picnic", "forest"),
    *("river", "museum", "balcony", "bicycle", "holiday", "lighthouse", "island", "festival"),
)


def library(count: int, setting: Setting) -> Path:
    """A library of `count` items, made once for each shape of the catalog."""
    shape = hashlib.sha256(Path(__file__).read_bytes() + "".join(schema.STEPS).encode())
    kept = KEPT / f"library-{count}-{shape.hexdigest()[:12]}"
    if not kept.exists():
        for older in KEPT.glob(f"library-{count}-*"):
            shutil.rmtree(older)
        setting.say(f"making a library of {count} items")
        vault = make_vault(setting.directory / str(count), MemoryStore(), PASSPHRASE_WAY).vault
        fill(vault, count)
        vault.close()
        vault.path.rename(kept)
    return kept


def fill(vault: Vault, count: int) -> None:
    """Rows as an import leaves them, `BATCH` items in each transaction."""
    chance = random.Random(count)
    albums = [chance.randbytes(16) for _ in range(40)]
    with vault.transaction(interim=True) as tx:
        tx.execute_many(
            "INSERT INTO albums VALUES (?, ?, ?, 0)",
            [(album, f"Album {number}", tx.now) for number, album in enumerate(albums)],
        )
        record.append(tx, EntryKind.ALBUM_CREATED, {Field.ALBUM: ItemId(albums[0].hex())})
    for start in range(0, count, BATCH):
        made = [_item(chance, number) for number in range(start, min(count, start + BATCH))]
        with vault.transaction(interim=True) as tx:
            tx.execute_many(
                "INSERT INTO objects VALUES (?, ?, ?, ?, 1)",
                [(one["object"], chance.randbytes(32), one["size"], one["size"]) for one in made],
            )
            names = ", ".join(made[0])
            marks = ", ".join(f":{name}" for name in made[0])
            for one in made:
                tx.execute(f"INSERT INTO items ({names}) VALUES ({marks})", one)
            tx.execute_many(
                "INSERT INTO album_items VALUES (?, ?, 0)",
                [(chance.choice(albums), one["id"]) for one in made if chance.random() < 0.3],
            )
            tx.execute_many(
                "INSERT INTO tags VALUES (?, ?)",
                [(one["id"], chance.choice(WORDS)) for one in made if chance.random() < 0.2],
            )
            rows = tx.execute("SELECT row FROM items WHERE row > ?", (start,))
            search.index(tx, [row for (row,) in rows])
            for one in made:
                fields: dict[Field, Value] = {
                    Field.ITEM: ItemId(one["id"].hex()),
                    Field.DIGEST: one["digest"],
                    Field.SIZE: one["size"],
                    Field.NAME: one["name"],
                }
                record.append(tx, EntryKind.IMPORTED, fields)


def _item(chance: random.Random, number: int) -> dict[str, Any]:
    taken = 1_262_304_000 + chance.randrange(15 * 365 * 86_400)
    day = time.strftime("%Y%m%d_%H%M%S", time.gmtime(taken))
    video = chance.random() < 0.08
    upright = chance.random() < 0.4
    return {
        "id": chance.randbytes(16),
        "object": chance.randbytes(16),
        "name": f"{'VID' if video else 'IMG'}_{day}.{'mp4' if video else 'jpg'}",
        "kind": "video" if video else "photo",
        "mime": "video/mp4" if video else "image/jpeg",
        "size": chance.randrange(1 << 20, 1 << 23),
        "digest": chance.randbytes(32),
        "width": 3000 if upright else 4000,
        "height": 4000 if upright else 3000,
        "duration": chance.randrange(1000, 90_000) if video else None,
        "orientation": 6 if upright else 1,
        "taken": taken,
        "imported": 1_790_000_000_000 + number,
        "favourite": int(chance.random() < 0.05),
        "caption": " ".join(chance.choices(WORDS, k=3)) if chance.random() < 0.2 else "",
        "latitude": chance.randrange(400_000_000, 600_000_000),
        "longitude": chance.randrange(0, 300_000_000),
        "device": chance.choice(("Pixel 8", "iPhone 15", "Canon EOS R6", "SM-S911B")),
        "playable": int(video),
        "preview": "ready",
        "sort": taken,
    }
