# What else meets the lookahead node: LIMITs above other nodes, rows that
# others change meanwhile, savepoints in a cursor, cursors that are kept, and
# extensions that look at plans.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	zones => 1,
	services => 16,
	logs => 3,
	operation_time => 0,
	server => { max_retries => 0, fdw_startup_cost => 0 },
	conf => "shared_preload_libraries = 'auto_explain, "
	  . "pg_stat_statements'\nauto_explain.log_min_duration = 0\nauto_explain.log_analyze "
	  . "= on\n"
	  . "auto_explain.log_verbose = on\nauto_explain.log_nested_statements = "
	  . "on\nauto_explain.log_format = json\npg_stat_statements.track = all\n");
my $session = $t->session;
my $other = $t->session;
$session->sql(
	q{SET client_min_messages = warning; SET enable_hashjoin = off; SET enable_mergejoin = off;
	SET enable_material = off; SET max_parallel_workers_per_gather = 0;
	CREATE EXTENSION pg_stat_statements;
	CREATE TABLE inventory AS SELECT row_number() OVER (ORDER BY name) AS id, zone, name, type
		FROM exo.dbaas_services;
	CREATE TABLE kept AS TABLE inventory; ANALYZE inventory});
my $on = 'l.zone = i.zone AND l.service_name = i.name';
my $logs = "(SELECT count(*) FROM exo.dbaas_logs l WHERE $on)";
my $last = "(SELECT max(message) FROM exo.dbaas_logs l WHERE $on)";

# The same with and without, and what EXPLAIN ANALYZE says of it with lookahead
sub same
{
	my ($name, $sql) = @_;
	my %rows;
	foreach my $switch ('off', 'on')
	{
		$rows{$switch} = $session->sql("SET dbaas_fdw.enable_lookahead = $switch; $sql");
	}
	is($rows{on}, $rows{off}, "$name: the same");
	isnt($rows{on}, '', "$name: something");
	return;
}

# A LIMIT is known below whatever passes its bound on: a sort keeps its few
# rows alone, and no request is for nothing
my $sorted = "SELECT i.id, pg_sleep(0), $logs AS n FROM inventory i ORDER BY type, id";
foreach my $query (
	"($sorted) UNION ALL ($sorted) LIMIT 3",
	"SELECT id + 0, n FROM ($sorted) x LIMIT 3",
	"SELECT * FROM ($sorted) x LIMIT 3",
	"SELECT id, n FROM ((SELECT * FROM ($sorted) x) UNION ALL (SELECT * "
	. "FROM ($sorted) y)) z LIMIT 2 OFFSET 1")
{
	same($query, $query);
	my $plan = $session->sql("EXPLAIN (ANALYZE, COSTS OFF) $query");
	like($plan, qr/lookahead.*top-N heapsort/s, 'the sort knows the LIMIT');
	unlike($plan, qr/Unused Results/, 'no request is for nothing');
}
same('a subquery that leaves out rows',
	"SELECT id, n FROM ($sorted OFFSET 0) x WHERE n > 1 AND id % 3 = 0 LIMIT 3");
same(
	'a LIMIT over partitions',
	"SELECT * FROM ((SELECT i.id, $logs FROM inventory i WHERE id < 3) UNION ALL "
	  . "(SELECT i.id, $logs FROM inventory i)) x LIMIT 5");

# Rows that another transaction changes while they are read ahead are looked at again
my %writes = (
	'UPDATE with a subquery' => "UPDATE inventory i SET type = $last RETURNING id, type",
	'UPDATE with a join' =>
	  "UPDATE inventory i SET type = l.message FROM exo.dbaas_logs l WHERE $on "
	  . "AND l.message LIKE '%1 of%' RETURNING id, i.type",
	'UPDATE with a lateral join' =>
	  "UPDATE inventory i SET type = x.m FROM inventory j,
			LATERAL (SELECT message AS m FROM exo.dbaas_logs l
		WHERE l.zone = j.zone AND l.service_name = j.name LIMIT 1) x WHERE j.id = i.id
			RETURNING i.id, i.type",
	'DELETE with a join' => "DELETE FROM inventory i USING exo.dbaas_logs l WHERE $on "
	  . "AND l.message LIKE '%1 of%' RETURNING id, i.type",
	'MERGE' => "MERGE INTO inventory i USING (SELECT i.id, $last AS m "
	  . "FROM inventory i OFFSET 0) x ON x.id = i.id WHEN MATCHED THEN UPDATE "
	  . "SET type = x.m || i.name",
	'FOR UPDATE' => "SELECT i.id, $last FROM inventory i FOR UPDATE");
foreach my $name (sort keys %writes)
{
	foreach my $change ("name = 'kafka-1-0003'", "name = 'none'")
	{
		my %rows;
		foreach my $switch ('off', 'on')
		{
			$session->sql("SET dbaas_fdw.enable_lookahead = $switch");
			$other->sql("BEGIN; UPDATE inventory SET $change WHERE id IN (4, 5, 9)");
			$session->start("BEGIN; $writes{$name}");
			ok( DbaasTest::wait_until(
					sub { $other->sql('SELECT count(*) FROM pg_locks WHERE NOT granted') > 0 }),
				"$name waits");
			$other->sql('COMMIT');
			my ($rows, $errors) = $session->finish;
			is(DbaasTest::parse_error($errors), undef, 'and goes on');
			$rows{$switch} = join "\n", sort split /\n/,
			  "$rows\n" . $session->sql('SELECT * FROM inventory; ROLLBACK');
			$other->sql('TRUNCATE inventory; INSERT INTO inventory TABLE kept');
		}
		is($rows{on}, $rows{off}, "$name, $change: the same rows");
	}
}

# Savepoints that come and go while a cursor is open, and one that outlives its transaction
my $cursor = "CURSOR FOR SELECT i.id, $logs FROM inventory i";
same(
	'savepoints in a cursor',
	"BEGIN; DECLARE c SCROLL $cursor; FETCH 3 FROM c; SAVEPOINT a; FETCH 2 FROM c; ROLLBACK TO a;
	FETCH 2 FROM c; SAVEPOINT b; FETCH BACKWARD 4 FROM c;
	ROLLBACK TO b; FETCH 2 FROM c; MOVE ABSOLUTE 0 FROM c; FETCH 1 FROM c; FETCH RELATIVE 3 FROM c;
	FETCH LAST FROM c; FETCH FIRST FROM c; FETCH ABSOLUTE 5 FROM c;
	DELETE FROM inventory WHERE CURRENT OF c RETURNING id; ROLLBACK");
same(
	'a cursor of a savepoint',
	"BEGIN; SAVEPOINT a; DECLARE c SCROLL $cursor; FETCH 3 FROM c; RELEASE a; FETCH 2 "
	  . "FROM c; FETCH BACKWARD 1 FROM c; UPDATE inventory SET type = 'x' WHERE CURRENT OF c "
	  . "RETURNING id; ROLLBACK");
same(
	'a cursor that is kept',
	'BEGIN; DECLARE c SCROLL '
	  . ($cursor =~ s/CURSOR/CURSOR WITH HOLD/r)
	  . '; FETCH 3 FROM c; COMMIT; FETCH 3 FROM c; FETCH BACKWARD 4 FROM c; CLOSE c');
$session->sql(
		"SET dbaas_fdw.enable_lookahead = on; BEGIN; SAVEPOINT a; DECLARE c $cursor; FETCH 3 "
	  . "FROM c; ROLLBACK TO a");
is($session->sql_error('FETCH 1 FROM c')->{sqlstate},
	'34000', 'a cursor that ended with its savepoint');
$session->sql('ROLLBACK');

# What JIT compiles, and a plan that is made anew
same('compiled',
		"SET jit = on; SET jit_above_cost = 0; SET jit_inline_above_cost = 0; "
	  . "SELECT i.id, $logs, i.name || 'x' FROM inventory i ORDER BY 1; RESET jit_above_cost");
same(
	'a plan that is made anew',
	"PREPARE p AS SELECT i.id, $logs "
	  . "FROM inventory i; EXECUTE p; ALTER TABLE inventory ADD extra int; EXECUTE p; ALTER "
	  . "TABLE inventory DROP extra; EXECUTE p; DEALLOCATE p");

# What the extensions saw
cmp_ok(
	$session->sql(
		"SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE 'UPDATE inventory i%'"),
	'>=', 12,
	'pg_stat_statements counts');
like(
	PostgreSQL::Test::Utils::slurp_file($t->node->logfile),
	qr/"Custom Plan Provider": "dbaas_fdw lookahead"/,
	'auto_explain shows the node');
unlike(
	PostgreSQL::Test::Utils::slurp_file($t->node->logfile),
	qr/no tlist entry|bogus var|unrecognized node/,
	'and fails nowhere');

done_testing();
