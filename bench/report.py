#!/usr/bin/env python3
"""What people write instead of dbaas_fdw: reads the API with eight threads, prints COPY.

    printf 'ch-gva-2 pg-1-0001 pg\n' | bench/report.py logs | psql

COMMAND [ARGUMENT]...; those that read services take them from standard input, a line
"zone name type" for each:

    services                the services of all zones
    integrations            their integrations
    logs [LIMIT [SINCE]]    the newest entries, or all
    metrics                 of the last hour
    details                 versions, users and databases
    databases NAME          makes a database in each service, and prints nothing
    job SINCE NAME          all that the benchmark's job needs; a fourth word of each line says
                            what the service is for

What is printed goes into tables named as dbaas_fdw's.  EXO_ENDPOINT is a URL with {zone} in it,
EXO_ZONES a list of zones, EXO_KEY and EXO_SECRET sign.
"""

import base64
import gzip
import hashlib
import hmac
import http.client
import json
import os
import ssl
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

ENDPOINT = os.environ["EXO_ENDPOINT"]
ZONES = os.environ["EXO_ZONES"].split(",")
KEY = os.environ["EXO_KEY"]
SECRET = os.environ["EXO_SECRET"].encode()
SEGMENTS = {"pg": "dbaas-postgres"}  # other types are called as they are

pool = ThreadPoolExecutor(8)
local = threading.local()
tls = ssl.create_default_context() if ENDPOINT.startswith("https") else None


def connection(url):
    """The thread's own connection to a zone, which stays open."""
    if not hasattr(local, "connections"):
        local.connections = {}
    if url.netloc not in local.connections:
        if tls:
            made = http.client.HTTPSConnection(url.netloc, context=tls)
        else:
            made = http.client.HTTPConnection(url.netloc)
        local.connections[url.netloc] = made
    return local.connections[url.netloc]


def sign(method, path, body):
    expires = int(time.time()) + 600
    message = f"{method} {path}\n{body}\n\n\n{expires}".encode()
    signature = base64.b64encode(hmac.digest(SECRET, message, hashlib.sha256)).decode()
    return f"EXO2-HMAC-SHA256 credential={KEY},expires={expires},signature={signature}"


def request(zone, method, path, body=None):
    """The decoded answer, or None for 404."""
    url = urlsplit(ENDPOINT.format(zone=zone) + path)
    text = "" if body is None else json.dumps(body)
    headers = {"Authorization": sign(method, url.path, text), "Accept-Encoding": "gzip"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    http_connection = connection(url)
    http_connection.request(method, url.path, text or None, headers)
    response = http_connection.getresponse()
    content = response.read()
    if response.status == 404:
        return None
    if response.status != 200:
        raise RuntimeError(f"{method} {path}: {response.status} {content[:200]!r}")
    if response.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    return json.loads(content)


def all_services():
    answers = pool.map(lambda zone: request(zone, "GET", "/dbaas-service"), ZONES)
    return [(zone, service) for zone, answer in zip(ZONES, answers)
            for service in answer["dbaas-services"]]


def logs_of(service, limit=None, since=""):
    """Newest first, page by page; times of the API are in UTC and compare as texts."""
    zone, name = service[:2]
    body = {"sort-order": "desc", "limit": min(limit or 500, 500)}
    entries = []
    while True:
        answer = request(zone, "POST", f"/dbaas-service-logs/{quote(name, safe='')}", body)
        page = (answer or {}).get("logs") or []
        entries += [entry for entry in page if entry["time"] >= since]
        if not page or page[-1]["time"] < since or (limit and len(entries) >= limit):
            return entries[:limit]
        body["offset"] = answer["offset"]


def metrics_of(service):
    path = f"/dbaas-service-metrics/{quote(service[1], safe='')}"
    return (request(service[0], "POST", path, {"period": "hour"}) or {}).get("metrics") or {}


def details_of(service):
    zone, name, kind = service[:3]
    return request(zone, "GET", f"/{SEGMENTS.get(kind, 'dbaas-' + kind)}/{quote(name, safe='')}")


def make_database(service, name):
    zone, service_name, kind = service[:3]
    path = f"/{SEGMENTS.get(kind, 'dbaas-' + kind)}/{quote(service_name, safe='')}/database"
    operation = request(zone, "POST", path, {"database-name": name})
    while operation["state"] == "pending":
        time.sleep(0.1)
        operation = request(zone, "GET", f"/operation/{operation['id']}")
    if operation["state"] != "success":
        raise RuntimeError(f"{path}: {operation.get('message')}")


def text_of(value):
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return (value.replace("\\", r"\\").replace("\t", r"\t")
                .replace("\n", r"\n").replace("\r", r"\r"))
    return str(value)


def copy(table, columns, rows):
    write = sys.stdout.write
    write(f"COPY {table} ({', '.join(columns)}) FROM stdin;\n")
    for row in rows:
        write("\t".join(map(text_of, row)) + "\n")
    write("\\.\n")


def copy_services(services):
    fields = ["name", "type", "plan", "state", "termination-protection"]
    columns = ["zone"] + [field.replace("-", "_") for field in fields]
    copy("dbaas_services", columns,
         ([zone] + [service.get(field) for field in fields] for zone, service in services))


def copy_integrations(services):
    """Both ends of an integration list it."""
    known = {(zone, integration["id"]): integration for zone, service in services
             for integration in service.get("integrations") or []}
    fields = ["id", "type", "source", "dest", "status"]
    copy("dbaas_integrations", ["zone"] + fields,
         ([zone] + [integration.get(field) for field in fields]
          for (zone, _), integration in known.items()))


def copy_logs(services, limit=None, since="", table="dbaas_logs"):
    answers = pool.map(lambda service: logs_of(service, limit, since), services)
    copy(table, ["zone", "service_name", "time", "node", "unit", "message"],
         ((*service[:2], entry["time"], entry.get("node"), entry.get("unit"), entry["message"])
          for service, entries in zip(services, answers) for entry in entries))


def copy_metrics(services):
    answers = pool.map(metrics_of, services)
    copy("dbaas_metrics", ["zone", "service_name", "metric", "node", "time", "value"],
         ((*service[:2], metric, column["label"], row[0], row[i])
          for service, metrics in zip(services, answers)
          for metric, of_metric in metrics.items()
          for row in of_metric["data"]["rows"]
          for i, column in enumerate(of_metric["data"]["cols"]) if i > 0))


def copy_details(services):
    answers = [(service, details) for service, details
               in zip(services, pool.map(details_of, services)) if details]
    copy("dbaas_service_details", ["zone", "service_name", "type", "version"],
         ((*service[:2], details["type"], details.get("version")) for service, details in answers))
    copy("dbaas_users", ["zone", "service_name", "username", "type"],
         ((*service[:2], user["username"], user.get("type"))
          for service, details in answers for user in details.get("users") or []))
    copy("dbaas_databases", ["zone", "service_name", "name"],
         ((*service[:2], database)
          for service, details in answers for database in details.get("databases") or []))


def make_databases(services, name):
    for _ in pool.map(lambda service: make_database(service, name), services):
        pass


def job(lines, since, name):
    services = all_services()
    copy_services(services)
    copy_integrations(services)
    groups = {}
    for *service, purpose in lines:
        groups.setdefault(purpose, []).append(tuple(service))
    inventory = groups["inventory"]
    copy_logs(groups["hour"], None, since)
    copy_logs(inventory, 10, table="newest_logs")
    copy_metrics(list(dict.fromkeys(inventory + groups["metrics"])))
    copy_details(list(dict.fromkeys(inventory + groups["inside"])))
    make_databases(groups["write"], name)


def main():
    command, *arguments = sys.argv[1:]
    if command == "services":
        return copy_services(all_services())
    if command == "integrations":
        return copy_integrations(all_services())
    services = [tuple(line.split()) for line in sys.stdin]
    if command == "logs":
        limit, since = (arguments + ["", ""])[:2]
        return copy_logs(services, int(limit) if limit else None, since)
    if command == "metrics":
        return copy_metrics(services)
    if command == "details":
        return copy_details(services)
    if command == "databases":
        return make_databases(services, *arguments)
    if command == "job":
        return job(services, *arguments)
    raise SystemExit(__doc__)


main()
