"""What is going on today: fresh readings that raise alerts, questions that wait for an answer.

Unlike the past, this goes through the product's own actions, so that jobs, alerts and threads
come about as they do in life.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

from lianxin.conversations.actions import write_from_page
from lianxin.core import time
from lianxin.core.scope import scope
from lianxin.demo.houses import Opened
from lianxin.demo.people import Member
from lianxin.health import actions as health

READINGS_TODAY = ((166, 104), (162, 101), (88, 58), (188, 114), (164, 102))
QUESTIONS = (
    "胸口压得慌，左胳膊也发麻",
    "早上的药忘了，晚上要不要补？",
    "出院小结在哪里能看到？",
    "想约李主任下周的号",
    "这两天早上血压比晚上高，要紧吗？",
    "下周拔牙，要提前告诉你们吗？",
)


def play(opened: Opened, members: list[Member], rng: Random) -> None:
    chosen = rng.sample(members, min(len(members), len(READINGS_TODAY) + len(QUESTIONS)))
    with scope(opened.hospital):
        for member, (systolic, diastolic) in zip(chosen, READINGS_TODAY, strict=False):
            health.record_reading(
                member.patient,
                "bp",
                {"systolic": systolic, "diastolic": diastolic},
                by=member.holder,
                measured_at=time.now() - timedelta(minutes=rng.randint(1, 20)),
            )
        askers = chosen[len(READINGS_TODAY) :]
        for number, (member, question) in enumerate(zip(askers, QUESTIONS, strict=False)):
            # As if written on the phone's own page: the address becomes this holder's.
            write_from_page(member.holder, question, client_key=f"demo-{number}")
