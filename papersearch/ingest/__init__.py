"""Ingest: dumps become papers.

`corpus_files` lists the files, `reading` reads each with the parser of its format, and `merging`
merges the appearances of one paper.
"""
