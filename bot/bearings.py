"""The words before a place name, as patterns, by language: from there, to there, here, where it happened.

They are tried at the end of the words before the name, without case and accents (bot/whereabouts.py).
"""

import re

ARTICLES = r"(?: (?:el|la|los|las|the|l|le|les|o|os|pais|peyi|country))*"
FROM = [
    # es
    r"(?:soy|somos|es|son|era|eramos|vengo|venimos|viene|vienen|vine|venia|veniamos|sali|salimos"
    r"|salio|salieron|salir|huyo|hui|huimos|huyendo|escape|escapamos|originari[oa]s?|natural"
    r"|naturales|oriund[oa]s?|provenientes?|procedentes?|ciudadan[oa]s?|cancilleria"
    r"|consulado|embajada|tra(?:e|en|ia|ian|jo|jeron)|un numero|lada"
    r"|consul|pasajes?|vuelos?|pasaporte|cedula|acta|papeles|gente|amig[oa]s?|companer[oa]s?|migrantes?|paisan[oa]s?"
    r"|muchach[oa]s?|chic[oa]s?|senor|senora|mujer|mujeres|hombre|hombres|persona|personas"
    r"|familia|familias|nacionalidad|nina|nino|ninos|joven|jovenes|salida)"
    r"(?: (?:todos|ambos|originario|originaria|aca|aqui|alla|huyendo))? (?:de|del|desde)",
    r"(?:soy|somos|nacionalidad|mujer|chica|senora|muchacha|amiga)",
    r"(?:naci|nacio|nacimos|nacid[oa]s?|vivia|viviamos|deje|dejamos) (?:en|a|mi)",
    # en
    r"(?:am|m|im|are|re|is|s|was|were|come|comes|came|coming|originally|people|friends?|migrants?"
    r"|guy|fella|lady|man|men|woman|women|girl|boy|family|families|brother|sister|husband|wife|son|daughter|cousin|nephew|uncle|aunt"
    r"|mother|father|travell?ed|travell?ing|fled|ran|escaped"
    r"|journey|trip|moved|passport|id)(?: (?:originally|here|away|all))? from",
    r"(?:left|leaving|leave|fled|flee|fleeing|escaped|escape|nationality)",
    r"(?:citizens?|nationals?|natives?|passport|consulate|embassy) (?:of|from|for)",
    r"(?:born|grew up|raised) in",
    # fr
    r"(?:suis|sommes|est|sont|viens|venons|vient|viennent|venu|venus|venue|arrivant|originaires?|nati(?:f|ve)"
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
    r"(?:(?:m|mwen|nou|li|yo) se|se(?= (?:moun|yon|ayisyen))|sot|soti|sotin|kite|sitwayen|paspo|konsila|konsula"
    r"|anbasad|moun|peyi|peyi m|fet|ne)"
    r"(?: (?:moun|yon|ayisyen|nan|an|peyi|sot|soti))*",
]
KIN = (
    # "for a family in Bethesda" is an employer; what is told of a parent's house happened there
    r"(?<! a )(?<! una )(?<! uma )(?<! une )(?<! yon )(?<! casa de mi )(?<! casa da minha )(?<! chez ma )"
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
    r"(?:devolver|regresar|volver)\w* (?:a|pa) (?:mi|la|nuestra) (?:casa|tierra|pueblo|familia) (?:en|de)",
    r"(?:hacia|rumbo|toward|towards|retour|reach|enter|return|deport)",
    r"(?:retour|tounen lakay ?m?) (?:en|au|aux|a|vers|nan)",
    r"tounen lakay ?m?",
    r"(?:go|going|goes|gone|get|getting|travel|travell?ing|cross|crossing|way|heading|headed|return"
    r"|returning|back|trip|deport|deporting|move|moving|want|trying|journey|send|sending|come|coming"
    r"|flight|bound|immigrate|migrate|enter|entry) (?:in|into|to|for|in to|over to|back to)",
    r"(?:vou|vamos|ia|iam|iamos|ir|indo|chegar|viajar|voltar|atravessar|entrar|rumo|caminho|quero|mandar|enviar)"
    r" (?:a|ao|aos|pra|pro|pros|para|no|na|nos|em|ate)",
    r"(?:aller|vais|allons|va|vont|allais|allait|allions|allaient|arriver|retourner|rentrer|entrer|partir"
    r"|voyager|(?<!sur la )route|chemin|direction|rejoindre|passer)(?: (?:a|au|aux|en|vers|pour|dans))?",
    # promised: "debía llevarnos a Houston", "devait nous mener à Plattsburgh"
    r"(?:llevar(?:me|nos|l[aoe]s?)?|levar(?: (?:me|nos|a gente))?|take (?:us|me|him|her|them)|(?:em|a)?mener|conduire"
    r"|mennen (?:m|mwen|nou|li|yo)) (?:a|al|hasta|ate|pra|pro|para|to|au|en|nan)",
    r"(?:prale|pral|t? ?ap ale|vle ale|pou ale|pou al|vle al|vle rive|vle antre|pou rive"
    r"|pou (?:m|mwen|nou) rive"
    r"|pou (?:m|mwen|nou) ale|tounen|retounen|voye)(?: (?:nan|an|pou|lajan))*",
]
# "pedir asilo en ...": the country asked, which need not be where the person is.
ASKED = (
    r"(?:asilo|refugio|asylum|refuge|asile|azil|trabajar|work|cita|visa)"
    r" (?:en|in|em|no|na|a|au|nan)"
)
# What is done to people begins where they were brought: "ela me levou pra Caiena e me trancava".
BROUGHT = (
    r"(?:(?:me|nos|la|lo|a gente) (?:levou|levaram|trouxe|trouxeram)(?: \w+){0,2}? (?:pra|para|a|ao)"
    r"|(?:took|brought|carry|carried|drove|moved) (?:me|us|her|him|them|my \w+)(?: \w+){0,3}? (?:to|go)"
    r"|(?:m|nous|l|les) (?:a|ont) (?:amene|emmene|conduit)\w*(?: \w+)? (?:a|au|en|jusqu a))"
)
ARRIVED = (
    r"(?:(?:jus|just|now|already|have|has|we|i) (?:reach|reached|arrived?|landed|got)(?: (?:in|to|at))?"
    r"|(?:acab\w+ de|recien|ya) (?:llegar|llegue|llegamos|llegando|chegar|entrar) (?:a|al|em|ao|no|na|en)"
    r"|(?:llegue|llegamos|cheguei|chegamos|entre|entramos) (?:a|al|em|ao|no|na|en)"
    r"|(?:suis|sommes|est|sont)(?: tous)? arriv\w+ (?:a|au|aux|en)|(?:viens|venons|vient) d arriver (?:a|au|en)"
    r"|(?:fek|fenk|fin|fini) (?:rive|antre)(?: nan)?|(?:دخلت|دخلنا)(?: (?:علي|على|ع))?)"
)
HERE = (
    r"(?:(?:tenemos|tengo|llevamos|llevo) (?:ya )?\w+ (?:dias|semanas|mes|meses|anos)"
    r"|on est|estoy|estamos|ando|andamos|vivo|vivimos|am|i m|im|are|re|live|living|estou|estamos|moro|suis"
    r"|sommes|vis|vivons|habite|rete|kounye a)"
    r"(?: (?:ahora|aqui|aca|now|here|currently|ya|actualmente|agora|maintenant|kounye|la|a|viv"
    r"|ap|encore|todavia|ainda|still))*(?: (?:chez|donde|con|with|lakay|cerca|casa|na|at|em|en) (?:\w+ ){1,3}?)?"
    r" ?(?:en|in|em|no|na|a|au|nan|an)"
)
# Whatever is said of today, up to the place: what is told before it happened elsewhere. ("They hold me now in X"
# happened in X all the same, where no other place is told.)
NOW = (
    r"(?:ahora|ahorita|actualmente|hoy|now|today|currently|hoje|agora|atualmente|aujourd hui|maintenant|mtn|a present"
    r"|actuellement|desormais|kounye a|koulye a|kounya|jodi a|jodia|safe|a salvo|segur[oa]s?|en securite|sove|isit|isi)"
    r"(?: \w+){0,4}? (?:en|in|em|no|na|a|au|nan|an|at|pra|chez|to|lakay|bo)"
)
BEFORE = r"(?:(?:antes de|before|avant d|avant de|avan) (?:llegar|arriver|chegar|reaching|rive)(?: (?:a|al|em|nan))?)"
PLACED = (
    rf"(?:en|in|inna|eena|em|nan|devan|devant|enfrente de|frente a|in front of|near|anfas|en face (?:de|du)"
    rf"|deye|derriere|detras de|atras (?:de|da|do)|behind|outside|before|anvan|avan|avant|antes de|{BEFORE}"
    r"|(?:le|pandan) (?:m|mwen|nou|li|yo) te|sur la route"
    r"|desde|around|cerca de|cerca|perto de|perto|pres de|toupre|bo|dans|saliendo|saindo"
    r"|en sortant|apres|apre|despues|depois"
    r"|pasando|passando|a la salida|na saida|entre|between|past|sou wout"
    r"|au|aux|(?:policias?|police|policia|polis|migracion|migra|guardias?|soldados|militares|ejercito"
    r"|autoridades) (?:de|del|do|da|du|of|an))"
)
# "del lado tico", "coté bolivien", "bò Panama"; "the other side" is no side of anybody's.
SIDE = (
    r"(?<!otro )(?<!outro )(?<!autre )(?<!lot )(?:lado|side|cote|bo|ناحيه|ناحية|جهه|جهة)"
    r"(?: (?:de|del|do|da|du|d|of|la|el|al|en))*"
)
COME = r"(?:vient|viens|venons|venant|vengo|venimos|viniendo|vindo|come|coming|came|soti|جاي|جايين)(?: \w+){0,2} "
# Chinese, a word each character: "now I am in X" is here, "in X" is where it happened.
CHINESE_HERE = r"(?:现 在|目 前|人|住|今 天|逃 到)(?: 我| 人| 们| 都| 就| 已 经){0,3}(?: 在| 到)?"
# "en una bodega de Comitán", "no quiosque da praia de X": what is in X.
WITHIN = r"(?:en|in|em|numa?|no|na|nan|dans|au|at|desde) (?:\w+ ){1,4}(?:de|del|of|da|do|du|d|des)"
CHINESE_TO = (
    r"(?:(?:包|飞|走 线|偷 渡|想|要|准 备|打 算|(?:说|讲|谈) 好(?: (?!送)\S+){1,4}) (?:到|去|来)|(?:想|要) (?:回|进)"
    r"|前 往|飞 往|去 往|走 线|偷 渡)(?: 了)?"
)
ARABIC_IN = r"(?:في|ف|ب|جوا|جوه|داخل|قرب|جنب|حذ|حدا|صوب|اول|قبل|بعد|عند|حدود|وسط|بين|قدام|علي|على|ع|عا)"
ARABIC_OF = (
    r"(?: (?:مدينه|مدينة|ولايه|ولاية|حي|مخيم|سجن|محطه|محطة|مطار|منطقه|منطقة|شارع|سوق|غابه|غابة"
    r"|طريق|حدود|بلده|بلدة|قريه|قرية"
    r"|ال|معبر|مع|شرطه|شرطة))*"
)
ARABIC_NOW = (
    r"(?:راني|رانا|راهم|ضرك|دروك|ذرك|درك|توا|الان|الحين|دلوقتي|دلوقت|هلق|هلا|هسه|حسه|دابا|حاليا|اليوم|ساكن|ساكنين|عايش|عايشين|مقيم|مقيمين|موجودين|موجود|وصلنا|وصلت"
    r"|هربت|هربنا|صرت|صرنا|بامان|انا|احنا|نحن|حنا)(?: \w+){0,3}? "
)
ARABIC_FROM = (
    r"(?:انا|احنا|نحن|حنا|اصلي|جاي|جايين|جيت|جينا|طلعت|طلعنا|خرجت|خرجنا|سافرت|سافرنا|هربت|هربنا|واحد|شاب|بنت|ناس|عيله|عائله"
    r"|صاحبي|اهلي|امي|ابوي)(?: \w+){0,1} من"
)
ARABIC_TO = (
    r"(?:رايح|رايحين|رايحه|بدي|بدنا|عايز|عايزين|نفسي|اروح|نروح|روح|نوصل|اوصل|اسافر|نسافر|متجهين|متجه|فيزا|فيزه|فيزة|تاشيره|تاشيرة"
    r"|هجره|هجرة|شغل|عمل|الي|الى|لحد)(?: \w+){0,1}? (?:الي|الى|ل|علي|على|ع|في|ف|ب)"
    r"|(?:الي|الى|رايح|رايحين|فيزا|فيزه|فيزة)"
)
ARABIC_KIN = r"(?:اهلي|اهلنا|عيلتي|عايلتي|عايلتنا|عائلتي|امي|ابوي|بلدي|بلدنا) (?:في|ف|ب)"
# Joined to the name as one letter: "in" and "to".
IN_LETTERS, TO_LETTER = "بف", "ل"
# Who offers work or papers through these offers them abroad; what is done to people happens elsewhere.
OFFERED = set(
    "facebook face fb tiktok tik insta instagram ig whatsapp wasap wsp watsap zap telegram anuncio aviso agencia agence"
    " ajans agency ad ads page pagina internet entenet online".split()
)
WORK = (
    r"(?:trabajos?|empleos?|vagas?|empregos?|trabalho|jobs?|work|travail|boulot|emplois?|travay|djob|contrat\w*|cupos?"
    r"|visas?|vistos?|viza)"
)
# How English is written from Lagos to Freetown, where "for Tijuana" is in Tijuana.
PIDGIN = set("dey wey dem abeg una wetin dis dat fit sabi comot".split())
WEAKLY = r"(?:at|a|no|na|nos|nas|an|o|por|through)"
# "en la ciudad de X", "in the city of X", "nan vil X"
OF = (
    r"(?: (?:el|la|los|las|the|l|le|les|o|os|lo|un|una|mi|ciudad|cidade|city|town|ville|vil|pueblo"
    r"|estado|state|etat|eta|municipio|departamento|provincia|zona|colonia|barrio|area|frontera"
    r"|fronteira|border|frontiere|fwontye|teminal|terminal|central|albergue|refugio|centro|parque|norte|sur"
    r"|de|del|do|da|of|con|with|entre|y))*"
)
PORTUGUESE = set(
    "nao eu um uma uns umas com sem meu minha estou foi voce ele ela tem pra pro ao aos quem ontem hoje isso"
    " muito em dois num numa pelo pela".split()
)
# "Salió de X" of somebody else, the last that is known of them; not "salí de X".
LEFT = (
    r"(?<!nous )(?<!je )(?<!i )(?<!we )(?<!suis )(?<!sommes )(?<!mwen )(?<! m )(?<!nou )(?<!eu )(?<!yo )"
    r"(?:(?:he|she|they) (?:reach(?:ed)?|arrived (?:in|at)|got to)"
    r"|(?:llego|llegaron|entro|iba (?:entrando|llegando|pasando)) (?:a|por)|chegou (?:a|em|no|na)"
    r"|salio|salieron|partio|partieron|saiu|sairam|left|parti|partie|partis|soti|kite|desaparecio|طلع|خرج|سافر)"
    r"(?: (?:de|del|desde|da|do|from|nan|port|من|la|el|terminal|the))*"
)

# What was done to somebody of the family happened where they are: "mataron a mi papá en X".
DONE = (
    r"tienen|secuestr\w+|retenid\w+|detenid\w+|kidnapp\w+|held|kenbe|kidnape|touye|tire|bat"
    r"|pran (?:mari|madanm|fre|se|pitit|manman|papa|kouzen)|mat(?:o|aron|ou|aram)|killed|murdered|shot|tue"
    r"|assassin\w+|asesin\w+|rob(?:o|aron|bed)|roub(?:ou|aram)|viol(?:o|aron)|estupr\w+"
)

TELLS_ELSEWHERE = re.compile(rf"(?:^| )(?:(?:{'|'.join([*FROM, KIN, *TO, COME + SIDE])}){ARTICLES}|{CHINESE_TO})$")
TELLS_ELSEWHERE_ARABIC = re.compile(rf"(?:^| )و?(?:{ARABIC_FROM}|{ARABIC_TO}|{ARABIC_KIN}){ARABIC_OF}$")
TELLS_WORK = re.compile(rf"(?:^| ){WORK}(?: \w+){{0,3}} (?:en|in|em|no|na|nos|au|aux|nan|to|a)$")
TELLS_HELD = re.compile(rf"\b(?:{DONE})\b")
TELLS_BEFORE = re.compile(rf"(?:^| )(?:{BEFORE}|(?:a la|en la|na) (?:salida|saida) (?:de|da|do))$")
TELLS_SIDE = re.compile(rf"(?:^| ){SIDE}$")
TELLS_HERE = re.compile(rf"(?:^| )(?:(?:{HERE}|{NOW}){OF}|{CHINESE_HERE}|و?{ARABIC_NOW}{ARABIC_IN}{ARABIC_OF})$")
TELLS_BROUGHT = re.compile(rf"(?:^| ){BROUGHT}{OF}$")
TELLS_ARRIVED = re.compile(rf"(?:^| ){ARRIVED}{OF}$")
TELLS_ASKED = re.compile(rf"(?:^| ){ASKED}{ARTICLES}$")
TELLS_HAPPENED = re.compile(rf"(?:^| )(?:(?:{PLACED}|{WITHIN}|{WEAKLY}|在){OF}|进 (?:了|入)|و?{ARABIC_IN}{ARABIC_OF})$")
TELLS_FIRM = re.compile(rf"(?:^| ){PLACED}{OF}$")
TELLS_FIRM_ARABIC = re.compile(rf"(?:^| )و?(?:في|ف|داخل|قرب|جنب){ARABIC_OF}$")
TELLS_FIRM_PORTUGUESE = re.compile(rf"(?:^| )(?:no|na|nos|nas|dos){OF}$")
TELLS_LEFT = re.compile(rf"(?:^| ){LEFT}$")
