"""The lake's repair: an object that is damaged is built anew from the runs' tables, whatever its footer says."""

from dataclasses import replace

from bantin.lake import State, build, survey
from bantin.settings import Settings
from bantin.verifying.findings import told
from storage.errors import InvalidKey
from storage.places import place_of


def rebuild(settings: Settings, key: str) -> str:
    """Builds the object of the lake at `key` anew, in its place; says what became of it. Where that fails, it stays.
    Raises what `bantin.lake.survey` and `build` raise."""
    place = place_of(key)
    if place is None or place.source is None or place.month is None:
        raise InvalidKey(f"{key}: expected an object of the lake", key=key)
    months = list(survey(settings, [place.source], place.month))
    damaged = (replace(one, state=State.STALE) if one.state is State.FRESH else one for one in months if one.key == key)
    for built in build(settings, damaged):
        if built.error:
            return f"{key}: it cannot be built anew: {told(built.error)}"
        return f"{key}: {built.done}" if built.rows is None else f"{key}: built anew, {built.done}"
    return f"{key}: it is gone"
