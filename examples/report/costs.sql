-- What the services of each team cost, by the prices of prices.sql.

\qecho '<section id="costs"><h2>Cost by team</h2>'
WITH by_team AS (
  SELECT team, count(*) AS services, sum(monthly) AS monthly,
         count(*) FILTER (WHERE monthly IS NULL) AS without,
         sum(sum(monthly)) OVER () AS total
  FROM :cost GROUP BY team
)
SELECT pg_temp.rows(
  'A month at the list''s prices',
  ARRAY['Team', 'Services>', :'currency' || '>', 'Share>', ''],
  string_agg(pg_temp.tr(
      pg_temp.service(coalesce(team, '(no team)'),
                      pg_temp.n(nullif(without, 0)) || ' without a price'),
      pg_temp.number(pg_temp.n(services)), pg_temp.number(pg_temp.n(monthly)),
      pg_temp.number(pg_temp.percent(100 * monthly::float8 / nullif(total, 0))),
      pg_temp.bar(monthly::float8 / nullif(total, 0))),
    E'\n' ORDER BY monthly DESC NULLS LAST, team),
  'There is no price list. prices.sql makes one.',
  '<tfoot>' || pg_temp.tr('<th scope="row">All</th>', pg_temp.number(pg_temp.n(sum(services))),
                          pg_temp.number(pg_temp.n(max(total))), '<td></td>', '<td></td>')
  || '</tfoot>')
FROM by_team;
\qecho '</section>'
