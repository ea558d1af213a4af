"""Write the reference of the command line: the output of `--help` for every verb.

    python docs/reference.py docs/cli.md

Runs the command once per section, in a pipe of 100 columns, without environment variables that
would change the output.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from papersearch.cli.app import VERBS

COLUMNS = 100
HEAD = """# Command reference

`make reference` writes this page. Below the next five sections it is the output of `papersearch --help` and
`papersearch COMMAND --help`.

## Where the corpus and the index are

The corpus folder and the index folder are found separately. The first of these places decides:

1. the option: `--corpus`, `--index`;
2. the environment variable: `PAPERSEARCH_CORPUS`, `PAPERSEARCH_INDEX`;
3. the nearest folder, at or above the current one, that contains `corpus/` or an index made by papersearch;
4. the user's data folder, by the platform's convention.

`-c NAME` names both, wherever you are; `PAPERSEARCH_COLLECTION` does it where no option and no other variable
names an index or a corpus: [collections.md](collections.md).

In place of a folder, `--index` and `PAPERSEARCH_INDEX` may have the address of a server, `http://HOST:PORT`:
[serve.md](serve.md).

The file of saved searches is found in the same way: by `PAPERSEARCH_SEARCHES`, then as `searches.toml` in the
nearest such folder, then in the user's configuration folder.

The results that a terminal has shown last are kept in the user's state folder, in a file of that terminal session
alone. A number of up to three digits in place of an ID is one of these results, where there are some; `id:3` is
always the paper with the id 3. `PAPERSEARCH_SESSION=NAME` keeps what is printed in any format, under that name.

A query without an index builds it first. Where more than 500 texts are to be encoded, it is answered by words as
soon as these are indexed, and a line on stderr has the command that encodes the papers. A query whose corpus has
changed answers from the existing index and says so on stderr. A command that is hinted at names the model, prefixes
and places that the index was built with.

## Environment variables

| variable | sets |
|---|---|
| `PAPERSEARCH_CORPUS`, `PAPERSEARCH_INDEX` | the corpus folder; the index folder, or the address of a server |
| `PAPERSEARCH_COLLECTION` | names of [collections](collections.md), as `-c` does |
| `PAPERSEARCH_COLLECTIONS`, `PAPERSEARCH_SEARCHES` | the files of collections and of saved searches |
| `PAPERSEARCH_MARKS` | the file of [marks](marks.md) |
| `PAPERSEARCH_SESSION` | the name under which the last results are kept |
| `PAPERSEARCH_TOKEN_FILE`, `PAPERSEARCH_TOKEN` | the [token](serve.md#the-token) of a server |
| `PAPERSEARCH_TIMEOUT` | the seconds to wait for a server ([serve.md](serve.md#limits)) |
| `PAPERSEARCH_PRECISION` | `bfloat16`, to encode papers in it ([models.md](models.md)) |
| `NO_COLOR`, `TERM`, `FORCE_HYPERLINK` | colours and links ([json.md](json.md)) |
| `SOURCE_DATE_EPOCH` | the time that a build records for new papers ([format.md](format.md)) |

## How a query is read

Words rank the papers; none of them is required. Everything else is a condition on the papers:

| typed | read as |
|---|---|
| `"a phrase"` | required; typographic quotation marks count too, and quotations nest |
| `title:word`, `title: word`, `title:"a phrase"` | required in the title |
| `author:doe`, `author:"Jane Doe"` | by this author |
| `cat:cs.LG`, `category:cs` | of this category, or of one below it |
| `venue:neurips`, `venue:"machine learning"` | at a venue whose name has these words |
| `year:2024`, `year:2023-2025`, `year:2023-`, `year:-2025`, `year:2024-06..2025-02` | of a date in this range |
| `-word`, `-"a phrase"`, `-title:word`, `-author:doe` | excluded; a typographic dash before a word counts too |
| `a AND b` | both required |
| `a OR b` | one of them required |
| `NOT a` | excluded, as `-a` is |
| `( )` | a group, in a query with `AND`, `OR` or `NOT`; otherwise text |
| `author:(doe OR "Jane Roe")`, `title:(word word)` | a group of which every word and phrase has this field |
| `word*` | any word with this beginning of three letters or more; `RRT*` and other names in capitals are words |

`NOT` binds to the next word, phrase or group. `AND` binds before `OR`. The words between two operators are one
operand, and a paper has it if it has all of them: `diffusion models OR language models` finds papers with both
words of either. In a group of authors or venues, words side by side are one name: `author:(Jane Doe OR roe)`.
An exclusion holds for its whole group: `a OR b NOT c` excludes `c`, and `a OR (b NOT c)` keeps
papers with `a` and `c`.

A condition matches its words in any form: inflected, hyphenated, joined or spaced, with LaTeX marks or without.
`"pretraining"` finds `pre-training`. A joined word is looked for as two words where the corpus itself writes it
with a hyphen, or as two adjacent words of three letters and more: otherwise `network` would be `net work`. Two
words are looked for as one where the corpus has that word. A phrase has at most 256 such forms, and a phrase of
more than 32 words only its own. `word*` takes the 256 words of most papers, and says so if there are more.

Operators must be in capitals. They are words, and a note on stderr says so, if they join nothing, if all words
of the query are in capitals as in a title, if there are more than thirty words for each of them as in an
abstract, or if the query is the title of a paper. A parenthesis without its partner is left out. A query with
operators has at most 256 words and phrases, and 16 parentheses inside each other.

A field takes the next word, or a phrase, and no blank comes before it: `author:doe routing` is the author Doe and
the word routing. Fields rank nothing. A query that has only conditions, and an empty one with
filters, list the papers, the newest first and without scores. `-author:doe` alone is an error.

Names are compared without case, accents, apostrophes and hyphens. An author is found by the family name (`doe`),
by any word of a double one, with its particle or without (`berg`, `van der berg`), and with given names or
initials before it or behind it (`Jane Doe`, `Doe, J.`, `Doe J`). Given names must not contradict the paper's:
`J. Doe` and `Jane Doe` find each other and `Doe`, and neither finds `Karl Doe`. The first initial must be the
first; later names may be missing on either side, and a middle name that is written out is enough. `Jan van der
Berg` does not find `Jan Berg`. Suffixes count where both sides have one. A group, and a list of names that could
not be told apart, is found by its words. Names in Chinese, Japanese and Korean are found whole, and by their
first characters. The same holds for `--author`, `--category` and `--venue`, of which any one has to fit where
they are given again. A name that no paper has is an error, which names the nearest. Papers whose date is unknown
or too coarse for `year:` are left out and counted, as by `--since`; `--include-undated` keeps them.

Words without a field rank by titles and abstracts alone. Where all words of a query are the name of an author or a
category, and few papers have them, a line on stderr and a note in JSON offer the field.

`--explain` and `reading` in JSON show how a query was understood. The topics of `batch` and `eval` are plain
words, unless `--operators` is given, and so is the text of `similar`.

## Dates

`--since`, `--until` and `--added-since` take a year, a month or a day (`2024`, `2024-06`, `2024-06-15`), or words
that move with today: `today`, `yesterday`, `monday`, `last friday`, `7d`, `2 weeks`, `3m`, `1y`, `3 months ago`,
and `this` or `last` before `week`, `month` or `year`. Hyphens may replace blanks: `3-months`. A week begins on
Monday. Of a span of days, `--since` and `--added-since` take the first and `--until` the last.

## Commands and queries

The first word is a command only where it equals one exactly. Any other first word begins a query:
`papersearch search index` searches for "index". Type `--` before a query that starts with a dash.
[json.md](json.md) describes formats and exit codes.
"""

_STEERING = ("PAPERSEARCH_", "_PAPERSEARCH_", "_TYPER_", "TERMINAL_WIDTH", "FORCE_", "LANG", "LC_")


def reference() -> str:
    """Return the whole page."""
    sections = [["papersearch"], *(["papersearch", verb] for verb in VERBS)]
    return HEAD + "".join(f"\n## {' '.join(words)}\n\n```text\n{_help(words[1:])}```\n" for words in sections)


def _help(words: list[str]) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_STEERING)}
    environment = {**kept, "COLUMNS": str(COLUMNS), "TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "papersearch", *words, "--help"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, encoding="utf-8").stdout


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
