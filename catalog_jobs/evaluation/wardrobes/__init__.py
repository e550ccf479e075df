"""Evaluation of recommendations: our method beside baselines, for personas and real closets."""
