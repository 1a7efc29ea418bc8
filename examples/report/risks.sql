-- What is open, what is not protected, and what comes.

\qecho '<section id="open"><h2>Open to the whole world</h2>'
SELECT pg_temp.rows(
  'Services whose IP filter lets every address in', ARRAY['Service', 'Type', 'Zone', 'Networks'],
  string_agg(pg_temp.tr(pg_temp.service(service_name), pg_temp.cell(type), pg_temp.cell(zone),
                        pg_temp.cell(networks)),
             E'\n' ORDER BY zone, service_name),
  'No service lets every address in.')
FROM (SELECT zone, service_name, type, string_agg(network, ', ' ORDER BY network) AS networks
      FROM :"exo".dbaas_open_services GROUP BY zone, service_name, type) AS s;
\qecho '</section>'

\qecho '<section id="unprotected"><h2>Unprotected</h2>'
SELECT pg_temp.rows(
  'Services that can be deleted, since their termination protection is off',
  ARRAY['Zone', 'Services>', 'Names'],
  string_agg(pg_temp.tr(pg_temp.service(zone), pg_temp.number(pg_temp.n(services)),
                        pg_temp.cell_of(names)),
             E'\n' ORDER BY zone),
  'Every service is protected against deletion.')
FROM (SELECT zone, count(*) AS services,
             string_agg('<bdi>' || pg_temp.h(service_name) || '</bdi>', ', '
                        ORDER BY service_name) AS names
      FROM :"exo".dbaas_unprotected_services GROUP BY zone) AS z;
\qecho '</section>'

\qecho '<section id="backups"><h2>Late backups</h2>'
SELECT pg_temp.rows(
  'Services without a backup for longer than their plan has between two',
  ARRAY['Service', 'Type', 'Plan', 'Zone', 'One every>', 'Last backup', 'Ago>'],
  string_agg(pg_temp.tr(
      pg_temp.service(service_name), pg_temp.cell(type), pg_temp.cell(plan), pg_temp.cell(zone),
      pg_temp.number(pg_temp.lasting(backup_interval)),
      pg_temp.cell_of(coalesce(pg_temp.minute(last_backup), 'never')),
      pg_temp.number(pg_temp.lasting(now() - last_backup))),
    E'\n' ORDER BY last_backup NULLS FIRST, zone, service_name),
  'No backup is late.')
FROM :"exo".dbaas_overdue_backups;
\qecho '</section>'

\qecho '<section id="maintenance"><h2>Maintenance to come</h2>'
SELECT pg_temp.rows(
  'Times of the weekly window are UTC',
  ARRAY['Service', 'Zone', 'What', 'Window', 'Starts', 'Deadline'],
  string_agg(pg_temp.tr(
      pg_temp.service(service_name), pg_temp.cell(zone), pg_temp.cell(description),
      pg_temp.cell(CASE maintenance_dow WHEN 'never' THEN 'never'
                   ELSE initcap(maintenance_dow) || ' ' || left(maintenance_time::text, 5) END),
      pg_temp.cell_of(coalesce(pg_temp.minute(start_at), 'after ' || pg_temp.minute(start_after))),
      pg_temp.cell_of(pg_temp.day(deadline))),
    E'\n' ORDER BY deadline, coalesce(start_at, start_after), zone, service_name),
  'No maintenance awaits.')
FROM :"exo".dbaas_pending_maintenance;
\qecho '</section>'
