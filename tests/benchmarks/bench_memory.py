"""Memory of an import, however large the file: all processes of the program, above an idle vault.

A video of the given size comes in through the library as any other: hashed, sealed, read back,
examined by the decoding child. Its picture track is short; the rest is a box of zeros that takes
no room on the disk. Another process looks at the resident memory of the program, its broker and
every child a hundred times a second, beginning after the key derivation.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from pathlib import Path

from lighttight.library.importing import ImportStatus, import_paths
from lighttight.media.client import Decoder
from lighttight.vault.vault import open_vault
from tests.benchmarks.apart import Apart, Line
from tests.benchmarks.harness import (
    GIB,
    MIB,
    Outcome,
    Setting,
    Table,
    Verdict,
    family_resident,
    spread,
)
from tests.support.password_store import MemoryStore
from tests.support.vaults import BY_PASSPHRASE, PASSPHRASE_WAY, make_vault

TITLE = "Memory of an import"
TARGET_MIB = 150
EVERY = 0.01


def run(setting: Setting) -> Outcome:
    largest = 256 * MIB if setting.quick else 10 * GIB
    sizes = [64 * MIB, largest] if setting.quick else [64 * MIB, GIB, largest]
    rows: list[tuple[str, ...]] = []
    above = 0.0
    clip = _clip()
    for size in sizes:
        # The largest takes a minute, and flat is what is claimed: one round of it.
        rounds = setting.rounds if size < GIB else 3 if size < largest else 1
        peaks: list[float] = []
        idles: list[float] = []
        for index in range(rounds):
            idle, peak = _measured(setting, clip, size, index)
            idles.append(idle / MIB)
            peaks.append((peak - idle) / MIB)
            setting.say(f"{size // MIB} MiB: idle {idle // MIB}, {peaks[-1]:.0f} MiB above it")
        above = statistics.median(peaks)
        rows.append((f"{size / GIB:g} GiB", spread(idles, "{:.0f}"), spread(peaks, "{:.0f}")))
    verdict = Verdict(
        f"importing {largest / GIB:g} GiB, peak of all processes above an idle vault",
        f"< {TARGET_MIB} MiB",
        f"{above:.0f} MiB",
        above < TARGET_MIB,
    )
    note = (
        "Resident memory is added up over all processes, so that what the broker and its child"
        " share is counted twice. An idle vault is one that was opened and has decoded nothing"
        " yet: its broker does not run. Fewer rounds of the larger files; the spread of all is"
        " small."
    )
    head = ("file", "idle, MiB", "peak above idle, MiB")
    return Outcome((verdict,), (Table(head, tuple(rows)),), (note,))


def _measured(setting: Setting, clip: bytes, size: int, index: int) -> tuple[int, int]:
    directory = setting.directory / f"{size}-{index}"
    directory.mkdir()
    vault = make_vault(directory / "v", MemoryStore(), PASSPHRASE_WAY).vault
    vault.close()
    film = directory / "film.mp4"
    _film(film, clip, size)
    with Apart("bench_memory", "imported", vault=str(vault.path), film=str(film)) as other:
        other.hear()
        time.sleep(0.2)
        idle = family_resident(other.pid)
        peak = [idle]
        done = threading.Event()

        def look() -> None:
            while not done.wait(EVERY):
                peak.append(max(peak.pop(), family_resident(other.pid)))

        looking = threading.Thread(target=look)
        looking.start()
        other.go_on()
        try:
            assert other.hear() == ImportStatus.IMPORTED.value
        finally:
            done.set()
            looking.join()
    for path in sorted(directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return idle, peak[0]


def _clip() -> bytes:
    """As large a picture as phones film; a file of 10 GiB has nothing smaller."""
    # Here, because the measured process imports this module too, and must not have the codecs.
    from tests.support import media_files

    film = media_files.Clip(
        *("mp4", "libx264"),
        audio="aac",
        size=(3840, 2160),
        seconds=1,
        codec_options=media_files.X264,
    )
    return media_files.video(film)


def _film(path: Path, clip: bytes, size: int) -> None:
    rest = size - len(clip)
    with path.open("wb") as file:
        # A box of 64-bit length that every player skips; its content is a hole in the file.
        file.write(clip + b"\x00\x00\x00\x01free" + rest.to_bytes(8))
        file.truncate(size)


def imported(line: Line, vault: str, film: str) -> None:
    """In a process of its own."""
    opened = open_vault(Path(vault), BY_PASSPHRASE, MemoryStore())
    decoder = Decoder()
    line.tell(os.getpid())
    line.wait()
    statuses: list[str] = []
    import_paths(
        opened, decoder, [Path(film)], report=lambda one: statuses.append(one.status.value)
    )
    line.tell(statuses[0])
    decoder.close()
    opened.close()
