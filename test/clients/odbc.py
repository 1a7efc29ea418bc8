# What a program with ODBC does, one part for each name

import os
import sys

import pyodbc

conn = pyodbc.connect(
    "DRIVER={PostgreSQL Unicode};SERVER=%(PGHOST)s;PORT=%(PGPORT)s;"
    "DATABASE=%(PGDATABASE)s;UID=%(PGUSER)s" % os.environ
)


def tables():
    """SQLTables and SQLColumns"""
    names = {row.table_name: row.table_type for row in conn.cursor().tables(schema="exo")}
    print(len(names) > 20, names.get("dbaas_services"))
    for row in conn.cursor().columns(schema="exo", table="dbaas_service_details"):
        if row.ordinal_position <= 8:
            print(row.column_name, row.type_name, row.data_type)


def select():
    """A statement with parameters, executed again"""
    cur = conn.cursor()
    for zone, name in (("ch-gva-2", "pg-1-0001"), ("de-fra-1", "pg-2-0001")):
        cur.execute(
            "SELECT plan, node_count, created_at FROM exo.dbaas_services"
            " WHERE zone = ? AND name = ?",
            zone,
            name,
        )
        print(*cur.fetchone())


UPDATE = (
    "UPDATE exo.dbaas_services SET termination_protection = ? WHERE zone = ? AND name = ?",
    True,
    "ch-gva-2",
    "kafka-1-0003",
)


def update():
    print(conn.cursor().execute(*UPDATE).rowcount)
    conn.commit()


def rollback():
    print(conn.cursor().execute(*UPDATE).rowcount)
    conn.rollback()


def error():
    """A statement that fails, and what came before it in the transaction"""
    print(conn.cursor().execute(*UPDATE).rowcount)
    try:
        conn.cursor().execute("SELECT * FROM exo.dbaas_operations").fetchall()
    except pyodbc.Error as e:
        print(e.args[0])
        print(e.args[1].splitlines()[0])
    conn.commit()


globals()[sys.argv[1]]()
conn.close()
