"""The callables without the function around them: a client's data in, the answer as the client gets it out."""

import secrets
from typing import Any

from closetspace.api.requests import FeedbackRequest, RecommendRequest
from closetspace.api.responses import RecommendResponse
from closetspace.domain.person.opinions import OpinionKind
from closetspace.domain.ranking.recommendation import Request
from closetspace.services.recommend import Recommender


def parse_recommend(data: Any) -> Request:
    return RecommendRequest.parse(data).to_domain(secrets.randbits(48))


def parse_feedback(data: Any) -> tuple[str, OpinionKind | None]:
    request = FeedbackRequest.parse(data)
    return request.item_id, request.opinion()


def ask(recommender: Recommender, uid: str = "ann", **data: Any) -> dict[str, Any]:
    return RecommendResponse.of(recommender.recommend(uid, parse_recommend(data))).model_dump(by_alias=True)
