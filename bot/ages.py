"""Ages under 18 in a text: of somebody of the family, of somebody named, of oneself (bot/minors.py)."""

from __future__ import annotations

import re

GROWN = 18
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
    r"|chav[oa]s?|chaval[oa]s?|cham[oa]s?|chamit[oa]s?|pelad[oa]s?|pelait[oa]s?|guriz\w*|menin[oa]s?|dawta"
    r"|companer[oa]|estudiantes?|alun[oa]s?|alumn[oa]s?|students?|pupils?|eleves?|classmates?|gyals?|guaguas?"
    r"|vecinit[oa]|mesye|elev|pib[ea]s?|gurises|chinit[oa]|wawa|chamac[oa]s?|joven|jovencit[oa]|(?:step)?(?:son"
    r"|daughter)|brother|bredda|sister|sista|niece|nephew|cousin|boys?|girls?"
    r"|filh[oa]s?|sobrinh[oa]s?|irmao?s?|net[oa]s?|gurias?|guris?|garot[oa]s?|m[ou]lequ?es?|fils|filles?"
    r"|freres?|soeurs?"
    r"|neveux?|cousine?"
    r"|jumeaux|jumelles|gemel[oa]s|gemeos|twins|marasa"
    r"|garcons?|petite?s?|bb|bebe|copine|beau[- ]fils|belle[- ]fille|entead[oa]s?|hijastr[oa]s?"
    r"|pitit|pitim|gason|fi|fim|tifi|tifim|fre|frem|sem|se (?:m|mwen|li|nou|ou)|neve|nevem|nyes|kouzen|kouzin)"
)
# What may stand between: "my daughter she is 16", "pitit fi m ki gen 12 zan", "son him a 13".
BETWEEN = (
    r"(?:\W+(?:de|d|of|about|around|que|tiene|tenia|is|was|were|he|she|him|a|s|hes|shes|only|maybe|like|aged?"
    r"|tem|tinha|qui|ki|k|avait|weh|wey"
    r"|gen|te|li|m|mwen|mwin|fi|gason|nan|lan|la|an|seulement|apenas|solo|menor|mayor|mas|moun|yon|just)){0,4}\W+"
)
# A number after which something else is counted is no age.
COUNTED = (
    r"(?!\s*(?:dias?|semanas?|mes(?:es)?|horas?|minutos?|hombres?|tipos?"
    r"|manes|chamos|malandros|vatos|sujetos|encapuchados|agentes|days?|weeks?|months?|hours?|men|guys"
    r"|times|jours?"
    r"|semaines?|mois|heures?|hommes?|homens?|caras?|jou|mwa|semen|moun|neg|mil|dolar|dollars?|pesos|mas\b"
    r"|me (?!lo|la|los|las)"
    r"|mars\b|mai\b|may\b|march\b|out\b|fwa|kout|veces|vezes|(?:de )?(?:enero|jan\w*|feb\w*|fev\w*|mar[zs]\w*"
    r"|abr\w*|apr\w*|avr\w*|jun\w*|jul\w*|jwen|jiye|agosto|aug\w*|out|sep\w*|setembro|oct\w*|okt\w*|outubro"
    r"|nov\w*|dec\w*|dic\w*|dez\w*|desanm)\b|h\b|am\b|pm\b|[:/%$]))"
)
OF_KIN = re.compile(rf"\b{KIN}{BETWEEN}{NUMBER}\b{COUNTED}")
# "mon fils Junior 6 ans": a name between.
NAMED = re.compile(
    rf"\b{KIN}(?:\s+\w+){{1,2}},?\s+{NUMBER}\s*{YEARS}(?!\s*(?:ago|working|trabajando|trabalhando|de travail))"
)
# "my son Kofi he is 11 he went to buy water"
TOLD_OF = re.compile(
    rf"\b{KIN}\s+[a-z]+\s+"
    rf"(?:(?:he|she|who|is|was|s|hes|shes|only|que|tiene|tem|qui|ki|a|gen|li)\s+){{1,3}}{NUMBER}\b{COUNTED}"
)
# "mi hijo Brayan de 17", "meu irmao autista de 9", "my daughter Simran 17,"
OF_NAMED = re.compile(
    rf"\b{KIN}(?:\s+\w+){{1,2}}\s+(?:de|of)\s+{NUMBER}\b{COUNTED}(?!\s*(?:cuart|camas|pis|person|famil))"
    rf"|\b{KIN}\s+\w+\s+(1[0-7]|[2-9])\s*,"
    rf"|\b{KIN}(?: of mine| min\w*)?,\s*(1[0-7]|[2-9])\s*,"  # "a student of mine, 16, told me"
)
# "my son of 9 months".
BABY = re.compile(rf"\b{KIN}\s+(?:de|of|ki gen|gen|aged?)\s+(\d{{1,2}})\s*(?:mes(?:es)?|months?|mois|mwa)\b")
# "he is six, red shirt": the end, a comma or years after.
SOMEBODY = re.compile(
    r"\b(?:he|she|shi|him|hes|shes|ela|ele|elle|il|li|l|ella|el)"
    r"(?: (?:s|is|was|be|just|only|solo|so|tem|tinha|tiene|tenia|a|avait|gen|te gen))+"
    rf"\s+{NUMBER}(?=\s*(?:$|[,.;!?)]|{YEARS}|then\b|but\b))"
    rf"|(?:^|[.,;!?]\s*|\band )(?:she|he|shi|him)\s+{NUMBER}(?=\s*(?:$|[,.;!?)]))"  # "She 17.", in Georgetown
)
# "there are two girls, one is 14", "no tiene más de 14".
ONE_OF = re.compile(
    rf"\b(?:one|una?|uma?|uno|l une|l un|youn)\s+(?:is|tiene|tem|a|gen|de)\s+{NUMBER}(?=\s*(?:$|[,.;!?)]|{YEARS}|an\b))"
    r"|\b(?:can\W?t|cannot|not|no|nao|pas|pa)\W+(?:\w+\W+){0,3}?"
    rf"(?:more than|older than|mas de|mais de|plus de|plis pase)\W+{NUMBER}(?=\s*(?:$|[,.;!?)]|{YEARS}|an\b))"
)
# "de 15 años", "tengo 15 años", "il a 12 ans", "li gen 13 an", "15 years old", "aged 14".
AGED = re.compile(
    r"\b(?:de|con|tiene[ns]?|tenia|tengo|tem|tinha|tenho|ai|jai|avais|javais|a|avait|ont|gen|genyen|is|was|im"
    r"|am|of|edad|only|maybe)"
    rf"\W+{NUMBER}\W*(?:{YEARS}|an\b)|\b{NUMBER}[ -]*(?:y/o|yo|yrs? old|years? old|year[ -]olds?|yr[ -]olds?)\b"
    rf"|\b(?:age|aged|edad|idade)\W+(?:de\W+)?{NUMBER}\b"
    rf"|\b{NUMBER}\s*{YEARS}\s+(?:tiene|tenia|tem|tinha)\b"
    rf"|\bde {NUMBER}\W+(?:y|a|e|et|ou|o|ak) \d{{1,2}}\W*{YEARS}|\byoun nan (?:nou|yo) gen {NUMBER}\s*(?:an|zan|lane)\b"
    # of those years: "entré a los 16", "aos 15 uma senhora me levou", "from 15 i was in a bar"
    r"|(?<!night )(?<!nights )(?<!day )(?<!open )"
    r"\b(?:a los|desde los|aos|desde os|since|from|at|when i was|i was only|i was)\W+(1[0-7])\b"
    r"(?!\s*(?:am|pm|a\.m|p\.m|th|percent|km|miles|hours|o ?clock|de (?:la|ener|febr|marz|abri|may|juni|juli"
    r"|agos|sept|octu|novi|dici))|[:h/%.,]\d)"
    r"|\b(?:m|mw|mwen|mwn|moin|moi)\s+(?:(?:gen|gain|te gen|genyen)\s+)?(1[0-7])\s*(?:an|zan|lane)\b"
)
# "Woodlyne Saintil, 9 an, rad wouj": between two commas.
APPOSED = re.compile(rf"[,!]\s*{NUMBER}\s*(?:{YEARS}|an\b)\s*(?=[,.;]|$)")
# "tengo 15, estoy encerrada", "am 17 the woman says": of oneself.
SELF = re.compile(
    r"\b(?:tengo|tenia|tenho|eu tinha|im|i m|i am|am|i was|jai|j ai|javais|m gen|mwen gen|m te gen)\s+(1[0-7]"
    r"|diez|once|doce|trece|catorce|quince|dieci\w+|ten|eleven|twelve|\w+teen)\b"
    r"(?=\s*(?:$|[,.;!?]|y\b|e\b|et\b|and\b|i\b|the\b|to\b|estoy|vengo|vivo|soy|voy|ando|trabajo|me\b|an\b"
    r"|ans\b|anos?\b|years?\b|wen\b|when\b|kan\b|cuando\b|quando\b|quand\b|kounye|kounya|we\b|my\b|he\b|she\b"
    r"|they\b|pls\b|please\b|help\b))"
)
# "hace 3 años", "il y a 2 ans", "3 years ago", "depi 2 zan", "my man of 14 years": a time, not an age.
SINCE = re.compile(
    r"\b(?:hace|ha|faz|fait|sa fe|il y a|depuis|depi|por|for|since|durante|during|pandan|pendant|had|llevo"
    r"|condenad\w+|my man|husband|wife|marriage|jodi a|sa gen|fe"
    r"|prision|contrato|contrat|contract|(?<!\bm )(?<!\bli )(?<!\bki )(?<!\bte )(?<!mwen )gen)\s+"
    r"(?:ya |mas |casi |about |more |plus )?$"
)
AFTER = re.compile(
    r"^\s*(?:ago|already|deja|atras|later|despues|after|aqui|here|ici|isit|trabajando|working|de trabajo|de casad)"
)
KINSHIP = (OF_KIN, NAMED, TOLD_OF, OF_NAMED)


def young(plain: str) -> bool:
    """Whether an age under 18 is told, of somebody of the family or of oneself."""
    return any(
        said(found) < GROWN
        and (pattern in KINSHIP or not SINCE.search(plain[: found.start()]))
        and not SINCE.search(plain[: found.start() + len(found[0].split()[0]) + 1])
        and (pattern in KINSHIP or not AFTER.match(plain[found.end() :]))
        for pattern in (*KINSHIP, BABY, SOMEBODY, ONE_OF, AGED, APPOSED, SELF)
        for found in pattern.finditer(plain)
    )


def said(found: re.Match[str]) -> int:
    """The number in it; 0 for a word that says it without one."""
    number = next((group for group in found.groups() if group), "")
    return int(number) if number.isdigit() else NUMBERS.get(number, 0)
