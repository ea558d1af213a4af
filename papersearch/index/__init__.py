"""The index on disk: its format (docs/format.md), its manifest, and its life cycle.

A build is published as a generation, locked against other builds, verified, and resumed if it was
interrupted.
"""
