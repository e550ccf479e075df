"""Decoding of photos in child processes, where a hostile file costs at most a stated time and memory.

A decoder that exceeds its limits dies with its process, and the next photo gets a new one.
"""

import math
import multiprocessing
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as DeadlineExceeded
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from closetspace.adapters.images.decoding import decode_photo, stored_size
from closetspace.adapters.images.thumbnails import decode_with_thumbnails, make_thumbnails
from closetspace.domain.encoder.encoding import Picture
from closetspace.errors import InvalidInput, Transient

T = TypeVar("T", covariant=True)


class Decoder(Protocol[T]):
    """Decodes a photo; calls ``on_header`` with its width and height before it decodes any pixel."""

    def __call__(self, data: bytes, *, on_header: Callable[[tuple[int, int]], None]) -> T: ...


class Refusal(NamedTuple):
    """Why a photo was refused, as an `InvalidInput` says it."""

    code: str
    message: str


TOO_COSTLY = Refusal(
    "photo_too_costly",
    "The photo takes too long or too much memory to open. Please save it again as a JPEG and upload that.",
)


@dataclass(frozen=True)
class Limits:
    """What one photo may cost, beside its file and an idle process."""

    base_megabytes: float = 64
    megabytes_per_megapixel: float = 16
    """WebP takes most. HEIC, AVIF and PNG of 48 megapixels take 340 to 430 MB in all."""

    max_megabytes: float = 500
    """Two photos at once fit in a function of 2 GiB."""

    base_cpu_seconds: float = 1.0
    cpu_seconds_per_megapixel: float = 0.06
    """Twice what the slowest formats take on a slow core. A JPEG of 12 megapixels takes 0.1 s in all."""

    hang_seconds: float = 60.0
    """Seconds after which a process that neither works nor ends is killed."""

    def megabytes(self, pixels: int) -> float:
        """Return the memory for a photo of so many pixels."""
        return min(self.max_megabytes, self.base_megabytes + self.megabytes_per_megapixel * pixels / 1e6)

    def cpu_seconds(self, pixels: int) -> float:
        """Return the CPU time for a photo of so many pixels."""
        return self.base_cpu_seconds + self.cpu_seconds_per_megapixel * pixels / 1e6


@dataclass(frozen=True)
class Decoding(Generic[T]):
    """What a photo was decoded to, or why it was refused, and what it cost.

    ``size`` is the width and height before any rotation. ``megabytes`` is the peak of the process's resident memory.
    Both are None if they are unknown.
    """

    result: T | Refusal
    size: tuple[int, int] | None = None
    cpu_seconds: float | None = None
    megabytes: float | None = None

    def unwrap(self) -> T:
        """Return the result. Raises `InvalidInput` if the photo was refused."""
        if isinstance(self.result, Refusal):
            raise InvalidInput(*self.result)
        return self.result


class DecodingPool:
    """Decodes photos in at most ``workers`` processes at once, each of which is reused until a photo kills it.

    CPU time is limited, and not the time that passes, so that a busy machine refuses no photo. The processes start at
    once if ``start`` is set, so that the first photo does not wait for them, and else with the first photo.
    """

    def __init__(self, *, max_pixels: int, workers: int, limits: Limits | None = None, start: bool = True) -> None:
        self._max_pixels = max_pixels
        self._limits = limits or Limits()
        # Workers are forked by a server without threads: a fork of this process might hang, a new process starts late.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["__main__", make_thumbnails.__module__])
        self._pool = ProcessPool(max_workers=workers, context=context)
        if start:
            self._pool.schedule(_is_ready)

    def __call__(self, data: bytes) -> Picture:
        """Decode a photo as `closetspace.adapters.images.decoding.decode_photo` does.

        Raises:
            InvalidInput: as there, and ``photo_too_costly`` for a photo that exceeds a limit.
            Transient: the process could not be started, was given no CPU time, or was killed from outside.
        """
        return self.measure(data).unwrap()

    def measure(self, data: bytes) -> Decoding[Picture]:
        """Decode a photo and return what it cost. Raises `Transient` as a call does."""
        return self._run(partial(decode_photo, max_pixels=self._max_pixels), data)

    def thumbnails(self, data: bytes, sides: Sequence[int]) -> list[bytes]:
        """Return WebP files of a photo with these longest sides in pixels. Raises the errors of a call."""
        return self._run(partial(make_thumbnails, sides=sides, max_pixels=self._max_pixels), data).unwrap()

    def with_thumbnails(self, data: bytes, sides: Sequence[int]) -> tuple[Picture, list[bytes]]:
        """Return a photo's picture and its thumbnails, as two calls would in more time. Raises the errors of a call."""
        return self._run(partial(decode_with_thumbnails, sides=sides, max_pixels=self._max_pixels), data).unwrap()

    def _run(self, decode: Decoder[T], data: bytes) -> Decoding[T]:
        job = self._pool.schedule(_decode, args=(decode, data, self._limits), timeout=self._limits.hang_seconds)
        try:
            decoding: Decoding[T] = job.result()
        except DeadlineExceeded as exc:
            # A photo that is too costly has used up its CPU time long before: this process was not given any.
            raise Transient(f"a decoder did not end within {self._limits.hang_seconds:g} s") from exc
        except ProcessExpired as exc:
            if exc.exitcode in (-signal.SIGPROF, -signal.SIGSEGV, -signal.SIGABRT):
                return Decoding(TOO_COSTLY)
            raise Transient(f"the process of a decoder ended with {exc.exitcode}") from exc
        except OSError as exc:
            raise Transient(f"no process for a decoder: {exc}") from exc
        return decoding

    def close(self) -> None:
        """End the processes."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def _is_ready() -> bool:
    """Start a worker before the first photo needs it."""
    return True


def _decode(decode: Decoder[T], data: bytes, limits: Limits) -> Decoding[T]:
    idle = _data_bytes() + 3 * len(data)
    before = time.process_time()
    _reset_peak()

    sizes: list[tuple[int, int]] = []

    def allow(size: tuple[int, int]) -> None:
        sizes.append(size)
        limit(math.prod(size))

    def limit(pixels: int) -> None:
        # The kernel ends the process by the signal, wherever in a decoder it is.
        signal.setitimer(signal.ITIMER_PROF, limits.cpu_seconds(pixels))
        _limit_memory(idle + int(limits.megabytes(pixels) * 1e6))

    result: T | Refusal
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    try:
        limit(0)
        result = decode(data, on_header=allow)
    except InvalidInput as error:
        result = Refusal(error.code, error.message)
    except MemoryError:
        result = TOO_COSTLY
    size = sizes[0] if sizes else stored_size(data)
    signal.setitimer(signal.ITIMER_PROF, 0)
    _limit_memory(resource.RLIM_INFINITY)
    return Decoding(result, size, time.process_time() - before, _peak_megabytes())


def _reset_peak() -> None:
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the peak of the resident memory


def _peak_megabytes() -> float | None:
    """Return this process's peak of resident memory since `_reset_peak`; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    status = Path("/proc/self/status").read_text()
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1000, 1)


def _data_bytes() -> int:
    """Return the bytes of data that this process has mapped; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()


def _limit_memory(limit: int) -> None:
    if sys.platform == "linux":
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, most))
