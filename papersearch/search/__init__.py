"""The query path."""
