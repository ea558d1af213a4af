"""Answers of saved searches, and what is new to them: common to the verbs `saved run` and `saved digest`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from papersearch.cli.errors import CommandError, complain
from papersearch.cli.exit_codes import EXIT_ERROR, EXIT_HITS, EXIT_NO_HITS
from papersearch.cli.hints import explained
from papersearch.cli.index_access import filters_for, open_at
from papersearch.cli.notices import warn_if_partial, warn_if_stale, warn_of_mode, warn_of_reading, warn_of_undated
from papersearch.cli.output.terminal import typed_text
from papersearch.types import NO_FILTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from papersearch.api import Index
    from papersearch.cli.locations import Locations
    from papersearch.saved import SavedSearch
    from papersearch.seen import News, Reader
    from papersearch.types import Filters, Results

Answer = TypeVar("Answer")


class NewPapers(NamedTuple):
    """What is new to searches.

    searches: the file that has them
    answers: those that were answered
    has_failed: some could not be answered
    """

    opened: Index
    searches: Path
    answers: Sequence[tuple[SavedSearch, News]]
    has_failed: bool

    @property
    def exit_code(self) -> int:
        """Tell that a search failed, that there is something new, or that there is nothing."""
        if self.has_failed:
            return EXIT_ERROR
        return EXIT_HITS if any(news.results.hits for _, news in self.answers) else EXIT_NO_HITS


def wanted_searches(names: Sequence[str]) -> list[SavedSearch]:
    """Read the searches of these names, each once, or all of them. Raises SavedSearchError."""
    from papersearch import saved
    from papersearch.cli.locations import find_searches
    from papersearch.errors import UnknownSearch
    from papersearch.text.cleaning import clean_text

    path = find_searches()
    searches = saved.read(path)
    if not searches:
        raise CommandError(f"{path} has no searches", 'papersearch saved add pipelines "pipeline bubbles"')
    wanted = list(dict.fromkeys(clean_text(typed_text(name)) for name in names)) or list(searches)
    for name in wanted:
        if name not in searches:
            raise UnknownSearch(path=path, name=name)
    return [searches[name] for name in wanted]


def answers_of(
    searches: Sequence[SavedSearch], answer: Callable[[SavedSearch], Answer]
) -> tuple[list[tuple[SavedSearch, Answer]], bool]:
    """Answer searches; one that fails is named on stderr, and the others go on. Tell whether one failed."""
    from papersearch.errors import LimitExceeded, NothingEncoded, QueryError, UnknownTag

    answers: list[tuple[SavedSearch, Answer]] = []
    for search in searches:
        try:
            answers.append((search, answer(search)))
        except (QueryError, NothingEncoded, UnknownTag, LimitExceeded) as error:  # a name may be gone
            message, hint = explained(error)
            complain(f"{search.name}: {message}", hint)
    return answers, len(answers) < len(searches)


def warn_of_encoding(opened: Index, searches: Sequence[SavedSearch]) -> None:
    """Say how many papers are encoded, where an answer depends on it."""
    if opened.encoded.n_encoded and any(search.mode != "keyword" for search in searches):
        warn_if_partial(opened, opened.encoded, "hybrid")


def warn_of_answer(opened: Index, search: SavedSearch, results: Results) -> None:
    """Say what is to be said of an answer."""
    if results.mode_reason:
        warn_of_mode(opened, results.mode_reason, search.name)
    warn_of_reading(results)
    warn_of_undated(results)


def filters_among(search: SavedSearch, among: Filters) -> Filters:
    """Return the filters of a search, with the papers of `among` as those to search within and without."""
    return search.filters.replace(within=among.within, without=among.without)


def narrowed(opened: Index, search: SavedSearch, among: Filters) -> SavedSearch:
    """Return a search with filters as the index can apply them: papers by their ids, and marks as papers.

    among: the papers to search within and without, by ids; common to all searches, they are looked up once
    """
    from papersearch.cli.narrowing import marked

    return search._replace(filters=marked(opened, filters_among(search, among), search.marked))


@contextmanager
def new_papers(
    names: Sequence[str], locations: Locations, reader: Reader, k: int | None, among: Filters = NO_FILTERS
) -> Iterator[NewPapers]:
    """Yield at most `k` new papers of each search; when the block ends without an error, they are shown.

    Other processes that show new papers of the same searches wait meanwhile.
    """
    from papersearch import seen
    from papersearch.cli.locations import find_searches

    path, wanted = find_searches(), wanted_searches(names)
    with seen.taking_turns(path):
        opened = open_at(locations.index_path)
        known = seen.Seen(path, opened.place, reader)
        among_ids = filters_for(opened, among)

        def news(search: SavedSearch) -> News:
            found = seen.news_of(opened, narrowed(opened, search, among_ids), known.record(search.name), k)
            return found._replace(results=found.results.replace(filters=filters_among(search, among)))

        found = NewPapers(opened, path, *answers_of(wanted, news))
        if reader == "run" or found.exit_code == EXIT_HITS:  # cron sends mail for any output
            warn_if_stale(opened, locations)
            warn_of_encoding(opened, wanted)
            _warn_of_news(found)
        yield found
        known.keep({search.name: news.record for search, news in found.answers})


def _warn_of_news(found: NewPapers) -> None:
    for search, news in found.answers:
        is_doubted = news.results.undated is not None and news.results.undated.papers
        results = news.results if is_doubted else news.results.replace(undated=None)
        warn_of_answer(found.opened, search, results)
        if news.n_more:
            complain(f"{search.name}: {news.n_more:,} more new papers come with the next run", "")
