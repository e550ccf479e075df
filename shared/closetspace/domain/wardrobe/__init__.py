"""Wardrobes: items as their owners write them, the plan and state of each item, and the closet of their vectors."""
