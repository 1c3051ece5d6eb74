"""Long acts upon the whole library, one at a time, each with its bar: beside everything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from lighttight.progress import Progress
from lighttight.ui import words
from lighttight.ui.controllers.program import Program
from lighttight.ui.widgets.progress import ProgressPanel

if TYPE_CHECKING:
    from lighttight.session import Session


@dataclass(frozen=True, slots=True)
class Running:
    """The one long act there is, and its bar. `name` is what the bar says."""

    name: str
    panel: ProgressPanel


class Acts(QObject):
    """`ended` is called after each act of `run`, however it ended."""

    def __init__(self, program: Program, ended: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._program = program
        self._window = program.window
        self._ended = ended
        self._running: Running | None = None

    def closed(self) -> None:
        """The library is locked: no bar stays."""
        if self._running is not None:
            self.end(self._running)

    def begin(self, name: str) -> Running | None:
        """One at a time: None where another is in the way, which is said."""
        if self._program.session is None:
            return None
        if self._running is not None:
            self._window.present(
                self.tr("“{act}” is still running").format(act=self._running.name),
                self.tr("Only one of these can run at a time. Nothing else was begun."),
                self.tr("Try again when it is done."),
            )
            return None
        self._running = Running(name, self._window.add_progress(name))
        return self._running

    def end(self, running: Running) -> None:
        if self._running is running:
            self._running = None
            self._window.remove_progress(running.panel)

    def run(
        self,
        title: str,
        act: Callable[[Session, Progress], Any],
        done: Callable[[Any], None],
    ) -> None:
        """Beside everything else, with a bar and Cancel."""
        running = self.begin(title)
        if running is None:
            return
        panel = running.panel

        def step(made: int, total: int | None) -> None:
            panel.set_progress(made, total)
            if total:
                panel.counts.setText(
                    self.tr("{done} of {total}").format(
                        done=words.size(made), total=words.size(total)
                    )
                )

        def ended() -> None:
            self.end(running)
            self._ended()

        def finished(result: Any) -> None:  # noqa: ANN401 - whatever the act answers
            ended()
            self._program.changed.emit()
            done(result)

        def failed(error: BaseException) -> None:
            ended()
            self._program.presenter.present(error)

        job = self._program.ask(act, finished, failed=failed, cancelled=ended, progress=step)
        if job is not None:
            panel.cancelled.connect(job.cancel)
