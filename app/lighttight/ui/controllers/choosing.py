"""Dialogs for files and folders, which leave no trace of what was chosen.

Qt's own dialog keeps a history of folders in a plain file, and the system's adds to "recent
files". So Qt's is used everywhere, and its history is sent where nothing can be written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QDir, QSettings
from PySide6.QtWidgets import QFileDialog, QWidget

NOWHERE = "/dev/null/lighttight"


def forget_history() -> None:
    """Once, at the start: Qt writes no settings of its own."""
    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        QSettings.setPath(QSettings.Format.NativeFormat, scope, NOWHERE)


def _dialog(parent: QWidget, title: str, start: Path | None) -> QFileDialog:
    dialog = QFileDialog(parent, title, str(start or Path.home()))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setOption(QFileDialog.Option.DontUseCustomDirectoryIcons)
    dialog.resize(820, 520)
    return dialog


def _then(dialog: QFileDialog, done: Callable[[Sequence[Path]], None]) -> None:
    def finished(answer: int) -> None:
        chosen = [Path(name) for name in dialog.selectedFiles()] if answer else []
        dialog.deleteLater()
        if chosen:
            done(chosen)

    dialog.finished.connect(finished)
    dialog.open()


def choose_files(parent: QWidget, title: str, done: Callable[[Sequence[Path]], None]) -> None:
    dialog = _dialog(parent, title, None)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    _then(dialog, done)


def choose_folder(
    parent: QWidget, title: str, done: Callable[[Path], None], *, start: Path | None = None
) -> None:
    dialog = _dialog(parent, title, start)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setFilter(QDir.Filter.Dirs | QDir.Filter.NoDotAndDotDot | QDir.Filter.Drives)
    _then(dialog, lambda chosen: done(chosen[0]))


def choose_new_file(parent: QWidget, title: str, name: str, done: Callable[[Path], None]) -> None:
    """A file that is to be made. Whoever makes it refuses to write over one."""
    dialog = _dialog(parent, title, None)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.selectFile(name)
    _then(dialog, lambda chosen: done(chosen[0]))
