"""Every error a caller may want to catch, as one tree of families and their members.

    PapersearchError
    ├── QueryError            the query or an option of it cannot be read
    │     EmptyQuery, QueryTooLong, QueryTooComplex, OnlyExclusions, UnclosedQuote, UnindexedClause,
    │     NothingToCompare, LibraryEmpty, InvalidDate, EmptyDateRange, InvalidYear, UnknownFilterValue,
    │     AmbiguousDump, InstructionRefused
    ├── CorpusError           the corpus gives nothing to index
    │     CorpusMissing, NothingToIndex
    ├── StoredIndexError      the index on disk cannot be used
    │     IndexMissing, IndexForeign, IndexVersionError, IndexDamaged, IndexUnreadable,
    │     IndexNotWritable, IndexBusy, NoEarlierGeneration, IndexInParts, PartsNotJoined, PartUnusable,
    │     WeightsUnreadable
    ├── ModelError            the encoder cannot be used
    │     ModelUnusable, ModelUnconverted, ModelNeedsCode, ModelNotPublished,
    │     ModelGone, ModelChanged, ModelDamaged, UnknownPrecision, DeviceUnusable,
    │     NothingEncoded, RerankerUnusable
    ├── SavedSearchError      saved searches cannot be read, written or found
    │     SearchesUnreadable, SearchesNotWritable, SearchExists, UnknownSearch
    ├── MarksError            marks of papers cannot be read, written or found
    │     MarksUnreadable, MarksNotWritable, InvalidMark, UnknownTag
    ├── ServerError           the server of an index cannot be asked
    │     InvalidAddress, InvalidTimeout, TokenUnreadable, ServerUnreachable, ServerSilent, ServerForeign,
    │     TokenRefused, ReleaseRefused, GenerationGone, ServerBusy, ServerFailed,
    │     LimitExceeded, NotServed, CannotListen
    ├── EvaluationError       topics or judgements cannot be read or used
    │     TopicsUnreadable, QrelsUnreadable, JudgementsNotWritable, TuningImpossible
    ├── PaperLookupError      a name does not lead to one paper
    │     PaperNotFound, AmbiguousPaper
    ├── ClusterError          the shards of an index cannot be asked
    │     ClusterUnusable, ShardUnanswered, ShardRefused
    └── MapError              a map cannot be drawn
          MapUnavailable, MapTooLarge

Each has a `message` (what failed, where, and why) and its particulars as fields. The next
command to type is not here: the command line composes it from an error's type and fields.
The tree stays in one file, however long, so that a caller finds what to catch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path


class PapersearchError(Exception):
    """Base of all errors raised on purpose. Its subclasses add fields."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __repr__(self) -> str:
        fields = {name: value for name, value in vars(self).items() if name[0] != "_" and name != "message"}
        shown = fields or {"message": self.message}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is rebuilt from its positional arguments, and fields are keywords.
        return _blank, (type(self), self.args), vars(self)


def _blank(kind: type[PapersearchError], arguments: tuple[Any, ...]) -> PapersearchError:
    """Make an error whose fields are still to be set, without its constructor."""
    return kind.__new__(kind, *arguments)


class QueryError(PapersearchError):
    """The query, or an option of it, cannot be read."""


class EmptyQuery(QueryError):
    """The query has no characters."""

    def __init__(self) -> None:
        super().__init__("the query is empty")


class QueryTooLong(QueryError):
    """The query has `length` characters, more than `limit`."""

    def __init__(self, *, length: int, limit: int) -> None:
        super().__init__(f"cannot read a query of {length:,} characters: the limit is {limit:,}")
        self.length = length
        self.limit = limit


class QueryTooComplex(QueryError):
    """The query has `n_found` of `what`, more than `limit`."""

    def __init__(self, *, what: str, n_found: int, limit: int) -> None:
        super().__init__(f"cannot read a query of {n_found:,} {what}: the limit is {limit:,}")
        self.what = what
        self.n_found = n_found
        self.limit = limit


class OnlyExclusions(QueryError):
    """The query excludes words and has no word to rank by."""

    def __init__(self) -> None:
        super().__init__("the query only excludes: it has no word to rank by")


class UnclosedQuote(QueryError):
    """The quotation mark at `position` in `query` is never closed."""

    def __init__(self, *, query: str, position: int) -> None:
        start = max(0, position - 30)
        caret = " " * (position - start) + "^"
        super().__init__(f"a quotation mark is never closed:\n  {query[start : position + 30]}\n  {caret}")
        self.query = query
        self.position = position


class InvalidYear(QueryError):
    """The `clause` of a query names no year and no range of years, or one that ends before it begins."""

    def __init__(self, *, clause: str, is_reversed: bool) -> None:
        cause = "the range ends before it begins" if is_reversed else "expected a year or a range of years"
        super().__init__(f"cannot read {clause}: {cause}")
        self.clause = clause
        self.is_reversed = is_reversed


class UnindexedClause(QueryError):
    """The required or excluded `clause` holds no indexed word."""

    def __init__(self, *, clause: str) -> None:
        super().__init__(f"cannot look for {clause}: it has only stop words or punctuation, which are not indexed")
        self.clause = clause


class NothingToCompare(QueryError):
    """A search for similar papers has neither a paper nor a text."""

    def __init__(self) -> None:
        super().__init__("expected a paper or a text to be similar to")


class LibraryEmpty(QueryError):
    """A library to which papers are compared has none itself."""

    def __init__(self) -> None:
        super().__init__("expected a library of at least one paper")


class InvalidDate(QueryError):
    """The `value` of the filter `field` is not a date."""

    def __init__(self, *, field: Literal["since", "until", "added_since"], value: str) -> None:
        known = "2024, 2024-06, 2024-06-15, 7d, 2 weeks, 3 months, today, monday, last week or this month"
        super().__init__(f"{field} {value!r} is not a date: expected such as {known}")
        self.field = field
        self.value = value


class EmptyDateRange(QueryError):
    """The range of dates ends before it begins."""

    def __init__(self, *, since: str, until: str) -> None:
        super().__init__(f"since {since} is after until {until}: no date can match")
        self.since = since
        self.until = until


class UnknownFilterValue(QueryError):
    """The filter `field` has a `value` that the index does not have.

    `nearest` are the values most like it, best first; `known` are all values, or the first of many.
    `in_query`: a clause of the query names it.
    """

    def __init__(
        self,
        *,
        field: Literal["authors", "categories", "venues", "organisations", "dumps"],
        value: str,
        nearest: tuple[str, ...],
        known: tuple[str, ...],
        in_query: bool = False,
    ) -> None:
        instead = f": did you mean {_either(nearest)}?" if nearest else ""
        one = "category" if field == "categories" else field.removesuffix("s")
        super().__init__(f"unknown {one} {value!r}{instead}")
        self.field = field
        self.value = value
        self.nearest = nearest
        self.known = known
        self.in_query = in_query


class AmbiguousDump(QueryError):
    """The `value` of the filter `dumps` is the last part of several names: `candidates`."""

    def __init__(self, *, value: str, candidates: tuple[str, ...]) -> None:
        super().__init__(f"the dump {value!r} is ambiguous: expected {_either(candidates)}")
        self.value = value
        self.candidates = candidates


class InstructionRefused(QueryError):
    """The model `name` takes no instruction: its `prefix` of queries has no place for one."""

    def __init__(self, *, name: str, prefix: str) -> None:
        found = f"its queries begin with {prefix!r}, a fixed text" if prefix else "its queries have no prefix"
        super().__init__(f"cannot give the model {name} an instruction: {found}")
        self.name = name
        self.prefix = prefix


class CorpusError(PapersearchError):
    """The corpus is missing, empty, or holds nothing that can be indexed."""


class CorpusMissing(CorpusError):
    """The file or folder `path` is to be indexed, and does not exist."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(f"cannot read {path}: no such file or folder")
        self.path = path


class NothingToIndex(CorpusError):
    """The files and folders `places` hold no paper; `reasons` has one phrase for each file.

    n_left_out: papers that were left out for want of an abstract
    """

    def __init__(self, *, places: tuple[Path, ...], reasons: tuple[str, ...], n_left_out: int = 0) -> None:
        listed = "; ".join(reasons[:3]) or "it has no dumps"
        more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        super().__init__(f"cannot find a paper in {', '.join(map(str, places))}: {listed}{more}")
        self.places = places
        self.reasons = reasons
        self.n_left_out = n_left_out


class StoredIndexError(PapersearchError):
    """The index on disk cannot be used."""


class IndexMissing(StoredIndexError):
    """The folder `path` has no index."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(f"cannot find an index in {path}")
        self.path = path


class IndexForeign(StoredIndexError):
    """The folder `path` holds something that papersearch did not write."""

    def __init__(self, *, path: Path, cause: str) -> None:
        super().__init__(f"cannot use {path} as an index: {cause}")
        self.path = path
        self.cause = cause


class IndexVersionError(StoredIndexError):
    """Another release wrote the index: its `what` is `found`, and this release reads `readable`."""

    def __init__(
        self, *, path: Path, what: Literal["format", "analysis"], found: str, readable: str, is_newer: bool = False
    ) -> None:
        super().__init__(f"cannot read {path}: it has {what} {found}, and this release reads {what} {readable}")
        self.path = path
        self.what = what
        self.found = found
        self.readable = readable
        self.is_newer = is_newer


class IndexDamaged(StoredIndexError):
    """A file of the index is missing, short, or not as the manifest says.

    `file` is None if the fault occurred in use and its file is not known yet. `path` is None if
    a single line was read.
    """

    def __init__(self, *, path: Path | None, file: str | None, fault: str) -> None:
        super().__init__(f"{path or 'the index'} is damaged: {f'{file} ' if file else ''}{fault}")
        self.path = path
        self.file = file
        self.fault = fault


class IndexUnreadable(StoredIndexError):
    """The system refuses to read the file `path` of an index."""

    def __init__(self, *, path: Path, cause: str) -> None:
        super().__init__(f"cannot read {path}: {cause}")
        self.path = path
        self.cause = cause


class WeightsUnreadable(StoredIndexError):
    """The file `path` of tuned weights cannot be read."""

    def __init__(self, *, path: Path, cause: str) -> None:
        super().__init__(f"cannot read {path}: {cause}")
        self.path = path
        self.cause = cause


class IndexNotWritable(StoredIndexError):
    """The system refuses to write in the folder `path`; the previous index is untouched."""

    def __init__(self, *, path: Path, cause: str) -> None:
        super().__init__(f"cannot write {path}: {cause}; the previous index is untouched")
        self.path = path
        self.cause = cause


class IndexBusy(StoredIndexError):
    """Builds replaced the index at `path` again and again while it was opened."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(f"cannot open {path}: other builds keep replacing it")
        self.path = path


class NoEarlierGeneration(StoredIndexError):
    """The index at `path` has no generation before `generation`, the current one."""

    def __init__(self, *, path: Path, generation: int) -> None:
        super().__init__(f"cannot roll back {path}: it has no generation before {generation}")
        self.path = path
        self.generation = generation


class IndexInParts(StoredIndexError):
    """The index at `path` is built in `n_parts` parts, so it cannot be built in one go."""

    def __init__(self, *, path: Path, n_parts: int) -> None:
        super().__init__(f"cannot build {path} in one go: it is built in parts")
        self.path = path
        self.n_parts = n_parts


class PartsNotJoined(StoredIndexError):
    """The folder `path` has parts of an index, and no join has published it yet."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(f"cannot open {path}: its parts are not joined yet")
        self.path = path


class PartUnusable(StoredIndexError):
    """A part of the index at `path` cannot be joined; `name` says which, `fault` why.

    part: the number of the part to build, and the number of parts; None for a folder to remove
    """

    def __init__(self, *, path: Path, name: str, fault: str, part: tuple[int, int] | None) -> None:
        super().__init__(f"cannot join {path}: {name} {fault}")
        self.path = path
        self.name = name
        self.fault = fault
        self.part = part


class ModelError(PapersearchError):
    """The encoder's files are missing, are not the expected ones, or cannot be used.

    `index_path` is the index whose queries need them; None outside of a query.
    """

    index_path: Path | None = None


class ModelUnusable(ModelError):
    """The model `name`, a folder or a name of the hub, cannot be found or gives no vectors."""

    def __init__(self, *, name: str, cause: str) -> None:
        super().__init__(f"cannot use the model {name}: {cause}")
        self.name = name
        self.cause = cause


class ModelUnconverted(ModelError):
    """The weights of the model `name` are in a form that is not read: `found`, a clause.

    `is_convertible` tells whether sentence-transformers can save them as they are read.
    """

    def __init__(self, *, name: str, found: str, is_convertible: bool) -> None:
        super().__init__(f"cannot use the model {name}: {found}; they are read from model.safetensors alone")
        self.name = name
        self.found = found
        self.is_convertible = is_convertible


class ModelNeedsCode(ModelError):
    """The model `name` needs Python code that its authors publish beside it."""

    def __init__(self, *, name: str, cause: str) -> None:
        super().__init__(f"cannot use the model {name}: it needs code of its own, which is not run ({cause})")
        self.name = name
        self.cause = cause


class ModelNotPublished(ModelError):
    """The weights at `path` claim to be the default model `name`, and have another `sha256`."""

    def __init__(self, *, path: Path, name: str, sha256: str) -> None:
        super().__init__(f"{path} is not the published {name}: its SHA-256 is {sha256}")
        self.path = path
        self.name = name
        self.sha256 = sha256


class ModelGone(ModelError):
    """The model `name`, which an index was built with, is not on this machine."""

    def __init__(self, *, name: str) -> None:
        super().__init__(f"cannot find the model {name} on this machine any more")
        self.name = name


class ModelChanged(ModelError):
    """The model `name` in `folder` has other files than when an index was built with it."""

    def __init__(self, *, name: str, folder: Path) -> None:
        super().__init__(f"the model {name} in {folder} is not the one the index was built with")
        self.name = name
        self.folder = folder


class ModelDamaged(ModelError):
    """The file or folder `path` of a model cannot be read."""

    def __init__(self, *, path: Path, fault: str) -> None:
        super().__init__(f"cannot read {path}: {fault}")
        self.path = path
        self.fault = fault


class DeviceUnusable(ModelError):
    """The device `device` of torch is not there, is not usable, or lacks the memory for one text."""

    def __init__(self, *, device: str, cause: str) -> None:
        super().__init__(f"cannot use the device {device}: {cause}")
        self.device = device
        self.cause = cause


class UnknownPrecision(ModelError):
    """The environment's `variable` has a `value` outside `known`."""

    def __init__(self, *, variable: str, value: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown {variable}={value}: expected {_either(known)}")
        self.variable = variable
        self.value = value
        self.known = known


class NothingEncoded(ModelError):
    """The index was built from words: none of its `n_papers` papers has a vector yet."""

    def __init__(self, *, n_papers: int) -> None:
        super().__init__(f"cannot compare meanings: none of the {n_papers:,} papers is encoded yet")
        self.n_papers = n_papers


class RerankerUnusable(ModelError):
    """The model `name` gives no scores of a query and a text, or cannot be found or loaded.

    `is_convertible` tells whether sentence-transformers can save its weights as they are read.
    """

    def __init__(self, *, name: str, cause: str, is_convertible: bool = False) -> None:
        super().__init__(f"cannot rerank by the model {name}: {cause}")
        self.name = name
        self.cause = cause
        self.is_convertible = is_convertible


class SavedSearchError(PapersearchError):
    """Saved searches cannot be read, written or found."""


class SearchesUnreadable(SavedSearchError):
    """The file `path` of saved searches cannot be read."""

    def __init__(self, *, path: Path, cause: str) -> None:
        super().__init__(f"cannot read {path}: {cause}")
        self.path = path
        self.cause = cause


class SearchesNotWritable(SavedSearchError):
    """The file `path` of saved searches cannot be written."""

    def __init__(self, *, path: Path, cause: str) -> None:
        super().__init__(f"cannot write {path}: {cause}")
        self.path = path
        self.cause = cause


class SearchExists(SavedSearchError):
    """The file `path` has a search called `name` already."""

    def __init__(self, *, path: Path, name: str) -> None:
        super().__init__(f"cannot save {name}: {path} has a search of this name")
        self.path = path
        self.name = name


class UnknownSearch(SavedSearchError):
    """The file `path` has no search called `name`."""

    def __init__(self, *, path: Path, name: str) -> None:
        super().__init__(f"unknown search {name}: {path} has no search of this name")
        self.path = path
        self.name = name


class MarksError(PapersearchError):
    """Marks of papers cannot be read, written or found."""


class MarksUnreadable(MarksError):
    """The file `path` of marks cannot be read; `line`, from 1, where one line is at fault."""

    def __init__(self, *, path: Path, line: int | None = None, cause: str) -> None:
        super().__init__(f"cannot read {_place(str(path), line)}: {cause}")
        self.path = path
        self.line = line
        self.cause = cause


class MarksNotWritable(MarksError):
    """The file `path` of marks cannot be written."""

    def __init__(self, *, path: Path, cause: str) -> None:
        super().__init__(f"cannot write {path}: {cause}")
        self.path = path
        self.cause = cause


class InvalidMark(MarksError):
    """A tag or a note of `n_characters` cannot be kept: a tag has 1 to `limit`, a note has `limit` at most."""

    def __init__(self, *, what: Literal["tag", "note"], n_characters: int, limit: int) -> None:
        super().__init__(f"cannot keep a {what} of {n_characters:,} characters: the limit is {limit:,}")
        self.what = what
        self.n_characters = n_characters
        self.limit = limit


class UnknownTag(MarksError):
    """No paper has the tag `tag`.

    `nearest` are the tags most like it, best first; `known` are all tags.
    """

    def __init__(self, *, tag: str, nearest: tuple[str, ...], known: tuple[str, ...]) -> None:
        instead = f": did you mean {_either(nearest)}?" if nearest else ""
        super().__init__(f"unknown tag {tag!r}{instead}")
        self.tag = tag
        self.nearest = nearest
        self.known = known


class ServerError(PapersearchError):
    """The server of an index cannot be asked, or does not answer."""


class InvalidAddress(ServerError):
    """The `address` of a server cannot be read."""

    def __init__(self, *, address: str, cause: str) -> None:
        super().__init__(f"cannot read the address {address}: {cause}")
        self.address = address
        self.cause = cause


class InvalidTimeout(ServerError):
    """The environment's `variable` has a `value` that is not a number of seconds."""

    def __init__(self, *, variable: str, value: str) -> None:
        super().__init__(f"cannot read {variable}={value}: expected seconds, such as 20")
        self.variable = variable
        self.value = value


class TokenUnreadable(ServerError):
    """The token of a server cannot be read from `place`, a file or a variable."""

    def __init__(self, *, place: str, cause: str) -> None:
        super().__init__(f"cannot read the token in {place}: {cause}")
        self.place = place
        self.cause = cause


class ServerUnreachable(ServerError):
    """There is no connection to `address`, or it was cut."""

    def __init__(self, *, address: str, cause: str) -> None:
        super().__init__(f"cannot reach {address}: {cause}")
        self.address = address
        self.cause = cause


class ServerSilent(ServerError):
    """The server at `address` has not answered within `seconds`."""

    def __init__(self, *, address: str, seconds: float) -> None:
        super().__init__(f"cannot wait for {address} any longer: it has not answered within {seconds:g} s")
        self.address = address
        self.seconds = seconds


class ServerForeign(ServerError):
    """The answer of `address` is not one of papersearch, or is damaged."""

    def __init__(self, *, address: str, cause: str) -> None:
        super().__init__(f"cannot use the answer of {address}: {cause}")
        self.address = address
        self.cause = cause


class TokenRefused(ServerError):
    """The server at `address` refuses the token, or the request without one."""

    def __init__(self, *, address: str, is_given: bool) -> None:
        super().__init__(f"cannot use {address}: it {'refuses the token' if is_given else 'asks for a token'}")
        self.address = address
        self.is_given = is_given


class ReleaseRefused(ServerError):
    """The server at `address` is another release: its `what` is `found`, and the one here is `own`."""

    def __init__(self, *, address: str, what: Literal["release", "format"], found: str, own: str) -> None:
        super().__init__(f"cannot use {address}: it has {what} {found}, and this is {what} {own}")
        self.address = address
        self.what = what
        self.found = found
        self.own = own


class GenerationGone(ServerError):
    """The index at `address` was replaced after it was opened, and the one opened is not kept any more."""

    def __init__(self, *, address: str) -> None:
        super().__init__(f"cannot go on with {address}: the index was replaced since it was opened")
        self.address = address


class ServerBusy(ServerError):
    """The server at `address` has more requests than it takes in."""

    def __init__(self, *, address: str) -> None:
        super().__init__(f"cannot be answered by {address}: it has too many requests")
        self.address = address


class ServerFailed(ServerError):
    """The server at `address` found an error of its own; its standard error says more."""

    def __init__(self, *, address: str, cause: str) -> None:
        super().__init__(f"cannot be answered by {address}: {cause}")
        self.address = address
        self.cause = cause


class LimitExceeded(ServerError):
    """A request to a server has `n_found` of `what`, more than `limit`."""

    def __init__(self, *, what: str, n_found: int, limit: int) -> None:
        super().__init__(f"cannot ask a server for {n_found:,} {what}: the limit is {limit:,}")
        self.what = what
        self.n_found = n_found
        self.limit = limit


class NotServed(ServerError):
    """The index at `address` is on a server, which does not offer `what`."""

    def __init__(self, *, address: str, what: str) -> None:
        super().__init__(f"cannot {what}: the index at {address} is on a server")
        self.address = address
        self.what = what


class CannotListen(ServerError):
    """A server cannot listen at `address`."""

    def __init__(self, *, address: str, cause: str) -> None:
        super().__init__(f"cannot listen at {address}: {cause}")
        self.address = address
        self.cause = cause


class EvaluationError(PapersearchError):
    """Topics or judgements cannot be read, or do not fit together."""


class TopicsUnreadable(EvaluationError):
    """The topics in `file` cannot be read; `line`, from 1, where one line is at fault."""

    def __init__(self, *, file: str, line: int | None = None, cause: str) -> None:
        super().__init__(f"cannot read topics from {_place(file, line)}: {cause}")
        self.file = file
        self.line = line
        self.cause = cause


class QrelsUnreadable(EvaluationError):
    """The judgements in `file` cannot be read; `line`, from 1, where one line is at fault."""

    def __init__(self, *, file: str, line: int | None = None, cause: str) -> None:
        super().__init__(f"cannot read judgements from {_place(file, line)}: {cause}")
        self.file = file
        self.line = line
        self.cause = cause


class JudgementsNotWritable(EvaluationError):
    """The file `path` of judgements, or that of their topics, cannot be written."""

    def __init__(self, *, path: Path, cause: str) -> None:
        super().__init__(f"cannot write judgements to {path}: {cause}")
        self.path = path
        self.cause = cause


class TuningImpossible(EvaluationError):
    """Weights cannot be tuned, for `cause`; `index_path` is that of an index that has papers without a vector."""

    def __init__(self, *, cause: str, index_path: Path | None = None) -> None:
        super().__init__(f"cannot tune weights: {cause}")
        self.cause = cause
        self.index_path = index_path


class PaperLookupError(PapersearchError):
    """A name does not lead to one paper."""


class PaperNotFound(PaperLookupError):
    """No paper has an id that begins with `name`, or the title or citation key `name`.

    identifier: its usual form, if `name` is an identifier, such as an arXiv id in an address
    """

    def __init__(self, *, name: str, identifier: str | None = None) -> None:
        reason = "no paper has this id, title or citation key"
        if identifier is not None:
            reason = f"{identifier} is not in this collection"
        super().__init__(f"cannot find the paper {name!r}: {reason}")
        self.name = name
        self.identifier = identifier


class AmbiguousPaper(PaperLookupError):
    """`n_papers` papers have an id that begins with `name`, or share it as another name.

    `matched` tells how, as in "title", "citation key" or "DOI"; `candidates` holds up to ten of their ids.
    """

    def __init__(
        self,
        *,
        name: str,
        matched: str,
        n_papers: int,
        candidates: tuple[str, ...],
    ) -> None:
        how = "ids begin with it" if matched == "id" else f"papers have this {matched}"
        first = f"; the first {len(candidates)}" if n_papers > len(candidates) else ""
        super().__init__(f"{name!r} is ambiguous: {n_papers:,} {how}{first}: {', '.join(candidates)}")
        self.name = name
        self.matched = matched
        self.n_papers = n_papers
        self.candidates = candidates


class ClusterError(PapersearchError):
    """The shards of an index cannot be asked. Messages number shards from 1, as their folders are."""


class ClusterUnusable(ClusterError):
    """The cluster at `address` cannot be reached, or cannot take what it is given."""

    def __init__(self, *, address: str, cause: str) -> None:
        super().__init__(f"cannot use the cluster at {address}: {cause}")
        self.address = address
        self.cause = cause


class ShardUnanswered(ClusterError):
    """None of the `n_copies` of `shard`, numbered from 0, answers; `cause` is about the one asked last."""

    def __init__(self, *, shard: int, n_copies: int, cause: str) -> None:
        super().__init__(f"cannot ask shard {shard + 1}: none of its {n_copies} copies answers ({cause})")
        self.shard = shard
        self.n_copies = n_copies
        self.cause = cause


class ShardRefused(ClusterError):
    """A copy of `shard`, numbered from 0, has another `what` than it is asked for: `found` in place of `asked`."""

    def __init__(
        self, *, shard: int, what: Literal["release", "format", "generation"], found: str, asked: str
    ) -> None:
        super().__init__(f"cannot ask shard {shard + 1}: it has {what} {found}, and is asked for {asked}")
        self.shard = shard
        self.what = what
        self.found = found
        self.asked = asked


class MapError(PapersearchError):
    """A map of papers cannot be drawn."""


class MapUnavailable(MapError):
    """A package that draws maps is not installed, or cannot be imported."""

    def __init__(self, *, cause: str) -> None:
        super().__init__(f"cannot draw a map without the package openTSNE: {cause}")
        self.cause = cause


class MapTooLarge(MapError):
    """A map of `n_papers` papers is asked for, more than `limit`."""

    def __init__(self, *, n_papers: int, limit: int) -> None:
        super().__init__(f"cannot draw a map of {n_papers:,} papers: the limit is {limit:,}")
        self.n_papers = n_papers
        self.limit = limit


def _either(values: tuple[str, ...]) -> str:
    *most, last = values
    return f"{', '.join(most)} or {last}" if most else last


def _place(file: str, line: int | None) -> str:
    return file if line is None else f"{file}:{line}"
