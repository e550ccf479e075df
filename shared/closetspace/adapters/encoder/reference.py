"""The file of an encoder's reference sample, ``reference.npz``.

It holds ``categories (n,)`` integers, ``vectors (n, dim) float16`` and ``attributes (n, labels) uint8``, as in
`closetspace.domain.encoder.priors.ReferenceSample`. The manifest names its checksum apart from those of the other
files, of which the encoder's id is made.
"""

import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.encoder.files import read_checked
from closetspace.domain.encoder.attributes import row_length
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.priors import ReferenceSample
from closetspace.domain.encoder.vectors import unit
from closetspace.errors import Incompatible

REFERENCE = "reference.npz"

_INVALID_ARRAYS = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, MemoryError)
"""What numpy raises for a file that is truncated, holds other arrays or objects, or does not fit into memory."""

_LENGTH_TOLERANCE = 0.01  # float16 changes the length of a unit vector by a thousandth at most


def read_reference(directory: Path, descriptor: EncoderDescriptor) -> ReferenceSample | None:
    """Read an encoder's reference sample; None if the manifest names none.

    Raises `Incompatible` if it is missing, has another checksum than in the manifest, or does not fit the encoder.
    """
    if not descriptor.reference:
        return None
    content = read_checked(directory, REFERENCE, descriptor.reference)
    try:
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            categories, vectors, attributes = arrays["categories"], arrays["vectors"], arrays["attributes"]
    except (*_INVALID_ARRAYS, zipfile.BadZipFile, zlib.error) as exc:
        raise Incompatible(f"{directory.name}: {REFERENCE} is not a readable sample") from exc
    if not _fits(categories, vectors, attributes, descriptor):
        raise Incompatible(f"{directory.name}: {REFERENCE} is not a sample by {descriptor.id}")
    return ReferenceSample(categories.astype(np.int64), unit(vectors.astype(np.float32)), attributes)


def reference_content(sample: ReferenceSample) -> bytes:
    """Return the content of a sample's file; equal samples give equal bytes, since numpy writes a fixed date."""
    file = BytesIO()
    np.savez_compressed(
        file,
        categories=sample.categories.astype(np.min_scalar_type(int(sample.categories.max()))),
        vectors=sample.vectors.astype(np.float16),
        attributes=sample.attributes,
        allow_pickle=False,
    )
    return file.getvalue()


def _fits(
    categories: NDArray[Any], vectors: NDArray[Any], attributes: NDArray[Any], descriptor: EncoderDescriptor
) -> bool:
    valid_types = (categories.dtype.kind in "iu", vectors.dtype == np.float16, attributes.dtype == np.uint8)
    if not all(valid_types) or categories.ndim != 1 or not categories.size:
        return False
    if vectors.shape != (len(categories), descriptor.dim):
        return False
    if attributes.shape != (len(categories), row_length(descriptor.heads)):
        return False
    if categories.min() < 0 or categories.max() >= len(descriptor.categories):
        return False
    lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
    return bool((np.abs(lengths - 1) <= _LENGTH_TOLERANCE).all())  # False if a length is NaN
