"""Take items from an iterator on a thread of its own, a bounded amount before they are asked for."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class _Belt(Generic[T]):
    """What one thread lays down and another takes up, in order, at most ``most`` of weight unless it is one item."""

    def __init__(self, most: int) -> None:
        self.most, self.weight = most, 0
        self.items: deque[tuple[T, int]] = deque()
        self.ended, self.stopped = False, False
        self.error: BaseException | None = None
        self.change = threading.Condition()

    def put(self, item: T, weight: int) -> bool:
        """Lay an item down once there is room; False where nobody will take it."""
        with self.change:
            self.change.wait_for(lambda: self.stopped or not self.items or self.weight + weight <= self.most)
            if not self.stopped:
                self.items.append((item, weight))
                self.weight += weight
                self.change.notify_all()
            return not self.stopped

    def end(self, error: BaseException | None) -> None:
        """Say that nothing follows, and why if that is an error."""
        with self.change:
            self.ended, self.error = True, error
            self.change.notify_all()

    def ready(self) -> bool:
        """Wait for an item; False at the end. An error of the other thread is raised here, in its turn."""
        with self.change:
            self.change.wait_for(lambda: self.items or self.ended)
            if not self.items and self.error is not None:
                raise self.error
            return bool(self.items)

    def take(self) -> T:
        """The next item, of which ``ready`` has told."""
        with self.change:
            item, weight = self.items.popleft()
            self.weight -= weight
            self.change.notify_all()
            return item

    def stop(self) -> None:
        """Say that nothing more is taken."""
        with self.change:
            self.stopped = True
            self.items.clear()
            self.change.notify_all()


def _lay(items: Iterator[T], belt: _Belt[T], weigh: Callable[[T], int]) -> None:
    try:
        for item in items:
            if not belt.put(item, weigh(item)):
                break
            del item  # the next one is made while this one is used: it shall not be held twice
        belt.end(None)
    except BaseException as error:
        belt.end(error)
    finally:
        if isinstance(items, Generator):
            items.close()


def ahead(items: Iterator[T], weigh: Callable[[T], int], most: int) -> Generator[T, None, None]:
    """The same items in the same order, made on another thread, ``most`` of weight (as bytes) before they are taken.

    An error comes where it arose. Closing the iterator ends the thread and closes ``items``.
    """
    belt: _Belt[T] = _Belt(most)
    thread = threading.Thread(target=_lay, args=(items, belt, weigh), name="ahead", daemon=True)
    thread.start()
    try:
        while belt.ready():
            yield belt.take()
    finally:
        belt.stop()
        if thread is not threading.current_thread():  # an iterator that is swept up may be closed by any thread
            thread.join()
