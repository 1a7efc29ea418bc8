-- A page to look at: the services of an organisation, one HTML file that needs
-- nothing else.  doc/report.md says what it shows, and how to change it.
--
--   psql -X -q -At -v exo=exo -v hist=hist -f report.sql >report.html
--
-- "exo" is the schema of the foreign tables, with their views ("SELECT
-- dbaas_fdw_views('exo')"), "hist" that of the history and "prices" that of
-- prices.sql.  A history or prices that are not there leave their parts empty.

\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset null ''
\pset pager off
\if :{?exo} \else \set exo exo \endif
\if :{?hist} \else \set hist hist \endif
\if :{?prices} \else \set prices prices \endif
\if :{?currency} \else \set currency CHF \endif
\if :{?title} \else \set title 'Database services' \endif

SET client_encoding = 'UTF8';
SET client_min_messages = warning;

\ir missing.sql
\ir functions.sql

-- One snapshot of the history, and each question to the API asked once
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- The day that the lines show ends with the newest sample of any service
SELECT coalesce(max(sampled)::text, '') AS ends, max(sampled) IS NOT NULL AS sampled
FROM :"hist".cursors \gset

-- Each service with its price and its team; no row without a list
SELECT format($sql$(
  SELECT s.zone, s.name, p.monthly, t.team
  FROM %1$I.dbaas_services AS s
  LEFT JOIN LATERAL (
    SELECT monthly FROM %2$I.plans AS p
    WHERE p.plan = s.plan AND s.type LIKE p.service_type
    ORDER BY length(p.service_type) DESC LIMIT 1) AS p ON true
  LEFT JOIN LATERAL (
    SELECT team FROM %2$I.teams AS t
    WHERE s.name LIKE t.pattern ORDER BY length(t.pattern) DESC, t.pattern LIMIT 1) AS t ON true
  WHERE EXISTS (SELECT FROM %2$I.plans)) AS cost$sql$, :'exo', :'prices') AS cost \gset

SELECT format($html$<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>%1$s, %2$s</title>$html$, pg_temp.h(:'title'), to_char(now(), 'FMDD FMMonth YYYY'));
\ir style.sql
\qecho '</head>'
\qecho '<body>'
\ir summary.sql
\qecho '<main>'
\ir services.sql
\ir disks.sql
\ir risks.sql
\ir changes.sql
\ir costs.sql
\qecho '</main>'
\ir made.sql
\qecho '</body>'
\qecho '</html>'

COMMIT;
