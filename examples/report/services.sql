-- The services by zone and state, and what each did in the last day.

\qecho '<section id="services"><h2>Services by zone and state</h2>'
WITH service AS (
  SELECT zone, coalesce(state, 'unknown') AS state FROM :"exo".dbaas_services
), states AS (
  SELECT state, row_number() OVER (ORDER BY state <> 'running', state) AS n
  FROM service GROUP BY state
), counted AS (
  SELECT z.zone, t.n, count(s.zone) AS services
  FROM (SELECT DISTINCT zone FROM service) AS z
  CROSS JOIN states AS t
  LEFT JOIN service AS s ON s.zone = z.zone AND s.state = t.state
  GROUP BY z.zone, t.n
), by_zone AS (
  SELECT zone, sum(services) AS services,
         string_agg(pg_temp.number(pg_temp.n(nullif(services, 0))), '' ORDER BY n) AS cells
  FROM counted GROUP BY zone
)
SELECT pg_temp.rows(
  'What the API says now',
  ARRAY['Zone'] || (SELECT array_agg(state || '>' ORDER BY n) FROM states) || ARRAY['all>'],
  string_agg(pg_temp.tr(pg_temp.service(zone), cells, pg_temp.number(pg_temp.n(services))),
             E'\n' ORDER BY zone),
  'There are no services.',
  (SELECT '<tfoot>'
          || pg_temp.tr('<th scope="row">All</th>',
                        string_agg(pg_temp.number(pg_temp.n(services)), '' ORDER BY n),
                        pg_temp.number(pg_temp.n(sum(services))))
          || '</tfoot>'
   FROM (SELECT n, sum(services) AS services FROM counted GROUP BY n) AS t))
FROM by_zone;

SELECT '<h3>Not running</h3>' || pg_temp.rows(
  'And since when, as far as the history knows',
  ARRAY['Service', 'Type', 'Plan', 'Zone', 'State', 'Since'],
  string_agg(pg_temp.tr(pg_temp.service(s.name), pg_temp.cell(s.type), pg_temp.cell(s.plan),
                        pg_temp.cell(s.zone), pg_temp.cell(s.state),
                        pg_temp.cell_of(pg_temp.minute(h.since))),
             E'\n' ORDER BY s.zone, s.name),
  '')
FROM :"exo".dbaas_services AS s
LEFT JOIN (
  -- The end of what the last version that ran says
  SELECT zone, name,
         coalesce(max(valid_to) FILTER (WHERE state = 'running'), min(valid_from)) AS since
  FROM :"hist".services GROUP BY zone, name) AS h ON h.zone = s.zone AND h.name = s.name
WHERE s.state <> 'running'
HAVING count(*) > 0;
\qecho '</section>'

\qecho '<section id="day"><h2>The last day</h2>'
\if :sampled
-- Of several nodes the highest counts, and of a quarter of an hour its highest sample.  The
-- newest sample begins a quarter of its own, so that a line ends where it is now.
WITH highest AS (
  SELECT zone, service_name, metric, time, max(value) AS value
  FROM :"hist".metrics
  WHERE metric IN ('cpu_usage', 'mem_usage', 'disk_usage')
    AND time > timestamptz :'ends' - interval '1 day' AND time <= :'ends'
  GROUP BY zone, service_name, metric, time
), quarter AS (
  SELECT zone, service_name, metric, max(value) AS value, max(time) AS time,
         (1 - extract(epoch FROM timestamptz :'ends' - max(time)) / 86400)::numeric AS place
  FROM highest
  GROUP BY zone, service_name, metric, date_bin('15 minutes', time, :'ends')
), newest AS (
  SELECT DISTINCT ON (zone, service_name, metric) zone, service_name, metric, value
  FROM highest ORDER BY zone, service_name, metric, time DESC
), line AS (
  SELECT q.zone, q.service_name, q.metric, max(q.value) AS peak,
         array_agg(q.place ORDER BY q.time) AS places,
         array_agg(q.value ORDER BY q.time) AS percents,
         (array_agg(q.time ORDER BY q.value DESC, q.time))[1] AS peak_at
  FROM quarter AS q
  GROUP BY q.zone, q.service_name, q.metric
), cell AS (
  SELECT s.zone, s.name, string_agg(
           CASE WHEN l.peak IS NULL
             THEN '<td class="plot soft">no samples</td>'
             ELSE '<td class="plot">'
                  || pg_temp.line(format('%s of %s: now %s, peak %s at %s', m.title, s.name,
                                         pg_temp.percent(n.value), pg_temp.percent(l.peak),
                                         to_char(l.peak_at, 'HH24:MI')),
                                  :'ends', l.places, l.percents, 0.032)
                  || '</td>'
           END || pg_temp.number(pg_temp.n(n.value::numeric))
           || pg_temp.number(CASE WHEN l.peak >= 90 THEN pg_temp.alert(pg_temp.n(l.peak::numeric))
                             ELSE pg_temp.n(l.peak::numeric) END),
           '' ORDER BY m.n) AS cells
  FROM :"exo".dbaas_services AS s
  CROSS JOIN (VALUES (1, 'cpu_usage', 'CPU'), (2, 'mem_usage', 'Memory'), (3, 'disk_usage', 'Disk'))
    AS m (n, metric, title)
  LEFT JOIN line AS l ON l.zone = s.zone AND l.service_name = s.name AND l.metric = m.metric
  LEFT JOIN newest AS n ON n.zone = s.zone AND n.service_name = s.name AND n.metric = m.metric
  GROUP BY s.zone, s.name
), by_zone AS (
  SELECT c.zone, string_agg(pg_temp.tr(pg_temp.service(s.name, s.type || ', ' || s.plan), c.cells),
                            E'\n' ORDER BY s.name) AS rows
  FROM cell AS c
  JOIN :"exo".dbaas_services AS s ON s.zone = c.zone AND s.name = c.name
  GROUP BY c.zone
)
SELECT format($html$<div class="wide"><table class="day">
<caption>Each line is a day until %s, from 0 to 100&#8239;%%. The highest of several nodes
counts.</caption>
<colgroup><col class="name"/></colgroup>%s
<thead>
<tr><th class="name" rowspan="2" scope="col">Service</th>%s</tr>
<tr>%s</tr>
</thead>
%s
</table></div>$html$,
  pg_temp.minute(:'ends'),
  repeat('<colgroup><col/><col class="now"/><col class="peak"/></colgroup>', 3),
  '<th colspan="3" scope="colgroup">CPU</th><th colspan="3" scope="colgroup">Memory</th>'
  '<th colspan="3" scope="colgroup">Disk</th>',
  repeat('<th class="plot" scope="col">' || pg_temp.axis(:'ends')
         || '</th><th class="number" scope="col">now</th>'
            '<th class="number" scope="col">peak</th>', 3),
  string_agg('<tbody><tr class="zone"><th colspan="10" scope="rowgroup">' || pg_temp.h(zone)
             || E'</th></tr>\n' || rows || '</tbody>', E'\n' ORDER BY zone))
FROM by_zone
HAVING count(*) > 0;
\else
SELECT pg_temp.empty('There are no metrics yet. <code>dbaas_fdw_history()</code> makes a history, '
                     'and <code>CALL dbaas_fdw_collect()</code> fills it.');
\endif
\qecho '</section>'
