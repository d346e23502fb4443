"""Two forms in one file, one behind the other: they are never read as one, or the second would be lost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from formflow.forms.catalogue import Form
from formflow.reading import alignment
from formflow.reading.alignment import Word


def is_joined(
    pages: Sequence[Sequence[Word]], form: Form, forms: Sequence[Form], least: float
) -> bool:
    """Return whether a paper holds more than a form: one of its pages twice, or a page of another one.

    `pages` are the printed words of the paper's pages, `least` is the share of a page's print that they must have.
    """
    own = [_page_of(words, form, least) for words in pages]
    blank = ([Word(text, 0, 0) for text in page] for page in form.manifest.words)
    # A blank may have two pages that are alike, such as one for a photo behind the other.
    once = Counter(_page_of(words, form, least) for words in blank)
    if Counter(number for number in own if number) - once:
        return True
    rest = [words for words, number in zip(pages, own, strict=True) if not number]
    others = [one for one in forms if one.form_id != form.form_id]
    return any(_page_of(words, other, least) for words in rest for other in others)


def most_of(pages: Sequence[Sequence[Word]], forms: Sequence[Form], least: float) -> Form | None:
    """Return the form of which most pages of a paper are, None where none is."""
    counts = [sum(_page_of(words, form, least) > 0 for words in pages) for form in forms]
    best = max(range(len(forms)), key=counts.__getitem__)
    return forms[best] if counts[best] else None


def _page_of(words: Sequence[Word], form: Form, least: float) -> int:
    """Return the page of a form's blank that a page is, counted from 1; 0 for none.

    Of several that are alike, the one of which it has most words: a page with little print is found on many.
    """
    shares = [(alignment.share(blank, words), len(blank)) for blank in form.manifest.words]
    most = [share * length if share >= least else 0.0 for share, length in shares]
    best = max(range(len(most)), key=most.__getitem__, default=0)
    return best + 1 if most and most[best] else 0
