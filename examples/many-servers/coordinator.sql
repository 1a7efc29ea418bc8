-- What the coordinator has: schemas exo and hist whose tables are partitioned by
-- organisation, and where each partition is a view on a node.

CREATE EXTENSION postgres_fdw;
CREATE SCHEMA exo;
CREATE SCHEMA hist;
CREATE SCHEMA fleet;

-- Aggregates and joins of what one organisation has are the node's work
ALTER DATABASE :"DBNAME" SET enable_partitionwise_aggregate = on;
ALTER DATABASE :"DBNAME" SET enable_partitionwise_join = on;
-- Nor is what a node waits for work that JIT makes shorter
ALTER DATABASE :"DBNAME" SET jit = off;

CREATE TABLE fleet.organisations
(
  organisation name PRIMARY KEY,  -- and the name of its server
  left_out timestamptz,           -- since when; NULL: it takes part
  reason text
);

-- The tables of an organisation, each with the partitioned table that it is for
CREATE FUNCTION fleet.tables(of name)
RETURNS TABLE (schema name, name name, partition regclass, attached boolean)
STABLE LANGUAGE sql
BEGIN ATOMIC
  SELECT s.schema::name, c.relname, c.oid::regclass, c.relispartition
  FROM (VALUES ('exo'), ('hist')) AS s (schema)
  JOIN pg_namespace n ON n.nspname = tables.of || '_' || s.schema
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'f'
  ORDER BY 1, 2;
END;

CREATE PROCEDURE fleet.attach(of name) LANGUAGE plpgsql AS $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT * FROM fleet.tables(attach.of) WHERE NOT attached LOOP
    IF to_regclass(format('%I.%I', t.schema, t.name)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I.%I (LIKE %s) PARTITION BY LIST (organisation)',
                     t.schema, t.name, t.partition);
    END IF;
    EXECUTE format('ALTER TABLE %I.%I ATTACH PARTITION %s FOR VALUES IN (%L)',
                   t.schema, t.name, t.partition, attach.of);
  END LOOP;
END
$$;

CREATE PROCEDURE fleet.detach(of name) LANGUAGE plpgsql AS $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT * FROM fleet.tables(detach.of) WHERE attached LOOP
    EXECUTE format('ALTER TABLE %I.%I DETACH PARTITION %s', t.schema, t.name, t.partition);
  END LOOP;
END
$$;

-- Takes an organisation in.  Its server and user mapping are there.
CREATE PROCEDURE fleet.add(organisation name) LANGUAGE plpgsql AS $$
DECLARE
  schema text;
BEGIN
  FOREACH schema IN ARRAY '{exo,hist}'::text[] LOOP
    EXECUTE format('CREATE SCHEMA %I', add.organisation || '_' || schema);
    EXECUTE format('IMPORT FOREIGN SCHEMA %I FROM SERVER %I INTO %I',
                   'shared_' || schema, add.organisation, add.organisation || '_' || schema);
  END LOOP;
  INSERT INTO fleet.organisations VALUES (add.organisation);
  CALL fleet.attach(add.organisation);
END
$$;

-- NULL where the node answers, else why it does not.  The API is not asked.
CREATE FUNCTION fleet.trouble(of name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT FROM %I.requests LIMIT 1', trouble.of || '_exo');
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RETURN sqlerrm;
END
$$;

-- Leaves out who does not answer, and takes in again who does: for cron.  It
-- waits no longer for a report that runs than lock_timeout says, and fails then.
CREATE PROCEDURE fleet.check() LANGUAGE plpgsql SET lock_timeout = '10s' AS $$
DECLARE
  o fleet.organisations;
  trouble text;
BEGIN
  FOR o IN SELECT * FROM fleet.organisations ORDER BY organisation FOR UPDATE LOOP
    trouble := fleet.trouble(o.organisation);
    IF trouble IS NULL AND o.left_out IS NOT NULL THEN
      CALL fleet.attach(o.organisation);
      UPDATE fleet.organisations SET left_out = NULL, reason = NULL
      WHERE organisation = o.organisation;
      RAISE NOTICE '% takes part again', o.organisation;
    ELSIF trouble IS NOT NULL AND o.left_out IS NULL THEN
      CALL fleet.detach(o.organisation);
      UPDATE fleet.organisations SET left_out = now(), reason = trouble
      WHERE organisation = o.organisation;
      RAISE WARNING '% is left out: %', o.organisation, trouble;
    END IF;
  END LOOP;
END
$$;
