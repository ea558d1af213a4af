"""Dumps to papers: find the files (`files`), read them (`reading`, by one parser per dump
format), merge what is the same (`merging`)."""
