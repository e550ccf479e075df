"""A person: opinions, preferences and what they were shown."""
