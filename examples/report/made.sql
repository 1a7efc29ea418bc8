-- When the page was made, and from what.

\qecho '<footer>'
SELECT format(
  '<p>Made %s by dbaas_fdw %s on PostgreSQL %s, from <code>%s</code> as the API answered then, and '
  'from the history <code>%s</code>, %s. Times are %s.</p>',
  pg_temp.timed(now(), 'FMDD FMMonth YYYY HH24:MI:SS'),
  pg_temp.h((SELECT extversion FROM pg_extension WHERE extname = 'dbaas_fdw')),
  pg_temp.h(split_part(current_setting('server_version'), ' ', 1)),
  pg_temp.h(:'exo'), pg_temp.h(:'hist'),
  coalesce('whose newest sample is of ' || pg_temp.minute(nullif(:'ends', '')::timestamptz),
           'which is empty'),
  pg_temp.h(current_setting('TimeZone')));
SELECT pg_temp.rows(
  'The last runs that collected the history',
  ARRAY['Started', 'Took>', 'Requests>', 'Rows>', 'Failed>'],
  string_agg(pg_temp.tr(
      pg_temp.cell_of(pg_temp.minute(started_at)),
      pg_temp.number(coalesce(pg_temp.lasting(ended_at - started_at), 'not ended')),
      pg_temp.number(pg_temp.n(requests)),
      pg_temp.number(pg_temp.n((SELECT sum(value::numeric) FROM jsonb_each_text(rows_added)))),
      pg_temp.number(CASE WHEN failed > 0 THEN pg_temp.alert(pg_temp.n(failed))
                     ELSE pg_temp.n(failed) END)),
    E'\n' ORDER BY started_at DESC),
  'Nothing was collected yet.')
FROM (SELECT * FROM :"hist".runs ORDER BY started_at DESC LIMIT 5) AS r;
\qecho '</footer>'
