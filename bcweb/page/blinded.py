"""What a reader who is blinded to the others is told of a case, and how their verdicts come on top of what they do not see.

Of every other reader all functions here are the plain thing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bcweb.page.readers import Reader
from bcweb.review.records import Beside, CaseRow, Conflict, NewVerdict, Verdict
from bcweb.review.standing import standing, standing_by_reader

if TYPE_CHECKING:  # it brings SQLAlchemy
    from bcweb.review.store import Store

SINCE = "Another reader has decided this case since, so that your verdict cannot be taken back: decide it once more."


def is_hidden(reader: Reader, verdict: Verdict) -> bool:
    return reader.is_blinded and verdict.reader != reader.name


def history(store: Store, reader: Reader, id: int) -> list[Verdict]:
    """The verdicts on a case, the oldest first: to one who is blinded their own, and who took one of these back."""
    said = store.history(reader.owner, id)
    own = {one.id for one in said if not is_hidden(reader, one)}
    return [one for one in said if one.id in own or one.undoes in own]


def case(row: CaseRow, said: list[Verdict], reader: Reader) -> CaseRow:
    """The case with the blinded reader's own verdict as the one that stands. said: its `history`."""
    own = standing_by_reader(said).get(reader.name)
    return replace(row, decision=own and own.decision, verdict_id=own and own.id)


def beside(store: Store, reader: Reader, one: Beside) -> Beside:
    """Another case of its group, with the mark of what the blinded reader decided on it."""
    own = standing_by_reader(history(store, reader, one.id)).get(reader.name)
    return one._replace(decision=own and own.decision)


def save(store: Store, reader: Reader, id: int, verdict: NewVerdict) -> Verdict:
    """As `Store.save`; on top of what others have said meanwhile, of which a blinded reader knows nothing."""
    seen = verdict.after
    while True:
        try:
            return store.save(reader.owner, reader.name, id, verdict)
        except Conflict as conflict:
            if not reader.is_blinded:
                raise
            newer = [one for one in history(store, reader, id) if seen is None or one.id > seen]
            if newer:  # from another page of theirs, or one of theirs was taken back
                latest = newer[-1]
                who = latest.reader if is_hidden(reader, latest) else "you"
                raise Conflict.told(latest, who) from None
            verdict = replace(verdict, after=conflict.latest.id)


def undo(store: Store, reader: Reader, verdict: Verdict, key: str) -> Verdict:
    """As `Store.undo`; who is blinded is not told what others have said since."""
    try:
        return store.undo(reader.owner, reader.name, verdict.id, key)
    except Conflict:
        if not reader.is_blinded:
            raise
        said = store.history(reader.owner, verdict.case_id)
        stands = standing(said)
        if stands is not None and is_hidden(reader, stands):
            raise Conflict(SINCE, verdict) from None
        if verdict.id in {one.undoes for one in said}:
            raise Conflict("This verdict has been taken back already.", verdict) from None
        raise
