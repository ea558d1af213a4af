"""Parsers of dump formats, one module each."""
