"""After opening by recovery words: a new PIN, or the password store again."""

from __future__ import annotations

import pytest

from lighttight.errors import Environment, Refused
from lighttight.model import Factor, SlotId
from lighttight.session import Offer, Session, SlotInfo, WayIn
from lighttight.session.ways import Ways
from lighttight.ui.controllers.regaining import Regain, what_to_offer
from lighttight.ui.pages.unlock import Way
from lighttight.ui.widgets.forms import Form
from tests.gui.desks import PIN, RealDesk

GUARDED = (Factor.KEYRING, Factor.PASSPHRASE)
PASSPHRASE = "seven llamas painted the quiet harbour"


def session_of(desk: RealDesk) -> Session:
    assert desk.program.session is not None
    return desk.program.session


def made(desk: RealDesk, *, pin: str = "") -> str:
    """A library, open; answers its recovery words."""
    welcome = desk.window.welcome
    welcome.question.answered.emit("someone" if pin else "only-me")
    if pin:
        for field in (welcome.pin.pin, welcome.pin.again):
            field.set_text(pin)
        welcome.pin.go.click()
    desk.until(lambda: welcome.stack.currentWidget() is welcome.words)
    words = " ".join(welcome.words._words)
    desk.confirm_words()
    welcome.pictures.later.emit()
    desk.until(lambda: desk.program.session is not None)
    desk.settle()
    return words


def lock(desk: RealDesk) -> None:
    desk.window.lock_wanted.emit()
    desk.until(lambda: not desk.jobs.busy())


def open_by(desk: RealDesk, words: str) -> None:
    page = desk.window.unlock
    page.way_chosen.emit(Way.RECOVERY.value)
    page.recovery.setPlainText(words)
    page.open.click()
    desk.until(lambda: desk.program.session is not None)
    desk.settle()


def type_twice(desk: RealDesk, secret: str) -> None:
    [form] = desk.asked().findChildren(Form)
    for field in form.fields:
        field.set_text(secret)
    desk.asked().button("set").click()
    desk.settle()


def test_a_forgotten_pin_is_replaced_and_the_words_stay(desk: RealDesk) -> None:
    words = made(desk, pin=PIN)
    lock(desk)
    open_by(desk, words)
    sheet = desk.asked()
    assert sheet.accessibleName() == "Set a new PIN?"
    assert "opens nothing from then on" in sheet.sentence.text()
    assert not sheet.button("set").isEnabled()
    type_twice(desk, "271828")
    assert desk.asked().accessibleName() == "Done"
    ways = session_of(desk).ways
    with pytest.raises(Refused, match="did-not-open"):
        ways.try_out(Offer(passphrase=PIN))
    assert ways.try_out(Offer(passphrase="271828")).factors == GUARDED
    ways.try_out(Offer(recovery=words, keyring=False))
    assert session_of(desk).vault.recovery_confirmed
    assert len(ways.all()) == 2
    assert desk.regaining._words == ""
    desk.asked().answer("close")
    lock(desk)
    desk.window.unlock.secret.set_text("271828")
    desk.window.unlock.open.click()
    desk.until(lambda: desk.program.session is not None)


def test_not_now_changes_nothing_and_forgets_the_words(desk: RealDesk) -> None:
    words = made(desk, pin=PIN)
    before = session_of(desk).ways.all()
    lock(desk)
    open_by(desk, words)
    assert desk.asked().findChildren(Form)[0].fields[0].edit.hasFocus()
    desk.asked().answer("later")
    desk.settle()
    assert session_of(desk).ways.all() == before
    assert desk.regaining._words == ""


def test_an_error_before_the_offer_forgets_the_words(
    desk: RealDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = made(desk, pin=PIN)
    lock(desk)

    def fail(_: object) -> None:
        raise Environment("keyring-broken")

    monkeypatch.setattr(Ways, "here", fail)
    open_by(desk, words)
    desk.until(lambda: desk.errors)
    assert desk.regaining._words == ""


def test_locking_takes_the_offer_and_the_words_away(desk: RealDesk) -> None:
    words = made(desk, pin=PIN)
    lock(desk)
    open_by(desk, words)
    desk.asked()
    lock(desk)
    assert desk.sheet() is None
    assert desk.regaining._words == ""


def test_a_pin_that_is_too_short_is_said_where_it_is_typed(desk: RealDesk) -> None:
    words = made(desk, pin=PIN)
    lock(desk)
    open_by(desk, words)
    type_twice(desk, "123")
    [form] = desk.asked().findChildren(Form)
    assert "at least 6" in form.lead.text()
    type_twice(desk, "271828")
    assert desk.asked().accessibleName() == "Done"


def test_a_store_that_lost_the_key_may_open_it_again(desk: RealDesk) -> None:
    words = made(desk)
    lock(desk)
    for name in [name for name in desk.memory.memory.items if "/" in str(name)]:
        del desk.memory.memory.items[name]
    open_by(desk, words)
    assert desk.asked().accessibleName() == "Let this computer open it again?"
    assert desk.asked().button("later").hasFocus()
    desk.asked().button("set").click()
    desk.settle()
    desk.asked().answer("close")
    lock(desk)
    desk.window.unlock.click.click()
    desk.until(lambda: desk.program.session is not None)


def test_who_could_have_clicked_is_offered_nothing(desk: RealDesk) -> None:
    words = made(desk)
    lock(desk)
    open_by(desk, words)
    assert desk.sheet() is None
    assert desk.regaining._words == ""


def test_a_way_in_that_could_not_be_kept_does_not_end(desk: RealDesk) -> None:
    words = made(desk, pin=PIN)
    session_of(desk).ways.add(WayIn((Factor.PASSPHRASE,), PASSPHRASE))
    lock(desk)
    open_by(desk, words)
    type_twice(desk, "271828")
    ways = session_of(desk).ways
    for offer in (PIN, "271828", PASSPHRASE):
        ways.try_out(Offer(passphrase=offer))


# ---- what is offered ---------------------------------------------------------------------------


def slot(name: str, *factors: Factor) -> SlotInfo:
    return SlotInfo(SlotId(name), factors, pin=len(factors) == 2)


WORDS = slot("words", Factor.RECOVERY)
PIN_SLOT = slot("pin", *GUARDED)
CLICK = slot("click", Factor.KEYRING)
TYPED = slot("typed", Factor.PASSPHRASE)


@pytest.mark.parametrize(
    ("slots", "here", "ready", "offered"),
    [
        ((PIN_SLOT,), {"pin"}, True, Regain(GUARDED, SlotId("pin"))),
        # Made on another computer, or the key was lost: nobody can tell, so it stays.
        ((PIN_SLOT,), set(), True, Regain(GUARDED)),
        ((PIN_SLOT,), set(), False, Regain((Factor.PASSPHRASE,))),
        ((PIN_SLOT, CLICK), {"pin"}, True, Regain(GUARDED)),
        ((PIN_SLOT, CLICK), {"pin", "click"}, True, None),
        ((CLICK,), set(), True, Regain((Factor.KEYRING,))),
        ((CLICK,), set(), False, Regain((Factor.PASSPHRASE,))),
        ((TYPED,), set(), True, Regain((Factor.PASSPHRASE,), SlotId("typed"))),
        ((TYPED,), set(), False, Regain((Factor.PASSPHRASE,), SlotId("typed"))),
        ((TYPED, CLICK), set(), True, Regain((Factor.PASSPHRASE,))),
    ],
)
def test_what_is_offered(
    slots: tuple[SlotInfo, ...], here: set[str], ready: bool, offered: Regain | None
) -> None:
    names = frozenset(SlotId(name) for name in here)
    assert what_to_offer((*slots, WORDS), names, ready=ready) == offered


def test_a_store_that_does_not_answer_has_nothing(desk: RealDesk) -> None:
    made(desk)
    assert [one.factors for one in session_of(desk).ways.here()] == [(Factor.KEYRING,)]
    desk.memory.memory.broken = "keyring-hanging"
    with pytest.raises(Environment):
        session_of(desk).ways.try_out(Offer())
    assert session_of(desk).ways.here() == ()
    desk.memory.memory.broken = None
