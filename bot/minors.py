"""Whether a message says that a child is a victim: words for children, kinship with an age, ages under 18."""

from __future__ import annotations

import re
import unicodedata

# Whoever is called so is under 18. Grown sons and daughters are not meant: "mi hijo", "pitit mwen".
CHILD = (
    "bebe bebes bebecito bebecita nino nina ninos ninas ninito ninita menor menores adolescente adolescentes chiquito "
    "chiquita chiquitos chiquitas criatura criaturas cipote cipota cipotes patojo patoja patojos chamaco chamaca "
    "baby babies kid kids child children toddler infant teen teenager teenagers underage pickney "
    "crianca criancas menino menina meninos meninas nenem bebezinho bebezinha bebezinhos bebezinhas "
    "filhinho filhinha garotinha garotinho "
    "enfant enfants fillette fillettes garconnet mineur mineure mineurs bambin ado ados "
    "gosse gosses gamin gamine gamins guri guria hermanito hermanita sobrinito nietecito nene nena nenes nenas chavito "
    "chavita mocoso pibito pibita carajito carajita botija moleques molecada restavek restavec "
    "timoun tibebe tifi tigason"
).split()
PHRASES = re.compile(
    r"\b(?:ti (?:bebe|fi|gason|pitit|moun|(?:fre|se)(?!\W+(?:m\W+|mwen\W+)?(?:1[89]|[2-9]\d) ?an))"
    r"|little (?:girl|boy|one|brother|sister|son|daughter)|(?:petit|petite) "
    r"(?:fille|garcon|frere|soeur)|hij[oa] (?:chiquit|pequen)[oa]|under ?age|menor de edad|menor de idade"
    r"|since (?:he|she|they|i) (?:was|were) (?:[1-9]|1[0-7]))\b"
)
NUMBERS = {
    word: number
    for number, words in enumerate((
        "un uno una one", "dos two deux de", "tres three trois twa", "cuatro four quatro quatre kat", 
        "cinco five cinq senk",
        "seis six sis", "siete seven sete sept set", "ocho eight oito huit uit", "nueve nine nove neuf nef",
        "diez ten dez dix dis", "once eleven onze onz", "doce twelve doze douze douz",
        "trece thirteen treze treize trez",
        "catorce fourteen catorze quatorze katoz", "quince fifteen quinze kenz",
        "dieciseis sixteen dezesseis seize sez",
        "diecisiete seventeen dezessete diset",
    ), start=1)
    for word in words.split()
}  # fmt: skip
YEARS = r"(?:anos?|anitos?|aninhos?|ans?|years?|yrs?|yr|yo|y/o|lane|zan)\b"
# Numbers that are more often another word: "a una camioneta", "soeur de".
ALSO_WORDS = ("un", "uno", "una", "one", "de")
WORDS = "|".join(word for word in NUMBERS if word not in ALSO_WORDS)
NUMBER = rf"(\d{{1,2}}|{WORDS}|(?:{'|'.join(ALSO_WORDS)})(?=\s+{YEARS}))"
KIN = (
    r"(?:hij[oa]s?|nen[ea]s?|sobrin[oa]s?|niet[oa]s?|herman[oa]s?|prim[oa]s?|ahijad[oa]|muchach[oa]s?|chic[oa]s?"
    r"|chav[oa]s?|pib[ea]s?|gurises|chinit[oa]|wawa|chamac[oa]s?|joven|jovencit[oa]|(?:step)?(?:son|daughter)|brother|bredda|sister|sista|niece|nephew|cousin|boys?|girls?"
    r"|filh[oa]s?|sobrinh[oa]s?|irmao?s?|net[oa]s?|gurias?|guris?|garot[oa]s?|mulequ?es?|fils|filles?|freres?|soeurs?"
    r"|neveux?|cousine?"
    r"|garcons?|copine|beau[- ]fils|belle[- ]fille|entead[oa]s?|hijastr[oa]s?"
    r"|pitit|gason|fi|fre|se|neve|nyes|kouzen|kouzin)"
)
# What may stand between: "my daughter she is 16", "pitit fi m ki gen 12 zan", "son him a 13".
BETWEEN = (
    r"(?:\W+(?:de|d|que|tiene|tenia|con|is|was|were|he|she|him|a|s|hes|shes|only|maybe|like|aged?|tem|tinha|qui|ki|k|avait"
    r"|avec|gen|te|li|m|mwen|mwin|fi|gason|nan|lan|la|an|seulement|apenas|solo|menor|mayor|mas|moun|yon|just)){0,4}\W+"
)
# A number after which something else is counted is no age.
COUNTED = (
    r"(?!\s*(?:dias?|semanas?|mes(?:es)?|horas?|minutos?|hombres?|tipos?|days?|weeks?|months?|hours?|men|guys|times|jours?"
    r"|semaines?|mois|heures?|hommes?|homens?|caras?|jou|mwa|semen|moun|neg|mil|dolar|dollars?|pesos|mas\b|me\b|mars\b|mai\b|may\b|march\b|out\b|h\b|am\b|pm\b|[:/%$]))"
)
OF_KIN = re.compile(rf"\b{KIN}{BETWEEN}{NUMBER}\b{COUNTED}")
# "mon fils Junior 6 ans": a name between.
NAMED = re.compile(
    rf"\b{KIN}(?:\s+\w+){{1,2}},?\s+{NUMBER}\s*{YEARS}(?!\s*(?:ago|working|trabajando|trabalhando|de travail))"
)
# "my son of 9 months".
BABY = re.compile(rf"\b{KIN}\s+(?:de|of|ki gen|gen|aged?)\s+(\d{{1,2}})\s*(?:mes(?:es)?|months?|mois|mwa)\b")
# "he is six, red shirt": the end, a comma or years after.
SOMEBODY = re.compile(
    r"\b(?:he|she|hes|shes|ela|ele|elle|il|li|l|ella|el)"
    r"(?: (?:s|is|was|be|just|only|solo|so|tem|tinha|tiene|tenia|a|avait|gen|te gen))+"
    rf"\s+{NUMBER}(?=\s*(?:$|[,.;!?)]|{YEARS}|then\b|but\b))"
    rf"|(?:^|[.,;!?]\s*)(?:she|he)\s+{NUMBER}(?=\s*(?:$|[,.;!?)]))"  # "She 17.", in Georgetown
)
# "de 15 años", "tengo 15 años", "il a 12 ans", "li gen 13 an", "15 years old", "aged 14".
AGED = re.compile(
    r"\b(?:de|tiene[ns]?|tenia|tengo|tem|tinha|tenho|ai|jai|avais|javais|a|avait|gen|genyen|is|was|im|am|of|edad|only|maybe)"
    rf"\W+{NUMBER}\W*(?:{YEARS}|an\b)|\b(\d{{1,2}})[ -]*(?:y/o|yo|yrs? old|years? old|year[ -]olds?|yr[ -]olds?)\b"
    rf"|\b(?:age|aged|edad|idade)\W+(?:de\W+)?{NUMBER}\b"
)
# "Woodlyne Saintil, 9 an, rad wouj": between two commas.
APPOSED = re.compile(rf",\s*{NUMBER}\s*(?:{YEARS}|an\b)\s*(?=[,.;]|$)")
# "tengo 15, estoy encerrada", "am 17 the woman says": of oneself.
SELF = re.compile(
    rf"\b(?:tengo|tenia|tenho|eu tinha|im|i m|i am|am|i was|jai|j ai|javais|m gen|mwen gen|m te gen)\s+{NUMBER}\b"
    r"(?=\s*(?:$|[,.;!?]|y\b|e\b|et\b|and\b|i\b|the\b|to\b|estoy|vengo|vivo|soy|voy|ando|trabajo|me\b|an\b|ans\b|anos?\b|years?\b|wen\b|when\b|kan\b|we\b|my\b|he\b|she\b|they\b|pls\b|please\b|help\b))"
)
# "hace 3 años", "il y a 2 ans", "3 years ago", "depi 2 zan": a time, not an age.
SINCE = re.compile(
    r"\b(?:hace|ha|faz|fait|sa fe|il y a|depuis|depi|por|for|since|durante|during|pandan|pendant|had|llevo|condenad\w+"
    r"|prision|contrato|contrat|contract|(?<!\bm )(?<!\bli )(?<!\bki )(?<!\bte )(?<!mwen )gen)\s+"
    r"(?:ya |mas |casi |about |more |plus )?$"
)
AFTER = re.compile(r"^\s*(?:ago|atras|later|despues|after|aqui|here|ici|isit|trabajando|working|de trabajo|de casad)")
# The Darién's Bajo Chiquito is a village, milk is not a child, nor is a lover who is called so.
LOVER = (
    r"(?:novi[oa]|noiv[oa]|fiancee?|enamorad[oa]|namorad[oa]|girlfriend|boyfriend|wife|husband|espos[oa]|marid[oa]|pareja|copine|copain"
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
NOT_A_CHILD = re.compile(
    r"bajo chiquit[oa](?![a-z])|\bbaby (?:milk|food|formula|clothes)\b"
    rf"|\b(?:bebe|bebecit[oa]|baby|nen[ea]|bb)\b(?=\W+(?:\w+\W+){{0,9}}?{LOVER}\b)"
    rf"|{CARED_FOR}"
)
# Without its accent it would be a mine.
CREOLE_MINOR = "minè"
# Other scripts: a number of years, or a word for a child.
CHINESE = re.compile(
    r"(\d{1,2})\s*[岁歲]|[才我他她](\d{1,2})(?!\d|[个人点年月天块])|(?<![十百])([一二三四五六七八九]|(?<![二三四五六七八九])十[一二三四五六七]?)[岁歲]|婴儿|嬰兒|小孩|未成年|儿童|幼儿|小女孩|小男孩|小学生|[上读]小学|幼儿园"
)
ARABIC = re.compile(
    r"(?:عمر\w*|عند\w*)\s*(\d{1,2})\b(?!\s*(?:يوم|شهر|ساع|دولار|الف))|(\d{1,2})\s*(?:سنه|سنة|سنين|سنوات|عام)"
    r"|(?:ابن|بنت|ولد)(?:ي|نا|ها|ه)? (\d{1,2})\b(?!\s*(?:يوم|ايام|شهر|اشهر|ساع|دولار|الف|شخص))"
    r"|(?:ابن|ولد|ولاد|بنت|اخ|اخت)\w*(?: \w+){0,2} (?:تلات|ثلاث|اربع|خمس|ست|سبع|تمان|ثمان|تسع|عشر)\w*"
    r" (?:سنه|سنة|سنين|سنوات)"
    r"|عمر\w* (?:تلات|ثلاث|اربع|خمس|ست|سبع|تمان|ثمان|تسع|عشر|احدي|اثنت)\w*(?: عشر\w*)? (?:سنه|سنة|سنين|سنوات)"
    r"|(?:ابن|بنت) ال(?:تلات|ثلاث|اربع|خمس|ست|سبع|تمان|ثمان|تسع|عشر)\w* (?:سنين|سنوات)|رضيع"
    r"|طفل|اطفال|قاصر|(?:اخت|بنت)\w* الصغير|اخ\w* الصغير|(?:ال)?(?:ولاد|اولاد|عيال|بنات) (?:ال)?صغ(?:ار|ير)"
)
GROWN = 18


def named(text: str) -> bool:
    """
    >>> named("se llevaron a mi hija de 15 años"), named("hace 3 años me robaron"), named("mi bebé está enferma")
    (True, False, True)
    """
    plain = NOT_A_CHILD.sub(" ", _plain(text))
    words = set(re.findall(r"[a-z]+", plain))
    return bool(
        words & CHILDREN
        or CREOLE_MINOR in text.casefold()
        or PHRASES.search(plain)
        or _young(plain)
        or _elsewhere(text)
    )


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _young(plain: str) -> bool:
    """Whether an age under 18 is told, of somebody of the family or of oneself."""
    return any(
        _age(found) < GROWN
        and not SINCE.search(plain[: found.start()])
        and not SINCE.search(plain[: found.start() + len(found[0].split()[0]) + 1])
        and (pattern in (OF_KIN, NAMED) or not AFTER.match(plain[found.end() :]))
        for pattern in (OF_KIN, NAMED, BABY, SOMEBODY, AGED, APPOSED, SELF)
        for found in pattern.finditer(plain)
    )


def _elsewhere(text: str) -> bool:
    found = CHINESE.search(text) or ARABIC.search(_plain(text))
    return found is not None and _age(found) < GROWN


def _age(found: re.Match[str]) -> int:
    """The number in it; 0 for a word that says it without one."""
    said = next((group for group in found.groups() if group), "")
    return int(said) if said.isdigit() else NUMBERS.get(said, 0)


CHILDREN = {_plain(word) for word in CHILD}
