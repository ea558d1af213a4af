"""The command group: a first word that names no verb begins a query, exceptions become exit codes.

A reader that closes the pipe early is not an error. Help and completion of verbs pass through here,
so what only errors or queries need is imported where it is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from papersearch.cli.exit_codes import EXIT_ERROR, EXIT_HITS, EXIT_INTERRUPTED

_Function = TypeVar("_Function", bound=Callable[..., Any])

_GROUP_OPTIONS = frozenset({"--help", "-h", "--version", "--install-completion", "--show-completion"})

SEARCH = "search"
"""Verb of arguments that name none."""


def with_verb(arguments: Sequence[str], verbs: Mapping[str, Verb]) -> list[str]:
    """Return the arguments with their verb first: `search` if they name none.

    The first word is a verb only when it equals one exactly. Options may come before it: they are
    then read as those of `search`, which is imported to know which of them take a value.
    """
    if not arguments or arguments[0] in _GROUP_OPTIONS:
        return list(arguments)
    from papersearch.cli.signatures import valued_options

    place = 0
    valued = valued_options(verbs[SEARCH].function()) if arguments[0].startswith("-") else ()
    while place < len(arguments):
        word = arguments[place]
        if word == "--" or not word.startswith("-") or word == "-":
            break
        place += 2 if word in valued else 1
    if place < len(arguments) and arguments[place] in verbs:
        return [arguments[place], *arguments[:place], *arguments[place + 1 :]]
    return [SEARCH, *arguments]


class VerbCommand(TyperCommand):
    """A command that refuses to be given an option twice that holds one value."""

    def make_parser(self, ctx: Any) -> Any:
        parser = super().make_parser(ctx)
        if not ctx.resilient_parsing:
            parse = partial(_parsed_once, parser.parse_args)
            parser.parse_args = parse  # type: ignore[method-assign]  # of this parser alone, not of its class
        return parser


class Verbs(typer.Typer):
    """Verbs that refuse repetition, each a `VerbCommand`."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[_Function], _Function]:
        return super().command(name, cls=VerbCommand, **options)


class Verb(NamedTuple):
    """The traits of a verb that are known without importing it.

    `place`: its function, `module:function` within this package. `summary`: its help's first sentence.
    `takes_files`: its arguments are files. `encodes_many`: it encodes many texts, each with every core.
    `runs_long`: it runs long enough to need garbage collection.
    """

    place: str
    summary: str
    takes_files: bool = False
    encodes_many: bool = False
    runs_long: bool = False

    def function(self) -> Any:
        """Import the verb's module and return its function, or its own group of verbs."""
        module, function = self.place.split(":")
        return getattr(import_module(f"papersearch.cli.{module}"), function)

    def load(self, name: str) -> Any:
        """Import the verb and return its command."""
        found = self.function()
        if isinstance(found, typer.Typer):  # a verb with verbs of its own
            group: Any = typer.main.get_command(found)
            group.name = name
            for command in group.commands.values():
                command.short_help = (command.help or "").partition("\n\n")[0]  # else a narrow listing cuts it
            return group
        alone = Verbs(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(name)(found)
        return typer.main.get_command(alone)


class QueryGroup(TyperGroup):
    """Verbs, each loaded when it is called, and bare queries, within one error boundary."""

    verbs: ClassVar[Mapping[str, Verb]] = {}
    _is_listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.verbs)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        verb = self.verbs.get(cmd_name)
        if verb is None:
            return None
        return TyperCommand(cmd_name, short_help=verb.summary) if self._is_listing else verb.load(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with self._listing():
            super().format_commands(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        with self._listing():
            offered = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):  # a bare query may begin with options
            known = {item.value for item in offered}
            of_search = self.verbs[SEARCH].load(SEARCH).shell_complete(ctx, incomplete)
            offered += [item for item in of_search if item.value not in known]
        return offered

    @contextmanager
    def _listing(self) -> Iterator[None]:
        """Make commands from names and summaries, without importing the verbs."""
        self._is_listing = True
        try:
            yield
        finally:
            self._is_listing = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        arguments = with_verb(args, self.verbs)
        if arguments[:1] == [SEARCH]:
            _tell_words_from_options(arguments[1:], self.verbs)
            arguments = _with_exclusions(arguments, self.verbs)
        return super().parse_args(ctx, arguments)

    def main(  # type: ignore[override]  # Typer's other arguments are for its own `main`
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)
        if "_PAPERSEARCH_COMPLETE" in os.environ:
            from papersearch.cli.completion import answering

            with answering():
                return super().main(args=arguments, prog_name="papersearch", **extra)
        code = self._run(arguments)
        if not extra.get("standalone_mode", True):
            return code
        sys.exit(code)

    def _run(self, arguments: list[str]) -> int:
        try:
            code = self._invoke(arguments)
            sys.stdout.flush()
            return code
        except BrokenPipeError:
            _silence_stdout()
            return EXIT_HITS
        except KeyboardInterrupt as interrupt:
            from papersearch.cli.errors import BuildInterrupted, complain

            if isinstance(interrupt, BuildInterrupted):
                complain(f"interrupted; {interrupt.what_is_safe}", f"to go on: {interrupt.command}")
            else:
                complain("interrupted; an earlier index is untouched", "")
            return EXIT_INTERRUPTED
        except Exception as error:
            from papersearch.cli.errors import complain
            from papersearch.cli.hints import explained

            if "--debug" in arguments:
                import traceback

                traceback.print_exception(error)
            message, hint = explained(error)
            complain(message, _offered(hint, arguments, self.verbs, error))
            return EXIT_ERROR

    def _invoke(self, arguments: list[str]) -> int:
        try:
            with self.make_context("papersearch", arguments) as context:
                result = self.invoke(context)
                return result if isinstance(result, int) else EXIT_HITS
        except typer.Exit as exit_:
            return exit_.exit_code
        except typer.Abort as abort:
            raise KeyboardInterrupt from abort
        except SystemExit as exit_:
            # Rich turns a closed pipe into exit 1, which here would read as "no hits".
            if isinstance(exit_.__context__, BrokenPipeError):
                raise BrokenPipeError from exit_
            raise


def _parsed_once(parse: Callable[[list[str]], Any], args: list[str]) -> Any:
    """Parse arguments; raise CommandError where an option of one value is given twice.

    The last one would count, in silence.
    """
    arguments, parsed = [*args], parse(args)  # parsing empties the list
    given = [one for one in parsed[2] if one.param_type_name == "option"]
    for place, option in enumerate(given):
        if option in given[:place] and not (option.multiple or option.is_flag):
            from papersearch.cli.errors import CommandError

            name = next((name for name in option.opts if name in arguments), max(option.opts, key=len))
            raise CommandError(f"cannot use two values of {name}: it is given twice", f"give {name} once")
    return parsed


def _tell_words_from_options(words: Sequence[str], verbs: Mapping[str, Verb]) -> None:
    """Say which words of a query are written like options of a search, because they come after `--`."""
    if "--" not in words or not any(word.startswith("-") for word in words[words.index("--") + 1 :]):
        return
    from papersearch.cli.signatures import option_names, valued_options

    search = verbs[SEARCH].function()
    place, known = words.index("--"), option_names(search)
    after = words[place + 1 :]
    meant = [word for word in after if word.partition("=")[0] in known]
    if not meant:
        return
    from papersearch.cli.errors import complain, typed
    from papersearch.cli.query_words import as_options

    said = f"{' and '.join(meant)} after -- {'is a word' if len(meant) == 1 else 'are words'} of the query"
    options, query = as_options(after, known, valued_options(search))
    complain(said, typed("papersearch", *words[:place], *options, "--", *query))


def _with_exclusions(arguments: list[str], verbs: Mapping[str, Verb]) -> list[str]:
    """Return the arguments of a search, in which `-survey` after a word is a word too."""
    from papersearch.cli.query_words import may_exclude, with_exclusions

    if not may_exclude(arguments):
        return arguments
    from papersearch.cli.signatures import valued_options

    return [SEARCH, *with_exclusions(arguments[1:], valued_options(verbs[SEARCH].function()))]


def _offered(hint: str, arguments: list[str], verbs: Mapping[str, Verb], error: Exception) -> str:
    """Return the hint after a failed command, with a search that the same words may have meant."""
    if not arguments:
        return hint
    import shlex

    option = getattr(error, "option_name", None)
    words = with_verb(arguments, verbs)[1:]
    if arguments[0] not in verbs and option and not option.startswith("--"):
        from papersearch.cli.query_words import typed_surely
        from papersearch.cli.signatures import valued_options

        surely = typed_surely(words, valued_options(verbs[SEARCH].function()))
        return f"papersearch {shlex.join(surely)}" if surely[-1] != "--" else hint
    if _reads_like_a_query(arguments, verbs, error):
        return f"{hint}, or: papersearch search {shlex.join(arguments)}"
    return hint


def _reads_like_a_query(arguments: Sequence[str], verbs: Mapping[str, Verb], error: Exception) -> bool:
    """Tell whether a failed command may be a query whose first word is a verb: "batch normalization".

    A plain word follows the verb, and the arguments do not fit the verb, or name no file. An option
    that the verb has and a search has not, or a verb of the verb's own, shows that the verb is meant.
    """
    if len(arguments) < 2 or arguments[0] == SEARCH or arguments[0] not in verbs or not arguments[1].isalpha():
        return False
    from papersearch.errors import PapersearchError

    if isinstance(error, PapersearchError):
        return verbs[arguments[0]].takes_files
    if not isinstance(error, typer.TyperException):
        return False
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    if option := getattr(error, "option_name", None):
        from papersearch.cli.signatures import option_names

        return option in option_names(verbs[SEARCH].function())
    is_option = getattr(parameter, "param_type_name", "") == "option"
    return not is_option and len(getattr(context, "command_path", "").split()) < 3


def _silence_stdout() -> None:
    """Point stdout at the null device, so that the interpreter's last flush succeeds."""
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
