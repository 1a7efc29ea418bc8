-- history_collect.sql
--		Adds to a history what is new: a part of the script that makes 0.3.
--
-- The procedure dbaas_fdw_collect() runs steps until there is none left, each in a
-- transaction of its own.  It does nothing itself, as no transaction may end in a
-- procedure that has settings, or inside of an exception block: the steps have both.
--
-- What is left to do, and what was done, is a jsonb that goes from step to step:
--
--	run			the id in "runs"
--	at			when it began, by our clock: where versions begin and end
--	source		the schema of the imported tables
--	requests	what the session had requested before
--	due			the tables that are collected this time
--	added		rows added to each of them
--	problems	what failed, as in runs.problems
--	tasks		what is left to do.  "do" names the function
--
-- A function for a task takes the history, the state and the task, and returns what
-- is added to the state: added, problems and tasks.  If it raises an error, its
-- transaction goes on without what it did.  So the rows of a service and its cursor
-- are written by one function.
--
-- Times of the API are compared with times of the API alone: our clock and its clock
-- may differ.

/*
 * The next step.  Returns the state after it, or NULL if there is none left, or if
 * another run has the history.
 */
CREATE FUNCTION _dbaas_fdw_collect_step(history name, state jsonb) RETURNS jsonb
LANGUAGE plpgsql CALLED ON NULL INPUT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	schema oid := (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = history);
	may_run boolean;
	task jsonb;
	result jsonb;
	state_code text;
	message text;
BEGIN
	IF schema IS NULL OR to_regclass(format('%I.keep', history)) IS NULL
		OR to_regclass(format('%I.runs', history)) IS NULL
	THEN
		RAISE undefined_table USING
			MESSAGE = format('schema "%s" has no history', history),
			HINT = format('Make one: SELECT * FROM dbaas_fdw_history(..., %L).', history);
	END IF;

	-- The lock ends with the transaction, also with one that is cancelled.  So
	-- another run may come between two steps: then it has the history
	may_run := pg_try_advisory_xact_lock(1684169057, schema::integer);
	IF may_run AND state IS NOT NULL THEN
		EXECUTE format('SELECT max(id) = $1 FROM %I.runs', history)
			INTO may_run USING (state->>'run')::bigint;
	END IF;
	IF may_run IS NOT TRUE THEN
		RAISE NOTICE 'another session is collecting the history in schema "%"', history;
		IF state IS NOT NULL THEN
			EXECUTE format('UPDATE %I.runs SET ended_at = clock_timestamp() WHERE id = $1', history)
				USING (state->>'run')::bigint;
		END IF;
		RETURN NULL;
	END IF;

	-- Loads the library, which knows the settings
	EXECUTE format('SELECT count(*) FROM %I.dbaas_fdw_stats()', extension) INTO message;
	PERFORM set_config(s.name, s.value, true)
	FROM (VALUES ('dbaas_fdw.unavailable_zones', 'error'), ('dbaas_fdw.cache_ttl', '0'),
		('dbaas_fdw.progress', '0'), ('jit', 'off')) AS s (name, value)
	WHERE current_setting(s.name, true) IS NOT NULL;

	IF state IS NULL THEN
		EXECUTE format('SELECT %I._dbaas_fdw_collect_begin($1)', extension)
			INTO state USING history;
		RETURN state;
	END IF;
	task := state->'tasks'->0;
	IF task IS NULL THEN
		EXECUTE format('SELECT %I._dbaas_fdw_collect_end($1, $2)', extension)
			USING history, state;
		RETURN NULL;
	END IF;

	state := jsonb_set(state, '{tasks}', (state->'tasks') - 0);
	BEGIN
		EXECUTE format('SELECT %I.%I($1, $2, $3)', extension,
			'_dbaas_fdw_collect_' || (task->>'do'))
			INTO result USING history, state, task;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state_code = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
		IF jsonb_array_length(task->'services') > 1 THEN
			-- Whose service it is will show
			result := jsonb_build_object('tasks', (
				SELECT jsonb_agg(task || jsonb_build_object('services', jsonb_build_array(s)))
				FROM jsonb_array_elements(task->'services') AS s));
		ELSE
			result := jsonb_build_object('problems', jsonb_build_array(jsonb_strip_nulls(
				jsonb_build_object('relation', coalesce(task->>'relation', task->>'do'),
					'zone', task->'services'->0->'zone',
					'service_name', task->'services'->0->'name',
					'sqlstate', state_code, 'message', message))));
		END IF;
	END;

	-- What was read around a gap is committed, so that there is one is known too: the
	-- run may not come to its end
	IF jsonb_array_length(result->'problems') > 0 THEN
		state := jsonb_set(state, '{problems}', (state->'problems') || (result->'problems'));
		EXECUTE format('UPDATE %I.runs SET problems = $2 WHERE id = $1', history)
			USING (state->>'run')::bigint, state->'problems';
	END IF;
	RETURN state || jsonb_build_object(
		'tasks', coalesce(result->'tasks', '[]') || (state->'tasks'),
		'added', (state->'added') || (
			SELECT coalesce(jsonb_object_agg(a.key,
				coalesce((state->'added'->>a.key)::bigint, 0) + a.value::bigint), '{}')
			FROM jsonb_each_text(coalesce(result->'added', '{}')) AS a));
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_step(name, jsonb) IS
'for dbaas_fdw_collect(): the next step';

/* Begins a run: returns its state. */
CREATE FUNCTION _dbaas_fdw_collect_begin(history name) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	at timestamptz := clock_timestamp();
	source name;
	named name;
	requests bigint;
	due jsonb;
	problems jsonb;				-- what is due, and cannot be read
	run bigint;
BEGIN
	-- The schema of the imported tables may have got another name since
	EXECUTE format(
		'SELECT n.nspname, k.source FROM (SELECT DISTINCT source, source_oid FROM %I.keep) AS k
		LEFT JOIN pg_namespace AS n ON n.nspname = k.source OR n.oid = k.source_oid
		ORDER BY EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = n.oid
			AND c.relname = ''dbaas_services'' AND c.relkind = ''f'') DESC,
			n.nspname = k.source DESC LIMIT 1', history)
		INTO source, named;
	IF source IS NULL THEN
		RAISE invalid_schema_name USING
			MESSAGE = format('the schema of the imported tables, "%s", does not exist', named),
			HINT = format('Tell which one it is: SELECT * FROM dbaas_fdw_history(..., %L).', history);
	END IF;

	-- What was collected less than "every" ago waits.  Schedules are not exact, so
	-- that a little less is enough.  What failed is collected again
	EXECUTE format(
		'SELECT coalesce(jsonb_object_agg(k.relation, 0), ''{}'') FROM %1$I.keep AS k
		WHERE k.enabled AND to_regclass(format(''%%I.%%I'', $1, k.relation)) IS NOT NULL
		  AND NOT EXISTS (SELECT FROM %1$I.runs AS r
			WHERE r.started_at > $2 - k.every * 0.95 AND r.rows_added ? k.relation
			  AND NOT EXISTS (SELECT FROM jsonb_array_elements(r.problems) AS p
				WHERE p ? ''sqlstate'' AND (p->>''relation'' = k.relation
					OR p->>''relation'' = ''details'' AND k.relation = ''backups'')))', history)
		INTO due USING history, at;
	EXECUTE format(
		'SELECT coalesce(jsonb_agg(jsonb_build_object(''relation'', r.name,
			''sqlstate'', CASE WHEN c.oid IS NULL THEN ''42P01'' ELSE ''42703'' END,
			''message'', format(CASE WHEN c.oid IS NULL THEN ''foreign table %%I.%%I does not exist''
				ELSE ''foreign table %%I.%%I has no column "with_outcome": ''
					''SELECT dbaas_fdw_complete(%%L) adds it'' END, $1, r.reads, $1))), ''[]'')
		FROM %I._dbaas_fdw_history_relations() AS r
		LEFT JOIN pg_class AS c ON c.oid = to_regclass(format(''%%I.%%I'', $1, r.reads))
		WHERE $2 ? r.name AND (c.oid IS NULL
			OR r.name <> ALL (''{services,integrations}''::name[])
			AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid
				AND a.attname = ''with_outcome'' AND NOT a.attisdropped))', extension)
		INTO problems USING source, due;
	due := due - ARRAY(SELECT p->>'relation' FROM jsonb_array_elements(problems) AS p);
	EXECUTE format('SELECT coalesce(sum(requests), 0) FROM %I.dbaas_fdw_stats()', extension)
		INTO requests;
	EXECUTE format('INSERT INTO %I.runs (started_at) VALUES ($1) RETURNING id', history)
		INTO run USING at;
	RETURN jsonb_build_object('run', run, 'at', at, 'source', source, 'requests', requests,
		'due', due, 'added', '{}'::jsonb, 'problems', problems,
		'tasks', CASE WHEN due = '{}' THEN '[]' ELSE '[{"do": "list", "relation": "services"}]' END
			::jsonb || '[{"do": "retention"}]');
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_begin(name) IS
'for dbaas_fdw_collect(): begins a run';

/* Ends a run: says in "runs" what it did, and warns of what failed. */
CREATE FUNCTION _dbaas_fdw_collect_end(history name, state jsonb) RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	requests bigint;
	failed bigint := (SELECT count(*) FROM jsonb_array_elements(state->'problems') AS p
		WHERE p ? 'sqlstate');
	gaps bigint := jsonb_array_length(state->'problems') - failed;
BEGIN
	EXECUTE format('SELECT coalesce(sum(requests), 0) FROM %I.dbaas_fdw_stats()', extension)
		INTO requests;
	EXECUTE format('UPDATE %I.runs SET ended_at = clock_timestamp(), requests = $2,
		rows_added = $3, failed = $4, problems = $5 WHERE id = $1', history)
		USING (state->>'run')::bigint, requests - (state->>'requests')::bigint,
			state->'added', failed, state->'problems';
	IF failed + gaps > 0 THEN
		RAISE WARNING USING
			MESSAGE = format('collecting the history in schema "%s" met %s failures and %s gaps',
				history, failed, gaps),
			HINT = format('See problems in %I.runs, where id = %s.', history, state->>'run');
	END IF;
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_end(name, jsonb) IS
'for dbaas_fdw_collect(): ends a run';

/*
 * Reads the lists of services, with the integrations in them, and plans the rest of
 * the run.  A zone whose list fails is left out.
 */
CREATE FUNCTION _dbaas_fdw_collect_list(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	source name := state->>'source';
	due jsonb := state->'due';
	-- A table that can say which zones fail, of a service that there is not
	telling name := (SELECT c.relname FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'with_outcome'
		WHERE n.nspname = source AND c.relkind = 'f'
		  AND c.relname IN ('dbaas_service_details', 'dbaas_logs', 'dbaas_metrics') LIMIT 1);
	failed jsonb;
	services jsonb;
	integrations jsonb;
	named jsonb;
	tasks jsonb := '[]';
BEGIN
	EXECUTE format(
		'WITH failed AS MATERIALIZED (%2$s)
		SELECT (SELECT jsonb_agg(f.outcome) FROM failed AS f),
			(SELECT jsonb_agg(to_jsonb(s)) FROM %1$I.dbaas_services AS s
				WHERE s.zone <> ALL (ARRAY(SELECT f.zone FROM failed AS f))), %3$s',
		source,
		CASE WHEN telling IS NULL THEN 'SELECT NULL::text AS zone, NULL::jsonb AS outcome WHERE false'
			ELSE format('SELECT DISTINCT ON (zone) zone, outcome FROM %I.%I
				WHERE with_outcome AND service_name = ''?'' AND zone IS NOT NULL
				  AND outcome->>''sqlstate'' <> ''42704'' ORDER BY zone', source, telling) END,
		CASE WHEN due ? 'integrations' THEN format(
			'(SELECT jsonb_agg(to_jsonb(i)) FROM %I.dbaas_integrations AS i
				WHERE i.zone <> ALL (ARRAY(SELECT f.zone FROM failed AS f)))', source)
			ELSE 'NULL::jsonb' END)
		INTO failed, services, integrations;
	services := coalesce(services, '[]');
	failed := coalesce(failed, '[]');
	named := (SELECT coalesce(jsonb_agg(jsonb_build_object('zone', s->'zone', 'name', s->'name',
			'type', s->'type', 'created_at', s->'created_at') ORDER BY s->>'zone', s->>'name'), '[]')
		FROM jsonb_array_elements(services) AS s);

	IF due ? 'services' THEN
		tasks := tasks || jsonb_build_object('do', 'versions', 'relation', 'services',
			'rows', services, 'failed', failed);
	END IF;
	IF due ? 'integrations' THEN
		tasks := tasks || jsonb_build_object('do', 'versions', 'relation', 'integrations',
			'rows', coalesce(integrations, '[]'), 'failed', failed);
	END IF;
	tasks := tasks || jsonb_build_object('do', 'cursors', 'listed', named, 'failed', failed)
		|| (SELECT coalesce(jsonb_agg(jsonb_build_object('do', 'gone', 'relation', r, 'listed', named,
				'failed', failed)), '[]')
			FROM unnest('{details,backups}'::text[]) AS r
			WHERE to_regclass(format('%I.%I', history, r)) IS NOT NULL);
	-- Several services at a time: eight requests are under way, and what is read
	-- of a batch is in memory
	tasks := tasks || (
		SELECT coalesce(jsonb_agg(jsonb_build_object('do', b.what, 'services', b.services)
			ORDER BY b.ord, b.batch), '[]')
		FROM (SELECT w.what, w.ord, s.n / w.size AS batch, jsonb_agg(s.service ORDER BY s.n) AS services
			FROM (VALUES ('logs', 1, 64), ('metrics', 2, 64), ('details', 3, 32))
				AS w (what, ord, size),
				(SELECT e.service, e.n - 1 AS n
				FROM jsonb_array_elements(named) WITH ORDINALITY AS e (service, n)) AS s
			WHERE due ? w.what OR (w.what = 'details' AND due ? 'backups')
			GROUP BY w.what, w.ord, s.n / w.size) AS b);
	RETURN jsonb_build_object('tasks', tasks, 'added', due, 'problems', (
		SELECT coalesce(jsonb_agg(jsonb_build_object('relation', 'services', 'zone', f->'zone',
			'sqlstate', f->'sqlstate', 'message', f->'message')), '[]')
		FROM jsonb_array_elements(failed) AS f));
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_list(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): reads the lists of services and plans the rest';

/*
 * What counts when two values of a column are compared: all but what changes by
 * itself.  That is when the service was updated, how far a node has got, the
 * backups, which are in a table of their own, and the order of lists.
 */
CREATE FUNCTION _dbaas_fdw_collect_shown(value jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
	SELECT CASE jsonb_typeof(value)
		WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(m.key, CASE
				WHEN jsonb_typeof(m.value) <> 'array' THEN m.value
				ELSE (SELECT coalesce(jsonb_agg(i.item ORDER BY i.item), '[]')
					FROM (SELECT CASE jsonb_typeof(e) WHEN 'object' THEN e - 'progress-updates'
						ELSE e END AS item
						FROM jsonb_array_elements(m.value) AS e) AS i) END), '{}')
			FROM jsonb_each(value - '{updated-at,backups}'::text[]) AS m)
		WHEN 'array' THEN (SELECT coalesce(jsonb_agg(e ORDER BY e), '[]')
			FROM jsonb_array_elements(value) AS e)
		ELSE value END
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_shown(jsonb) IS
'for dbaas_fdw_collect(): what counts of a value when versions are compared';

/*
 * Closes the versions that are no more, and opens those that are new.  The task has
 * the relation, the rows as the imported table shows them, and for which versions
 * these speak: those of all zones but the failed, or those of some services.
 */
CREATE FUNCTION _dbaas_fdw_collect_versions(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	at timestamptz := state->>'at';
	kept text := format('%I.%I', history, task->>'relation');
	relation record;
	shown record;
	same_key text;
	key text;
	rows text;
	columns text[];
	differs text[];
	filled name;
	opened bigint;
BEGIN
	EXECUTE format('SELECT r.*, k.unfilled FROM %I._dbaas_fdw_history_relations() AS r
		LEFT JOIN %I.keep AS k ON k.relation = r.name WHERE r.name = $1', extension, history)
		INTO relation USING task->>'relation';
	SELECT string_agg(format('n.%1$I = o.%1$I', k), ' AND '), string_agg(format('o.%I', k), ', ')
	INTO same_key, key
	FROM unnest(relation.key) AS k;
	rows := format('(SELECT DISTINCT ON (%1$s) o.* FROM jsonb_populate_recordset(NULL::%2$s, $1) '
		'AS o WHERE (%1$s) IS NOT NULL)', key, kept);

	FOR shown IN EXECUTE format('SELECT c.* FROM %I._dbaas_fdw_history_columns($1, $2) AS c
		JOIN pg_attribute AS a ON a.attrelid = $3::regclass AND a.attname = c.name
			AND NOT a.attisdropped', extension)
		USING format('%I.%I', state->>'source', relation.shows)::regclass, relation.resource, kept
	LOOP
		columns := columns || quote_ident(shown.name);
		-- A zone is no property of an integration between two
		IF shown.name <> ALL (relation.key || '{zone,updated_at}'::name[]) THEN
			differs := differs || format(CASE shown.type
				WHEN 'jsonb' THEN 'o.%1$I IS DISTINCT FROM n.%1$I AND '
					'%2$I._dbaas_fdw_collect_shown(o.%1$I) IS DISTINCT FROM '
					'%2$I._dbaas_fdw_collect_shown(n.%1$I)'
				WHEN 'text[]' THEN 'o.%1$I IS DISTINCT FROM n.%1$I AND '
					'(o.%1$I IS NULL OR n.%1$I IS NULL OR ARRAY(SELECT unnest(o.%1$I) ORDER BY 1) '
					'<> ARRAY(SELECT unnest(n.%1$I) ORDER BY 1))'
				ELSE 'o.%1$I IS DISTINCT FROM n.%1$I' END, shown.name, extension);
		END IF;
	END LOOP;

	-- For the versions that are open, what a new column shows is no change
	FOR filled IN
		SELECT u FROM jsonb_object_keys(relation.unfilled) AS u WHERE quote_ident(u) = ANY (columns)
	LOOP
		EXECUTE format('UPDATE %1$s AS o SET %2$I = n.%2$I FROM %3$s AS n
			WHERE o.valid_to IS NULL AND %4$s AND o.%2$I IS DISTINCT FROM n.%2$I
			  AND $2 ? concat_ws(''/'', %5$s)', kept, filled, rows, same_key, key)
			USING task->'rows', relation.unfilled->filled;
	END LOOP;

	EXECUTE format(
		'UPDATE %1$s AS o SET valid_to = greatest($2, o.valid_from + interval ''1 microsecond'')
		WHERE o.valid_to IS NULL AND (%2$s OR EXISTS (SELECT FROM %3$s AS n WHERE %4$s))
		  AND NOT EXISTS (SELECT FROM %3$s AS n WHERE %4$s AND NOT (%5$s))',
		kept,
		CASE WHEN task ? 'failed'
			THEN 'o.zone <> ALL (ARRAY(SELECT f->>''zone'' FROM jsonb_array_elements($3) AS f))'
			ELSE '(o.zone, o.service_name) IN (SELECT s->>''zone'', s->>''name''
				FROM jsonb_array_elements($3) AS s)' END,
		rows, same_key, array_to_string(differs, ' OR '))
		USING task->'rows', at, coalesce(task->'failed', task->'scope');
	-- A statement of its own, which sees what the first has closed
	EXECUTE format(
		'INSERT INTO %1$s (%2$s, valid_from)
		SELECT %3$s, greatest($2, (SELECT max(o.valid_to) FROM %1$s AS o WHERE %4$s))
		FROM %5$s AS n
		WHERE NOT EXISTS (SELECT FROM %1$s AS o WHERE %4$s AND o.valid_to IS NULL)',
		kept, array_to_string(columns, ', '), 'n.' || array_to_string(columns, ', n.'), same_key, rows)
		USING task->'rows', at;
	GET DIAGNOSTICS opened = ROW_COUNT;

	IF relation.unfilled IS NOT NULL THEN
		EXECUTE format(
			'UPDATE %1$I.keep AS k SET unfilled = (
				SELECT jsonb_object_agg(u.key, rest.keys)
				FROM jsonb_each(k.unfilled) AS u
				CROSS JOIN LATERAL (SELECT jsonb_object_agg(concat_ws(''/'', %2$s), true) AS keys
					FROM %3$s AS o WHERE o.valid_to IS NULL AND u.value ? concat_ws(''/'', %2$s)
					  AND NOT EXISTS (SELECT FROM %4$s AS n WHERE %5$s)) AS rest
				WHERE rest.keys IS NOT NULL)
			WHERE k.relation = $2', history, key, kept, rows, same_key)
			USING task->'rows', relation.name;
	END IF;
	RETURN jsonb_build_object('added', jsonb_build_object(relation.name, opened));
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_versions(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): closes and opens versions';

/* Closes the versions of services that the lists have no more. */
CREATE FUNCTION _dbaas_fdw_collect_gone(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	EXECUTE format(
		'UPDATE %I.%I AS o SET valid_to = greatest($1, o.valid_from + interval ''1 microsecond'')
		WHERE o.valid_to IS NULL
		  AND o.zone <> ALL (ARRAY(SELECT f->>''zone'' FROM jsonb_array_elements($2) AS f))
		  AND (o.zone, o.service_name) NOT IN
			(SELECT s.zone, s.name FROM jsonb_to_recordset($3) AS s (zone text, name text)
			WHERE (s.zone, s.name) IS NOT NULL)', history, task->>'relation')
		USING (state->>'at')::timestamptz, task->'failed', task->'listed';
	RETURN '{}';
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_gone(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): closes the versions of services that are gone';

/*
 * Makes the cursors of services that are new, and drops those of services that are
 * gone.  A service that was made again under its name has another log, in which its
 * cursor means nothing.
 *
 * "newest" and "sampled" are NULL for what keep.first bounds: what was there when the
 * zone was first seen.  They are -infinity for what was made later.
 */
CREATE FUNCTION _dbaas_fdw_collect_cursors(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	listed text := '(SELECT * FROM jsonb_to_recordset($1)
		AS l (zone text, name text, created_at timestamptz) WHERE (zone, name) IS NOT NULL)';
BEGIN
	EXECUTE format('DELETE FROM %I.cursors AS c
		WHERE c.zone <> ALL (ARRAY(SELECT f->>''zone'' FROM jsonb_array_elements($2) AS f))
		  AND (c.zone, c.service_name) NOT IN (SELECT l.zone, l.name FROM %s AS l)', history, listed)
		USING task->'listed', task->'failed';
	EXECUTE format('UPDATE %I.cursors AS c
		SET created_at = l.created_at, log_offset = NULL, newest = ''-infinity'',
			sampled = ''-infinity''
		FROM %s AS l
		WHERE l.zone = c.zone AND l.name = c.service_name AND l.created_at <> c.created_at',
		history, listed)
		USING task->'listed';
	EXECUTE format('INSERT INTO %1$I.cursors (zone, service_name, created_at, newest, sampled)
		SELECT l.zone, l.name, l.created_at, f.seen, f.seen
		FROM %2$s AS l
		CROSS JOIN LATERAL (SELECT CASE WHEN
			EXISTS (SELECT FROM %1$I.cursors AS c WHERE c.zone = l.zone)
			OR EXISTS (SELECT FROM %1$I.runs AS r WHERE r.rows_added IS NOT NULL
				AND NOT r.problems @> jsonb_build_array(jsonb_build_object(
					''relation'', ''services'', ''zone'', l.zone)))
			THEN timestamptz ''-infinity'' END AS seen) AS f
		WHERE (l.zone, l.name) NOT IN (SELECT c.zone, c.service_name FROM %1$I.cursors AS c)
		ON CONFLICT DO NOTHING', history, listed)
		USING task->'listed';
	RETURN '{}';
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_cursors(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): makes and drops cursors';

/* Reads the details of some services, which have their backups in them. */
CREATE FUNCTION _dbaas_fdw_collect_details(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	details jsonb;
	failures jsonb;
	services jsonb;
	backups jsonb;
	result jsonb := '{}';
	tasks jsonb := '[]';
BEGIN
	EXECUTE format(
		'SELECT coalesce(jsonb_agg(to_jsonb(d) - ''outcome'') FILTER (WHERE d.outcome IS NULL), ''[]''),
			coalesce(jsonb_agg(d.outcome || jsonb_build_object(''service'', s.name))
				FILTER (WHERE NOT (d.outcome->>''ok'')::boolean), ''[]'')
		FROM unnest($1, $2, $3) AS s (zone, name, type)
		CROSS JOIN LATERAL (SELECT * FROM %I.dbaas_service_details AS d
			WHERE d.zone = s.zone AND d.service_name = s.name AND d.type = s.type
			  AND d.with_outcome OFFSET 0) AS d', state->>'source')
		INTO details, failures
		USING ARRAY(SELECT s->>'zone' FROM jsonb_array_elements(task->'services') AS s),
			ARRAY(SELECT s->>'name' FROM jsonb_array_elements(task->'services') AS s),
			ARRAY(SELECT s->>'type' FROM jsonb_array_elements(task->'services') AS s);
	services := (SELECT coalesce(jsonb_agg(jsonb_build_object('zone', d->'zone',
			'name', d->'service_name')), '[]') FROM jsonb_array_elements(details) AS d);

	IF state->'due' ? 'details' THEN
		EXECUTE format('SELECT %I._dbaas_fdw_collect_versions($1, $2, $3)', extension)
			INTO result
			USING history, state, jsonb_build_object('relation', 'details', 'rows', details,
				'scope', services);
	END IF;
	IF state->'due' ? 'backups' THEN
		EXECUTE format(
			'SELECT coalesce(jsonb_agg(jsonb_build_object(''zone'', d->''zone'',
				''service_name'', d->''service_name'') || b.row), ''[]'')
			FROM jsonb_array_elements($1) AS d,
				jsonb_array_elements(CASE jsonb_typeof(d->''details''->''backups'')
					WHEN ''array'' THEN d->''details''->''backups'' ELSE ''[]'' END) AS e
			CROSS JOIN LATERAL (SELECT jsonb_object_agg(c.column_name, e->c.field) AS row
				FROM %I.dbaas_fdw_catalogue() AS c
				WHERE c.resource = ''backups'' AND e ? c.field) AS b', extension)
			INTO backups USING details;
		tasks := jsonb_build_array(jsonb_build_object('do', 'versions', 'relation', 'backups',
			'rows', backups, 'scope', services));
	END IF;
	-- 42704: the service is gone since it was listed
	RETURN result || jsonb_build_object('tasks', tasks, 'problems', (
		SELECT coalesce(jsonb_agg(jsonb_build_object('relation',
			CASE WHEN state->'due' ? 'details' THEN 'details' ELSE 'backups' END, 'zone', f->'zone',
			'service_name', f->'service', 'sqlstate', f->'sqlstate', 'message', f->'message')), '[]')
		FROM jsonb_array_elements(failures) AS f WHERE f->>'sqlstate' <> '42704'));
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_details(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): reads the details and the backups of some services';

/*
 * Makes partitions for the months of these times, and for the month after them, if
 * there are none.  LIKE and ATTACH lock out nobody who reads or writes.
 */
CREATE FUNCTION _dbaas_fdw_collect_partitions(history name, relation name, times timestamptz[])
RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO'
AS $function$
DECLARE
	month timestamptz;
	partition name;
BEGIN
	FOR month IN
		WITH months AS (
			SELECT DISTINCT date_trunc('month', t) AS month FROM unnest(times) AS t
		), there AS (
			SELECT coalesce(substring(b.bound FROM 'FROM [(]''([^'']*)')::timestamptz, '-infinity')
					AS lower,
				coalesce(substring(b.bound FROM 'TO [(]''([^'']*)')::timestamptz, 'infinity') AS upper
			FROM pg_inherits AS i
			JOIN pg_class AS c ON c.oid = i.inhrelid
			CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) AS b
			WHERE i.inhparent = format('%I.%I', history, relation)::regclass AND b.bound <> 'DEFAULT'
		)
		SELECT m.month FROM (SELECT months.month FROM months
			UNION SELECT max(months.month) + interval '1 month' FROM months) AS m
		WHERE m.month IS NOT NULL
		  AND NOT EXISTS (SELECT FROM there WHERE m.month >= lower AND m.month < upper)
		ORDER BY 1
	LOOP
		-- A partition that was detached keeps its name
		partition := relation || to_char(month, '_YYYY_MM');
		WHILE to_regclass(format('%I.%I', history, partition)) IS NOT NULL LOOP
			partition := partition || '_';
		END LOOP;
		EXECUTE format('CREATE TABLE %1$I.%2$I (LIKE %1$I.%3$I INCLUDING DEFAULTS '
			'INCLUDING CONSTRAINTS INCLUDING STORAGE)', history, partition, relation);
		EXECUTE format('ALTER TABLE %1$I.%2$I ATTACH PARTITION %1$I.%3$I FOR VALUES FROM (%4$L) '
			'TO (%5$L)', history, relation, partition, month, month + interval '1 month');
	END LOOP;
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_partitions(name, name, timestamptz[]) IS
'for dbaas_fdw_collect(): makes partitions';

/*
 * Adds entries to the log of a service, but those before "since".  Returns how many.
 * An entry without a time gets "otherwise".
 */
CREATE FUNCTION _dbaas_fdw_collect_add_logs(
	history name, zone text, service text, times timestamptz[], nodes text[], units text[],
	messages text[], since timestamptz, otherwise timestamptz)
RETURNS bigint
LANGUAGE plpgsql CALLED ON NULL INPUT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	added bigint := 0;
BEGIN
	times := ARRAY(SELECT coalesce(t, otherwise, now()) FROM unnest(times) AS t);
	EXECUTE format('SELECT %I._dbaas_fdw_collect_partitions($1, $2, $3)',
		(SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw'))
		USING history, 'logs'::name,
			ARRAY(SELECT t FROM unnest(times) AS t WHERE since IS NULL OR t >= since);
	EXECUTE format('INSERT INTO %I.logs (zone, service_name, time, node, unit, message)
		SELECT $1, $2, e.* FROM unnest($3, $4, $5, $6) AS e (time, node, unit, message)
		WHERE $7 IS NULL OR e.time >= $7', history)
		USING zone, service, times, nodes, units, messages, since;
	GET DIAGNOSTICS added = ROW_COUNT;
	RETURN added;
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_add_logs(name, text, text, timestamptz[], text[], text[], text[], timestamptz, timestamptz) IS
'for dbaas_fdw_collect(): adds entries to the log of a service';

/*
 * Says of some services how their logs are read on: "services" with members of the
 * cursor, "until" and "since".
 *
 * A log is read until the newest entry that it had when that was asked, in case it
 * grows faster than it is read.  That is asked where a first page was full, and where
 * keep.first counts back from it.
 */
CREATE FUNCTION _dbaas_fdw_collect_log_bounds(
	history name, source name, services jsonb, OUT bounded jsonb, OUT problems jsonb)
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	ends jsonb;
BEGIN
	bounded := services;
	problems := '[]';
	IF NOT EXISTS (SELECT FROM jsonb_array_elements(services) AS s WHERE (s->>'probe')::boolean) THEN
		RETURN;
	END IF;
	EXECUTE format(
		'SELECT coalesce(jsonb_agg(jsonb_build_object(''zone'', s.zone, ''name'', s.name,
			''newest'', l.time, ''outcome'', l.outcome)), ''[]'')
		FROM unnest($1, $2) AS s (zone, name)
		CROSS JOIN LATERAL (SELECT l.time, l.outcome FROM %I.dbaas_logs AS l
			WHERE l.zone = s.zone AND l.service_name = s.name AND l.sort_order = ''desc''
			  AND l.log_limit = 1 AND l.with_outcome OFFSET 0) AS l', source)
		INTO ends
		USING ARRAY(SELECT s->>'zone' FROM jsonb_array_elements(services) AS s
				WHERE (s->>'probe')::boolean),
			ARRAY(SELECT s->>'name' FROM jsonb_array_elements(services) AS s
				WHERE (s->>'probe')::boolean);
	EXECUTE format(
		'WITH e AS (
			SELECT e.zone, e.name, max(e.newest) AS newest,
				(array_agg(e.outcome) FILTER (WHERE NOT (e.outcome->>''ok'')::boolean))[1] AS failure
			FROM jsonb_to_recordset($2) AS e (zone text, name text, newest timestamptz, outcome jsonb)
			GROUP BY e.zone, e.name
		)
		SELECT coalesce(jsonb_agg(s.service || CASE WHEN e.zone IS NULL THEN ''{}''
				ELSE jsonb_build_object(''until'', coalesce(e.newest, ''-infinity'')) END
				|| CASE WHEN (s.service->>''first'')::boolean
				THEN jsonb_build_object(''since'', e.newest - k.first) ELSE ''{}'' END)
				FILTER (WHERE e.failure IS NULL), ''[]''),
			coalesce(jsonb_agg(e.failure || s.service) FILTER (WHERE e.failure IS NOT NULL), ''[]'')
		FROM jsonb_array_elements($1) AS s (service)
		LEFT JOIN e ON e.zone = s.service->>''zone'' AND e.name = s.service->>''name''
		CROSS JOIN (SELECT k.first FROM %I.keep AS k WHERE k.relation = ''logs'') AS k', history)
		INTO bounded, problems
		USING services, ends;
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_log_bounds(name, name, jsonb) IS
'for dbaas_fdw_collect(): until where the logs of some services are read';

/*
 * Reads a page of the log of each of some services, and plans how they are read on.
 * Ascending always: a cursor of a descending read may count from a newest entry that
 * is not the newest for long.
 */
CREATE FUNCTION _dbaas_fdw_collect_logs(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	page constant integer := 500;
	-- Times in a log may be out of order by as much
	disorder constant interval := '1 second';
	services jsonb;
	problems jsonb;
	rereads jsonb;
	again jsonb := '[]';
	read record;
	service jsonb;
	at text;					-- its cursor, before and behind the page
	next text;
	newest timestamptz;			-- of its entries that are kept
	added bigint := 0;
	n bigint;
BEGIN
	EXECUTE format(
		'SELECT coalesce(jsonb_agg(s.service || to_jsonb(c) || f.first || jsonb_build_object(
				''reread'', c.log_offset IS NULL AND EXISTS (SELECT FROM %1$I.logs AS l
				WHERE l.zone = c.zone AND l.service_name = c.service_name))), ''[]'')
		FROM jsonb_array_elements($1) AS s (service)
		JOIN %1$I.cursors AS c ON c.zone = s.service->>''zone''
			AND c.service_name = s.service->>''name''
		CROSS JOIN LATERAL (SELECT CASE WHEN c.newest IS NULL AND k.first IS NOT NULL
				AND NOT s.service ? ''since'' THEN jsonb ''{"first": true, "probe": true}''
				ELSE ''{}'' END AS first
			FROM %1$I.keep AS k WHERE k.relation = ''logs'') AS f', history)
		INTO services USING task->'services';
	rereads := (SELECT coalesce(jsonb_agg(jsonb_build_object('do', 'reread', 'relation', 'logs',
			'services', jsonb_build_array(s))), '[]')
		FROM jsonb_array_elements(services) AS s WHERE (s->>'reread')::boolean);
	services := (SELECT coalesce(jsonb_agg(s), '[]') FROM jsonb_array_elements(services) AS s
		WHERE NOT (s->>'reread')::boolean);
	EXECUTE format('SELECT * FROM %I._dbaas_fdw_collect_log_bounds($1, $2, $3)', extension)
		INTO services, problems USING history, (state->>'source')::name, services;

	FOR read IN EXECUTE format(
		'WITH s AS (
			SELECT s.n - 1 AS n, s.service->>''zone'' AS zone, s.service->>''name'' AS name,
				s.service->>''log_offset'' AS at
			FROM jsonb_array_elements($1) WITH ORDINALITY AS s (service, n)
		)
		SELECT l.n::integer, max(l.time) AS newest,
			array_agg(l.time) FILTER (WHERE l.outcome IS NULL) AS times,
			array_agg(l.node) FILTER (WHERE l.outcome IS NULL) AS nodes,
			array_agg(l.unit) FILTER (WHERE l.outcome IS NULL) AS units,
			array_agg(l.message) FILTER (WHERE l.outcome IS NULL) AS messages,
			(array_agg(l.outcome) FILTER (WHERE l.outcome IS NOT NULL))[1] AS outcome
		FROM (SELECT s.n, l.* FROM s
			CROSS JOIN LATERAL (SELECT l.time, l.node, l.unit, l.message, l.outcome
				FROM %1$I.dbaas_logs AS l
				WHERE l.zone = s.zone AND l.service_name = s.name AND l.sort_order = ''asc''
				  AND l.log_limit = $2 AND l.log_offset = s.at AND l.with_outcome OFFSET 0) AS l
			WHERE s.at IS NOT NULL
			UNION ALL
			SELECT s.n, l.* FROM s
			CROSS JOIN LATERAL (SELECT l.time, l.node, l.unit, l.message, l.outcome
				FROM %1$I.dbaas_logs AS l
				WHERE l.zone = s.zone AND l.service_name = s.name AND l.sort_order = ''asc''
				  AND l.log_limit = $2 AND l.with_outcome OFFSET 0) AS l
			WHERE s.at IS NULL) AS l
		GROUP BY l.n', state->>'source')
		USING services, page
	LOOP
		service := services->read.n;
		at := service->>'log_offset';
		next := read.outcome->>'next_offset';
		newest := service->>'newest';
		IF NOT (read.outcome->>'ok')::boolean THEN
			-- The cursor is refused.  42704: or the service is gone since it was
			-- listed, which a read without a cursor tells
			IF read.outcome->>'sqlstate' IN ('22023', '42704') AND at IS NOT NULL THEN
				next := NULL;
				again := again || (service - '{log_offset,newest}'::text[]);
			ELSE
				problems := problems || (read.outcome || service);
				CONTINUE;
			END IF;
		ELSE
			IF read.times IS NOT NULL THEN
				EXECUTE format('SELECT %I._dbaas_fdw_collect_add_logs($1, $2, $3, $4, $5, $6, $7, $8, $9)',
					extension)
					INTO n
					USING history, service->>'zone', service->>'name', read.times, read.nodes,
						read.units, read.messages, (service->>'since')::timestamptz, read.newest;
				added := added + n;
				IF n > 0 THEN
					newest := greatest(newest, read.newest);
				END IF;
			END IF;
			IF cardinality(read.times) >= page AND next <> coalesce(at, '')
				AND coalesce(read.newest <= (service->>'until')::timestamptz + disorder, true)
			THEN
				again := again || ((service - 'first') || CASE WHEN service ? 'until' THEN '{"probe": false}'
					ELSE '{"probe": true}' END::jsonb);
			ELSE
				newest := coalesce(newest, '-infinity');
			END IF;
		END IF;
		IF (next, newest) IS DISTINCT FROM (at, (service->>'newest')::timestamptz) THEN
			EXECUTE format('UPDATE %I.cursors SET log_offset = $3, newest = $4
				WHERE zone = $1 AND service_name = $2', history)
				USING service->>'zone', service->>'name', next, newest;
		END IF;
	END LOOP;

	-- 42704: the service is gone since it was listed
	RETURN jsonb_build_object('added', jsonb_build_object('logs', added),
		'tasks', rereads || CASE WHEN again = '[]' THEN '[]'
			ELSE jsonb_build_array(jsonb_build_object('do', 'logs', 'services', again)) END,
		'problems', (SELECT coalesce(jsonb_agg(jsonb_build_object('relation', 'logs',
				'zone', p->'zone', 'service_name', p->'name', 'sqlstate', p->'sqlstate',
				'message', p->'message')), '[]')
			FROM jsonb_array_elements(problems) AS p WHERE p->>'sqlstate' <> '42704'));
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_logs(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): reads a page of the logs of some services';

/*
 * Reads the log of a service from its beginning on, beyond what is kept: its cursor
 * was refused, or it was made again.  Adds what is not kept yet.  Entries that equal
 * each other are counted: each of them is kept.
 */
CREATE FUNCTION _dbaas_fdw_collect_reread(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	-- Times in a log may be out of order by as much
	disorder constant interval := '1 second';
	page constant integer := 500;
	service jsonb := task->'services'->0;
	oldest timestamptz;
	newest timestamptz;
	known timestamptz;			-- its newest in the log that it has now
	outcome jsonb;
	first_read timestamptz;
	last_read timestamptz;
	entries bigint;
	compared bigint;
	times timestamptz[];
	nodes text[];
	units text[];
	messages text[];
	added bigint;
BEGIN
	EXECUTE format('SELECT min(l.time), max(l.time), (SELECT c.newest FROM %1$I.cursors AS c
			WHERE c.zone = $1 AND c.service_name = $2)
		FROM %1$I.logs AS l WHERE l.zone = $1 AND l.service_name = $2', history)
		INTO oldest, newest, known USING service->>'zone', service->>'name';

	EXECUTE format(
		'WITH RECURSIVE read AS (
			SELECT 1 AS page, NULL::text AS at, l.*
			FROM (SELECT l.time, l.node, l.unit, l.message, l.outcome, max(l.time) OVER () AS newest,
					count(*) OVER () - 1 AS entries
				FROM %1$I.dbaas_logs AS l
				WHERE l.zone = $1 AND l.service_name = $2 AND l.sort_order = ''asc''
				  AND l.log_limit = $5 AND l.with_outcome) AS l
			UNION ALL
			SELECT r.page + 1, r.outcome->>''next_offset'', l.*
			FROM read AS r
			CROSS JOIN LATERAL (SELECT l.time, l.node, l.unit, l.message, l.outcome,
					max(l.time) OVER () AS newest, count(*) OVER () - 1 AS entries
				FROM %1$I.dbaas_logs AS l
				WHERE l.zone = $1 AND l.service_name = $2 AND l.sort_order = ''asc''
				  AND l.log_limit = $5 AND l.log_offset = r.outcome->>''next_offset''
				  AND l.with_outcome) AS l
			WHERE (r.outcome->>''ok'')::boolean AND r.entries >= $5 AND r.newest <= $4
			  AND r.outcome->>''next_offset'' IS DISTINCT FROM r.at
		), last AS (
			SELECT r.outcome, r.entries, r.newest FROM read AS r WHERE r.outcome IS NOT NULL
			ORDER BY r.page DESC LIMIT 1
		), added AS (
			SELECT r.time, r.node, r.unit, r.message FROM read AS r
			WHERE r.outcome IS NULL AND r.time >= $3
			EXCEPT ALL
			SELECT l.time, l.node, l.unit, l.message FROM %2$I.logs AS l
			WHERE l.zone = $1 AND l.service_name = $2
			  AND l.time >= (SELECT min(r.time) FROM read AS r)
		)
		SELECT l.outcome, l.entries, l.newest, r.*, a.*
		FROM last AS l,
			(SELECT min(r.time), count(*) FILTER (WHERE r.outcome IS NULL AND r.time >= $3)
			FROM read AS r) AS r,
			(SELECT array_agg(time), array_agg(node), array_agg(unit), array_agg(message)
			FROM added) AS a', state->>'source', history)
		INTO outcome, entries, last_read, first_read, compared, times, nodes, units, messages
		USING service->>'zone', service->>'name', oldest - disorder, newest + disorder, page;

	IF NOT (outcome->>'ok')::boolean THEN
		RETURN jsonb_build_object('problems', CASE WHEN outcome->>'sqlstate' = '42704' THEN '[]'
			ELSE jsonb_build_array(jsonb_build_object('relation', 'logs', 'zone', service->'zone',
				'service_name', service->'name', 'sqlstate', outcome->'sqlstate',
				'message', outcome->'message')) END);
	END IF;
	EXECUTE format('SELECT %I._dbaas_fdw_collect_add_logs($1, $2, $3, $4, $5, $6, $7, NULL, NULL)',
		extension)
		INTO added
		USING history, service->>'zone', service->>'name', times, nodes, units, messages;
	-- Of a log without entries it is not known yet whether some are missing
	EXECUTE format('UPDATE %I.cursors SET log_offset = $3, newest = greatest($4, $5)
		WHERE zone = $1 AND service_name = $2
		  AND (log_offset, newest) IS DISTINCT FROM ($3, greatest($4, $5))', history)
		USING service->>'zone', service->>'name',
			CASE WHEN first_read IS NOT NULL THEN outcome->>'next_offset' END, known, last_read;
	RETURN jsonb_build_object('added', jsonb_build_object('logs', added),
		'tasks', CASE WHEN entries >= page THEN jsonb_build_array(jsonb_build_object('do', 'logs',
			'services', jsonb_build_array(jsonb_build_object('zone', service->'zone',
				'name', service->'name', 'probe', true)))) ELSE '[]' END,
		-- What is kept was reached if some of what was read is kept, whatever the times are
		'problems', CASE WHEN added > 0 AND added = compared AND known > '-infinity'
			THEN jsonb_build_array(jsonb_build_object('relation', 'logs', 'zone', service->'zone',
				'service_name', service->'name', 'gap_from', least(newest, first_read),
				'gap_to', greatest(newest, first_read),
				'message', 'the log does not reach back to what is kept')) ELSE '[]' END);
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_reread(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): reads the log of a service that has no cursor';

/*
 * Reads a period of the metrics of some services: what is not kept as it is, later
 * than "since" and before "before".  A NULL in "since" is so much before the newest
 * sample as keep.first says.  "ends" tells of each service what was read.
 */
CREATE FUNCTION _dbaas_fdw_collect_samples(
	history name, source name, period text, zones text[], names text[], since timestamptz[],
	before timestamptz[],
	OUT ends jsonb, OUT of_zones text[], OUT of_names text[], OUT metrics text[], OUT nodes text[],
	OUT times timestamptz[], OUT samples double precision[])
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
-- So that series are grouped by hashing: samples come in the order of their times, as
-- those that are kept do, and are equal then as a whole
SET enable_sort = off
SET enable_incremental_sort = off
AS $function$
BEGIN
	EXECUTE format(
		'WITH series AS MATERIALIZED (
			SELECT m.n, m.metric, m.node, min(m.time) AS oldest, max(m.time) AS newest,
				max(m.time) FILTER (WHERE m.value IS NOT NULL) AS valued,
				array_agg(m.time) FILTER (WHERE m.value IS NOT NULL) AS times,
				array_agg(m.value) FILTER (WHERE m.value IS NOT NULL) AS samples,
				(array_agg(m.outcome) FILTER (WHERE m.outcome IS NOT NULL))[1] AS outcome
			FROM (SELECT s.n, m.* FROM unnest($2, $3) WITH ORDINALITY AS s (zone, name, n)
				CROSS JOIN LATERAL (SELECT m.metric, coalesce(m.node, '''') AS node, m.time, m.value,
						m.outcome
					FROM %1$I.dbaas_metrics AS m
					WHERE m.zone = s.zone AND m.service_name = s.name AND m.period = $1
					  AND m.with_outcome OFFSET 0) AS m) AS m
			GROUP BY m.n, m.metric, m.node
		), ends AS MATERIALIZED (
			SELECT b.n, b.zone, b.name, b.before, e.oldest, e.newest, e.valued, e.outcome,
				coalesce(b.since, e.newest - k.first, ''-infinity'') AS since
			FROM unnest($2, $3, $4, $5) WITH ORDINALITY AS b (zone, name, since, before, n)
			JOIN (SELECT s.n, min(s.oldest) AS oldest, max(s.newest) AS newest,
					max(s.valued) AS valued,
					(array_agg(s.outcome) FILTER (WHERE s.outcome IS NOT NULL))[1] AS outcome
				FROM series AS s GROUP BY s.n) AS e ON e.n = b.n
			CROSS JOIN (SELECT k.first FROM %2$I.keep AS k WHERE k.relation = ''metrics'') AS k
		), added AS (
			SELECT e.zone, e.name, s.metric, s.node, a.time, a.value
			FROM series AS s
			JOIN ends AS e ON e.n = s.n
			CROSS JOIN LATERAL (SELECT array_agg(k.time) AS times, array_agg(k.value) AS samples
				FROM (SELECT k.time, k.value FROM %2$I.metrics AS k
					WHERE k.zone = e.zone AND k.service_name = e.name
					  AND k.metric = s.metric AND k.node = s.node
					  AND k.time >= s.oldest AND k.time <= s.newest
					ORDER BY k.time OFFSET 0) AS k) AS k
			CROSS JOIN LATERAL (SELECT * FROM unnest(s.times, s.samples) AS a (time, value)
				EXCEPT SELECT * FROM unnest(k.times, k.samples)) AS a
			WHERE s.times IS NOT NULL
			  AND (s.times IS DISTINCT FROM k.times OR s.samples IS DISTINCT FROM k.samples)
			  AND a.time > e.since AND a.time < e.before
		)
		SELECT (SELECT coalesce(jsonb_agg(to_jsonb(e)), ''[]'') FROM ends AS e),
			array_agg(a.zone), array_agg(a.name), array_agg(a.metric), array_agg(a.node),
			array_agg(a.time), array_agg(a.value)
		FROM added AS a', source, history)
		INTO ends, of_zones, of_names, metrics, nodes, times, samples
		USING period, zones, names, since, before;
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_samples(name, name, text, text[], text[], timestamptz[], timestamptz[]) IS
'for dbaas_fdw_collect(): reads a period of the metrics of some services';

/*
 * Reads the metrics of some services.  The last hour is read always, and corrects
 * what is kept of it.  What lies between that and the newest sample that is kept
 * comes from the smallest period that has it: each period only gives what is before
 * the one that is finer, so that no time has samples of two.
 */
CREATE FUNCTION _dbaas_fdw_collect_metrics(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	extension name := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	period text;
	asked jsonb;				-- services of which the period is read
	found record;				-- what it has
	services jsonb := '[]';		-- those whose last hour has samples
	problems jsonb := '[]';
	zones text[];
	names text[];
	metrics text[];
	nodes text[];
	times timestamptz[];
	samples double precision[];
	added bigint := 0;
BEGIN
	-- since: of the hour, all; of a first run, as keep.first says; after that, what lies
	-- behind the newest sample, or behind when the service was made
	EXECUTE format(
		'SELECT coalesce(jsonb_agg(jsonb_build_object(''zone'', c.zone, ''name'', c.service_name,
			''sampled'', c.sampled, ''before'', ''infinity'',
			''since'', CASE WHEN c.sampled IS NOT NULL THEN ''-infinity'' END,
			''known'', CASE c.sampled WHEN ''-infinity''
				THEN coalesce(c.created_at, ''-infinity'')
				ELSE c.sampled END)), ''[]'')
		FROM jsonb_to_recordset($1) AS s (zone text, name text)
		JOIN %I.cursors AS c ON c.zone = s.zone AND c.service_name = s.name', history)
		INTO asked USING task->'services';

	FOREACH period IN ARRAY '{hour,day,week,month,year}'::text[] LOOP
		EXIT WHEN asked = '[]';
		EXECUTE format('SELECT * FROM %I._dbaas_fdw_collect_samples($1, $2, $3, $4, $5, $6, $7)',
			extension)
			INTO found
			USING history, (state->>'source')::name, period,
				ARRAY(SELECT s->>'zone' FROM jsonb_array_elements(asked) AS s),
				ARRAY(SELECT s->>'name' FROM jsonb_array_elements(asked) AS s),
				ARRAY(SELECT (s->>'since')::timestamptz FROM jsonb_array_elements(asked) AS s),
				ARRAY(SELECT (s->>'before')::timestamptz FROM jsonb_array_elements(asked) AS s);
		zones := zones || found.of_zones;
		names := names || found.of_names;
		metrics := metrics || found.metrics;
		nodes := nodes || found.nodes;
		times := times || found.times;
		samples := samples || found.samples;
		problems := problems || (SELECT coalesce(jsonb_agg(jsonb_build_object(
				'relation', 'metrics', 'zone', e->'zone', 'service_name', e->'name',
				'sqlstate', e->'outcome'->'sqlstate', 'message', e->'outcome'->'message')), '[]')
			FROM jsonb_array_elements(found.ends) AS e
			WHERE NOT (e->'outcome'->>'ok')::boolean);

		IF period = 'hour' THEN
			services := (SELECT coalesce(jsonb_agg(a || e || jsonb_build_object('since',
					coalesce(a->>'known', e->>'since'))), '[]')
				FROM jsonb_array_elements(asked) AS a
				JOIN jsonb_array_elements(found.ends) AS e
					ON e->'zone' = a->'zone' AND e->'name' = a->'name'
				WHERE (e->'outcome'->>'ok')::boolean AND e->>'newest' IS NOT NULL);
			asked := services;
		END IF;
		asked := (SELECT coalesce(jsonb_agg(jsonb_build_object('zone', a->'zone', 'name', a->'name',
				'since', a->'since', 'before', b.before)), '[]')
			FROM jsonb_array_elements(asked) AS a
			JOIN jsonb_array_elements(found.ends) AS e
				ON e->'zone' = a->'zone' AND e->'name' = a->'name'
			CROSS JOIN LATERAL (SELECT least((a->>'before')::timestamptz,
				(e->>'oldest')::timestamptz) AS before) AS b
			WHERE (e->'outcome'->>'ok')::boolean AND (a->>'since')::timestamptz < b.before);
	END LOOP;

	-- A service of which a period failed is left as it was
	IF times IS NOT NULL THEN
		EXECUTE format('SELECT %I._dbaas_fdw_collect_partitions($1, $2, $3)', extension)
			USING history, 'metrics'::name, times;
		EXECUTE format(
			'INSERT INTO %I.metrics AS m (zone, service_name, metric, node, time, value)
			SELECT DISTINCT ON (s.zone, s.name, s.metric, s.node, s.time) s.*
			FROM unnest($1, $2, $3, $4, $5, $6) AS s (zone, name, metric, node, time, value)
			WHERE (s.zone, s.name) NOT IN (SELECT p.zone, p.service_name
				FROM jsonb_to_recordset($7) AS p (zone text, service_name text))
			ON CONFLICT (zone, service_name, metric, node, time)
			DO UPDATE SET value = excluded.value WHERE m.value IS DISTINCT FROM excluded.value',
			history)
			USING zones, names, metrics, nodes, times, samples, problems;
		GET DIAGNOSTICS added = ROW_COUNT;
	END IF;
	EXECUTE format(
		'UPDATE %I.cursors AS c SET sampled = s.sampled
		FROM (SELECT s.zone, s.name, greatest(s.sampled, coalesce(s.valued, s.newest)) AS sampled
			FROM jsonb_to_recordset($1) AS s (zone text, name text, sampled timestamptz,
				valued timestamptz, newest timestamptz)
			WHERE (s.zone, s.name) NOT IN (SELECT p.zone, p.service_name
				FROM jsonb_to_recordset($2) AS p (zone text, service_name text))) AS s
		WHERE c.zone = s.zone AND c.service_name = s.name AND c.sampled IS DISTINCT FROM s.sampled',
		history)
		USING services, problems;
	-- 42704: the service is gone since it was listed
	RETURN jsonb_build_object('added', jsonb_build_object('metrics', added), 'problems', (
		SELECT coalesce(jsonb_agg(p), '[]') FROM jsonb_array_elements(problems) AS p
		WHERE p->>'sqlstate' <> '42704'));
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_metrics(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): reads the metrics of some services';

/*
 * Plans what is dropped: rows of tables of versions, and whole partitions, by the
 * API's newest time, unless that is later than now.
 */
CREATE FUNCTION _dbaas_fdw_collect_retention(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO'
AS $function$
DECLARE
	tasks jsonb;
BEGIN
	EXECUTE format(
		'WITH newest AS (
			SELECT least(now(), max(greatest(c.newest, c.sampled))
				FILTER (WHERE greatest(c.newest, c.sampled) > ''-infinity'')) AS at
			FROM %1$I.cursors AS c
		)
		SELECT jsonb_agg(jsonb_build_object(''do'', ''drop'', ''relation'', k.relation,
			''partition'', p.relname, ''before'', now() - k.retention))
		FROM %1$I.keep AS k
		CROSS JOIN newest AS n
		JOIN pg_class AS c ON c.oid = to_regclass(format(''%%I.%%I'', $1, k.relation))
		LEFT JOIN pg_inherits AS i ON i.inhparent = c.oid
		LEFT JOIN pg_class AS p ON p.oid = i.inhrelid
		WHERE k.retention IS NOT NULL AND (c.relkind <> ''p'' OR
			substring(pg_get_expr(p.relpartbound, p.oid) FROM ''TO [(]''''([^'''']*)'')::timestamptz
				<= n.at - k.retention)', history)
		INTO tasks USING history;
	RETURN jsonb_build_object('tasks', coalesce(tasks, '[]'));
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_retention(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): plans what is dropped';

/*
 * Drops a partition, or the rows of a table of versions that ended long ago.  A
 * partition that is being read stays until the next run.
 */
CREATE FUNCTION _dbaas_fdw_collect_drop(history name, state jsonb, task jsonb) RETURNS jsonb
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '200ms'
AS $function$
BEGIN
	IF task->>'partition' IS NULL THEN
		EXECUTE format('DELETE FROM %I.%I WHERE valid_to < $1', history, task->>'relation')
			USING (task->>'before')::timestamptz;
	ELSE
		EXECUTE format('DROP TABLE %I.%I', history, task->>'partition');
	END IF;
	RETURN '{}';
EXCEPTION WHEN lock_not_available THEN
	RETURN '{}';
END;
$function$;
COMMENT ON FUNCTION _dbaas_fdw_collect_drop(name, jsonb, jsonb) IS
'for dbaas_fdw_collect(): drops what is kept no longer';

/* May the procedure that calls this COMMIT?  If it may not, COMMIT would say little. */
CREATE FUNCTION _dbaas_fdw_may_commit() RETURNS boolean
AS 'MODULE_PATHNAME', 'dbaas_fdw_may_commit' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION _dbaas_fdw_may_commit() IS
'for dbaas_fdw_collect(): whether it may commit';

/*
 * Takes what is new into the history in that schema.  Each step is a transaction of
 * its own.
 */
CREATE PROCEDURE dbaas_fdw_collect(history name)
LANGUAGE plpgsql
AS $procedure$
DECLARE
	extension name;
	may_commit boolean;
	state jsonb;
BEGIN
	SET LOCAL search_path = pg_catalog, pg_temp;
	extension := (SELECT n.nspname FROM pg_extension AS e
		JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dbaas_fdw');
	EXECUTE format('SELECT %I._dbaas_fdw_may_commit()', extension) INTO may_commit;
	IF NOT may_commit THEN
		RAISE active_sql_transaction USING
			MESSAGE = 'dbaas_fdw_collect() cannot run inside a transaction block',
			DETAIL = 'It commits what it has collected, step by step.',
			HINT = 'CALL it as a statement of its own: outside of BEGIN and COMMIT, functions and '
				'exception blocks, and not in one string with other statements.';
	END IF;
	LOOP
		COMMIT;
		SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
		SET LOCAL search_path = pg_catalog, pg_temp;
		EXECUTE format('SELECT %I._dbaas_fdw_collect_step($1, $2)', extension)
			INTO state USING history, state;
		EXIT WHEN state IS NULL;
	END LOOP;
END;
$procedure$;
COMMENT ON PROCEDURE dbaas_fdw_collect(name) IS
'takes what is new into a history that dbaas_fdw_history() made; not inside a transaction block';
