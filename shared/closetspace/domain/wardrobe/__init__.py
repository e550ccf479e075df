"""A person's items: what their owner wrote, the plan for each, and the closet of what was embedded."""
