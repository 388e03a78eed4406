"""
a list in pages
├── each item: is shown by the root and its page alone
├── another place, page, root or digest: is refused
├── a place that there isn't: is refused
└── no items, too many, of two lengths: no list
"""

import pytest

from aceso.errors import IntegrityError
from aceso.storage import LABEL_BYTES, MAX_ITEMS, ShownItem, content_digest, page_of_place, paged

LABEL = bytes(range(LABEL_BYTES))
ITEMS = [bytes([number]) * 40 for number in range(35)]


@pytest.fixture(scope="module")
def made():
    return paged(ITEMS, label=LABEL)


def test_each_item_is_shown_by_two_files(made):
    root, pages = made
    by_digest = {content_digest(page): page for page in pages}

    shown = [
        ShownItem(root, by_digest[page_of_place(root, place)]).read(
            content_digest(root), place, size=40
        )
        for place in range(1, len(ITEMS) + 1)
    ]

    assert shown == ITEMS
    assert root.startswith(LABEL) and len(pages) == 3


@pytest.mark.parametrize("place", [0, -1, 36, 48, 49, 10**9])
def test_a_place_that_there_is_not_is_refused(made, place):
    root, pages = made
    for page in pages:
        with pytest.raises(IntegrityError):
            ShownItem(root, page).read(content_digest(root), place, size=40)


def test_what_is_of_another_list_is_refused(made):
    root, pages = made
    other, _ = paged(ITEMS, label=LABEL[::-1])
    digest = content_digest(root)
    for shown, wanted, size in (
        (ShownItem(root, pages[1]), digest, 40),
        (ShownItem(root, pages[0][:-1]), digest, 40),
        (ShownItem(other, pages[0]), digest, 40),
        (ShownItem(root, pages[0]), content_digest(other), 40),
        (ShownItem(root, b""), digest, 40),
        (ShownItem(root, pages[0]), digest, 1000),
    ):
        with pytest.raises(IntegrityError) as caught:
            shown.read(wanted, 2, size=size)
        assert caught.value.code == "E_LIST_ITEM"


@pytest.mark.parametrize("items", [[], [b"a", b"bb"], [b""] * (MAX_ITEMS + 1)])
def test_what_is_no_list(items):
    with pytest.raises(ValueError, match=r"list"):
        paged(items, label=LABEL)
