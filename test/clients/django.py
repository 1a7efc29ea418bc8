# What a user of Django does, one part for each name: the models are inspectdb's, of a view
# that has one column as key

import os
import re
import sys

import django
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.db import Error

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ["PGUSER"],
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "OPTIONS": {"options": "-c search_path=exo"},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()


def inspectdb():
    """The models, for the other parts; every column has a field"""
    call_command("inspectdb", "services", "service_settings", include_views=True)


def model(name):
    """inspectdb's model; the key and the arrays have to be said by hand"""
    with open(os.environ["MODELS"]) as models:
        source = models.read()
    source = re.sub(r"( key = models.TextField)\(.*\)", r"\1(primary_key=True)", source)
    source = re.sub(r"models.TextField\((.*)\)  # This field type is a guess.",
                    r"ArrayField(models.TextField(), \1)", source)
    source = source.replace("class Meta:", "class Meta:\n        app_label = 'exo'")
    made = {"__name__": "exo.models", "ArrayField": ArrayField}
    exec(source, made)
    return made[name]


def service():
    return model("Services").objects.get(pk="ch-gva-2/kafka-1-0003")


def get():
    row = service()
    print(row.zone, row.name, row.plan, row.termination_protection)


def filter():
    """A filter on columns, and one on keys"""
    Services = model("Services")
    for row in Services.objects.filter(zone="ch-gva-2", type="pg").order_by("name")[:2]:
        print(row.name)
    keys = ["ch-gva-2/pg-1-0001", "ch-gva-2/mysql-1-0002"]
    print(Services.objects.filter(pk__in=keys).count())


def save():
    """save() writes all columns, of which one has changed"""
    row = service()
    row.termination_protection = True
    row.save()


def save_update_fields():
    row = service()
    row.plan = "business-4"
    row.save(update_fields=["plan"])


def save_settings():
    """jsonb and an array"""
    ServiceSettings = model("ServiceSettings")
    row = ServiceSettings.objects.get(pk="ch-gva-2/kafka-1-0003")
    row.ip_filter = ["192.0.2.0/24"]
    row.save(update_fields=["ip_filter"])


def save_unchanged():
    """Nothing has changed, and nothing is sent"""
    service().save()


def delete():
    print(service().delete()[0])


def create():
    """The key is none of the columns that can be inserted"""
    Services = model("Services")
    try:
        Services.objects.create(
            key="ch-gva-2/new", zone="ch-gva-2", name="new", type="pg", plan="hobbyist-2"
        )
    except Error as e:
        print(str(e).splitlines()[0])


globals()[sys.argv[1]]()
