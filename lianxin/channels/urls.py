from __future__ import annotations

from django.urls import path

from lianxin.channels import portal
from lianxin.channels.views import (
    accounts,
    archive,
    attachments,
    campaigns,
    costs,
    followers,
    groups,
    join_codes,
    live_codes,
    member_days,
    menus,
    prints,
    service_accounts,
    servicers,
    subscribe_templates,
    syncs,
    tags,
)

app_name = "channels"
urlpatterns = [
    path("settings/channels/", accounts.accounts, name="accounts"),
    path("settings/files/<slug:sha256>/", attachments.show_file, name="file"),
    path("settings/channels/new/", accounts.new_account, name="new_account"),
    path("settings/channels/new/<slug:kind>/", accounts.open_account, name="open_account"),
    path("settings/channels/<slug:key>/", accounts.account, name="account"),
    path("settings/channels/<slug:key>/check/", accounts.check, name="check"),
    path("settings/channels/<slug:key>/widget/", accounts.try_widget, name="try_widget"),
    path("settings/channels/<slug:key>/archive/", archive.archive, name="archive"),
    path("settings/channels/<slug:key>/archive/save/", archive.change, name="change_archive"),
    path("settings/channels/<slug:key>/archive/check/", archive.check, name="check_archive"),
    path("settings/channels/<slug:key>/archive/keys/", archive.make_key, name="make_archive_key"),
    path(
        "settings/channels/<slug:key>/archive/keys/<int:version>/",
        archive.renumber_key,
        name="renumber_archive_key",
    ),
    path("settings/channels/<slug:key>/archive/on/", archive.turn_on, name="turn_on_archive"),
    path("settings/channels/<slug:key>/archive/off/", archive.turn_off, name="turn_off_archive"),
    path("settings/channels/<slug:key>/sync/", syncs.sync, name="sync"),
    path("settings/channels/<slug:key>/sync/start/", syncs.start_sync, name="start_sync"),
    path("settings/channels/<slug:key>/sync/cancel/", syncs.cancel_sync, name="cancel_sync"),
    path("settings/channels/<slug:key>/servicers/", servicers.servicers, name="servicers"),
    path(
        "settings/channels/<slug:key>/servicers/new/", servicers.add_servicers, name="add_servicers"
    ),
    path(
        "settings/channels/<slug:key>/servicers/<slug:servicer_key>/dismiss/",
        servicers.dismiss_servicer,
        name="dismiss_servicer",
    ),
    path(
        "settings/channels/<slug:key>/service/",
        service_accounts.service_accounts,
        name="service_accounts",
    ),
    path(
        "settings/channels/<slug:key>/service/new/",
        service_accounts.add_service_account,
        name="add_service_account",
    ),
    path(
        "settings/channels/<slug:key>/service/<slug:service_key>/rename/",
        service_accounts.rename_service_account,
        name="rename_service_account",
    ),
    path(
        "settings/channels/<slug:key>/service/<slug:service_key>/remove/",
        service_accounts.remove_service_account,
        name="remove_service_account",
    ),
    path(
        "settings/channels/<slug:key>/service/<slug:service_key>/connect/",
        service_accounts.connect_service_account,
        name="connect_service_account",
    ),
    path("settings/channels/<slug:key>/menu/", menus.menu, name="menu"),
    path(
        "settings/channels/<slug:key>/notices/",
        subscribe_templates.subscribe_templates,
        name="subscribe_templates",
    ),
    path(
        "settings/channels/<slug:key>/notices/<slug:template_key>/use/",
        subscribe_templates.use_template,
        name="use_template",
    ),
    path("settings/channels/<slug:key>/members/", member_days.member_days, name="member_days"),
    path("settings/channels/<slug:key>/followers/", followers.followers, name="followers"),
    path("settings/tags/", tags.tags, name="tags"),
    path("settings/tags/new/", tags.new_tag, name="new_tag"),
    path("settings/tags/<slug:key>/withdraw/", tags.withdraw_tag, name="withdraw_tag"),
    path("settings/channels/<slug:key>/edit/", accounts.edit_account, name="edit_account"),
    path("settings/channels/<slug:key>/pause/", accounts.pause_account, name="pause_account"),
    path("settings/channels/<slug:key>/resume/", accounts.resume_account, name="resume_account"),
    path("settings/channels/<slug:key>/delete/", accounts.delete_account, name="delete_account"),
    path("settings/costs/", costs.costs, name="costs"),
    path("settings/costs/<slug:key>/price/", costs.enter_price, name="enter_price"),
    path("settings/costs/<slug:key>/budget/", costs.set_budget, name="set_budget"),
    path("settings/prices/<slug:key>/approve/", costs.approve_price, name="approve_price"),
    path("settings/groups/", groups.groups, name="groups"),
    path("settings/groups/compare/", groups.compare_groups, name="compare_groups"),
    path("settings/groups/codes/new/", join_codes.new_join_code, name="new_join_code"),
    path("settings/groups/codes/<slug:key>/", join_codes.join_code, name="join_code"),
    path(
        "settings/groups/codes/<slug:key>/edit/", join_codes.edit_join_code, name="edit_join_code"
    ),
    path(
        "settings/groups/codes/<slug:key>/close/",
        join_codes.close_join_code,
        name="close_join_code",
    ),
    path("settings/groups/codes/<slug:key>/print/", prints.print_join_code, name="print_join_code"),
    path(
        "settings/groups/codes/<slug:key>/print/<str:piece>/",
        prints.join_code_piece,
        name="join_code_piece",
    ),
    path("settings/groups/welcomes/", join_codes.group_welcomes, name="group_welcomes"),
    path("settings/groups/welcomes/new/", join_codes.new_group_welcome, name="new_group_welcome"),
    path(
        "settings/groups/welcomes/<slug:key>/edit/",
        join_codes.edit_group_welcome,
        name="edit_group_welcome",
    ),
    path(
        "settings/groups/welcomes/<slug:key>/remove/",
        join_codes.remove_group_welcome,
        name="remove_group_welcome",
    ),
    path("settings/groups/<slug:key>/", groups.group, name="group"),
    path("settings/groups/<slug:key>/look/", groups.look_at_group, name="look_at_group"),
    path("settings/groups/<slug:key>/tick/", groups.tick_group, name="tick_group"),
    path("settings/groups/<slug:key>/transfer/", groups.transfer_group, name="transfer_group"),
    path("settings/campaigns/", campaigns.campaigns, name="campaigns"),
    path(
        "settings/campaigns/standing/", campaigns.choose_standing_code, name="choose_standing_code"
    ),
    path("settings/campaigns/<slug:key>/edit/", campaigns.edit_campaign, name="edit_campaign"),
    path("settings/campaigns/<slug:key>/close/", campaigns.close_campaign, name="close_campaign"),
    path(
        "settings/campaigns/<slug:key>/reopen/", campaigns.reopen_campaign, name="reopen_campaign"
    ),
    path("go/<slug:key>/", portal.landing, name="landing"),
    path("settings/codes/", live_codes.codes, name="codes"),
    path("settings/codes/new/", live_codes.new_code, name="new_code"),
    path("settings/codes/<slug:key>/", live_codes.code, name="code"),
    path("settings/codes/<slug:key>/edit/", live_codes.edit_code, name="edit_code"),
    path("settings/codes/<slug:key>/print/", prints.print_code, name="print_code"),
    path("settings/codes/<slug:key>/print/<str:piece>/", prints.code_piece, name="code_piece"),
    path("settings/codes/<slug:key>/close/", live_codes.close_code, name="close_code"),
    path("settings/codes/<slug:key>/reopen/", live_codes.reopen_code, name="reopen_code"),
    path("settings/codes/<slug:key>/delete/", live_codes.delete_code, name="delete_code"),
]
