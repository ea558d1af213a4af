"""Evaluation: many queries at once, and the quality of their answers.

Topics and qrels are read, runs are made, and ir-measures computes the measures.
"""
