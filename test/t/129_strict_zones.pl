# Where the absence of a zone's rows could add rows, or reach a write,
# unavailable_zones = skip does not count.
use strict;
use warnings;

use DbaasChecks;
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	services => 4,
	logs => 5,
	server => { unavailable_zones => 'skip', max_retries => 0 });
my $session = $t->session;
my $down = 'de-fra-1';
my $writes = qr/does not skip a zone in a statement that writes/;
my $absence = qr/does not skip a zone here: without its rows, the result could have others/;

$session->sql(
	q{
	SELECT dbaas_fdw_views('exo');
	CREATE TABLE local (zone text, name text, n bigint);
	INSERT INTO local VALUES ('ch-gva-2', 'pg-1-0001', 1), ('de-fra-1', 'pg-2-0001', 1),
		('at-vie-1', 'none', 1)}
);

sub break_zones
{
	my (%fault) = @_;
	$t->sim->clear_faults;
	$t->sim->fault({ method => 'GET', action => 'status', status => 503, times => -1, %fault });
	return;
}

sub is_strict { return DbaasChecks::is_strict($session, @_) }

sub leaves_out { return DbaasChecks::leaves_out($session, @_) }

# ---------------------------------------------------------------------------
# Writes
# ---------------------------------------------------------------------------

break_zones(path => '/dbaas-postgres/*');
is_strict(
	q{DELETE FROM exo.dbaas_services s WHERE type = 'pg' AND NOT EXISTS
	(SELECT FROM exo.dbaas_databases d WHERE d.zone = s.zone AND d.service_name = s.name
		AND d.name <> 'defaultdb')},
	$writes, 'DELETE with NOT EXISTS');
is_strict(
	q{DELETE FROM exo.dbaas_services WHERE type = 'pg' AND name NOT IN }
	  . q{(SELECT service_name FROM exo.dbaas_databases)},
	$writes,
	'DELETE with NOT IN');
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 12, 'every service is there');

break_zones(path => '/dbaas-external-endpoints');
is_strict(
	q{DELETE FROM exo.dbaas_external_integrations i }
	  . q{USING exo.dbaas_dangling_external_integrations d WHERE i.id = d.id},
	$writes,
	'DELETE by a view');
is_strict(
	q{DELETE FROM exo.dbaas_external_integrations WHERE id IN (SELECT id }
	  . q{FROM exo.dbaas_dangling_external_integrations)},
	$writes,
	'DELETE by its ids');
is_strict('SELECT * FROM exo.dbaas_dangling_external_integrations', $absence, 'the view by itself');

break_zones(zone => $down);
is_strict(q{UPDATE exo.dbaas_services SET termination_protection = true WHERE type = 'pg'},
	$writes, 'UPDATE');
is_strict(
	q{INSERT INTO exo.dbaas_databases (zone, service_name, name) SELECT zone, name, 'new' }
	  . q{FROM exo.dbaas_services WHERE type = 'pg'},
	$writes, 'INSERT');
is_strict(q{INSERT INTO exo.dbaas_databases (service_name, name) VALUES ('pg-1-0001', 'new')},
	$writes, 'finding the service of an INSERT');
is_strict(
	q{DELETE FROM local l WHERE NOT EXISTS (SELECT FROM exo.dbaas_services s }
	  . q{WHERE s.name = l.name)},
	$writes,
	'DELETE from a local table');
is_strict(q{DELETE FROM local l USING exo.dbaas_services s WHERE s.name = l.name},
	$writes, 'DELETE by a join');
is_strict(q{UPDATE local SET n = (SELECT count(*) FROM exo.dbaas_services)},
	$writes, 'UPDATE of a local table');
is_strict(
	q{MERGE INTO local l USING exo.dbaas_services s ON s.name = l.name WHEN MATCHED }
	  . q{THEN UPDATE SET n = 2 WHEN NOT MATCHED THEN INSERT VALUES (s.zone, s.name)},
	$writes, 'MERGE');
is_strict(
	q{WITH gone AS (DELETE FROM local WHERE n = 1 RETURNING name) SELECT s.name }
	  . q{FROM exo.dbaas_services s JOIN gone USING (name)},
	$writes,
	'a SELECT with a DELETE in it');
is_strict(
	q{WITH new AS (INSERT INTO exo.dbaas_databases (zone, service_name, name) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'new')) SELECT count(*) FROM exo.dbaas_services},
	$writes,
	'a SELECT with an INSERT in it');
is_strict(
	q{COPY (UPDATE local SET n = 3 FROM exo.dbaas_services s WHERE s.name = local.name }
	  . q{RETURNING s.name) TO STDOUT},
	$writes,
	'COPY of an UPDATE');
is_strict(
	q{EXPLAIN (ANALYZE, COSTS off) DELETE FROM local USING exo.dbaas_services s }
	  . q{WHERE s.name = local.name},
	$writes,
	'EXPLAIN ANALYZE of a DELETE');
is_strict(
	q{DO $$ BEGIN DELETE FROM local WHERE name NOT IN (SELECT name }
	  . q{FROM exo.dbaas_services); END $$},
	$writes,
	'a DELETE in PL/pgSQL');
$session->sql(
	q{
	CREATE TABLE parts (zone text, service_name text, name text) PARTITION BY LIST (service_name);
	CREATE FOREIGN TABLE parts_pg PARTITION OF parts FOR VALUES IN ('pg-1-0001') SERVER exoscale
		OPTIONS (resource 'databases');
	CREATE TABLE parts_rest PARTITION OF parts DEFAULT});
is_strict(q{INSERT INTO parts SELECT zone, name, 'new' FROM exo.dbaas_services},
	$writes, 'INSERT into partitions of which one is ours');
is( $session->sql('SELECT name, n FROM local ORDER BY name'),
	"none|1\npg-1-0001|1\npg-2-0001|1",
	'the local table is as it was');

# What comes into a local table may lack a zone, as what is shown may
leaves_out(
	q{BEGIN; INSERT INTO local SELECT zone, name, node_count FROM exo.dbaas_services; }
	  . q{SELECT count(*) FROM local; ROLLBACK},
	11,
	'INSERT into a local table');
leaves_out(
	q{BEGIN; CREATE TABLE made AS SELECT name FROM exo.dbaas_services; SELECT count(*) }
	  . q{FROM made; ROLLBACK},
	8,
	'CREATE TABLE AS');
leaves_out(
	q{BEGIN; SELECT l.name FROM local l JOIN exo.dbaas_services s }
	  . q{USING (name) FOR UPDATE OF l; ROLLBACK},
	'pg-1-0001',
	'rows that are locked');

# ---------------------------------------------------------------------------
# Absence
# ---------------------------------------------------------------------------

my $services = 'exo.dbaas_services';
my %strict = (
	'NOT EXISTS' =>
	  "SELECT name FROM local l WHERE NOT EXISTS (SELECT FROM $services s WHERE s.name = l.name)",
	'NOT EXISTS of any row' =>
	  "SELECT name FROM local l WHERE NOT EXISTS (SELECT FROM $services WHERE zone = 'de-fra-1')",
	'NOT IN' => "SELECT name FROM local WHERE name NOT IN (SELECT name FROM $services)",
	'<> ALL' => "SELECT name FROM local WHERE name <> ALL (SELECT name FROM $services)",
	'> ALL' => "SELECT name FROM local WHERE name > ALL (SELECT name FROM $services)",
	'LEFT JOIN' => "SELECT l.name, s.type FROM local l LEFT JOIN $services s USING (name)",
	'RIGHT JOIN' => "SELECT l.name, s.type FROM $services s RIGHT JOIN local l USING (name)",
	'FULL JOIN' => "SELECT l.name, s.name FROM $services s FULL JOIN local l USING (name)",
	'a deep LEFT JOIN' =>
	  "SELECT * FROM local l LEFT JOIN (SELECT x.name FROM (SELECT DISTINCT name "
	  . "FROM $services LIMIT 100) x JOIN local y USING (name)) z USING (name)",
	'LEFT JOIN LATERAL' =>
	  "SELECT * FROM local l LEFT JOIN LATERAL (SELECT message FROM exo.dbaas_logs g "
	  . "WHERE g.service_name = l.name LIMIT 1) z ON true",
	'an EXISTS in ON of a LEFT JOIN' =>
	  "SELECT * FROM local a LEFT JOIN local b ON a.n = b.n AND EXISTS (SELECT "
	  . "FROM $services s WHERE s.name = b.name)",
	'EXCEPT' => "SELECT name FROM local EXCEPT SELECT name FROM $services",
	'EXCEPT ALL' => "SELECT name FROM local EXCEPT ALL SELECT name FROM $services",
	'EXCEPT, several deep' =>
	  "(SELECT name FROM local UNION SELECT 'x') EXCEPT (SELECT name FROM $services "
	  . "UNION SELECT 'y')",
	'HAVING count(*) < n' => "SELECT type FROM $services GROUP BY type HAVING count(*) < 3",
	'HAVING without groups' => "SELECT 'none' FROM $services HAVING count(*) < 10",
	'bool_and' => "SELECT type FROM $services GROUP BY type HAVING bool_and(zone <> 'de-fra-1')",
	'WHERE over a count' =>
	  "SELECT * FROM (SELECT zone, count(*) AS n FROM $services GROUP BY zone) x WHERE n < 3",
	'a join by a count' =>
	  "SELECT * FROM (SELECT type, count(*) AS c FROM $services GROUP BY type) x "
	  . "JOIN generate_series(1, 3) g ON g = c",
	'rank' =>
	  "SELECT * FROM (SELECT name, rank() OVER (ORDER BY name) AS r FROM $services) x WHERE r < 3",
	'row_number in a CASE' => "SELECT * FROM (SELECT name, row_number() OVER (ORDER BY name) AS r "
	  . "FROM $services) x WHERE CASE WHEN r > 3 THEN false ELSE true END",
	'a scalar subquery' => "SELECT name FROM local WHERE (SELECT count(*) FROM $services) < 10",
	'a scalar subquery that is NULL' =>
	  "SELECT name FROM local l WHERE (SELECT s.name FROM $services s "
	  . "WHERE s.name = l.name) IS NULL",
	'a scalar subquery for each row' =>
	  "SELECT name, (SELECT count(*) FROM $services s WHERE s.name = l.name) FROM local l",
	'EXISTS that is shown' =>
	  "SELECT name, EXISTS (SELECT FROM $services s WHERE s.name = l.name) FROM local l",
	'EXISTS that is shown once' => "SELECT EXISTS (SELECT FROM $services WHERE zone = 'de-fra-1')",
	'EXISTS IS FALSE' => "SELECT name FROM local l WHERE EXISTS (SELECT FROM $services s "
	  . "WHERE s.name = l.name AND s.node_count = l.n) IS FALSE",
	'IN in a CASE' =>
	  "SELECT name FROM local l WHERE CASE WHEN name IN (SELECT name FROM $services) "
	  . "THEN false ELSE true END",
	'NOT over several' =>
	  "SELECT name FROM local l WHERE NOT (n = 1 AND name IN (SELECT name FROM $services))",
	'coalesce' => "SELECT name FROM local l WHERE coalesce(name = ANY (ARRAY(SELECT name "
	  . "FROM $services)), false) IS NOT TRUE",
	'an array' => "SELECT name FROM local l WHERE name <> ALL (ARRAY(SELECT name FROM $services))",
	'a CTE that is read twice' =>
	  "WITH s AS MATERIALIZED (SELECT name FROM $services) SELECT name FROM s UNION ALL "
	  . "SELECT name FROM local WHERE name NOT IN (SELECT name FROM s)",
	'generate_series' => "SELECT generate_series(1, 12 - count(*)) FROM $services",
	'LIMIT by a count' => "SELECT name FROM local LIMIT (SELECT 12 - count(*) FROM $services)",
	'a recursive count' =>
	  "WITH RECURSIVE r AS (SELECT count(*) AS n FROM $services UNION SELECT n + 1 "
	  . "FROM r WHERE n < 12) SELECT count(*) FROM r",
	'a condition on rows that LIMIT chose' =>
	  "SELECT name FROM (SELECT name FROM $services ORDER BY name LIMIT 6) x "
	  . "WHERE name NOT LIKE 'kafka%'",
	'a join with rows that OFFSET left' =>
	  "SELECT l.name FROM local l JOIN (SELECT name FROM $services "
	  . "ORDER BY name DESC OFFSET 1) x USING (name)",
	'a condition on rows that DISTINCT ON chose' =>
	  "SELECT * FROM (SELECT DISTINCT ON (type) type, zone, name FROM $services "
	  . "ORDER BY type, zone DESC) x WHERE zone <> 'de-fra-1'",
	'IN with a LIMIT' => "SELECT name FROM local WHERE name IN (SELECT name FROM $services "
	  . "WHERE type = 'pg' ORDER BY name OFFSET 1 LIMIT 1)",
	'EXISTS over a LIMIT' =>
	  "SELECT name FROM local l WHERE EXISTS (SELECT FROM (SELECT name FROM $services s "
	  . "WHERE s.name <= l.name ORDER BY name DESC LIMIT 1) x WHERE x.name <> 'pg-2-0001')",
	'INTERSECT with a LIMIT' =>
	  "(SELECT name FROM $services ORDER BY name DESC LIMIT 2) INTERSECT SELECT name FROM local",
	'a count over what a recursion found' =>
	  "WITH RECURSIVE r (name, n, turn) AS (SELECT name, 0::bigint, 1 FROM $services "
	  . "UNION ALL SELECT name, c, turn + 1 FROM (SELECT name, turn, count(*) OVER () AS c "
	  . "FROM r) x WHERE turn < 2 AND c < 12) SELECT name FROM r WHERE turn = 2",
	'a LIMIT over what a recursion found' =>
	  "WITH RECURSIVE r (name, turn) AS (SELECT name, 1 FROM $services UNION ALL "
	  . "SELECT name, turn + 1 FROM (SELECT name, turn FROM r LIMIT 2) x WHERE turn < 2 "
	  . "AND name NOT LIKE 'pg-2%') SELECT name FROM r",
	'a join with a count that was inserted' =>
	  "WITH i AS (INSERT INTO counts SELECT 'new', count(*) FROM $services RETURNING n) "
	  . "SELECT g FROM generate_series(1, 12) g JOIN i ON g = n",
	'ON CONFLICT that sets a count' =>
	  "INSERT INTO counts SELECT type, count(*) FROM $services GROUP BY type "
	  . "ON CONFLICT (type) DO UPDATE SET n = excluded.n",
	'ON CONFLICT where a count is' =>
	  "INSERT INTO counts SELECT type, count(*) FROM $services GROUP BY type "
	  . "ON CONFLICT (type) DO UPDATE SET n = 0 WHERE excluded.n < 3",
	'groups by a count' => "SELECT c, count(*) FROM (SELECT type, count(*) AS c FROM $services "
	  . "GROUP BY type) x GROUP BY c");
$session->sql(
	q{CREATE TABLE counts (type text PRIMARY KEY, n bigint); INSERT INTO counts VALUES ('pg', 3)});
$session->sql(q{CREATE FUNCTION names() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT name }
	  . q{FROM exo.dbaas_services'});
is_strict($strict{$_}, $absence, $_) foreach sort keys %strict;

my %fine = (
	'a join' => [ "SELECT l.name FROM local l JOIN $services s USING (name)", 'pg-1-0001' ],
	'EXISTS' => [
		"SELECT name FROM local l WHERE EXISTS (SELECT FROM $services s WHERE s.name = l.name)",
		'pg-1-0001'
	],
	'EXISTS of any row' => [
		"SELECT count(*) FROM local l WHERE EXISTS (SELECT FROM $services WHERE name = 'none')", 0
	],
	'IN' => [ "SELECT name FROM local WHERE name IN (SELECT name FROM $services)", 'pg-1-0001' ],
	'IN, or something else' => [
		"SELECT name FROM local l WHERE n = 2 OR name IN (SELECT name FROM $services)", 'pg-1-0001'
	],
	'EXISTS, or something else' => [
		"SELECT name FROM local l WHERE n = 2 OR EXISTS (SELECT FROM $services s "
		  . "WHERE s.name = l.name AND s.node_count >= l.n)",
		'pg-1-0001'
	],
	'NOT EXISTS of a local row' => [
		"SELECT count(*) FROM $services s WHERE NOT EXISTS (SELECT FROM local l "
		  . "WHERE s.name = l.name)",
		7
	],
	'the whole side of a LEFT JOIN' =>
	  [ "SELECT count(*), count(l.name) FROM $services s LEFT JOIN local l USING (name)", '8|1' ],
	'the left side of EXCEPT' =>
	  [ "SELECT count(*) FROM (SELECT name FROM $services EXCEPT SELECT name FROM local) x", 7 ],
	'INTERSECT' => [ "SELECT name FROM local INTERSECT SELECT name FROM $services", 'pg-1-0001' ],
	'UNION' =>
	  [ "SELECT count(*) FROM (SELECT name FROM local UNION SELECT name FROM $services) x", 10 ],
	'an outer join that a condition makes an inner one' => [
		"SELECT l.name FROM local l LEFT JOIN $services s USING (name) WHERE s.type = 'pg'",
		'pg-1-0001'
	],
	'a count' => [ "SELECT count(*) FROM $services", 8 ],
	'a max' => [ "SELECT max(name) FROM $services", 'pg-3-0001' ],
	'counts side by side' =>
	  [ "SELECT (SELECT count(*) FROM $services) + (SELECT count(*) FROM $services)", 16 ],
	'an order by a count' => [
		"SELECT zone, count(*) FROM $services GROUP BY zone ORDER BY 2, 1",
		"at-vie-1|4\nch-gva-2|4"
	],
	'a condition on a group' => [
		"SELECT * FROM (SELECT zone, count(*) FROM $services GROUP BY zone) x "
		  . "WHERE zone <> 'x' ORDER BY 1",
		"at-vie-1|4\nch-gva-2|4"
	],
	'a join by a group' => [
		"SELECT l.name, x.n FROM local l JOIN (SELECT zone, count(*) AS n FROM $services "
		  . "GROUP BY zone) x USING (zone) ORDER BY 1",
		"none|4\npg-1-0001|4"
	],
	'a rank that is shown' => [
		"SELECT name, rank() OVER (ORDER BY name) FROM $services ORDER BY 2 LIMIT 1",
		'kafka-1-0003|1'
	],
	'rows that LIMIT chose' =>
	  [ "SELECT count(*) FROM (SELECT name FROM $services ORDER BY name LIMIT 6) x", 6 ],
	'DISTINCT ON' => [
		"SELECT DISTINCT ON (type) type, name FROM $services WHERE type > 'o' "
		  . "ORDER BY type, zone DESC",
		"opensearch|opensearch-1-0004\npg|pg-1-0001"
	],
	'a condition on what DISTINCT ON goes by' => [
		"SELECT count(*) FROM (SELECT DISTINCT ON (type) type, name FROM $services "
		  . "ORDER BY type, name) x WHERE type > 'o'",
		2
	],
	'a condition above DISTINCT' => [
		"SELECT count(*) FROM (SELECT DISTINCT zone, type FROM $services OFFSET 0) x "
		  . "JOIN local USING (zone) WHERE type = 'pg'",
		2
	],
	'a count that an INSERT returns' => [
		"BEGIN; INSERT INTO counts SELECT 'all', count(*) FROM $services RETURNING n; ROLLBACK", 8
	],
	'ON CONFLICT without a count' => [
		"BEGIN; INSERT INTO counts SELECT type, node_count FROM $services "
		  . "WHERE name = 'pg-1-0001' ON CONFLICT (type) DO UPDATE SET n = -excluded.n; "
		  . "SELECT count(*) FROM counts WHERE n < 0; ROLLBACK",
		1
	],
	'a recursion that counts nothing' => [
		"WITH RECURSIVE r (name, turn) AS (SELECT name, 1 FROM $services UNION ALL "
		  . "SELECT name, turn + 1 FROM r WHERE turn < 2) SELECT count(*) FROM r",
		16
	],
	'DISTINCT' => [ "SELECT DISTINCT zone FROM $services ORDER BY 1", "at-vie-1\nch-gva-2" ],
	'a CTE' => [
		"WITH s AS MATERIALIZED (SELECT name FROM $services) SELECT (SELECT count(*) "
		  . "FROM s) + count(*) FROM s",
		16
	],
	'LATERAL' => [
		"SELECT l.name, count(*) FROM local l, LATERAL (SELECT FROM exo.dbaas_logs g "
		  . "WHERE g.service_name = l.name LIMIT 3) x GROUP BY 1",
		'pg-1-0001|3'
	],
	'a function that is a statement of its own' =>
	  [ q{SELECT count(*) FROM local WHERE name IN (SELECT names())}, 1 ],
	'a recursive query' => [
		"WITH RECURSIVE r AS (SELECT name, zone FROM local WHERE name = 'pg-1-0001' "
		  . "UNION SELECT s.name, s.zone FROM r JOIN $services s USING (zone)) "
		  . "SELECT count(*) FROM r",
		4
	],);
leaves_out($fine{$_}[0], $fine{$_}[1], $_) foreach sort keys %fine;

# A plan that is kept is the same, and partitions and several plans under one Append
$session->sql(
	"SET plan_cache_mode = force_generic_plan;
	PREPARE anti(bigint) AS SELECT name FROM local l WHERE n = \$1 AND NOT EXISTS
		(SELECT FROM $services s WHERE s.name = l.name);
	PREPARE semi(bigint) AS SELECT name FROM local l WHERE n = \$1 AND EXISTS
		(SELECT FROM $services s WHERE s.name = l.name)"
);
foreach (1, 2)
{
	is_strict('EXECUTE anti(1)', $absence, "prepared, NOT EXISTS, $_");
	leaves_out('EXECUTE semi(1)', 'pg-1-0001', "prepared, EXISTS, $_");
}
$t->sim->clear_faults;
is($session->sql('EXECUTE anti(1)'), 'none', 'and once the zone is there again');
is($session->sql(q{SELECT count(*) FROM exo.dbaas_dangling_external_integrations}),
	0, 'nothing dangles');

# EXPLAIN shows where a zone may be left out
sub skips_in_plan
{
	my ($sql) = @_;
	return scalar(() = $session->sql("EXPLAIN (COSTS off) $sql") =~ /Unavailable Zones: skip/g);
}
is(skips_in_plan("SELECT * FROM $services"), 1, 'EXPLAIN says so');
is( skips_in_plan(
			"SELECT * FROM $services s WHERE NOT EXISTS (SELECT FROM exo.dbaas_migrations m "
		  . "WHERE m.service_name = s.name)"),
	1,
	'of the side where it may');
is(skips_in_plan("DELETE FROM $services"), 0, 'and not of a write');
is(skips_in_plan('SELECT * FROM exo.dbaas_zones'), 0, 'nor of what is not of a zone');
$t->create_server;
is($session->sql('EXPLAIN (COSTS off) SELECT * FROM exo.dbaas_services') =~ /Unavailable/,
	'', 'nor by default');
break_zones(zone => $down);
is($session->sql_error('SELECT * FROM exo.dbaas_services')->{hint},
	undef, 'nor has an error that hint by default');

# Every view, with one zone down: those that speak of what is missing fail, but for the one whose
# plan asks for endpoints only in the zones that have integrations
$t->sim->clear_faults;
$t->create_server(unavailable_zones => 'skip', max_retries => 0);
$session->sql(q{SELECT dbaas_fdw_views('exo')});
my %whole = map {
	$_ => $session->sql(
		"SELECT count(*) FROM (SELECT x.* FROM exo.$_ x WHERE zone <> '$down' OFFSET 0) y")
  } split /\n/,
  $session->sql(
	q{SELECT table_name FROM information_schema.views WHERE table_schema = 'exo' ORDER BY 1});
break_zones(zone => $down);
foreach my $view (sort keys %whole)
{
	if ($view =~ /dangling_integrations|overdue|stalled/)
	{
		is_strict("SELECT * FROM exo.$view", $absence, $view);
	}
	else
	{
		leaves_out("SELECT count(*) FROM exo.$view", $whole{$view}, $view);
	}
}

done_testing();
