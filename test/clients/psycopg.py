# What a user of psycopg 3 does, one part for each name

import sys
from itertools import islice

import psycopg
from psycopg.rows import dict_row


def parameters():
    """The same rows as texts and in binary, from a condition that is sent"""
    with psycopg.connect() as conn:
        for binary in (False, True):
            with conn.cursor(binary=binary, row_factory=dict_row) as cur:
                cur.execute(
                    "SELECT name, node_count, termination_protection, created_at, notifications"
                    " FROM exo.dbaas_services WHERE zone = %s AND name = ANY(%s) ORDER BY name",
                    ("ch-gva-2", ["pg-1-0001", "mysql-1-0002"]),
                )
                for row in cur:
                    print(*row.values())
            conn.rollback()


def types():
    """Arrays, jsonb and timestamps become Python's"""
    with psycopg.connect() as conn:
        row = conn.execute(
            "SELECT d.ip_filter, d.settings, s.created_at, d.port"
            " FROM exo.dbaas_service_details d JOIN exo.dbaas_services s"
            " ON s.zone = d.zone AND s.name = d.service_name"
            " WHERE d.zone = %s AND d.service_name = %s",
            ("ch-gva-2", "pg-1-0001"),
        ).fetchone()
        print(*(type(value).__name__ for value in row))


def cursor():
    """A server-side cursor reads the newest entries of a log, and stops"""
    with psycopg.connect() as conn:
        with conn.cursor(name="log") as cur:
            cur.itersize = 10
            cur.execute(
                "SELECT time, message FROM exo.dbaas_logs"
                " WHERE zone = %s AND service_name = %s ORDER BY time DESC",
                ("ch-gva-2", "pg-1-0001"),
            )
            times = [row[0] for row in islice(cur, 15)]
        print(len(times), times == sorted(times, reverse=True))


DATABASES = [("ch-gva-2", "pg-1-0001", name) for name in ("shop", "wiki")]


def insert(end):
    with psycopg.connect() as conn:
        with conn.cursor() as cur:
            cur.executemany(
                "INSERT INTO exo.dbaas_databases (zone, service_name, name) VALUES (%s, %s, %s)",
                DATABASES,
            )
            print(cur.rowcount, "rows")
        end(conn)


def rollback():
    """INSERTs that are rolled back send nothing"""
    insert(psycopg.Connection.rollback)


def commit():
    """Committed, each is sent once"""
    insert(psycopg.Connection.commit)


def copy():
    """COPY TO STDOUT"""
    with psycopg.connect() as conn, conn.cursor() as cur:
        with cur.copy(
            "COPY (SELECT zone, name, plan FROM exo.dbaas_services"
            " WHERE zone = 'de-fra-1' AND type = 'pg' ORDER BY name) TO STDOUT"
        ) as rows:
            for row in rows.rows():
                print(*row)


def error():
    """An error's fields"""
    with psycopg.connect() as conn:
        try:
            conn.execute("SELECT * FROM exo.dbaas_operations")
        except psycopg.Error as e:
            diag = e.diag
            print(type(e).__name__, e.sqlstate)
            print(diag.message_primary)
            print(diag.message_hint)
            print(diag.schema_name, diag.table_name)


globals()[sys.argv[1]]()
