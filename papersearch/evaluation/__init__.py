"""Many queries at once, and how good the answers are: topics, qrels, runs, measures."""
