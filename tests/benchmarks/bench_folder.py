"""A folder of 12-megapixel JPEGs: items a second, against what decoding alone would allow.

The child's whole answer for one preview (start, decode, account, pixels) is what no program can
leave out. Two cores divided by that time is the ceiling; everything else that an import does
(hashing, sealing, fsync, reading back, a transaction, the preview's own encoding) has to fit
beside it.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from lighttight.library.importing import import_paths
from lighttight.media.client import Decoder
from tests.benchmarks.harness import MIB, Outcome, Setting, Table, Verdict, spread
from tests.support import media_files
from tests.support.objects import Bytes
from tests.support.password_store import MemoryStore
from tests.support.vaults import PASSPHRASE_WAY, make_vault

TITLE = "A folder of photos"
TARGET = 0.65
PICTURES = 4
"""Different ones; each file is one of them with bytes of its own behind its end."""


def run(setting: Setting) -> Outcome:
    count = 8 if setting.quick else 24
    setting.say("making pictures")
    pictures = [
        media_files.saved(media_files.photo(seed=seed), "JPEG", quality=90)
        for seed in range(1, PICTURES + 1)
    ]
    vault = make_vault(setting.directory / "v", MemoryStore(), PASSPHRASE_WAY).vault
    cores = os.cpu_count() or 1
    answers: list[float] = []
    speeds: list[float] = []
    shares: list[float] = []
    with Decoder() as decoder:
        decoder.warm()
        for index in range(setting.rounds + 1):
            folder = setting.directory / f"folder-{index}"
            _fill(folder, pictures, count)
            alone = _one_answer(decoder, pictures)
            os.sync()
            start = time.perf_counter()
            summary = import_paths(vault, decoder, [folder])
            seconds = time.perf_counter() - start
            assert summary.imported == count
            # Half before, half after, so that both see the same machine.
            alone = statistics.median([*alone, *_one_answer(decoder, pictures)])
            if index:
                answers.append(1000 * alone)
                speeds.append(count / seconds)
                shares.append(count / seconds * alone / cores)
                setting.say(f"{speeds[-1]:.1f} items/s, {answers[-1]:.0f} ms, {shares[-1]:.2f}")
    vault.close()
    share = statistics.median(shares)
    size = sum(map(len, pictures)) / len(pictures) / MIB
    verdict = Verdict(
        "folder of 12-megapixel JPEGs, items a second × seconds of one answer ÷ cores",
        f"≥ {TARGET}",
        f"{share:.2f}",
        share >= TARGET,
    )
    rows = (
        ("items a second", spread(speeds, "{:.1f}")),
        ("the child's whole answer for one preview, ms", spread(answers, "{:.0f}")),
        (f"share of what {cores} cores could decode", spread(shares)),
    )
    head = (f"{count} files of {size:.1f} MiB", "")
    return Outcome((verdict,), (Table(head, rows),))


def _fill(folder: Path, pictures: list[bytes], count: int) -> None:
    folder.mkdir()
    for number in range(count):
        data = pictures[number % len(pictures)] + os.urandom(16 + number)
        (folder / f"IMG_{number:04}.JPG").write_bytes(data)


def _one_answer(decoder: Decoder, pictures: list[bytes]) -> list[float]:
    found: list[float] = []
    for picture in pictures:
        start = time.perf_counter()
        _, pixels = decoder.examine(Bytes(picture))
        found.append(time.perf_counter() - start)
        assert pixels is not None
        pixels.close()
    return found
