"""What the ResNet50 autoencoder's features become: one unweighted vector, and attribute heads beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.encoders.training.calibration import fit_temperature
from catalog_jobs.encoders.training.extra import train_module
from closetspace.domain.encoder.vectors import FloatArray

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

_DECAY, _STEPS = 1e-6, 150
_NOTHING = 1e-6  # a shorter vector has no direction

UNKNOWN = -1


@dataclass(frozen=True)
class Features:
    """What is known of ``n`` garments.

    ``image`` is ``(n, 2048)``, ``text`` ``(n, 2, 384)`` with zeros where there is none, ``labels`` ``(n,)``
    indices by attribute, `UNKNOWN` where nothing is known.
    """

    image: FloatArray
    text: FloatArray
    labels: Mapping[str, NDArray[np.int64]]

    def cases(self) -> list[tuple[Any, Any, Any, Any]]:
        """Return the fusion's inputs for these garments: their photo alone, their text alone, both."""
        image, text = torch.from_numpy(self.image), torch.from_numpy(self.text)
        seen, named = torch.ones(len(image), 1), text.abs().amax(2).gt(0).float()
        none, unnamed = torch.zeros_like(seen), torch.zeros_like(named)
        return [
            (image, seen, torch.zeros_like(text), unnamed),
            (torch.zeros_like(image), none, text, named),
            (image, seen, text, named),
        ]


class AutoencoderFusion(nn.Module):  # type: ignore[misc, name-defined]
    """Features to vectors and probabilities: the ``fusion.onnx`` of the encoder.

    The vector is image, brand and name, ``2048 + 2 * 384``, as they come: the prototype's. The heads see the
    image's features centred and of unit length, as long as a text's.
    """

    def __init__(self, labels: Mapping[str, int], mean: Any, average: Any) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("average", average)
        self.heads = nn.ModuleDict({attribute: nn.Linear(len(average), n) for attribute, n in labels.items()})
        for head in self.heads.values():
            nn.init.zeros_(head.weight)  # the fit has one solution, and a block without examples stays silent
            nn.init.zeros_(head.bias)
        # A temperature each for what is seen: photo alone, text alone, both.
        self.register_buffer("temperatures", torch.ones(len(labels), 3))

    def inputs(self, image: Any, has_image: Any, text: Any, has_text: Any) -> Any:
        """Return what the heads see, ``(n, 2816)``."""
        centred = functional.normalize(image - self.mean, dim=1)
        return _joined(centred, has_image, text, has_text)

    def forward(self, image: Any, has_image: Any, text: Any, has_text: Any) -> tuple[Any, ...]:
        vector = _joined(image, has_image, text, has_text)
        is_nothing = (vector.norm(dim=1, keepdim=True) < _NOTHING).float()
        inputs = self.inputs(image, has_image, text, has_text)
        named = has_text.amax(1, keepdim=True)
        case = torch.cat([has_image * (1 - named), named * (1 - has_image), has_image * named], 1)
        shares = [
            torch.softmax(head(inputs) / (1 + case @ (self.temperatures[place][:, None] - 1)), dim=1)
            for place, head in enumerate(self.heads.values())
        ]
        return functional.normalize(vector + is_nothing * self.average, dim=1), *shares


def fit_fusion(train: Features, validation: Features, vocabulary: Mapping[str, Sequence[str]]) -> AutoencoderFusion:
    """Fit the heads on ``train``, and their temperatures on ``validation``; equal features give equal heads."""
    image = torch.from_numpy(train.image)
    vectors = functional.normalize(_joined(*train.cases()[-1]), dim=1)
    labels = {attribute: len(words) for attribute, words in vocabulary.items()}
    fusion = AutoencoderFusion(labels, image.mean(0), functional.normalize(vectors.mean(0), dim=0))
    for attribute, head in fusion.heads.items():
        _fit_head(head, fusion, train, attribute)
    _calibrate(fusion, validation)
    fusion.eval()
    return fusion


def _joined(image: Any, has_image: Any, text: Any, has_text: Any) -> Any:
    return torch.cat([image * has_image, (text * has_text[:, :, None]).flatten(1)], 1)


def _fit_head(head: Any, fusion: AutoencoderFusion, train: Features, attribute: str) -> None:
    """Fit a softmax regression on garments of which the photo, the text, or both are known."""
    labels = torch.from_numpy(train.labels[attribute])
    known = labels != UNKNOWN
    if not bool(known.any()):
        return
    inputs = torch.cat([fusion.inputs(*case)[known] for case in train.cases()])
    targets = labels[known].repeat(3)
    optimiser = torch.optim.LBFGS(head.parameters(), max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> object:
        optimiser.zero_grad()
        value = functional.cross_entropy(head(inputs), targets) + _DECAY * head.weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)


def _calibrate(fusion: AutoencoderFusion, validation: Features) -> None:
    with torch.no_grad():
        for number, case in enumerate(validation.cases()):
            inputs = fusion.inputs(*case)
            for place, (attribute, head) in enumerate(fusion.heads.items()):
                labels = validation.labels[attribute]
                known = labels != UNKNOWN
                fusion.temperatures[place, number] = fit_temperature(head(inputs).numpy()[known], labels[known])
