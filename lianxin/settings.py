"""Every setting, once. The environment fills the blanks; `lianxin doctor` says what is missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from lianxin.core.logs import clean_exceptions
from lianxin.web.static_sources import STATIC_SOURCES

BASE_DIR = Path(__file__).resolve().parent.parent


def database(url: str) -> dict[str, Any]:
    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": str(parts.get("dbname", "lianxin")),
        "USER": str(parts.get("user", "")),
        "PASSWORD": str(parts.get("password", "")),
        "HOST": str(parts.get("host", "")),
        "PORT": str(parts.get("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c lock_timeout=10s -c timezone=UTC"},
    }


def flag(name: str) -> bool:
    return os.environ.get(name) == "1"


def words(name: str, default: str = "") -> list[str]:
    return [word for word in os.environ.get(name, default).split(",") if word]


SECRET_KEY = os.environ.get("LIANXIN_SECRET_KEY", "")
DEBUG = flag("LIANXIN_DEBUG")
# The demo runs on loopback with invented people: no second factor, a clock that can be moved.
IS_DEMO = flag("LIANXIN_DEMO")
BASE_URL = os.environ.get("LIANXIN_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
# Where the small ASGI process answers /callbacks/ and /live/; one origin behind a proxy.
EDGE_ORIGIN = os.environ.get("LIANXIN_EDGE_URL", BASE_URL).rstrip("/")
LIANXIN_KEYSET = os.environ.get("LIANXIN_KEYSET", "")
DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql:///lianxin")
LISTEN_DATABASE_URL = os.environ.get("LIANXIN_LISTEN_DATABASE_URL", DATABASE_URL)

ALLOWED_HOSTS = [
    *words("LIANXIN_HOSTS", urlsplit(BASE_URL).hostname or ""),
    "127.0.0.1",
    "localhost",
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# Which origins may show patient pages in a frame: none, except the demo's sandbox phone.
CSP_FRAME_ANCESTORS = " ".join(["'self'", *words("LIANXIN_FRAME_ANCESTORS")])
# Where pictures may come from besides us: the providers' QR codes.
CSP_IMAGE_SOURCES = words("LIANXIN_IMAGE_SOURCES", "https://p.qpic.cn,https://mp.weixin.qq.com")

INSTALLED_APPS = [
    # Before allauth, whose pages it restyles.
    "lianxin.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "template_partials",
    "procrastinate.contrib.django",
    "lianxin.rest",
    "lianxin.core",
    "lianxin.staff",
    "lianxin.channels",
    "lianxin.patients",
    "lianxin.compliance",
    "lianxin.content",
    "lianxin.outreach",
    "lianxin.conversations",
    "lianxin.tasks",
    "lianxin.health",
    "lianxin.journeys",
    "lianxin.handover",
    "lianxin.insight",
    "lianxin.desk",
]
MIDDLEWARE = [
    "lianxin.web.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "lianxin.web.middleware.CookieLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "lianxin.urls"
CSRF_FAILURE_VIEW = "lianxin.web.errors.csrf_failed"
EVENT_WIRING = "lianxin.wiring.SUBSCRIBERS"
PERSONAL_DATA = "lianxin.personal_data.PERSONAL_DATA"
PATIENT_ROWS = "lianxin.patient_rows.PATIENT_ROWS"
HANDOVER = "lianxin.handing_over.HANDOVER"
CODE_JOURNEYS = "lianxin.journeys.live_codes.list_code_journeys"
RED_ALERTS = "lianxin.health.queries.has_red_alert"
SAFETY_WORDS = "lianxin.compliance.welcomes.safety_words"
WELCOME_LENGTH = "lianxin.outreach.actions.welcoming.measure_welcome"
WELCOME_GUARD = "lianxin.compliance.welcomes.check_welcome"
GROUP_CONSENT = "lianxin.compliance.groups.find_agreed"
REVIEWED_PAGES = "lianxin.content.linkable.list_reviewed_pages"
NAVIGATION_BADGES = "lianxin.desk.queries.badges.count_badges"
SEARCH_URL_NAME = "patients:list"
PORTAL_TABS = [
    ("today", "desk:phone_home"),
    ("trend", "health:phone_trend"),
    ("chat", "conversations:phone_chat"),
    ("me", "compliance:phone_me"),
]
STAFF_OF_REQUEST = "lianxin.staff.sessions.staff_of_request"
UNKNOWN_STAFF = "lianxin.desk.sidebar.reenter"
UNKNOWN_HOLDER = "lianxin.patients.portal.reenter"
HOLDER_OF_REQUEST = "lianxin.patients.sessions.holder_of_request"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "lianxin.web.templatetags.web",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "lianxin.web.context.frame",
            ],
        },
    }
]

DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Sign-in limits need a cache that all web processes share.
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "web_cache"}
}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

AUTH_USER_MODEL = "staff.SignIn"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "lianxin.staff.sign_in.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
# Five failures for one name lock it for fifteen minutes (clinical.md 4.6: usual level-3 values).
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "30/m/ip,5/15m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Lianxin"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if flag("LIANXIN_BEHIND_PROXY") else None
)
SECURE_CONTENT_TYPE_NOSNIFF = True

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("中文")), ("en", "English")]
LANGUAGE_COOKIE_NAME = "lx_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = os.environ.get("LIANXIN_STATIC_ROOT", str(BASE_DIR / ".lianxin" / "static"))
STATICFILES_DIRS = STATIC_SOURCES

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# How old a callback's timestamp may be before it counts as a replay.
CALLBACK_MAX_AGE_SECONDS = int(os.environ.get("LIANXIN_CALLBACK_MAX_AGE_SECONDS", "600"))
# Where an account may be opened besides its platform itself: `wecom=https://gateway/…`, one for
# each platform, and `open=` for the sign-in page; `bridge=` is the script by which a client is
# reached that puts no bridge into pages by itself, `wechat_sdk=` the one with WeChat's tags where
# it is not WeChat's own. Only who runs the machine sets these: a page that took any address would
# let an operator make the server call inside the hospital's network.
PROVIDER_URLS = {
    name: url.rstrip("/")
    for name, _sign, url in (one.partition("=") for one in words("LIANXIN_PROVIDER_URLS"))
    if url.startswith(("http://", "https://"))
}
# The chat archive comes through the vendor's own library alone. Where its file lies only who runs
# the machine says, and what speaks its interface (`FinanceSdk`): never a page.
ARCHIVE_LIBRARY = os.environ.get("LIANXIN_ARCHIVE_LIBRARY", "")
ARCHIVE_SDK = os.environ.get(
    "LIANXIN_ARCHIVE_SDK", "lianxin.channels.adapters.wecom.archive_sdk.NativeSdk"
)
RECONCILE_SECONDS = int(os.environ.get("LIANXIN_RECONCILE_SECONDS", "900"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "lianxin.core.logs.CleanFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LIANXIN_LOG_LEVEL", "INFO")},
    # httpx writes whole URLs at INFO, and providers take tokens in the query.
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
    },
}

# One JSON object a line, and tracebacks without local variables: those hold what is personal.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
        clean_exceptions,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ],
    cache_logger_on_first_use=True,
)
