"""Numbers in words, as they stand before money: "quinhentos guaranis", "senkant reyal"."""

# No "one", which is an article too: "un sol" is a sun. No word that is another one elsewhere: "de", "set", "ven".
NUMERALS = frozenset(
    "dos tres cuatro cinco ocho nueve diez quince veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa"
    " cien ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
    " two three four five six seven eight nine ten fifteen twenty thirty forty fifty sixty seventy eighty ninety"
    " hundred deux trois quatre cinq sept huit neuf dix quinze vingt trente quarante cinquante soixante cent cents"
    " dois duas quatro sete oito nove dez vinte trinta quarenta cinquenta sessenta oitenta cem cento duzentos trezentos"
    " quatrocentos quinhentos seiscentos setecentos oitocentos novecentos"
    " twa kat senk dis kenz trant karant senkant swasant".split()
)
