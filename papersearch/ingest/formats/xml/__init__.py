"""Formats in XML: one module per format, chosen by the first element, over one streaming reader.

Entities that a file declares are not expanded, and nothing outside the file is fetched.
"""
