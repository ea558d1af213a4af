"""Shards of an index on a Ray cluster: building them there, and serving from them.

No other folder imports Ray, and only commands with `--ray` import this one.
"""
