# What an UPDATE computes from other rows than the one that it writes, where an earlier statement
# of the transaction changes these; and the value that a pending write leaves to a column which
# goes with another one.
use strict;
use warnings;

use DbaasChecks qw(writes_of);
use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(services => 20, logs => 0, operation_time => 5, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
my $valkey = "zone = 'ch-gva-2' AND service_name = 'valkey-1-0005'";
my $pg = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";
my $details = 'exo.dbaas_service_details';
my $set = "UPDATE $details SET";

# What both have at first; no transaction below is committed, but where it says so
$session->sql(
	"$set ip_filter = '{192.0.2.0/24}', maintenance_dow = 'sunday',
	maintenance_time = '02:00:00' WHERE $_") foreach $valkey, $pg;
$session->sql("$set backup_hour = 21, backup_minute = 50 WHERE $pg");

my $pending = "$set ip_filter = '{10.0.0.0/8}' WHERE";
my $at = "d.zone = 'ch-gva-2' AND d.service_name = 'valkey-1-0005'";
my $from = "p.zone = 'ch-gva-2' AND p.service_name = 'pg-1-0001'";
my $copy = "UPDATE $details AS d SET ip_filter = p.ip_filter FROM";

# The last of the statements is, as it computes from that column
sub refused
{
	my ($statements, $column, $name) = @_;
	$sim->clear;
	my $error = $session->sql_error(join '; ', 'BEGIN', @$statements);
	$session->sql('ROLLBACK');
	is($error->{sqlstate}, '0A000', "$name: refused");
	like(
		$error->{stderr},
		qr/computes a value from column "$column"[^\n]*, which an earlier statement/,
		"$name: says from what");
	is_deeply([ grep { $_->{method} ne 'GET' } $sim->requests ], [], "$name: nothing is sent");
	return;
}

# What COMMIT would send: the bodies that have the member, by service
sub queues
{
	my ($statements, $member, $expected, $name) = @_;
	my $queued = $session->sql(
		join '; ', 'BEGIN', @$statements,
		qq{SELECT string_agg(split_part(path, '/', 3) || ' ' || (body->'$member')::text, E'\\n'
			ORDER BY number) FROM dbaas_fdw_queued() WHERE body ? '$member'},
		'ROLLBACK');
	is($queued, join("\n", @$expected), $name);
	return;
}

# ---------------------------------------------------------------------------
# Another row of the table
# ---------------------------------------------------------------------------

refused([ "$pending $pg", "$copy $details AS p WHERE $at AND $from" ], 'ip_filter', 'a copy');
refused(
	[
		"$pending $pg",
		"UPDATE $details AS d SET maintenance_dow = CASE WHEN '10.0.0.0/8' = ANY (p.ip_filter) "
		  . "THEN 'monday' ELSE 'friday' END FROM $details AS p WHERE $at AND $from"
	],
	'ip_filter',
	'another column');
refused([ "$pending $pg", "$copy (SELECT p.* FROM $details AS p WHERE $from) AS p WHERE $at" ],
	'ip_filter', 'a simple subquery');
refused(
	[
		"$pending $pg",
		"UPDATE $details AS d SET ip_filter = array[f] "
		  . "FROM $details AS p, unnest(p.ip_filter) AS f WHERE $at AND $from"
	],
	'ip_filter',
	'a function of its columns');
my $kept = '["192.0.2.0/24"]';
queues(
	[ "$set ip_filter = '{10.0.0.0/8}' WHERE $valkey", "$copy $details AS p WHERE $at AND $from" ],
	'ip-filter',
	[ 'valkey-1-0005 ["10.0.0.0/8"]', "valkey-1-0005 $kept" ],
	'a row that no statement changes is copied');
queues([ "$set maintenance_dow = 'monday' WHERE $pg", "$copy $details AS p WHERE $at AND $from" ],
	'ip-filter', [], 'nor does another column of it matter');
queues(
	[
		"UPDATE exo.dbaas_services SET plan = 'business-8'
			WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'",
		"UPDATE $details AS d SET maintenance_dow = CASE p.backup_hour WHEN 21 THEN 'monday' END
			FROM $details AS p WHERE $at AND $from"
	],
	'maintenance',
	['valkey-1-0005 {"dow": "monday", "time": "02:00:00"}'],
	'nor what a pending write sends as it is');
$session->sql("$set ip_filter = '{198.51.100.0/24}' WHERE $pg");
queues(
	[
		map { "$copy $details AS p WHERE $from AND d.zone = 'ch-gva-2' AND d.service_name = '$_'" }
		  qw(valkey-1-0005 mysql-1-0002)
	],
	'ip-filter',
	[ map { "$_ [\"198.51.100.0/24\"]" } qw(valkey-1-0005 mysql-1-0002) ],
	'one row is the pattern of several');
queues(
	[
		"$pending $pg",
		"UPDATE $details AS d SET ip_filter = coalesce(p.ip_filter, '{203.0.113.0/24}')
			FROM (VALUES ('ch-gva-2')) AS v LEFT JOIN $details AS p
				ON p.zone = v.column1 AND p.service_name = 'none' WHERE $at"
	],
	'ip-filter',
	[ 'pg-1-0001 ["10.0.0.0/8"]', 'valkey-1-0005 ["203.0.113.0/24"]' ],
	'the outer side of a join that found no row');
refused(
	[
		"$pending $pg",
		"UPDATE $details AS d SET ip_filter = coalesce(p.ip_filter, '{203.0.113.0/24}')
			FROM (VALUES ('ch-gva-2')) AS v LEFT JOIN $details AS p
				ON p.zone = v.column1 AND p.service_name = 'pg-1-0001' WHERE $at"
	],
	'ip_filter',
	'and one that found it');
$session->sql("$set ip_filter = '{192.0.2.0/24}' WHERE $pg");

# ---------------------------------------------------------------------------
# Views with a rule, and what else the planner keeps as a subquery
# ---------------------------------------------------------------------------

my $columns = 'zone, service_name, ip_filter, maintenance_dow';
my %view = (
	'plain' => "SELECT $columns FROM $details",
	'sorted' => "SELECT $columns FROM $details ORDER BY 1, 2",
	'DISTINCT' => "SELECT DISTINCT $columns FROM $details",
	'OFFSET' => "SELECT $columns FROM $details OFFSET 0",
	'GROUP BY' => "SELECT $columns FROM $details GROUP BY $columns",
	'UNION ALL' => "SELECT $columns FROM $details UNION ALL SELECT $columns FROM $details
		WHERE service_name = 'none'",
	'WITH' => "WITH w AS MATERIALIZED (SELECT $columns FROM $details) SELECT * FROM w",
	'a join' => "SELECT d.zone, service_name, d.ip_filter, maintenance_dow FROM $details AS d
		JOIN exo.dbaas_services AS s ON s.zone = d.zone AND s.name = d.service_name OFFSET 0",
	'another foreign table' => "SELECT $columns FROM public.other");
$session->sql(
	q{CREATE FOREIGN TABLE public.other (zone text, service_name text, ip_filter text[],
	maintenance_dow text) SERVER exoscale OPTIONS (resource 'service-details')});
foreach my $kind (sort keys %view)
{
	$session->sql(
		"CREATE VIEW public.shown AS $view{$kind};
		CREATE RULE writes AS ON UPDATE TO public.shown DO INSTEAD UPDATE $details AS d
		SET ip_filter = NEW.ip_filter, maintenance_dow = NEW.maintenance_dow
		WHERE d.zone = OLD.zone AND d.service_name = OLD.service_name");
	refused(
		[
			map { "UPDATE public.shown SET $_ WHERE $valkey" } "ip_filter = '{10.0.0.0/8}'",
			"maintenance_dow = 'friday'"
		],
		'ip_filter',
		"a rule on a view: $kind");
	$session->sql('DROP VIEW public.shown');
}
foreach my $query (
	"(SELECT max(ip_filter) AS ip_filter FROM $details AS p WHERE $from) AS p",
	"(SELECT DISTINCT ON (p.zone) q.ip_filter FROM exo.dbaas_services AS p "
	. "JOIN $details AS q ON q.zone = p.zone AND q.service_name = p.name "
	. "WHERE p.name = 'pg-1-0001' AND p.zone = 'ch-gva-2') AS p",
	"(SELECT ip_filter FROM public.other AS p WHERE $from LIMIT 1) AS p")
{
	refused([ "$pending $pg", "$copy $query WHERE $at" ], 'ip_filter', $query);
	queues([ "$set maintenance_dow = 'monday' WHERE $pg", "$copy $query WHERE $at" ],
		'ip-filter', [], "$query, of which something else is pending");
}
my $filters = "SELECT * FROM $details AS p WHERE $from";
foreach my $query (
	"($filters LIMIT 1) AS p",
	"(SELECT DISTINCT ON (zone) * FROM ($filters) AS q) AS p",
	"($filters UNION ALL $filters) AS p",
	"(WITH q AS MATERIALIZED ($filters) SELECT * FROM q) AS p")
{
	refused([ "$pending $valkey", "$copy $query WHERE $at" ], 'ip_filter', $query);
	queues([ "$set maintenance_dow = 'monday' WHERE $pg", "$copy $query WHERE $at" ],
		'ip-filter', [], "$query, of which another column is pending");
}
my $constant = q{WITH p AS MATERIALIZED (SELECT '{203.0.113.0/24}'::text[] AS ip_filter)};
foreach my $statement (
	"$constant, q AS MATERIALIZED (SELECT ip_filter FROM $details AS p WHERE $from)
		$copy p WHERE $at AND EXISTS (SELECT FROM q)",
	"$constant, q AS ($copy p WHERE $at RETURNING d.ip_filter) SELECT FROM q",
	"WITH p AS ($set ip_filter = '{203.0.113.0/24}' WHERE zone = 'ch-gva-2'
		AND service_name = 'mysql-1-0002' RETURNING ip_filter) $copy p WHERE $at",
	"$copy (SELECT p.tableoid, '{203.0.113.0/24}'::text[] AS ip_filter FROM $details AS p
		WHERE $from) AS p WHERE $at")
{
	queues(
		[ "$pending $pg", "$statement" ],
		'ip-filter',
		[
			'pg-1-0001 ["10.0.0.0/8"]',
			$statement =~ /mysql/ ? 'mysql-1-0002 ["203.0.113.0/24"]' : (),
			'valkey-1-0005 ["203.0.113.0/24"]'
		],
		"no value of the row that is pending: $statement");
}
refused(
	[
		"$pending $pg",
		"UPDATE $details AS d SET ip_filter = coalesce(x.f, '{}') FROM (VALUES (7)) AS v
			LEFT JOIN (SELECT coalesce(p.ip_filter, '{}') AS f, 7 AS k FROM $details AS p
				WHERE $from) AS x ON x.k = v.column1 WHERE $at"
	],
	'ip_filter',
	'an expression on the outer side of a join');
refused(
	[
		"$pending $pg",
		"UPDATE $details AS d SET ip_filter = array[x.f] FROM (VALUES (7)) AS v
			LEFT JOIN ($details AS p CROSS JOIN LATERAL unnest(p.ip_filter) AS x(f))
			ON $from WHERE $at"
	],
	'ip_filter',
	'a function there');
$session->sql(
	q{CREATE FOREIGN TABLE public.twice (zone text, service_name text, one text[]
		OPTIONS (field 'ip-filter'), two text[] OPTIONS (field 'ip-filter'))
	SERVER exoscale OPTIONS (resource 'service-details')});
foreach my $field (qw(one two))
{
	refused(
		[
			"$pending $pg",
			"UPDATE $details AS d SET ip_filter = p.$field FROM public.twice AS p
				WHERE $at AND $from"
		],
		'(one|two)',
		"a field that two columns show: $field");
}
my $acl = "zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004'";
foreach
  my $rules ('exo.dbaas_opensearch_acls', '(SELECT * FROM exo.dbaas_opensearch_acls OFFSET 0)')
{
	refused(
		[
			"UPDATE exo.dbaas_opensearch_acls SET permission = 'deny' WHERE $acl",
			"$set maintenance_dow = CASE p.permission WHEN 'deny' THEN 'monday' ELSE 'friday' END
				FROM $rules AS p WHERE $details.zone = 'ch-gva-2' AND p.zone = 'ch-gva-2'
				AND $details.service_name = 'valkey-1-0005'
				AND p.service_name = 'opensearch-1-0004'"
		],
		'permission',
		"a rule that is part of an object: $rules");
}
refused(
	[
		"$pending $pg",
		"WITH p AS MATERIALIZED (SELECT ip_filter FROM $details AS p WHERE $from) $copy p "
		  . "WHERE $at"
	],
	'ip_filter',
	'WITH');
$session->sql(
	q{CREATE TABLE public.parent (zone text, service_name text, ip_filter text[]);
	CREATE FOREIGN TABLE public.child () INHERITS (public.parent)
	SERVER exoscale OPTIONS (resource 'service-details')});
refused([ "$pending $pg", "$copy public.parent AS p WHERE $at AND $from" ],
	'ip_filter', 'a foreign table that inherits');
refused(
	[
		"$pending $pg",
		'UPDATE public.parent AS d SET ip_filter = p.ip_filter '
		  . "FROM $details AS p WHERE $at AND $from"
	],
	'ip_filter',
	'and the same in the place of the table');
refused(
	[
		"UPDATE exo.dbaas_services SET termination_protection = NOT termination_protection
			WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'",
		"UPDATE $details AS d SET maintenance_dow = CASE WHEN p.termination_protection
			THEN 'monday' ELSE 'friday' END FROM exo.dbaas_services AS p
			WHERE $at AND p.zone = 'ch-gva-2' AND p.name = 'pg-1-0001'"
	],
	'termination_protection',
	'another table');
refused(
	[
		"$pending $pg",
		"UPDATE $details AS d SET maintenance_dow = CASE p.details->>'name' WHEN '' THEN 'monday'
			ELSE 'friday' END FROM $details AS p WHERE $at AND $from"
	],
	'details',
	'all of the other row');

# What a statement in WITH returns: what it sets is its own, and the rest was read
my $monday = "$set maintenance_dow = 'monday'";
foreach my $with (
	"$monday WHERE $pg RETURNING ip_filter",
	"$monday WHERE $pg RETURNING dbaas_service_details.*",
	"UPDATE public.local SET filter = p.ip_filter FROM $details AS p WHERE $from "
	. 'RETURNING filter AS ip_filter',
	"INSERT INTO public.local SELECT ip_filter FROM $details AS p WHERE $from "
	. 'RETURNING filter AS ip_filter',
	"DELETE FROM public.local USING $details AS p WHERE $from RETURNING p.ip_filter")
{
	refused(
		[
			'CREATE TABLE public.local AS SELECT NULL::text[] AS filter',
			"$pending $pg",
			"WITH p AS ($with) $copy p WHERE $at"
		],
		'ip_filter',
		$with);
}

# What is one output column of a subquery, and not another
my $both = "SELECT ip_filter, maintenance_dow FROM $details AS p WHERE $from";
queues(
	[ "$set maintenance_dow = 'monday' WHERE $pg", "$copy ($both GROUP BY 1, 2) AS p WHERE $at" ],
	'ip-filter', [], 'GROUP BY a column that is pending');
refused([ "$pending $pg", "$copy ($both GROUP BY 1, 2) AS p WHERE $at" ], 'ip_filter', 'GROUP BY');
refused(
	[
		"$pending $pg",
		"UPDATE $details AS d SET ip_filter = array[p.f] FROM (SELECT DISTINCT p.zone, "
		  . "(SELECT min(f) FROM unnest(p.ip_filter) AS f) AS f FROM $details AS p WHERE $from) "
		  . "AS p WHERE $at"
	],
	'ip_filter',
	'what a subquery in a subquery takes from its row');
refused(
	[
		"$pending $pg",
		"WITH RECURSIVE p(a, ip_filter) AS (SELECT p.ip_filter, array[p.zone] FROM $details AS p "
		  . "WHERE $from UNION ALL SELECT ip_filter, a FROM p WHERE a[1] <> 'ch-gva-2') "
		  . "$copy p WHERE $at AND p.ip_filter[1] <> 'ch-gva-2'"
	],
	'ip_filter',
	'a recursive WITH');

# ---------------------------------------------------------------------------
# Fields that the catalogue does not know
# ---------------------------------------------------------------------------

$session->sql(
	q{CREATE FOREIGN TABLE public.whole_user (zone text, service_name text, username text,
		allow_replication bool, whole jsonb OPTIONS (field '*')) SERVER exoscale
	OPTIONS (resource 'users');
	CREATE FOREIGN TABLE public.new_fields (zone text, service_name text, type text,
		maintenance_dow text, maintenance_time text, ip_filter text[],
		maintenance jsonb OPTIONS (field 'maintenance'), tomorrow text OPTIONS (field 'tomorrow'))
	SERVER exoscale OPTIONS (resource 'service-details')});
is( $session->sql(
		join '; ',
		'BEGIN',
		q{UPDATE public.whole_user SET allow_replication = NOT allow_replication
			WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND username = 'avnadmin'
			RETURNING whole->>'username'},
		'ROLLBACK'),
	'avnadmin',
	'a row with all of its fields is returned');
queues(
	["UPDATE public.new_fields SET ip_filter = '{10.0.0.0/8}', tomorrow = tomorrow WHERE $pg"],
	'ip-filter',
	['pg-1-0001 ["10.0.0.0/8"]'],
	'and a field that is not known, yet');
my $unknown = $session->sql_error("UPDATE public.new_fields SET tomorrow = 'x' WHERE $pg");
is($unknown->{sqlstate}, '0A000', 'which cannot be set');
refused(
	[
		"$set maintenance_dow = 'monday' WHERE $pg",
		"UPDATE public.new_fields SET ip_filter = array[maintenance->>'dow'] WHERE $pg"
	],
	'maintenance',
	'computed from a field that is not known');
refused(
	[
		"$set maintenance_dow = 'monday' WHERE $pg",
		"UPDATE $details AS d SET ip_filter = array[p.maintenance->>'dow']
			FROM public.new_fields AS p WHERE $at AND $from"
	],
	'maintenance',
	'and of another row');

# ---------------------------------------------------------------------------
# Generated columns and triggers
# ---------------------------------------------------------------------------

$session->sql(
	q{CREATE FOREIGN TABLE public.generated (zone text, service_name text, type text,
	ip_filter text[], maintenance_dow text, maintenance_time text,
	loud text GENERATED ALWAYS AS (upper(maintenance_dow)) STORED)
	SERVER exoscale OPTIONS (resource 'service-details');
	CREATE FUNCTION public.office() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN NEW.ip_filter := NEW.ip_filter || '192.0.2.7/32'::text; RETURN NEW; END$$;
	CREATE TRIGGER office BEFORE UPDATE OF loud ON public.generated
	FOR EACH ROW EXECUTE FUNCTION public.office()});
my $generated = 'UPDATE public.generated SET';
refused(
	[
		"$set maintenance_dow = 'monday' WHERE $valkey",
		"$set maintenance_dow = CASE g.loud WHEN 'SUNDAY' THEN 'friday' ELSE 'monday' END
			FROM public.generated AS g WHERE dbaas_service_details.zone = 'ch-gva-2'
			AND dbaas_service_details.service_name = 'pg-1-0001' AND g.zone = 'ch-gva-2'
			AND g.service_name = 'valkey-1-0005'"
	],
	'maintenance_dow',
	'a generated column of another row');
refused([ "$pending $valkey", "$generated maintenance_dow = 'friday' WHERE $valkey" ],
	'ip_filter', 'a trigger of a generated column');
my $office = 'ALTER TABLE public.generated';
my @replica = ("$pending $valkey", "$generated maintenance_dow = 'friday' WHERE $valkey");
$session->sql("$office ENABLE REPLICA TRIGGER office");
queues(
	\@replica, 'maintenance',
	['valkey-1-0005 {"dow": "friday", "time": "02:00:00"}'],
	'a trigger for replicas does not fire');
refused([ 'SET LOCAL session_replication_role = replica', @replica ],
	'ip_filter', 'but in one it does');
$session->sql("$office ENABLE TRIGGER office");
queues(
	[ 'SET LOCAL session_replication_role = replica', @replica ], 'maintenance',
	['valkey-1-0005 {"dow": "friday", "time": "02:00:00"}'], 'and others do not');
$session->sql('DROP TRIGGER office ON public.generated');
refused(
	[
		"$generated maintenance_dow = 'monday' WHERE $valkey",
		"$generated ip_filter = CASE loud WHEN 'SUNDAY' THEN '{10.0.0.0/8}'::text[]
			ELSE '{10.99.0.0/16}'::text[] END WHERE $valkey"
	],
	'maintenance_dow',
	'a generated column');

# A trigger that adds a member, where nothing but a secret is pending
my $key = '123456789abcdef0123456789abcdef';
my $endpoints = 'exo.dbaas_external_endpoints';
$session->sql(
	qq{CREATE FUNCTION public.quiet() RETURNS trigger LANGUAGE plpgsql AS
	\$\$BEGIN
		IF current_setting('my.ticket', true) <> '' THEN
			NEW.settings := NEW.settings || '{"disable-consumer-stats": true}';
		END IF;
		RETURN NEW;
	END\$\$;
	CREATE TRIGGER quiet BEFORE UPDATE ON $endpoints
	FOR EACH ROW EXECUTE FUNCTION public.quiet()});
my @rotate = map {
	qq{UPDATE $endpoints SET settings = settings || '{"datadog-api-key": "$_$key"}'
		WHERE zone = 'ch-gva-2' AND name = 'datadog-1-1'}
} 1, 2;
is( $session->sql(
		join '; ',
		'BEGIN',
		$rotate[0],
		q{SET LOCAL my.ticket = '1'},
		$rotate[1],
		q{SELECT string_agg(coalesce(body #>> '{settings,disable-consumer-stats}', '-'), ' '
			ORDER BY number) FROM dbaas_fdw_queued()},
		'ROLLBACK'),
	'- true',
	'what a trigger adds is sent beside a secret');
$session->sql("DROP TRIGGER quiet ON $endpoints");

# ---------------------------------------------------------------------------
# Columns that go with another one
# ---------------------------------------------------------------------------

queues(
	[ "$set backup_minute = NULL WHERE $pg", "$set backup_hour = 3 WHERE $pg" ],
	'backup-schedule',
	[ map { "pg-1-0001 {\"backup-hour\": $_, \"backup-minute\": null}" } 21, 3 ],
	'a pending NULL stays');
queues(
	[ "$set backup_hour = NULL WHERE $pg", "$set backup_minute = 9 WHERE $pg" ],
	'backup-schedule', [ map { "pg-1-0001 {\"backup-hour\": null, \"backup-minute\": $_}" } 50, 9 ],
	'of both');
$session->sql(
	q{CREATE FOREIGN TABLE public.hours (zone text, service_name text, type text, backup_hour int)
	SERVER exoscale OPTIONS (resource 'service-details')});
my $error = $session->sql_error("UPDATE public.hours SET backup_hour = 3 WHERE $pg");
is($error->{sqlstate}, '23502', 'a table that shows one of both');
like($error->{stderr}, qr/HINT: .*ADD COLUMN backup_minute/, 'says what it lacks');
queues(
	[ "$set backup_minute = 7 WHERE $pg", "UPDATE public.hours SET backup_hour = 3 WHERE $pg" ],
	'backup-schedule',
	[
		'pg-1-0001 {"backup-hour": 21, "backup-minute": 7}',
		'pg-1-0001 {"backup-hour": 3, "backup-minute": 7}'
	],
	'unless a pending write has the other');

# Settings of the service that is deleted are not given to the one that is made
is( $session->sql(
		join '; ',
		'BEGIN',
		q{UPDATE exo.dbaas_services SET termination_protection = false
			WHERE zone = 'ch-gva-2' AND name = 'valkey-1-0005'},
		q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'valkey-1-0005'},
		q{INSERT INTO exo.dbaas_services (zone, name, type, plan)
			VALUES ('ch-gva-2', 'valkey-1-0005', 'valkey', 'startup-4')},
		"$set settings = settings || '{}' WHERE $valkey",
		q{SELECT string_agg(method, ' ' ORDER BY number) FROM dbaas_fdw_queued()},
		'ROLLBACK'),
	'PUT DELETE POST',
	'no member is given');

# A column that is left as it is, in a statement for several
$session->sql(
	qq{CREATE FUNCTION public.patch(day text, filter text[]) RETURNS void LANGUAGE plpgsql AS
	\$\$BEGIN
		$set maintenance_dow = coalesce(day, maintenance_dow),
			ip_filter = coalesce(filter, ip_filter) WHERE $valkey;
	END\$\$});
queues(
	[
		map { "DO \$\$BEGIN PERFORM public.patch($_); END\$\$" } "'monday', NULL",
		"NULL, '{10.0.0.0/8}'"
	],
	'ip-filter',
	['valkey-1-0005 ["10.0.0.0/8"]'],
	'coalesce(NULL, column)');

# ---------------------------------------------------------------------------
# Rows that a view's owner reads, with a key that the user does not have
# ---------------------------------------------------------------------------

my $elsewhere =
  DbaasSim->start(services => 20, logs => 0, api_key => 'EXOanother', api_secret => 'another');
$t->add_server('elsewhere', 'elsewhere', endpoint => $elsewhere->endpoint_template);
$session->sql(
	sprintf q{ALTER USER MAPPING FOR CURRENT_USER SERVER elsewhere
	OPTIONS (SET api_key '%s', SET api_secret '%s');
	CREATE VIEW public.their AS SELECT * FROM elsewhere.dbaas_service_details;
	CREATE VIEW public.their_sorted AS SELECT * FROM public.their ORDER BY service_name;
	CREATE ROLE reader; GRANT reader TO CURRENT_USER;
	GRANT USAGE ON SCHEMA exo TO reader;
	GRANT ALL ON %s, public.their, public.their_sorted TO reader;
	CREATE USER MAPPING FOR reader SERVER exoscale OPTIONS (api_key '%s', api_secret '%s')},
	$elsewhere->key, $elsewhere->secret, $details, $sim->key, $sim->secret);
my $reader = 'SET LOCAL ROLE reader';
my $theirs = $session->sql("SELECT to_json(ip_filter) FROM public.their WHERE $pg");
foreach my $view (qw(public.their public.their_sorted))
{
	refused(
		[
			$reader,
			"UPDATE public.their SET ip_filter = '{10.0.0.0/8}' WHERE $pg",
			"$copy $view AS p WHERE $at AND $from"
		],
		'ip_filter',
		"$view, of which its owner's write is pending");
	queues(
		[
			$reader,
			"$set ip_filter = '{10.0.0.0/8}' WHERE $pg",
			"$copy $view AS p WHERE $at AND $from"
		],
		'ip-filter',
		[ 'pg-1-0001 ["10.0.0.0/8"]', 'valkey-1-0005 ' . $theirs =~ s/","/", "/gr ],
		"$view, of which none is");
}
$session->sql('DROP SERVER elsewhere CASCADE; DROP OWNED BY reader; DROP ROLE reader');

# ---------------------------------------------------------------------------
# What another session changes before COMMIT
# ---------------------------------------------------------------------------

foreach my $change (
	q{ALTER SERVER exoscale OPTIONS (ADD updatable 'false')},
	q{DROP USER MAPPING FOR CURRENT_USER SERVER exoscale})
{
	$session->sql("BEGIN; $set maintenance_dow = 'monday' WHERE $valkey");
	$sim->clear;
	$t->sql($change);
	my $refused = $session->sql_error('COMMIT');
	is($refused->{sqlstate}, '55000', "$change: COMMIT fails");
	is_deeply([ grep { $_->{method} ne 'GET' } $sim->requests ], [], 'and nothing is sent');
	$t->create_server(max_retries => 0);
}

done_testing();
