"""Ingest: dumps become papers.

`corpus_files` lists the files, `reading` reads each with the parser of its format, `identity`
decides which appearances are one paper, and `merging` merges them.
"""
