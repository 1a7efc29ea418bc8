# Orders, limits and lower bounds of logs: what is sent, and that the rows are right.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $entries = 1200;
my $t = DbaasTest->new(zones => 2, services => 5, logs => $entries);
my $session = $t->session;
my $pg = q{FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
my $two =
  q{FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name IN ('pg-1-0001', 'mysql-1-0002')};

$session->sql(
	q{
	SET jit = off;
	CREATE TABLE copied AS SELECT * FROM exo.dbaas_logs;
	CREATE TABLE inventory (n int, zone text, name text, since timestamptz);
	INSERT INTO inventory VALUES (1, 'ch-gva-2', 'pg-1-0001', NULL), (2, 'ch-gva-2', 'mysql-1-0002',
		NULL),
		(3, 'de-fra-1', 'kafka-2-0003', NULL), (4, 'ch-gva-2', 'no-such', NULL), (5, 'ch-gva-2',
			NULL, NULL);
	ANALYZE inventory});
is($session->sql('SELECT count(*), count(DISTINCT (service_name, time)) FROM copied'),
	'12000|12000', 'all entries are there');

# Time of entry $n of a service, moved by so many microseconds
sub at
{
	my ($service, $n, $move) = @_;
	return $session->sql("SELECT time + "
		  . ($move // 0)
		  . " * interval '1 microsecond' FROM copied "
		  . "WHERE service_name = '$service' AND message LIKE 'entry $n of %'");
}

# The bodies of log requests while $sql runs, as "service order limit" and whether there is a cursor
sub reads
{
	my ($sql) = @_;
	return map {
		my $body = JSON::PP::decode_json($_->{body});
		(my $service = $_->{path}) =~ s{.*/}{};
		"$service $body->{'sort-order'} $body->{limit}" . (exists $body->{offset} ? ' on' : '')
	} grep { $_->{path} =~ m{^/dbaas-service-logs/} } $session->requests($sql);
}

my @sent;

# Runs it on both sides, and compares the rows in their order, and what was sent
sub asks
{
	my ($sql, $expected, $name) = @_;
	$name //= $sql =~ s/\s+/ /gr;
	my @sent = reads($sql);
	is_deeply([ sort @sent ], [ sort @$expected ], "sent for $name");
	my $local = $sql =~ s/exo\.dbaas_logs/copied/gr;
	is($session->sql($sql), $session->sql($local), 'and the rows are right, in their order');
	return;
}

my @all = map { ("pg-1-0001 $_ 500", ("pg-1-0001 $_ 500 on") x 3) } 'desc';
my @all_asc = map { s/desc/asc/r } @all;

# ORDER BY becomes the API's order
asks("SELECT time, message $pg ORDER BY time DESC", \@all);
asks("SELECT time, message $pg ORDER BY time", \@all_asc);
asks("SELECT time, message $pg ORDER BY time ASC LIMIT 3", ['pg-1-0001 asc 3']);
asks("SELECT time, message $pg ORDER BY time DESC LIMIT 3", ['pg-1-0001 desc 3']);
asks("SELECT time, message $pg ORDER BY time USING > LIMIT 3", ['pg-1-0001 desc 3']);
asks("SELECT message $pg ORDER BY time DESC LIMIT 3",
	['pg-1-0001 desc 3'], 'an order by a column that is not shown');
asks("SELECT time, message $pg ORDER BY time DESC LIMIT 3 OFFSET 4", ['pg-1-0001 desc 7']);
asks(
	"SELECT time, message $pg ORDER BY time LIMIT 502",
	[ 'pg-1-0001 asc 500', 'pg-1-0001 asc 2 on' ]);
asks("SELECT time, message $pg ORDER BY time DESC LIMIT 500", ['pg-1-0001 desc 500']);
asks("SELECT time, message $pg ORDER BY time DESC LIMIT 300 OFFSET 300",
	[ 'pg-1-0001 desc 500', 'pg-1-0001 desc 100 on' ]);
asks("SELECT time, message $pg ORDER BY time DESC LIMIT 0", []);
asks("SELECT time, message $pg ORDER BY time DESC OFFSET 1195", \@all);
asks("SELECT time, message $pg ORDER BY time DESC FETCH FIRST 2 ROWS ONLY", ['pg-1-0001 desc 2']);
asks("SELECT x.time FROM (SELECT * $pg ORDER BY time DESC LIMIT 5) x",
	['pg-1-0001 desc 5'], 'a LIMIT in a subquery');
asks("WITH x AS MATERIALIZED (SELECT * $pg ORDER BY time DESC LIMIT 5) SELECT min(message) FROM x",
	['pg-1-0001 desc 5']);
asks(
	"(SELECT time, message $pg ORDER BY time DESC LIMIT 2) UNION ALL "
	  . "(SELECT time, message $pg ORDER BY time LIMIT 1)",
	[ 'pg-1-0001 desc 2', 'pg-1-0001 asc 1' ]);

# Not the API's order: the nulls elsewhere, an expression, more columns
foreach my $order (
	'time DESC NULLS LAST',
	'time ASC NULLS FIRST',
	'message',
	'time::text',
	"time + interval '1 s' DESC")
{
	my @sent = reads("SELECT time, message $pg ORDER BY $order LIMIT 3");
	is_deeply(
		[ map { (split ' ')[2] } @sent ],
		[ (500) x 4 ],
		"ORDER BY $order LIMIT 3 reads all entries");
	is( $session->sql("SELECT time, message $pg ORDER BY $order LIMIT 3"),
		$session->sql(
			'SELECT time, message ' . $pg =~ s/exo\.dbaas_logs/copied/r . " ORDER BY $order LIMIT 3"
		),
		'and is right');
}
asks("SELECT time, message $pg ORDER BY time DESC, message LIMIT 3",
	['pg-1-0001 desc 500'], 'a second column: pages as they are needed');

# Several services: the newest of each, merged or sorted
asks("SELECT time, service_name, message $two ORDER BY time DESC LIMIT 3",
	[ map { "$_ desc 3" } qw(pg-1-0001 mysql-1-0002) ]);
asks("SELECT time, service_name, message $two ORDER BY time LIMIT 4",
	[ map { "$_ asc 4" } qw(pg-1-0001 mysql-1-0002) ]);
@sent = reads("SELECT time, service_name, message $two ORDER BY time LIMIT 700");
cmp_ok(scalar @sent, '<=', 4, 'LIMIT 700 of two services: at most two pages of each');
is( $session->sql("SELECT time, service_name, message $two ORDER BY time LIMIT 700"),
	$session->sql(
		'SELECT time, service_name, message ' . $two =~
		  s/exo\.dbaas_logs/copied/r . ' ORDER BY time LIMIT 700'),
	'and the rows are right');
is( $session->sql("SELECT time, service_name, message $two ORDER BY time"),
	$session->sql(
		'SELECT time, service_name, message ' . $two =~
		  s/exo\.dbaas_logs/copied/r . ' ORDER BY time, service_name DESC'),
	'two services whole, in order');
is( $session->sql(
			'SELECT string_agg(time::text, \',\') FROM (SELECT time FROM exo.dbaas_logs '
		  . 'ORDER BY time DESC LIMIT 40) x'),
	$session->sql(
			'SELECT string_agg(time::text, \',\') FROM (SELECT time FROM copied '
		  . 'ORDER BY time DESC LIMIT 40) x'),
	'all services in order');
@sent = reads('SELECT time FROM exo.dbaas_logs ORDER BY time DESC LIMIT 40');
is_deeply([ grep { !/ desc 40$/ } @sent ], [], 'ask 40 entries of each');
is(scalar @sent, 10, 'once');

# LIMIT and OFFSET as parameters, in custom and generic plans
foreach my $mode (qw(force_custom_plan force_generic_plan))
{
	$session->sql("SET plan_cache_mode = $mode");
	$session->sql("PREPARE newest(bigint, bigint) AS SELECT time, message $pg "
		  . "ORDER BY time DESC LIMIT \$1 OFFSET \$2");
	is_deeply([ reads('EXECUTE newest(6, 2)') ],
		['pg-1-0001 desc 8'], "$mode: LIMIT \$1 OFFSET \$2");
	is( $session->sql('EXECUTE newest(6, 2)'),
		$session->sql(
			'SELECT time, message ' . $pg =~
			  s/exo\.dbaas_logs/copied/r . ' ORDER BY time DESC LIMIT 6 OFFSET 2'),
		'and is right');
	is_deeply(
		[ reads('EXECUTE newest(505, NULL)') ],
		[ 'pg-1-0001 desc 500', 'pg-1-0001 desc 5 on' ],
		"$mode: OFFSET NULL");
	is_deeply([ reads('EXECUTE newest(NULL, 1199)') ], \@all, "$mode: LIMIT NULL");
	is_deeply([ reads('EXECUTE newest(0, 7)') ], [], "$mode: LIMIT 0");
	$session->sql('DEALLOCATE newest');
}
$session->sql('RESET plan_cache_mode');
asks("SELECT time $pg ORDER BY time DESC LIMIT 1 + 2",
	['pg-1-0001 desc 3'], 'LIMIT as an expression');
is($session->sql("SELECT count(*) FROM (SELECT time $pg ORDER BY time DESC LIMIT (SELECT 4)) x"),
	4, 'LIMIT as a sub-select');
is($session->sql("SELECT count(*) FROM (SELECT time $pg LIMIT (random() * 0)::int + 5) x"),
	5, 'a volatile LIMIT');

# A local condition: page by page, no more than needed, in either order
asks("SELECT message $pg AND message LIKE 'entry 1199 of %' ORDER BY time DESC LIMIT 1",
	['pg-1-0001 desc 500']);
asks("SELECT message $pg AND message LIKE 'entry 600 of %' ORDER BY time DESC LIMIT 1",
	[ 'pg-1-0001 desc 500', 'pg-1-0001 desc 500 on' ]);
asks("SELECT message $pg AND message LIKE 'entry 3 of %' ORDER BY time LIMIT 1",
	['pg-1-0001 asc 500']);
asks("SELECT message $pg AND message LIKE 'entry 700 of %' ORDER BY time LIMIT 1",
	[ 'pg-1-0001 asc 500', 'pg-1-0001 asc 500 on' ]);
asks("SELECT message $pg AND random() >= 0 ORDER BY time LIMIT 1",
	['pg-1-0001 asc 500'], 'a volatile condition is not pushed');

# What stands between the scan and LIMIT
foreach my $sql ("SELECT DISTINCT time $pg ORDER BY time DESC LIMIT 2",
	"SELECT time, count(*) $pg GROUP BY time ORDER BY time DESC LIMIT 2")
{
	my @sent = reads($sql);
	ok( @sent >= 1 && @sent <= 2 && $sent[0] eq 'pg-1-0001 desc 500',
		'DISTINCT and GROUP BY: whole pages, at most one ahead');
	is( $session->sql($sql),
		$session->sql($sql =~ s/exo\.dbaas_logs/copied/r),
		'and the rows are right');
}
asks("SELECT time, generate_series(1, 2) AS g $pg ORDER BY time DESC LIMIT 3",
	['pg-1-0001 desc 500'], 'a set-returning function');
asks("SELECT time $pg ORDER BY time DESC FETCH FIRST 2 ROWS WITH TIES",
	['pg-1-0001 desc 500'], 'WITH TIES');
@sent = reads("SELECT max(time), min(time) $pg");
cmp_ok(scalar @sent, '<=', 4,
	'max() and min(): no more than all pages, or the first of either end');
is( $session->sql("SELECT max(time), min(time) $pg"),
	$session->sql('SELECT max(time), min(time) ' . $pg =~ s/exo\.dbaas_logs/copied/r),
	'and are right');
is( $session->sql(
		"SELECT string_agg(unit, ',' ORDER BY unit) FROM (SELECT DISTINCT unit $pg LIMIT 4) x"),
	'cron,pg.service,sshd,systemd',
	'DISTINCT under LIMIT sees all entries');
is($session->sql("SELECT row_number() OVER (ORDER BY time DESC) $pg LIMIT 2"), "1\n2", 'a window');

# ---------------------------------------------------------------------------
# Lower bounds
# ---------------------------------------------------------------------------

my ($n1190, $n600, $n10) = map { at('pg-1-0001', $_) } 1190, 600, 10;
my @newest = ('pg-1-0001 desc 500');
my @second = ('pg-1-0001 desc 500', 'pg-1-0001 desc 500 on');

# As constant, reversed, in BETWEEN, with an upper bound, and more than one
foreach my $where (
	"time >= '$n1190'",
	"time > '$n1190'",
	"'$n1190' <= time",
	"'$n1190' < time",
	"time BETWEEN '$n1190' AND 'infinity'",
	"time >= '$n10' AND time >= '$n1190'",
	"time >= '$n1190' AND time > '$n10'",
	"time >= '$n1190' AND time < '2100-01-01'",
	"NOT time < '$n1190'",
	"time >= '$n1190'::text::timestamptz",
	"time >= (SELECT '$n1190'::timestamptz)",
	"time >= (SELECT max(time) - interval '3 s' FROM copied WHERE service_name = 'pg-1-0001')",
	"time >= now() - (now() - '$n1190')",
	"time >= greatest('$n10', '$n1190'::timestamptz)",
	"time >= 'infinity'")
{
	asks("SELECT time, message $pg AND $where ORDER BY time DESC", \@newest, $where);
}
asks("SELECT time, message $pg AND time >= '$n600' ORDER BY time DESC",
	\@second, 'a bound in the second page');
asks("SELECT time, message $pg AND time >= '-infinity' ORDER BY time DESC",
	\@all, 'a bound that bounds nothing');
asks("SELECT time, message $pg AND time < '$n600' ORDER BY time DESC",
	\@all, 'an upper bound filters');
is($session->sql("SELECT count(*) $pg AND time = '$n600'"), 1, 'an equality of the time');
is($session->sql("SELECT count(*) $pg AND time BETWEEN '$n600' AND '$n1190'"), 591, 'BETWEEN');
is($session->sql("SELECT count(*) $pg AND time > '$n600' AND time < '$n1190'"),
	589, 'between, without its ends');
is_deeply([ reads("SELECT count(*) $pg AND time >= NULL") ],
	[], 'a bound that is NULL lets nothing through: nothing is asked');
is($session->sql("SELECT count(*) $pg AND time >= (SELECT NULL::timestamptz)"),
	0, 'nor a sub-select that is NULL');
is( $session->sql(
		"SELECT count(*) $pg AND time > (CASE WHEN random() >= 0 THEN '$n1190'::timestamptz END)"),
	9,
	'a volatile bound');

# In no order, too
asks("SELECT count(*), min(message) $pg AND time >= '$n1190'", \@newest,
	'a bound without an order');
asks(
	"SELECT count(*) FROM exo.dbaas_logs WHERE time >= '$n1190' AND zone = 'ch-gva-2' "
	  . "AND service_name IN ('pg-1-0001')",
	\@newest);

# Types beside timestamptz: as PostgreSQL compares them, in the session's time zone
my $local = sub { my ($sql) = @_; return $session->sql($sql =~ s/exo\.dbaas_logs/copied/r) };
foreach my $zone ('UTC', 'Pacific/Kiritimati', 'America/St_Johns', 'Europe/Zurich')
{
	$session->sql("SET timezone = '$zone'");
	my $at = $session->sql("SELECT timestamptz '$n1190' AT TIME ZONE current_setting('timezone')");
	foreach my $where (
		"time >= timestamp '$at'",
		"time > timestamp '$at'",
		"timestamp '$at' <= time",
		"time >= '$at'::text::timestamp",
		"time BETWEEN timestamp '$at' AND date '2100-01-01'",
		"NOT time < timestamp '$at'",
		"time > localtimestamp - (localtimestamp - timestamp '$at')",
		"time >= (SELECT timestamp '$at')",
		"time >= date '2025-12-01' AND time >= timestamp '$at'",
		"time >= timestamptz '$n10' AND time > timestamp '$at'")
	{
		asks("SELECT time, message $pg AND $where ORDER BY time DESC", \@newest, "$zone: $where");
	}
	foreach my $where (
		"time >= date '2026-01-02'",
		"time > current_date + 1",
		"time >= current_date - (current_date - date '2026-01-02')",
		"date '2026-01-02' < time",
		"time >= date 'infinity'",
		"time >= date '5874897-12-31'",
		"time > timestamp 'infinity'",
		"time >= timestamp '294276-12-31 23:59:59'",
		"time >= (date '2026-01-02')::text::date")
	{
		asks("SELECT count(*), max(message) $pg AND $where", \@newest, "$zone: $where");
	}
	foreach my $where (
		"time >= date '2025-12-30'",
		"time >= date '-infinity'",
		"time > date '4714-11-24 BC'",
		"time > timestamp '4714-11-24 00:00:00 BC'",
		"time > timestamp '-infinity'",
		"time < current_date + 1",
		"time <= timestamp '$at'")
	{
		asks("SELECT count(*), max(message) $pg AND $where", \@all, "$zone: $where");
	}
	is( $session->sql("SELECT count(*), min(time), max(time) $pg AND $_"),
		$local->("SELECT count(*), min(time), max(time) $pg AND $_"),
		"$zone: rows where $_")
	  foreach "time = date '2026-01-01'", "time <> date '2026-01-01'",
	  "time <= timestamp '2026-01-01 00:01:00'", "time >= date '2026-01-01'",
	  "time >= timestamp '2026-01-01 00:05:00'",
	  "time::date >= date '2026-01-01'";
}
$session->sql('RESET timezone');
is_deeply([ reads("SELECT count(*) $pg AND time >= NULL::date") ],
	[], 'a date that is NULL asks nothing');
is_deeply(
	[
		reads(
				"SELECT count(*) $pg AND time >= (SELECT NULL::timestamp) "
			  . "AND time >= timestamptz '$n1190'")
	],
	[],
	'nor does a timestamp that is, beside another bound');
$session->sql('CREATE DOMAIN day AS date CHECK (VALUE > date \'2000-01-01\')');
asks("SELECT count(*) $pg AND time >= day '2026-01-02'", \@newest, 'a domain over date');
asks("SELECT time $pg AND time >= date '2025-12-31' ORDER BY time DESC LIMIT 3",
	['pg-1-0001 desc 3'], 'LIMIT within a date');

# The requests that are expected follow the bound
my $expected =
  sub { my ($sql) = @_; return ($session->sql("EXPLAIN $sql") =~ /Expected Requests: (\d+)/)[0] };
$session->sql("SELECT count(*) $pg; ANALYZE exo.dbaas_logs");
is($expected->("SELECT * $pg AND time >= $_"), 1, "one request is expected for $_")
  foreach "timestamptz '2026-01-02 12:00:00+00'", "date '2026-01-03'",
  "timestamp '2026-01-02 12:00:00'", "current_date + 1", "now() - interval '1 hour'";
is($expected->("SELECT * $pg AND time >= date '2025-12-30'"), 3,
	'three for all of a log, in pages');
is($expected->("SELECT * $pg AND time < date '2025-12-30'"), 4, 'and one more where it has to end');

# Oldest first under a bound: still newest first on the wire, sorted here
asks("SELECT time, message $pg AND time >= '$n1190' ORDER BY time",
	\@newest, 'ORDER BY time ASC with a bound');
asks("SELECT time, message $pg AND time >= '$n1190' ORDER BY time LIMIT 3",
	\@newest, 'ORDER BY time ASC LIMIT with a bound');
asks("SELECT time, message $pg AND time >= '$n600' ORDER BY time LIMIT 3 OFFSET 2",
	\@second, 'and OFFSET, over two pages');

# LIMIT with a bound: as few entries as LIMIT says, and none beyond the bound
asks("SELECT time, message $pg AND time >= '$n600' ORDER BY time DESC LIMIT 3",
	['pg-1-0001 desc 3'], 'LIMIT within a bound');
asks(
	"SELECT time, message $pg AND time >= '$n600' ORDER BY time DESC LIMIT 502",
	[ 'pg-1-0001 desc 500', 'pg-1-0001 desc 2 on' ],
	'LIMIT of two pages within a bound');
is( $session->sql(
		"SELECT count(*) FROM (SELECT time $pg AND time > '$n1190' ORDER BY time DESC LIMIT 20) x"),
	9,
	'LIMIT beyond a bound gives what there is');
is($session->sql("SELECT count(*) FROM (SELECT time $pg AND time > '$n1190' LIMIT 5) x"),
	5, 'LIMIT with a bound and no order');

# As a parameter
foreach my $mode (qw(force_custom_plan force_generic_plan))
{
	$session->sql("SET plan_cache_mode = $mode; PREPARE since(timestamptz, bigint) AS "
		  . "SELECT time $pg AND time >= \$1 ORDER BY time DESC LIMIT \$2");
	is_deeply([ reads("EXECUTE since('$n1190', NULL)") ],
		\@newest, "$mode: a bound that is a parameter");
	is_deeply([ reads("EXECUTE since('$n600', 5)") ], ['pg-1-0001 desc 5'], "$mode: with LIMIT");
	is( $session->sql("EXECUTE since('$n1190', NULL)"),
		$session->sql(
				"SELECT time FROM copied WHERE service_name = 'pg-1-0001' "
			  . "AND time >= '$n1190' ORDER BY time DESC"),
		'the rows are right');
	is_deeply([ reads('EXECUTE since(NULL, NULL)') ], [], "$mode: NULL asks nothing");
	$session->sql('DEALLOCATE since');
	$session->sql("SET timezone = 'UTC'; PREPARE days(date, timestamp) AS SELECT time $pg "
		  . "AND time >= \$1 AND time > \$2 ORDER BY time DESC");
	is_deeply([ reads("EXECUTE days('2026-01-02', '-infinity')") ],
		\@newest, "$mode: a date that is a parameter");
	is_deeply([ reads("EXECUTE days('-infinity', '$n600')") ],
		\@second, "$mode: a timestamp that is one");
	$session->sql("SET timezone = 'Pacific/Kiritimati'");
	is_deeply([ reads("EXECUTE days('-infinity', '$n1190'::timestamptz::timestamp)") ],
		\@newest, "$mode: in the time zone of its execution");
	$session->sql('DEALLOCATE days; RESET timezone');
}
$session->sql('RESET plan_cache_mode');

# A bound near the end of a page: entries up to a second out of order are looked for
my $edge = at('pg-1-0001', 700);
my $just = at('pg-1-0001', 700, 1);
@sent = reads("SELECT time $pg AND time >= '$edge'");
is(scalar @sent, 2, 'a page that ends with the bound is followed by one more');
is($session->sql("SELECT count(*) $pg AND time >= '$edge'"), 500,
	'for entries that stand too late');
is($session->sql("SELECT count(*) $pg AND time > '$edge'"), 499, 'time > its last entry');
is($session->sql("SELECT count(*) $pg AND time >= '$just'"), 499, 'a microsecond later');

# ---------------------------------------------------------------------------
# LATERAL: the newest of each outer row
# ---------------------------------------------------------------------------

my $lateral = q{SELECT i.n, l.time, l.message FROM inventory i %s LATERAL (SELECT time, message
		FROM exo.dbaas_logs
	WHERE zone = i.zone AND service_name = i.name ORDER BY time %s LIMIT 2) l ON true
		ORDER BY i.n, l.time %s};
asks(
	sprintf($lateral, 'JOIN', 'DESC', 'DESC'),
	[ map { "$_ desc 2" } qw(pg-1-0001 mysql-1-0002 kafka-2-0003 no-such) ],
	'LATERAL, the newest two of each');
asks(
	sprintf($lateral, 'JOIN', 'ASC', 'ASC'),
	[ map { "$_ asc 2" } qw(pg-1-0001 mysql-1-0002 kafka-2-0003 no-such) ],
	'LATERAL, the oldest two of each');
asks(
	sprintf($lateral, 'LEFT JOIN', 'DESC', 'DESC'),
	[ map { "$_ desc 2" } qw(pg-1-0001 mysql-1-0002 kafka-2-0003 no-such) ],
	'LEFT JOIN LATERAL');
asks(
	q{SELECT i.n, (SELECT message FROM exo.dbaas_logs WHERE zone = i.zone AND service_name = i.name
		ORDER BY time DESC LIMIT 1)
	FROM inventory i ORDER BY 1},
	[ map { "$_ desc 1" } qw(pg-1-0001 mysql-1-0002 kafka-2-0003 no-such) ],
	'a correlated subquery, the newest of each');
asks(
	q{SELECT s.n, l.message FROM generate_series(0, 3) AS s (n),
		LATERAL (SELECT time, message FROM exo.dbaas_logs
	WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' ORDER BY time DESC LIMIT s.n) l
		ORDER BY s.n, l.time},
	[ map { "pg-1-0001 desc $_" } 1 .. 3 ], 'a LIMIT that is a column outside');
$session->sql("UPDATE inventory SET since = '$n1190' WHERE n = 1; UPDATE inventory "
	  . "SET since = '$n600' WHERE n = 2");
asks(
	q{SELECT i.n, l.count FROM inventory i, LATERAL (SELECT count(*) FROM exo.dbaas_logs
	WHERE zone = i.zone AND service_name = i.name AND time > i.since) l WHERE i.n = 1},
	['pg-1-0001 desc 500'], 'a bound that is a column outside');
is( $session->sql(
		q{SELECT i.n, count(l.time) FROM inventory i LEFT JOIN exo.dbaas_logs l
	ON l.zone = i.zone AND l.service_name = i.name AND l.time > i.since GROUP BY 1 ORDER BY 1}),
	$session->sql(
		q{SELECT i.n, count(l.time) FROM inventory i LEFT JOIN copied l
	ON l.zone = i.zone AND l.service_name = i.name AND l.time > i.since GROUP BY 1 ORDER BY 1}),
	'a join on the time');

# ---------------------------------------------------------------------------
# sort_order, log_limit and log_offset decide which rows, ORDER BY only their order
# ---------------------------------------------------------------------------

my $cursor = $session->sql("SELECT DISTINCT next_offset FROM (SELECT next_offset $pg LIMIT 500) s");
foreach my $given (
	"sort_order = 'asc'",
	"sort_order = 'desc'",
	'log_limit = 3',
	"sort_order = 'asc' AND log_limit = 3",
	"sort_order = 'desc' AND log_limit = 3",
	"log_offset = '$cursor'",
	"log_offset = '$cursor' AND log_limit = 4",
	"log_offset = '$cursor' AND sort_order = 'asc' AND log_limit = 4",
	"log_offset = '$cursor' AND sort_order = 'asc'",
	"sort_order IN ('asc', 'desc') AND log_limit = 2",
	"sort_order = 'asc' AND log_limit IN (2, 3)")
{
	$session->sql("DROP TABLE IF EXISTS part; CREATE TABLE part AS SELECT * $pg AND $given");
	foreach
	  my $order ('time', 'time DESC', 'time DESC NULLS LAST', 'message', 'time, sort_order', '1')
	{
		foreach my $bound (
			'',
			" AND time >= '$n600'",
			" AND time < '$n600'",
			" AND time >= '$n600' AND unit <> 'cron'")
		{
			foreach my $limit ('', ' LIMIT 2', ' LIMIT 3 OFFSET 1')
			{
				my $columns = 'time, message, sort_order, log_limit, log_offset';
				my $tail = "ORDER BY $order, sort_order, log_limit$limit";
				my ($seen, $right) =
				  map { $session->sql($_) } "SELECT $columns $pg AND $given$bound $tail",
				  "SELECT $columns FROM part WHERE true$bound $tail";
				$seen eq $right and next;
				fail("$given, $tail$bound");
				diag("got $seen\nexpected $right");
			}
			my ($seen, $right) =
			  map { $session->sql("SELECT time FROM $_ ORDER BY $order LIMIT 2") }
			  "exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' "
			  . "AND $given$bound",
			  "part WHERE true$bound";
			is($seen, $right, "$given$bound ORDER BY $order LIMIT 2") if $seen ne $right;
		}
	}
	pass("$given: any order, bound and LIMIT");
}
is_deeply([ reads("SELECT time $pg AND log_limit = 10 ORDER BY time DESC LIMIT 4") ],
	['pg-1-0001 desc 4'], 'the newest 4 of the newest 10 are the newest 4');
is_deeply([ reads("SELECT time $pg AND log_limit = 10 ORDER BY time LIMIT 4") ],
	['pg-1-0001 desc 10'], 'the oldest 4 of the newest 10 need those 10');

# ---------------------------------------------------------------------------
# Entries of equal times, and a little out of order
# ---------------------------------------------------------------------------

my $kafka = q{FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'kafka-1-0003'};
my $path = '/dbaas-service-logs/kafka-1-0003';

# A page whose entries are at those seconds, as the API tells it
sub page
{
	my ($cursor, @seconds) = @_;
	return JSON::PP::encode_json(
		{
			defined $cursor ? (offset => $cursor) : (),
			logs => [
				map {
					{
						time => sprintf(
							'2026-01-02T00:%02d:%09.6fZ',
							int($_ / 60),
							$_ - 60 * int($_ / 60)),
						message => "m$_",
						node => 'n',
						unit => 'u'
					}
				} @seconds
			]
		});
}

# Serves those pages, for as long as the code runs
sub with_pages
{
	my ($pages, $code) = @_;
	my @all = @$pages;
	my @faults = map {
		{
			path => $path,
			action => 'status',
			status => 200,
			body => page("c$_", @{ $all[$_] }),
			times => 1
		}
	} 0 .. $#all;
	$t->sim->clear_faults;
	$t->sim->fault(@faults,
		{ path => $path, action => 'status', status => 200, body => page("c$#all"), times => -1 });
	return $code->();
}

# Each way to serve entries newest first
my %newest_first = (
	'in order' => [ [ 50, 49, 48 ], [ 47, 46 ] ],
	'out of order in a page' => [ [ 50, 48.6, 49.2, 48 ], [ 47, 46.5, 46.9, 46 ] ],
	'out of order across the edge' => [ [ 50, 49, 47.6 ], [ 48.2, 47, 46 ] ],
	'out of order across two edges' => [ [ 50, 49.3 ], [49], [ 49.6, 48 ] ],
	'equal over an edge' => [ [ 50, 49, 49 ], [ 49, 49, 48 ] ],
	'all equal' => [ [ 50, 50, 50 ], [ 50, 50 ], [50] ],
	'the last page the newest by a little' => [ [50.1], [50], [50.9] ]);

foreach my $how (sort keys %newest_first)
{
	my $pages = $newest_first{$how};
	my @seconds = map { @$_ } @$pages;
	my $times = sub {
		join "\n", map { 'm' . $_ } @_;
	};
	my @sorted = sort { $b <=> $a } @seconds;
	my @ascending = [ reverse @{ $pages->[-1] } ];
	@ascending = map { [ reverse @$_ ] } reverse @$pages;
	my $seconds_of = sub {
		join "\n", map { sprintf '%g', $_ } @_;
	};
	my $second = q{trim_scale(extract(epoch FROM time - timestamptz '2026-01-02 00:00:00+00'))};

	with_pages(
		$pages,
		sub {
			is( $session->sql("SELECT $second $kafka ORDER BY time DESC"),
				$seconds_of->(@sorted),
				"$how: newest first");
		});
	with_pages(
		\@ascending,
		sub {
			is( $session->sql("SELECT $second $kafka ORDER BY time"),
				$seconds_of->(reverse @sorted),
				"$how: oldest first");
		});
	with_pages(
		$pages,
		sub {
			is( $session->sql("SELECT count(*), count(DISTINCT message) $kafka"),
				@seconds . '|' . scalar(keys %{ { map { $_ => 1 } @seconds } }),
				"$how: none is lost");
		});
	foreach my $bound (50, 49, 48.5, 48.1, 47, 46.7)
	{
		my @in = grep { $_ >= $bound } @sorted;
		my $where = "time >= timestamptz '2026-01-02 00:00:00+00' + interval '$bound s'";
		with_pages(
			$pages,
			sub {
				is($session->sql("SELECT $second $kafka AND $where ORDER BY time DESC"),
					$seconds_of->(@in), "$how: since $bound");
			});
		with_pages(
			$pages,
			sub {
				is( $session->sql("SELECT $second $kafka AND $where ORDER BY time"),
					$seconds_of->(reverse @in),
					"$how: since $bound, oldest first");
			});
		with_pages(
			$pages,
			sub {
				is($session->sql("SELECT count(*) $kafka AND $where"),
					scalar @in, "$how: since $bound, in no order");
			});
	}

	# With another service, merged
	with_pages(
		$pages,
		sub {
			is( $session->sql(
					qq{SELECT $second FROM exo.dbaas_logs WHERE zone = 'ch-gva-2'
				AND service_name IN ('kafka-1-0003', 'pg-1-0001')
			AND time > '2026-01-02 00:00:00+00' ORDER BY time DESC}),
				$seconds_of->(@sorted),
				"$how: beside another service");
		});
}

# A LIMIT that asks for what it needs sees what the API puts first
with_pages(
	[ [ 50, 49 ] ],
	sub {
		is($session->sql("SELECT message $kafka ORDER BY time DESC LIMIT 2"), "m50\nm49", 'LIMIT');
	});
with_pages(
	[ [ 49.5, 50 ], [48] ],
	sub {
		is($session->sql("SELECT message $kafka ORDER BY time DESC LIMIT 2"),
			"m50\nm49.5", 'LIMIT, out of order in its page');
	});
with_pages(
	[ [ 50, 49 ], [47] ],
	sub {
		is( $session->sql("SELECT message $kafka AND message <> 'm50' ORDER BY time DESC LIMIT 1"),
			'm49', 'LIMIT with a condition');
	});

# Entries without a time are lost nowhere
$t->sim->clear_faults;
$t->sim->fault(
	{
		path => $path,
		action => 'status',
		status => 200,
		times => 3,
		body => '{"logs":[{"time":"2026-01-02T00:00:50Z","message":"a"},{"message":"b"},'
		  . '{"time":null,"message":"c"},{"time":"2026-01-02T00:00:48Z","message":"d"}]}'
	});
is($session->sql("SELECT count(*) $kafka"), 4, 'entries without a time');
is($session->sql("SELECT count(message) FROM (SELECT * $kafka ORDER BY time DESC) x"),
	4, 'in an order');
is( $session->sql(
			"SELECT string_agg(message, ',' ORDER BY message) $kafka "
		  . "AND time >= '2026-01-02 00:00:47+00'"),
	'a,d',
	'and with a bound');
$t->sim->clear_faults;

done_testing();
