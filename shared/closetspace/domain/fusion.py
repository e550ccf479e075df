"""What is known of a garment, joined to one vector of unit length."""

from dataclasses import dataclass
from typing import cast

import numpy as np

from closetspace.domain.encoding import FloatArray

IMAGE_SHARE, TEXT_SHARE, COLOUR_SHARE = 0.4, 0.4, 0.2
"""Of the cosine between two garments of which everything is known; measured in DESIGN.md."""

_NOTHING = 1e-6  # a norm below it is rounding, not a direction


@dataclass(frozen=True)
class Blocks:
    """Features of one garment: image ``(i,)``, text ``(t,)`` and colour ``(c,)``, each ``float32`` or missing."""

    image: FloatArray | None = None
    text: FloatArray | None = None
    colour: FloatArray | None = None
    colour_trust: float = 1.0


@dataclass(frozen=True)
class BlockMeans:
    """The training means of the three blocks; their sizes are the sizes of the blocks."""

    image: FloatArray
    text: FloatArray
    colour: FloatArray

    def join(self, blocks: Blocks) -> FloatArray:
        """Centre each block on its mean, scale it to unit length, weigh it: ``(i + t + c,) float32``.

        A block that is missing is zeros, so it neither attracts nor repels. The weights are square roots,
        because a share of a cosine is a product of two of them.
        """
        return np.concatenate(
            [
                _part(blocks.image, self.image, IMAGE_SHARE**0.5),
                _part(blocks.text, self.text, TEXT_SHARE**0.5),
                _part(blocks.colour, self.colour, COLOUR_SHARE**0.5 * blocks.colour_trust),
            ]
        )


@dataclass(frozen=True)
class Fusion:
    """What was fitted on training garments.

    ``projection`` is ``(i + t + c, dim) float32``, the principal directions of joined blocks; ``unknown`` is
    ``(dim,)`` of unit length; the head is ``(i + t + c, categories)`` with a bias ``(categories,)``.
    """

    means: BlockMeans
    projection: FloatArray
    unknown: FloatArray
    head: FloatArray
    head_bias: FloatArray

    def vector(self, joined: FloatArray) -> FloatArray:
        """Project joined blocks to ``(dim,) float32`` of unit length.

        A garment of which nothing is known looks like the average garment: it gets ``unknown``.
        """
        projected = joined @ self.projection
        norm = float(np.linalg.norm(projected))
        # Written so that NaN fails it too.
        return cast(FloatArray, projected / np.float32(norm)) if norm > _NOTHING else self.unknown.copy()

    def category(self, joined: FloatArray) -> tuple[int, float]:
        """Return the likeliest category's index and its softmax share."""
        logits = joined @ self.head + self.head_bias
        likelihoods = np.exp(logits - logits.max())
        best = int(likelihoods.argmax())
        return best, float(likelihoods[best] / likelihoods.sum())


def _part(block: FloatArray | None, mean: FloatArray, weight: float) -> FloatArray:
    if block is None:
        return np.zeros_like(mean)
    centred = block - mean
    norm = float(np.linalg.norm(centred))
    if not _NOTHING < norm < np.inf:
        return np.zeros_like(mean)
    return cast(FloatArray, centred * np.float32(weight / norm))
