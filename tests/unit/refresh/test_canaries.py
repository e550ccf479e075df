"""Canaries: the lists of drawn closets, beside those of another index and of a ranking of all items."""

from functools import partial
from pathlib import Path

import pytest

from catalog_jobs.refresh.canaries import agreement, overlap
from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Candidates, Mask, Score
from tests.support.indexes import ENCODER, NOW, contents

PRIORS = EncoderPriors(ENCODER.heads)


class ForgetfulBundle(Bundle):
    """An index that finds half of the items, as one with a fault in its search would."""

    def candidates(self, category: str, query: FloatArray, limit: int, mask: Mask | None, score: Score) -> Candidates:
        found = super().candidates(category, query, limit, mask, score)
        if self.is_exact:
            return found
        return Candidates(found.rows[::2], found.vectors[::2], found.spread[::2], found.attributes[::2])

    is_exact = False

    def scanning_all(self) -> "ForgetfulBundle":
        exact = super().scanning_all()
        assert isinstance(exact, ForgetfulBundle)
        exact.is_exact = True
        return exact


@pytest.mark.parametrize("write", [write_bundle, partial(write_bundle, annoy_items=0)], ids=["Annoy", "cells"])
@pytest.mark.parametrize("exact_scan_items", [0, 10_000])
def test_lists_of_a_sound_index_agree_with_a_ranking_of_all_items(
    tmp_path: Path, write: partial[object], exact_scan_items: int
) -> None:
    write(tmp_path, contents(), NOW)
    assert agreement(Bundle(tmp_path, exact_scan_items=exact_scan_items), lambda _: PRIORS) == 1.0


def test_lists_of_an_index_that_finds_half_do_not_agree(tmp_path: Path) -> None:
    write_bundle(tmp_path, contents(), NOW)
    found = agreement(ForgetfulBundle(tmp_path, exact_scan_items=0), lambda _: PRIORS)
    assert 0.3 < found < 0.7


def test_index_that_scans_all_items_need_not_be_measured(tmp_path: Path) -> None:
    write_bundle(tmp_path, contents(), NOW)
    index = Bundle(tmp_path, exact_scan_items=100)
    assert index.scans_all
    assert agreement(index, lambda _: PRIORS) == 1.0
    assert not Bundle(tmp_path, exact_scan_items=99).scans_all
    assert index.scanning_all().scans_all


def test_index_overlaps_itself_wholly_and_one_of_other_items_not_at_all(tmp_path: Path) -> None:
    bundles = []
    for catalog in ("one", "two"):
        (tmp_path / catalog).mkdir()
        write_bundle(tmp_path / catalog, contents(60, catalog), NOW)
        bundles.append(Bundle(tmp_path / catalog, exact_scan_items=10_000))
    one, two = bundles
    assert overlap(one, one, lambda _: PRIORS) == 1.0
    # Only items that both have count, and they have none in common.
    assert overlap(one, two, lambda _: PRIORS) == 1.0
