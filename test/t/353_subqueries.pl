# Subqueries in a SELECT list ask ahead for the next rows: the same rows, the
# same requests, and several of these at once.
use strict;
use warnings;

use DbaasChecks qw(until_expected with_and_without);
use DbaasExplain;
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	zones => 2,
	services => 16,
	logs => 3,
	latency => 5,
	operation_time => 0,
	server => { max_retries => 0, fdw_startup_cost => 0 });
my $sim = $t->sim;
my $session = $t->session;
$session->sql(
	q{SET jit = off; SET client_min_messages = warning; SET max_parallel_workers_per_gather = 0;
	CREATE TABLE inventory AS SELECT row_number() OVER (ORDER BY name) AS id, zone, name, type,
		'x'::varchar(7) AS gone FROM exo.dbaas_services WHERE zone = 'ch-gva-2';
	ALTER TABLE inventory DROP COLUMN gone; ALTER TABLE inventory ADD PRIMARY KEY (id);
	CREATE TABLE owners AS SELECT name, 'team ' || id % 3 AS owner FROM inventory;
	CREATE TABLE parted (LIKE inventory) PARTITION BY RANGE (id);
	CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (8);
	CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (8) TO (1000);
	INSERT INTO parted TABLE inventory;
	CREATE SEQUENCE taken;
	CREATE FUNCTION loud(bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN 100 / (5 - $1);
	END $$;
	ANALYZE inventory, owners, parted;
	SELECT count(*) FROM exo.dbaas_zones});
my $on = 'l.zone = i.zone AND l.service_name = i.name';
my $logs = "(SELECT count(*) FROM exo.dbaas_logs l WHERE $on)";
my $last = "(SELECT max(time) FROM exo.dbaas_logs l WHERE $on)";

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
	my $run = with_and_without(
		$session, $sql,
		latency => 5 * ($slowness // 1),
		before => q{SELECT setval('taken', 1)});
	$sim->config(latency => 5);
	return $run;
}

# The same rows and requests; several of these in flight, or none ahead
sub compare
{
	my ($name, $sql, $ahead, $sent) = @_;
	my $run = until_expected(sub { return runs($sql, @_) },
		sub { return $ahead ? $_[0]{on}{peak} >= 5 : $_[0]{on}{peak} <= 2 });
	is($run->{on}{rows}, $run->{off}{rows}, "$name: the same rows, in the same order");
	is_deeply($run->{on}{sent}, $run->{off}{sent}, "$name: the same requests") unless $sent;
	cmp_ok(
		$run->{on}{peak},
		$ahead ? '>='                     : '<=',
		$ahead ? 5                        : 2,
		$ahead ? "$name: several at once" : "$name: none ahead, but a page that follows");
	return $run;
}
sub ahead  { return compare($_[0], $_[1], 1, $_[2]) }
sub serial { return compare($_[0], $_[1], 0) }

# Whatever projects it
ahead('a table', "SELECT i.*, $logs FROM inventory i ORDER BY id");
ahead('one without a sort', "SELECT $logs, i.id FROM inventory i");
ahead('its newest entry', "SELECT i.id, $last FROM inventory i");
is( scalar($sim->requests),
	0 + $session->sql('SELECT count(*) FROM inventory'),
	'and asks for one entry of each');
ahead('an index',
	"SET enable_seqscan = off; SELECT i.id, $logs FROM inventory i WHERE id > 3 ORDER BY id");
ahead('a bitmap', "SET enable_indexscan = off; SELECT i.id, $logs FROM inventory i WHERE id > 3");
$session->sql('RESET enable_seqscan; RESET enable_indexscan');
ahead('system columns and whole rows',
	"SELECT i.ctid, i, i.tableoid::regclass, $logs FROM inventory i");

foreach my $join (qw(hashjoin mergejoin nestloop))
{
	$session->sql(join ';',
		map { "SET enable_$_ = " . ($_ eq $join ? 'on' : 'off') } qw(hashjoin mergejoin nestloop));
	ahead("a join by $join",
		"SELECT i.id, o.owner, $logs FROM inventory i JOIN owners o USING (name)");
	ahead(
		"a left join by $join",
		"SELECT i.id, o.owner, $logs FROM inventory i LEFT JOIN (SELECT * FROM owners "
		  . "WHERE owner <> 'team 1' OFFSET 0) o USING (name)");
}
$session->sql('RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_nestloop');
ahead('a table of ours',
	"SELECT i.name, $logs FROM exo.dbaas_services i WHERE i.zone = 'ch-gva-2'");
ahead(
	'a join with tables of ours',
	"SELECT i.id, $logs, m.status FROM inventory i LEFT JOIN exo.dbaas_migrations m "
	  . "ON m.zone = i.zone AND m.service_name = i.name");
ahead('partitions', "SELECT i.id, $logs FROM parted i");
ahead(
	'UNION ALL',
	"SELECT i.id, $logs FROM inventory i WHERE id < 9 UNION ALL SELECT i.id, $logs "
	  . "FROM inventory i WHERE id > 8");
ahead(
	'a subquery',
	"SELECT id + 0, n FROM (SELECT i.id, $logs AS n FROM (SELECT * FROM inventory "
	  . "ORDER BY id OFFSET 2) i OFFSET 0) x WHERE n >= 0");
ahead(
	'a CTE',
	"WITH c AS MATERIALIZED (SELECT i.id, $logs AS n FROM inventory i) "
	  . "SELECT a.id, a.n, b.n FROM c a JOIN c b USING (id)");
ahead(
	'a CTE of a CTE',
	"WITH c AS MATERIALIZED (SELECT * FROM inventory), d AS MATERIALIZED "
	  . "(SELECT i.id, $logs AS n FROM c i) SELECT (SELECT sum(n) FROM d), count(*) FROM d");
ahead(
	'VALUES',
	"SELECT i.name, $logs FROM (VALUES "
	  . join(',',
		map { "('ch-gva-2', '$_')" } split /\n/,
		$session->sql('SELECT name FROM inventory'))
	  . ") i(zone, name)");
ahead(
	'a function',
	"SELECT i, (SELECT count(*) FROM exo.dbaas_logs l WHERE l.zone = 'ch-gva-2' "
	  . "AND l.service_name = i) FROM unnest(ARRAY(SELECT name FROM inventory)) i");
ahead('groups',
		"SELECT i.name, $logs, count(*), max(i.id) + $logs FROM inventory i "
	  . "GROUP BY i.zone, i.name HAVING count(*) > 0 ORDER BY 1");
ahead(
	'sorted groups',
	"SET enable_hashagg = off; SELECT i.name, $logs, count(*) FROM inventory i "
	  . "GROUP BY i.zone, i.name");
ahead(
	'grouping sets',
	"SELECT i.name, i.zone, $logs, grouping(i.name), count(*) FROM inventory i "
	  . "GROUP BY GROUPING SETS ((i.zone, i.name), (i.zone), ())");
$session->sql('RESET enable_hashagg');
ahead('DISTINCT', "SELECT DISTINCT i.name, $logs FROM inventory i ORDER BY 1");
ahead('a result above a sort',
	"SELECT i.id, $logs, pg_sleep(0) FROM inventory i ORDER BY id DESC LIMIT 20");
serial('a set-returning function beside it',
	"SELECT i.id, $logs, generate_series(1, 2) FROM inventory i WHERE id < 4");
$session->sql(q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; }
	  . q{SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2});
like($session->sql("EXPLAIN SELECT i.id, $logs FROM inventory i ORDER BY i.id"),
	qr/lookahead.*Gather/s, 'a parallel query is looked ahead over');
ahead('a parallel query', "SELECT i.id, $logs FROM inventory i ORDER BY i.id");
$session->sql('SET max_parallel_workers_per_gather = 0');

# Whatever stands above it
my $with_last = "SELECT i.id, i.type, $last AS last FROM inventory i";
ahead('groups of it', "SELECT last::date, count(*) FROM ($with_last) x GROUP BY 1 ORDER BY 1");
ahead('sorted groups of it',
	"SET enable_hashagg = off; SELECT last, count(*) FROM ($with_last) x GROUP BY 1");
ahead('groups without an aggregate', "SELECT last FROM ($with_last) x GROUP BY 1 ORDER BY 1");
ahead(
	'an aggregate that sorts',
	"SELECT count(DISTINCT last), array_agg(last ORDER BY last DESC) FROM ($with_last OFFSET 0) x");
$session->sql('RESET enable_hashagg');
ahead(
	'a cube',
	"SELECT last::date, type, count(*), grouping(type) FROM ($with_last) x "
	  . "GROUP BY CUBE (1, 2) ORDER BY 1, 2");
ahead(
	'a sorted cube',
	"SET enable_hashagg = off; SELECT last::date, type, count(*) FROM ($with_last) x "
	  . "GROUP BY CUBE (1, 2) ORDER BY 1, 2");
ahead('an EXCEPT by sorting', "($with_last) EXCEPT SELECT 1::bigint, 'x', NULL ORDER BY 1");
$session->sql('RESET enable_hashagg');
ahead('DISTINCT of it', "SELECT DISTINCT last FROM ($with_last) x ORDER BY 1");
ahead('DISTINCT ON it',
	"SELECT DISTINCT ON (last) id, last FROM ($with_last) x ORDER BY last, id DESC");
ahead(
	'a window over it',
	"SELECT id, last, rank() OVER (PARTITION BY type ORDER BY last) "
	  . "FROM ($with_last OFFSET 0) x ORDER BY id");
ahead('INTERSECT', "($with_last) INTERSECT ($with_last) ORDER BY 1");
ahead('UNION', "($with_last) UNION ($with_last) ORDER BY 1");
ahead(
	'a merge of sorted ones',
	"SET enable_sort = on; ($with_last WHERE id < 9 ORDER BY id OFFSET 0) "
	  . "UNION ALL ($with_last WHERE id > 8 ORDER BY id OFFSET 0) ORDER BY id");
ahead(
	'an incremental sort',
	"SELECT * FROM (SELECT * FROM ($with_last OFFSET 0) y ORDER BY type OFFSET 0) x "
	  . "ORDER BY type, last");
ahead('ties', "SELECT * FROM ($with_last OFFSET 0) x ORDER BY last FETCH FIRST 5 ROWS WITH TIES");
ahead(
	'a join with it',
	"SELECT x.*, o.owner FROM ($with_last OFFSET 0) x JOIN owners o "
	  . "ON o.owner = 'team ' || x.id % 3 ORDER BY 1, 4");
ahead(
	'a loop over it',
	"SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT x.*, o.id "
	  . "FROM ($with_last OFFSET 0) x JOIN inventory o ON o.id = x.id + 1 ORDER BY 1");
$session->sql('RESET enable_hashjoin; RESET enable_mergejoin');
serial(
	'the inner side of a loop',
	"SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; "
	  . "SELECT o.*, x.last FROM generate_series(3, 9) o LEFT JOIN LATERAL "
	  . "(SELECT i.name, $last AS last FROM inventory i WHERE i.id = o) x ON true");
$session->sql('RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material');
ahead(
	'a recursion',
	"WITH RECURSIVE r AS (($with_last WHERE id < 9) UNION ALL "
	  . "SELECT id + 100, type, last FROM r WHERE id < 100) SELECT * FROM r ORDER BY 1");
ahead('MERGE',
		"BEGIN; MERGE INTO owners o USING ($with_last OFFSET 0) x ON o.owner = x.last::text "
	  . "WHEN NOT MATCHED THEN INSERT (name, owner) VALUES (x.id, x.last); SELECT count(*) "
	  . "FROM owners; ROLLBACK");

# Whatever aggregates it
ahead('an aggregate', "SELECT sum($logs), max($last), count(*) FROM inventory i");
ahead('an aggregate of groups', "SELECT type, sum($logs) FROM inventory i GROUP BY 1 ORDER BY 1");
ahead('sorted groups and an aggregate',
	"SET enable_hashagg = off; SELECT type, sum($logs) FROM inventory i GROUP BY 1 ORDER BY 1");
$session->sql('RESET enable_hashagg');
ahead(
	'an aggregate of grouping sets',
	"SELECT type, id % 2, sum($logs) FROM inventory i "
	  . "GROUP BY GROUPING SETS (1, 2, ()) ORDER BY 1, 2");
ahead('an aggregate and its HAVING',
	"SELECT zone, sum($logs) AS n FROM inventory i GROUP BY 1 HAVING max($last) < now()");
ahead('an aggregate beside a subquery of the group',
	"SELECT i.name, $last, sum($logs) FROM inventory i GROUP BY i.zone, i.name ORDER BY 1");
ahead('a FILTER', "SELECT count(*) FILTER (WHERE $logs > 2), count(*) FROM inventory i");
ahead('an aggregate of a COALESCE', "SELECT sum(coalesce($logs, 0)) FROM inventory i");
ahead('an aggregate in an order', "SELECT array_agg(i.id ORDER BY $last, i.id) FROM inventory i");
ahead('an aggregate of what differs', "SELECT count(DISTINCT $last) FROM inventory i");
ahead(
	'an aggregate of a join',
	"SELECT o.owner, sum($logs) FROM inventory i JOIN owners o USING (name) GROUP BY 1 ORDER BY 1");
ahead('an aggregate of a table of ours',
	"SELECT sum($logs) FROM exo.dbaas_services i WHERE i.zone = 'ch-gva-2'");
ahead('an aggregate of partitions', "SELECT sum($logs) FROM parted i");
ahead('a volatile function in an aggregate',
	"SELECT sum($logs + 0 * nextval('taken')) FROM inventory i");
ahead(
	'an aggregate that is run again',
	"SELECT o.id, (SELECT sum($logs) FROM inventory i WHERE i.id > o.id * 0) FROM inventory o "
	  . "WHERE o.id < 4 ORDER BY 1");
serial('what a FILTER lets through',
	"SELECT sum($logs) FILTER (WHERE i.id < 4) FROM inventory i WHERE id < 9");
serial('an aggregate of a volatile condition',
	"SELECT sum($logs) FROM inventory i WHERE id < 9 AND random() < 2");
is( $session->sql(
			"SELECT string_agg(n::text, ' ') FROM (SELECT sum(100 / (5 - i.id) + 0 * $logs) AS n "
		  . "FROM inventory i GROUP BY i.id ORDER BY i.id LIMIT 4) x"),
	'25 33 50 100',
	'an aggregate that fails in a group that is not reached');

# Whatever the subquery is
ahead('EXISTS',
		"SELECT i.id, EXISTS (SELECT FROM exo.dbaas_logs l WHERE $on "
	  . "AND l.message LIKE '%2 of%') FROM inventory i");
ahead('IN',
		"SELECT i.id, 'entry 1' IN (SELECT left(message, 7) FROM exo.dbaas_logs l WHERE $on) "
	  . "FROM inventory i");
ahead('ARRAY',
		"SELECT i.id, ARRAY(SELECT message FROM exo.dbaas_logs l WHERE $on "
	  . "ORDER BY time DESC LIMIT 2) FROM inventory i");
ahead('the first of a COALESCE', "SELECT i.id, coalesce($last, now()) < now() FROM inventory i");
ahead('the first condition of a CASE',
	"SELECT i.id, CASE WHEN $logs > 2 THEN 'many' ELSE 'few' END FROM inventory i");
ahead('what a CASE compares', "SELECT i.id, CASE $logs WHEN 2 THEN 'two' END FROM inventory i");
ahead('the first of an AND or OR',
	"SELECT i.id, $logs > 2 OR i.id < 3 AND random() < 2 FROM inventory i");
ahead('in an expression',
	"SELECT i.id, 'n' || ($logs + 1) || i.name, NOT ($logs = 2) FROM inventory i");
ahead(
	'a join',
	"SELECT i.id, (SELECT max(o.owner) FROM exo.dbaas_logs l JOIN owners o "
	  . "ON o.name = l.service_name WHERE $on) FROM inventory i");
ahead('metrics',
		"SELECT i.id, (SELECT max(value) FROM exo.dbaas_metrics l WHERE $on "
	  . "AND metric = 'cpu_usage') FROM inventory i");
ahead(
	'no zone',
	"SELECT i.id, (SELECT count(*) FROM exo.dbaas_logs l WHERE l.service_name = i.name) "
	  . "FROM inventory i");
ahead(
	'a bound by the clock',
	"SELECT i.id, (SELECT count(*) FROM exo.dbaas_logs l WHERE $on "
	  . "AND l.time > now() - interval '1 hour') FROM inventory i");
ahead(
	'the outer query has a say',
	"SELECT o.t, x.* FROM (SELECT DISTINCT type AS t FROM inventory) o, LATERAL (SELECT i.id,
	(SELECT count(*) FROM exo.dbaas_logs l WHERE $on AND l.message >= left(o.t, 0)) FROM inventory i
		WHERE i.type >= o.t OFFSET 0) x"
);

# Prepared, in a function, with rows that are written
$session->sql(
		"SET plan_cache_mode = force_generic_plan; PREPARE p(bigint) AS SELECT i.id, $logs "
	  . "FROM inventory i WHERE i.id <= \$1");
ahead('a generic plan', 'EXECUTE p(20)');
ahead('it again', 'EXECUTE p(15)');
$session->sql('RESET plan_cache_mode');
$session->sql("CREATE TABLE found (id bigint, n bigint, z bigint)");
ahead('INSERT',
	"BEGIN; INSERT INTO found SELECT i.id, $logs FROM inventory i RETURNING *; ROLLBACK");
ahead('UPDATE', "BEGIN; UPDATE inventory i SET type = $logs RETURNING id, type; ROLLBACK");
serial(
	'UPDATE of several columns',
	"BEGIN; UPDATE inventory i SET (type, name) = (SELECT count(*), max(service_name) "
	  . "FROM exo.dbaas_logs l WHERE $on) WHERE id < 4 RETURNING id, type; ROLLBACK");
ahead('a volatile function beside it', "SELECT nextval('taken'), i.id, $logs FROM inventory i");
ahead(
	'a loop in a function',
	qq{SET dbaas_test.sum = '0'; DO \$\$ DECLARE r record;
	BEGIN FOR r IN SELECT i.id, $logs AS n FROM inventory i LOOP
	PERFORM set_config('dbaas_test.sum', (current_setting('dbaas_test.sum')::int + r.n *
		r.id)::text, false); END LOOP; END \$\$; SHOW dbaas_test.sum}
);

# Not where the row may not need it, or where it could be noticed
serial('CASE', "SELECT i.id, CASE WHEN i.id < 4 THEN $logs END FROM inventory i WHERE id < 9");
serial('COALESCE', "SELECT i.id, coalesce(i.id, $logs) FROM inventory i WHERE id < 9");
serial('the result of a CASE',
	"SELECT i.id, CASE i.id WHEN 3 THEN $logs ELSE -$logs END FROM inventory i WHERE id < 9");
serial('AND', "SELECT i.id, i.id < 4 AND $logs > 0 FROM inventory i WHERE id < 9");
serial('OR', "SELECT i.id, i.id > 4 OR $logs > 0 FROM inventory i WHERE id < 9");
serial('a window',
	"SELECT i.id, $logs, row_number() OVER (ORDER BY i.id) FROM inventory i WHERE id < 4");
serial('locked rows', "SELECT i.id, $logs FROM inventory i WHERE id < 9 FOR UPDATE");
serial('a volatile condition', "SELECT i.id, $logs FROM inventory i WHERE id < 9 AND random() < 2");
serial('a condition that can fail',
	"SELECT i.id, $logs FROM inventory i WHERE id < 5 AND 100 / (5 - i.id) > 0");
serial(
	'a key that can fail',
	"SELECT i.id, (SELECT count(*) FROM exo.dbaas_logs l WHERE l.zone = i.zone "
	  . "AND l.service_name = i.name || left((100 / (5 - i.id))::text, 0)) FROM inventory i "
	  . "WHERE id < 5");
is( $session->sql(
			"SELECT count(*) FROM (SELECT i.id, $logs AS n FROM inventory i "
		  . "WHERE loud(i.id) > -1000 LIMIT 4) x WHERE n >= 0"),
	4,
	'a condition that fails in a row that is not reached');
is( $session->sql(
			"SELECT string_agg(n::text, ' ') FROM (SELECT 100 / (5 - i.id) + 0 * $logs AS n "
		  . "FROM inventory i LIMIT 4) x"),
	'25 33 50 100',
	'an expression beside it that fails in a row that is not reached');

# A LIMIT asks for its own rows alone
foreach my $limit (1, 2, 3, 7)
{
	my $run = runs("SELECT i.id, (SELECT message FROM exo.dbaas_logs l WHERE $on LIMIT 1) "
		  . "FROM inventory i ORDER BY id LIMIT $limit");
	is($run->{on}{rows}, $run->{off}{rows}, "LIMIT $limit: the same rows");
	is_deeply($run->{on}{sent}, $run->{off}{sent}, "LIMIT $limit: the same requests");
	$run = runs("SELECT i.id, (SELECT message FROM exo.dbaas_logs l WHERE $on LIMIT 1) "
		  . "FROM inventory i OFFSET 1 LIMIT $limit");
	is_deeply(
		$run->{on},
		{ %{ $run->{off} }, peak => $run->{on}{peak} },
		"LIMIT $limit and OFFSET: the same");
}
my $sorted =
	"SELECT o.id, x.* FROM owners JOIN inventory o USING (name), LATERAL "
  . "(SELECT i.id AS j, pg_sleep(0), (SELECT min(message) FROM exo.dbaas_logs l WHERE $on) "
  . "FROM inventory i ORDER BY i.type, i.id LIMIT o.id % 4) x";
my $bounds = runs($sorted);
is($bounds->{on}{rows}, $bounds->{off}{rows}, 'a LIMIT that differs from row to row, over a sort');
like(
	$session->sql(
			"SET dbaas_fdw.enable_lookahead = on; EXPLAIN ANALYZE "
		  . "SELECT i.id, $logs, pg_sleep(0) FROM inventory i ORDER BY i.type, i.id LIMIT 3"),
	qr/top-N heapsort/,
	'a sort below knows the LIMIT');

# Cursors, in pieces, backwards, and from the start again
foreach my $scroll ('', 'SCROLL', 'NO SCROLL')
{
	my %rows;
	foreach my $switch ('off', 'on')
	{
		$session->sql(
				"SET dbaas_fdw.enable_lookahead = $switch; BEGIN; DECLARE c $scroll CURSOR "
			  . "FOR SELECT i.id, $logs FROM inventory i WHERE id <> 4");
		my @moves = ('FETCH 7', 'FETCH 4');
		push @moves, 'FETCH BACKWARD 3', 'FETCH 1', 'FETCH 9', 'FETCH BACKWARD 2', 'FETCH ALL',
		  'FETCH 1', 'FETCH BACKWARD 2', 'FETCH 1', 'FETCH ALL', 'FETCH PRIOR', 'MOVE ABSOLUTE 3',
		  'FETCH 5',
		  'FETCH ABSOLUTE -2', 'FETCH 3', 'FETCH BACKWARD ALL', 'FETCH 2', 'FETCH BACKWARD 5',
		  'FETCH 4'
		  if $scroll ne 'NO SCROLL';
		push @moves, 'FETCH ALL';
		$rows{$switch} = join "\n",
		  map { my $rows = $session->sql("$_ FROM c"); "$_: $rows" } @moves;
		$session->sql('COMMIT');
	}
	is($rows{on}, $rows{off}, "a $scroll cursor");
}

# A cursor's row can be pointed to, wherever the scan is, and the cursor looks
# ahead where one scan alone can be meant
$session->sql(
	q{CREATE TABLE base (LIKE inventory); CREATE TABLE child_1 () INHERITS (base);
	CREATE TABLE child_2 () INHERITS (base);
	INSERT INTO child_1 SELECT * FROM inventory WHERE id < 7;
	INSERT INTO child_2 SELECT * FROM inventory WHERE id > 6;
	CREATE INDEX by_name ON inventory (zone, name); CREATE TABLE others AS TABLE inventory;
	ANALYZE base, child_1, child_2, others; VACUUM inventory}
);
my $moves =
  'MOVE 5 FROM c; DELETE FROM %s WHERE CURRENT OF c RETURNING name; MOVE BACKWARD 2 FROM c;
	UPDATE %1$s SET type = \'x\' WHERE CURRENT OF c RETURNING name;
	MOVE 9 FROM c; DELETE FROM %1$s WHERE CURRENT OF c RETURNING name';
my @scans = (
	[ 'a table', 'inventory i', qr/lookahead.*Seq Scan/s ],
	[
		'an index', 'inventory i WHERE id > 0', qr/lookahead.*Index Scan/s,
		columns => 'i.type',
		set => [qw(seqscan bitmapscan)]
	],
	[
		'an index alone',
		'inventory i',
		qr/lookahead.*Index Only Scan/s,
		set => [qw(seqscan bitmapscan)]
	],
	[
		'a bitmap', 'inventory i WHERE id > 0', qr/lookahead.*Bitmap Heap Scan/s,
		columns => 'i.type',
		set => [qw(seqscan indexscan indexonlyscan)],
		forward => 1
	],
	[
		'tuple ids',
		"inventory i WHERE ctid = ANY ('{" . join(',', map { qq("(0,$_)") } 1 .. 16) . "}')",
		qr/lookahead.*Tid Scan/s,
		set => ['seqscan']
	],
	[
		'a range of tuple ids',
		"inventory i WHERE ctid >= '(0,1)'",
		qr/lookahead.*Tid Range Scan/s,
		set => [qw(seqscan indexonlyscan bitmapscan)]
	],
	[
		'a result',
		"inventory i WHERE current_user <> 'nobody'",
		qr/lookahead.*Result.*One-Time Filter.*Scan/s
	],
	[ 'a subquery', '(SELECT * FROM inventory OFFSET 0) i', qr/lookahead.*Scan.*inventory/s ],
	[
		'a subquery with a LIMIT',
		'(SELECT * FROM inventory LIMIT 16) i',
		qr/lookahead.*Subquery Scan.*Limit/s
	],
	[
		'a subquery with an expression',
		"(SELECT *, type || '' AS t FROM inventory LIMIT 16) i",
		qr/lookahead.*Subquery Scan.*Limit/s,
		columns => 'i.t'
	],
	[
		'a subquery of a subquery',
		"(SELECT j.*, (SELECT count(*) FROM exo.dbaas_logs l WHERE l.zone = j.zone "
		  . "AND l.service_name = j.name) AS n FROM inventory j LIMIT 16) i",
		qr/Subquery Scan.*Limit.*lookahead.*Seq Scan/s,
		columns => 'i.n'
	],
	[ 'partitions', 'parted i', qr/Append.*lookahead.*lookahead/s, table => 'parted' ],
	[ 'children', 'base i', qr/lookahead.*Append/s, table => 'base', several => 1 ],
	[
		'one of two tables',
		'(SELECT * FROM inventory UNION ALL SELECT * FROM others) i',
		qr/lookahead.*Append/s, several => 1
	],
	[
		'the other of two tables',
		'(SELECT * FROM inventory WHERE id < 4 UNION ALL SELECT * FROM others WHERE id > 3) i',
		qr/lookahead.*Append/s,
		table => 'others',
		several => 1
	]);
foreach my $scan (@scans)
{
	my ($name, $from, $plan, %how) = @$scan;
	my $table = $how{table} // 'inventory';
	my $query = 'SELECT i.name, ' . ($how{columns} ? "$how{columns}, " : '') . "$logs FROM $from";
	my $set = join ' ', map { "SET LOCAL enable_$_ = off;" } @{ $how{set} // [] };
	my %names;
	like(
		$session->sql(
			"SET dbaas_fdw.enable_lookahead = on; BEGIN; $set EXPLAIN (COSTS OFF) $query; ROLLBACK"
		),
		$plan,
		"WHERE CURRENT OF, $name: the plan");
	foreach my $switch ('off', 'on')
	{
		$names{$switch} = $session->sql(
			"SET dbaas_fdw.enable_lookahead = $switch; BEGIN; $set DECLARE c CURSOR FOR $query; "
			  . sprintf($how{forward} ? $moves =~ s/BACKWARD//r : $moves, $table)
			  . '; ROLLBACK');

		# In a function, by a name that is known and by one that is not
		foreach my $how (
			'r CURSOR FOR %s; deleted text; BEGIN OPEN r',
			'r refcursor; deleted text; BEGIN OPEN r FOR %s',
			q{r refcursor; deleted text; BEGIN OPEN r FOR EXECUTE $q$%s$q$})
		{
			$names{$switch} .= "\n" . $session->sql(
					"BEGIN; $set DO \$\$ DECLARE "
				  . sprintf($how, $query)
				  . "; BEGIN MOVE FORWARD 12 FROM r;
				DELETE FROM $table WHERE CURRENT OF r RETURNING name INTO deleted;
				PERFORM set_config('dbaas_test.deleted', deleted, false); END; END \$\$;
				SELECT current_setting('dbaas_test.deleted'); ROLLBACK"
			);
		}
		$names{$switch} .= "\n" . $session->sql(
			"BEGIN; $set DO \$\$ DECLARE c CURSOR FOR $query; deleted text;
			BEGIN FOR r IN c LOOP DELETE FROM $table WHERE CURRENT OF c RETURNING name INTO deleted;
			IF deleted <> r.name THEN RAISE 'another row'; END IF; END LOOP; END \$\$;
			SELECT count(*) FROM $table; ROLLBACK"
		);
	}
	is($names{on}, $names{off}, "WHERE CURRENT OF, $name: the same rows");
	cmp_ok(
		scalar(grep { /-1-/ } split /\n/, $names{on}),
		'>=',
		$name =~ /two tables/ ? 5 : 6,
		'a row each time');
	# What was sent ahead is taken back at the end, and counts only if it has arrived by then
	my @sent = grep { ($_->{body} // '') !~ /"offset"/ } $session->requests(
		"BEGIN; $set DECLARE c CURSOR FOR $query; FETCH 6 FROM c; SELECT pg_sleep(0.2); ROLLBACK");
	cmp_ok(scalar(@sent), $how{several} ? '==' : '>',
		6, $how{several} ? 'the cursor asks for its own rows alone' : 'the cursor looks ahead');
	like(
		$session->sql(
				"BEGIN; $set DO \$\$ DECLARE r record; BEGIN FOR r IN $query LOOP EXIT "
			  . "WHEN r.name = 'pg-1-0009'; END LOOP; END \$\$; ROLLBACK"),
		qr/^$/, 'a loop');
}
ahead(
	'a cursor that cannot point to several tables',
	"BEGIN; DECLARE c CURSOR FOR SELECT i.id, $logs FROM (SELECT * FROM inventory "
	  . "UNION ALL SELECT * FROM others WHERE id = 3) i ORDER BY 2, 1; FETCH ALL "
	  . "FROM c; ROLLBACK");
like(
	$session->sql_error(
			"BEGIN; DECLARE c CURSOR FOR SELECT i.id, $logs FROM (SELECT * FROM inventory "
		  . "UNION ALL SELECT * FROM inventory) i; MOVE 1 FROM c; DELETE FROM inventory "
		  . "WHERE CURRENT OF c")->{message},
	qr/not a simply updatable scan/,
	'one table twice is not pointed to');
$session->sql('ROLLBACK');

# Errors, and what is left behind
$sim->fault(
	{ path => '/dbaas-service-logs/pg-1-0009', action => 'status', status => 500, times => -1 });
is($session->sql_error("SELECT i.id, $logs FROM inventory i")->{sqlstate},
	'HV000', 'an answer that is an error');
is( $session->sql(
		"SELECT count(n) FROM (SELECT i.id, $logs AS n FROM inventory i ORDER BY id LIMIT 3) x"),
	3,
	'one that is not reached is none');
$sim->clear_faults;
is( $session->sql(
			q{SELECT count(*) FROM pg_backend_memory_contexts }
		  . q{WHERE name LIKE 'dbaas_fdw lookahead%' OR name LIKE 'dbaas_fdw result%'}),
	0,
	'nothing is left');

# EXPLAIN
my $plan = $session->sql("EXPLAIN (COSTS OFF) SELECT i.id, $logs FROM inventory i");
my $node = "Custom Scan (dbaas_fdw lookahead)\n  Looks Ahead For: l\n";
like(
	$plan,
	qr/\Q$node\E  ->  Seq Scan on inventory i\n\s+SubPlan 1\n.*\(zone = i.zone\)/s,
	'EXPLAIN names the node, the scan, and what the subquery is given');
like(
	$session->sql("EXPLAIN (COSTS OFF, VERBOSE) SELECT i.id, $logs FROM inventory i"),
	qr/Output: i.id, \(SubPlan 1\)/,
	'VERBOSE shows the target list where it was');
like(
	$session->sql("EXPLAIN (ANALYZE, COSTS OFF) SELECT i.id, $logs FROM inventory i"),
	qr/Rows Looked Ahead: \d+.*Prefetched Results: \d+/s,
	'ANALYZE counts');
unlike(
	$session->sql(
			"EXPLAIN SELECT i.id, (SELECT max(owner) FROM owners l WHERE l.name = i.name) "
		  . "FROM inventory i"),
	qr/lookahead/,
	'not where no table is ours');
unlike(
	$session->sql(
			"SET dbaas_fdw.enable_lookahead = off; EXPLAIN (COSTS OFF) SELECT i.id, $logs "
		  . "FROM inventory i"),
	qr/lookahead/,
	'enable_lookahead turns it off');

done_testing();
