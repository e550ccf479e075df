"""The processor time of each stage of a request: ``python -m catalog_jobs.benchmarks.stages UID`` prints JSON.

It runs in the deployed functions' folder and their environment, against the stack that the environment variables name.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module

LISTS = 10
"""That the person has been shown before: as many as are kept."""

WARM_UP, ROUNDS, REPEATS = 20, 5, 60


def measure(uid: str) -> dict[str, float]:
    """Return the milliseconds of processor time per request that each stage takes."""
    # First, because it sets how many threads linear algebra has, which numpy reads as it is imported.
    settings = import_module("main").settings

    from closetspace.api.requests import RecommendRequest
    from closetspace.api.responses import RecommendResponse
    from closetspace.bootstrap import Services
    from closetspace.domain.ranking.closet_features import closet_features
    from closetspace.domain.ranking.recommend import recommend
    from closetspace.services.closet_progress import count_processing

    services = Services(settings)
    person = services.people.person(uid)
    index = services.live_index.get(person.closet.coverage)
    priors = services.priors.get(index.encoder_id)
    features = closet_features(person, index, priors)
    for seed in range(LISTS):
        page = recommend(person, RecommendRequest.parse({}).to_domain(seed), index, priors, features)
        services.people.remember_shown(uid, person.shown.with_page(seed, page.shown))
        person = services.people.person(uid)
    request = RecommendRequest.parse({}).to_domain(LISTS)
    return {
        "reading the person": _milliseconds(lambda: services.people.person(uid)),
        "counting the items in progress": _milliseconds(lambda: count_processing(services.usage, uid)),
        "ranking": _milliseconds(lambda: recommend(person, request, index, priors, features)),
        "the answer as JSON": _milliseconds(lambda: json.dumps(RecommendResponse.data(page))),
        "remembering what was shown": _milliseconds(lambda: services.people.remember_shown(uid, person.shown)),
    }


def _milliseconds(work: Callable[[], object]) -> float:
    """Return the least average of several rounds, because other programs disturb some."""
    for _ in range(WARM_UP):
        work()
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(REPEATS):
            work()
        rounds.append((time.process_time() - started) / REPEATS * 1000)
    return min(rounds)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
