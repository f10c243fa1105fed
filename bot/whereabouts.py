"""What the words before a place name make of it: where it happened, where one is, or neither."""

import re
from enum import IntEnum

from bot.names import Word


class Standing(IntEnum):
    """How much a mention tells of where something happened; the highest in a message wins."""

    ELSEWHERE = 0  # where somebody is from, has family or wants to go
    NAMED = 1
    HERE = 2  # where the person is now; what happened may have happened before
    HAPPENED = 3


# All patterns are tried at the end of the words before the name, without accents.
ARTICLES = r"(?: (?:el|la|los|las|the|l|le|les|o|os|pais|peyi|country))*"
FROM = [
    # es
    r"(?:soy|somos|es|son|era|eramos|vengo|venimos|viene|vienen|vine|venia|veniamos|sali|salimos"
    r"|salio|salieron|salir|huyo|hui|huimos|huyendo|escape|escapamos|originari[oa]s?|natural"
    r"|naturales|oriund[oa]s?|provenientes?|procedentes?|ciudadan[oa]s?|cancilleria"
    r"|consulado|embajada|trajeron|trajo|un numero|lada"
    r"|consul|pasaporte|cedula|acta|papeles|gente|amig[oa]s?|companer[oa]s?|migrantes?|paisan[oa]s?"
    r"|muchach[oa]s?|chic[oa]s?|senor|senora|mujer|mujeres|hombre|hombres|persona|personas"
    r"|familia|familias|nacionalidad|nina|nino|ninos|joven|jovenes|salida)"
    r"(?: (?:todos|ambos|originario|originaria|aca|aqui|alla|huyendo))? (?:de|del|desde)",
    r"(?:soy|somos|nacionalidad|mujer|chica|senora|muchacha|amiga)",
    r"(?:naci|nacio|nacimos|nacid[oa]s?|vivia|viviamos|deje|dejamos) (?:en|a|mi)",
    # en
    r"(?:am|m|im|are|re|is|s|was|were|come|comes|came|coming|originally|people|friends?|migrants?"
    r"|guy|man|men|woman|women|girl|boy|family|families|travell?ed|travell?ing|fled|ran|escaped"
    r"|journey|trip|moved|passport|id)(?: (?:originally|here|away|all))? from",
    r"(?:left|leaving|leave|fled|flee|fleeing|escaped|escape|nationality)",
    r"(?:citizens?|nationals?|natives?|passport|consulate|embassy) (?:of|from|for)",
    r"(?:born|grew up|raised) in",
    # fr
    r"(?:suis|sommes|est|sont|viens|venons|vient|viennent|venu|venus|venue|originaires?|nati(?:f|ve)"
    r"|citoyens?|citoyennes?|parti|partis|partie|sorti|sortis|consulat|ambassade|passeport|gens"
    r"|amie?s?|familles?|ressortissante?s?) (?:de|du|d|des)",
    r"(?:quitte|quitter|fui|fuir)",
    r"(?:ne|nee|nes|nees) (?:en|a|au|aux)",
    # pt
    r"(?:sou|somos|e|sao|venho|viemos|vim|veio|vem|sai|saimos|saiu|fugi|fugimos|natural|cidada[o]?"
    r"|cidadaos|consulado|embaixada|passaporte|gente|pessoas?|amig[oa]s?|familia|familias"
    r"|imigrantes?|migrantes?) (?:de|do|da|dos|das)",
    r"(?:sou|deixei|deixamos)",
    r"(?:nasci|nasceu|nascid[oa]s?|morava) (?:em|no|na)",
    # a school report, a licence: papers are brought along
    r"(?:notas|colegio|titulo|diploma\w*|licencia|licen[cs]e|kane|pyebatis|certificat\w*|certificado\w*)"
    r"(?: (?:de|del|from|of|du|do|da|peyi))*",
    # ht
    r"(?:se|sot|soti|sotin|kite|sitwayen|paspo|konsila|konsula|anbasad|moun|peyi|peyi m|fet|ne)"
    r"(?: (?:moun|yon|ayisyen|nan|an|peyi|sot|soti))*",
]
KIN = (
    r"(?:(?:manman|papa|fanmi|madanm|mari) (?:m|mwen|li|nou|yo)"
    r"|(?:famili\w*|fami?ll?[ye]|famille|fanmi|mama|mami|papa|papi|madre|padres?|abuel[oa]s?|parientes"
    r"|parents?|mother|father|mom|mum|dad|relatives|grandm\w+|mere|pere|maman|mae|pais?|parentes"
    r"|manman|granmoun|back home|home)"
    r"(?: (?:m|mwen|nou|li|yo|esta|estan|vive|viven|quedo|quedaron|sigue|siguen|alla|que|se|is|are"
    r"|live|lives|still|back|who|est|sont|vit|vivent|reste|ficou|mora|moram|ki|rete))*"
    r" (?:en|in|em|no|na|a|au|nan|an))"
)
TO = [
    # a ticket, a visa, a job "for" a country
    r"(?:para|pra|pro|pour|pr|pou|for|4|pa)",
    r"(?:visas?|visados?|vistos?|viza|fisa|فيزا|فيزه)(?: (?:travay|trabajo|trabalho|work))?(?: (?:de|of|to|do|du))?",
    r"(?:irme|irnos|irse|embora|go)(?: \w+){0,4} (?:a|al|to|pro|pra|para)",
    r"(?:voy|vamos|van|va|iba|ibamos|ir|irme|irnos|irse|viajar|viajo|viajamos|viajando|llegar|cruzar"
    r"|entrar|volver|volverme|regresar|regresarme|regresarnos|regreso|retornar|retorno|rumbo"
    r"|camino|direccion|huyo|huyeron|huir|huimos|escapo|deportar\w*|migrar|emigrar|vuelo|destino|quiero|queremos|subir|mandar\w*"
    r"|mando|enviar\w*|envio|llamar|llamada) (?:\w+ )?(?:a|al|para|pa|pal|hacia|hasta|en|con|por)",
    r"pasar (?:\w+ )?(?:a|al|para|pa|pal|hacia|hasta)",
    r"(?:hacia|rumbo|toward|towards|retour|reach|enter|return|deport)",
    r"(?:go|going|goes|gone|get|getting|travel|travell?ing|cross|crossing|way|heading|headed|return"
    r"|returning|back|trip|deport|deporting|move|moving|want|trying|journey|send|sending|come|coming"
    r"|flight|bound|immigrate|migrate|enter|entry) (?:in|into|to|for|in to|over to|back to)",
    r"(?:vou|vamos|ir|indo|chegar|viajar|voltar|atravessar|entrar|rumo|caminho|quero|mandar|enviar)"
    r" (?:a|ao|aos|pra|pro|pros|para|no|na|nos|em|ate)",
    r"(?:aller|vais|allons|va|vont|arriver|retourner|rentrer|entrer|partir|voyager|route|chemin"
    r"|direction|rejoindre|passer)(?: (?:a|au|aux|en|vers|pour|dans))?",
    r"(?:prale|pral|vle ale|pou ale|pou al|vle al|vle rive|vle antre|pou rive"
    r"|pou (?:m|mwen|nou) rive"
    r"|pou (?:m|mwen|nou) ale|tounen|retounen|voye)(?: (?:nan|an|pou|lajan))*",
]
# "pedir asilo en ...": the country asked, which need not be where the person is.
ASKED = (
    r"(?:asilo|refugio|asylum|refuge|asile|azil|trabajar|work|cita|visa)"
    r" (?:en|in|em|no|na|a|au|nan)"
)
ARRIVED = (
    r"(?:(?:just|now|already|have|has|we|i) (?:reach|reached|arrived?|landed|got)(?: (?:in|to|at))?"
    r"|(?:acab\w+ de|recien|ya) (?:llegar|llegue|llegamos|llegando|chegar|entrar) (?:a|al|em|ao|no|na|en)"
    r"|(?:llegue|llegamos|cheguei|chegamos|entre|entramos) (?:a|al|em|ao|no|na|en)"
    r"|(?:viens|venons|vient) d arriver (?:a|au|en)|(?:fek|fenk) (?:rive|antre)(?: nan)?)"
)
HERE = (
    r"(?:on est|estoy|estamos|ando|andamos|vivo|vivimos|am|m|im|are|re|live|living|estou|estamos|moro|suis"
    r"|sommes|vis|vivons|habite|rete|mwen|nou|kounye a)"
    r"(?: (?:ahora|aqui|aca|now|here|currently|ya|actualmente|agora|maintenant|kounye|la|a|viv"
    r"|ap))*"
    r" (?:en|in|em|no|na|a|au|nan|an)"
)
BEFORE = r"(?:(?:antes de|before|avant d|avant de|avan) (?:llegar|arriver|chegar|reaching|rive)(?: (?:a|al|em|nan))?)"
PLACED = (
    rf"(?:en|in|em|nan|near|outside|{BEFORE}"
    r"|(?:le|pandan) (?:m|mwen|nou|li|yo) te"
    r"|desde|cerca de|cerca|perto de|perto|pres de|toupre|bo|dans"
    r"|au|aux|(?:policias?|police|policia|polis|migracion|migra|guardias?|soldados|militares|ejercito"
    r"|autoridades) (?:de|del|do|da|du|of|an))"
)
# Chinese, a word each character: "now I am in X" is here, "in X" is where it happened.
CHINESE_HERE = r"(?:现 在|目 前|人|住)(?: 我| 人| 们| 都| 就){0,2} 在"
WEAKLY = r"(?:at|a|no|na|nos|nas|an|o|por|through)"
# "en la ciudad de X", "in the city of X", "nan vil X"
OF = (
    r"(?: (?:el|la|los|las|the|l|le|les|o|os|lo|un|una|mi|ciudad|cidade|city|town|ville|vil|pueblo"
    r"|estado|state|etat|eta|municipio|departamento|provincia|zona|colonia|barrio|area|frontera"
    r"|fronteira|border|frontiere|fwontye|terminal|central|albergue|refugio|centro|parque|norte|sur"
    r"|de|del|do|da|of|con|with|entre|y))*"
)
PORTUGUESE = set(
    "nao eu um uma uns umas com sem meu minha estou foi voce ele ela tem pra pro ao aos quem ontem hoje isso"
    " muito".split()
)

_ELSEWHERE = re.compile(rf"(?:^| )(?:{'|'.join([*FROM, KIN, *TO])}){ARTICLES}$")
_HELD = re.compile(r"\b(?:tienen|secuestr\w+|retenid\w+|detenid\w+|kidnapp\w+|held|kenbe|kidnape)\b")
_BEFORE = re.compile(rf"(?:^| ){BEFORE}$")
_HERE = re.compile(rf"(?:^| )(?:{HERE}|{CHINESE_HERE}){OF}$")
_ARRIVED = re.compile(rf"(?:^| ){ARRIVED}{OF}$")
_ASKED = re.compile(rf"(?:^| ){ASKED}{ARTICLES}$")
_HAPPENED = re.compile(rf"(?:^| )(?:{PLACED}|{WEAKLY}|在){OF}$")
_FIRM = re.compile(rf"(?:^| ){PLACED}{OF}$")
_FIRM_PORTUGUESE = re.compile(rf"(?:^| )(?:no|na|nos|nas){OF}$")
LOOSE = set(
    "a al at by d da de del di do inna of pon por to towards vers l pa hasta desde chez from wout pre near reach"
    " reached rive".split()
)
WINDOW = 9  # words that can bear on a name


def standing(before: list[Word]) -> Standing:
    lead = _lead(before)
    if _ARRIVED.search(lead):
        return Standing.HERE
    if _ELSEWHERE.search(lead) and not _HELD.search(lead) and not _BEFORE.search(lead):
        return Standing.ELSEWHERE
    if _ASKED.search(lead):
        return Standing.NAMED
    if _HERE.search(lead):
        return Standing.HERE
    return Standing.HAPPENED if _HAPPENED.search(lead) else Standing.NAMED


def firmly_placed(words: list[Word], start: int) -> bool:
    """Whether a preposition of place stands before that is no other word in another language."""
    lead = _lead(words[:start])
    if _FIRM.search(lead) or (start and words[start - 1].raw in ("à", "À", "在")):
        return True
    return bool(_FIRM_PORTUGUESE.search(lead)) and any(word.plain in PORTUGUESE for word in words)


def loosely_placed(words: list[Word], start: int) -> bool:
    """Whether any little word of place stands before: enough for a long name that is hardly anything else."""
    return start > 0 and words[start - 1].plain in LOOSE


def _lead(before: list[Word]) -> str:
    return " ".join(word.plain for word in before[-WINDOW:])
