"""`demo`: the whole story, as far as the program goes, on a library that is thrown away.

Everything is real: the engine of the window, this computer's password store where there is one,
the separate process that decodes. Each step says in plain words what was done, looks whether it
held, and stops the demo if it did not. The pictures are made on the spot.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lighttight.cli.creating import WARNING, insist_on_room_of_its_own
from lighttight.cli.looking import SHORT_ID
from lighttight.cli.options import JsonFlag, named_path
from lighttight.cli.screen import Screen, counted
from lighttight.errors import Environment, Integrity, LighttightError, Refused
from lighttight.model import Factor, Item, ItemId

if TYPE_CHECKING:
    from lighttight.session import ImportResult, Offer, PasswordStore, Session, SlotInfo

TITLE: Final = "Demo library"
PASSPHRASE: Final = "seven lamps over a silent harbour"  # noqa: S105 - of a library without secrets
WRONG: Final = "six lamps over a silent harbour"
RESULT_LINES: Final = 12


def demo(
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", parser=named_path, help="Do it here, in a new folder, and leave it."
        ),
    ] = None,
    json: JsonFlag = False,
) -> int:
    """The whole story on a library that is thrown away."""
    from lighttight.session import harden

    harden()
    told = Screen(as_json=json)
    with _place(keep) as place, _Story(place, told, kept=keep is not None) as story:
        story.tell()
    return 0


@contextlib.contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    """A folder for the owner alone, gone afterwards unless it was named."""
    if keep is None:
        place = Path(tempfile.mkdtemp(prefix="lighttight-demo-"))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
        return
    insist_on_room_of_its_own(keep)
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep.chmod(0o700)
    except PermissionError as error:
        raise Environment("not-writable", path=str(keep)) from error
    except OSError as error:
        raise Environment("place-impossible", path=str(keep)) from error
    yield keep.absolute()


class _Story:
    """The steps, one after another, and what they leave for each other."""

    def __init__(self, place: Path, told: Screen, *, kept: bool) -> None:
        from lighttight.session import PasswordStore, StoreState

        self._told = told
        self._kept = kept
        self._pictures = place / "from the phone"
        self._saved = place / "saved copies"
        self._backup = place / "second disk"
        self._words = place / "recovery words.txt"
        self._path = place / "Demo.lighttight"
        self._store: PasswordStore = PasswordStore()
        self._clicks = self._store.state() is StoreState.READY
        self._slots: dict[str, SlotInfo] = {}
        self._session: Session | None = None
        self._number = 0
        self._step = ""

    def __enter__(self) -> _Story:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._session is None:
            return
        self._session.lock("closing")
        if not self._kept:
            from lighttight.session.demo import forget_vault

            with contextlib.suppress(LighttightError):
                opened = self._session.vault
                forget_vault(self._store, opened.id, opened.path, self._slots.values())

    def tell(self) -> None:
        self._told.say("The whole story, on a library that is thrown away afterwards.")
        if not self._clicks:
            self._told.say(
                "This computer has no password store that is usable now, so there is no one-click"
                " opening and no note against older versions. A passphrase does it all."
            )
        self._make()
        self._bring_in()
        self._look()
        self._search_disk()
        self._verify()
        self._save_clean_copy()
        self._save_copy()
        self._lock_and_open()
        self._delete_for_good()
        self._lose_and_restore()
        self._change_a_byte()
        self._read_record()
        self._told.say()
        self._told.say("Every step held.")
        self._told.say(
            "Sharing by link is not in this version yet; the window shows all of this: lighttight"
        )
        if self._kept:
            self._told.say(f"Left to look at: {self._path}, passphrase “{PASSPHRASE}”.")
            self._told.say(f"  lighttight list --vault '{self._path}'")
            self._told.say(f"  lighttight audit --vault '{self._path}'")

    # The steps ----------------------------------------------------------------------------

    def _make(self) -> None:
        from lighttight.session import WayIn, create_session

        how = "one click, or a passphrase" if self._clicks else "a passphrase"
        self._begin("A library is made", f"{self._path} opens with {how}.")
        ways = [WayIn((Factor.KEYRING,))] if self._clicks else []
        ways.append(WayIn((Factor.PASSPHRASE,), PASSPHRASE))
        created = create_session(self._path, TITLE, tuple(ways), self._store)
        self._opened(created.session)
        created.session.egress.save_words(created.words, self._words)
        self._note(f"Its 24 recovery words are in {self._words}. {WARNING}")
        self._hold(self._words.stat().st_mode & 0o077 == 0)

    def _bring_in(self) -> None:
        from lighttight.session import ImportStatus
        from lighttight.session.demo import samples

        made = samples()
        self._pictures.mkdir(mode=0o700)
        for sample in made:
            (self._pictures / sample.name).write_bytes(sample.data)
        (self._pictures / "Evening copy.jpg").write_bytes(made[0].data)
        (self._pictures / "Broken.jpg").write_bytes(made[0].data[:300])
        (self._pictures / "Notes.txt").write_bytes(b"no picture at all\n")
        self._begin(
            "Six files come in",
            f"{self._pictures}: a photo, a drawing, a video, a second copy of the photo, a broken"
            " file and a text.",
        )
        results: list[ImportResult] = []
        self._open.imports.run([self._pictures], report=results.append)
        for result in sorted(results, key=lambda one: one.path):
            reason = "" if result.reason is None else f" ({result.reason})"
            self._note(f"{result.path.name}: {result.status.value}{reason}")
        status = {result.path.name: (result.status, result.reason) for result in results}
        evening = {status[made[0].name][0], status["Evening copy.jpg"][0]}
        self._hold(
            evening == {ImportStatus.IMPORTED, ImportStatus.DUPLICATE}
            and all(status[one.name] == (ImportStatus.IMPORTED, None) for one in made[1:])
            and status["Broken.jpg"] == (ImportStatus.IMPORTED, "stored-without-preview")
            and status["Notes.txt"][0] is ImportStatus.SKIPPED
        )

    def _look(self) -> None:
        self._begin("What is inside", "Names, dates and places are known only while it is open.")
        items = self._open.library.items()
        for item in items:
            when = "" if item.taken is None else f", taken {item.taken:%Y-%m-%d %H:%M}"
            self._note(f"{item.id[:SHORT_ID]}  {item.name} ({item.kind.value}{when})")
        shown = self._open.library.previews(item.id for item in items)
        self._hold(len(items) == 4 and len(shown) == 3)

    def _search_disk(self) -> None:
        self._begin(
            "Someone looks at the disk",
            "Every file of the library is searched for names and for what the photo says inside.",
        )
        wanted = [b"Evening by the lake", b"Sample camera", b"Waves", TITLE.encode()]
        files = [path for path in self._path.rglob("*") if path.is_file()]
        found = [path for path in files for text in wanted if text in path.read_bytes()]
        self._note(f"{counted(len(files), 'file')} searched, {len(found)} readable.")
        self._hold(bool(files) and not found)

    def _verify(self) -> None:
        self._begin("Everything is opened once", "Each sealed file whole, and the whole record.")
        report = self._open.care.verify(deep=True)
        self._note(
            f"{counted(report.items, 'item')}, {counted(report.entries, 'entry', 'entries')} of"
            f" the record, damaged: {len(report.damage)}."
        )
        self._hold(report.sound and report.items == 4)

    def _save_clean_copy(self) -> None:
        photo = self._photo()
        self._saved.mkdir(mode=0o700)
        self._begin(
            "A clean copy leaves the library",
            "Only the picture; the record knows before the first byte is outside.",
        )
        [saved] = self._open.egress.export_copies(
            [photo.id], self._saved, self._open.decoder, screen="lighttight demo"
        )
        for one in saved.removed:
            self._note(f"Taken out: {one.kind}{f' ({one.detail})' if one.detail else ''}.")
        self._note(f"It is at {saved.path}.")
        words = [b"Sample camera", b"Evening", f"{photo.taken:%Y:%m:%d}".encode()]
        data = b"" if saved.path is None else saved.path.read_bytes()
        kinds = {one.kind for one in saved.removed}
        self._hold(
            bool(data)
            and {"place", "date", "device"} <= kinds
            and not any(word in data for word in words)
        )

    def _save_copy(self) -> None:
        photo = self._photo()
        self._begin(
            "The same photo leaves unchanged",
            "Asked for on purpose, and recorded as such.",
        )
        self._note(f"It still says where, when and with what it was taken: {photo.device}.")
        [saved] = self._open.egress.export_originals(
            [photo.id], self._saved, screen="lighttight demo"
        )
        self._note(f"It is at {saved.path}.")
        before = (self._pictures / photo.name).read_bytes()
        copies = self._open.record.copies_of(photo.id)
        self._hold(saved.path is not None and saved.path.read_bytes() == before and bool(copies))

    def _lock_and_open(self) -> None:
        from lighttight.session import Offer

        self._begin("It is locked, and someone tries a passphrase", f"“{WRONG}” is a wrong one.")
        self._open.lock()
        try:
            self._unlock(Offer(passphrase=WRONG))
        except Refused as error:
            self._note("That didn’t open it. Nothing was changed or lost.")
            refused = error.code == "did-not-open"
        else:
            refused = False
        self._hold(refused)
        how = "one click" if self._clicks else "the passphrase"
        self._begin("It is opened again", f"By {how}. The try is told.")
        self._unlock(Offer() if self._clicks else Offer(passphrase=PASSPHRASE))
        tries = self._open.vault.since.failed_tries
        self._note(f"{counted(tries, 'failed try', 'failed tries')} since it was last opened.")
        self._hold(tries == 1 and len(self._open.library.items()) == 4)

    def _delete_for_good(self) -> None:
        broken = self._named("Broken.jpg")
        before = self._objects()
        self._begin("The broken file is deleted for good", "First its key goes, then its file.")
        purged = self._open.library.trash.purge([broken])
        left = [item.name for item in self._open.library.items()]
        self._note(f"Left: {', '.join(left)}.")
        self._hold(
            purged.count == 1
            and purged.unfinished == 0
            and "Broken.jpg" not in left
            and len(before - self._objects()) == 1
        )

    def _lose_and_restore(self) -> None:
        from lighttight.session import Offer, restore_session

        self._begin("The disk is lost", "A backup is made, the library is removed, and restored.")
        done = self._open.care.backup(self._backup)
        self._note(f"{self._backup} holds {counted(done.items, 'item')}, each opened once.")
        before = [item.name for item in self._open.library.items()]
        self._open.lock()
        shutil.rmtree(self._path)
        offer: Offer = Offer() if self._clicks else Offer(passphrase=PASSPHRASE)
        self._opened(restore_session(self._backup, self._path, offer, self._store))
        after = [item.name for item in self._open.library.items()]
        self._note(f"Restored: {', '.join(after)}.")
        with self._open.library.open(self._photo().id) as reader:
            whole = reader.read(0, self._photo().size)
        original = (self._pictures / self._photo().name).read_bytes()
        self._hold(before == after and whole == original)

    def _change_a_byte(self) -> None:
        self._begin("Someone changes one bit", "In one sealed file. It must be noticed, and where.")
        name = sorted(self._objects())[0]
        path = next(self._path.glob(f"blobs/*/{name}"))
        data = bytearray(path.read_bytes())
        middle = len(data) // 2
        path.chmod(0o600)
        for turn in ("changed", "put back"):
            data[middle] ^= 1
            path.write_bytes(data)
            report = self._open.care.verify(deep=True)
            for damage in report.damage:
                item = "?" if damage.item is None else self._open.library.item(damage.item).name
                self._note(f"Damaged: {item}. The others are not.")
            self._hold(
                len(report.damage) == (1 if turn == "changed" else 0), last=turn != "changed"
            )

    def _read_record(self) -> None:
        from lighttight.session.sentences import Narrator

        self._begin("What happened", "The record, newest last; it cannot be changed unnoticed.")
        entries = list(self._open.record.every())[::-1]
        narrator = Narrator(entries, {})
        sentences = [said for entry in entries if (said := narrator.sentence(entry)) is not None]
        if len(sentences) > RESULT_LINES:
            self._note("…")
        for sentence in sentences[-RESULT_LINES:]:
            self._note(sentence)
        kinds = {entry.kind.label for entry in entries}
        wanted = {"vault-created", "imported", "export-intended", "export-finished"}
        wanted |= {"unlock-refused", "purged", "restored", "verified"}
        self._hold(wanted <= kinds)

    # Saying and looking -------------------------------------------------------------------

    def _begin(self, title: str, detail: str) -> None:
        self._number += 1
        self._step = title
        self._told.say()
        self._told.say(f"{self._number:2}  {title}")
        self._note(detail)

    def _note(self, text: str) -> None:
        self._told.say(f"    {text}")

    def _hold(self, held: bool, *, last: bool = True) -> None:
        if last or not held:
            self._told.document({"step": self._step, "held": held})
            self._note("It held." if held else "It did not hold.")
        if not held:
            raise Integrity("demo-failed", step=self._step)

    @property
    def _open(self) -> Session:
        if self._session is None:
            raise AssertionError("no library yet")
        return self._session

    def _opened(self, session: Session) -> None:
        self._session = session
        self._slots |= {slot.id: slot for slot in session.ways.all()}

    def _unlock(self, offer: Offer) -> None:
        from lighttight.session import open_session

        self._opened(open_session(self._path, offer, self._store))

    def _named(self, name: str) -> ItemId:
        return next(item.id for item in self._open.library.items() if item.name == name)

    def _photo(self) -> Item:
        """The one that knows where and with what it was taken."""
        return next(item for item in self._open.library.items() if item.device)

    def _objects(self) -> set[str]:
        return {path.name for path in self._path.glob("blobs/*/*")}
