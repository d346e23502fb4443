"""The pages of the register as a person reads them: their words, rows and links."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

from formflow.core.clock import utc_now
from formflow.core.settings import Settings
from formflow.pipeline import register
from formflow.pipeline.register import Drawn, Register
from tests.support import worker


def draw(office: Settings) -> Drawn:
    """Draw what has changed, as the service does after a turn, with nothing kept in memory."""
    return register.draw(worker.context_of(office))


def keeper(office: Settings) -> Register:
    """Return a register that remembers its last drawing, as the service's."""
    context = worker.context_of(office)
    return Register(context.settings, context.engine, context.pupils)


def redraw(office: Settings) -> Drawn:
    """Draw everything again."""
    return keeper(office).draw(utc_now(), everything=True)


def source(office: Settings, name: str) -> str:
    """Return a page as it is stored."""
    return (office.folders.dsl_register / name).read_text("utf-8")


def main_of(page: str) -> str:
    """Return what a page says itself, without what all pages have in common."""
    return page.partition('<main id="main">')[2].partition("</main>")[0]


def words(office: Settings, name: str) -> str:
    """Return the words of a page in one line."""
    return plain(main_of(source(office, name)))


def plain(markup: str) -> str:
    """Return the words of some HTML in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def rows(office: Settings, name: str) -> list[str]:
    """Return the words of each row of the tables of a page."""
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", main_of(source(office, name)), re.DOTALL)
    return [plain(row) for row in found]


def links(office: Settings, name: str) -> list[Path]:
    """Return where the links of a page lead to, within the page itself left out."""
    page = office.folders.dsl_register / name
    found = re.findall(r'href="([^"#]+)(?:#[^"]*)?"', page.read_text("utf-8"))
    return [(page.parent / unquote(html.unescape(one))).resolve() for one in found]


def pages(office: Settings) -> list[str]:
    """Return the names of all pages, told from the register's folder."""
    folder = office.folders.dsl_register
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*.html"))
