"""Every message that staff can see, numbered.

Each says what we found, what that means, and what to do now. Words for an 11-year-old reader; no
blame; the printed label and page, never a field id. `docs/messages.md` has a heading for each code.

FF-1xx the file and the reading · FF-2xx the answers · FF-3xx answers that contradict each other, and
words to check · FF-4xx deliveries · FF-51x the pupil list · FF-60x an agency's own forms ·
FF-61x cases that were disposed of · FF-63x the register.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from formflow.core.model import Notice


@dataclass(frozen=True, slots=True)
class Message:
    """The words of one numbered message; {braces} are filled in by the room that sends it."""

    found: str
    means: str
    do_now: str
    holds: bool = False  # the paper waits for a person
    returns: bool = False  # the paper also goes back to the office


_ADVICE = (
    "Read the form now. If an adult may have harmed a child, follow your own procedure for that: tell the head"
    " or the local authority designated officer (LADO), or children’s social care."
)

MESSAGES: dict[str, Message] = {
    # The file and the reading
    "FF-101": Message(
        "This is not a form we know.",
        "It has not been filed as a record.",
        "Check that you used a form from “Blank forms”. Fill that in and drop it again.",
        holds=True,
        returns=True,
    ),
    "FF-102": Message(
        "The file is empty.",
        "There is nothing in it to read.",
        "Open your own copy of the form, save it, and drop it again.",
        holds=True,
        returns=True,
    ),
    "FF-103": Message(
        "The file is not complete. Part of it is missing at the end.",
        "Answers may be missing, so nothing has been taken from it.",
        "Save your own copy of the form again and drop it again.",
        holds=True,
        returns=True,
    ),
    "FF-104": Message(
        "The file is locked with a password.",
        "We cannot open it.",
        "Save a copy without a password and drop that.",
        holds=True,
        returns=True,
    ),
    "FF-105": Message(
        "The file has no boxes we can read. It may be a printed or scanned copy of a form, or no form at all.",
        "The computer could not read the answers.",
        "Open the form you filled in, save it (do not print it), and drop it again. If this paper"
        " is all there is, copy it into our form “please fill in”.",
        holds=True,
        returns=True,
    ),
    "FF-106": Message(
        "Boxes of this form are missing from the file: {missing} of {expected} ({which}).",
        "The file may be damaged, so it does not count as complete.",
        "Compare the original form with the “as read” sheet, or fill in a new form.",
        holds=True,
    ),
    "FF-107": Message(
        "The file has boxes that this form does not have: {extra} ({which}).",
        "The form may have been changed by someone.",
        "Compare the form with a blank form from “Blank forms”.",
        holds=True,
    ),
    "FF-108": Message(
        "“{label}” holds an answer that this form does not offer.",
        "We do not know what it means, so it counts as not read.",
        "Look at the original form and ask the person who filled it in.",
        holds=True,
    ),
    "FF-109": Message(
        "What the page shows in “{label}” is not what is stored in the file.",
        "Two people could read two different answers.",
        "Open the original form, compare it with the “as read” sheet, and ask who filled it in.",
        holds=True,
    ),
    "FF-110": Message(
        "Two ways of reading “{label}” gave two different answers.",
        "The file may be damaged.",
        "Compare the original form with the “as read” sheet.",
        holds=True,
    ),
    "FF-111": Message(
        "The file is larger than {limit_mb} MB.",
        "Forms are much smaller, so it has not been opened.",
        "Check that it is the right file. If it is, ask IT to raise the limit.",
        holds=True,
        returns=True,
    ),
    "FF-112": Message(
        "The file took too long to read, or needed too much memory.",
        "No one has read it yet. The DSL has been told.",
        "Read the original form today. FormFlow tries once more by itself in about half an hour, when it is"
        " quieter: if it can read the form then, there is a new alert. If there is none, drop the file"
        " again, or ask IT to run “formflow reread”.",
        holds=True,
    ),
    "FF-113": Message(
        "The file is damaged and cannot be opened.",
        "Nothing could be read from it.",
        "Open your own copy of the form, save it, and drop it again.",
        holds=True,
        returns=True,
    ),
    "FF-114": Message(
        "The form was read only in part, because the file is damaged.",
        "What was read may be an older version of the answers.",
        "Compare the original form with the “as read” sheet.",
        holds=True,
    ),
    "FF-115": Message(
        "The form is empty: no box has an answer.",
        "It may have been saved before it was filled in, or copied too early.",
        "Fill in the form, save it, and drop it again.",
        holds=True,
        returns=True,
    ),
    "FF-116": Message(
        "This is not a file but {what}.",
        "It has been left where it is.",
        "Drop the PDF itself.",
        holds=True,
    ),
    "FF-117": Message(
        "The file is not a PDF.",
        "It has not been filed as a record.",
        "Use a form from “Blank forms”, fill it in and save it, and drop that.",
        holds=True,
        returns=True,
    ),
    "FF-118": Message(
        "The file claims to be two different forms.",
        "We do not guess which one it is.",
        "Check that you used a form from “Blank forms”.",
        holds=True,
        returns=True,
    ),
    "FF-119": Message(
        "The file has more than {limit}.",
        "No form of ours is that large, so it has not been read.",
        "Check that you used a form from “Blank forms”.",
        holds=True,
        returns=True,
    ),
    "FF-120": Message(
        "FormFlow could not finish this form, because something went wrong in FormFlow itself.",
        "No level has been suggested, so a person must read it.",
        "Read the original today. Tell IT that this happened.",
        holds=True,
    ),
    "FF-121": Message(
        "We cannot tell what the page shows in “{label}”, so we cannot compare it with the file.",
        "A person may read something on the page that differs from what was taken from the file.",
        "Open the original form and compare it with the “as read” sheet.",
        holds=True,
    ),
    "FF-122": Message(
        "A file in the drop folder cannot be opened. Another program has it open, or FormFlow is not allowed to read it.",
        "No one has read it yet. FormFlow keeps trying.",
        "Close it everywhere. If that does not help, ask IT to check its permissions.",
        holds=True,
        returns=True,
    ),
    "FF-123": Message(
        "Boxes on this form are not where they are on the blank form: {moved} ({which}).",
        "Someone may have marked one answer and the file may say another.",
        "Open the original form and compare it with the “as read” sheet. If your form has been changed,"
        " ask IT to run “formflow forms learn” for the new one.",
        holds=True,
    ),
    "FF-124": Message(
        "The form was printed to a PDF or flattened, so its boxes are gone.",
        "We read what is on the page. Letters may be wrong, and a person must confirm them.",
        "Compare our copy “please check” in “Needs attention” with the original, correct it, save it and drop it.",
        holds=True,
        returns=True,
    ),
    "FF-125": Message(
        "The form is a picture, such as a scan or a photo.",
        "We read what we could make out. Letters may be wrong, and a person must confirm them.",
        "Compare our copy “please check” in “Needs attention” with the original, correct it, save it and drop it.",
        holds=True,
        returns=True,
    ),
    "FF-126": Message(
        "Some letters in “{label}” cannot be read, because the program that made the file left them out.",
        "They may be part of a name.",
        "Correct them in our copy “please check” in “Needs attention”.",
        holds=True,
        returns=True,
    ),
    "FF-127": Message(
        "The text in “{label}” goes down to the edge of its box.",
        "There may be more than was read.",
        "Look at the form it was printed from, if it is still there.",
        holds=True,
        returns=True,
    ),
    "FF-128": Message(
        "The answers are in a part of the file that most programs do not show.",
        "Two people could read two different answers, so a person must confirm them.",
        "Compare our copy “please check” in “Needs attention” with the original, correct it, save it and drop it.",
        holds=True,
        returns=True,
    ),
    "FF-129": Message(
        "The file contains something that our forms never contain: {what}.",
        "It can start by itself when somebody opens the file. What is filed is a copy without it.",
        "Ask who sent the file. Ask IT before you open the original.",
    ),
    "FF-130": Message(
        "The form says that it belongs to the record {reference}. We have no such record.",
        "It has been recorded as a new form.",
        "Check where the form came from.",
        holds=True,
    ),
    "FF-131": Message(
        "The form says that it belongs to the record {reference}. That is about another child or another day.",
        "It has been recorded as a new form, and {reference} has not been changed.",
        "Compare the two, and check the name and the date of birth on both.",
        holds=True,
    ),
    "FF-132": Message(
        "Something was added on top of the form ({which}): a note, a drawing or a text of its own.",
        "We read boxes only, so no one has read what was added.",
        "Open the form, read it, and put what belongs in the record into its boxes.",
        holds=True,
    ),
    "FF-133": Message(
        "The page itself does not look like the blank form ({which}).",
        "Something was written on it outside the boxes, or the questions were changed or moved.",
        "Open the form and compare it with a blank form from “Blank forms”.",
        holds=True,
    ),
    "FF-134": Message(
        "There is something in “{label}” that we could not read.",
        "It counts neither as an answer nor as blank.",
        "Look at the original form, and correct it in our copy “please check” in “Needs attention”.",
        holds=True,
        returns=True,
    ),
    "FF-135": Message(
        "The last pages of this copy (“Longer answers, in full”) are not as FormFlow made them.",
        "They may say something else than the boxes. Only the boxes were read.",
        "Open the form, compare its last pages with the boxes, and put into the boxes what belongs to the"
        " record.",
        holds=True,
    ),
    "FF-136": Message(
        "This is another edition of one of our forms: older or newer than the ones in use here.",
        "Its questions may differ, so nothing has been taken from it.",
        "Copy the answers into the form from “Blank forms”, save it and drop that. If you were given this"
        " form as a new one, tell IT.",
        holds=True,
        returns=True,
    ),
    # What forms wait for that are not read yet. It says nothing about any of them.
    "FF-140": Message(
        "FormFlow could not read or write a file: the disk may be full, read-only or away.",
        "The forms are safe and wait. No one knows yet what they say.",
        "Free some space, or check the disk and its permissions. FormFlow then carries on by itself.",
    ),
    "FF-141": Message(
        "FormFlow’s ledger is in use by another program, or cannot be read.",
        "The forms are safe and wait. No one knows yet what they say.",
        "Stop whatever is using it, such as a backup. If that does not help, run “formflow doctor”.",
    ),
    "FF-142": Message(
        "The part of FormFlow that reads forms could not start.",
        "The forms are safe and wait. No one knows yet what they say.",
        "Run “formflow doctor”. If it reports the same, free some memory or reinstall FormFlow.",
    ),
    "FF-143": Message(
        "Something stopped FormFlow while it was reading.",
        "The forms are safe and will be read again.",
        "If it happens again, look for what is stopping programs here, such as a virus scanner or too little memory.",
    ),
    "FF-144": Message(
        "The computer was too busy to read a form.",
        "The forms are safe and wait. No one knows yet what they say.",
        "Check what is keeping the computer busy. FormFlow tries again by itself.",
    ),
    "FF-145": Message(
        "“{name}” in “Blank forms” had been changed. FormFlow puts the right one back.",
        "Forms filled in from the changed one are held for a person.",
        "Ask who changed it. Ask IT who may write in “Blank forms”: staff only need to read it.",
    ),
    "FF-146": Message(
        "“{name}” in “Blank forms” is missing or has been changed, and FormFlow cannot put it back.",
        "Forms filled in from a changed one are held for a person.",
        "Close the file wherever it is open. If that does not help, ask IT to let FormFlow write in “Blank forms”.",
    ),
    "FF-147": Message(
        "Something was added to the file after its end, as some e-mail systems and scanners do.",
        "It is not part of the form, and nothing has been taken from it.",
        "Nothing needs doing. If this is new, tell IT.",
    ),
    "FF-148": Message(
        "“{label}” has empty bytes in the middle of its text.",
        "Part of the answer may be lost, or hidden from some programs.",
        "Open the original form, compare it with the “as read” sheet, and ask who filled it in.",
        holds=True,
    ),
    "FF-149": Message(
        "Some letters in “{label}” are stored in a way that PDF programs read differently.",
        "Names with accents and quotation marks may be wrong on the “as read” sheet.",
        "Open the original form and compare it with the “as read” sheet. If this happens again, tell IT which"
        " program filled in the form.",
        holds=True,
    ),
    "FF-150": Message(
        "This form was made for Adobe Reader only (“XFA”), and its boxes cannot be read by other programs.",
        "The computer could not read the answers.",
        "Open it in Adobe Reader and copy the answers into a form from “Blank forms”. Save that and drop it.",
        holds=True,
        returns=True,
    ),
    "FF-151": Message(
        "This is a PDF portfolio: one file with other files inside it.",
        "We do not take files out of it, so nothing has been read.",
        "Open it in Adobe Reader, save each form as a file of its own, and drop those.",
        holds=True,
        returns=True,
    ),
    "FF-152": Message(
        "The file holds more than one form, one behind the other.",
        "Forms are not taken apart here, so nothing has been read from any of them.",
        "Save or print each form as a file of its own, and drop each by itself.",
        holds=True,
        returns=True,
    ),
    "FF-153": Message(
        "Pages of the form have been turned: {which}.",
        "They were read as if they were the right way up.",
        "Open the form and compare it with the “as read” sheet.",
        holds=True,
    ),
    # The answers
    "FF-201": Message(
        "“{label}” is blank.",
        "The record is not complete.",
        "Fill it in, save the form and drop it again.",
        returns=True,
    ),
    "FF-202": Message(
        "We could not read the date in “{label}”.",
        "No date has been recorded.",
        "Write it like 14/11/2026, or like 14/11/2026 at 1.45pm, save and drop the form again.",
        returns=True,
    ),
    "FF-203": Message(
        "The date in “{label}” does not exist.",
        "No date has been recorded.",
        "Write the day first, then the month, then the year, such as 14/11/2026. Save and drop again.",
        returns=True,
    ),
    "FF-204": Message(
        "“{label}” has words, such as “yesterday”, instead of a date.",
        "Later on, nobody will know which day that was.",
        "Please give the actual date, like 14/11/2026. Save the form and drop it again.",
        returns=True,
    ),
    "FF-205": Message(
        "The day of the week in “{label}” does not go with the date.",
        "One of the two is wrong, so no date has been recorded.",
        "Check a calendar, correct it, save the form and drop it again.",
        returns=True,
    ),
    "FF-206": Message(
        "The date in “{label}” is in the future.",
        "It cannot be right, so no date has been recorded.",
        "Correct it, save the form and drop it again.",
        returns=True,
    ),
    "FF-345": Message(
        "The time in “{label}” had not come yet when we recorded this.",
        "The day is recorded, the time is not.",
        "Correct the time, save the form and drop it again.",
        returns=True,
    ),
    "FF-207": Message(
        "“{label}” has no time.",
        "The day is recorded, the time is not.",
        "Add the time if anybody knows it.",
    ),
    "FF-208": Message(
        "The date of the incident is before the child’s date of birth.",
        "One of the two is wrong.",
        "Correct it, save the form and drop it again.",
        returns=True,
    ),
    "FF-209": Message(
        "By the dates on the form the child was over 18.",
        "The guidance is for children and young people.",
        "Check the date of birth. For an adult, follow your own procedure for adults.",
    ),
    "FF-210": Message(
        "The form was signed before the incident, by its dates.",
        "One of the two is wrong.",
        "Correct it, save the form and drop it again.",
        returns=True,
    ),
    "FF-211": Message(
        "The year in “{label}” is before 1900.",
        "It cannot be right, so no date has been recorded.",
        "Write the year with four digits, save the form and drop it again.",
        returns=True,
    ),
    "FF-212": Message(
        "The form says that what is known warrants an immediate referral. It does not say that the contact was made.",
        "FormFlow contacts nobody outside. Do not wait for FormFlow.",
        "Decide now, and phone the police or children’s social care if you agree.",
    ),
    "FF-213": Message(
        "The form says that the police or children’s social care have been contacted.",
        "FormFlow contacts nobody outside.",
        "Check with the person who made the contact that it arrived.",
    ),
    "FF-214": Message(
        "We could not tell the time in “{label}”. It may be morning or afternoon, or it is in words.",
        "The day is recorded, the time is not.",
        "If the time is known, write it like 1.45pm or 13:45.",
    ),
    "FF-215": Message(
        "“{label}” has the month before the day.",
        "Two people could read two different days, so no date has been recorded.",
        "Write the day first, then the month, then the year, such as 14/11/2026. Save and drop again.",
        returns=True,
    ),
    "FF-216": Message(
        "“{label}” has no date in it, only a word or a sign for “not known”.",
        "No date has been recorded.",
        "Add the date when somebody finds it out.",
    ),
    "FF-217": Message(
        "“Not known” is the answer to whether an immediate referral to the police or children’s social care is warranted.",
        "Nobody has said yes or no, so a child may be at risk now.",
        "Read the form now, and decide whether to refer.",
    ),
    "FF-218": Message(
        "The program that saved the form lost a letter in “{label}”. It is shown as “�”.",
        "Often it was a picture such as a smiley. It may also be part of a name.",
        "Look at the original form, and correct it if it matters.",
    ),
    "FF-219": Message(
        "“{label}” has {what}.",
        "To a computer this may be a different name from the one you see, so earlier records may not be found.",
        "Look for earlier records under the name as it is said. Ask for it to be typed again.",
    ),
    "FF-220": Message(
        "The question whether an immediate referral to the police or children’s social care is warranted was left blank.",
        "Nobody has said yes or no, so a child may be at risk.",
        "Read the form, and decide yourself whether to refer.",
    ),
    # The sheets of the safeguarding lead
    "FF-221": Message(
        "No level of concern is chosen on this review sheet.",
        "Nothing has been decided. What you wrote is kept.",
        "Choose a level on the sheet in “To decide”, save it and drop it again.",
        holds=True,
    ),
    "FF-222": Message(
        "The level on this sheet is lower than what was suggested or decided before, and no reason is given.",
        "The higher level holds until you say why.",
        "Write the reason on the sheet in “To decide”, save it and drop it again.",
        holds=True,
    ),
    "FF-223": Message(
        "The name in “{label}” on this sheet, or the date of birth, is not the one on the record.",
        "It may be meant for another child, so it does not count. It is kept.",
        "Use the sheet in “To decide” that belongs to the child. If the record is wrong, have the recording"
        " form corrected and dropped again.",
        holds=True,
    ),
    "FF-224": Message(
        "This sheet belongs to the record {reference}. We have no such record.",
        "Nothing has been decided by it. It is kept.",
        "Use the sheet in “To decide” that was made for the record.",
        holds=True,
    ),
    "FF-225": Message(
        "The record has a newer revision than the one this sheet was made for.",
        "The sheet does not count, because you may not have seen what is new. It is kept.",
        "Look at the newer form, and decide on the newer sheet in “To decide”.",
        holds=True,
    ),
    "FF-226": Message(
        "This sheet does not say which record it belongs to.",
        "It may be a print, a scan or a blank, so it does not count. It is kept.",
        "Fill in the sheet in “To decide” that was made for the record, and drop that.",
        holds=True,
    ),
    "FF-227": Message(
        "The report says that others have it, and not that the young person and the parents saw it first.",
        "The guidance asks for it to be shared with them first, with their disagreements noted. This copy does"
        " not count yet.",
        "Note when it was shared with each and where they disagree, save, and drop it again.",
        holds=True,
    ),
    "FF-228": Message(
        "The UPN on this form is another child’s, or not the one on earlier forms about this child.",
        "One of the numbers is wrong. No records were linked by it.",
        "Compare the forms, and ask for the wrong number to be corrected.",
    ),
    "FF-229": Message(
        "The box for the same child does not hold the number of a child on record, nor of one on the pupil list.",
        "No records were linked, and the sheet does not count yet. It is kept.",
        "Write the number alone, as the sheet offers it (C-000012), or clear the box. Save and drop again.",
        holds=True,
    ),
    "FF-235": Message(
        "This sheet came from the staff folder.",
        "{claims} It changes nothing: no decision, referral or plan was taken from it. It is kept.",
        "If it is yours, drop it in “Drop decisions here”. If not, find out who dropped it and why.",
        holds=True,
    ),
    "FF-236": Message(
        "This file came from “Drop decisions here”, and nothing could be taken from it.",
        "Nothing has been decided by it. It is kept, and the office has not been told of it.",
        "If it was a sheet, open the one in “To decide”, fill it in, save it (not Print) without a password"
        " and drop that.",
        holds=True,
    ),
    "FF-237": Message(
        "{reference} was read from a print or a picture. This copy of it has {why}.",
        "It counts as the corrected copy, and has become the next revision of {reference}.",
        "Check with the original form that both are about the same child.",
    ),
    "FF-238": Message(
        "This file was saved over the one that became {reference}, and names another child.",
        "It has been recorded as a new form, and {reference} has not been changed.",
        "Compare the two, and check the name and the date of birth on both.",
        holds=True,
    ),
    "FF-239": Message(
        "“{label}” is blank on this sheet.",
        "Nobody can tell which child it is about, so it does not count. It is kept.",
        "Write the child’s name on the sheet in “To decide”, save it and drop it again.",
        holds=True,
    ),
    "FF-240": Message(
        "This review sheet is not signed.",
        "Nothing has been decided by it. What you wrote is kept.",
        "Type your name under “Signed” on the sheet in “To decide”, save it and drop it again.",
        holds=True,
    ),
    "FF-241": Message(
        "The level on this sheet is lower than what was suggested or decided before.",
        "The sheet gives a reason and is signed, so it counts.",
        "Check that this was your decision. If not, choose the level again on the sheet in “To decide”, and find out"
        " who dropped this one.",
    ),
    "FF-242": Message(
        "This sheet says that the child is the same as another child on record.",
        "From now on, earlier records of both are shown together.",
        "Check that this was your decision. If not, clear the box on the sheet in “To decide” and drop that.",
    ),
    "FF-250": Message(
        "This sheet does not carry the hidden code that FormFlow puts on each sheet for its record and child.",
        "It may be a blank, a print, a scan, or meant for another record, so it changes nothing. It is kept.",
        "A copy with what it says is in “To decide” (“please check”). If this is what you decided, check every answer"
        " in it, sign it and drop it. If the sheet is not yours, find out who dropped it.",
        holds=True,
    ),
    "FF-251": Message(
        "This is an older copy of the sheet {sheet}. It would change or remove: {which}.",
        "Nothing has been changed. Its blank boxes remove nothing.",
        "A copy with your newest answers, and what this one says on top of them, is in “To decide” (“please check”)."
        " Check it, sign it and drop it, or leave it.",
        holds=True,
    ),
    "FF-252": Message(
        "This sheet is about child {child} of those who were targeted. {reference} names {named}.",
        "Nothing has been taken from it. It is kept.",
        "Use the sheet in “To decide” that was made for the child. If a child is missing, add the name on the review"
        " sheet and drop that first.",
        holds=True,
    ),
    "FF-253": Message(
        "“{label}” seems to hold the names of several children.",
        "Each child needs a form of their own. No file of a child was opened for this form.",
        "If it is about one child, write that name alone. If it is about several, fill in a form for each. Save and drop"
        " it again.",
        returns=True,
    ),
    "FF-254": Message(
        "“{label}” seems to hold several names.",
        "We count names only where there is a ; between them.",
        "Write a ; between the names, save the form and drop it again.",
        returns=True,
    ),
    "FF-255": Message(
        "{reference} was sent back for correction. This copy of it has {why}.",
        "It counts as the corrected copy, and has become the next revision of {reference}.",
        "Check with the first form that both are about the same child and incident.",
    ),
    "FF-256": Message(
        "The key by which FormFlow knows its own sheets was not in the state folder, so it has made a new one.",
        "A sheet that was made before waits when you drop it: you get a new copy of it, to check and sign. Nothing is lost.",
        "Tell IT. If the state folder was put back from a backup, “copies.key” belongs to it.",
    ),
    "FF-257": Message(
        "This sheet gives a reason why a referral is not sent.",
        "The sheet is signed, so the referral is no longer on the list of what is open, and has no deadline.",
        "Check that this was your decision. If not, clear the box on the sheet in “To decide” and drop that.",
    ),
    "FF-346": Message(
        "“{label}” names the other child or person.",
        "The young person and their parents may read this sheet. It counts as it is.",
        "Check that the name needs to be there. If not, take it out on the sheet in “To decide” and drop that.",
    ),
    "FF-258": Message(
        "This referral says when it was sent, and not who sent it.",
        "It does not count as sent yet. What you wrote is kept.",
        "Write the name of the person who refers on the sheet in “To decide”, save it and drop it again.",
        holds=True,
    ),
    "FF-700": Message(
        "This sheet says when a referral was sent, or why none is sent, and it is not signed.",
        "Nothing on it counts yet. What you wrote is kept.",
        "Type your name under “Signed” on the sheet in “To decide”, save it and drop it again.",
        holds=True,
    ),
    "FF-230": Message(
        "The sheet says healthy, and there is not enough information to suggest that. No reason is given.",
        "The sheet does not count until you say why. What you wrote is kept.",
        "Write the reason in the box for it on the sheet in “To decide”, save it and drop it again.",
        holds=True,
    ),
    "FF-233": Message(
        "The date of the incident is before the other child’s date of birth.",
        "One of the two dates is wrong, so the form is not suggested as green.",
        "Please correct the date, save the form and drop it again.",
        returns=True,
    ),
    "FF-234": Message(
        "By the dates on the form the other person was over 18.",
        "They may be an adult, or a date is wrong. The form is not suggested as green.",
        "Check the date of birth. If an adult was involved, follow your own procedure for adults.",
    ),
    # Answers that contradict each other, and words to check
    "FF-301": Message(
        "The form says both that it was spontaneous and that it was planned.",
        "Both answers have been kept.",
        "Ask the person who filled in the form.",
    ),
    "FF-302": Message(
        "The form says that the others engaged freely, and that they were uncomfortable, anxious or fearful.",
        "Both answers have been kept.",
        "Ask the person who filled in the form, and hear the other child.",
    ),
    "FF-303": Message(
        "The form says that the child took responsibility, and was defensive or denied it.",
        "Both answers have been kept.",
        "Ask the person who filled in the form. It may have changed while they talked.",
    ),
    "FF-304": Message(
        "The form says that the child could be easily focused on another task, and kept returning to the behaviour.",
        "Both answers have been kept.",
        "Ask the person who filled in the form.",
    ),
    "FF-305": Message(
        "The form says that the children are of a similar age. Their dates of birth are more than {years} years apart.",
        "Both answers have been kept.",
        "Check the dates of birth, and think about the difference in age.",
    ),
    "FF-306": Message(
        "The form says that it has not happened before. There are earlier forms about this child.",
        "They may be about something else, so both have been kept.",
        "Compare them, and decide whether this is frequent or increasing.",
    ),
    "FF-307": Message(
        "The sheet says both that it was healthy and that it is to be reported to the police.",
        "Both answers have been kept.",
        "Look at the level and at the question about the police, and drop the sheet again if one is wrong.",
    ),
    "FF-308": Message(
        "The sheet says that no child was targeted, and tells of the child who was.",
        "Both answers have been kept. Nothing more is asked about that child.",
        "Say who the other person was, and drop the sheet again if that is wrong.",
    ),
    "FF-309": Message(
        "The sheet says that there is no referral and why, and the referral’s own sheet says when it was sent.",
        "Both answers have been kept.",
        "Clear the reason against the referral, or correct the referral sheet.",
    ),
    "FF-312": Message(
        "The sheet says that harmful behaviour is known, and that nothing is established or suspected.",
        "Both answers have been kept, and the assessment waits.",
        "Look at both questions, and drop the sheet again.",
    ),
    "FF-313": Message(
        "The sheet says that the young person does not deny it, and might plead not guilty.",
        "Both answers have been kept. Interviews are not held back.",
        "Ask the legal representative, and drop the sheet again if one is wrong.",
    ),
    "FF-350": Message(
        "The sheet says that the assessment is from papers alone, and tells of interviews.",
        "Both answers have been kept. Where the behaviour is denied, the assessment waits.",
        "Correct the question about papers alone, or take the interviews out, and drop the sheet again.",
    ),
    "FF-351": Message(
        "By its dates the first interview was held before the legal representative agreed to it.",
        "Both dates have been kept. Where the behaviour is denied, the assessment waits.",
        "Correct the dates if one is wrong. If they are right, ask the legal representative.",
    ),
    "FF-314": Message(
        "The free text says “{word}”. This form does not ask “{label}”.",
        "A word alone never changes the suggested level.",
        "Please check what was meant, and ask the person who filled in the form.",
    ),
    "FF-315": Message(
        "The form says that images, social media or other online contact were involved.",
        "FormFlow does not suggest green for this, whatever else is answered.",
        "Do not view, copy, print or forward any image. Keep the device as it is, and follow your policy on"
        " shared images.",
    ),
    "FF-316": Message(
        "The free text says “{word}”. Images or online contact may have been involved.",
        "FormFlow does not suggest green for this, whatever else is answered.",
        "Ask what happened. Do not view, copy, print or forward any image. If there is one, keep the device as it is and"
        " follow your policy on shared images.",
    ),
    "FF-317": Message(
        "By the dates on the form a child was under {age} at the time.",
        "In law a child under {age} cannot consent to sexual activity, even where the form says that it was mutual or"
        " that they engaged freely.",
        "Check the dates of birth, and take advice, above all if the other person was older.",
    ),
    "FF-318": Message(
        "By the dates on the form a child was under {age} at the time. The age of consent is {age}.",
        "“Mutual” or “consensual” on the form is not consent in law.",
        "Check the dates of birth, and think about ages and power before you decide.",
    ),
    "FF-319": Message(
        "The level on this sheet is lower than what the form and the sheet together suggest.",
        "The sheet says: {what} No reason is given, so the sheet does not count yet. What you wrote is kept.",
        "Choose a higher level, or write the reason on the sheet in “To decide”. Save it and drop it again.",
        holds=True,
    ),
    "FF-310": Message(
        "The free text says “{word}”, and “{label}” has not been answered yes or no.",
        "A word alone never changes the suggested level.",
        "Please check what was meant, and ask if it is not clear.",
    ),
    "FF-340": Message(
        "The free text says “{word}”, and “{label}” is answered with no.",
        "A word alone never changes the suggested level, which rests on the answers.",
        "Please check what was meant, and ask the person who filled in the form.",
    ),
    "FF-311": Message(
        "The form says what social media was used for, and “{label}” is not answered with yes.",
        "This does not change the suggested level.",
        "Please check whether social media was used, and ask if it is not clear.",
    ),
    "FF-330": Message(
        "The form says that there is a difference in size or strength, and that neither is more in control.",
        "Both answers have been kept. A difference by itself is not suggested as red, and the form is not green.",
        "Ask whether one could make the other do things.",
    ),
    "FF-331": Message(
        "The form says that nobody else was involved, and that somebody was touched.",
        "Both answers have been kept, and the form is not green.",
        "Ask who was touched, and by whom.",
    ),
    "FF-332": Message(
        "The form says that it happens often, and that it has not happened before.",
        "Both answers have been kept, and the form is not green.",
        "Ask the person who filled in the form.",
    ),
    "FF-335": Message(
        "By the dates on the form a child was under {age} at the time.",
        "In law a sexual image of a child under {age} must not be made, kept or shared, also where the child made it.",
        "Follow your policy on shared images, and take advice before anybody looks at a device.",
    ),
    "FF-336": Message(
        "“{what}” Of this the recording form and the review sheet say different things.",
        "Both answers have been kept. The one that raises the level counts.",
        "Ask again. Correct the review sheet if it is wrong, or say there why the form is.",
    ),
    "FF-337": Message(
        "“{what}” Of this an earlier review sheet said something else.",
        "Both answers have been kept. The one that raises the level counts.",
        "If it was a mistake, choose the level and give the reason on the review sheet.",
    ),
    # What cannot wait, whatever the level
    "FF-320": Message(
        "We could not read whether an immediate referral to the police or children’s social care is warranted.",
        "The answer may be yes, so a child may be at risk now.",
        "Open the original form now, and decide whether to refer.",
    ),
    "FF-321": Message(
        "This form does not ask whether an immediate referral to the police or children’s social care is warranted.",
        "Nobody was asked, so nobody has said no.",
        "Decide this yourself when you read the form.",
    ),
    "FF-327": Message(
        "This form can only say yes to whether an immediate referral to the police or children’s social care is"
        " warranted, and the box is not ticked.",
        "Nobody could say no, so it is not known.",
        "Decide this yourself when you read the form.",
    ),
    "FF-322": Message(
        "The form says that the other person involved was an adult.",
        "This may be an allegation against an adult.",
        _ADVICE,
    ),
    "FF-323": Message(
        "By the date in “DOB”, the person this form is about was 18 or older.",
        "This may be an allegation against an adult, or the date may be wrong.",
        f"Check the date. {_ADVICE}",
    ),
    "FF-324": Message(
        "By the date of birth given for the other person, they were 18 or older.",
        "This may be an allegation against an adult, or the date may be wrong.",
        f"Check the date. {_ADVICE}",
    ),
    "FF-325": Message(
        "The form says: “{words}”.",
        "An adult may have touched or harmed a child. Words alone can mislead, and they do not change the suggested level.",
        _ADVICE,
    ),
    "FF-326": Message(
        "The form says: “{words}”.",
        "A child may be hurt or in danger. Words alone can mislead, and they do not change the suggested level.",
        "Read the form now. If a child is not safe, phone 999 or children’s social care.",
    ),
    "FF-328": Message(
        "An earlier revision of this record could not wait, and nobody has acknowledged it.",
        "A later form does not take that away.",
        "Read both revisions now. The reasons are repeated here.",
    ),
    "FF-333": Message(
        "The form says that a medical assessment is needed.",
        "A child may be hurt, and some examinations can only be made soon after.",
        "Read the form now, and arrange it. Children’s social care or the police can say where.",
    ),
    "FF-334": Message(
        "The form says that it happened online or with images.",
        "An image of a child may be passed on at any time.",
        "Read the form now. Do not view, copy, print or forward any image, and keep the device as it is.",
    ),
    "FF-338": Message(
        "The form says that somebody was touched sexually. By the dates a child was under {age}.",
        "In law a child under {age} cannot consent to sexual activity.",
        "Read the form now, and decide whether to refer.",
    ),
    "FF-339": Message(
        "The form says: “{words}”.",
        "There may be an image of a child. Words alone can mislead, and they do not change the suggested level.",
        "Read the form now. Do not view, copy, print or forward any image, and keep the device as it is.",
    ),
    "FF-344": Message(
        "The form says: “{words}”. By the dates a child was under {age}.",
        "A child under {age} may have been touched sexually. Words alone can mislead, and they do not change the"
        " suggested level.",
        "Read the form now, and decide whether to refer.",
    ),
    # Deliveries
    "FF-401": Message(
        "The folder is not there.",
        "What belongs in it waits in FormFlow, and nothing is lost.",
        "Connect the drive, or make the folder again. FormFlow carries on by itself.",
    ),
    "FF-402": Message(
        "FormFlow cannot write to the folder. It may be read-only, or the disk may be full.",
        "What belongs in it waits in FormFlow, and nothing is lost.",
        "Allow FormFlow to write there, or free some space. FormFlow carries on by itself.",
    ),
    "FF-403": Message(
        "Another FormFlow is writing to the folder.",
        "What belongs in it waits for its turn.",
        "You do not need to do anything. If this lasts for an hour, tell IT.",
    ),
    "FF-404": Message(
        "The workbook is open in Excel or LibreOffice.",
        "New rows wait in FormFlow, and nothing is lost.",
        "Close it and FormFlow adds the rows. If nobody has it open, delete the file beside it"
        " whose name begins with “~$” or “.~lock”.",
    ),
    "FF-405": Message(
        "Someone has changed the layout of the register workbook, or it cannot be opened.",
        "FormFlow never overwrites a file it does not recognise. New rows wait.",
        "Put the layout back. Or give that file another name and run “formflow reconcile --repair”: FormFlow then"
        " writes a new register with every row.",
    ),
    "FF-406": Message(
        "Someone has changed the chronology in this child’s folder.",
        "FormFlow never overwrites a file it does not recognise. New entries wait.",
        "Give that file another name. FormFlow then starts a new chronology.",
    ),
    "FF-407": Message(
        "A file in the folder is open in another program, such as Excel.",
        "What belongs in it waits in FormFlow, and nothing is lost.",
        "Close it. FormFlow carries on by itself.",
    ),
    "FF-410": Message(
        "The mail server cannot be reached.",
        "Alerts by e-mail wait. The alert pages in the folder “Alerts” are not affected.",
        "Look at the folder “Alerts” today, and ask IT whether the mail server is running.",
    ),
    "FF-411": Message(
        "The mail server does not offer an encrypted connection (STARTTLS).",
        "FormFlow sends nothing without one, so alerts by e-mail wait.",
        "Ask IT for the right server and port. Look at the folder “Alerts” meanwhile.",
    ),
    "FF-412": Message(
        "The mail server’s certificate is not one that this computer trusts.",
        "It may not be the right server, so alerts by e-mail wait.",
        "Ask IT to check the server’s name and certificate. Look at the folder “Alerts” meanwhile.",
    ),
    "FF-413": Message(
        "The mail server does not accept the user name and password.",
        "Alerts by e-mail wait.",
        "Ask IT to correct them. Look at the folder “Alerts” meanwhile.",
    ),
    "FF-414": Message(
        "The mail server does not accept the sender or the recipient ({answer}).",
        "Alerts by e-mail wait.",
        "Ask IT to check both addresses. Look at the folder “Alerts” meanwhile.",
    ),
    "FF-415": Message(
        "The mail server refused this message for good ({answer}).",
        "This alert was not sent by e-mail.",
        "Look at the folder “Alerts” now, and ask IT why the server refused it.",
    ),
    "FF-416": Message(
        "The mail server asked us to come back later ({answer}).",
        "This alert has not gone by e-mail yet.",
        "You do not need to do anything. FormFlow tries again by itself.",
    ),
    "FF-417": Message(
        "The connection broke while the message was being handed over.",
        "Nobody can say whether it arrived, so FormFlow sends it again.",
        "If you get the same message twice, one is enough.",
    ),
    "FF-420": Message(
        "There is already a file “{name}” that belongs to something else.",
        "FormFlow never replaces such a file. The new one is kept in FormFlow.",
        "Give the file that is there another name, then run “formflow retry”.",
    ),
    "FF-421": Message(
        "{reference} could not be filed in “{destination}”.",
        "{why} This can happen after an older backup of FormFlow was put back.",
        "Read the form with “formflow show {reference}”, and ask IT to look at the folder.",
    ),
    "FF-422": Message(
        "FormFlow does not know the newest forms or sheets that it has filed. {newest}, and it filed up to"
        " {until}.",
        "An older backup was put back, or the state folder was emptied. What arrived in that time is still in"
        " “Alerts” and in the child files. FormFlow no longer follows it up and sends no reminders.",
        "Look through “Alerts” for that time, ask for those forms and sheets again and drop them. Tell IT."
        " New forms get new numbers, and their alerts arrive as usual.",
    ),
    "FF-423": Message(
        "A page or sheet about {reference} could not be made, so “{destination}” does not have it.",
        "The record and its alert are safe. This is a fault in FormFlow.",
        "Read the form with “formflow show {reference}”. Ask IT to update FormFlow, then to run “formflow retry”.",
    ),
    "FF-424": Message(
        "The definition of this form is no longer in the folder “Agency forms”.",
        "The record and its alert are safe. What is filed from the form waits, or its answers would be missing.",
        "Put the definition back, then restart FormFlow.",
    ),
    "FF-425": Message(
        "The destination has not answered in time.",
        "What it should get waits and is tried again. All other destinations go on.",
        "Ask IT whether it is running. When it is, “formflow retry” sends what waits; if it still does not "
        "answer, restart FormFlow.",
    ),
    "FF-426": Message(
        "The program for this destination stopped in the middle of its work.",
        "What it should get is tried five times, then set aside. All other destinations go on.",
        "Ask IT to update or replace the package of this destination, then run “formflow retry”.",
    ),
    "FF-427": Message(
        "The program for this destination gave an answer that makes no sense.",
        "FormFlow does not count it as delivered. It is tried five times, then set aside.",
        "Ask IT to look for what should be there, and to update the package of this destination. Then run "
        "“formflow retry”.",
    ),
    "FF-428": Message(
        "A page or sheet for this destination could not be made.",
        "What it should get is tried five times, then set aside. All other destinations go on.",
        "Tell IT: this is a fault in FormFlow. After an update, “formflow retry” tries again.",
    ),
    "FF-429": Message(
        "{why} So the program for this destination cannot be used.",
        "What it should get waits, and nothing is lost. All other destinations go on.",
        "Ask IT to install its package again or to correct the settings, then restart FormFlow.",
    ),
    "FF-430": Message(
        "A file would be put outside its folder. There may be a link in the folder that points elsewhere.",
        "FormFlow has not written it. It waits in FormFlow, and nothing is lost.",
        "Look for the link and remove it. FormFlow then tries again by itself.",
    ),
    "FF-431": Message(
        "There is a link or a device in the folder where FormFlow expects a file.",
        "FormFlow does not open it. What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to remove it. FormFlow then tries again by itself.",
    ),
    "FF-440": Message(
        "FormFlow was restored from its backup of {moment}. This was filed after it and is not in it: {lost}.",
        "What was filed is still where it was. FormFlow no longer follows it up and sends no reminders about it.",
        "Look for it in “Alerts” and in the child files. Then ask for those forms and sheets again and drop them.",
    ),
    "FF-450": Message(
        "FormFlow’s ledger is damaged, so FormFlow has stopped.",
        "Forms that you drop stay where they are, unread, and nobody is told of them. Recent records may be missing.",
        "Tell IT now: they give the state folder another name and restore the newest backup with “formflow restore BACKUPS"
        " --old-state THAT-NAME”. Until then, look at new forms in the drop folders yourself and decide without FormFlow.",
    ),
    "FF-451": Message(
        "The copy that FormFlow kept of a form is missing, or has been changed since.",
        "The form waits. It is not read from a copy that nobody can vouch for.",
        "Tell IT. The copy can be put back from a backup of the state folder, or drop the same form again.",
    ),
    "FF-452": Message(
        "The copy that FormFlow kept of the form {reference} is missing, or has been changed since (seen on {day}).",
        "It has not been sent to “{destination}”. The record itself has not changed.",
        "Tell IT. The copy can be put back from a backup of the state folder, or drop the same form again.",
    ),
    "FF-453": Message(
        "The key of the audit trail was not in the state folder, so FormFlow has made a new one.",
        "The trail goes on. Nobody can check any more that its earlier lines have not been changed.",
        "Tell IT. If the state folder was put back from a backup, “audit.key” belongs to it. If nobody knows how the key"
        " was lost, find out who has had access to that computer.",
    ),
    "FF-460": Message(
        "{count} files that arrived {came} could not be read, all for the same reason.",
        "{what} There is one alert for all of them, and no notes in “Needs attention”. Each has a receipt. All are kept"
        " under their references, from {first} to {last}; other forms may have numbers in between and have"
        " alerts of their own.",
        "Find out where the files came from. They are in the children’s files, under “Not yet matched”. If there"
        " may be forms among them, ask for those again.",
    ),
    "FF-461": Message(
        "Many files with this problem arrived within an hour.",
        "They are reported together, so there is no note and no copy of this file in “Needs attention”.",
        "If you need this file back, ask for it by its reference.",
        returns=True,
    ),
    "FF-470": Message(
        "The folder has no marker file. It may be an empty folder in place of a share.",
        "FormFlow writes nothing there. What belongs there waits, and nothing is lost.",
        "Connect the share. If this is the right folder, run “formflow connectors mark NAME”.",
    ),
    "FF-471": Message(
        "The file is gone, although FormFlow has written rows to it.",
        "FormFlow does not start a new one with the newest rows only. New rows wait.",
        "Put it back. If it is FormFlow’s own register and cannot be found, run “formflow reconcile --repair”:"
        " FormFlow then writes every row again.",
    ),
    "FF-472": Message(
        "FormFlow cannot file anything in “{destination}”: the folder or file there is not the one it has used.",
        "What belongs there waits, and nothing is lost. Everything else goes on as usual.",
        "Tell IT today: “formflow doctor” says what is wrong.",
    ),
    "FF-473": Message(
        "The disk with the folder is full.",
        "What belongs in the folder waits in FormFlow, and nothing is lost.",
        "Free some space. FormFlow carries on by itself.",
    ),
    "FF-474": Message(
        "FormFlow’s account has used up its share of the disk (its quota).",
        "What belongs in the folder waits in FormFlow, and nothing is lost.",
        "Ask IT to raise the quota. FormFlow carries on by itself.",
    ),
    "FF-475": Message(
        "The disk or share with the folder is read-only.",
        "What belongs in the folder waits in FormFlow, and nothing is lost.",
        "Ask IT to make it writable again. FormFlow carries on by itself.",
    ),
    "FF-476": Message(
        "The clock of this computer was put {by}.",
        "FormFlow goes on by the time it had, so nothing is late and nothing comes too early.",
        "Ask IT to check the clock. If the new time is the right one, IT restarts FormFlow.",
    ),
    "FF-477": Message(
        "The clock of this computer is wrong: it is behind {latest}, when FormFlow was already at work.",
        "Forms are taken and alerts reach you as usual, but with a wrong date. Reminders may be late.",
        "Ask IT to put the clock right, then to restart FormFlow.",
    ),
    "FF-480": Message(
        "No backup has been made for {days} days.",
        "If this computer fails, some of what has been recorded since then may be lost.",
        "Find out why “formflow backup” no longer runs, and start it again.",
    ),
    "FF-481": Message(
        "Records whose papers wait in “Not yet matched” of “{destination}”: {count}, the oldest since {since}.",
        "It is not certain which child’s folder is theirs, so they are in none. Nothing is lost.",
        "Say on the review sheet who the child is, or correct the pupil list or the folder’s name (“formflow roster"
        " check”). FormFlow then files them itself.",
    ),
    # A CSV file that the agency keeps
    "FF-485": Message(
        "The CSV file has no column “{column}”.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Put the heading back, or change “columns” or “reference_column” in the settings.",
    ),
    "FF-486": Message(
        "The CSV file has more than one column “{column}”.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Give one of them another heading.",
    ),
    "FF-487": Message(
        "A row has a letter that the CSV file cannot hold ({encoding}).",
        "FormFlow neither changes a name nor the encoding of your file. This row waits; all others go on.",
        "Save the file as “CSV UTF-8”, or say “encoding” in the settings, if the program that reads it takes that.",
    ),
    "FF-488": Message(
        "The CSV file is not a plain table: line {line} has more or fewer columns than the headings, or a quote"
        " that does not end.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Correct that line, or move what is not part of the table into a file of its own.",
    ),
    "FF-489": Message(
        "The CSV file is not in the encoding that the settings name, or in none that FormFlow knows.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Save it again as “CSV UTF-8”, or change “encoding” in the settings.",
    ),
    "FF-490": Message(
        "More than one row of the CSV file has the reference {reference}.",
        "FormFlow does not guess which is meant, so this row was not changed.",
        "Delete the reference from the wrong row, then run “formflow retry”.",
    ),
    "FF-491": Message(
        "The CSV file is not there. It may have been moved or renamed.",
        "FormFlow never makes a file in its place. New rows wait, and nothing is lost.",
        "Put it back, or name the right file in the settings.",
    ),
    "FF-492": Message(
        "The row of {reference} is no longer in the CSV file. Someone may have deleted it.",
        "FormFlow does not add it again unasked.",
        "If it should be there, run “formflow reconcile --repair”, then “formflow retry”.",
    ),
    "FF-493": Message(
        "The CSV file is larger than 16 MB.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Start a new file for this year, and name it in the settings.",
    ),
    "FF-494": Message(
        "FormFlow tried the change on a copy, and something else in the CSV file would have changed.",
        "The file is as it was. New rows wait, and nothing is lost.",
        "Tell IT: this is a fault in FormFlow. Until it is put right, another file can be used.",
    ),
    # A workbook that the agency keeps
    "FF-495": Message(
        "The file is not an Excel workbook (.xlsx or .xlsm) that FormFlow can read. It may be .xls or .xlsb, or damaged.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Open it in Excel, save it as .xlsx, and name that file in the settings.",
    ),
    "FF-496": Message(
        "The workbook has a password.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Take the password away in Excel (File > Info > Protect Workbook), and protect the folder instead.",
    ),
    "FF-497": Message(
        "The sheet “{sheet}” is protected.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Unprotect the sheet in Excel (Review > Unprotect Sheet). FormFlow then carries on by itself.",
    ),
    "FF-498": Message(
        "The workbook is digitally signed, and any change would break the signature.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Remove the signature in Excel, or name another workbook in the settings.",
    ),
    "FF-499": Message(
        "The workbook is shared in the old way (“Share Workbook”), which keeps a list of changes in it.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Stop sharing it in Excel (Review > Unshare Workbook). FormFlow then carries on by itself.",
    ),
    "FF-500": Message(
        "FormFlow cannot tell which list in the workbook is meant: {why}.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Say “sheet” and “heading_row” in the settings.",
    ),
    "FF-501": Message(
        "The headings of the workbook are not as the settings say: {why}.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Put the heading back, or change “columns” or “reference_column” in the settings.",
    ),
    "FF-502": Message(
        "There is no room for a row in the workbook: {why}.",
        "FormFlow moves and overwrites nothing of yours. New rows wait, and nothing is lost.",
        "Make room: unmerge the cells, remove the empty row, move what is below, or make the list a table (Ctrl+T).",
    ),
    "FF-503": Message(
        "Cell {cell} of the workbook has a formula that FormFlow cannot carry on, such as an array formula or a data table.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Replace it by an ordinary formula. FormFlow then carries on by itself.",
    ),
    "FF-504": Message(
        "The workbook is too large for FormFlow: more than 40 MB, or too many cells.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Start a new workbook for this year, or delete what is far below or to the right of the list.",
    ),
    "FF-505": Message(
        "The workbook is written in an unusual way, and FormFlow does not change it: {why}.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Open it in Excel and save it as .xlsx under a new name, and name that file in the settings.",
    ),
    "FF-506": Message(
        "The workbook is not there. It may have been moved or renamed.",
        "FormFlow never makes a workbook of the agency’s. New rows wait, and nothing is lost.",
        "Put it back, or name the right file in the settings.",
    ),
    "FF-507": Message(
        "More than one row of the workbook has the reference {reference}.",
        "FormFlow does not guess which is meant, so this row was not changed.",
        "Delete the reference from the wrong row, then run “formflow retry”.",
    ),
    "FF-508": Message(
        "The row of {reference} is no longer in the workbook. Someone may have deleted it.",
        "FormFlow does not add it again unasked.",
        "If it should be there, run “formflow reconcile --repair”, then “formflow retry”.",
    ),
    "FF-509": Message(
        "FormFlow tried the change on a copy, and something else in the workbook would have changed.",
        "The workbook is as it was. New rows wait, and nothing is lost.",
        "Tell IT: this is a fault in FormFlow. Until it is put right, another workbook can be used.",
    ),
    # The pupil list
    "FF-510": Message(
        "{who} is not on your pupil list with exactly this name and date of birth.",
        "The child may go to another school, or the name or the date may be wrong on the form or on the list.",
        "Compare the form with the list. The review sheet offers those on the list who come near.",
    ),
    "FF-511": Message(
        "{who} shares name and date of birth with another on your pupil list.",
        "Without a UPN nobody can tell which of them is meant, so no folder was chosen.",
        "Say on the review sheet which one it is.",
    ),
    "FF-512": Message(
        "{who} has a UPN on the form that does not fit your pupil list.",
        "The name, the date of birth or the UPN may be wrong. Nobody was matched by it.",
        "Compare the form with the list. The review sheet offers those who come near.",
    ),
    "FF-513": Message(
        "The pupil list is not there, or cannot be opened just now.",
        "The last good one counts, where there is one. Everything else goes on as usual.",
        "Check that the file is where the settings say, and that nobody keeps it open.",
    ),
    "FF-514": Message(
        "The pupil list cannot be read. It may be damaged, half copied or too large.",
        "The last good one counts, where there is one. Everything else goes on as usual.",
        "Export the list again. “formflow roster check” says what is wrong.",
    ),
    "FF-515": Message(
        "It is not clear how the pupil list is to be read.",
        "The last good one counts, where there is one. Everything else goes on as usual.",
        "Run “formflow roster check”. It asks what it needs to know.",
    ),
    "FF-516": Message(
        "The papers of {reference} wait in “Not yet matched” of “{destination}” ({day}).",
        "The child is on the pupil list, but the folder that the list gives is not there, or is given to two children."
        " Somebody may have renamed it. FormFlow never makes one that looks like it.",
        "Name the folder again as the pupil list does, or ask IT to correct the list. FormFlow then files the papers.",
    ),
    "FF-517": Message(
        "A child’s folder was renamed or moved just as papers were to be filed in it.",
        "Nothing was lost. FormFlow tries again soon, and leaves them in “Not yet matched” if it is gone.",
        "You do not need to do anything.",
    ),
    # Templates, a document that the agency keeps in Word, and tables of databases
    "FF-525": Message(
        "{what} is not there or cannot be read.",
        "Nothing has been written. What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to put it back, or to correct its path in the settings. FormFlow then carries on by itself.",
    ),
    "FF-526": Message(
        "The template of this destination cannot be used: {why}.",
        "Nothing has been written. What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to correct the template. FormFlow then carries on by itself.",
    ),
    "FF-527": Message(
        "The row of {reference} is no longer in “{name}”. Someone may have deleted it.",
        "FormFlow does not add it again unasked.",
        "If it should be there, run “formflow reconcile --repair”, then “formflow retry”.",
    ),
    "FF-528": Message(
        "The document is open in Word or LibreOffice.",
        "New rows wait in FormFlow, and nothing is lost.",
        "Close it and FormFlow adds the rows. If nobody has it open, delete the file beside it whose name begins"
        " with “~$” or “.~lock”.",
    ),
    "FF-529": Message(
        "The document has {what}.",
        "FormFlow changes only a table that it is sure of. New rows wait, and nothing is lost.",
        "Put the headings back, or correct them in the settings. FormFlow then carries on by itself.",
    ),
    "FF-530": Message(
        "The document has a password, is protected or signed, or is in the older format “.doc”.",
        "FormFlow does not change such a document. New rows wait, and nothing is lost.",
        "Take the protection away in Word (Review > Restrict Editing), and save it as “.docx”. Protect the folder instead.",
    ),
    "FF-531": Message(
        "More than one row of “{name}” has the reference {reference}.",
        "FormFlow does not guess which is meant, so this row was not changed.",
        "Delete the reference from the wrong row, then run “formflow retry”.",
    ),
    "FF-532": Message(
        "The file is not a Word document that FormFlow can read. It may be damaged.",
        "Nothing was written to it. New rows wait, and nothing is lost.",
        "Open it in Word and save it as “.docx”. FormFlow then carries on by itself.",
    ),
    "FF-533": Message(
        "FormFlow tried the change on a copy, and something else in the document would have changed.",
        "The document is as it was. New rows wait, and nothing is lost.",
        "Tell IT: this is a fault in FormFlow. Until it is put right, another document can be used.",
    ),
    "FF-534": Message(
        "FormFlow cannot change the table in the document: {why}.",
        "The document is as it was. New rows wait, and nothing is lost.",
        "Correct the table in Word. FormFlow then carries on by itself.",
    ),
    "FF-535": Message(
        "The database cannot be reached, or did not answer in time.",
        "What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT whether the database is running. FormFlow then carries on by itself.",
    ),
    "FF-536": Message(
        "The database cannot be used as the settings say: {why}.",
        "Nothing has been written. What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to correct the settings, the table or the permissions. FormFlow then carries on by itself.",
    ),
    "FF-537": Message(
        "The database does not take this record: {why}.",
        "The record is safe in FormFlow, but it is not in the table.",
        "Ask IT to compare the table with the columns in the settings, then to run “formflow retry”.",
    ),
    "FF-538": Message(
        "The table in the database is locked by another program.",
        "Rows wait for their turn, and nothing is lost.",
        "You do not need to do anything. If this lasts for an hour, tell IT.",
    ),
    "FF-539": Message(
        "The connection to the database broke at the last moment.",
        "Nobody can say whether the row is there. FormFlow writes it again, and it is never there twice.",
        "You do not need to do anything.",
    ),
    "FF-560": Message(
        "The other system cannot be reached, or did not answer in time.",
        "Messages to it wait in FormFlow, and nothing is lost. The alert pages in the folder “Alerts” are not affected.",
        "Ask IT whether it is running. If it is how you get alerts, look at the folder “Alerts” today.",
    ),
    "FF-561": Message(
        "The other system’s certificate is not one that this computer trusts.",
        "It may not be the right system, so messages to it wait.",
        "Ask IT to check its address and certificate. Look at the folder “Alerts” meanwhile.",
    ),
    "FF-562": Message(
        "The other system does not let FormFlow in at this address ({answer}).",
        "Messages to it wait in FormFlow, and nothing is lost.",
        "Ask IT to correct the address, or what FormFlow may do there, and to check this computer’s clock. Look at the"
        " folder “Alerts” meanwhile.",
    ),
    "FF-563": Message(
        "The other system refused this message for good ({answer}).",
        "It is safe in FormFlow, but it is not in the other system.",
        "Ask IT why it was refused, then to run “formflow retry”. If it is how you get alerts, look at the folder “Alerts” now.",
    ),
    "FF-564": Message(
        "The other system asked us to come back later ({answer}).",
        "What belongs there waits in FormFlow, and nothing is lost.",
        "You do not need to do anything. FormFlow tries again by itself.",
    ),
    "FF-565": Message(
        "The connection broke before the other system said that it has the message.",
        "Nobody can say whether it arrived, so FormFlow sends it again under the same number.",
        "If you get the same message twice, one is enough.",
    ),
    "FF-566": Message(
        "Records are still to be filed by hand: “{destination}”.",
        "They are in its folder, each with a receipt that nobody has moved to “Filed” in time.",
        "File them, and move each receipt to “Filed”. “formflow status” lists them.",
    ),
    "FF-567": Message(
        "Somebody else has changed this at the same moment.",
        "Nothing of theirs was written over.",
        "You do not need to do anything. FormFlow tries again by itself.",
    ),
    "FF-568": Message(
        "Microsoft 365 does not let FormFlow in ({answer}).",
        "What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to check tenant, client_id and client_secret: a secret ends after some months. If it is how you get alerts, look at the folder “Alerts” today.",
    ),
    "FF-569": Message(
        "Microsoft 365 wants the files at an address that is not the site’s.",
        "Nothing was sent there. What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to check “site” in the settings.",
    ),
    # Folders on servers, document systems and case systems that are reached over the network
    "FF-580": Message(
        "The server cannot be reached, or did not answer in time.",
        "What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT whether the server is running. FormFlow then carries on by itself.",
    ),
    "FF-581": Message(
        "The server is not the one that the settings name: it shows the key “{key}”.",
        "It may not be the right server, so nothing was sent. What belongs there waits, and nothing is lost.",
        "Ask IT to compare the key with whoever runs the server, and to put it into the settings only if it is theirs.",
    ),
    "FF-582": Message(
        "The server does not let FormFlow in: {why}.",
        "What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to correct the settings. FormFlow then carries on by itself.",
    ),
    "FF-583": Message(
        "FormFlow cannot work in its folder on the server: {why}.",
        "What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to correct the folder in the settings, or what FormFlow may do there. FormFlow then carries on by itself.",
    ),
    "FF-584": Message(
        "The server did not keep a file as it was sent. Its disk may be full, or open for reading only.",
        "What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to look at the server. FormFlow tries again by itself.",
    ),
    "FF-585": Message(
        "The connection broke before the server said that it has everything.",
        "FormFlow looks at what is there, and adds what is missing. Nothing is there twice.",
        "You do not need to do anything.",
    ),
    "FF-586": Message(
        "What this kind of destination needs is not installed: {package}.",
        "What belongs there waits in FormFlow, and nothing is lost.",
        'Ask IT to run: pip install "{package}". FormFlow then carries on when it is started again.',
    ),
    "FF-590": Message(
        "Paperless-ngx has been sent the form and has not said yet that it has it.",
        "FormFlow looks there again, and sends nothing twice.",
        "You do not need to do anything. If this lasts for an hour, ask IT whether paperless-ngx is working.",
    ),
    "FF-591": Message(
        "The other system cannot be used as the settings say: {why}.",
        "What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to correct the settings, or the other system. FormFlow then carries on by itself.",
    ),
    "FF-592": Message(
        "The other system did not take the form: {why}.",
        "It is safe in FormFlow, but it is not in the other system.",
        "Ask IT to look there, then to run “formflow retry”.",
    ),
    "FF-593": Message(
        "The other system’s answer is not one that FormFlow understands.",
        "What belongs there waits in FormFlow, and nothing is lost.",
        "Ask IT to check the address in the settings, and the other system’s version.",
    ),
    "FF-595": Message(
        "The message service did not say that it has the message.",
        "Nobody can say whether it arrived, so FormFlow sends it again. The alert pages in the folder “Alerts” are not affected.",
        "Ask IT to check the service. Look at the folder “Alerts” today. If you get the same message twice, one is enough.",
    ),
    # An agency's own form and its addendum
    "FF-600": Message(
        "This page of questions belongs to another form, and no form about this child at this time has come yet.",
        "It is recorded by itself, and becomes part of the same record as soon as that form comes.",
        "Drop the form. If it has come already, check that name, date of birth, date and time are the same on both.",
    ),
    "FF-601": Message(
        "This record has two papers: the form, and the page of questions that belongs to it.",
        "What both say counts together.",
        "Read both.",
    ),
    "FF-602": Message(
        "The page of questions that belongs to this form was read, but it waits for somebody to check it.",
        "What it says does not count with this form yet.",
        "Check it against the paper. Then drop the page of questions again.",
    ),
    "FF-603": Message(
        "This page of questions may belong to more than one record about this child on that day.",
        "It is recorded by itself, and counts with none of them.",
        "Write the same time on it as on the form, and drop it again.",
    ),
    # Cases that were disposed of
    "FF-613": Message(
        "The same paper was on record before, as {reference}, and was disposed of on {day}.",
        "It is a new record now. What was known of the old one is gone.",
        "Ask who dropped it again, and why. If it should not have come back, close the case, with that as the reason.",
    ),
    "FF-614": Message(
        "An older copy of FormFlow’s records was put back. It held cases that had been disposed of: {cases}.",
        "FormFlow has taken them out again. Their tombstones are as they were.",
        "Nothing has to be done. If you know of no such copy, ask IT who put it there.",
    ),
    # The safeguarding lead's register
    "FF-630": Message(
        "The folder of the register is not there, or it has no marker file.",
        "The register is not up to date. Nothing is lost: it is drawn from FormFlow’s own records.",
        "Connect the share. If the folder is new, run “formflow register” to mark it and draw every page.",
    ),
    "FF-631": Message(
        "A page of the register could not be replaced: another program has it open, or FormFlow’s account may not.",
        "That page is not up to date. Nothing is lost: it is drawn from FormFlow’s own records.",
        "Close it. FormFlow tries again by itself. If it stays so, let FormFlow’s account write there.",
    ),
    "FF-632": Message(
        "FormFlow cannot write the pages of the register. The disk or share may be full, read-only or gone.",
        "The register is not up to date. Nothing is lost: it is drawn from FormFlow’s own records.",
        "Ask IT to look at the folder of the register. FormFlow tries again by itself.",
    ),
    "FF-633": Message(
        "The register could not be drawn because of a mistake in FormFlow.",
        "The register is not up to date. Nothing is lost, and alerts are not affected.",
        "Tell whoever looks after FormFlow. “formflow verify” says whether all records are sound.",
    ),
    "FF-660": Message(
        "This came for a case that {state}.",
        "The case is open again, and its reminders with it.",
        "Check what is new. If nothing more is to be done, close the case again, with a reason.",
    ),
    "FF-661": Message(
        "This sheet closes the case, but these actions are open and have no reason: {steps}.",
        "The sheet counts; the case stays as it was. A case with open actions closes only with a reason for each.",
        "Complete them, or write a reason for each at the end of the sheet in “To decide”, and drop that.",
    ),
    "FF-662": Message(
        "This sheet marks the case as a duplicate, but does not name another record that FormFlow has.",
        "The sheet counts; the case stays as it was.",
        "Write the reference of the other record on the sheet in “To decide”, such as FF-2026-000123, and drop that.",
    ),
    "FF-663": Message(
        "This sheet closes or reopens the case without saying why.",
        "The sheet counts; the case stays as it was.",
        "Write the reason on the sheet in “To decide” and drop that.",
    ),
    "FF-664": Message(
        "By this sheet the case is now: {state}.",
        "Nothing has been deleted, and it can be changed back at any time.",
        "Check that this was your decision. If not, say so on the sheet in “To decide” and drop that.",
    ),
}


def not_for_the_office(found: Notice) -> Notice:
    """Return a message about a paper that the office must not see: it stays with the safeguarding lead."""
    text = found.text.replace("“Needs attention”", "“To decide”")
    return replace(found, returns=False, text=text)


def notice(
    code: str,
    *,
    field: str | None = None,
    label: str | None = None,
    page: int | None = None,
    words: Mapping[str, object] | None = None,
) -> Notice:
    """Return the numbered message with its words filled in. Raise KeyError for an unknown code."""
    message = MESSAGES[code]
    filled = {"label": label or "", **(words or {})}
    text = " ".join((message.found, message.means, message.do_now)).format(**filled)
    return Notice(
        code=code,
        text=text,
        field=field,
        label=label,
        page=page,
        holds=message.holds,
        returns=message.returns,
    )
