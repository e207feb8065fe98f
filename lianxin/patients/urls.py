from __future__ import annotations

from django.urls import path

from lianxin.patients import portal
from lianxin.patients.views import archived, likenesses
from lianxin.patients.views import people as views

app_name = "patients"
urlpatterns = [
    path("patients/", views.index, name="list"),
    path("patients/new/", views.register, name="register"),
    path("patients/bedside/", views.bedside, name="bedside_desk"),
    path("patients/<slug:key>/edit/", views.edit, name="edit"),
    path("patients/<slug:key>/reveal/", views.reveal, name="reveal"),
    path("patients/<slug:key>/bedside/", views.bedside_patient, name="bedside_patient"),
    path("patients/<slug:key>/life-event/", views.life_event, name="life_event"),
    path("patients/<slug:key>/resume/", views.resume, name="resume"),
    path("patients/<slug:key>/tags/", views.add_tag, name="add_tag"),
    path("patients/<slug:key>/tags/<slug:tag_key>/remove/", views.remove_tag, name="remove_tag"),
    path("patients/<slug:key>/archive/", archived.index, name="archive"),
    path("patients/<slug:key>/merge/", views.merge, name="merge"),
    path("likenesses/", likenesses.index, name="likenesses"),
    path("likenesses/<slug:key>/", likenesses.likeness, name="likeness"),
    path("likenesses/<slug:key>/reveal/", likenesses.reveal, name="likeness_reveal"),
    path("likenesses/<slug:key>/merge/", likenesses.merge, name="likeness_merge"),
    path("likenesses/<slug:key>/dismiss/", likenesses.dismiss, name="likeness_dismiss"),
    path("likenesses/<slug:key>/later/", likenesses.postpone, name="likeness_later"),
    path("merges/<slug:key>/undo/", views.undo_merge, name="undo_merge"),
    path("holdings/<slug:key>/end/", views.end_holding, name="end_holding"),
    path("p/enter/<slug:key>/", portal.enter, name="enter"),
    path("p/oauth/<slug:key>/", portal.finish_oauth, name="oauth"),
    path("p/pass/<slug:token>/", portal.use_pass, name="use_pass"),
    path("p/leave/", portal.leave, name="leave"),
    path("p/who/", portal.who, name="who"),
    path("p/verify/", portal.verify, name="verify"),
    path("p/verify/code/", portal.send_code, name="send_code"),
    path("p/bedside/", portal.bedside, name="bedside"),
    path("p/bedside/state/", portal.bedside_state, name="bedside_state"),
    path("p/holdings/<slug:key>/switch/", portal.switch, name="switch"),
    path("p/holdings/<slug:key>/end/", portal.end, name="phone_end"),
]
