from __future__ import annotations

from django.urls import path

from lianxin.journeys import views
from lianxin.journeys.views import moments

app_name = "journeys"
urlpatterns = [
    path("journeys/", views.list_journeys, name="list"),
    path("journeys/templates/<slug:name>/", views.add_template, name="add_template"),
    path("journeys/enrolments/<slug:key>/", views.show_enrolment, name="enrolment"),
    path("journeys/enrolments/<slug:key>/pause/", views.pause, name="pause"),
    path("journeys/enrolments/<slug:key>/resumption/", views.resume, name="resume"),
    path("journeys/enrolments/<slug:key>/stop/", views.stop, name="stop"),
    path("journeys/enrolments/<slug:key>/steps/<int:step_id>/skip/", views.skip, name="skip"),
    path("journeys/enrolments/<slug:key>/steps/<int:step_id>/replay/", views.replay, name="replay"),
    path("journeys/moments/", moments.list_moments, name="moments"),
    path("journeys/moments/new/", moments.new_moment, name="new_moment"),
    path("journeys/moments/<slug:key>/", moments.show_moment, name="moment"),
    path("journeys/moments/<slug:key>/edit/", moments.edit_moment, name="edit_moment"),
    path("journeys/moments/<slug:key>/picture/", moments.show_picture, name="moment_picture"),
    path("journeys/moments/<slug:key>/approval/", moments.approve, name="approve_moment"),
    path("journeys/moments/<slug:key>/withdrawal/", moments.withdraw, name="withdraw_moment"),
    path("journeys/<slug:key>/", views.show_journey, name="journey"),
    path("journeys/<slug:key>/definition/", views.edit_definition, name="definition"),
    path("journeys/<slug:key>/retirement/", views.retire, name="retire"),
    path("journeys/<slug:key>/enrolments/", views.enrolments, name="enrolments"),
    path("journeys/<slug:key>/versions/<int:number>/approval/", views.approve, name="approve"),
    path("journeys/<slug:key>/versions/<int:number>/publication/", views.publish, name="publish"),
]
