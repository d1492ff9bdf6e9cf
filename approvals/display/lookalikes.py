"""Characters that most fonts draw like an ASCII one.

Taken from Unicode's confusables (UTS 39) as far as letters, digits and shell punctuation go; compatibility forms
(fullwidth, mathematical) are recognised by normalisation and need no entry.
"""

from __future__ import annotations

CYRILLIC = "асԁеһіјӏорԛѕԝхуАВСЕНІЈКМОРԚЅТԜХУЗӀгбьпзкмнтв"
GREEK = "αονιρυκτγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳϹͿ"
ARMENIAN = "աոսօցհքզՍՕԼոօ"
CHEROKEE = "ᎠᎡᎢᎥᎩᎪᎫᎬᎳᎵᎷᎻᏀᏂᏃᏋᏎᏒᏔᏕᏙᏚᏞᏟᏢᏦᏧ"
LATIN = "ıȷɑɡɩʟʀɪꜱɴʙʜǀǃꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓪꓫꓬꓮꓰꓲꓳꓴ"
# Dashes, quotes, slashes, pipes, dots, brackets, dollar, star and tilde as a shell would never read them.
PUNCTUATION = "‐‑‒–—―−﹘﹣‘’‚‛“”„‟′″‵‹›ʹʺʻʼʽˈˊˋ´῾⁄∕⧸╱⟋丿∖⧵⧹﹨∣│┃¦⏐ǀ։׃∶꞉ː·•∙⋅․。٭⁎∗✱﹩∼˜〜～˷❨❩❬❭❰❱〈〉⟨⟩，；！？＄¸ꓸꓹ"

LOOKALIKES = frozenset(CYRILLIC + GREEK + ARMENIAN + CHEROKEE + LATIN + PUNCTUATION)
