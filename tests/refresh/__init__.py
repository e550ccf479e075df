"""Tests of the catalog's refresh, from what decides it to the command as a user runs it."""
