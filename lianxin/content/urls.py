from __future__ import annotations

from django.urls import path

from lianxin.content import portal, views

app_name = "content"
urlpatterns = [
    path("p/read/<str:item_key>/", portal.read, name="read"),
    path("p/read/<str:item_key>/depth/", portal.deepen, name="depth"),
    path("content/", views.list_items, name="list"),
    path("content/new/", views.add_item, name="new"),
    path("content/<str:key>/", views.show_item, name="item"),
    path("content/<str:key>/pack/", views.pack, name="pack"),
    path("content/<str:key>/articles/", views.publish_article, name="publish_article"),
    path(
        "content/<str:key>/articles/<int:publication_id>/removal/",
        views.remove_article,
        name="remove_article",
    ),
    path("content/<str:key>/edit/", views.edit_item, name="edit"),
    path("content/<str:key>/withdrawal/", views.withdraw, name="withdraw"),
    path("content/<str:key>/versions/<int:number>/submission/", views.submit, name="submit"),
    path("content/<str:key>/versions/<int:number>/comments/", views.comment, name="comment"),
    path("content/<str:key>/versions/<int:number>/return/", views.return_to_author, name="return"),
    path("content/<str:key>/versions/<int:number>/approval/", views.approve, name="approve"),
    path("content/<str:key>/versions/<int:number>/publication/", views.publish, name="publish"),
]
