# Which period the metrics are read for: the least that reaches back to the bound on the time.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(zones => 1, services => 3, lifelike => undef);
my $session = $t->session;
my $pg = q{exo.dbaas_metrics WHERE service_name = 'pg-1-0001'};

# The periods that the API is asked for while $sql runs, in their order
sub asked
{
	my ($sql, $in) = @_;
	return join ' ', map { JSON::PP::decode_json($_->{body})->{period} }
	  grep { $_->{path} =~ m{^/dbaas-service-metrics/} } ($in // $session)->requests($sql);
}

sub sorted { return join ' ', sort split / /, $_[0] }

# What EXPLAIN shows of it
sub span
{
	my ($sql, $options) = @_;
	my ($span) =
	  $session->sql('EXPLAIN (COSTS OFF' . ($options // '') . ") $sql") =~ /^\s+Span: (.*)/m;
	return $span // 'none';
}

# ---------------------------------------------------------------------------
# Bounds that are known when the query is planned
# ---------------------------------------------------------------------------

foreach (
	[ 'no bound' => undef, 'hour' ],
	[ 'ten minutes' => '10 minutes', 'hour' ],
	[ 'an hour' => '1 hour', 'hour' ],
	[ '62 minutes' => '62 minutes', 'day' ],
	[ '24 hours' => '24 hours', 'day' ],
	[ 'a day' => '1 day', 'day' ],
	[ '25 hours' => '25 hours', 'week' ],
	[ '7 days' => '7 days', 'week' ],
	[ '8 days' => '8 days', 'month' ],
	[ '30 days' => '30 days', 'month' ],
	[ 'a month' => '1 month', 'month' ],
	[ '32 days' => '32 days', 'year' ],
	[ '365 days' => '365 days', 'year' ],
	[ 'a year' => '1 year', 'year' ],
	[ 'ten years' => '10 years', 'year' ],
	[ 'the future' => '-3 days', 'hour' ])
{
	my ($name, $ago, $period) = @$_;
	my $where = defined $ago ? "AND time > now() - interval '$ago'" : '';
	is(asked("SELECT count(*) FROM $pg $where"), $period, "$name: $period");
	like(span("SELECT * FROM $pg $where"), qr/^period = $period\b/, "$name: EXPLAIN says so");
}
is(asked("SELECT FROM $pg AND time $_->[0]"), $_->[1], "time $_->[0]: $_->[1]")
  foreach (
	[ q{>= '-infinity'} => 'year' ],
	[ q{> 'infinity'} => 'hour' ],
	[ q{>= current_date - 100} => 'year' ],
	[ q{>= localtimestamp - interval '5 hours'} => 'day' ],
	[ q{= now() - interval '5 hours'} => 'day' ],
	[ q{BETWEEN now() - interval '3 days' AND now()} => 'week' ],
	[ q{> now() - interval '3 days' AND time > now() - interval '3 hours'} => 'day' ],
	[ q{< now() - interval '3 days'} => 'hour' ],
	[ q{> clock_timestamp() - interval '3 days'} => 'hour' ],
	[ q{> NULL::timestamptz} => '' ],
	[ q{> now() AND time < now() - interval '1 day'} => '' ]);
is( asked(
		"SELECT FROM exo.dbaas_metrics
	WHERE service_name = 'pg-1-0001' AND now() - interval '3 days' <= time"),
	'week',
	'with the sides in the other order');

# ---------------------------------------------------------------------------
# The rows
# ---------------------------------------------------------------------------

is( $session->sql(
		"SELECT period, count(DISTINCT time) > 250, min(time) < now() - interval '23 hours'
		FROM $pg AND time > now() - interval '24 hours' GROUP BY period"),
	'day|t|t',
	'a panel of 24 hours shows a day, and says so');
is($session->sql("SELECT DISTINCT period FROM $pg AND time > now() - interval '10 minutes'"),
	'hour', 'one of ten minutes shows part of an hour');

# ---------------------------------------------------------------------------
# A period that is given stays
# ---------------------------------------------------------------------------

my $days = "AND time > now() - interval '3 days'";
foreach (
	[ "period = 'hour'" => 'hour' ],
	[ "period = 'year'" => 'year' ],
	[ "period IN ('year', 'day')" => 'day year' ],
	[ "(period = 'hour' OR period = 'month')" => 'hour month' ],
	[ "period = (SELECT 'day')" => 'day' ],
	[ "period IN (SELECT unnest('{day,month}'::text[]))" => 'day month' ],
	[ "period = ANY (ARRAY(SELECT 'day'))" => 'day' ])
{
	my ($where, $periods) = @$_;
	is(sorted(asked("SELECT count(*) FROM $pg AND $where $days")), $periods, "$where: $periods");
	is(span("SELECT count(*) FROM $pg AND $where $days"), 'none', 'and no span is chosen');
}

# ---------------------------------------------------------------------------
# Parameters
# ---------------------------------------------------------------------------

foreach my $mode (qw(force_custom_plan force_generic_plan))
{
	$session->sql(
		"SET plan_cache_mode = $mode;
		PREPARE since(timestamptz) AS SELECT count(*) FROM $pg AND time >= \$1");
	is(asked("EXECUTE since(now() - interval '$_->[0]')"), $_->[1], "$mode: $_->[0]: $_->[1]")
	  foreach [ '20 minutes', 'hour' ], [ '5 hours', 'day' ], [ '20 days', 'month' ];
	is(asked('EXECUTE since(NULL)'), '', "$mode: NULL: nothing is asked for");
	like(
		span("EXECUTE since(now() - interval '5 hours')"),
		qr/^period = day by /,
		"$mode: EXPLAIN says which");
	$session->sql('DEALLOCATE since; RESET plan_cache_mode');
}
is( asked(
		"DO \$\$ DECLARE since timestamptz := now() - interval '5 hours';
		BEGIN PERFORM count(*) FROM $pg AND time > since; END \$\$"),
	'day',
	'a variable of PL/pgSQL');

# ---------------------------------------------------------------------------
# Values that are known when the scan starts
# ---------------------------------------------------------------------------

my $initplan = "SELECT count(*) FROM $pg AND time > (SELECT now() - interval '5 days')";
is(asked($initplan), 'week', 'the value of a subquery');
is(span($initplan), 'period by time > $0', 'which EXPLAIN does not know')
  if $session->sql('SHOW server_version_num') < 170000;
like(span($initplan, ', ANALYZE'), qr/^period = week by time > /, 'and EXPLAIN ANALYZE does');

# ---------------------------------------------------------------------------
# Values of joins
# ---------------------------------------------------------------------------

$session->sql(
	q{CREATE TABLE incidents (id int, service text, began timestamptz, ended timestamptz);
	INSERT INTO incidents VALUES
	(1, 'pg-1-0001', now() - interval '30 minutes', now() - interval '20 minutes'),
	(2, 'pg-1-0001', now() - interval '5 hours', now() - interval '4 hours'),
	(3, 'mysql-1-0002', now() - interval '6 days', now() - interval '5 days'),
	(4, 'pg-1-0001', now() - interval '6 hours', now() - interval '5 hours'),
	(5, 'pg-1-0001', NULL, NULL);
	ANALYZE incidents});
my $within = 'm.time BETWEEN i.began AND i.ended';
my $of = 'm.service_name = i.service';
my %joins = (
	'a join by name and time' =>
	  "SELECT i.id, m.period, count(*) FROM incidents i JOIN exo.dbaas_metrics m ON $of AND $within
	  GROUP BY 1, 2 ORDER BY 1, 2",
	'an outer join' => "SELECT i.id, m.period, count(m.time) FROM incidents i
	  LEFT JOIN exo.dbaas_metrics m ON $of AND $within
	  WHERE i.began IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
	'a lateral subquery' => "SELECT i.id, l.period, l.n FROM incidents i CROSS JOIN LATERAL (
	  SELECT period, count(*) AS n FROM exo.dbaas_metrics m WHERE $of AND $within GROUP BY 1) l
	  ORDER BY 1, 2");
my $by_time = "SELECT i.id, m.period, count(*) FROM incidents i
	JOIN exo.dbaas_metrics m ON m.time > i.began AND m.time < i.ended
	WHERE m.service_name = 'pg-1-0001' AND i.id IN (1, 2) GROUP BY 1, 2 ORDER BY 1, 2";
my $rows = qr/\A1\|hour\|\d+\n2\|day\|\d+\n3\|week\|\d+\n4\|day\|\d+\z/;
foreach my $set ('', 'SET enable_nestloop = off', 'SET dbaas_fdw.enable_lookahead = off')
{
	my $with = $set && ", $set";
	$session->sql($set) if $set;
	foreach my $name (sort keys %joins)
	{
		is(sorted(asked($joins{$name})), 'day hour week', "$name$with: each row has its period")
		  or diag $session->sql("EXPLAIN $joins{$name}");
		like($session->sql($joins{$name}), $rows, 'and its rows');
	}
	is(sorted(asked($by_time)), 'day hour', "a join by time alone$with");
	like($session->sql($by_time), qr/\A1\|hour\|\d+\n2\|day\|\d+\z/, 'and its rows');
	$session->sql('RESET ALL; SET client_min_messages = notice');
}
like(
	span($joins{'a join by name and time'}),
	qr/^period by time >= i\.began$/,
	'EXPLAIN names the bound');
like(
	span($joins{'a join by name and time'}, ', ANALYZE'),
	qr/^period = \w+, \w+, \w+ by time >= i\.began$/,
	'EXPLAIN ANALYZE says which periods were read');
is( asked(
		"SELECT count(*) FROM incidents i JOIN exo.dbaas_metrics m ON $of
		AND m.time > i.began AND m.period = 'hour'"),
	'hour hour',
	'a join with a period stays with that');
is( asked(
		"SELECT count(*) FROM incidents i JOIN incidents j ON j.id = 2 AND i.id = 3
		JOIN exo.dbaas_metrics m ON m.time > i.began AND m.time > j.began
		WHERE m.service_name = 'pg-1-0001'"),
	'day',
	'the latest of two bounds from two tables');

# Times that are equal join by hashes: they are no bounds
my $self = "SELECT count(*) FROM $pg AND metric = 'cpu_usage'" =~
  s/FROM exo.dbaas_metrics WHERE/FROM exo.dbaas_metrics a JOIN exo.dbaas_metrics b
	USING (zone, service_name, node, time) WHERE/r =~ s/metric = /a.metric = /r;
is(asked($self), 'hour', 'a join of equal times reads the default, once');

# ---------------------------------------------------------------------------
# Sharing
# ---------------------------------------------------------------------------

my $arm = sub { return "SELECT time FROM $pg AND time > now() - interval '$_[0]'" };
is(asked(join ' UNION ALL ', map { $arm->($_) } '3 hours', '5 hours', '24 hours'),
	'day', 'scans with other bounds share one period');
is( sorted(
		asked(
				$arm->('3 hours')
			  . " UNION ALL SELECT time FROM $pg AND period = 'day' UNION ALL "
			  . $arm->('2 days'))),
	'day week',
	'also with one that gives it');

# ---------------------------------------------------------------------------
# Estimates
# ---------------------------------------------------------------------------

sub estimate
{
	my ($where) = @_;
	my ($json) = $session->sql("EXPLAIN (FORMAT JSON) SELECT * FROM $pg AND $where");
	return JSON::PP::decode_json($json)->[0]{Plan}{'Plan Rows'};
}
my $day = estimate("period = 'day' AND time > now() - interval '6 hours'");
my $same = estimate("time > now() - interval '6 hours'");
cmp_ok($same, '<', $day * 1.3, "6 hours: $same rows are expected, as with the day given: $day");
cmp_ok($same, '>', $day / 1.3, 'and no fewer');
is(scalar($session->requests("EXPLAIN SELECT * FROM $pg $days")), 0, 'a plan requests nothing');

# ---------------------------------------------------------------------------
# Tables of one's own, partitions, views
# ---------------------------------------------------------------------------

$session->sql(
	q{CREATE FOREIGN TABLE mine (dienst text OPTIONS (field 'service-name'),
		wann timestamptz OPTIONS (field '#first'), wert float8 OPTIONS (field '#value'))
	SERVER exoscale OPTIONS (resource 'metrics');
	CREATE VIEW recent AS SELECT * FROM mine WHERE wann > now() - interval '3 days';
	CREATE TABLE parts (dienst text, wann timestamptz, wert float8) PARTITION BY RANGE (wann)});
is( asked(
		"SELECT count(*) FROM mine
		WHERE dienst = 'pg-1-0001' AND wann > now() - interval '3 days'"),
	'week',
	'a table with names of its own, and no column for the period');
is(asked("SELECT count(*) FROM recent WHERE dienst = 'pg-1-0001'"), 'week', 'a view');
my ($from, $to) = split /\|/,
  $session->sql(q{SELECT now() - interval '20 days', now() + interval '1 day'});
$session->sql(
	"CREATE FOREIGN TABLE part (dienst text OPTIONS (field 'service-name'),
		wann timestamptz OPTIONS (field '#first'), wert float8 OPTIONS (field '#value'))
	SERVER exoscale OPTIONS (resource 'metrics');
	ALTER TABLE parts ATTACH PARTITION part FOR VALUES FROM ('$from') TO ('$to')");
is(asked("SELECT count(*) FROM parts WHERE dienst = 'pg-1-0001'"),
	'month', 'the bound of a partition');

done_testing();
