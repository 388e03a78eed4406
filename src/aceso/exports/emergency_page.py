"""The emergency card as a page to print: what to do with it, in English and Korean, and a QR code.

    Path("card.html").write_text(emergency_page(card, DataClass.ALLERGIES | DataClass.MEDICATIONS))

The page needs nothing from anywhere: the code is drawn into it. It names nobody. It says which
classes open, so that whoever finds it knows that it is worth bringing; what is in them it does not.
"""

from __future__ import annotations

import html
from typing import Final

import segno

from aceso.codes import DataClass, label
from aceso.vault import EmergencyCard

__all__ = ["emergency_page"]

# A quarter of the code may be worn off (level Q), as a card in a purse is.
_LEVEL: Final = "q"
_GROUP: Final = 8


def emergency_page(card: EmergencyCard, classes: DataClass) -> str:
    """The whole page."""
    text = card.to_text()
    drawn = segno.make(text, error=_LEVEL, micro=False).svg_inline(scale=5, dark="#000")
    mark, _, rest = text.partition(":")
    parts = [f"{mark}:", *(rest[at : at + _GROUP] for at in range(0, len(rest), _GROUP))]
    return _PAGE.format(
        drawn=drawn,
        text=html.escape(" ".join(parts)),
        english=html.escape(label(classes, "en")),
        korean=html.escape(label(classes, "ko")),
        persona=html.escape(card.persona),
    )


_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<title>Emergency card · 응급 카드</title>
<style>
body {{ font-family: sans-serif; max-width: 17cm; margin: 1cm auto; color: #000; background: #fff }}
main {{ border: 2px solid #b00; border-radius: 8px; padding: 6mm }}
h1 {{ font-size: 15pt; margin: 0 0 4mm; color: #b00 }}
svg {{ display: block; margin: 0 auto }}
code {{ font-size: 8pt; word-break: break-word }}
p, li {{ font-size: 10pt }}
</style>
</head>
<body>
<main>
<h1>Emergency card · <span lang="ko">응급 카드</span></h1>
{drawn}
<p>For emergency clinicians: scan the code, then <b>aceso emergency open</b>. It opens {english},
for some hours, in public and under review. The card alone opens nothing.</p>
<p lang="ko">응급 의료진께: 코드를 읽고 <b>aceso emergency open</b>을 실행하십시오.
몇 시간 동안 열리는 자료: {korean}. 공개되고 심사를 받습니다. 카드만으로는 아무것도 열리지
않습니다.</p>
<p><code>{text}</code></p>
<p><code>{persona}</code></p>
</main>
</body>
</html>
"""
