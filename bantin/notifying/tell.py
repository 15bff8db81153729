"""The verb tell: gives each target one message with all that it is to be told now (model/alarm.py, `is_due`).

Who tells takes the alarms first, then delivers, then notes who was told. So two who tell at once do not tell twice; and
where one dies between delivery and its note, the alarms are told a second time, once, sooner than never.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from bantin.notifying.messages import Message, message_of
from bantin.notifying.targets import Target, parse_targets
from bantin.settings import Settings
from browse.escaping import safe
from model.alarm import Alarm
from model.errors import BantinError
from storage.alarms import change_alarms, read_alarms
from storage.store import ObjectStore, open_store

logger = logging.getLogger("bantin.tell")

CLAIM = timedelta(minutes=5)
"""So long has who took alarms for a target to tell them; then somebody else may. Delivering takes three minutes at
most: a mail server that does not answer is tried six times, for 30 s each."""


class NotDelivered(BantinError):
    """Some targets could not be told, or somebody else is about to tell them; the message says which, and why."""

    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that was delivered: the target's name, and how many alarms it told."""

    target: str
    alarms: int


def tell(settings: Settings, *, at: datetime | None = None) -> list[Delivered]:
    """Tells the targets of `settings.alarms` what is due at `at` (default: now). One that cannot be told keeps none of
    the others waiting.

    Raises `SettingsError`, `StorageError`, and in the end `NotDelivered`: a further call tells who was not told.
    """
    store = open_store(settings.archive)
    delivered, failed = [], []
    for target in parse_targets(settings.alarms):
        try:
            while count := _tell_one(store, target, at or datetime.now(UTC)):
                delivered.append(Delivered(target.name, count))
        except NotDelivered as err:
            failed.append(str(err))
            continue
        if any(alarm.is_due(target.name, at or datetime.now(UTC)) for alarm in read_alarms(store)):
            failed.append(f"{target.name}: somebody else is about to tell it, or died there: try again in {CLAIM}")
    if failed:
        raise NotDelivered("; ".join(failed))
    return delivered


def _tell_one(store: ObjectStore, target: Target, at: datetime) -> int:
    """Tells `target` what is due and nobody else has taken; returns how many alarms that were. Raises
    `NotDelivered`."""
    taken = _take(store, target, at)
    if taken:
        try:
            message = message_of(taken, target.name, store.url, sum(alarm.stands for alarm in read_alarms(store)))
            _deliver(target, message)
        except Exception as err:
            _note(store, target, taken, at, told=False)
            raise NotDelivered(f"{target.name}: {type(err).__name__}: {safe(err)}") from err
        _note(store, target, taken, at, told=True)
        logger.info("%s: told of %d problems", target.name, len(taken))
    return len(taken)


def _take(store: ObjectStore, target: Target, at: datetime) -> list[Alarm]:
    """Marks what is due for `target` and nobody else has taken, and returns it."""
    taken: list[Alarm] = []

    def take(there: Sequence[Alarm]) -> list[Alarm]:
        free = (alarm for alarm in there if alarm.claimed_at is None or at - alarm.claimed_at >= CLAIM)
        taken[:] = [replace(alarm, claimed_at=at) for alarm in free if alarm.is_due(target.name, at)]
        mine = {alarm.problem: alarm for alarm in taken}
        return [mine.get(alarm.problem, alarm) for alarm in there]

    change_alarms(store, take)
    return taken


def _deliver(target: Target, message: Message) -> None:
    from bantin.notifying.notifiers import notifier_of

    notifier_of(target, message).notify({})


def _note(store: ObjectStore, target: Target, taken: Sequence[Alarm], at: datetime, *, told: bool) -> None:
    """Gives back what was taken; where it was told, as it was told: what a watch has found meanwhile is told next."""
    by_problem = {alarm.problem: alarm for alarm in taken}

    def note(there: Sequence[Alarm]) -> list[Alarm]:
        return [_noted(alarm, by_problem[alarm.problem]) if alarm.problem in by_problem else alarm for alarm in there]

    def _noted(alarm: Alarm, was: Alarm) -> Alarm:
        known = was.after_telling(target.name, at).told[target.name] if told else None
        free = None if alarm.claimed_at == at else alarm.claimed_at
        return replace(alarm, claimed_at=free, told={**alarm.told, target.name: known} if known else alarm.told)

    change_alarms(store, note)
