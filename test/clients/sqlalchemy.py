# What a user of SQLAlchemy does, one part for each name

import sys

from sqlalchemy import Column, MetaData, Table, Text, create_engine, inspect, select
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.types import NullType

engine = create_engine("postgresql+psycopg2://")
metadata = MetaData(schema="exo")


def table(name, *keys):
    return Table(name, metadata, *keys, autoload_with=engine)


def key(name):
    return Column(name, Text, primary_key=True)


def reflect():
    """reflect() has views, and a Table has a foreign table; each column has a type"""
    metadata.reflect(engine, views=True)
    print("dbaas_unprotected_services" in {t.name for t in metadata.tables.values()})
    for name in inspect(engine).get_foreign_table_names("exo"):
        table(name)
    print(len([t for t in metadata.tables.values() if t.name == "dbaas_services"]))
    print([c for t in metadata.tables.values() for c in t.c if isinstance(c.type, NullType)])
    details = metadata.tables["exo.dbaas_service_details"].c
    print(*(repr(details[c].type) for c in ("service_name", "port", "ip_filter", "settings")))


def where():
    """A condition on columns"""
    services = table("dbaas_services").c
    with engine.connect() as conn:
        rows = conn.execute(
            select(services.name, services.plan)
            .where(services.zone == "ch-gva-2", services.type.in_(["pg", "mysql"]))
            .order_by(services.name)
            .limit(2)
        )
        for row in rows:
            print(*row)


Base = declarative_base(metadata=metadata)


def service():
    class Service(Base):
        __table__ = table("dbaas_services", key("zone"), key("name"))

    return Service


def update():
    """A changed attribute is the only member of the PUT"""
    Service = service()
    with Session(engine) as session:
        row = session.get(Service, ("ch-gva-2", "kafka-1-0003"))
        row.termination_protection = True
        session.flush()
        session.commit()
        print(row.termination_protection)


def rollback():
    """A flush that is rolled back sends nothing"""
    Service = service()
    with Session(engine) as session:
        row = session.get(Service, ("ch-gva-2", "kafka-1-0003"))
        row.termination_protection = True
        session.flush()
        session.rollback()
        print(row.termination_protection)


def insert_and_delete():
    """Rows with a key of three columns"""

    class Database(Base):
        __table__ = table("dbaas_databases", key("zone"), key("service_name"), key("name"))

    with Session(engine) as session:
        row = Database(zone="ch-gva-2", service_name="pg-1-0001", name="shop")
        session.add(row)
        session.commit()
        print(row.name)
        session.delete(row)
        session.commit()


globals()[sys.argv[1]]()
