"""[services] of formflow.toml: what the services around an agency are called, and what is usual there today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from formflow.core.settings_table import Table


def _in_order(ages: tuple[int, int]) -> tuple[int, int]:
    youngest, oldest = ages
    if not 0 <= youngest <= oldest:
        msg = "is not the youngest age and then the oldest, such as [12, 18]"
        raise ValueError(msg)
    return ages


def _one_or_more(said: object) -> object:
    """Return a lone text as the only one of a list: older settings files name one."""
    return (said,) if isinstance(said, str) else said


class Services(Table):
    """What the services around you are called. The standard values are those of the guidance."""

    front_door: str = Field(
        default="Children and Families Service",
        description="Who takes referrals: the Customer Service Centre in North Yorkshire, say.",
    )
    written_within_hours: int = Field(
        default=24, ge=1, description="By when a referral by phone should follow in writing."
    )
    mental_health: str = Field(default="CAMHS", description="Mental health service for children.")
    forensic: str = Field(default="FCAMHS", description="Forensic mental health service.")
    early_help: str = Field(default="Integrated Services", description="Early help.")
    youth_justice: str = Field(default="Youth Justice Service", description="Youth justice.")
    police: str = Field(default="the police", description="How to reach the police.")
    out_of_hours: str = Field(
        default="the council’s out-of-hours team",
        description="Who takes urgent referrals outside office hours: with a number, if you like.",
    )
    medical: str = Field(
        default="health professionals", description="Where a medical assessment is arranged."
    )
    head: str = Field(
        default="the head teacher",
        description="Who at your agency is told of a possible allegation against an adult.",
    )
    lado: str = Field(
        default="the local authority designated officer",
        description="Who in the council is told of a possible allegation against an adult.",
    )
    image_advice: str = Field(
        default="Do not view, copy, print or forward any image. Keep the device as it is, and follow your policy on"
        " shared images.",
        description="Your advice where images or online contact were involved.",
    )
    behaviour_tool: str = Field(
        default="Brook Traffic Light Tool", description="The tool that you are trained for."
    )
    assessment_model: str = Field(
        default="AIM2", description="The model of assessment that you are trained for."
    )
    assessment_ages: Annotated[tuple[int, int], AfterValidator(_in_order)] = Field(
        default=(12, 18),
        description="For whom that model is, in years. At the oldest age FormFlow asks whether it still fits.",
    )
    statutory_guidance: Annotated[tuple[str, ...], BeforeValidator(_one_or_more)] = Field(
        default=("Keeping Children Safe in Education",),
        min_length=1,
        description="One or more, each with its edition, if you like.",
    )

    @property
    def words(self) -> Mapping[str, str]:
        """Every name, as it is put in the place of a word in {braces}."""
        youngest, oldest = (str(age) for age in self.assessment_ages)
        single = {name: str(value) for name, value in self if not isinstance(value, tuple)}
        return {**single, "assessment_youngest": youngest, "assessment_oldest": oldest}
