"""All the checks, in the order in which an author wants to hear of them."""

from __future__ import annotations

from collections.abc import Callable

from formflow.sdk.conformance import delivering, making, trouble
from formflow.sdk.conformance.trial import Trial

CHECKS: tuple[Callable[[Trial], None], ...] = (
    making.declares_itself,
    making.refuses_settings_that_it_does_not_know,
    making.prepares_the_same_every_time,
    making.prepares_the_same_elsewhere,
    making.checks_without_a_trace,
    making.says_what_is_wrong_with_its_settings,
    delivering.delivers_once,
    delivering.is_read_back_as_it_was_sent,
    delivering.delivers_once_when_many_do_so,
    delivering.delivers_once_when_killed,
    delivering.shows_no_half,
    delivering.keeps_what_lies_under_a_key,
    delivering.keeps_the_later_revision,
    delivering.takes_many,
    delivering.looks_up_the_truth,
    delivering.looks_up_many_like_one,
    delivering.delivers_what_an_earlier_version_prepared,
    delivering.holds_on_to_nothing,
    making.manages_with_little,
    making.keeps_names_inside,
    trouble.logs_no_name,
    trouble.speaks_to_its_own_hosts_alone,
    trouble.ends_in_words_when_out_of_reach,
    trouble.ends_in_words_in_any_trouble,
)
