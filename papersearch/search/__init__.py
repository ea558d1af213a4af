"""The query path: from a parsed query to results."""
