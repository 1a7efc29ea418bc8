-- What the report reads and may not be there: the views are asked for, and
-- for the history and the prices empty tables stand in.

-- The page has characters that other encodings lack
DO $$
BEGIN
  IF getdatabaseencoding() <> 'UTF8' THEN
    RAISE feature_not_supported USING
      MESSAGE = format('the report needs a database in UTF8, and %I is in %s',
                       current_database(), getdatabaseencoding());
  END IF;
END
$$;

CREATE FUNCTION pg_temp.need(schema text, relation text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass(format('%I.%I', schema, relation)) IS NULL THEN
    RAISE undefined_table USING
      MESSAGE = format('the report needs %I.%I', schema, relation),
      HINT = format('SELECT * FROM dbaas_fdw_views(%L) makes the views.', schema);
  END IF;
END
$$;
SELECT pg_temp.need(:'exo', r)
FROM unnest('{dbaas_services,dbaas_open_services,dbaas_unprotected_services,dbaas_overdue_backups,
              dbaas_pending_maintenance}'::text[]) AS r \g /dev/null

SELECT to_regclass(format('%I.uptime', :'hist')) IS NULL AS no_history,
       to_regclass(format('%I.plans', :'prices')) IS NULL AS no_prices \gset
\if :no_history
CREATE TEMPORARY TABLE cursors (sampled timestamptz);
CREATE TEMPORARY TABLE metrics (zone text, service_name text, metric text, node text,
                                time timestamptz, value float8);
CREATE TEMPORARY TABLE services (zone text, name text, state text, valid_from timestamptz,
                                 valid_to timestamptz);
CREATE TEMPORARY TABLE runs (id bigint, started_at timestamptz, ended_at timestamptz,
                             requests bigint, rows_added jsonb, failed bigint, problems jsonb);
CREATE TEMPORARY TABLE disk_forecast (zone text, service_name text, node text, used float8,
                                      growth float8, r2 float8, full_at timestamptz,
                                      earliest timestamptz, latest timestamptz);
CREATE TEMPORARY TABLE changes (changed_at timestamptz, relation text, zone text,
                                service_name text, id uuid, change text, column_name text,
                                member text, old_value text, new_value text);
CREATE TEMPORARY TABLE uptime (zone text, service_name text, period text, uptime float8,
                               stopped interval, deleted_at timestamptz);
\set hist pg_temp
\endif
\if :no_prices
CREATE TEMPORARY TABLE plans (service_type text, plan text, monthly numeric);
CREATE TEMPORARY TABLE teams (pattern text, team text);
\set prices pg_temp
\endif
