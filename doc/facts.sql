-- What the generated parts of the documentation say: the catalogue, the options, the settings, the
-- functions and the views, as one line of JSON.  "make docs" runs it beside a simulator, and
-- doc/generate reads what it prints.  It writes nothing, neither here nor at the API.

\pset format unaligned
\pset tuples_only on
\getenv endpoint DBAAS_SIM_ENDPOINT
\getenv api_key DBAAS_SIM_API_KEY
\getenv api_secret DBAAS_SIM_API_SECRET

BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbaas_fdw;
CREATE SERVER docs FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint :'endpoint');
CREATE USER MAPPING FOR CURRENT_USER SERVER docs
  OPTIONS (api_key :'api_key', api_secret :'api_secret');
CREATE SCHEMA docs;
IMPORT FOREIGN SCHEMA dbaas FROM SERVER docs INTO docs;
CREATE TEMPORARY TABLE docs_plans (table_name text, plan jsonb);
CREATE TEMPORARY TABLE docs_needed (table_name text, columns text[]);
-- In a statement of its own: the one that makes the views does not see them
CREATE TEMPORARY TABLE docs_views AS
	SELECT name, ordinality FROM dbaas_fdw_views('docs') WITH ORDINALITY AS v (name);

-- EXPLAIN knows which list a table reads first
DO $$
DECLARE
	name text;
	plan jsonb;
BEGIN
	FOR name IN SELECT DISTINCT table_name FROM dbaas_fdw_catalogue() LOOP
		EXECUTE format('EXPLAIN (FORMAT JSON) SELECT * FROM docs.%I', name) INTO plan;
		INSERT INTO docs_plans VALUES (name, plan->0->'Plan');
	END LOOP;
END $$;

-- What a query of one column alone sends
CREATE TEMP TABLE docs_requests (table_name text, column_name text, request text);
DO $$
DECLARE
	name text;
	used text;
	plan jsonb;
BEGIN
	FOR name, used IN SELECT table_name, column_name FROM dbaas_fdw_catalogue()
		WHERE cardinality(reads) > 1 LOOP
		EXECUTE format('EXPLAIN (FORMAT JSON) SELECT %I FROM docs.%I', used, name) INTO plan;
		INSERT INTO docs_requests VALUES (name, used, plan #>> '{0,Plan,Request}');
	END LOOP;
END $$;

-- An INSERT says which column it lacks: give it one after the other, until it lacks none
SET LOCAL dbaas_fdw.dry_run = on;
DO $$
DECLARE
	name text;
	needed text[];
	values text[];
	lacking text;
	type text;
	domain jsonb;
	service record;
	types jsonb;
	choice text;
BEGIN
	FOR name, types IN SELECT DISTINCT table_name, writes #> '{insert,0,serviceTypes}'
		FROM dbaas_fdw_catalogue() WHERE insert IS NOT NULL ORDER BY 1 LOOP
		SELECT s.zone, s.name INTO service
		FROM docs.dbaas_services s
		WHERE s.state = 'running' AND (types IS NULL OR types ? s.type)
		ORDER BY s.type <> 'pg' LIMIT 1;
		needed := '{}';
		values := '{}';
		LOOP
			BEGIN
				EXECUTE format('INSERT INTO docs.%I ', name) || CASE WHEN needed = '{}'
					THEN 'DEFAULT VALUES'
					ELSE format('(%s) VALUES (%s)', array_to_string(needed, ', '),
								array_to_string(values, ', ')) END;
				EXIT;
			EXCEPTION WHEN not_null_violation THEN
				GET STACKED DIAGNOSTICS lacking = COLUMN_NAME;
			END;
			SELECT data_type, coalesce(c.write_domain, c.domain) INTO type, domain
			FROM dbaas_fdw_catalogue() c
			WHERE c.table_name = name AND c.column_name = lacking;
			choice := trim(BOTH '''' FROM values[array_position(needed, domain->>'choiceColumn')]);
			needed := needed || lacking;
			values := values || quote_literal(CASE
				WHEN lacking = 'zone' THEN service.zone
				WHEN lacking IN ('service_name', 'source', 'dest') THEN service.name
				WHEN domain ? 'enum' THEN domain->'enum'->>0
				WHEN domain->'choices'->choice ? 'enum' THEN domain->'choices'->choice->'enum'->>0
				WHEN type = 'uuid' THEN '11111111-2222-4333-8444-555555555555'
				WHEN domain ? 'minimum' THEN domain->>'minimum'
				WHEN type = 'jsonb' THEN '{}'
				WHEN type IN ('bigint', 'boolean') THEN '1'
				ELSE 'new' END);
		END LOOP;
		INSERT INTO docs_needed VALUES (name, needed);
	END LOOP;
END $$;

-- The defaults, whatever this cluster's configuration is
SELECT count(set_config(name, boot_val, true)) > 0 FROM pg_settings WHERE name LIKE 'dbaas\_fdw.%';

SELECT jsonb_build_object(
	'columns', (SELECT jsonb_agg(to_jsonb(c) ORDER BY ordinality)
		FROM dbaas_fdw_catalogue() WITH ORDINALITY AS c),
	'plans', (SELECT jsonb_object_agg(table_name, plan) FROM docs_plans),
	'requests', (SELECT jsonb_object_agg(table_name, requests) FROM (
		SELECT table_name, jsonb_object_agg(column_name, request) AS requests
		FROM docs_requests GROUP BY table_name) AS r),
	'needed', (SELECT jsonb_object_agg(table_name, columns) FROM docs_needed),
	'options', (SELECT jsonb_agg(to_jsonb(o) ORDER BY ordinality)
		FROM dbaas_fdw_options() WITH ORDINALITY AS o),
	'settings', (SELECT jsonb_agg(jsonb_build_object('name', name, 'value', current_setting(name),
			'context', context, 'description', short_desc) ORDER BY name)
		FROM pg_settings WHERE name LIKE 'dbaas\_fdw.%'),
	'functions', (SELECT jsonb_agg(jsonb_build_object('name', proname,
			'arguments', (SELECT coalesce(string_agg(argument, ', ' ORDER BY n), '')
				FROM unnest(proargnames[1:pronargs]) WITH ORDINALITY AS a (argument, n)),
			'description', obj_description(oid, 'pg_proc')) ORDER BY proname COLLATE "C")
		FROM pg_proc WHERE proname ~ '^dbaas_fdw_' AND proname !~ '_(handler|validator)$'),
	'views', (SELECT jsonb_agg(jsonb_build_object('name', relname,
			'description', obj_description(c.oid, 'pg_class'),
			'reads', (SELECT jsonb_agg(DISTINCT r.relname)
				FROM pg_rewrite w
				JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
					AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
				JOIN pg_class r ON r.oid = d.refobjid
				WHERE w.ev_class = c.oid)) ORDER BY ordinality)
		FROM docs_views AS v
		JOIN pg_class c ON c.relname = v.name AND c.relnamespace = 'docs'::regnamespace)
) #>> '{}';
ROLLBACK;
