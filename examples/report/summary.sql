-- The heading, and what to know first.

WITH service AS (
  SELECT count(*) AS all, count(DISTINCT zone) AS zones,
         count(*) FILTER (WHERE state <> 'running') AS stopped
  FROM :"exo".dbaas_services
), disk AS (
  SELECT count(DISTINCT (zone, service_name))
           FILTER (WHERE full_at < now() + interval '30 days') AS soon,
         count(*) AS known, min(full_at) AS first
  FROM :"hist".disk_forecast
), open AS (
  SELECT count(DISTINCT (zone, service_name)) AS all FROM :"exo".dbaas_open_services
), unprotected AS (
  SELECT count(*) AS all FROM :"exo".dbaas_unprotected_services
), late AS (
  SELECT count(*) AS all FROM :"exo".dbaas_overdue_backups
), maintenance AS (
  SELECT count(*) AS all, min(deadline) AS deadline FROM :"exo".dbaas_pending_maintenance
), cost AS (
  SELECT sum(monthly) AS monthly, count(*) FILTER (WHERE monthly IS NULL) AS without
  FROM :cost
  HAVING sum(monthly) > 0
), figure AS (
  SELECT 1 AS n, 'services' AS anchor, 'Services' AS name, s.all AS figure, false AS alert,
         CASE WHEN s.stopped = 0 THEN 'all running' ELSE pg_temp.n(s.stopped) || ' not running' END
           AS note
  FROM service AS s
  UNION ALL
  SELECT 2, 'disks', 'Full in 30 days', soon, soon > 0,
         CASE WHEN known = 0 THEN 'no history yet' WHEN first IS NULL THEN 'no disk fills'
         ELSE 'first on ' || pg_temp.day(first) END
  FROM disk
  UNION ALL
  SELECT 3, 'open', 'Open to all', o.all, o.all > 0, 'by their IP filter' FROM open AS o
  UNION ALL
  SELECT 4, 'unprotected', 'Unprotected', u.all, false, 'against deletion' FROM unprotected AS u
  UNION ALL
  SELECT 5, 'backups', 'Late backups', l.all, l.all > 0, 'by their plan' FROM late AS l
  UNION ALL
  SELECT 6, 'maintenance', 'Maintenance', m.all, false,
         coalesce('one by ' || pg_temp.day(deadline), 'no deadline')
  FROM maintenance AS m
  UNION ALL
  SELECT 7, 'costs', :'currency' || ' a month', c.monthly, false,
         CASE WHEN c.without = 0 THEN 'by the price list'
         ELSE pg_temp.n(c.without) || ' without a price' END
  FROM cost AS c
)
SELECT format($html$<header>
<h1>%s</h1>
<p class="soft">%s in %s, on %s</p>
<dl class="figures">
%s
</dl>
</header>$html$,
  pg_temp.h(:'title'), pg_temp.count_of(s.all, 'service', 'services'),
  pg_temp.count_of(s.zones, 'zone', 'zones'),
  pg_temp.timed(now(), 'FMDay, FMDD FMMonth YYYY, HH24:MI')
    || ' ' || pg_temp.h(to_char(now(), 'TZ')),
  (SELECT string_agg(format('<div><dt><a href="#%1$s">%2$s</a></dt>'
                            '<dd class="figure%3$s" id="figure-%1$s">%4$s</dd>'
                            '<dd class="note">%5$s</dd></div>',
                            anchor, pg_temp.h(name), CASE WHEN alert THEN ' alert' ELSE '' END,
                            pg_temp.n(figure), note), E'\n' ORDER BY n)
   FROM figure))
FROM service AS s;
