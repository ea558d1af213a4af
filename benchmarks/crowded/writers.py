"""The writers of a crowd: builds, joins, rollbacks and tuned weights, and what a reader keeps."""

from __future__ import annotations

import json
import os
import random
from collections import Counter

import papersearch
from crowded.scene import N_STATES, TUNED, Act, K, Outcome, Scene, Wrong, state_of
from papersearch import saved, seen
from papersearch.cli import last_results, registry
from papersearch.errors import NoEarlierGeneration, PartUnusable
from papersearch.evaluation.judging import add_judgements
from papersearch.evaluation.qrels import read_qrels
from papersearch.index.weights import remove_weights, write_weights
from papersearch.marks.file import change_marks, read_marks
from papersearch.marks.mark import Change

REFUSALS = (NoEarlierGeneration, PartUnusable)
"""Errors of writers that are right: nothing to go back to, and parts of two states."""


def writer(scene: Scene, drawn: random.Random) -> Act:
    """Build, roll back, and tune weights."""

    def act() -> Outcome:
        state = drawn.randrange(N_STATES)
        if drawn.random() < 0.35:
            return write_parts(scene, state, drawn)
        kind = drawn.choices(
            ("build", "words", "full", "few", "rollback", "tuned", "untuned"), (45, 12, 12, 6, 15, 5, 5)
        )[0]
        options = {"words": {"words_only": True}, "full": {"full": True}, "few": {"most_texts": 10}}
        if kind == "rollback":
            papersearch.rollback(scene.indexes[0])
        elif kind == "tuned":
            write_weights(scene.indexes[0], TUNED, "tuned")
        elif kind == "untuned":
            remove_weights(scene.indexes[0])
        else:
            report = scene.build(state, **options.get(kind, {}))
            if report.manifest is None or state_of(report.manifest) != state:
                raise Wrong(f"a build of state {state} reported {report.manifest!r}")
            kind = "builds" if report.outcome == "published" else "up to date"
        return Counter({kind: 1})

    return act


def write_parts(scene: Scene, state: int, drawn: random.Random) -> Outcome:
    """Build parts, join them, or roll back: parts of two states are refused."""
    kind = drawn.choices(("all", "part", "join", "rollback"), (60, 15, 10, 15))[0]
    if kind == "rollback":
        papersearch.rollback(scene.indexes[1])
        return Counter(rollback=1)
    for number in {"all": (1, 2), "part": (drawn.randint(1, 2),), "join": ()}[kind]:
        scene.build_part(state, number, full=drawn.random() < 0.1)
    if kind == "part":
        return Counter(parts=1)
    report = papersearch.join_parts(scene.indexes[1], full=drawn.random() < 0.2)
    return Counter({"joins" if report.outcome == "published" else "up to date": 1})


def keeper(scene: Scene, drawn: random.Random) -> Act:
    """Add what a reader keeps to every file of the kind, and remove the oldest: others do the same at once."""
    own: list[str] = []
    count = iter(range(1 << 30))
    searches, collections, marks, judged = map(
        scene.user, ("searches.toml", "collections.toml", "marks.jsonl", "judged.qrels")
    )

    def act() -> Outcome:
        name = f"k{os.getpid()}-{next(count)}"
        index = papersearch.open(scene.indexes[0])
        papers = [index.paper(index.ids_beginning_with("p1", 1)[0].paper_id)]
        own.append(name)
        saved.add(searches, saved.SavedSearch(name, "pipeline topic"))
        registry.add_collection(collections, name, scene.corpus(0), None)
        change_marks(marks, papers, Change(tags=(name,)), index)
        add_judgements(judged, name, {"p120": 1})
        with seen.taking_turns(searches):
            record = seen.Record(query="", since=0, shown={})
            seen.Seen(searches, "index", "run").keep({name: record})
        last_results.keep(index, [index.search("pipeline topic", 5, "keyword")])
        if (found := last_results.find()) is None or len(found.papers) not in (5, K):  # of a command
            raise Wrong(f"the last results of the session are {found}")
        if len(own) > 5:
            oldest = own.pop(0)
            saved.remove(searches, oldest)
            seen.forget(searches, oldest)
            registry.remove_collection(collections, oldest)
        scene.user(f"own-{os.getpid()}").write_text(json.dumps([own, name]))
        return Counter(kept=1)

    return act


def check_kept(scene: Scene) -> None:
    """Raise Wrong unless every file has what the keepers have left in it, and nothing else."""
    left = [json.loads(path.read_text()) for path in scene.user("").glob("own-*")]
    names = {name for own, _ in left for name in own}
    n_made = sum(int(last.rpartition("-")[2]) + 1 for _, last in left)
    records = json.loads(seen.file_beside(scene.user("searches.toml")).read_text())["searches"]
    found = {
        "searches": set(saved.read(scene.user("searches.toml"))),
        "collections": set(registry.read_collections(scene.user("collections.toml"))),
        "what was shown": set(records),
    }
    for what, kept in found.items():
        if kept != names:
            raise Wrong(f"{what}: {sorted(names - kept)} lost, {sorted(kept - names)} too many")
    tags = {tag for mark in read_marks(scene.user("marks.jsonl")) for tag in mark.tags}
    for what, n in (("tags", len(tags)), ("judgements", len(read_qrels(scene.user("judged.qrels"))))):
        if n != n_made:
            raise Wrong(f"{what}: {n}, and {n_made} were added")
