-- What there should be, as tables, and the statements that bring the API there.
-- doc/desired.md says how to use it.  It runs in a database where the tables of
-- the API are in schema exo:
--
--   psql -f examples/desired.sql
--
-- NULL in a wanted table means that any value will do.  What is there and in no
-- wanted table is left alone.  A row that is absent is deleted.

\set ON_ERROR_STOP on
BEGIN;
CREATE SCHEMA wanted;

CREATE TABLE wanted.services (
  zone text,
  name text,
  type text NOT NULL,
  plan text NOT NULL,
  termination_protection boolean,
  version text,
  ip_filter text[],
  maintenance_dow text,
  maintenance_time text,
  settings jsonb,                -- members that are not named stay as they are
  parameters jsonb,              -- for the INSERT alone, as fork-from-service
  absent boolean NOT NULL DEFAULT false,
  PRIMARY KEY (zone, name),
  CHECK ((maintenance_dow IS NULL) = (maintenance_time IS NULL))
);
CREATE TABLE wanted.databases (
  zone text,
  service_name text,
  name text,
  absent boolean NOT NULL DEFAULT false,
  PRIMARY KEY (zone, service_name, name),
  FOREIGN KEY (zone, service_name) REFERENCES wanted.services
);
CREATE TABLE wanted.users (
  zone text,
  service_name text,
  username text,
  allow_replication boolean,     -- pg
  absent boolean NOT NULL DEFAULT false,
  PRIMARY KEY (zone, service_name, username),
  FOREIGN KEY (zone, service_name) REFERENCES wanted.services
);
CREATE TABLE wanted.pools (
  zone text,
  service_name text,
  name text,
  database text NOT NULL,
  mode text,
  size bigint,
  username text,
  absent boolean NOT NULL DEFAULT false,
  PRIMARY KEY (zone, service_name, name),
  FOREIGN KEY (zone, service_name) REFERENCES wanted.services
);

-- One JSON value with the members of another: what an UPDATE of settings makes
CREATE FUNCTION wanted.merged(base jsonb, members jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN jsonb_typeof(base) = 'object' AND jsonb_typeof(members) = 'object'
    THEN base || (SELECT coalesce(jsonb_object_agg(key, wanted.merged(base->key, value)), '{}')
                  FROM jsonb_each(members))
    ELSE coalesce(members, base) END
$$;

-- As the API shows them: without host bits, in no order
CREATE FUNCTION wanted.networks(text[]) RETURNS cidr[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(SELECT DISTINCT network(n::inet) FROM unnest($1) AS n ORDER BY 1)
$$;

-- Is that the version, as far as both say?  16 is 16.4.
CREATE FUNCTION wanted.same_version(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT starts_with(a || '.', b || '.') OR starts_with(b || '.', a || '.')
$$;

-- The services themselves.  A COMMIT with option wait 'running' waits for them.
CREATE PROCEDURE wanted.make_services() LANGUAGE sql AS $$
  INSERT INTO exo.dbaas_services (zone, name, type, plan, termination_protection, parameters)
  SELECT w.zone, w.name, w.type, w.plan, w.termination_protection,
         coalesce(w.parameters, '{}') || jsonb_strip_nulls(jsonb_build_object(
           'version', w.version,
           'ip-filter', w.ip_filter,
           'maintenance', CASE WHEN w.maintenance_dow IS NOT NULL THEN jsonb_build_object(
             'dow', w.maintenance_dow, 'time', w.maintenance_time) END,
           w.type || '-settings', w.settings))
  FROM wanted.services w
  WHERE NOT w.absent AND NOT EXISTS (
    SELECT FROM exo.dbaas_services s WHERE s.zone = w.zone AND s.name = w.name);

  UPDATE exo.dbaas_services s
  SET plan = CASE WHEN s.state = 'running' AND NOT w.absent THEN w.plan ELSE s.plan END,
      termination_protection = coalesce(w.termination_protection, s.termination_protection)
  FROM wanted.services w
  WHERE w.zone = s.zone AND w.name = s.name AND w.type = s.type
    AND (w.plan <> s.plan OR w.termination_protection <> coalesce(s.termination_protection, false));

  DELETE FROM exo.dbaas_services s USING wanted.services w
  WHERE w.zone = s.zone AND w.name = s.name AND w.type = s.type
    AND w.absent AND s.termination_protection IS NOT TRUE;
$$;

-- The services where more can be changed
CREATE VIEW wanted.running AS
  SELECT w.zone, w.name AS service_name, w.type
  FROM wanted.services w JOIN exo.dbaas_services s USING (zone, name, type)
  WHERE NOT w.absent AND s.state = 'running';

-- What is set in them.  The UPDATE itself finds out what differs.
CREATE PROCEDURE wanted.set_services() LANGUAGE sql AS $$
  UPDATE exo.dbaas_service_details d
  SET version = coalesce(w.version, d.version),
      ip_filter = coalesce(w.ip_filter, d.ip_filter),
      maintenance_dow = coalesce(w.maintenance_dow, d.maintenance_dow),
      maintenance_time = coalesce(w.maintenance_time, d.maintenance_time),
      settings = wanted.merged(d.settings, w.settings)
  FROM wanted.services w JOIN wanted.running r ON r.zone = w.zone AND r.service_name = w.name
  WHERE d.zone = r.zone AND d.service_name = r.service_name AND d.type = r.type;
$$;

-- What is inside them
CREATE PROCEDURE wanted.fill_services() LANGUAGE sql AS $$
  INSERT INTO exo.dbaas_databases (zone, service_name, name)
  SELECT zone, service_name, name
  FROM wanted.databases w JOIN wanted.running USING (zone, service_name)
  WHERE NOT absent AND NOT EXISTS (
    SELECT FROM exo.dbaas_databases d
    WHERE d.zone = w.zone AND d.service_name = w.service_name AND d.name = w.name);

  INSERT INTO exo.dbaas_users (zone, service_name, username, allow_replication)
  SELECT zone, service_name, username, allow_replication
  FROM wanted.users w JOIN wanted.running USING (zone, service_name)
  WHERE NOT absent AND NOT EXISTS (
    SELECT FROM exo.dbaas_users u
    WHERE u.zone = w.zone AND u.service_name = w.service_name AND u.username = w.username);

  UPDATE exo.dbaas_users u SET allow_replication = w.allow_replication
  FROM wanted.users w JOIN wanted.running r USING (zone, service_name)
  WHERE u.zone = w.zone AND u.service_name = w.service_name AND u.username = w.username
    AND NOT w.absent AND w.allow_replication <> u.allow_replication;

  INSERT INTO exo.dbaas_connection_pools
    (zone, service_name, name, database, mode, size, username)
  SELECT zone, service_name, name, database, mode, size, username
  FROM wanted.pools w JOIN wanted.running USING (zone, service_name)
  WHERE NOT absent AND NOT EXISTS (
    SELECT FROM exo.dbaas_connection_pools p
    WHERE p.zone = w.zone AND p.service_name = w.service_name AND p.name = w.name);

  UPDATE exo.dbaas_connection_pools p
  SET database = w.database,
      mode = coalesce(w.mode, p.mode),
      size = coalesce(w.size, p.size),
      username = coalesce(w.username, p.username)
  FROM wanted.pools w JOIN wanted.running r USING (zone, service_name)
  WHERE p.zone = w.zone AND p.service_name = w.service_name AND p.name = w.name
    AND NOT w.absent;

  DELETE FROM exo.dbaas_connection_pools p
  USING wanted.pools w JOIN wanted.running r USING (zone, service_name)
  WHERE p.zone = w.zone AND p.service_name = w.service_name AND p.name = w.name AND w.absent;

  DELETE FROM exo.dbaas_users u
  USING wanted.users w JOIN wanted.running r USING (zone, service_name)
  WHERE u.zone = w.zone AND u.service_name = w.service_name AND u.username = w.username
    AND w.absent;

  DELETE FROM exo.dbaas_databases d
  USING wanted.databases w JOIN wanted.running r USING (zone, service_name)
  WHERE d.zone = w.zone AND d.service_name = w.service_name AND d.name = w.name AND w.absent;
$$;

-- Where the API differs.  Wanted is NULL for what is in no wanted table, and found for what is
-- not there.
CREATE VIEW wanted.drift AS
  SELECT coalesce(w.zone, s.zone) AS zone, coalesce(w.name, s.name) AS service_name,
         'service' AS object, s.type AS found,
         CASE WHEN w.absent THEN 'absent' ELSE w.type END AS wanted
  FROM wanted.services w
  FULL JOIN exo.dbaas_services s ON s.zone = w.zone AND s.name = w.name
  WHERE s.type IS DISTINCT FROM CASE WHEN NOT w.absent THEN w.type END
  UNION ALL
  SELECT w.zone, w.name, v.object, v.found, v.wanted
  FROM wanted.services w
  JOIN exo.dbaas_services s USING (zone, name, type)
  JOIN exo.dbaas_service_details d
    ON d.zone = w.zone AND d.service_name = w.name AND d.type = w.type
  CROSS JOIN LATERAL (
    VALUES
      ('plan', s.plan, w.plan, s.plan = w.plan),
      ('termination_protection', s.termination_protection::text, w.termination_protection::text,
       coalesce(s.termination_protection, false) = w.termination_protection),
      ('version', d.version, w.version, wanted.same_version(d.version, w.version)),
      ('ip_filter', d.ip_filter::text, w.ip_filter::text,
       wanted.networks(d.ip_filter) = wanted.networks(w.ip_filter)),
      ('maintenance_dow', d.maintenance_dow, w.maintenance_dow,
       d.maintenance_dow = w.maintenance_dow),
      ('maintenance_time', d.maintenance_time, w.maintenance_time,
       d.maintenance_time = w.maintenance_time)
    UNION ALL
    SELECT 'setting ' || m.key, (d.settings->m.key)::text, m.value::text,
           wanted.merged(d.settings->m.key, m.value) = d.settings->m.key
    FROM jsonb_each(w.settings) AS m
  ) AS v (object, found, wanted, same)
  WHERE NOT w.absent AND v.wanted IS NOT NULL AND v.same IS NOT TRUE
  UNION ALL
  SELECT zone, service_name, object,
         CASE f.found WHEN '{}' THEN 'there' ELSE f.found::text END,
         CASE WHEN w.absent THEN 'absent' WHEN w.wanted = '{}' THEN 'there' ELSE w.wanted::text END
  FROM (
    SELECT s.zone, s.name, i.object, jsonb_strip_nulls(i.found)
    FROM wanted.services s
    CROSS JOIN LATERAL (
      SELECT 'database ' || name, '{}'::jsonb
      FROM exo.dbaas_databases
      WHERE zone = s.zone AND service_name = s.name AND name <> 'defaultdb'
      UNION ALL
      SELECT 'user ' || username, jsonb_build_object('allow_replication', allow_replication)
      FROM exo.dbaas_users
      WHERE zone = s.zone AND service_name = s.name AND type <> 'primary'
      UNION ALL
      SELECT 'pool ' || name, jsonb_build_object('database', database, 'mode', mode, 'size', size,
                                                 'username', username)
      FROM exo.dbaas_connection_pools
      WHERE zone = s.zone AND service_name = s.name
    ) AS i (object, found)
    WHERE NOT s.absent
  ) AS f (zone, service_name, object, found)
  FULL JOIN (
    SELECT zone, service_name, 'database ' || name, '{}'::jsonb, absent FROM wanted.databases
    UNION ALL
    SELECT zone, service_name, 'user ' || username,
           jsonb_strip_nulls(jsonb_build_object('allow_replication', allow_replication)), absent
    FROM wanted.users
    UNION ALL
    SELECT zone, service_name, 'pool ' || name,
           jsonb_strip_nulls(jsonb_build_object('database', database, 'mode', mode, 'size', size,
                                                'username', username)), absent
    FROM wanted.pools
  ) AS w (zone, service_name, object, wanted, absent) USING (zone, service_name, object)
  WHERE CASE WHEN w.absent THEN f.found IS NOT NULL
    ELSE wanted.merged(f.found, w.wanted) IS DISTINCT FROM f.found OR w.wanted IS NULL END;

COMMIT;
