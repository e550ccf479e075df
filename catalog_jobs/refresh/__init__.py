"""The catalog kept fresh: from what shops say to a published index, or everything as it was and why."""
