"""Which of the places that a message names is the one where it happened, learnt from examples (data/where).

The rules (bot/whereabouts.py) read the words right before a name; what is learnt weighs all that stands around it, and
what is said of the other places. It answers where the rules do not, and where it is clearly surer of another country
than of theirs. The weights are made by ``scripts/weights``; of Arabic and Chinese nothing is learnt.
"""

from dataclasses import replace

from bot.learnt import DATA, NOT_LEARNT, share
from bot.mentions import Mention
from bot.names import Word
from bot.surroundings import around
from bot.whereabouts import Standing

EXAMPLES = DATA / "where"
WEIGHTS = DATA / "where.json"
# A share is how surely it happened there. What answers where the rules do not; how much surer than of their country it
# takes to say another; what still settles a shared name. Chosen on messages of other hands (docs/decisions.md).
SURE, SURER, SETTLES = 0.55, 0.2, 0.15
SURE_OF_WORD = 0.6  # of an institution's letters that are a word, too: "sus", "cup"
MOST = 12  # places of one message; a text with more is a list


def outweighing(words: list[Word], mentions: list[Mention], country: str | None) -> list[Mention]:
    """The likeliest mention and those that bear it out, where they outweigh the rules' ``country``; else none."""
    if all(country in mention.entry.countries for mention in mentions) or len(mentions) > MOST:
        return []
    if any(NOT_LEARNT.search(word.raw) for word in words):
        return []
    shares = [share(WEIGHTS, around(words, mentions, at)) for at in range(len(mentions))]
    best = max(range(len(mentions)), key=shares.__getitem__)
    lands = mentions[best].entry.countries
    theirs = [one for one, mention in zip(shares, mentions, strict=True) if country in mention.entry.countries]
    word = mentions[best].entry.kind == "clue" and not mentions[best].counts
    least = SURE_OF_WORD if word else SURE
    enough = least if country is None else max(theirs, default=0.0) + SURER
    if shares[best] < enough or country in lands:
        return []
    others = (mentions[at] for at in range(len(mentions)) if at != best and shares[at] >= SETTLES)
    bearing = (replace(other, standing=Standing.HAPPENED) for other in others if other.entry.countries & lands)
    return [mentions[best], *bearing]
