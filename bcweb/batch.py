"""Many scans over all cores: which weights each scan meets, and the processes that do the work.

Every worker is a process with its own engine on one thread: for many scans that is faster than one
engine on many threads. Nothing here is needed for a single scan, which is segmented where it is read.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from bcweb.cores import core_count

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from bcweb.scans import Modality, Scan
    from bcweb.segmenter import Prediction, Segmenter
    from bcweb.weights import Weights

Item = TypeVar("Item")
Result = TypeVar("Result")

SCANS_A_WORKER = 8  # a worker's start costs about as much as this many scans
IN_FLIGHT = 3  # scans handed to each worker ahead of time

_ONE = {"ultrasound": "an ultrasound", "mammogram": "a mammogram"}

_FORKS = "forkserver" in multiprocessing.get_all_start_methods()


@dataclass(frozen=True)
class Choice:
    """Which weights a scan meets. weights, modality: as the person gave them, or None."""

    weights: str | None = None
    modality: Modality | None = None

    def check(self) -> None:
        """Raise `WeightsError` where the weights for all scans are known, and cannot be had."""
        if self.weights is not None or self.modality is not None:
            self.load(self.modality)

    def load(self, modality: Modality | None) -> Weights:
        """The weights for scans of this modality, read once a process; `WeightsError` if they cannot be."""
        return _weights(*self._name(modality))

    def segmenter(self, modality: Modality | None) -> Segmenter:
        """What `load` gives, made ready to segment, once a process."""
        return _segmenter(*self._name(modality))

    def _name(self, modality: Modality | None) -> tuple[str, Modality | None]:
        from bcweb.weights import resolve_name

        return (
            self.weights if modality is None else resolve_name(modality, self.weights)
        ), modality

    def segment(self, scan: Scan) -> tuple[Prediction, bool]:
        """Segment by the modality that the file says, else the person, else a guess from the pixels.

        Returns the prediction, and whether the modality was guessed. A guess never overrules weights
        that were named: such a scan is refused with `WeightsError`.
        """
        from bcweb.scans import check_contrast, guess_modality
        from bcweb.weights import WeightsError

        known = scan.modality or self.modality
        if self.modality is not None and known != self.modality:
            raise WeightsError(
                f"The file says that this is {_ONE[known]}, not {_ONE[self.modality]}."
            )
        if known is not None:
            return self.segmenter(known).segment(scan), False
        check_contrast(scan.pixels)  # of which a guess would say something too
        guess = guess_modality(scan)
        if self.weights is not None:
            named = self.segmenter(None)
            if named.modality != guess:
                raise WeightsError(
                    f"This looks like {_ONE[guess]}, and {named.weights.revision} was trained on "
                    f"{named.modality}s; if it is one, say --modality {named.modality}."
                )
            return named.segment(scan), True
        return self.segmenter(guess).segment(scan), True


@lru_cache
def _weights(name: str, modality: Modality | None) -> Weights:
    from bcweb.weights import load_weights

    return load_weights(name, modality)


@lru_cache
def _segmenter(name: str, modality: Modality | None) -> Segmenter:
    from bcweb.segmenter import Segmenter

    return Segmenter(_weights(name, modality), threads=1)


def fault(error: Exception) -> str:
    """A sentence of what nobody has foreseen of one scan: it must not cost the others."""
    if isinstance(error, MemoryError):
        return "There is not enough memory for this scan."
    return f"Unexpected {type(error).__name__}: {error}"


def worker_count(items: int, asked: int | None = None) -> int:
    """How many processes `items` scans deserve; 1 is this process alone."""
    if asked is not None:
        return max(1, min(asked, items))
    return max(1, min(core_count(), items // SCANS_A_WORKER))


class Stop:
    """Whether the person has asked to stop; see `stoppable`."""

    asked = False


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Within it, Ctrl-C (and SIGTERM) lets the scans in hand be finished; a second one ends at once."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: object) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def over_all_cores(
    task: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int,
    stop: Stop,
    crashed: Callable[[Item], Result],
) -> Iterator[Result]:
    """Results of a picklable `task` for all items, in the order in which they are done.

    Once stop is asked nothing more is begun, and what was begun is still yielded. An item whose
    worker dies (killed for its memory, or by a decoder's fault) yields `crashed(item)`, and the others
    are done by new workers.
    """
    if workers == 1:
        for item in items:
            if stop.asked:
                return
            yield task(item)
        return

    waiting = deque(items)
    while waiting and not stop.asked:
        in_hand: dict[Future, Item] = {}
        try:
            with _pool(workers) as pool:
                while (waiting and not stop.asked) or in_hand:
                    while waiting and not stop.asked and len(in_hand) < IN_FLIGHT * workers:
                        in_hand[pool.submit(task, waiting[0])] = waiting[0]
                        waiting.popleft()
                    for done in wait(in_hand, return_when=FIRST_COMPLETED).done:
                        result = done.result()
                        del in_hand[done]
                        yield result
        except BrokenProcessPool:
            # A dead worker takes the whole pool along, and nobody knows which of the items in hand it
            # had: they are tried again one at a time, each alone with a new worker.
            for item in in_hand.values():
                if stop.asked:
                    return
                with _pool(1) as pool:
                    try:
                        yield pool.submit(task, item).result()
                    except BrokenProcessPool:
                        yield crashed(item)


def apart(task: Callable[[Item], Result], item: Item, stop: Stop) -> Result | None:
    """What a picklable `task` gives for one item, worked out by a process of its own.

    Once stop is asked it is ended, whatever it does, and the answer is None. Its errors are raised here;
    `ChildProcessError` where it dies.
    """
    here, there = _context().Pipe(duplex=False)
    # The server that forks it may be older than what was said to this process since.
    environment = dict(os.environ)
    process = _context().Process(target=_answer, args=(there, environment, task, item), daemon=True)
    process.start()
    there.close()
    try:
        while not here.poll(0.1):
            if stop.asked:
                return None
        result, error = here.recv()
    except EOFError:
        raise ChildProcessError(
            "The process died; it may want more memory than there is."
        ) from None
    finally:
        process.kill()
        process.join()
        here.close()
    if error is not None:
        raise error
    return result


def _answer(
    there: Connection, environment: dict[str, str], task: Callable[[Item], Result], item: Item
) -> None:
    from tqdm import tqdm

    _begin_worker()
    # A progress bar's own lock is a semaphore of the system, which a killed process leaves behind.
    tqdm.set_lock(threading.RLock())
    os.environ.update(environment)
    try:
        result, error = task(item), None
    except Exception as raised:
        result, error = None, raised
    there.send((result, error))


def warm_up(workers: int) -> None:
    """Let the engine be imported for workers to come while this process does something else."""
    if workers > 1:
        _context()


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Worker processes; where an error or a second Ctrl-C leaves it they are ended, whatever they do. By itself a pool waits
    for what they have in hand, which may take for ever, as on a drive that does not answer.
    """
    with ProcessPoolExecutor(workers, _context(), _begin_worker) as pool:
        try:
            yield pool
        except BrokenProcessPool:
            raise
        except BaseException:
            for process in list(pool._processes.values()):  # Python 3.14 has kill_workers() for it
                process.kill()
            raise


def _context() -> multiprocessing.context.BaseContext:
    """Workers fork from a server that has imported the engine once; where there is no fork, each imports it."""
    if not _FORKS:
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver, resource_tracker  # POSIX only

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bcweb.segmenter"])
    resource_tracker.ensure_running()  # which the server wants, and which ends with no signal blocked
    # Ctrl-C is the parent's to hear: a server that dies of it while it imports gives no workers any more.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()  # it takes this over
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
