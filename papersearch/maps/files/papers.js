// The papers of the map, and which of them are shown: those that the search and the legend leave.

const content = JSON.parse(document.getElementById("content").textContent);
const total = content.x.length;
const hits = new Map(Object.entries(content.hits).map(([number, hit]) => [Number(number), hit]));
const examples = new Set(content.examples);
const isBehind = (number) => content.is_answer && !hits.has(number) && !examples.has(number);
const ranked = [...hits.keys()].sort((one, other) => hits.get(one).rank - hits.get(other).rank);

const state = {
  colouring: "group",
  words: [], // of the search
  chosen: new Set(), // entries of the legend
  shown: new Uint8Array(total),
  hovered: null,
  opened: null,
};

// Case and accents do not matter in a search.
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

let searched = null;
function searchedTexts() {
  searched ??= content.title.map((title, number) =>
    folded([title, content.abstract[number], content.authors[number], content.venue[number],
      content.date[number], content.id[number]].join("\n")));
  return searched;
}

const titleOf = (number) => content.title[number] || content.id[number];
const entryOf = (number) => state.colouring === "group" ? content.group[number] : content.period[number] ?? "unknown";
const isFiltered = () => state.words.length > 0 || state.chosen.size > 0;

function choosePapers() {
  const texts = state.words.length ? searchedTexts() : null;
  let count = 0;
  for (let number = 0; number < total; number += 1) {
    const isInPlay = texts || !isBehind(number); // a search finds all papers
    const isChosen = state.chosen.size === 0 || state.chosen.has(entryOf(number));
    const isFound = !texts || state.words.every((word) => texts[number].includes(word));
    state.shown[number] = isInPlay && isChosen && isFound ? 1 : 0;
    count += state.shown[number];
  }
  return count;
}

// The papers that are shown, best first, as many as a list should have.
function firstShown(most) {
  const found = ranked.filter((number) => state.shown[number]).slice(0, most);
  for (let number = 0; number < total && found.length < most; number += 1) {
    if (state.shown[number] && !hits.has(number)) found.push(number);
  }
  return found;
}
