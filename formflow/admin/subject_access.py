"""`formflow sar`: everything that is held about a child, and what a person must look at before it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from formflow.admin.child_papers import ChildPapers, OwnCase
from formflow.admin.packs import Maker
from formflow.admin.retention import places
from formflow.core.model import Entry
from formflow.core.wording import moment_in_words, suggested
from formflow.documents.child_pack import Pack, Part, Said, ToLookAt
from formflow.rules.case.masking import Mask
from formflow.storage import audit_lines, entries
from formflow.storage.database import Connection

TITLE = "Subject-access request: what FormFlow holds"
NOTES = (
    (
        "All papers of this child in FormFlow, each revision as it was read; what was decided and done; where copies"
        " lie; and who did what with them. Other children are called Child B, Child C and so on. What only concerns them is"
        " left out."
    ),
)
ABOUT_BOTH = "it may be as much about another child as about this one"
ADVICE = "advice or information from the police, the council or another service: ask them whether it may be disclosed"
# Questions in which other services speak, or are spoken of.
OF_SERVICES = (
    "police",
    "allegation",
    "urgent",
    "advice",
    "council",
    "agencies",
    "forensic",
    "contact",
    "youth",
)
BEFORE_IT_GOES = (
    "Is the person who asks entitled to it: the child, or someone who may act for the child? Are you sure who it is?",
    "Would it be likely to cause serious harm to this child or to anybody else? If so, that part may have to be withheld.",
    "Is somebody else named, or easily recognised, who has not agreed? Names are masked only where a form gives them.",
    "Could it harm a police investigation or a court case? Ask before you send it.",
    "The originals, and anything held outside FormFlow (e-mails, the pupil file, other systems), are not in this pack.",
    "If you are not sure, ask your data protection officer. Record why anything was withheld.",
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request about a child, drawn up from the ledger."""

    connection: Connection
    maker: Maker

    def pack(self, papers: ChildPapers) -> Pack:
        """Return the pack of everything that is held about a child."""
        mask = papers.mask()
        return Pack(
            title=TITLE,
            notes=NOTES,
            reference=papers.reference,
            about=tuple(self.maker.about(papers)),
            warnings=(),
            incidents=tuple(self.maker.incident(one, mask) for one in papers.cases),
            papers=tuple(part for one in papers.cases for part in self._parts(one, mask)),
        )

    def _parts(self, one: OwnCase, mask: Mask) -> Iterator[Part]:
        """Yield each revision of each paper of a case, where copies lie, and what the trail says."""
        known = dict.fromkeys(change.reference for change in one.whole.changes)
        for reference in known:
            for paper in entries.revisions(self.connection, reference):
                part = self.maker.paper(one, paper, mask)
                said = (*(_looked_at(said, one) for said in part.said), *_suggested(paper))
                yield Part(part.title, said)
        reference = one.line.reference
        lying = ((where, mask.over(path).text) for where, path in places(one.whole.filings))
        yield Part(f"Where copies of {reference} lie", tuple(Said(*place) for place in lying))
        yield Part(f"Who did what with {reference}", tuple(self._trail(reference)))

    def _trail(self, reference: str) -> Iterator[Said]:
        for line in audit_lines.of_record(self.connection, reference):
            at = moment_in_words(line.at, self.maker.settings.zone)
            told = (line.event.value, line.detail, line.place, line.reference, f"by {line.who}")
            yield Said(at, ", ".join(filter(None, told)))


def _suggested(paper: Entry) -> Iterator[Said]:
    """Yield what FormFlow made of a paper: its suggestion with each reason, and what it told people."""
    if paper.proposal:
        reasons = (one.text for one in paper.proposal.findings)
        yield Said("FormFlow", "\n".join((suggested(paper.proposal.light), *reasons)))
    if paper.notices:
        yield Said("FormFlow told", "\n".join(one.text for one in paper.notices))


def _looked_at(said: Said, one: OwnCase) -> Said:
    """Return an answer with all reasons for which a person must look at it."""
    more = [ADVICE] if said.field.startswith(OF_SERVICES) else []
    if not one.is_own and said.is_free:
        more.append(ABOUT_BOTH)
    return Said(said.label, said.text, (*said.why, *more), said.field, said.is_free)


def to_look_at(papers: ChildPapers, found: Sequence[ToLookAt]) -> str:
    """Return the list for the person who looks at a pack before it goes, as text. It names nobody."""
    lines = [
        f"Check this before you send the papers of {papers.reference}. Keep this list; do not send it.",
        "",
    ]
    lines += [f"[ ] {asked}" for asked in BEFORE_IT_GOES]
    lines += ["", "In the PDF:", ""]
    lines += [f"[ ] page {one.page}, {one.title}, “{one.label}”: {one.why}" for one in found]
    return "\r\n".join((*lines, ""))
