"""A second reader of the record, written from `audit-log.md` alone: entries, fields, and the tree.

It takes the rows that `second_reader.py` has opened, and shares no line with the program either.
"""

from __future__ import annotations

import hashlib

from tests.support.second_reader import Rows, require

FIELDS = (
    *("item", "items", "count", "name", "title", "digest", "size", "album", "tag", "reason"),
    *("result", "setting", "value", "slot", "factors", "catalog", "generation", "date", "path"),
    *("form", "screen", "intent", "person", "share", "removed"),
)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def check_record(rows: Rows) -> int:
    """Sections 2 and 3: sequence, previous roots, fields, and the frontier that is kept.

    Answers how many entries there are. ValueError for anything that is wrong.
    """
    fields = {(row[0], row[1]): row[2:] for row in rows["fields"]}
    frontier: list[tuple[int, bytes]] = []
    for number, (sequence, kind, claimed, leaf) in enumerate(sorted(rows["entries"])):
        root = frontier[-1][1] if frontier else sha256()
        for _, node in frontier[-2::-1]:
            root = sha256(b"\1", node, root)
        head = b"lighttight/entry/v1\0" + number.to_bytes(8) + kind.to_bytes(2) + root
        head += claimed.to_bytes(8, "big", signed=True)
        require(sequence == number and leaf.startswith(head), f"entry {number} was changed")
        rest = leaf[len(head) + 1 + leaf[len(head)] :]
        require(len(rest) == 1 + 33 * rest[0], f"entry {number} has bytes left over")
        numbers = [rest[at] for at in range(1, len(rest), 33)]
        require(numbers == sorted({*numbers}), f"fields of entry {number} are out of order")
        for at in range(1, len(rest), 33):
            name = FIELDS[rest[at] - 1]
            salt, value = fields.pop((number, name))
            if salt is None or value is None:
                require(salt is value, f"{name} of entry {number} is half erased")
                continue  # erased by the owner: the leaf stays, and it shows
            label = b"lighttight/field/v1\0" + bytes([len(name)]) + name.encode()
            digest = sha256(label, salt, len(value).to_bytes(4), value)
            require(digest == rest[at + 1 : at + 33], f"{name} of entry {number} was changed")
        frontier.append((1, sha256(b"\0", leaf)))
        while len(frontier) > 1 and frontier[-1][0] == frontier[-2][0]:
            (size, left), (_, right) = frontier[-2:]
            frontier[-2:] = [(2 * size, sha256(b"\1", left, right))]
    require(not fields, "fields of no entry")
    found = (len(rows["entries"]), b"".join(node for _, node in frontier))
    require(found == rows["state"][0][4:], "the record was cut")
    return found[0]
