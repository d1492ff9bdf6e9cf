"""The admin of every tenant row: one MSP at a time, rights from the membership, foreign equals nonexistent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypeVar, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import BadRequest, ImproperlyConfigured, PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.db.models import QuerySet
from django.forms import ModelChoiceField, ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from integrations.access import current_membership
from integrations.admin_doors import doors_check
from integrations.audit import Actor, audit_append
from integrations.models import Membership, User
from integrations.tenancy import TenantQuerySet

Row = TypeVar("Row", bound=models.Model)

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    TypedAdmin = admin.ModelAdmin
else:

    class TypedAdmin(Generic[Row], admin.ModelAdmin):
        """Django's class knows its row's type only while types are checked."""


COUNT_CAP = 10_001
CACHE = "_countersign_membership"


def member_of(request: HttpRequest) -> Membership | None:
    """`current_membership`, read once per request. For what a page shows; a decision reads the rights again."""
    if not hasattr(request, CACHE):
        setattr(request, CACHE, current_membership(request))
    return cast("Membership | None", getattr(request, CACHE))


def acting_member(request: HttpRequest) -> Membership:
    """The membership behind a page. Raises PermissionDenied for people without any."""
    membership = member_of(request)
    if membership is None:
        raise PermissionDenied
    return membership


def local_time(moment: datetime | None) -> str:
    """A moment in the zone of the page: "24 Nov 2026, 16:56:03"; a dash for None."""
    return "–" if moment is None else date_format(localtime(moment), "j M Y, H:i:s")


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """For lists of what people made (agents, the team, destinations) or may let wait: counts up to 10,001, no further.

    A history, which calls alone make longer, is not counted: its lists have cursors.
    """

    @cached_property
    def count(self) -> int:
        """The number of rows, or the cap."""
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by().values("pk")[:COUNT_CAP].count()


class TenantForm(ModelForm):  # type: ignore[type-arg]
    """A form whose row belongs to `member`'s MSP before it is validated, so that uniqueness is judged there."""

    member: ClassVar[Membership]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.msp_id is None:
            self.instance.msp = self.member.msp

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"msp"}


class TenantModelAdmin(TypedAdmin[Row]):
    """Members look; what the three switches allow, admins do. Nobody deletes unless a class says so.

    Every add, change and delete writes its audit entry in the same transaction. There are no bulk actions. What else
    of Django's admin would lead from one tenant into another cannot be switched on: see `integrations.admin_doors`.
    """

    form = TenantForm
    actions = None
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    save_as = False
    view_on_site = False
    list_display_links: Any = ()
    list_title: _StrOrPromise
    admins_add = False
    admins_change = False
    admins_delete = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a class that opens a door. Raises ImproperlyConfigured."""
        super().__init_subclass__(**kwargs)
        doors_check(cls)

    # Whose rows

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        """The rows of the MSP that the person works for right now."""
        rows = cast("TenantQuerySet[Row]", super().get_queryset(request))
        membership = member_of(request)
        return rows.for_msp(None if membership is None else membership.msp)

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any]:
        """Choices of the same MSP: its members where a person is asked for, its rows elsewhere."""
        kwargs["queryset"] = choices_of(db_field, acting_member(request))
        return cast("ModelChoiceField[Any]", super().formfield_for_foreignkey(db_field, request, **kwargs))

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """The same choices where several can be taken."""
        kwargs["queryset"] = choices_of(db_field, acting_member(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the links to add, change and view related rows that Django's admin puts beside a choice."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The filters that a class offers. Free lookups could ask questions about related rows."""
        return lookup in {getattr(option, "parameter_name", None) for option in self.get_list_filter(request)}

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Rows are found by their id alone."""
        return False

    # Who may

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Members of an MSP."""
        return member_of(request) is not None

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Every member, for rows of their MSP."""
        return self._is_theirs(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Admins, where the class lets them."""
        return self.admins_add and self._is_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Admins, where the class lets them."""
        return self.admins_change and self._is_admin(request) and self._is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Admins, where the class lets them."""
        return self.admins_delete and self._is_admin(request) and self._is_theirs(request, obj)

    def _is_admin(self, request: HttpRequest) -> bool:
        membership = member_of(request)
        return membership is not None and membership.is_admin

    def _is_theirs(self, request: HttpRequest, obj: Row | None) -> bool:
        membership = member_of(request)
        return membership is not None and (obj is None or getattr(obj, "msp_id", None) == membership.msp_id)

    # Foreign equals nonexistent

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        raise Http404("There is no such page.")

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> NoReturn:
        """None: the audit is the record, Django's log knows no tenants."""
        raise Http404("There is no such page.")

    def log_addition(self, request: HttpRequest, obj: Row, message: Any) -> Any:
        """Not in Django's log: `save_model` wrote the audit entry."""

    def log_change(self, request: HttpRequest, obj: Row, message: Any) -> Any:
        """Not in Django's log: `save_model` wrote the audit entry."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Not in Django's log: `delete_model` wrote the audit entry."""

    # Changes

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form. Django's takes "save as new" from anybody who may add, whatever `save_as` says."""
        if "_saveasnew" in request.POST:
            raise BadRequest(_("Nothing is saved as new here."))
        return super().changeform_view(request, *args, **kwargs)

    def get_inline_instances(self, request: HttpRequest, obj: Row | None = None) -> list[Any]:
        """None: an inline's rows are found by ids that the browser posts."""
        return []

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The row alone: Django's list of what hangs on it knows no tenants."""
        return [str(obj) for obj in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []

    def get_form(self, request: HttpRequest, obj: Row | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, for rows of the person's MSP. Whose a row is, is nothing that a form asks."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if "msp" in form.base_fields:
            raise ImproperlyConfigured(f"{type(self).__name__} asks for the MSP in its form.")
        return type(form.__name__, (form,), {"member": acting_member(request)})

    def save_model(self, request: HttpRequest, obj: Row, form: Any, change: bool) -> None:
        """Save and record, inside the transaction that Django's admin opened for both."""
        if not self._is_theirs(request, obj):
            raise PermissionDenied
        super().save_model(request, obj, form, change)
        values = {name: _plain(form.cleaned_data.get(name)) for name in form.changed_data}
        before = {name: _plain(form.initial.get(name)) for name in form.changed_data} if change else {}
        self.record(request, obj, "changed" if change else "created", {"values": values, "before": before})

    def delete_model(self, request: HttpRequest, obj: Row) -> None:
        """Record and delete, inside the transaction that Django's admin opened for both."""
        self.record(request, obj, "deleted", {})
        super().delete_model(request, obj)

    def record(self, request: HttpRequest, obj: Row, verb: str, data: dict[str, Any]) -> None:
        """The audit entry of a change of `obj`."""
        # Whatever this person reads, what is recorded is English.
        with override(settings.LANGUAGE_CODE):
            subject = f"{self.opts.verbose_name} {obj}"
        audit_append(
            msp=acting_member(request).msp,
            actor=Actor.user(cast(User, request.user)),
            action=f"{self.opts.model_name}.{verb}",
            subject=subject,
            data={"id": str(obj.pk), **data},
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, under the name that the navigation uses."""
        return super().changelist_view(request, {"title": self.list_title, **(extra_context or {})})


def choices_of(db_field: Any, membership: Membership) -> QuerySet[Any]:
    """What a relation may point to: people of the MSP, rows of the MSP, or nothing."""
    related = db_field.remote_field.model
    rows = related.objects.all()
    if related is User:
        return cast("QuerySet[Any]", rows.filter(memberships__msp=membership.msp, is_active=True))
    return rows.for_msp(membership.msp) if isinstance(rows, TenantQuerySet) else cast("QuerySet[Any]", rows.none())


def _plain(value: object) -> object:
    """A value as the audit keeps it."""
    if value is None or isinstance(value, (bool, int, str, list)):
        return value
    return str(value)
