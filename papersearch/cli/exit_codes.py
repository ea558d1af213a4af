"""Exit codes of the command; `docs/json.md` states them."""

EXIT_HITS = 0
EXIT_NO_HITS = 1
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130
