-- history.sql
--		A history of the imported tables, in local ones: a part of the script that
--		makes 0.3.
--
-- dbaas_fdw_history() makes the tables.  They belong to whoever calls it.  Nothing
-- in them depends on the extension, so that they outlive it and can be restored
-- without it.  Functions whose names begin with an underscore are for the others
-- here.  As the extension can be in any schema, and no search_path is trusted,
-- they are called by names that are put together.

/*
 * The tables of a history, in the order in which they are made.
 *
 * shows, resource: the imported table whose rows it keeps, and what that shows; NULL
 * for those of the collector itself.  reads: the imported table that these rows are
 * read from.  every: the default of keep.every.  key: what identifies a row of a table
 * of versions; NULL for the others.
 */
CREATE FUNCTION _dbaas_fdw_history_relations(
	OUT name name, OUT shows name, OUT reads name, OUT resource text, OUT every interval,
	OUT key name[],
	OUT definition text, OUT description text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	VALUES
	('keep'::name, NULL::name, NULL::name, NULL, NULL::interval, NULL::name[],
		'CREATE TABLE %1$I.keep (
			relation name PRIMARY KEY,
			enabled boolean NOT NULL DEFAULT true,
			every interval NOT NULL DEFAULT ''0'',
			retention interval CHECK (retention >= ''0''),
			first interval DEFAULT ''1 day'' CHECK (first >= ''0''),
			source name,
			source_oid oid,
			unfilled jsonb)',
		'What is collected, how often, and how long it is kept: a row for each table'),
	('runs', NULL, NULL, NULL, NULL, NULL,
		'CREATE TABLE %1$I.runs (
			id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			started_at timestamptz NOT NULL,
			ended_at timestamptz,
			requests bigint,
			rows_added jsonb,
			failed bigint,
			problems jsonb)',
		'What each collection did; ended_at is NULL while it runs, or if it was killed'),
	('cursors', NULL, NULL, NULL, NULL, NULL,
		'CREATE TABLE %1$I.cursors (
			zone text NOT NULL,
			service_name text NOT NULL,
			created_at timestamptz,
			log_offset text,
			newest timestamptz,
			sampled timestamptz,
			PRIMARY KEY (zone, service_name))',
		'How far the log and the metrics of each service have been collected'),
	('services', 'dbaas_services', 'dbaas_services', 'services', '0', '{zone,name}',
		'CREATE TABLE %1$I.services (%2$s,
			valid_from timestamptz NOT NULL, valid_to timestamptz,
			PRIMARY KEY (zone, name, valid_from));
		CREATE UNIQUE INDEX services_open ON %1$I.services (zone, name) WHERE valid_to IS NULL',
		'Versions of the services: valid_to is NULL for what is so still'),
	('details', 'dbaas_service_details', 'dbaas_service_details', 'service-details', '1 hour',
		'{zone,service_name}',
		'CREATE TABLE %1$I.details (%2$s,
			valid_from timestamptz NOT NULL, valid_to timestamptz,
			PRIMARY KEY (zone, service_name, valid_from));
		CREATE UNIQUE INDEX details_open ON %1$I.details (zone, service_name)
			WHERE valid_to IS NULL',
		'Versions of what the API says of each service beyond the list'),
	('integrations', 'dbaas_integrations', 'dbaas_integrations', 'integrations', '0', '{id}',
		'CREATE TABLE %1$I.integrations (%2$s,
			valid_from timestamptz NOT NULL, valid_to timestamptz,
			PRIMARY KEY (id, valid_from));
		CREATE UNIQUE INDEX integrations_open ON %1$I.integrations (id) WHERE valid_to IS NULL',
		'Versions of the integrations between services'),
	('backups', 'dbaas_backups', 'dbaas_service_details', 'backups', '1 hour',
		'{zone,service_name,backup_name}',
		'CREATE TABLE %1$I.backups (%2$s,
			valid_from timestamptz NOT NULL, valid_to timestamptz,
			PRIMARY KEY (zone, service_name, backup_name, valid_from));
		CREATE UNIQUE INDEX backups_open ON %1$I.backups (zone, service_name, backup_name)
			WHERE valid_to IS NULL',
		'Versions of the backups of the services'),
	('logs', 'dbaas_logs', 'dbaas_logs', 'logs', '0', NULL,
		'CREATE TABLE %1$I.logs (
			zone text NOT NULL,
			service_name text NOT NULL,
			time timestamptz NOT NULL,
			node text,
			unit text,
			message text)
			PARTITION BY RANGE (time);
		CREATE INDEX logs_service_time ON %1$I.logs (zone, service_name, time)',
		'Log entries, in a partition for each month in UTC'),
	('metrics', 'dbaas_metrics', 'dbaas_metrics', 'metrics', '0', NULL,
		'CREATE TABLE %1$I.metrics (
			zone text NOT NULL,
			service_name text NOT NULL,
			metric text NOT NULL,
			node text NOT NULL,
			time timestamptz NOT NULL,
			value double precision NOT NULL,
			PRIMARY KEY (zone, service_name, metric, node, time))
			PARTITION BY RANGE (time)',
		'Measurements, in a partition for each month in UTC')
$function$;
COMMENT ON FUNCTION _dbaas_fdw_history_relations() IS
'for dbaas_fdw_history(): the tables of a history';

/*
 * The columns of an imported table that a history keeps: not those that are for
 * requests alone, nor how a reading ended.
 */
CREATE FUNCTION _dbaas_fdw_history_columns(
	relation regclass, resource text,
	OUT name name, OUT type text, OUT description text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	RETURN QUERY EXECUTE format(
		'SELECT a.attname, format_type(a.atttypid, a.atttypmod), c.description
		FROM pg_attribute AS a
		LEFT JOIN %I.dbaas_fdw_catalogue() AS c
			ON c.resource = $2 AND c.column_name = a.attname
		WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
		  AND (c.field IS NOT NULL OR c.column_name IS NULL OR a.attname = ''zone'')
		  AND a.attname NOT IN (''with_outcome'', ''outcome'', ''valid_from'', ''valid_to'')
		ORDER BY a.attnum',
		(SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
		WHERE e.extname = 'dbaas_fdw'))
		USING relation, resource;
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_history_columns(regclass, text) IS
'for dbaas_fdw_history(): the columns of an imported table that a history keeps';

/*
 * Adds to a table of versions the columns that it lacks, and returns their names.
 * keep.unfilled gets the versions that are open: for them, a value of a new column
 * is no change.
 */
CREATE FUNCTION _dbaas_fdw_history_add_columns(
	history name, relation name, key name[], source regclass, resource text)
RETURNS SETOF name
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	lacking record;
BEGIN
	FOR lacking IN EXECUTE format(
		'SELECT c.* FROM %I._dbaas_fdw_history_columns($1, $2) AS c
		WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
			WHERE a.attrelid = $3::regclass AND a.attname = c.name AND NOT a.attisdropped)',
		extension)
		USING source, resource, format('%I.%I', history, relation)
	LOOP
		EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I %s', history, relation, lacking.name,
			lacking.type);
		EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', history, relation, lacking.name,
			lacking.description);
		EXECUTE format('UPDATE %1$I.keep SET unfilled = coalesce(unfilled, ''{}'')
			|| jsonb_build_object($1, (SELECT jsonb_object_agg(concat_ws(''/'', %2$s), true)
				FROM %1$I.%3$I WHERE valid_to IS NULL))
			WHERE relation = $2 AND EXISTS (SELECT FROM %1$I.%3$I WHERE valid_to IS NULL)',
			history, (SELECT string_agg(quote_ident(k), ', ') FROM unnest(key) AS k), relation)
			USING lacking.name, relation;
		RETURN NEXT relation || '.' || lacking.name;
	END LOOP;
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_history_add_columns(name, name, name[], regclass, text) IS
'for dbaas_fdw_history(): adds to a table the columns that it lacks';

/*
 * Makes the tables of a history, or adds to them what they lack: tables, columns
 * and rows of "keep".  "tables" is the schema of the imported tables; "history" is
 * made if it is not there.  Returns the names of what was made: columns as
 * table.column, rows of "keep" as keep.relation.  A NOTICE says that the history had
 * another schema of imported tables before.
 */
CREATE FUNCTION dbaas_fdw_history(tables name, history name) RETURNS SETOF name
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	source oid := (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = tables);
	is_history boolean;
	former name;
	relation record;
	shown record;
	definition text;
	made name;
	lacking boolean;
	lacks name;
BEGIN
	IF source IS NULL THEN
		RAISE invalid_schema_name USING
			MESSAGE = format('schema "%s" does not exist', tables),
			HINT = 'The first argument is the schema of the imported tables, the second is that of the history.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = source
		AND c.relname = 'dbaas_services' AND c.relkind = 'f')
	THEN
		RAISE undefined_table USING
			MESSAGE = format('schema "%s" has no foreign table "dbaas_services"', tables),
			HINT = format('The first argument is the schema of the imported tables: '
				'IMPORT FOREIGN SCHEMA dbaas FROM SERVER ... INTO %I.', tables);
	END IF;
	lacks := (SELECT c.relname FROM pg_class AS c
		WHERE c.relnamespace = source AND c.relkind = 'f'
		  AND c.relname IN ('dbaas_logs', 'dbaas_metrics', 'dbaas_service_details')
		  AND NOT EXISTS (SELECT FROM pg_attribute AS a
			WHERE a.attrelid = c.oid AND a.attname = 'with_outcome' AND NOT a.attisdropped)
		ORDER BY 1 LIMIT 1);
	IF lacks IS NOT NULL THEN
		RAISE undefined_column USING
			MESSAGE = format('foreign table %I.%I has no column "with_outcome"', tables, lacks),
			HINT = format('An older version imported it. Complete it: SELECT dbaas_fdw_complete(%L).',
				tables);
	END IF;
	IF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = history) THEN
		EXECUTE format('CREATE SCHEMA %I', history);
	END IF;
	is_history := EXISTS (SELECT FROM pg_attribute AS a
		WHERE a.attrelid = to_regclass(format('%I.keep', history)) AND a.attname = 'source_oid');
	IF is_history THEN
		EXECUTE format('SELECT source FROM %I.keep WHERE source <> $1 AND source_oid <> $2 LIMIT 1',
			history) INTO former USING tables, source;
		IF former IS NOT NULL THEN
			RAISE NOTICE USING
				MESSAGE = format('the history in schema "%s" was of schema "%s", and is of schema "%s" '
					'from now on', history, former, tables),
				HINT = 'Two organisations need a history each: what is not in the new schema counts as deleted.';
		END IF;
	END IF;

	FOR relation IN EXECUTE format(
		'SELECT * FROM %I._dbaas_fdw_history_relations() AS r
		WHERE r.resource IS NULL
		   OR to_regclass(format(''%%I.%%I'', $1, r.shows)) IS NOT NULL
		  AND to_regclass(format(''%%I.%%I'', $1, r.reads)) IS NOT NULL', extension)
		USING tables
	LOOP
		lacking := to_regclass(format('%I.%I', history, relation.name)) IS NULL;
		IF NOT lacking AND NOT is_history THEN
			RAISE duplicate_table USING
				MESSAGE = format('schema "%s" has a table "%s" that is not of a history', history,
					relation.name),
				HINT = 'Give the name of another schema. It is made if it is not there.';
		END IF;

		IF lacking THEN
			definition := relation.definition;
			IF relation.key IS NOT NULL THEN
				EXECUTE format('SELECT string_agg(format(''%%I %%s'', c.name, c.type), '', '')
					FROM %I._dbaas_fdw_history_columns($1, $2) AS c', extension)
					INTO definition
					USING format('%I.%I', tables, relation.shows)::regclass, relation.resource;
			END IF;
			EXECUTE format(relation.definition, history, definition);
			EXECUTE format('COMMENT ON TABLE %I.%I IS %L', history, relation.name,
				relation.description);
			RETURN NEXT relation.name;
		END IF;
		CONTINUE WHEN relation.resource IS NULL;

		EXECUTE format('INSERT INTO %I.keep (relation, every) VALUES ($1, $2)
			ON CONFLICT DO NOTHING RETURNING ''keep.'' || relation', history)
			INTO made USING relation.name, relation.every;
		IF made IS NOT NULL THEN
			RETURN NEXT made;
		END IF;
		EXECUTE format('UPDATE %I.keep SET source = $1, source_oid = $2 WHERE relation = $3
			AND (source, source_oid) IS DISTINCT FROM ($1, $2)', history)
			USING tables, source, relation.name;

		IF relation.key IS NOT NULL AND NOT lacking THEN
			RETURN QUERY EXECUTE format(
				'SELECT * FROM %I._dbaas_fdw_history_add_columns($1, $2, $3, $4, $5)', extension)
				USING history, relation.name, relation.key,
					format('%I.%I', tables, relation.shows)::regclass, relation.resource;
		ELSIF relation.key IS NOT NULL THEN
			FOR shown IN EXECUTE format('SELECT * FROM %I._dbaas_fdw_history_columns($1, $2)',
				extension)
				USING format('%I.%I', tables, relation.shows)::regclass, relation.resource
			LOOP
				EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', history, relation.name,
					shown.name, shown.description);
			END LOOP;
		END IF;
	END LOOP;

	IF to_regprocedure(format('%I.dbaas_fdw_history_views(name)', extension)) IS NOT NULL THEN
		RETURN QUERY EXECUTE format('SELECT * FROM %I.dbaas_fdw_history_views($1)', extension)
			USING history;
	END IF;
END;
$function$;
COMMENT ON FUNCTION dbaas_fdw_history(name, name) IS
'makes local tables that keep a history of the imported tables of a schema, or adds to them what they lack; returns the names of what it made';
