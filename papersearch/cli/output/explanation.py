"""The explanation of a score, for people: a tree of signals and terms."""

from __future__ import annotations

from rich.text import Text

from papersearch.cli.output.reasons import word_of
from papersearch.cli.output.terminal import FAINT
from papersearch.text.cleaning import clean_text
from papersearch.types import Hit, SignalScore


def explanation_tree(hit: Hit, width: int | None, ascii_only: bool, margin: int) -> list[Text]:
    """Draw a branch per signal with its contribution, and one per term below the keyword signal."""
    branch, last, stem = ("|- ", "`- ", "|  ") if ascii_only else ("├─ ", "└─ ", "│  ")
    explanation = hit.explanation
    if explanation is None:
        return []
    held = f"{word_of(hit)}: holds {explanation.coverage:.0%} of the query's words, by rarity;"
    summed = f"score {hit.score:.3f}, the sum of"
    fits = width is None or margin + len(f"{held} {summed}") <= width
    lines = [*_reranking(hit), *([f"{held} {summed}"] if fits else [held, summed])]
    for number, signal in enumerate(explanation.signals, 1):
        is_last = number == len(explanation.signals)
        share = f"{signal.contribution:.3f}  {signal.name}"
        if signal.name != "exact title":
            share += f"  {signal.weight:.3f} × {signal.normalised:.3f}  ({_raw_score(signal)})"
        lines.append((last if is_last else branch) + share)
        if signal.name == "keyword":
            below = " " * len(stem) if is_last else stem
            for place, term in enumerate(explanation.terms, 1):
                twig = last if place == len(explanation.terms) else branch
                kind = "" if term.kind == "term" else f"  ({term.kind})"
                lines.append(f"{below}{twig}{term.impact:.2f}  {clean_text(term.term)}{kind}")
    shown = [Text(" " * margin + line, style=FAINT) for line in lines]
    if width is not None:
        for text in shown:
            text.truncate(width, overflow="ellipsis")
    return shown


def _reranking(hit: Hit) -> list[str]:
    if hit.rerank_score is None:
        return []
    return [f"reranked by {hit.rerank_score:.4f}, from place {hit.rank_before}"]


def _raw_score(signal: SignalScore) -> str:
    """Return the signal's own score with its unit."""
    if signal.expected:
        return f"cosine {signal.score:.3f} expected, not encoded yet"
    if signal.name == "neighbours":
        return "mean score of the papers like it"
    return f"BM25 {signal.score:.2f}" if signal.name == "keyword" else f"cosine {signal.score:.3f}"
