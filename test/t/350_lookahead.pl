# Nested loops ask ahead for their next rows: the same rows, the same requests,
# and several of these at once.
use strict;
use warnings;

use DbaasChecks qw(until_expected with_and_without);
use DbaasExplain;
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	zones => 2,
	services => 40,
	logs => 3,
	latency => 5,
	operation_time => 0,
	# A table that is analyzed meanwhile may get another plan
	conf => 'autovacuum = off',
	server => { max_retries => 0, fdw_startup_cost => 0 });
my $sim = $t->sim;
my $session = $t->session;
$session->sql(
	q{SET jit = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
	SET enable_material = off; SET enable_sort = off;
	SET client_min_messages = warning;
	CREATE TABLE inventory AS SELECT row_number() OVER (ORDER BY name) AS id, zone, name, type
		FROM exo.dbaas_services WHERE zone = 'ch-gva-2';
	CREATE TABLE pairs AS SELECT a.id, a.zone, a.name, b.name AS other FROM inventory a
		JOIN inventory b ON b.id = 41 - a.id;
	CREATE TABLE owners (name text, owner text);
	INSERT INTO owners SELECT name, 'team ' || id % 3 FROM inventory WHERE id <= 12;
	CREATE FUNCTION loud(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN RETURN 100 / (5 - $1); END $$;
	CREATE SEQUENCE taken;
	ANALYZE inventory, pairs, owners});
$session->sql(q{CREATE TABLE logs AS SELECT * FROM exo.dbaas_logs});

my $explain = DbaasExplain->new($session);
my %explained;

sub is_explained
{
	my ($sql) = @_;
	$sim->config(latency => 0);
	is(join("\n", $explain->problems($sql)), '', "every EXPLAIN of $sql");
	return;
}

# Runs it with and without lookahead, after it was explained in every way
sub runs
{
	my ($sql, $slowness) = @_;
	is_explained($sql) unless $explained{$sql}++;
	my $run = with_and_without($session, $sql, latency => 5 * ($slowness // 1), sort => 1);
	$sim->config(latency => 5);
	return $run;
}

sub runs_until
{
	my ($sql, $expected) = @_;
	return until_expected(sub { return runs($sql, @_) }, $expected);
}

# The same rows, each request once as without it, and several in flight
sub ahead
{
	my ($name, $sql, %how) = @_;
	my $least = $how{peak} // 6;
	my $run = runs_until(
		$sql,
		sub {
			my ($on, $off) = map { $_[0]{$_}{peak} } qw(on off);
			return $on >= $least && $on <= 8 && ($off <= 2 || $how{overlaps});
		});
	is($run->{on}{rows}, $run->{off}{rows}, "$name: the same rows");
	isnt($run->{on}{rows}, '', "$name: there are some") unless $how{empty};
	is_deeply($run->{on}{sent}, $run->{off}{sent}, "$name: the same requests");
	cmp_ok($run->{off}{peak}, '<=', 2, "$name: one after the other without it")
	  unless $how{overlaps};
	cmp_ok($run->{on}{peak}, '>=', $least, "$name: several at once with it");
	cmp_ok($run->{on}{peak}, '<=', 8, "$name: no more than max_concurrency");
	return;
}

# The same rows and requests, and none of these ahead
sub serial
{
	my ($name, $sql) = @_;
	my $run = runs_until($sql, sub { return $_[0]{on}{peak} <= 2 });
	is($run->{on}{rows}, $run->{off}{rows}, "$name: the same rows");
	is_deeply($run->{on}{sent}, $run->{off}{sent}, "$name: the same requests");
	cmp_ok($run->{on}{peak}, '<=', 2, "$name: none ahead, but a page that follows");
	return;
}

my $on = 'l.zone = i.zone AND l.service_name = i.name';
$session->sql('SELECT count(*) FROM exo.dbaas_zones');

# Joins of every type
ahead('an inner join', "SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON $on");
ahead(
	'a left join',
	"SELECT i.id, l.message FROM inventory i LEFT JOIN exo.dbaas_logs l ON $on "
	  . "AND l.message LIKE '%2%'");
ahead(
	'EXISTS',
	"SELECT i.id FROM inventory i WHERE EXISTS (SELECT FROM exo.dbaas_logs l WHERE $on "
	  . "AND l.message LIKE 'entry 2%')",
	overlaps => 1);
ahead(
	'NOT EXISTS',
	"SELECT i.id FROM inventory i WHERE NOT EXISTS (SELECT FROM exo.dbaas_logs l "
	  . "WHERE $on AND l.message LIKE 'entry 2%')",
	empty => 1,
	overlaps => 1);
ahead(
	'IN',
	"SELECT i.id FROM inventory i WHERE i.name IN (SELECT l.service_name "
	  . "FROM exo.dbaas_logs l WHERE l.zone = i.zone AND l.message LIKE 'entry 2%')",
	overlaps => 1);
ahead(
	'NOT EXISTS, of a table without pages',
	"SELECT i.id FROM inventory i WHERE NOT EXISTS (SELECT FROM exo.dbaas_migrations m "
	  . "WHERE m.zone = i.zone AND m.service_name = i.name)");
ahead(
	'under an Append',
	"SELECT i.id, x.s FROM (SELECT * FROM inventory WHERE id < 20 UNION ALL SELECT * "
	  . "FROM inventory WHERE id >= 20 AND id < 35) i, LATERAL (SELECT message AS s "
	  . "FROM exo.dbaas_logs l WHERE $on LIMIT 1) x");
ahead(
	'LATERAL with LIMIT',
	"SELECT i.id, x.message FROM inventory i, LATERAL (SELECT * FROM exo.dbaas_logs l "
	  . "WHERE $on ORDER BY time DESC LIMIT 2) x");
ahead(
	'LATERAL with an aggregate',
	"SELECT i.id, x.n FROM inventory i, LATERAL (SELECT count(*) AS n "
	  . "FROM exo.dbaas_logs l WHERE $on) x");
ahead(
	'LATERAL with UNION ALL',
	"SELECT i.id, x.s FROM inventory i, LATERAL (SELECT message AS s FROM exo.dbaas_logs l WHERE $on
	UNION ALL SELECT status FROM exo.dbaas_migrations m WHERE m.zone = i.zone
		AND m.service_name = i.name) x"
);
ahead(
	'a join of two of them',
	"SELECT i.id, l.message, m.status FROM inventory i JOIN exo.dbaas_logs l ON $on
	LEFT JOIN exo.dbaas_migrations m ON m.zone = i.zone AND m.service_name = i.name");
ahead(
	'a join of each with the next',
	"SELECT p.id, l.message, k.message FROM pairs p JOIN exo.dbaas_logs l ON l.zone = p.zone
		AND l.service_name = p.name
	JOIN exo.dbaas_logs k ON k.zone = p.zone AND k.service_name = p.other AND k.time >= l.time",
	overlaps => 1);
ahead(
	'a join within the inner side',
	"SELECT i.id, x.message FROM inventory i, LATERAL (SELECT l.message, o.owner "
	  . "FROM exo.dbaas_logs l JOIN owners o ON o.name = l.service_name WHERE $on) x",
	peak => 3);
ahead(
	'a CTE',
	"WITH c AS MATERIALIZED (SELECT * FROM inventory) SELECT i.id, l.message FROM c i "
	  . "JOIN exo.dbaas_logs l ON $on");
ahead(
	'VALUES',
	"SELECT v.n, l.message FROM (VALUES ('pg-1-0001'), ('mysql-1-0002'), ('kafka-1-0003'),
		('valkey-1-0005'), ('grafana-1-0006'), ('thanos-1-0007'), ('pg-1-0009')) v(n)
	JOIN exo.dbaas_logs l ON l.zone = 'ch-gva-2' AND l.service_name = v.n",
	peak => 3,
	overlaps => 1);
ahead(
	'an expression of the row',
	"SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON l.zone = i.zone "
	  . "AND l.service_name = lower(upper(i.name) || '')");
ahead(
	'a sorted outer side',
	"SET enable_sort = on; SELECT i.id, l.message FROM (SELECT * FROM inventory "
	  . "ORDER BY name DESC OFFSET 0) i JOIN exo.dbaas_logs l ON $on");
ahead(
	'the same key often',
	"SELECT i.id, l.message FROM (SELECT id, zone, CASE "
	  . "WHEN type IN ('pg', 'mysql', 'kafka') THEN 'pg-1-0001' ELSE name END AS name "
	  . "FROM inventory) i JOIN exo.dbaas_logs l ON $on");
ahead(
	'NULL keys',
	"SELECT i.id, l.message FROM (SELECT id, zone, CASE WHEN type <> 'pg' "
	  . "THEN name END AS name FROM inventory) i LEFT JOIN exo.dbaas_logs l ON $on");

# Loops whose outer side is a join
ahead(
	'a hash join of local tables',
	"SET enable_hashjoin = on; SELECT i.id, x.message FROM inventory i JOIN owners o "
	  . "USING (name), LATERAL (SELECT * FROM exo.dbaas_logs l WHERE $on LIMIT 2) x",
	peak => 4);
ahead(
	'a loop over local tables',
	"SET enable_hashjoin = off; SELECT i.id, x.message FROM inventory i JOIN owners o "
	  . "USING (name), LATERAL (SELECT * FROM exo.dbaas_logs l WHERE $on LIMIT 2) x",
	peak => 4);
my $two_deep =
  "SELECT i.id, x.message, y.status FROM inventory i, LATERAL (SELECT * FROM exo.dbaas_logs l
		WHERE $on ORDER BY time DESC LIMIT 2) x,
	LATERAL (SELECT * FROM exo.dbaas_migrations m WHERE m.zone = x.zone
		AND m.service_name = x.service_name LIMIT 1) y";
ahead('two deep, each with a LIMIT of its own', $two_deep);
is(scalar(() = $session->sql("EXPLAIN $two_deep") =~ /Looks Ahead For/g),
	2, 'both loops look ahead');
ahead(
	'a bound by the clock',
	"SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON $on "
	  . "AND l.time > now() - interval '10 years' "
	  . "AND l.time > '2000-01-01'::text::timestamptz");
ahead(
	'outer rows of late',
	"SELECT i.id, l.message FROM (SELECT *, now() AS made, current_date AS day "
	  . "FROM inventory OFFSET 0) i JOIN exo.dbaas_logs l ON $on "
	  . "WHERE i.made > now() - interval '1 day' AND i.day > current_date - 1");

# Every table whose requests need a name
ahead('metrics',
		"SELECT i.id, m.metric, count(*) FROM inventory i JOIN exo.dbaas_metrics m "
	  . "ON m.zone = i.zone AND m.service_name = i.name GROUP BY 1, 2");
ahead('migrations',
		"SELECT i.id, m.status FROM inventory i JOIN exo.dbaas_migrations m "
	  . "ON m.zone = i.zone AND m.service_name = i.name");
ahead(
	'external integrations',
	"SELECT i.id, x.status FROM inventory i JOIN exo.dbaas_external_integrations x "
	  . "ON x.zone = i.zone AND x.service_name = i.name");
$session->sql(q{CREATE TABLE ids AS SELECT zone, id FROM exo.dbaas_integrations; ANALYZE ids});
ahead(
	'integrations by id',
	"SELECT x.id, x.source FROM ids, LATERAL (SELECT * FROM exo.dbaas_integrations x "
	  . "WHERE x.zone = ids.zone AND x.id = ids.id OFFSET 0) x");
my @operations = map {
	$sim->post('/dbaas-task-migration-check/pg-1-0001',
		{ 'source-service-uri' => "postgres://h$_/d" })->{json}
} 1 .. 12;
$session->sql('CREATE TABLE operations AS SELECT v::uuid AS id, w::uuid AS task FROM (VALUES '
	  . join(',', map { "('$_->{id}', '$_->{reference}{id}')" } @operations)
	  . ') x(v, w); ANALYZE operations');
ahead(
	'operations',
	"SELECT o.id, x.state FROM operations o JOIN exo.dbaas_operations x "
	  . "ON x.zone = 'ch-gva-2' AND x.id = o.id",
	peak => 4);
ahead(
	'tasks',
	"SELECT o.id, x.task_type FROM operations o JOIN exo.dbaas_tasks x "
	  . "ON x.zone = 'ch-gva-2' AND x.service_name = 'pg-1-0001' AND x.id = o.task",
	peak => 4);

# Where the zone is not given, and where the key comes from a table of ours
ahead(
	'no zone',
	"SELECT i.id, l.zone, l.message FROM inventory i JOIN exo.dbaas_logs l "
	  . "ON l.service_name = i.name",
	overlaps => 1);
ahead(
	'services and their logs',
	"SELECT s.name, l.message FROM exo.dbaas_services s JOIN exo.dbaas_logs l "
	  . "ON l.zone = s.zone AND l.service_name = s.name WHERE s.type = 'pg'",
	overlaps => 1,
	peak => 4);

# Cached plans, functions, views
$session->sql("SET plan_cache_mode = force_generic_plan; PREPARE p(bigint) AS "
	  . "SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON $on "
	  . "WHERE i.id < \$1");
ahead('a generic plan', 'EXECUTE p(30)');
ahead('it again', 'EXECUTE p(20)', peak => 4);
$session->sql('RESET plan_cache_mode');
$session->sql("CREATE VIEW of_inventory AS SELECT i.id, l.message FROM inventory i "
	  . "JOIN exo.dbaas_logs l ON $on");
ahead('a view', 'SELECT * FROM of_inventory');
ahead('a query in a function',
	q{SELECT * FROM (SELECT 1) x, LATERAL (SELECT * FROM of_inventory OFFSET 0) y});

# No more than needed where a query ends early
foreach my $limit (1, 2, 3)
{
	my $sql =
		"SELECT i.id FROM inventory i JOIN exo.dbaas_logs l ON $on "
	  . "AND l.message LIKE 'entry 1 %' LIMIT $limit";
	my $run = runs($sql);
	is($run->{on}{rows}, $run->{off}{rows}, "LIMIT $limit: the same rows");
	my ($off, $more) = (scalar @{ $run->{off}{sent} }, scalar @{ $run->{on}{sent} });
	cmp_ok(
		$more, '<=',
		$off + (0, 3, 7)[ $limit - 1 ],
		"LIMIT $limit: few requests ahead ($more, $off without)");
}
serial('EXISTS at the first row',
	"SELECT EXISTS (SELECT FROM inventory i JOIN exo.dbaas_logs l ON $on)");

# What could be noticed is not done ahead
serial(
	'an outer expression that can fail',
	"SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON $on WHERE i.id < 5 "
	  . "AND 100 / (5 - i.id) > 0");
is( $session->sql(
			"SELECT count(*) FROM (SELECT i.id FROM inventory i JOIN exo.dbaas_logs l ON $on "
		  . "WHERE 100 / (5 - i.id) > -1000 LIMIT 9) x"),
	9,
	'one that fails at a row that is not reached');
is( $session->sql(
			"SELECT count(*) FROM (SELECT i.id FROM inventory i JOIN exo.dbaas_logs l "
		  . "ON l.zone = i.zone AND l.service_name = i.name || left(loud(i.id::int)::text, "
		  . "0) LIMIT 9) x"),
	9,
	'a key that fails at a row that is not reached');
is( $session->sql(
			"SELECT count(n) FROM (SELECT o.n FROM inventory i CROSS JOIN LATERAL "
		  . "(SELECT 100 / (5 - i.id) AS n FROM owners o ORDER BY o.name LIMIT 1) o "
		  . "JOIN exo.dbaas_logs l ON l.zone = i.zone AND l.service_name = i.name || CASE "
		  . "WHEN o.n < 0 THEN 'x' ELSE '' END LIMIT 9) x"),
	9,
	'a subquery of each row that fails at a row that is not reached');
serial(
	'a volatile expression',
	"SELECT i.id, l.message FROM (SELECT *, random() AS r FROM inventory OFFSET 0) i "
	  . "JOIN exo.dbaas_logs l ON $on WHERE i.r < 2");
serial('locked rows',
	"SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON $on FOR UPDATE OF i");
ahead(
	'one that can fail, of rows that are all read first',
	"SELECT count(*) FROM inventory i JOIN exo.dbaas_logs l ON $on WHERE 100 / (50 - i.id) > -1000"
);
serial(
	'a key of a subquery that has not run',
	"SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON l.zone = i.zone
		AND l.service_name = i.name
	AND l.sort_order = (SELECT max('asc') FROM owners) WHERE i.id = 1");

# Memory: what is asked and not read is not thrown away
$session->sql("SET work_mem = '64kB'");
foreach my $name ('plain', 'LATERAL')
{
	my $run = runs(
		$name eq 'plain'
		? "SELECT i.id, l.message, repeat('x', 2000) FROM inventory i JOIN exo.dbaas_logs l ON $on"
		: "SELECT i.id, x.message FROM inventory i, LATERAL (SELECT * "
		  . "FROM exo.dbaas_logs l WHERE $on ORDER BY time LIMIT 1) x");
	is($run->{on}{rows}, $run->{off}{rows}, "little work_mem, $name: the same rows");
	is_deeply($run->{on}{sent}, $run->{off}{sent}, 'the same requests');
}
$session->sql('RESET work_mem');

# Run again from above
ahead(
	'a loop in a loop',
	"SELECT o.owner, x.id, x.message FROM (SELECT DISTINCT type AS owner FROM inventory) o,
		LATERAL (
	SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON $on
		WHERE i.type = o.owner OFFSET 0) x",
	peak => 3);

# Cursors, in pieces and from the start again
$session->sql("SET dbaas_fdw.enable_lookahead = on; BEGIN; DECLARE c SCROLL CURSOR FOR "
	  . "SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON $on");
my $first = $session->sql('FETCH 7 FROM c');
is( join("\n", sort(split(/\n/, $first), split(/\n/, $session->sql('FETCH ALL FROM c')))),
	join("\n",
		sort split /\n/,
		$session->sql("SELECT i.id, l.message FROM inventory i JOIN logs l ON $on")),
	'a cursor, in two pieces');
is($session->sql('MOVE ABSOLUTE 0 FROM c; FETCH 7 FROM c'), $first, 'and from the start');
is( $session->sql('FETCH BACKWARD 6 FROM c'),
	join("\n", reverse((split /\n/, $first)[ 0 .. 5 ])),
	'and backwards');
$session->sql('COMMIT');

# Errors and cancels end it
$sim->fault(
	{ path => '/dbaas-service-logs/pg-1-0017', action => 'status', status => 500, times => -1 });
is( $session->sql_error("SELECT count(*) FROM inventory i JOIN exo.dbaas_logs l ON $on")
	  ->{sqlstate},
	'HV000', 'an answer that is an error');
$sim->clear_faults;
$sim->fault(
	{ path => '/dbaas-service-logs/pg-1-0033', action => 'status', status => 500, times => -1 });
is( $session->sql(
		"SELECT count(*) FROM (SELECT i.id FROM inventory i JOIN exo.dbaas_logs l ON $on LIMIT 3) x"
	) ? 1 : 0,
	1,
	'one that is not reached is none');
$sim->clear_faults;

# Joins that end early leave nothing behind
my $memory = 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts';
my $loop =
	q{DO $$ DECLARE r record; BEGIN FOR n IN 1..%d LOOP FOR r IN SELECT i.id }
  . q{FROM inventory i JOIN exo.dbaas_logs l ON }
  . $on
  . q{ LOOP EXIT WHEN r.id > 4; END LOOP; END LOOP; END $$};
$session->sql(sprintf $loop, 20);
my ($bytes, $files) =
  ($session->sql($memory), scalar(() = glob '/proc/' . $session->pid . '/fd/*'));
$session->sql(sprintf $loop, 100);
DbaasTest::measured_ok($session->sql($memory) - $bytes,
	'<=', 65536, '100 joins that end early keep no memory');
cmp_ok(scalar(() = glob '/proc/' . $session->pid . '/fd/*'),
	'<=', $files + 8, 'and no descriptors but those of the connections that are kept');
is( $session->sql(
		q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'dbaas_fdw lookahead%'}),
	0,
	'nor a queue');

# EXPLAIN
my $plan =
  $session->sql("EXPLAIN (COSTS OFF) SELECT i.id FROM inventory i JOIN exo.dbaas_logs l ON $on");
like(
	$plan,
	qr/Custom Scan \(dbaas_fdw lookahead\)\s+Looks Ahead For: l\n\s+->  Seq Scan on inventory i/,
	'EXPLAIN names the node and the scan');
$plan = $session->sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT i.id FROM inventory i "
	  . "JOIN exo.dbaas_logs l ON $on LIMIT 20");
like($plan, qr/Prefetched Results: \d+/, 'ANALYZE says what was prefetched');
like($plan, qr/Unused Results: [1-8]\n/, 'and what was not used');
unlike(
	$session->sql(
			"SET dbaas_fdw.enable_lookahead = off; EXPLAIN (COSTS OFF) SELECT i.id "
		  . "FROM inventory i JOIN exo.dbaas_logs l ON $on"),
	qr/lookahead/,
	'enable_lookahead turns it off');

# What the loop does not come to is not asked for again and again
$session->sql('CREATE TABLE nobody (name text); ANALYZE nobody');
foreach my $inner (
	  "SELECT l.message FROM (SELECT * FROM nobody OFFSET 0) n JOIN exo.dbaas_logs l "
	. "ON $on AND n.name <> l.message",
	"SELECT l.message FROM exo.dbaas_logs l WHERE $on LIMIT i.id - i.id",
	"SELECT l.message FROM exo.dbaas_logs l WHERE $on LIMIT CASE WHEN i.id % 7 = 0 "
	. "THEN 1 ELSE 0 END")
{
	my $run = runs("SELECT i.id, x.message FROM inventory i LEFT JOIN LATERAL ($inner) x ON true");
	is($run->{on}{rows}, $run->{off}{rows}, "an inner side that is not run: the same rows: $inner");
	cmp_ok(@{ $run->{on}{sent} } - @{ $run->{off}{sent} }, '<=', 8, 'and few requests more');
}
my $left =
	"SELECT o.i, EXISTS (SELECT FROM inventory i JOIN exo.dbaas_logs l ON $on "
  . "WHERE i.id > o.i % 3 AND l.message LIKE 'entry 2%' OFFSET 0) "
  . "FROM generate_series(1, 60) o(i)";
my $again = runs($left);
is($again->{on}{rows}, $again->{off}{rows}, 'a loop that is left each time: the same rows');
cmp_ok(@{ $again->{on}{sent} } - @{ $again->{off}{sent} }, '<=', 8, 'and few requests more');

# Outer rows that cost requests themselves, or fail, are not read before they are wanted
$sim->append_logs('ch-gva-2', 'pg-1-0001', 1200);
my $pages =
  "SELECT l.time, m.status FROM exo.dbaas_logs l JOIN exo.dbaas_migrations m ON m.zone = l.zone
		AND m.service_name = l.service_name
	WHERE l.zone = 'ch-gva-2' AND l.service_name = 'pg-1-0001' LIMIT 2";
foreach my $switch ('off', 'on')
{
	$session->sql("SET dbaas_fdw.enable_lookahead = $switch");
	is(scalar(() = grep { m{/dbaas-service-logs} } $session->lines($pages)),
		1, "LIMIT over pages: one page, lookahead $switch");
}
$session->sql(qq{CREATE TEMP TABLE patterns AS SELECT i.*, CASE WHEN id = 5 }
	  . qq{THEN 'x\\' ELSE '%' END AS pattern FROM inventory i; ANALYZE patterns});
is( $session->sql(
			"SELECT count(*) FROM (SELECT i.id FROM patterns i JOIN exo.dbaas_logs l ON $on "
		  . "AND l.message LIKE 'entry 1 %' WHERE i.name LIKE i.pattern LIMIT 3) x"),
	3,
	'a pattern that is wrong in a row that is not reached');
$session->sql(
	q{CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
	CREATE FOREIGN TABLE lines (id int, name text)
	SERVER files OPTIONS (program
		$p$printf '1\tpg-1-0001\n2\tmysql-1-0002\n3\tkafka-1-0003\nx\ty\n'$p$)}
);
is( $session->sql(
			"SELECT count(*) FROM (SELECT i.id FROM lines i JOIN exo.dbaas_logs l "
		  . "ON l.zone = 'ch-gva-2' AND l.service_name = i.name "
		  . "AND l.message LIKE 'entry 1 %' LIMIT 3) x"),
	3,
	'a line that is wrong and not reached');

# A trigger's rows
$session->sql(
	"CREATE FUNCTION on_new() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
		INSERT INTO found SELECT i.id, l.message FROM new_rows i JOIN exo.dbaas_logs l ON $on
			AND l.message LIKE 'entry 1 %'; RETURN NULL; END \$\$;
	CREATE TABLE found (id bigint, message text); CREATE TABLE fresh (LIKE inventory);
	CREATE TRIGGER t AFTER INSERT ON fresh REFERENCING NEW TABLE AS new_rows
		FOR EACH STATEMENT EXECUTE FUNCTION on_new()"
);
ahead('a trigger with its rows',
	"WITH f AS (INSERT INTO fresh TABLE inventory RETURNING id) SELECT count(*) FROM f");
my $found = $session->sql('SELECT count(*), count(DISTINCT id) FROM found');

# Local tables changed by what is read, and queries that catch an error half-way
ahead('UPDATE',
		"WITH u AS (UPDATE inventory i SET type = i.type FROM exo.dbaas_logs l WHERE $on "
	  . "AND l.message LIKE 'entry 1 %' RETURNING i.id) SELECT * FROM u");
$session->sql('ANALYZE fresh');
ahead('DELETE',
		"BEGIN; DELETE FROM fresh i USING exo.dbaas_logs l WHERE $on "
	  . "AND l.message LIKE 'entry 1 %' RETURNING i.id; ROLLBACK");
$session->sql(
	q{CREATE FUNCTION caught() RETURNS text LANGUAGE plpgsql AS $$ DECLARE r record; n int := 0;
	BEGIN
	FOR r IN SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON l.zone = i.zone
		AND l.service_name = i.name WHERE i.id > 1 LOOP
		BEGIN PERFORM 1 / (r.id - 3); PERFORM count(*) FROM exo.dbaas_logs l
			WHERE l.zone = 'ch-gva-2' AND l.service_name = 'pg-1-0003' AND l.log_limit = 2;
		EXCEPTION WHEN division_by_zero THEN n := n + 1; END;
	END LOOP; RETURN n > 0; END $$});
ahead('errors that are caught while it goes on', 'SELECT caught()', overlaps => 1);

my $with =
  $session->sql("SET dbaas_fdw.enable_lookahead = off; SELECT count(DISTINCT service_name) "
	  . "FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND message LIKE 'entry 1 %'");
is( $found,
	$with * $session->sql('SELECT count(*) / (SELECT count(*) FROM inventory) FROM fresh')
	  . "|$with",
	'the trigger found all of them, each time');

done_testing();
