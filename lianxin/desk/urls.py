from __future__ import annotations

from django.urls import path

from lianxin.desk import portal, sidebar, views

app_name = "desk"
urlpatterns = [
    path("", views.today, name="today"),
    path("patients/<slug:key>/", views.patient, name="patient"),
    path("patients/<slug:key>/timeline/", views.timeline, name="timeline"),
    path("sidebar/", sidebar.home, name="sidebar"),
    path("sidebar/enter/<slug:key>/", sidebar.enter, name="sidebar_enter"),
    path("sidebar/oauth/<slug:key>/", sidebar.finish_oauth, name="sidebar_oauth"),
    path("sidebar/signatures/", sidebar.signatures, name="sidebar_signatures"),
    path("sidebar/contact/", sidebar.contact, name="sidebar_contact"),
    path("sidebar/search/", sidebar.search, name="sidebar_search"),
    path("sidebar/script/", sidebar.take_script, name="sidebar_script"),
    path("sidebar/words/", sidebar.words, name="sidebar_words"),
    path("sidebar/patients/<slug:key>/", sidebar.patient, name="sidebar_patient"),
    path("sidebar/patients/<slug:key>/chat/", sidebar.chosen, name="sidebar_chosen"),
    path("sidebar/patients/<slug:key>/link/", sidebar.link, name="sidebar_link"),
    path("p/", portal.home, name="phone_home"),
]
