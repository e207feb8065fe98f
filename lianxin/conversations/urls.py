from __future__ import annotations

from django.urls import path

from lianxin.conversations import portal, views, visitors

app_name = "conversations"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/lines/", views.lines, name="lines"),
    path("inbox/ratings/", views.ratings, name="ratings"),
    path("inbox/<slug:key>/", views.thread, name="thread"),
    path("inbox/<slug:key>/messages/", views.messages, name="messages"),
    path("inbox/<slug:key>/replies/", views.reply, name="reply"),
    path("inbox/<slug:key>/notes/", views.note, name="note"),
    path("inbox/<slug:key>/wording/", views.wording, name="wording"),
    path("inbox/<slug:key>/about/", views.about, name="about"),
    path("inbox/<slug:key>/assignee/", views.assign, name="assign"),
    path("inbox/<slug:key>/session/", views.session, name="session"),
    path("inbox/<slug:key>/closing/", views.close, name="close"),
    path("inbox/<slug:key>/reading/", views.read, name="read"),
    path("inbox/<slug:key>/danger/settled/", views.settle_danger, name="settle_danger"),
    path("scripts/", views.scripts, name="scripts"),
    path("scripts/new/", views.new_script, name="new_script"),
    path("scripts/<slug:key>/", views.script, name="script"),
    path("scripts/<slug:key>/withdraw/", views.withdraw_script, name="withdraw_script"),
    path("p/chat/", portal.chat, name="phone_chat"),
    path("p/chat/messages/", portal.chat_messages, name="phone_messages"),
    path("p/chat/<slug:key>/", visitors.page, name="visitor_page"),
    path("p/chat/<slug:key>/frame/", visitors.frame, name="visitor_frame"),
    path("p/chat/<slug:key>/talk/", visitors.talk, name="visitor_talk"),
    path("p/chat/<slug:key>/leave/", visitors.leave, name="visitor_leave"),
    path("p/chat/<slug:key>/signed/", visitors.sign_in, name="visitor_sign_in"),
    path("p/chat/<slug:key>/enter/", visitors.enter, name="visitor_enter"),
    path("p/chat/<slug:key>/return/", visitors.come_back, name="visitor_return"),
]
