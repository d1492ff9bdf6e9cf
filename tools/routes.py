"""NinjaOne's routes, each method with what it may do, and the tool of our own that does the same, if for one device.

`{}` stands for one part of the path. Words: read, discloses (hands out secrets, signed URLs, installers or the values
of fields that may be secret), write, destructive, admin (who may do what in the tenant, its policies and webhooks).
"""

from __future__ import annotations

ROUTES = """
/v2/activities GET=read:get-device-activities
/v2/alert/{} DELETE=destructive:dismiss-alert
/v2/alert/{}/reset POST=destructive:dismiss-alert
/v2/alerts GET=read:list-alerts
/v2/attachments/temp/upload POST=write
/v2/automation/scripts GET=read:list-scripts
/v2/backup/bandwidth-throttle POST=write
/v2/backup/integrity-check-jobs GET=read POST=write
/v2/backup/jobs GET=read
/v2/billing/accounts GET=read POST=write
/v2/billing/accounts/{} GET=read PUT=write DELETE=destructive
/v2/billing/agreements GET=read POST=write
/v2/billing/agreements/{} GET=read PUT=write
/v2/billing/agreements/{}/deactivate PATCH=write
/v2/billing/invoices GET=read POST=write
/v2/billing/invoices/approve POST=write
/v2/billing/invoices/archive POST=write
/v2/billing/invoices/export POST=write
/v2/billing/invoices/unarchive POST=write
/v2/billing/invoices/{} GET=read PUT=write
/v2/billing/invoices/{}/note PATCH=write
/v2/billing/products GET=read POST=write
/v2/billing/products/{} GET=read PUT=write
/v2/billing/products/{}/activate PATCH=write
/v2/billing/products/{}/deactivate PATCH=write
/v2/billing/ticket-products/adhoc POST=write
/v2/billing/ticket-products/catalog POST=write
/v2/billing/ticket-products/delete POST=destructive
/v2/billing/ticket-products/ticket/{} GET=read
/v2/billing/ticket-products/{} PUT=write
/v2/billing/ticket-time-entry/{} PUT=write
/v2/checklist/archive POST=write
/v2/checklist/restore POST=write
/v2/checklist/template/{} DELETE=destructive
/v2/checklist/templates GET=read POST=write PUT=write
/v2/checklist/templates/delete POST=destructive
/v2/contact/{} GET=read PATCH=write DELETE=destructive
/v2/contacts GET=read POST=write
/v2/custom-fields GET=read POST=write
/v2/custom-fields/bulk POST=write PUT=write DELETE=destructive
/v2/custom-fields/entity-type/{}/{}/signed-urls GET=discloses
/v2/custom-fields/field-name/{} GET=read PUT=write DELETE=destructive
/v2/device-custom-fields GET=read
/v2/device/{} GET=read:get-device PATCH=write
/v2/device/{}/activities GET=read:get-device-activities
/v2/device/{}/alerts GET=read:get-device-alerts
/v2/device/{}/custom-fields GET=discloses PATCH=write
/v2/device/{}/dashboard-url GET=discloses
/v2/device/{}/decommission POST=destructive
/v2/device/{}/disks GET=read:get-device-disks
/v2/device/{}/jobs GET=read
/v2/device/{}/last-logged-on-user GET=read
/v2/device/{}/maintenance PUT=write DELETE=write
/v2/device/{}/network-interfaces GET=read
/v2/device/{}/os-patch-installs GET=read
/v2/device/{}/os-patches GET=read
/v2/device/{}/owner DELETE=destructive
/v2/device/{}/owner/{} POST=write
/v2/device/{}/patch/os/apply POST=destructive
/v2/device/{}/patch/os/scan POST=write
/v2/device/{}/patch/software/apply POST=destructive
/v2/device/{}/patch/software/scan POST=write
/v2/device/{}/policy/overrides GET=read DELETE=destructive
/v2/device/{}/processors GET=read
/v2/device/{}/reboot/{} POST=destructive:reboot-device
/v2/device/{}/script/run POST=destructive:run-script
/v2/device/{}/scripting/options GET=read
/v2/device/{}/software GET=read:get-device-software
/v2/device/{}/software-patch-installs GET=read
/v2/device/{}/software-patches GET=read
/v2/device/{}/volumes GET=read:get-device-volumes
/v2/device/{}/windows-service/{}/configure POST=destructive
/v2/device/{}/windows-service/{}/control POST=destructive:control-service
/v2/device/{}/windows-services GET=read:get-device-services
/v2/devices GET=read:list-devices
/v2/devices-detailed GET=read:list-devices
/v2/devices/approval/{} POST=write
/v2/devices/search GET=read:list-devices
/v2/document-templates GET=read POST=write
/v2/document-templates/archive POST=write
/v2/document-templates/restore POST=write
/v2/document-templates/{} GET=read PUT=write DELETE=destructive
/v2/document-templates/{}/archive POST=write
/v2/document-templates/{}/restore POST=write
/v2/group/{}/device-ids GET=read
/v2/groups GET=read
/v2/itam/asset-relationship POST=write DELETE=destructive
/v2/itam/asset-relationship/relations GET=read
/v2/itam/asset-relationship/types GET=read POST=write
/v2/itam/asset-relationship/{}/{}/relations GET=read
/v2/itam/unmanaged-device POST=write
/v2/itam/unmanaged-device/decommissionList POST=destructive
/v2/itam/unmanaged-device/{} PUT=write DELETE=destructive
/v2/itam/unmanaged-device/{}/decommission POST=destructive
/v2/jobs GET=read
/v2/knowledgebase/article/{}/download GET=discloses
/v2/knowledgebase/article/{}/signed-urls GET=discloses
/v2/knowledgebase/articles POST=write PATCH=write
/v2/knowledgebase/articles/archive POST=write
/v2/knowledgebase/articles/delete POST=destructive
/v2/knowledgebase/articles/restore POST=write
/v2/knowledgebase/articles/upload POST=write
/v2/knowledgebase/folder GET=read
/v2/knowledgebase/folder/{} GET=read
/v2/knowledgebase/folders/archive POST=write
/v2/knowledgebase/folders/delete POST=destructive
/v2/knowledgebase/folders/move PATCH=write
/v2/knowledgebase/folders/restore POST=write
/v2/knowledgebase/global/articles GET=read
/v2/knowledgebase/organization/articles GET=read
/v2/locations GET=read
/v2/noderole POST=admin PATCH=admin
/v2/noderole/delete POST=admin
/v2/noderole/list GET=read
/v2/notification-channels GET=read
/v2/notification-channels/enabled GET=read
/v2/organization/archive POST=write
/v2/organization/checklist/{} GET=read DELETE=destructive
/v2/organization/checklist/{}/signed-urls GET=discloses
/v2/organization/checklists GET=read POST=write PUT=write
/v2/organization/checklists/delete POST=destructive
/v2/organization/checklists/promote POST=write
/v2/organization/checklists/promote-with-name POST=write
/v2/organization/document/{} DELETE=destructive
/v2/organization/document/{}/archive POST=write
/v2/organization/document/{}/restore POST=write
/v2/organization/document/{}/signed-urls GET=discloses
/v2/organization/documents GET=discloses POST=write PATCH=write
/v2/organization/documents/archive POST=write
/v2/organization/documents/restore POST=write
/v2/organization/generate-installer POST=discloses
/v2/organization/restore POST=write
/v2/organization/{} GET=read:get-organization PATCH=write
/v2/organization/{}/custom-fields GET=discloses PATCH=write
/v2/organization/{}/devices GET=read:list-devices
/v2/organization/{}/end-users GET=read
/v2/organization/{}/location/{}/custom-fields GET=discloses PATCH=write
/v2/organization/{}/location/{}/installer/{} GET=discloses
/v2/organization/{}/locations GET=read POST=write
/v2/organization/{}/locations/backup/usage GET=read
/v2/organization/{}/locations/{} PATCH=write
/v2/organization/{}/locations/{}/backup/usage GET=read
/v2/organization/{}/policies PUT=admin
/v2/organization/{}/checklists-from-templates POST=write
/v2/organization/{}/document/{} POST=write
/v2/organization/{}/documents GET=discloses
/v2/organization/{}/template/{}/document POST=write
/v2/organizations GET=read:list-organizations POST=write
/v2/organizations-detailed GET=read:list-organizations
/v2/policies GET=read POST=admin
/v2/policies/{}/condition/custom-fields GET=read POST=admin
/v2/policies/{}/condition/custom-fields/{} GET=read
/v2/policies/{}/condition/windows-event GET=read POST=admin
/v2/policies/{}/condition/windows-event/{} GET=read
/v2/policies/{}/condition/{} DELETE=admin
/v2/queries/antivirus-status GET=read
/v2/queries/antivirus-threats GET=read
/v2/queries/backup/usage GET=read
/v2/queries/computer-systems GET=read
/v2/queries/custom-fields GET=read
/v2/queries/custom-fields-detailed GET=read
/v2/queries/device-health GET=read
/v2/queries/disks GET=read:get-device-disks
/v2/queries/logged-on-users GET=read
/v2/queries/network-interfaces GET=read
/v2/queries/operating-systems GET=read
/v2/queries/os-patch-installs GET=read
/v2/queries/os-patches GET=read
/v2/queries/policy-overrides GET=read
/v2/queries/processors GET=read
/v2/queries/raid-controllers GET=read
/v2/queries/raid-drives GET=read
/v2/queries/scoped-custom-fields GET=read
/v2/queries/scoped-custom-fields-detailed GET=read
/v2/queries/software GET=read:get-device-software
/v2/queries/software-patch-installs GET=read
/v2/queries/software-patches GET=read
/v2/queries/volumes GET=read:get-device-volumes
/v2/queries/windows-services GET=read:get-device-services
/v2/related-items GET=read
/v2/related-items/entity/{}/{}/attachment POST=write
/v2/related-items/entity/{}/{}/relation POST=write
/v2/related-items/entity/{}/{}/relations POST=write
/v2/related-items/entity/{}/{}/secure POST=write
/v2/related-items/with-entity-type/{} GET=read
/v2/related-items/with-entity/{}/{} GET=read
/v2/related-items/with-entity/{}/{}/attachments/signed-urls GET=discloses
/v2/related-items/with-related-entity-type/{} GET=read
/v2/related-items/with-related-entity/{}/{} GET=read
/v2/related-items/{}/{} DELETE=destructive
/v2/related-items/{} DELETE=destructive
/v2/related-items/{}/attachment/download GET=discloses
/v2/roles GET=read
/v2/software-license POST=write
/v2/software-license/assignments/last-usage PUT=write
/v2/software-license/licenses GET=read
/v2/software-license/upsert POST=write
/v2/software-license/{} GET=read PUT=write DELETE=destructive
/v2/software-license/{}/assignments GET=read
/v2/software-products GET=read
/v2/staged-device POST=write
/v2/tab POST=write
/v2/tab/end-user/order PATCH=write
/v2/tab/global/order PATCH=write
/v2/tab/organization/order PATCH=write
/v2/tab/rename PATCH=write
/v2/tab/role/{}/order PATCH=write
/v2/tab/role/{}/visibility PATCH=write
/v2/tab/summary/end-user GET=read
/v2/tab/summary/global GET=read
/v2/tab/summary/organization GET=read
/v2/tab/summary/role/{} GET=read
/v2/tab/{} GET=read PATCH=write DELETE=destructive
/v2/tab/{}/end-user GET=read
/v2/tab/{}/organization GET=read
/v2/tab/{}/role/{} GET=read
/v2/tag GET=read POST=write
/v2/tag/delete POST=destructive
/v2/tag/merge POST=destructive
/v2/tag/{} POST=write PUT=write DELETE=destructive
/v2/tag/{}/{} PUT=write
/v2/tasks GET=read
/v2/ticketing/app-user-contact GET=read
/v2/ticketing/attributes GET=read
/v2/ticketing/contact/contacts GET=read
/v2/ticketing/statuses GET=read
/v2/ticketing/ticket POST=write:create-ticket
/v2/ticketing/ticket-form GET=read
/v2/ticketing/ticket-form/{} GET=read
/v2/ticketing/ticket/{} GET=read PUT=write:update-ticket
/v2/ticketing/ticket/{}/comment POST=write
/v2/ticketing/ticket/{}/log-entry GET=read:get-ticket-log
/v2/ticketing/trigger/board/{}/run POST=read
/v2/ticketing/trigger/boards GET=read
/v2/user/end-user/{} GET=read PATCH=admin DELETE=admin
/v2/user/end-user/{}/custom-fields GET=discloses PATCH=write
/v2/user/end-user/{}/device-access PATCH=admin
/v2/user/end-users GET=read POST=admin
/v2/user/role/{}/add-members PATCH=admin
/v2/user/role/{}/permissions/organizations PATCH=admin
/v2/user/role/{}/remove-members PATCH=admin
/v2/user/roles GET=read
/v2/user/technician/{} GET=read PATCH=admin DELETE=admin
/v2/user/technicians GET=read POST=admin
/v2/users GET=read
/v2/vulnerability/scan-groups GET=read
/v2/vulnerability/scan-groups/{} GET=read
/v2/vulnerability/scan-groups/{}/upload POST=write
/v2/webhook PUT=admin DELETE=admin
"""
