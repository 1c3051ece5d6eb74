"""Clean copies of files from real cameras: `python -m tests.support.real_cameras DIRECTORY`.

Walks a folder that is not part of the repository, makes a clean copy of every JPEG, PNG, WebP and
GIF in it, and prints a table of makers and models: how many copies, how many originals were
refused as damaged, and what was wrong with which. Ends with 1 if anything was.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lighttight.media.cleaning.base import Damaged
from tests.support import clean_copies


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 28:
            data = path.read_bytes()
            if clean_copies.module_for(data) is not None:
                yield path, data


def camera(tags: dict[str, Any]) -> str:
    def first(*names: str) -> str:
        values = (str(tags[name]).strip() for name in names if name in tags)
        return next((value for value in values if value), "")

    maker, model = first("IFD0:Make", "XMP-tiff:Make"), first("IFD0:Model", "XMP-tiff:Model")
    if model.lower().startswith(maker.split(" ")[0].lower()):
        maker = ""
    return f"{maker} {model}".strip() or f"(no camera: {first('File:FileType')})"


def batches(paths: list[Path]) -> Iterator[dict[str, Any]]:
    """One exiftool for many files: starting it takes longer than a file."""
    for at in range(0, len(paths), 100):
        yield from clean_copies.exiftool(*paths[at : at + 100])


def main(folder: Path) -> int:
    warnings.simplefilter("ignore")
    copies: dict[str, int] = defaultdict(int)
    refused: dict[str, list[str]] = defaultdict(list)
    wrong: list[str] = []
    whole = 0
    names = {
        tags["SourceFile"]: camera(tags) for tags in batches([path for path, _ in files(folder)])
    }
    with tempfile.TemporaryDirectory() as beside:
        made: dict[str, Path] = {}
        for path, data in files(folder):
            name, module = names.get(str(path), "?"), clean_copies.module_for(data)
            assert module is not None
            try:
                copy = clean_copies.cleaned(data, module)
            except Damaged:
                shown = clean_copies.decodes(data)
                whole += shown
                refused[name].append(path.name + (" (decodes)" if shown else ""))
                continue
            copies[name] += 1
            wrong += [f"{path}: {what}" for what in clean_copies.changed(data, copy)]
            place = Path(beside, str(len(made)))
            place.write_bytes(copy)
            made[str(place)] = path
        for tags in batches([Path(place) for place in made]):
            path = made.pop(tags["SourceFile"])
            wrong += [f"{path}: {what}" for what in clean_copies.left_over(tags)]
        wrong += [f"{path}: exiftool said nothing" for path in made.values()]
    for name in sorted(copies.keys() | refused.keys(), key=str.lower):
        note = f"  damaged: {', '.join(refused[name])}" if refused[name] else ""
        print(f"{name:<48} {copies[name]:>4} clean{note}")
    cameras = sum(bool(count) and not name.startswith("(") for name, count in copies.items())
    total, damaged = sum(copies.values()), sum(map(len, refused.values()))
    print(
        f"{total} copies of {cameras} cameras; {damaged} originals damaged, of which {whole} "
        f"decode; {len(wrong)} wrong"
    )
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
