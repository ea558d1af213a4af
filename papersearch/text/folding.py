"""Folding: the many ways to write one letter become one.

Terms are compatibility-composed, in lower case, without accents and vowel points. Latin letters
that Unicode does not decompose (stroke, hook, ligature) become the letters that Lucene's
ASCIIFoldingFilter gives. Greek letters become their names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from papersearch.text.scripts import DROPPED_MARKS, JOINERS

_LATIN = """
a:ɐəɚᴀᶏᶕⱥ aa:ꜳ ae:æᴁᴂꞛ ao:ꜵ au:ꜷ av:ꜹꜻ ay:ꜽ b:ƀƃɓʙᴃᵬᶀꞗ c:ƈȼɕᴄↄꜿꞓꞔ d:ðđƌȡɖɗᴅᵭᶁᶑꝺꟈ db:ȸ dz:ʣ
e:ǝɇɘɛɜɝɞʚᴇᴈᶒᶓᶔⱸⱻꬲꬳꬴ et:ꝫ f:ƒᵮᶂꜰꝼꞙ g:ǥɠɡɢʛᵷᵹᶃꝿꞡꟑ h:ħɥɦʜʮʯⱨⱶꞕꟶ hv:ƕ i:ıɨɪᴉᵻᶖ is:ꝭ j:ȷɉɟʄʝᴊ k:ƙʞᴋᶄⱪꝁꝃꝅꞣ
l:łƚȴɫɬɭʟᴌᶅⱡꝉꞁꞎꬷꬸꬹ ll:ỻ ls:ʪ lz:ʫ m:ɯɰɱᴍᴟᵯᶆꟺꬺ n:ŋƞȵɲɳɴᴎᵰᶇꞑꞥꬻ o:øɔɵᴏᴐᴑᴒᴓᴖᴗᶗⱺꝋꝍꬽꬾꬿ oe:œɶᴔꞝꭀꭁꭂꭢ oi:ƣ oo:ꝏ
ou:ȣᴕ p:ƥᴘᵱᵽᶈꝑꝓꝕ q:ĸɋʠꝗꝙꞯ qp:ȹ r:ɍɹɺɻɼɽɾɿʀʁᴙᴚᵲᵳᶉⱹꝛꞃꞧꭅꭆꭇꭉꭨ s:ȿʂᵴᶊẜẝꜱꞅꞩꟊ ss:ß t:ŧƫƭȶʇʈᴛᵵⱦꞇ tc:ʨ th:þᵺꝥꝧ
ts:ʦ tz:ꜩ u:ʉᴜᴝᵾᶙꞹꭎꭒ ue:ᵫꞟ ui:ꭐꭑ um:ꝸ uo:ꭣ v:ʋʌᴠᶌỽⱱⱴꝟ vy:ꝡ w:ƿʍᴡⱳ x:ᶍꭖꭗꭘꭙ y:ƴɏʎʏỿꭚ z:ƶȝȥɀʐʑᴢᵶᶎⱬꝣ
"""
"""Groups of letters, each after the ASCII letters that replace them."""

_ARABIC = {"ی": "ي", "ى": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ٱ": "ا"}
"""Letters that keyboards of several languages write in different ways."""

_GREEK = {letter: unicodedata.name(letter).split()[-1].lower() for letter in "αβγδεζηθικλμνξοπρστυφχψως"}


def _replacements() -> Iterator[tuple[str, str]]:
    for group in _LATIN.split():
        ascii_letters, letters = group.split(":")
        for letter in letters:
            yield letter, ascii_letters


# Compatibility forms leave a dot of "ŀ" and a half ring of "ẚ" behind.
_REPLACED = str.maketrans({"·": "", "ʾ": "", **_GREEK, **_ARABIC, **dict(_replacements())})
_DROPPED = re.compile(f"[{DROPPED_MARKS}{JOINERS}]+")


def fold(written: str) -> str:
    """Return the spelling that all ways of writing these letters share."""
    if written.isascii():
        return written.lower()
    # Twice: a letter may have a compatibility form only after it is small ("ϒ").
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", written).lower())
    plain = unicodedata.normalize("NFC", _DROPPED.sub("", decomposed)).translate(_REPLACED)
    return plain if plain.isascii() else "".join(map(_with_ascii_digit, plain))


def _with_ascii_digit(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
