"""What is printed of a live code: read back from the files, and scanned again."""

from __future__ import annotations

import io

import pypdfium2
import pytest
import zxingcpp
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lianxin.channels import actions, jobs, printing
from lianxin.channels.adapters.pictures import read_code
from lianxin.channels.models import Account, Group, JoinCode, LiveCode
from lianxin.channels.printing import Print
from lianxin.core import time
from lianxin.core.actor import SystemActor
from lianxin.core.models import Event, Hospital
from lianxin.core.scope import scope
from lianxin.staff.models import Department, Staff
from lianxin.testing.channels import make_account, make_group, open_windows
from lianxin.testing.processes import Sandbox

CONTENT = "https://work.weixin.qq.com/ca/0123456789abcdef0123456789abcdef"
MM_PER_POINT = 25.4 / 72


@pytest.fixture
def department(riverside: Hospital) -> Department:
    with scope(riverside):
        return Department.objects.create(hospital=riverside, name="心内科")


@pytest.fixture
def code(riverside: Hospital, zhou: Staff, department: Department) -> LiveCode:
    account = make_account(riverside)
    with scope(riverside):
        made = actions.create_live_code(
            account,
            "门诊海报",
            staff=zhou,
            department=department,
            by=SystemActor(riverside.pk),
        )
        LiveCode.objects.filter(pk=made.pk).update(state="ready", qr_content=CONTENT)
        related = ("account", "staff", "team", "department", "hospital")
        return LiveCode.objects.select_related(*related).get(pk=made.pk)


def url(code: LiveCode, piece: str = "") -> str:
    return f"/settings/codes/{code.key}/print/" + (f"{piece}/" if piece else "")


def pages_of(body: bytes) -> list[str]:
    with pypdfium2.PdfDocument(body) as document:
        return [page.get_textpage().get_text_range() for page in document]


def picture_of(body: bytes, page: int = 0) -> Image.Image:
    with pypdfium2.PdfDocument(body) as document:
        image: Image.Image = document[page].render(scale=2).to_pil()
    return image


def scan(image: Image.Image) -> str:
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


def test_the_picture_is_large_and_says_what_the_provider_said(
    as_admin: Client, code: LiveCode
) -> None:
    answer = as_admin.get(url(code, "code.png"))

    image = Image.open(io.BytesIO(answer.content))
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"] == f'attachment; filename="{code.key}-code.png"'
    assert min(image.size) >= 1200
    assert [round(dpi) for dpi in image.info["dpi"]] == [300, 300]
    assert scan(image) == CONTENT


def test_the_drawing_has_no_style_and_no_script(as_admin: Client, code: LiveCode) -> None:
    drawing = as_admin.get(url(code, "code.svg")).content.decode()

    assert drawing.startswith("<svg")
    assert "style" not in drawing
    assert "script" not in drawing


@pytest.mark.parametrize("piece", ["code.pdf", "poster.pdf", "kit.pdf"])
def test_what_is_printed_can_be_scanned(as_admin: Client, code: LiveCode, piece: str) -> None:
    answer = as_admin.get(url(code, piece))

    assert answer["Content-Type"] == "application/pdf"
    assert scan(picture_of(answer.content)) == CONTENT


@pytest.mark.parametrize(("paper", "size"), [("a4", (210, 297)), ("a3", (297, 420))])
def test_the_poster_says_everything_a_patient_needs(
    as_admin: Client, riverside: Hospital, code: LiveCode, paper: str, size: tuple[int, int]
) -> None:
    body = as_admin.get(url(code, "poster.pdf"), {"paper": paper}).content

    (page,) = pages_of(body)
    for words in (
        riverside.name,
        "心内科 · 周医生",
        "在微信里留言咨询",
        "急症请拨 120",
        "非 24 小时监护",
        "打开微信",
        "点“添加”",
        "点开里面的链接",
        "内部名称：门诊海报",
    ):
        assert words in page
    with pypdfium2.PdfDocument(body) as document:
        assert [round(points * MM_PER_POINT) for points in document[0].get_size()] == list(size)


def test_the_code_on_the_poster_is_at_least_five_centimetres_wide(
    as_admin: Client, code: LiveCode
) -> None:
    image = picture_of(as_admin.get(url(code, "poster.pdf")).content)

    (found,) = zxingcpp.read_barcodes(image)
    width = found.position.top_right.x - found.position.top_left.x
    assert width / image.width * 210 >= 50


def test_the_kit_has_a_page_for_the_table_and_a_blank_sheet(
    as_admin: Client, code: LiveCode
) -> None:
    poster, guide, tally = pages_of(as_admin.get(url(code, "kit.pdf")).content)

    assert "急症请拨 120" in poster
    assert "现场说明" in guide
    assert "扫码是自愿的" in guide
    assert "不写姓名、电话和病情" in tally
    assert all("门诊海报" in page for page in (poster, guide, tally))


def test_the_poster_speaks_english(as_admin: Client, code: LiveCode) -> None:
    (page,) = pages_of(as_admin.get(url(code, "poster.pdf"), {"language": "en"}).content)

    assert "In an emergency call 120" in page
    assert "Open WeChat" in page


def test_an_official_accounts_poster_says_follow(as_admin: Client, riverside: Hospital) -> None:
    account = make_account(riverside, Account.Kind.OFFICIAL_ACCOUNT)
    with scope(riverside):
        made = actions.create_live_code(account, "公众号", by=SystemActor(riverside.pk))
        LiveCode.objects.filter(pk=made.pk).update(state="ready", qr_content=CONTENT)

    (page,) = pages_of(as_admin.get(url(made, "poster.pdf")).content)

    assert "点“关注”" in page
    assert "点“添加”" not in page


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]), min_size=1, max_size=30
)


@settings(max_examples=25, deadline=None)
@given(name=NAMES | st.sampled_from(['#panic("x")', "$1$ *b* _i_ `c`", "</svg>", "%(name)s", "\\"]))
def test_a_name_is_never_read_as_markup(name: str) -> None:
    hospital = Hospital(name="河畔医院")
    made = LiveCode(
        name=name,
        hospital=hospital,
        account=Account(kind=Account.Kind.WECOM),
        department=Department(name=name),
        qr_content=CONTENT,
    )

    body = printing.draw_poster(Print(made))

    assert len(pages_of(body)) == 1
    assert scan(picture_of(body)) == CONTENT


def test_long_names_leave_the_poster_on_one_page(code: LiveCode) -> None:
    code.hospital.name = "河畔市第一人民医院医疗集团总医院（虚构）" * 2
    assert code.department is not None
    assert code.staff is not None
    code.department.name, code.staff.name = "心血管内科与重症监护病区" * 2, "欧阳" * 10

    for language in printing.LANGUAGES:
        body = printing.draw_poster(Print(code, language=language))
        (page,) = pages_of(body)
        assert "120" in page
        assert scan(picture_of(body)) == CONTENT


def test_a_code_whose_picture_nobody_read_says_when(as_admin: Client, code: LiveCode) -> None:
    with scope(code.hospital_id):
        LiveCode.objects.filter(pk=code.pk).update(qr_content="")

    assert "还没有准备好" in as_admin.get(url(code)).content.decode()
    refused = as_admin.get(url(code, "poster.pdf"))

    assert refused.status_code == 409
    assert "还没有准备好" in refused.content.decode()


def test_a_closed_code_is_not_printed(as_admin: Client, code: LiveCode) -> None:
    as_admin.post(f"/settings/codes/{code.key}/close/", {"seen": 1})

    assert "先重新启用" in as_admin.get(url(code)).content.decode()
    assert as_admin.get(url(code, "code.png")).status_code == 409


@pytest.mark.parametrize("query", ["paper=a0", "language=fr", "paper=%F0", "language=" + "9" * 400])
def test_a_paper_nobody_has_is_refused_in_words(
    as_admin: Client, code: LiveCode, query: str
) -> None:
    for piece in ("", "poster.pdf"):
        answer = as_admin.get(f"{url(code, piece)}?{query}")
        assert answer.status_code == 422
        assert "lx-field-error" in answer.content.decode()


def test_there_is_no_other_file(as_admin: Client, code: LiveCode) -> None:
    assert as_admin.get(url(code, "poster.exe")).status_code == 404


# ---- what the provider's picture says -----------------------------------------------------


def tick(hospital_id: int) -> None:
    jobs.make_live_codes.for_hospital(hospital_id)  # type: ignore[attr-defined]
    jobs.read_code_pictures.for_hospital(hospital_id)  # type: ignore[attr-defined]


def test_a_wecom_picture_is_read_and_the_print_is_scanned_in_the_sandbox(
    sandbox: Sandbox, in_riverside: Hospital, zhou: Staff
) -> None:
    open_windows()
    account = make_account(in_riverside, base_url=sandbox.wecom_url)
    Staff.objects.filter(pk=zhou.pk).update(wecom_userid="DrLi")
    zhou.refresh_from_db()
    by = SystemActor(in_riverside.pk)
    made = actions.create_live_code(account, "海报", staff=zhou, by=by)

    tick(in_riverside.pk)
    tick(in_riverside.pk)

    made.refresh_from_db()
    assert made.qr_content.endswith(made.config_id)
    assert Event.objects.filter(name="live_code.pictured", subject_id=made.pk).count() == 1
    printed = scan(picture_of(printing.draw_poster(Print(made))))
    assert sandbox.person_does("wang", "scan", code=printed)["external_userid"]


def test_an_official_accounts_content_comes_with_its_answer(
    sandbox: Sandbox, in_riverside: Hospital
) -> None:
    open_windows()
    kind = Account.Kind.OFFICIAL_ACCOUNT
    account = make_account(in_riverside, kind, base_url=sandbox.official_url)
    by = SystemActor(in_riverside.pk)
    made = actions.create_live_code(account, "公众号", by=by)

    jobs.make_live_codes.for_hospital(in_riverside.pk)  # type: ignore[attr-defined]

    made.refresh_from_db()
    assert made.qr_content == f"http://weixin.qq.com/q/{made.config_id}"


def test_a_picture_that_is_away_is_asked_for_again_later(
    in_riverside: Hospital, zhou: Staff
) -> None:
    account = make_account(in_riverside)
    by = SystemActor(in_riverside.pk)
    made = actions.create_live_code(account, "海报", staff=zhou, by=by)
    row = LiveCode.objects.filter(pk=made.pk)
    row.update(state="ready", config_id="c1", qr_url="http://127.0.0.1:9/picture")

    jobs.read_code_pictures.for_hospital(in_riverside.pk)  # type: ignore[attr-defined]

    made.refresh_from_db()
    assert (made.qr_content, made.picture_failure) == ("", "provider_unreachable")
    assert made.picture_try_at is not None
    assert made.picture_try_at > time.now()


def test_only_one_worker_reads_a_picture(in_riverside: Hospital, zhou: Staff) -> None:
    account = make_account(in_riverside)
    by = SystemActor(in_riverside.pk)
    made = actions.create_live_code(account, "海报", staff=zhou, by=by)
    LiveCode.objects.filter(pk=made.pk).update(qr_url="http://127.0.0.1:9/old")
    made.refresh_from_db()

    assert actions.claim_picture(made)
    assert not actions.claim_picture(made)
    LiveCode.objects.filter(pk=made.pk).update(qr_url="http://127.0.0.1:9/new")
    actions.settle_picture(made, "of the old picture", is_there=True)

    made.refresh_from_db()
    assert made.qr_content == ""


def blank(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("1", size, 1).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "picture", [b"", b"<svg/>", b"\x89PNG\r\n", blank((9, 9)), blank((5000, 9))]
)
def test_what_is_no_code_says_nothing(picture: bytes) -> None:
    assert read_code(picture) == ""


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_no_picture_breaks_the_reader(picture: bytes) -> None:
    assert read_code(picture) == ""


def test_two_codes_in_one_picture_are_none(code: LiveCode) -> None:
    one, other = LiveCode(qr_content="one"), LiveCode(qr_content="other")
    both = Image.new("L", (3000, 1500), 255)
    for place, made in enumerate((one, other)):
        body = printing.draw_png(Print(made))
        both.paste(Image.open(io.BytesIO(body)).convert("L"), (place * 1500, 0))
    out = io.BytesIO()
    both.save(out, "PNG")

    assert read_code(out.getvalue()) == ""


# ---- codes into groups --------------------------------------------------------------------


@pytest.fixture
def join_code(riverside: Hospital) -> JoinCode:
    with scope(riverside):
        group = make_group(make_account(riverside))
        content = actions.JoinCodeContent("院外群", (group,), base_name="院外 ")
        made = actions.create_join_code(group.account, content, by=SystemActor(riverside.pk))
        JoinCode.objects.filter(pk=made.pk).update(state="ready", qr_content=CONTENT)
        return JoinCode.objects.select_related("account", "hospital").get(pk=made.pk)


def group_url(code: JoinCode, piece: str = "") -> str:
    return f"/settings/groups/codes/{code.key}/print/" + (f"{piece}/" if piece else "")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("群内不看病、不急救", "急症请拨 120", "群友会看到您的微信头像和昵称", "自愿")),
        ("en", ("No care and no emergency help in the group", "call 120", "voluntary")),
    ],
)
def test_a_groups_poster_says_what_a_group_is_not(
    as_admin: Client, join_code: JoinCode, language: str, words: tuple[str, ...]
) -> None:
    body = as_admin.get(group_url(join_code, "poster.pdf"), {"language": language}).content

    (page,) = pages_of(body)
    read = " ".join(page.split())
    assert [one for one in words if one not in read] == []
    assert "留言咨询" not in page
    assert scan(picture_of(body)) == CONTENT


@pytest.mark.parametrize("piece", ["code.png", "poster-300.png"])
def test_a_groups_code_is_had_as_points(as_admin: Client, join_code: JoinCode, piece: str) -> None:
    image = Image.open(io.BytesIO(as_admin.get(group_url(join_code, piece)).content))

    assert scan(image) == CONTENT
    assert piece == "code.png" or image.size == (2480, 3508)


def test_the_page_offers_what_there_is_of_a_group(as_admin: Client, join_code: JoinCode) -> None:
    assert (
        group_url(join_code)
        in as_admin.get(f"/settings/groups/codes/{join_code.key}/").content.decode()
    )

    page = as_admin.get(group_url(join_code)).content.decode()

    for piece in ("poster.pdf", "poster-300.png", "code.svg", "code.png", "code.pdf"):
        assert group_url(join_code, piece) in page
    assert "kit.pdf" not in page
    assert as_admin.get(group_url(join_code, "kit.pdf")).status_code == 404


def test_a_groups_code_that_leads_nowhere_is_not_printed(
    as_admin: Client, join_code: JoinCode
) -> None:
    with scope(join_code.hospital_id):
        Group.objects.update(dismissed_at=time.now())
    dissolved = as_admin.get(group_url(join_code, "code.svg"))
    as_admin.post(f"/settings/groups/codes/{join_code.key}/close/", {"seen": 1})
    closed = as_admin.get(group_url(join_code))

    assert (dissolved.status_code, closed.status_code) == (409, 200)
    assert "都解散了" in dissolved.content.decode()
    assert "入群码已停用" in closed.content.decode()
