"""Whether a message says that a child is a victim: words for children, a school, ages under 18 (bot/ages.py).

What these rules do not see, what is learnt from examples may (bot/victims.py).
"""

from __future__ import annotations

import re
import unicodedata

from bot import victims
from bot.ages import GROWN, YEARS, said, young
from bot.chinese import simplified

# Whoever is called so is under 18. Grown sons and daughters are not meant: "mi hijo", "pitit mwen".
CHILD = (
    "bebe bebes bebecito bebecita nino nina ninos ninas ninito ninita menor menores adolescente adolescentes chiquito "
    "chiquita chiquitos chiquitas criatura criaturas cipote cipota cipotes patojo patoja patojos chamaco chamaca "
    "baby babies kid kids child children toddler infant teen teenager teenagers underage pickney "
    "crianca criancas menino menina meninos nenem bebezinho bebezinha bebezinhos bebezinhas "
    "filhinho filhinha garotinha garotinho "
    "enfant enfants nourrisson nourrissons fillette fillettes garconnet mineur mineure mineurs bambin ados "
    "gosse gosses gamin gamine gamins guri guria gurizinho gurizinha chamito chamita chamitos pelaito pelaita "
    "hermanito hermanita sobrinito nietecito nene nena nenes nenas chavito chavita mocoso pibito pibita carajito "
    "carajita botija moleques molecada peladito peladita peladitos ninitos ninitas gemelitos restavek restavec "
    "timoun tibebe tifi tigason"
).split()
PHRASES = re.compile(
    r"\b(?:ti (?:bebe|fi|gason|pitit|moun|(?:fre|se)(?!\W+(?:m\W+|mwen\W+)?(?:1[89]|[2-9]\d) ?an))"
    r"|(?:little|likkle|lil|small) (?:girl|gyal|boy|ones?|brothers?|sister|son|daughter|niece|nephew|pikin)"
    r"|(?:petit|petite) "
    r"(?:fille|garcon|frere|soeur)|hij[oa] (?:chiquit|pequen)[oa]|under ?age|menor de edad|menor de idade"
    r"|since (?:he|she|they|i) (?:was|were) (?:[1-9]|1[0-7])|les (?:deux |trois |quatre )?petits"
    r"|(?:ma|la|notre) petite(?! (?:amie|copine|entreprise|monnaie|valise|maison|chambre|ville|rue|soeur))"
    r"|(?:mi|dos) guaguas?"
    r"|(?:ak|ave) (?:\d )?pitit (?:m|mwen|nou)|\d pitit (?:m|mwen|nou))\b"
)
# The Darién's Bajo Chiquito is a village, milk is not a child, nor is a lover who is called so.
LOVER = (
    r"(?:novi[oa]|noiv[oa]|fiancee?|enamorad[oa]|namorad[oa]|girlfriend|boyfriend|bf|gf|wife|husband|espos[oa]"
    r"|marid[oa]|pareja|copine|copain"
    r"|mari|menn?aj|my man|my guy"
    r"|miss (?:you|u)|love (?:you|u)|te? (?:extrano|amo|quiero)|me manques|bisous|saudades?|marry)"
)
# Whose work is to look after children tells of no child that is a victim.
CARED_FOR = (
    r"\b(?:gard(?:e|er|ais|ait)|cuid(?:o|aba|ando|ar|ava|ei)|watch(?:ed|ing)?|looked? after|nanny (?:for|of)"
    r"|okipe|occup\w+)"
    r"(?:\W+(?:a|de|des|les|los|las|as|os|the|their|his|her|leurs?|sus|dos|das|d|\d+|un|two|three|four)){0,3}"
    r"\W+(?:enfants?|nin[oa]s|kids?|child(?:ren)?|crianc\w+|timoun)\b"
)
CHILD_SAID = r"(?:bebe|baby|ninos?|ninas?|enfants?|criancas?|meninos?|meninas?|kids?|timoun|ti ?bebe|hij[oa]s?)"
# A child's things, voice, father, before its eyes, or one that was not born: no child that is a victim.
OF_A_CHILD = (
    r"\b(?:(?:lait|leche|leite|layette|papeles|papiers?|papye|documentos?|actes?(?: de naissance)?|certid\w+"
    r"|passaportes?"
    r"|pasaportes?|passports?|ropa|roupas?|clothes|rad|let|voz|voix|voice|vwa|pere|papa|pai|father)"
    r"|devant|in front of|delante de|frente d[eo]s?|devan)"
    r"(?: (?:de|du|do|da|del|des|d|of|pou|a|una?|uma?|une|mon|ma|mes|mi|mis|meu|meus|my|the|our|la|el|las|los"
    r"|les|le|o)){0,2}"
    rf" {CHILD_SAID}\b"
    r"|(?<!\bse )(?<!\bse me )(?<!\bse nos )(?<!\bse le )\b(?:lost|loses|perdu|perdi|pedi|perdio|perdeu|perder|losing)"
    r"(?: (?:una?|uma?|mi|meu|my|the|our|la|el|le|l|o|son|mon))? (?:bebe|baby|ti ?bebe)\b"
    rf"|\bbebe (?:nasceu|nacio)\b|\bbaby (?:was )?born\b"
    r"|\b(?:bab(?:y|ies)|pickney) (?:milk|food|formula|clothes|pics|pictures|photos|things|bag|papers|medicine"
    r"|fathers?|fad+as?|daddy|mama|mothers?|moms?|boom|face)\b"
)
# Those who did it: "dois moleques encostaram uma faca", "a boy pulled the phone", "pasaba un cipote por el sobre".
OFFENDER = (
    r"\b(?:gamins?|gosses|moleques?|cipotes?|chamacos?|patojos?|menores|kids|boys?|pibes|mocosos?|adolescentes"
    r"|ti gason)"
    r"(?: \w+){0,2}? (?:armad\w+|masques|encapuchad\w+|(?:avec|with|con)(?: (?:a|un))? (?:talkie|knife|knives|guns?"
    r"|slingshots?|stones|radios|machetes?|cuchillos?|pistolas?|navajas?|piedras)|(?:en|de) moto|encost\w+"
    r"|pulled|pull"
    r"|snatch\w*|grab\w*|robbed|arrebat\w*|jal(?:o|aron)|asalt\w+|assalt\w+|levaram|atearam|m ont|mont|crev\w+|frape"
    r"|rache|attend\w+|por el|cobra\w*)\b"
    r"|\b(?:pasaba|pasa|viene|venia|llega|llegaba|mandan?) un (?:cipote|chamaco|menor|pibe)\b"
)
# Portuguese writes the drink like the baby: "o rio que a aldeia bebe".
DRINKS = (
    r"\b(?:gente|aldeia|indi[oa]s?|povo|nos|nois|que|se|comunidade|ele|ela|eu|tu|voce|mundo|vila|gado|familia) bebe\b"
)
# "Me chamava de minha bebê", "my baby (he's 32)", "mon bébé d'amour".
CALLED_SO = (
    r"\b(?:llam[ao]\w*|chama\w*|dice|decia|call(?:s|ed|ing)?|appel\w+|rele)"
    r"(?: (?:de|me|us|her|mi|my|minha|meu|mon|ma))* (?:bebe|baby|bb|nen[ea])\b"
    r"|\b(?:bebe|baby|bb)\b(?=\W+(?:d.amour\b|(?:s?he\W*(?:s|is)?|(?:el|ella) tiene|(?:elle|il) a|el[ea] tem)"
    r"\W+(?:1[89]|[2-9]\d)\b))"
)
NOT_A_CHILD = re.compile(
    r"bajo chiquit[oa](?![a-z])"
    rf"|\b(?:bebe|bebecit[oa]|baby|nen[ea]|bb)\b(?=\W+(?:\w+\W+){{0,14}}?{LOVER}\b)"
    rf"|{CARED_FOR}|{OF_A_CHILD}|{OFFENDER}|{DRINKS}|{CALLED_SO}|\bmy man of \d+ years\b"
)
# A child of this school: "a mi hijo en el colegio de Tacna", "pitit gason m nan ... devan tout klas la".
OWN_CHILD = (
    r"(?:\b(?:mi|my|mih|meu|minha|mon|ma|nuestr[oa]|our|nosso|nossa|notre|el|la|her|his|su)"
    r" (?:hij[oa]|nin[oa]|son|daughter|dawta|filh[oa]|fils|fille|niet[oa]|net[oa])"
    r"|\bpitit(?: gason| fi)? (?:m|mwen|nou|li))"
)
SCHOOL = (
    r"(?:escuela|escuelita|colegio|cole|liceo|primaria|secundaria|kinder|jardin|guarderia|recreo|salon|profesora?"
    r"|maestra|miss|school|kindergarten|daycare|teacher|classmates|(?:\w+ )?grade|escola|creche|professora|ecole"
    r"|maternelle|cantine|maitresse|lekol|klas|mets)"
)
AT_SCHOOL = re.compile(
    rf"{OWN_CHILD}\b(?:\W+\w+){{0,14}}?\W+{SCHOOL}\b|\b{SCHOOL}\b(?:\W+\w+){{0,10}}?\W+{OWN_CHILD}\b"
)
# Of 18 and more, though a word for a child stands there: "ti gason an te gen 19 lane".
A_GROWN_AGE = re.compile(rf"\b(1[89]|[2-9]\d)\s*(?:{YEARS}|an\b|ano\b)")
MAYBE_GROWN = frozenset(
    "hermanito hermanita tifi tigason menina nena nenas guria guri gosse gosses cipota cipote".split()
)
# Without its accent it would be a mine; "minè yo" are miners.
CREOLE_MINOR = re.compile(r"(?<!ak )(?<!ke )\bminè\b(?! (?:yo|lò))")
# Other scripts: a number of years, or a word for a child.
CHINESE = re.compile(
    r"(\d{1,2})\s*岁|[才我他她妹弟女儿](\d{1,2})(?!\d|[个人点年月天块])|(?<![十百])([一二两三四五六七八九]|(?<![二三四五六七八九])十[一二三四五六七]?)岁"
    r"|[才妹弟女儿甥侄](十[一二三四五六七])(?![个人点年月天块几多])"
    r"|婴儿|小孩|未成年|儿童|幼儿|小女孩|小男孩|小学生|[上读]小学|幼儿园|娃娃|囡囡|我娃|未满十?[一二三四五六七八]"
    r"|(?:儿子|女儿|孩子|闺女|侄[子女]|外甥女?).{0,15}(?:年级|小学|初中|学校)|个月大"
)
# "three" to "ten", and not "thirty"
TO_TEN = r"(?:تلات|ثلاث|اربع|خمس|ست|سبع|تمان|ثمان|تسع|عشر)(?!\w*ين)\w*"
ARABIC = re.compile(
    r"(?:عمر\w*|عند\w*)\s*(\d{1,2})\b(?!\s*(?:يوم|شهر|ساع|دولار|الف))|(\d{1,2})\s*(?:سنه|سنة|سنين|سنوات|عام)"
    r"|(?:ابن|بنت|ولد)(?:ي|نا|ها|ه)? (\d{1,2})\b(?!\s*(?:يوم|ايام|شهر|اشهر|ساع|دولار|الف|شخص))"
    rf"|(?:ابن|ولد|ولاد|بنت|اخ|اخت)\w*(?:[ ،,]+\w+){{0,2}}[ ،,]+{TO_TEN}"
    r" (?:سنه|سنة|سنين|سنوات)"
    rf"|(?:ام|ابو) {TO_TEN} (?:سنين|سنوات)"
    r"|(?:ابن|بنت|ولد)\w*(?: \w+){0,4} (?:ب|في |ف)?(?:ال)?(?:صف|مدرس|روض|حضان)"
    rf"|عمر\w* (?:{TO_TEN}|احدي\w*|اثنت\w*)(?: عشر\w*)? (?:سنه|سنة|سنين|سنوات|عام\w*)"
    rf"|(?:ابن|بنت) ال{TO_TEN} (?:سنين|سنوات)|رضيع"
    r"|طفل|اطفال|قاصر|(?:اخت|بنت)\w* الصغير|اخ\w* الصغير|(?:ال)?(?:ولاد|اولاد|عيال|بنات) (?:ال)?صغ(?:ار|ير)"
    r"|(?:عيل|ولد|بنت)(?:ين|ه)? صغير|عمر\w* (?:عامين|سنتين|عام|سنه|سنة)\b"
    r"|(?:ابن|بنت|ولد)\w* عند\w* (?:عامين|سنتين)"
)
ATTACHED = re.compile(r"(\d)(?=[a-z])")  # "6zan"


def named(text: str) -> bool:
    """
    >>> named("se llevaron a mi hija de 15 años"), named("hace 3 años me robaron"), named("mi bebé está enferma")
    (True, False, True)
    """
    plain = spelt(text)
    if young(plain) or _elsewhere(text):
        return True
    words = set(re.findall(r"[a-z]+", plain)) & CHILDREN
    told = words - MAYBE_GROWN or CREOLE_MINOR.search(text.casefold()) or AT_SCHOOL.search(plain)
    maybe = words or PHRASES.search(plain) or victims.likely(plain)
    return bool(told or (maybe and not A_GROWN_AGE.search(plain)))


def spelt(text: str) -> str:
    """In small letters without accents, a number apart from the word behind it; without what is no child."""
    return NOT_A_CHILD.sub(" ", ATTACHED.sub(r"\1 ", _plain(text)))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _elsewhere(text: str) -> bool:
    found = CHINESE.search(simplified(text)) or ARABIC.search(_plain(text))
    return found is not None and said(found) < GROWN


CHILDREN = {_plain(word) for word in CHILD}
