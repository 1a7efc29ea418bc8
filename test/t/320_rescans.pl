# Scans that run again ask for nothing that they have seen, and tables of one
# list share it.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(zones => 2, services => 9, logs => 700);
my $session = $t->session;
my $status = 'GET ch-gva-2 /dbaas-migration-status';
my @zones = qw(ch-gva-2 de-fra-1);
my @lists = map { "GET $_ /dbaas-service" } @zones;

$session->sql(
	q{
	SET jit = off; SET client_min_messages = warning;
	CREATE SCHEMA copy;
	CREATE TABLE copy.dbaas_logs AS SELECT * FROM exo.dbaas_logs;
	CREATE TABLE copy.dbaas_services AS SELECT * FROM exo.dbaas_services;
	CREATE TABLE copy.dbaas_service_types AS SELECT * FROM exo.dbaas_service_types;
	CREATE TABLE copy.dbaas_plans AS SELECT * FROM exo.dbaas_plans;
	CREATE TABLE copy.dbaas_integrations AS SELECT * FROM exo.dbaas_integrations;
	CREATE TABLE copy.dbaas_migrations AS SELECT * FROM exo.dbaas_migrations;
	CREATE TABLE copy.dbaas_external_integrations AS SELECT * FROM exo.dbaas_external_integrations;
	CREATE TABLE inventory (id int, zone text, name text);
	INSERT INTO inventory VALUES (1, 'ch-gva-2', 'pg-1-0001'), (2, 'ch-gva-2', 'mysql-1-0002'),
		(3, 'ch-gva-2', 'pg-1-0001'),
		(4, 'ch-gva-2', 'kafka-1-0003'), (5, 'ch-gva-2', 'mysql-1-0002'), (6, 'ch-gva-2',
			'pg-1-0001'), (7, 'ch-gva-2', NULL), (8, NULL, 'pg-1-0001');
	ANALYZE inventory});
my @three = map { "$status/$_" } qw(kafka-1-0003 mysql-1-0002 pg-1-0001);

sub sends
{
	my ($sql, $expected, $name) = @_;
	is_deeply([ $session->lines($sql) ], [ sort @$expected ], "sent: $name");
	is($session->sql($sql), $session->sql($sql =~ s/exo\./copy./gr), "right: $name");
	return;
}

my %gucs = (
	'plainly' => '',
	'no copies' =>
	  'SET enable_memoize = off; SET enable_material = off; SET enable_hashjoin = off; '
	  . 'SET enable_mergejoin = off',
	'little memory' =>
	  q{SET enable_memoize = off; SET enable_material = off; SET enable_hashjoin = off; }
	  . q{SET enable_mergejoin = off; SET work_mem = '64kB'});
foreach my $guc (sort keys %gucs)
{
	$session->sql("RESET ALL; SET jit = off; $gucs{$guc}");

	# The same values again, in any order, ask nothing again
	sends(
		'SELECT i.id, m.status FROM inventory i JOIN exo.dbaas_migrations m '
		  . 'ON m.zone = i.zone AND m.service_name = i.name ORDER BY 1',
		\@three,
		"$guc: a join") if $guc ne 'plainly';
	sends(
		'SELECT i.id, (SELECT status FROM exo.dbaas_migrations m WHERE m.zone = i.zone '
		  . 'AND m.service_name = i.name) FROM inventory i ORDER BY 1',
		\@three,
		"$guc: a correlated subquery");
	sends(
		'SELECT i.id, m.status FROM inventory i, LATERAL (SELECT * '
		  . 'FROM exo.dbaas_migrations m WHERE m.zone = i.zone '
		  . 'AND m.service_name = i.name OFFSET 0) m ORDER BY 1',
		\@three,
		"$guc: LATERAL");
	sends(
		'SELECT i.id FROM inventory i WHERE EXISTS (SELECT FROM exo.dbaas_migrations m '
		  . 'WHERE m.zone = i.zone AND m.service_name = i.name OFFSET 0) ORDER BY 1',
		\@three,
		"$guc: EXISTS");
	sends(
		"SELECT i.id, (SELECT count(*) FROM exo.dbaas_services s WHERE s.name = i.name) "
		  . "FROM inventory i ORDER BY 1",
		\@lists,
		"$guc: a correlated condition that is no key");
	sends(
		"SELECT g, (SELECT count(*) FROM exo.dbaas_services s WHERE s.node_count = g) "
		  . "FROM generate_series(1, 3) AS g ORDER BY 1",
		\@lists,
		"$guc: and a range of numbers");
	sends("SELECT count(*) FROM inventory i, exo.dbaas_services s WHERE s.node_count > i.id",
		\@lists, "$guc: a join by comparison");
	sends(
		"SELECT count(*) FROM exo.dbaas_services a, exo.dbaas_services b "
		  . "WHERE a.created_at < b.created_at",
		\@lists,
		"$guc: one table twice");

	# A scan that was left before its end goes on where it stopped
	my $logs =
	  q{SELECT i.id, (SELECT message FROM exo.dbaas_logs l WHERE l.zone = i.zone
			AND l.service_name = 'pg-1-0001' AND l.message LIKE '%entry ' || i.id || ' %'
		LIMIT 1) FROM inventory i WHERE i.zone IS NOT NULL ORDER BY 1};
	my @sent = $session->requests($logs);
	cmp_ok(
		scalar @sent, '<=',
		$guc eq 'little memory' ? 3 * 7 : 3,
		"sent: $guc: scans that are left early");
	is( $session->sql($logs),
		$session->sql($logs =~ s/exo\./copy./gr),
		"right: $guc: scans that are left early");

	# More rows than memory
	my $all =
	  q{SELECT i.id, l.n, l.t FROM inventory i, LATERAL (SELECT count(*) AS n, max(message) AS t
			FROM exo.dbaas_logs l
		WHERE l.zone = i.zone AND l.service_name = i.name) l ORDER BY 1};
	@sent = $session->requests($all);
	my @first = grep { $_->{body} !~ /"offset"/ } @sent;
	is(scalar @first, 3, "sent: $guc: whole logs") if $guc ne 'little memory';
	is($session->sql($all), $session->sql($all =~ s/exo\./copy./gr), "right: $guc: whole logs");
}
$session->sql('RESET ALL; SET jit = off');

# Rows that do not fit are read again, not lost, whatever part of them was seen
$session->sql(q{SET work_mem = '64kB'; SET enable_material = off; SET enable_memoize = off; }
	  . q{SET enable_hashjoin = off; SET enable_mergejoin = off});
foreach my $sql (
	  q{SELECT i.id, count(*), min(l.message), max(l.message) FROM inventory i LEFT }
	. q{JOIN exo.dbaas_logs l ON l.zone = i.zone AND l.service_name = i.name GROUP BY 1 }
	. q{ORDER BY 1},
	q{SELECT i.id, l.message FROM inventory i, LATERAL (SELECT message }
	. q{FROM exo.dbaas_logs l WHERE l.zone = i.zone AND l.service_name = i.name }
	. q{ORDER BY l.time DESC LIMIT 3 OFFSET i.id * 10) l ORDER BY 1, 2},
	q{SELECT i.id, (SELECT count(*) FROM (SELECT FROM exo.dbaas_logs l }
	. q{WHERE l.service_name = 'pg-1-0001' LIMIT i.id * 100) x) FROM inventory i ORDER BY 1},
	q{SELECT count(*) FROM inventory i, exo.dbaas_logs l }
	. q{WHERE l.service_name IN ('pg-1-0001', 'mysql-1-0002') }
	. q{AND length(l.message) > i.id * 8})
{
	is( $session->sql($sql),
		$session->sql($sql =~ s/exo\./copy./gr),
		'little memory: ' . $sql =~ s/\s+/ /gr);
}
$session->sql('RESET ALL; SET jit = off');

# Scrolling: back and forth over a scan
is( $session->sql(
		q{BEGIN; DECLARE c SCROLL CURSOR FOR SELECT substr(message, 1, 9) FROM exo.dbaas_logs
		WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' ORDER BY time DESC;
	FETCH 1 FROM c; MOVE 600 IN c; FETCH 1 FROM c; FETCH FIRST FROM c; FETCH LAST FROM c;
	FETCH ABSOLUTE 2 FROM c; COMMIT}
	),
	"entry 699\nentry 98 \nentry 699\nentry 0 o\nentry 698",
	'a scrollable cursor');

# ---------------------------------------------------------------------------
# Lists that are shared within a statement
# ---------------------------------------------------------------------------

my @types = map { "GET $_ /dbaas-service-type" } @zones;
my %shared = (
	'types with plans' => [
		q{SELECT t.zone, t.name, count(*) FROM exo.dbaas_service_types t }
		  . q{JOIN exo.dbaas_plans p ON p.zone = t.zone AND p.service_type = t.name }
		  . q{GROUP BY 1, 2 ORDER BY 1, 2},
		\@types
	],
	'types with plans, one zone' => [
		q{SELECT t.name, count(*) FROM exo.dbaas_service_types t JOIN exo.dbaas_plans p }
		  . q{ON p.zone = t.zone AND p.service_type = t.name WHERE t.zone = 'ch-gva-2' }
		  . q{AND p.zone = 'ch-gva-2' GROUP BY 1 ORDER BY 1},
		[ $types[0] ]
	],
	'services with integrations' => [
		q{SELECT s.zone, s.name, count(i.id) FROM exo.dbaas_services s LEFT }
		  . q{JOIN exo.dbaas_integrations i ON i.zone = s.zone }
		  . q{AND s.name IN (i.source, i.dest) GROUP BY 1, 2 ORDER BY 1, 2},
		\@lists
	],
	'services twice, and integrations' => [
		q{SELECT count(*) FROM exo.dbaas_services a JOIN exo.dbaas_services b }
		  . q{ON a.zone = b.zone AND a.type = b.type JOIN exo.dbaas_integrations i }
		  . q{ON i.source = a.name},
		\@lists
	],
	'in subqueries' => [
		q{SELECT (SELECT count(*) FROM exo.dbaas_services), (SELECT count(*) }
		  . q{FROM exo.dbaas_integrations), (SELECT count(*) FROM exo.dbaas_services }
		  . q{WHERE type = 'pg')},
		\@lists
	],
	'in a union' => [
		q{SELECT name FROM exo.dbaas_services UNION SELECT source }
		  . q{FROM exo.dbaas_integrations ORDER BY 1},
		\@lists
	],
	'in CTEs' => [
		q{WITH a AS MATERIALIZED (SELECT * FROM exo.dbaas_services), b AS MATERIALIZED }
		  . q{(SELECT * FROM exo.dbaas_integrations) SELECT count(*) FROM a JOIN b }
		  . q{ON a.name = b.dest},
		\@lists
	]);
foreach my $name (sort keys %shared)
{
	my ($sql, $expected) = @{ $shared{$name} };
	foreach my $guc (
		'SET enable_hashjoin = on',
		'SET enable_hashjoin = off; SET enable_mergejoin = off',
		'SET enable_hashjoin = off; SET enable_nestloop = off')
	{
		$session->sql("RESET ALL; SET jit = off; $guc");
		if ($name =~ /types/ && $guc =~ /mergejoin/)
		{
			is($session->sql($sql), $session->sql($sql =~ s/exo\./copy./gr), "right: $name");
			next;
		}
		sends($sql, $expected, "$name, $guc");
	}
}
$session->sql('RESET ALL; SET jit = off');

# Fan-out uses the same list: one for each zone, beside the services' own requests
my @sent = $session->lines(
		'SELECT s.zone, s.name, count(*) FROM exo.dbaas_services s JOIN exo.dbaas_logs l '
	  . 'ON l.zone = s.zone AND l.service_name = s.name GROUP BY 1, 2');
is_deeply([ grep { m{/dbaas-service$} } @sent ],
	\@lists, 'services with logs: one list for each zone');
@sent = $session->lines(
		'SELECT count(*) FROM exo.dbaas_migrations m JOIN exo.dbaas_external_integrations e '
	  . 'USING (zone, service_name)');
is_deeply([ grep { m{/dbaas-service$} } @sent ],
	\@lists, 'two tables of all services: one list for each zone');
@sent =
  $session->lines('SELECT count(*) FROM exo.dbaas_services s JOIN exo.dbaas_integrations i '
	  . 'ON i.source = s.name LEFT JOIN exo.dbaas_migrations m ON m.zone = s.zone '
	  . 'AND m.service_name = s.name');
is_deeply([ grep { m{/dbaas-service$} } @sent ],
	\@lists, 'services, integrations and migrations: one list for each zone');
@sent = $session->lines(
	q{SELECT count(*) FROM inventory i JOIN exo.dbaas_migrations m ON m.service_name = i.name});
is_deeply([ grep { m{/dbaas-service$} } @sent ],
	\@lists, 'services without a zone: one list for each');

# The next statement asks anew
is( scalar(
		() = $session->lines(
			'SELECT count(*) FROM exo.dbaas_services; SELECT count(*) FROM exo.dbaas_services')),
	4,
	'each statement asks for its own');
$session->sql('PREPARE s AS SELECT count(*) FROM exo.dbaas_services; '
	  . 'SET plan_cache_mode = force_generic_plan; EXECUTE s');
is_deeply([ $session->lines('EXECUTE s') ], \@lists, 'also one that was planned before');
is_deeply(
	[
		$session->lines(
				q{DO $$ BEGIN PERFORM count(*) FROM exo.dbaas_services; PERFORM count(*) }
			  . q{FROM exo.dbaas_services; END $$})
	],
	[ sort @lists, @lists ],
	'and each of a function');

# What a query does not use is not decoded: a field of a wrong type hurts only who reads it
$t->sim->fault(
	{
		path => '/dbaas-service',
		action => 'merge',
		patch => {
			'dbaas-services' =>
			  [ { name => 'a', type => 'pg', 'node-count' => 'many', 'created-at' => 'never' } ]
		},
		times => -1
	});
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 2, 'no column');
is($session->sql(q{SELECT DISTINCT name FROM exo.dbaas_services WHERE type = 'pg'}),
	'a', 'two columns');
is($session->sql_error('SELECT node_count FROM exo.dbaas_services')->{sqlstate},
	'HV000', 'the column itself');
is( $session->sql_error('SELECT count(*) FROM exo.dbaas_services WHERE node_count = 1')->{sqlstate},
	'HV000', 'in a condition');
is($session->sql_error('SELECT s FROM exo.dbaas_services s')->{sqlstate},
	'HV000', 'the row as a whole');
is( $session->sql('SELECT s.zone FROM exo.dbaas_services s ORDER BY 1'),
	join("\n", @zones),
	'and another column');
$t->sim->clear_faults;

done_testing();
