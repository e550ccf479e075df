"""Mutations of photo files, drawn from a seed."""

import random
from collections.abc import Callable, Sequence

HEADER_BYTES = 64

Mutation = Callable[[random.Random, bytearray, bytes], bytes | bytearray]


def mutate(draw: random.Random, files: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Return the name of a mutation with that of its file, and the mutated bytes."""
    (name, data), (_, other) = draw.choice(files), draw.choice(files)
    kind = draw.choice(list(MUTATIONS))
    return f"{kind} {name}", bytes(MUTATIONS[kind](draw, bytearray(data), other))


def _flip_bits(draw: random.Random, data: bytearray, _: bytes) -> bytearray:
    for _unused in range(draw.choice((1, 1, 2, 8, 40))):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return data


def _truncate(draw: random.Random, data: bytearray, _: bytes) -> bytearray:
    return data[: draw.randrange(len(data))]


def _splice(draw: random.Random, data: bytearray, other: bytes) -> bytes:
    return bytes(data[: draw.randrange(len(data))]) + other[draw.randrange(len(other)) :]


def _edit_header(draw: random.Random, data: bytearray, _: bytes) -> bytearray:
    at = draw.randrange(min(HEADER_BYTES, len(data)))
    length = draw.choice((1, 2, 4))
    data[at : at + length] = draw.choice((b"\0" * length, b"\xff" * length, draw.randbytes(length)))
    return data


def _repeat(draw: random.Random, data: bytearray, _: bytes) -> bytes:
    begin = draw.randrange(len(data))
    end = min(len(data), begin + draw.choice((1, 16, 500, 5_000)))
    return bytes(data[:end]) + bytes(data[begin:end]) * draw.choice((1, 10, 200)) + bytes(data[end:])


def _blank(draw: random.Random, data: bytearray, _: bytes) -> bytearray:
    begin = draw.randrange(len(data))
    length = min(len(data) - begin, draw.choice((4, 64, 1_000)))
    data[begin : begin + length] = bytes(length)
    return data


MUTATIONS: dict[str, Mutation] = {
    "flipped bits in": _flip_bits,
    "truncated": _truncate,
    "spliced": _splice,
    "edited header of": _edit_header,
    "repeated part of": _repeat,
    "blanked part of": _blank,
}
