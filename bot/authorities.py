"""Whose police, whose land: words that with a nationality, or a country, beside them tell where something happened."""

from collections.abc import Iterable, Iterator
from itertools import takewhile

from bot.names import Word

OF_ARABIC = set("مال حق تبع بتاع بتاعت متاع نتاع ديال".split())
# Who rules there, and what lies there: with a nationality beside it, it tells the country.
AUTHORITIES = set(
    "policia policias policial policiais police policeman policemen cop cops policier policiers polis lapolis"
    " migracion migracao immigration imigrasyon migrasyon migra guardia guardias guarda guardas guard guards garde"
    " soldado soldados soldat soldats soldier soldiers solda army armee lame ejercito exercito militar militares"
    " militaire militaires military aduana alfandega customs douane douanier douaniers gendarme gendarmes agent agents"
    " agente agentes ajan oficial oficiales officer officers federales guardacostas"
    " ley leyes lei leis loi lois law laws lwa banco bancos banque banques bank tribunal tribunales court gobierno"
    " governo gouvernement gouvenman government autoridades autorites authorities"
    " lalwa coastguard gadkot juez jueza juiz judge juge"
    " الشرطه الشرطة شرطه شرطة الجيش جيش البوليس بوليس العسكر عسكر".split()
)
LAND = set(
    "territorio territoire territory tierra tierras suelo soil selva selvas jungla jungle foret floresta"
    " desierto deserto desert costa costas coast carcel carceles prison prisons prisao cadeia jail".split()
)
TELLING = AUTHORITIES | LAND
# What stands between them: "la policía federal mexicana".
KINDS = (
    set(
        "federal federales federais federale nacional nacionales nacionais national nationale civil civile civiles"
        " municipal estatal estadual fronteriza military".split()
    )
    | OF_ARABIC
)
CHINESE_AUTHORITIES = ("警察", "移民", "军人", "海关")


def beside_authority(start: int, end: int, words: list[Word]) -> bool:
    """ "policia mexicana", "Mexican police", "尼加拉瓜移民": they are where they rule."""
    before = "" if words[start].pause else next(_plain_but_kinds(reversed(words[:start])), "")
    after = next(_plain_but_kinds(takewhile(lambda word: not word.pause, words[end:])), "")
    chinese = "".join(word.plain for word in words[end : end + 2])
    return bool({before, after} & TELLING) or chinese in CHINESE_AUTHORITIES


def _plain_but_kinds(words: Iterable[Word]) -> Iterator[str]:
    return (word.plain for word in words if word.plain not in KINDS)
