"""Who is in the demo. Everybody is invented; the phone numbers use a prefix nobody is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PASSWORD: Final = "lianxin-demo-2026"  # noqa: S105 - invented hospitals on loopback
# 140 has never been given to people in China, so no message can reach anybody.
PHONE_PREFIX: Final = "140"


@dataclass(frozen=True)
class CastMember:
    """One member of staff of a demo hospital."""

    role: str
    name: str
    title: str
    userid: str


@dataclass(frozen=True)
class House:
    """One demo hospital: its words, its people, its ids at the sandbox providers."""

    key: str
    name: str
    name_en: str
    department: str
    team: str
    phone: str
    staff: tuple[CastMember, ...]
    share: float  # of the patients

    @property
    def corp_id(self) -> str:
        return f"ww{self.key}demo"

    @property
    def app_id(self) -> str:
        return f"wx{self.key}demo"

    @property
    def open_kfid(self) -> str:
        return f"wk{self.key}demo"


def staff_of(doctor: str, nurse: str, second: str, operator: str) -> tuple[CastMember, ...]:
    return (
        CastMember("doctor", doctor, "主任医师", "doctor-li"),
        CastMember("nurse", nurse, "责任护士", "nurse-zhou"),
        CastMember("nurse", second, "责任护士", "nurse-wang"),
        CastMember("operator", operator, "运营专员", "operator-chen"),
        CastMember("reviewer", "王慧敏", "副主任医师", "reviewer-wang"),
        CastMember("manager", "赵经理", "服务管理部", "manager-zhao"),
        CastMember("privacy", "吴专员", "个人信息保护", "privacy-wu"),
        CastMember("admin", "孙管理员", "信息科", "admin-sun"),
    )


HOUSES: Final = (
    House(
        key="riverside",
        name="河畔医院",
        name_en="Riverside Hospital",
        department="心内科",
        team="李医生团队",
        phone="010-5550-0188",
        staff=staff_of("李建国", "周敏", "王静", "陈运营"),
        share=0.7,
    ),
    House(
        key="hillside",
        name="山谷医院",
        name_en="Hillside Hospital",
        department="心血管内科",
        team="高医生团队",
        phone="010-5550-0277",
        staff=staff_of("高远山", "林晓燕", "许文", "郑运营"),
        share=0.3,
    ),
)

SURNAMES: Final = "张陈刘赵孙何钱吴林郑马谭罗韦黄邓曹潘梁宋唐许冯韩彭曾萧田董袁"
GIVEN_FEMALE: Final = (
    "桂兰",
    "秀英",
    "玉珍",
    "淑芳",
    "丽华",
    "美玲",
    "晓燕",
    "雅琴",
    "春梅",
    "佩兰",
)
GIVEN_MALE: Final = ("国强", "建明", "德福", "志远", "文达", "永山", "庆生", "立新", "家成", "绍华")


@dataclass(frozen=True)
class Walker:
    """A person at the sandbox phone, and the discharge record that waits for them."""

    person_id: str
    name: str
    name_en: str
    age: int
    sex: str
    phone: str
    inpatient: str
    diagnosis: str
    note: str
    note_en: str


# The story's people: discharged today, nothing on their phone yet.
WALKERS: Final = (
    Walker(
        "zhang-guilan",
        "张桂兰",
        "Zhang Guilan",
        68,
        "female",
        f"{PHONE_PREFIX}00000001",
        "ZY20261107086",
        "冠心病,PCI 术后",
        "今天出院 · 住院号 ZY20261107086",
        "Discharged today · inpatient no. ZY20261107086",
    ),
    Walker(
        "chen-guoqiang",
        "陈国强",
        "Chen Guoqiang",
        45,
        "male",
        f"{PHONE_PREFIX}00000002",
        "ZY20261107091",
        "高血压 2 级",
        "今天出院 · 住院号 ZY20261107091",
        "Discharged today · inpatient no. ZY20261107091",
    ),
    Walker(
        "liu-xiaoyan",
        "刘晓燕",
        "Liu Xiaoyan",
        39,
        "female",
        f"{PHONE_PREFIX}00000003",
        "",
        "",
        "家属 · 替父亲使用",
        "Family · for her father",
    ),
)

MEDICINES: Final = ("演示药片甲", "演示药片乙", "演示胶囊丙")
DIAGNOSES: Final = ("高血压 2 级", "冠心病,PCI 术后", "心力衰竭", "房颤", "高血压合并糖尿病")
