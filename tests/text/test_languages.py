"""Languages of texts and their words: detection, stop words, stems."""

from __future__ import annotations

import unicodedata
from itertools import permutations

import pytest
import Stemmer
from hypothesis import given
from hypothesis import strategies as st

from papersearch.text.analysis import ANALYZER, Analyzer, analysis_name, languages_of_analysis
from papersearch.text.folding import fold
from papersearch.text.languages import language_of, languages_in, stop_words
from papersearch.text.words import NAMES, STOP_WORDS

RIGHTS = {
    "da": (
        "Alle mennesker er født frie og lige i værdighed og rettigheder. De er udstyret med fornuft og "
        "samvittighed, og de bør handle mod hverandre i en broderskabets ånd."
    ),
    "de": (
        "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen "
        "begabt und sollen einander im Geist der Brüderlichkeit begegnen."
    ),
    "en": (
        "All human beings are born free and equal in dignity and rights. They are endowed with reason and "
        "conscience and should act towards one another in a spirit of brotherhood."
    ),
    "es": (
        "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón "
        "y conciencia, deben comportarse fraternalmente los unos con los otros."
    ),
    "fi": (
        "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu "
        "järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä."
    ),
    "fr": (
        "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et "
        "de conscience et doivent agir les uns envers les autres dans un esprit de fraternité."
    ),
    "hu": (
        "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, ésszel és "
        "lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy viseltessenek."
    ),
    "it": (
        "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e "
        "di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza."
    ),
    "nl": (
        "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand "
        "en geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen."
    ),
    "no": (
        "Alle mennesker er født frie og med samme menneskeverd og menneskerettigheter. De er utstyrt med "
        "fornuft og samvittighet og bør handle mot hverandre i brorskapets ånd."
    ),
    "pt": (
        "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de "
        "consciência, devem agir uns para com os outros em espírito de fraternidade."
    ),
    "ru": (
        "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и "
        "совестью и должны поступать в отношении друг друга в духе братства."
    ),
    "sv": (
        "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft och "
        "samvete och bör handla gentemot varandra i en anda av broderskap."
    ),
}
"""The first article of the Universal Declaration of Human Rights."""

ALIKE = ({"da", "no"}, {"es", "pt"})
"""Languages that share most of their stop words: two sentences do not tell them apart."""


def others(language: str) -> list[str]:
    """Return the other languages, without the one that is like this one."""
    return [code for code in NAMES if not any({code, language} <= pair for pair in ALIKE)]


@pytest.mark.parametrize("language", RIGHTS)
def test_a_text_is_of_its_language(language: str) -> None:
    """Two sentences are found to be in their language, beside any other one, in whichever order they are named."""
    for other in set(others(language)) - {language}:
        for languages in permutations((language, other)):
            assert language_of(RIGHTS[language], languages) == language, languages


@pytest.mark.parametrize("language", RIGHTS)
def test_spelling_is_no_language(language: str) -> None:
    """Capitals and decomposed letters change nothing, and a text is told apart from all languages at once."""
    rest = [*others(language), language]
    for text in (RIGHTS[language], RIGHTS[language].upper(), unicodedata.normalize("NFD", RIGHTS[language])):
        assert language_of(text, rest) == language


@pytest.mark.parametrize("text", ["", "war crimes", "sea ice extent", "Transformer", "深層学習", "42"])
def test_a_text_that_does_not_tell(text: str) -> None:
    """A text without clearly more stop words of another language is in the first one."""
    assert language_of(text, ("en", "de", "es")) == "en"


SAME = {
    "de": [("Modell", "Modelle", "Modellen"), ("Haus", "Häuser", "Häusern"), ("Fuß", "Füße")],
    "fr": [("générer", "générée", "générées"), ("réseau", "réseaux"), ("réalité", "réalités")],
    "es": [("canción", "canciones"), ("árbol", "árboles"), ("niño", "niños")],
    "pt": [("rede", "redes"), ("informação", "informações")],
    "it": [("città", "città"), ("amico", "amici")],
    "nl": [("boek", "boeken")],
    "ru": [("модель", "модели", "моделями"), ("ёлка", "елка")],
    "sv": [("bil", "bilar", "bilarna")],
    "fi": [("talo", "talossa", "taloissa")],
    "hu": [("ház", "házak")],
    "da": [("bil", "biler")],
    "no": [("bil", "biler")],
}


@pytest.mark.parametrize(("language", "forms"), [(code, forms) for code, each in SAME.items() for forms in each])
def test_inflected_words_share_a_term(language: str, forms: tuple[str, ...]) -> None:
    """The forms of one word have one term, in capitals and decomposed too."""
    analyzer = Analyzer((language,))
    spelt = [other for form in forms for other in (form, form.upper(), unicodedata.normalize("NFD", form))]
    assert len({tuple(analyzer.terms(form)) for form in spelt}) == 1


@given(
    st.sampled_from(sorted(set(NAMES) - {"en"})),
    st.text("abcdefghijklmnoprstuvzäöüßéèàçñãõåæøőж", min_size=4, max_size=12),
)
def test_a_term_is_the_stem_without_accents(language: str, word: str) -> None:
    """A word is stemmed by Snowball with its accents, which then are left out; a stop word has no term."""
    analyzer = Analyzer((language,))
    if fold(word) in analyzer.stop_words:
        assert analyzer.terms(word) == []
        return
    plain = without_accents(word)
    if plain.endswith("pus") or not any(letter in "aeiouy" for letter in plain):
        return  # plurals of acronyms have a rule of their own
    assert analyzer.terms(word) == [without_accents(Stemmer.Stemmer(NAMES[language]).stemWord(word))]


def without_accents(text: str) -> str:
    """Return a text as terms are written, by Unicode's decomposition."""
    letters = (letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return "".join(letters).replace("ß", "ss").replace("æ", "ae").replace("ø", "o")


def test_joined_words_keep_their_accents() -> None:
    """A hyphenated word is found joined, whether its parts have accents or not."""
    analyzer = Analyzer(("fr",))
    assert set(analyzer.terms("préentraînement")) <= set(analyzer.terms("pré-entraînement"))


def test_elided_words_are_left_out() -> None:
    """What French elides is a stop word, and the word behind it is found."""
    assert Analyzer(("fr",)).terms("l'apprentissage qu'on") == Analyzer(("fr",)).terms("apprentissage")


def test_names_of_analyses_come_back() -> None:
    """The name of an analysis tells its languages, and English has the name that it always had."""
    assert ANALYZER == "snowball-english-3"
    for languages in [*permutations(NAMES, 2), *((one,) for one in NAMES), tuple(NAMES)]:
        assert languages_of_analysis(analysis_name(languages)) == languages
    assert languages_of_analysis("snowball-english+german-2") == ("en", "de")
    for name in ("", "snowball", "snowball-klingon-3", "snowball-english+english-3", "snowball--3", "x-german-3"):
        assert languages_of_analysis(name) is None


def test_codes_are_read() -> None:
    """Codes are read in any case and with blanks, each once; an unknown one is named with all that are known."""
    assert languages_in("EN, de,en") == ("en", "de")
    for written in ("", "en,", "english", "xx", "de fr"):
        with pytest.raises(ValueError, match=r"unknown language .*expected one or more of da, de, en"):
            languages_in(written)


def test_every_language_has_stop_words() -> None:
    """Each list is read, with its words as they are typed without accents too."""
    assert stop_words("en") == STOP_WORDS
    assert {"für", "fur"} <= stop_words("de")
    assert all(len(stop_words(language)) > 60 for language in NAMES)
