"""What a process of the functions loads, and that every process recommends the same."""

import gzip
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from closetspace.domain.ranking.query import RankingQuery
from closetspace.domain.ranking.ranking import rank
from tests.support.paths import REPOSITORY
from tests.support.structured import build_catalog_index, profile_of, random_closet, ranked_pieces

RANK = """
import sys
from pathlib import Path
from closetspace.adapters.index.reader import Bundle
from closetspace.domain.ranking.query import RankingQuery
from closetspace.domain.ranking.ranking import rank
from tests.support.structured import profile_of, random_closet, ranked_pieces

index = Bundle(Path(sys.argv[1]), exact_scan_items=10_000)
query = RankingQuery(30, seed=11, explore=0.7, serendipity=0.3, mix=0.4)
print(*(piece.id for piece in ranked_pieces(index, rank(profile_of(random_closet(3)), index, query))))
"""

LIST_HEAVY_MODULES = """
import sys
import closetspace.adapters.index.reader, closetspace.api.requests, closetspace.api.responses
import closetspace.services.recommend
from closetspace.bootstrap import encoder_id
from closetspace.settings import Settings

encoder_id(Settings())
print([name for name in ("torch", "onnxruntime", "tokenizers", "PIL") if name in sys.modules])
"""


def run_python(code: str, *arguments: str, **environment: str) -> str:
    """Run code in a new interpreter and return what it prints."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **environment}, cwd=REPOSITORY
    )
    return done.stdout


def test_same_seed_gives_the_same_list_in_another_process(tmp_path: Path) -> None:
    index = build_catalog_index(tmp_path)
    query = RankingQuery(30, seed=11, explore=0.7, serendipity=0.3, mix=0.4)
    expected = [piece.id for piece in ranked_pieces(index, rank(profile_of(random_closet(3)), index, query))]
    for hash_seed in ("1", "2"):
        assert run_python(RANK, str(tmp_path), PYTHONHASHSEED=hash_seed).split() == expected


def test_recommending_loads_no_encoder_library() -> None:
    """The function that recommends has to start fast."""
    assert run_python(LIST_HEAVY_MODULES).strip() == "[]"


CONFIGURE_TRACING = """
import sys
from closetspace.adapters.tracing import configure_tracing
from closetspace.settings import Settings

configure_tracing(Settings(trace_share=1.0))
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


def test_tracer_is_not_imported_before_the_first_request() -> None:
    assert run_python(CONFIGURE_TRACING).strip() == "[]"


SEND_SPANS = """
from closetspace.adapters.tracing import configure_tracing
from closetspace.settings import Settings
from closetspace.spans import span

configure_tracing(Settings(trace_share=1.0))
with span("recommend"), span("rank"):
    pass
"""


def test_spans_reach_the_collector_that_the_environment_names() -> None:
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        run_python(SEND_SPANS, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    [(path, spans)] = received
    assert path == "/v1/traces"
    assert b"recommend" in gunzipped(spans)
    assert b"rank" in gunzipped(spans)


def gunzipped(data: bytes) -> bytes:
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
