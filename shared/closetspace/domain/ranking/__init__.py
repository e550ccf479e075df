"""Ranking: candidates, scores, re-ranking, reasons and paging."""
