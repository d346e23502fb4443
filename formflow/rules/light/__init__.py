"""The traffic light.

lights.toml    the traffic light as written, for everybody to read
book.py        reads it, and knows which rules are in force on a day
establish.py   facts + history -> findings
hints.toml     words in the free text that speak of a question
hints.py       finds them where the question is not answered
phrases.py     finds words and phrases in free text, also misspelt
alarm.toml     words and phrases that cannot wait
cautions.py    images, online contact and ages: what nobody may overlook
green.py       what green waits for
urgency.py     what cannot wait, by answers, dates and words; it changes no light
propose.py     all of these -> the suggested level, every finding cited
with_review.py the form and the review sheets as one set of facts
"""
