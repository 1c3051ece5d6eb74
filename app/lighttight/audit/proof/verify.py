"""Checks a proof file of Lighttight, with Python 3.9 or newer and the package `cryptography` only.

    python verify.py PROOF.zip [FINGERPRINT]        or its pack.json alone

Says *passes* (exit 0), *fails* (1), or *incomplete* (3) where something could not be checked here.
Format: `lighttight/proof/v1`, audit-log.md, sections 2 to 9. Nothing is changed or sent.
"""

import base64
import hashlib
import json
import struct
import sys
import time
import zlib

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("INCOMPLETE: this needs cryptography: python -m pip install cryptography")
    sys.exit(3)
try:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
except ImportError:  # an older version, without the second signature: never more than incomplete
    MLDSA65PublicKey = None

PAGE = "db972256bce8a30b73d77b4def879a03fc705d429b055391b2174b36aba0e9b9"
FIELDS = """item:id items:ids count:number name:text title:text digest:digest size:number album:id
tag:text reason:text result:text setting:text value:text slot:slot factors:text catalog:number
generation:number date:time path:text form:text screen:text intent:number person:id share:id
removed:text""".split()
KINDS = """vault-created:title,factors unlocked:slot,factors,date,count unlock-refused:factors,date
locked:reason imported:item,digest,size,name edited:items,setting,value trashed:items
undeleted:items purged:items,count slot-added:slot,factors slot-removed:slot,factors
rotated:catalog,reason recovery-shown:slot,form recovery-confirmed:slot backed-up:path,count
restored:path,generation older-accepted:generation,date,reason anchor-overridden:reason
migrated:value repaired:reason,count verified:form,result,count weakened:setting,value
export-intended:items,path,form,screen export-finished:intent,result,count,items,removed
original-removed:item,path album-created:album,name album-removed:album,name
deletion-finished:count setting-changed:setting,value album-renamed:album,name sealed-again:item
all-sealed-again:count replaced-removed:count identity-made:digest,reason epoch-began:count,digest
looked-into:intent,result proof-made:count,digest,path""".split()
SIZES = {"id": 16, "slot": 8, "digest": 32, "number": 8, "time": 8}
LIMITS = """What it shows: that these entries stand in this order in the record with this root,
signed by this identity. Compare its fingerprint with one that you were given before.
What it does not show: that what they say is true, or when it was written: whoever held the
unlocked vault could have written it until an outsider first saw the checkpoint. An opening of a
link may have been the owner's own. A proof file can bring a forged verifier: take this one from
elsewhere."""


class Wrong(Exception):
    """Something is not as it must be."""


unchecked = set()


def need(holds, what):
    if not holds:
        raise Wrong(what)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase(text, size=None):
    """The one base64 of these bytes: standard alphabet, padding, nothing left over."""
    need(type(text) is str and text.isascii(), "text where base64 belongs")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong("not base64") from None
    need(base64.b64encode(data).decode() == text, "another base64 of the same bytes")
    need(size is None or len(data) == size, "bytes of another length")
    return data


def members(value, names):
    need(type(value) is dict and sorted(value) == names, "members missing or too many")
    return [value[name] for name in names]


def listed(value):
    need(type(value) is list and len(value) > 0, "an empty or missing list")
    return value


def check_signatures(keys, message, context, ed25519, mldsa65):
    try:
        Ed25519PublicKey.from_public_bytes(keys[:32]).verify(ed25519, message)
        if MLDSA65PublicKey is None:
            unchecked.add("ML-DSA-65: this version of cryptography does not know it")
        else:
            MLDSA65PublicKey.from_public_bytes(keys[32:]).verify(mldsa65, message, context)
    except UnsupportedAlgorithm:
        unchecked.add("a signature: this cryptography does not know it")
    except (InvalidSignature, ValueError):
        raise Wrong("a signature does not hold") from None


def check_chain(identity, certificates):
    """Fingerprint, keys of the last epoch, its number, and the tree size at which it began."""
    fingerprint = sha256(b"lighttight/identity/v1\0", identity)
    keys, least = identity, 0
    for number, text in enumerate(certificates):
        data = unbase(text, 20 + 32 + 4 + 8 + 32 + 8 + 1984 + 64 + 3309)
        stated, by = data[:2088], data[2088:]
        size = int.from_bytes(data[56:64], "big")
        start = b"lighttight/epoch/v1\0" + fingerprint + struct.pack(">I", number)
        need(stated.startswith(start) and size >= least, "certificates out of order")
        check_signatures(keys, stated, b"lighttight/epoch/v1", by[:64], by[64:])
        keys, least = stated[104:], size
    return fingerprint, keys, len(certificates) - 1, least


def check_checkpoint(note, fingerprint, keys, epoch, least):
    """Tree size and root. The note is spelled again from what it says, and compared."""
    lines = note.decode("utf-8", "replace").split("\n")
    need(len(lines) == 9, "a checkpoint with other lines")
    name = "lighttight.invalid/" + fingerprint.hex()
    need(lines[1].isdigit() and lines[4][5:].isdigit(), "a checkpoint without its numbers")
    need(len(lines[1]) < 20 and len(lines[4]) < 25, "a checkpoint with other numbers")
    size, root, claimed = int(lines[1]), unbase(lines[2], 32), int(lines[4][5:])
    text = f"{name}\n{size}\n{lines[2]}\nepoch {epoch}\ntime {claimed}\n"
    signed = [unbase(line.rpartition(" ")[2]) for line in lines[6:8]]
    for kind, key, one in zip((b"\1", b"\xffML-DSA-65"), (keys[:32], keys[32:]), signed):
        need(one[:4] == sha256(name.encode(), b"\n", kind, key)[:4], "a key of another name")
    need([len(one) for one in signed] == [68, 3313], "signatures of another length")
    spelled = "".join(f"\u2014 {name} {base64.b64encode(one).decode()}\n" for one in signed)
    need((text + "\n" + spelled).encode() == note, "another spelling of the checkpoint")
    need(least < size < 1 << 63 and claimed < 1 << 63, "a checkpoint outside its epoch")
    check_signatures(keys, text.encode(), b"lighttight/checkpoint/v1", signed[0][4:], signed[1][4:])
    return size, root, claimed


def check_leaf(leaf):
    """Sequence, claimed time, kind, and the digests of its fields by name."""
    need(leaf[:20] == b"lighttight/entry/v1\0" and len(leaf) > 72, "not an entry")
    sequence, kind, _, claimed, length = struct.unpack(">QH32sqB", leaf[20:71])
    program, rest = leaf[71 : 71 + length], leaf[71 + length :]
    need(0 < length <= 32 and all(33 <= one <= 126 for one in program), "no program's name")
    need(0 < kind <= len(KINDS), "an unknown kind: a newer verifier may know it")
    label, _, names = KINDS[kind - 1].partition(":")
    need(len(rest) > 0 and len(rest) == 1 + 33 * rest[0], "an entry with bytes left over")
    numbers = [rest[at] for at in range(1, len(rest), 33)]
    need(numbers == sorted(set(numbers)), "fields out of order")
    need(all(0 < one <= len(FIELDS) for one in numbers), "an unknown field")
    found = [FIELDS[one - 1].partition(":")[0] for one in numbers]
    need(set(found) <= set(names.split(",")), "a field that this kind does not have")
    return (
        sequence,
        claimed,
        label,
        {name: rest[2 + 33 * at : 34 + 33 * at] for at, name in enumerate(found)},
    )


def check_field(name, opened, digests):
    """The value in words, once it is what the leaf holds a digest of."""
    salt, value = (unbase(one) for one in members(opened, ["salt", "value"]))
    need(name in digests and len(salt) == 16, "a field that the entry does not have")
    label = b"lighttight/field/v1\0" + struct.pack(">B", len(name)) + name.encode()
    need(sha256(label, salt, struct.pack(">I", len(value)), value) == digests[name], "a field")
    kind = next(one for one in FIELDS if one.startswith(name + ":")).partition(":")[2]
    need(len(value) == SIZES.get(kind, len(value)), "a value in another encoding")
    if kind == "text":
        need(len(value) <= 4096, "a text that is too long")
        try:
            text = value.decode()
        except UnicodeDecodeError:
            raise Wrong("a text that is none") from None
        return text if text.isprintable() else ascii(text)
    if kind == "ids":
        ids = [value[at : at + 16].hex() for at in range(0, len(value), 16)]
        need(0 < len(value) <= 65536 and len(value) % 16 == 0, "ids in another encoding")
        need(ids == sorted(set(ids)), "ids out of order")
        return " ".join(ids)
    if kind == "time":
        return moment(int.from_bytes(value, "big", signed=True))
    return str(int.from_bytes(value, "big")) if kind == "number" else value.hex()


def check_inclusion(index, size, node, proof, root):
    """RFC 9162, 2.1.3.2."""
    last = size - 1
    for text in proof:
        beside = unbase(text, 32)
        need(last > 0, "a proof that is too long")
        if index & 1 or index == last:
            node = sha256(b"\1", beside, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\1", node, beside)
        index, last = index >> 1, last >> 1
    need(last == 0 and node == root, "an entry that is not in the record")


def moment(ms):
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ms // 1000))
    except (OverflowError, ValueError, OSError):
        return f"{ms} ms"


def check_pack(data):
    """The lines to print: what is proved, in the order of the record."""
    try:
        pack = json.loads(data.decode("ascii"))
        again = json.dumps(pack, separators=(",", ":"), sort_keys=True).encode()
    except (ValueError, RecursionError, TypeError):
        raise Wrong("not a proof") from None
    need(again == data and b"\\" not in data, "another spelling of the proof")
    names = ["certificates", "checkpoint", "entries", "format", "identity"]
    certificates, checkpoint, entries, version, identity = members(pack, names)
    need(version == "lighttight/proof/v1", "another format: a newer verifier may know it")
    ed25519, mldsa65 = members(identity, ["ed25519", "mldsa65"])
    chain = check_chain(unbase(ed25519, 32) + unbase(mldsa65, 1952), listed(certificates))
    size, root, claimed = check_checkpoint(unbase(checkpoint), *chain)
    lines = [f"identity {chain[0].hex()}", f"record of {size} entries, signed {moment(claimed)}"]
    before = -1
    for entry in listed(entries):
        fields, text, proof = members(entry, ["fields", "leaf", "proof"])
        need(type(fields) is dict and type(proof) is list, "an entry of another form")
        leaf = unbase(text)
        sequence, when, label, digests = check_leaf(leaf)
        need(before < sequence < size, "entries out of order")
        before = sequence
        check_inclusion(sequence, size, sha256(b"\0", leaf), proof, root)
        values = [f"{one}: {check_field(one, fields[one], digests)}" for one in sorted(fields)]
        values += [f"{one}: (closed)" for one in sorted(set(digests) - set(fields))]
        lines.append(f"#{sequence} {moment(when)} {label} " + " | ".join(values))
    return chain[0], lines


def archive(files):
    """The one archive of these files: stored, in order, nothing else in it."""
    body, listing = b"", b""
    for name, data in files:
        facts = struct.pack(
            "<HHHHIIIHH", 0, 0, 0, 33, zlib.crc32(data), *[len(data)] * 2, len(name), 0
        )
        place = struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(body))
        listing += b"PK\1\2\x14\3\x14\0" + facts + place + name
        body += b"PK\3\4\x14\0" + facts + name + data
    ends = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(listing), len(body), 0)
    return body + listing + b"PK\5\6" + ends


def unpack(data):
    """pack.json out of the archive. The page in it has to hold the same bytes."""
    files, at = [], 0
    for name in (b"README.html", b"pack.json", b"verify.py"):
        need(data[at + 30 : at + 30 + len(name)] == name, "another file in the archive")
        start = at + 30 + len(name)
        at = start + int.from_bytes(data[at + 18 : at + 22], "little")
        files.append((name, data[start:at]))
    need(archive(files) == data, "another archive of these files")
    page, pack, verifier = (content for _, content in files)
    held = b'<script type="application/json" id="pack">' + pack + b"</script>"
    need(page.count(held) == 1, "a page about another proof")
    if hashlib.sha256(page.replace(held, b"")).hexdigest() != PAGE:
        unchecked.add("README.html: not the page that this verifier knows; do not go by it")
    with open(__file__, "rb") as own:
        if verifier != own.read():
            unchecked.add("verify.py in the archive: not this verifier; do not go by it")
    return pack


def judge(data, *known):
    """The verdict, and the lines that belong to it."""
    unchecked.clear()
    try:
        fingerprint, lines = check_pack(unpack(data) if data[:2] == b"PK" else data)
        need(known in ((), (fingerprint.hex(),)), "another identity than the one you expect")
    except Wrong as error:
        return "FAILS", [str(error)]
    lines += [LIMITS, *(f"not checked: {one}" for one in sorted(unchecked))]
    return "INCOMPLETE" if unchecked else "PASSES", lines


def main(path, *known):
    with open(path, "rb") as file:
        verdict, lines = judge(file.read(), *known)
    print("\n".join([*lines, verdict]))
    return {"PASSES": 0, "FAILS": 1, "INCOMPLETE": 3}[verdict]


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        print(__doc__)
        sys.exit(2)
    sys.exit(main(*sys.argv[1:]))
