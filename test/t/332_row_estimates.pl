# How many rows the planner expects: in a session that has just begun, in one
# that has read the tables, and after ANALYZE.  It has to be near to what there
# is, or plans change with what a session happens to have seen.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(zones => 3, services => 40, logs => 1000);
my $warm = $t->session;
my $service = q{zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};

sub plan_of
{
	my ($session, $sql) = @_;
	my $json = $session->sql("EXPLAIN (FORMAT JSON) $sql");
	return JSON::PP::decode_json($json)->[0]{Plan};
}

sub rows
{
	my ($session, $sql) = @_;
	return plan_of($session, $sql)->{'Plan Rows'};
}

# Is the estimate within this factor of what there is?
sub is_near
{
	my ($estimate, $actual, $factor, $name) = @_;
	($estimate, $actual) = map { $_ || 1 } $estimate, $actual;
	return ok($estimate <= $actual * $factor && $estimate >= $actual / $factor,
		"$name: $estimate rows expected of $actual");
}

# Queries, and how far the estimates may be off: in a session that has read nothing, and in
# one that has read the tables
my @queries = (
	# Lists, and keys that are unique
	[ 'SELECT * FROM exo.dbaas_services', 10, 1 ],
	[ q{SELECT * FROM exo.dbaas_services WHERE zone = 'ch-gva-2'}, 10, 1 ],
	[ q{SELECT * FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'}, 1, 1 ],
	[
		q{SELECT * FROM exo.dbaas_services WHERE zone = 'ch-gva-2'
			AND name IN ('pg-1-0001', 'mysql-1-0002', 'kafka-1-0003')}, 3, 3
	],
	[ q{SELECT * FROM exo.dbaas_services WHERE name = 'pg-1-0001'}, 1, 1 ],
	[ q{SELECT * FROM exo.dbaas_zones WHERE zone = 'ch-gva-2'}, 1, 1 ],
	[
		q{SELECT * FROM exo.dbaas_integrations
			WHERE id = '11111111-2222-4333-8444-555555555555'}, 1, 1
	],
	[ q{SELECT * FROM exo.dbaas_service_types WHERE zone = 'ch-gva-2' AND name = 'pg'}, 1, 1 ],
	[ qq{SELECT * FROM exo.dbaas_service_details WHERE $service}, 1, 1 ],
	[ qq{SELECT * FROM exo.dbaas_users WHERE $service AND username = 'avnadmin'}, 3, 1 ],
	[ q{SELECT * FROM exo.dbaas_users WHERE username = 'avnadmin'}, 10, 3 ],

	# Few different values
	[ q{SELECT * FROM exo.dbaas_services WHERE type = 'pg'}, 10, 3 ],
	[ q{SELECT * FROM exo.dbaas_services WHERE type <> 'pg'}, 10, 3 ],
	[ q{SELECT * FROM exo.dbaas_services WHERE type IN ('pg', 'kafka')}, 10, 3 ],
	[ q{SELECT * FROM exo.dbaas_services WHERE NOT (type = 'pg' OR type = 'kafka')}, 10, 3 ],
	[ q{SELECT * FROM exo.dbaas_services WHERE state = 'running'}, 10, 5 ],
	[ q{SELECT * FROM exo.dbaas_plans WHERE service_type = 'pg'}, 3, 3 ],
	[ q{SELECT * FROM exo.dbaas_metrics WHERE metric = 'cpu_usage'}, 10, 3 ],
	[ qq{SELECT * FROM exo.dbaas_metrics WHERE $service AND metric = 'cpu_usage'}, 10, 3 ],
	[
		qq{SELECT * FROM exo.dbaas_metrics
			WHERE $service AND metric IN ('cpu_usage', 'mem_usage')}, 10, 3
	],
	[ 'SELECT DISTINCT metric FROM exo.dbaas_metrics', 1, 1 ],

	# Keys that limit the entries
	[ 'SELECT * FROM exo.dbaas_logs WHERE log_limit = 100', 10, 1.1 ],
	[ 'SELECT * FROM exo.dbaas_logs WHERE log_limit IN (10, 100)', 10, 1.1 ],
	[ q{SELECT * FROM exo.dbaas_logs WHERE log_limit = ANY ('{10,20,30}')}, 10, 1.1 ],
	[ 'SELECT * FROM exo.dbaas_logs WHERE log_limit = 100 AND false', 1, 1 ],
	[ qq{SELECT * FROM exo.dbaas_logs WHERE $service AND log_limit = 50}, 1, 1 ],
	[ qq{SELECT * FROM exo.dbaas_logs WHERE $service AND log_limit = length('fifty') * 10}, 1, 1 ],
	[ qq{SELECT * FROM exo.dbaas_logs WHERE $service AND log_limit = 5.0}, 1, 1 ],
	[ qq{SELECT * FROM exo.dbaas_logs WHERE $service AND log_limit = NULL}, 1, 1 ],
	[ qq{SELECT * FROM exo.dbaas_logs WHERE $service}, 10, 2 ],
	[ 'SELECT * FROM exo.dbaas_logs', 20, 2 ],
	[
		q{SELECT l.* FROM exo.dbaas_services s, LATERAL (SELECT * FROM exo.dbaas_logs l
			WHERE l.zone = s.zone AND l.service_name = s.name LIMIT 3) l}, 10, 1.1
	],
	[
		q{SELECT l.* FROM exo.dbaas_services s, LATERAL (SELECT * FROM exo.dbaas_logs l
			WHERE l.zone = s.zone AND l.service_name = s.name AND log_limit = 7) l}, 10, 2
	],

	# Joins on keys that are unique
	[
		q{SELECT * FROM exo.dbaas_services s JOIN exo.dbaas_service_details d
			ON d.zone = s.zone AND d.service_name = s.name}, 3, 1.1
	],
	[
		'SELECT * FROM exo.dbaas_users JOIN exo.dbaas_service_details USING (zone, service_name)',
		10, 4
	],
	[ 'SELECT * FROM exo.dbaas_users JOIN exo.dbaas_databases USING (zone, service_name)', 10, 5 ],
	[
		q{SELECT * FROM exo.dbaas_integrations i JOIN exo.dbaas_services s
			ON s.zone = i.zone AND s.name = i.source}, 10, 3
	],);

my %actual = map { $_->[0] => $warm->sql("SELECT count(*) FROM ($_->[0]) q") } @queries;
my @tables = map { "exo.dbaas_$_" }
  qw(services service_types plans integrations logs metrics users databases service_details);
$warm->sql("SELECT count(*) FROM $_") foreach @tables;

sub check_queries
{
	my ($state, $session, $has_read) = @_;
	foreach my $query (@queries)
	{
		my ($sql, $fresh, $read) = @$query;
		my $name = $sql =~ s/\s+/ /gr;
		is_near(
			rows($session->(), $sql),
			$actual{$sql},
			$has_read ? $read : $fresh,
			"$state: $name");
	}
	return;
}

$t->sim->clear;
check_queries('fresh', sub { $t->session }, 0);
check_queries('warm', sub { $warm }, 1);

# A metric that joins with itself
my $self = 'SELECT * FROM exo.dbaas_metrics a JOIN exo.dbaas_metrics b '
  . 'USING (zone, service_name, metric, node, time)';
my $samples = $warm->sql('SELECT count(*) FROM exo.dbaas_metrics');
is_near(rows($_->[1], $self), $samples, 10, "$_->[0]: samples joined with themselves")
  foreach [ 'fresh', $t->session ], [ 'warm', $warm ];

# ---------------------------------------------------------------------------
# Times: as close to each other, and as old, as the session has seen
# ---------------------------------------------------------------------------

my $logs = 'SELECT * FROM exo.dbaas_logs WHERE';
my ($oldest, $newest) =
  split /\|/, $warm->sql("SELECT min(time), max(time) FROM exo.dbaas_logs WHERE $service");

sub at { return "(timestamptz '$oldest' + $_[0] * (timestamptz '$newest' - '$oldest'))" }

my @windows = map { "$service AND $_" } (
	'time >= ' . at(0.5),
	'time > ' . at(0.8),
	'time < ' . at(0.6),
	'time BETWEEN ' . at(0.3) . ' AND ' . at(0.7),
	'time >= ' . at(0.3) . ' AND time < ' . at(0.7),
	'NOT (time < ' . at(0.5) . ')',
	'(time < ' . at(0.3) . ' OR time > ' . at(0.7) . ')',
	'time > ' . at(0.5) . " - interval '1 second'",
	'time >= ' . at(0.5) . '::timestamp',
	'time > ' . at(0.5) . ' AND time < ' . at(0.4),
	"time > now() - interval '1 hour'",
	"time > now() - interval '10 years'",
	'time > now()',
	"time BETWEEN now() - interval '1 hour' AND now()",
	"time < now() - interval '10 years'",
	'log_limit = 100 AND time > ' . at(0.5),
	'log_limit = 100 AND time < ' . at(0.5),);

foreach my $window (@windows)
{
	my $count = $warm->sql("SELECT count(*) FROM ($logs $window) q");
	is_near(rows($warm, "$logs $window"), $count || 2, 4, "warm: $window");
}
my $half = 'time >= ' . at(0.5);
is_near(
	rows($warm, "$logs $half"),
	$warm->sql("SELECT count(*) FROM ($logs $half) q"),
	4, 'warm: a window of all services');

# So are the pages
my $plan = (plan_of($warm, "$logs $service AND time > now() - interval '1 hour'"));
is($plan->{'Expected Requests'}, 1, 'no older page is expected when all entries are older');

# A fresh session guesses, and never that there is nothing
my $hour = rows($t->session, "$logs $service AND time > now() - interval '1 hour'");
my $day = rows($t->session, "$logs $service AND time > now() - interval '1 day'");
my $all = rows($t->session, "$logs $service");
cmp_ok($hour, '>', 100, "fresh: an hour: $hour");
cmp_ok($day, '>', $hour, "fresh: a day is more: $day");
cmp_ok($all, '>', $day, "fresh: all is more: $all");
foreach my $minutes (10, 30)
{
	is_near(
		rows(
			$t->session,
			"SELECT * FROM exo.dbaas_metrics WHERE $service "
			  . "AND time > now() - interval '$minutes min'"),
		rows($t->session, "SELECT * FROM exo.dbaas_metrics WHERE $service") * $minutes / 60,
		1.2,
		"$minutes minutes of the metrics of an hour");
}
is_near(
	rows(
		$t->session,
		"SELECT * FROM exo.dbaas_metrics WHERE $service AND period = 'day' "
		  . "AND time > now() - interval '6 hours'"),
	rows($t->session, "SELECT * FROM exo.dbaas_metrics WHERE $service AND period = 'day'") / 4,
	1.2,
	'6 hours of the metrics of a day');

# ---------------------------------------------------------------------------
# Parameters
# ---------------------------------------------------------------------------

$warm->sql("PREPARE limited (int) AS $logs $service AND log_limit = \$1");
is($warm->sql('EXPLAIN EXECUTE limited (20)') =~ s/.*rows=(\d+).*/$1/sr, 20, 'a parameter limits');
$warm->sql('SET plan_cache_mode = force_generic_plan');
is_near($warm->sql('EXPLAIN EXECUTE limited (20)') =~ s/.*rows=(\d+).*/$1/sr,
	500, 1, 'one that is not known limits as the API does');
$warm->sql('RESET plan_cache_mode');

# No more than there are, whatever the query asks for
my $names = join ',', map { "'no-such-$_'" } 1 .. 5000;
is_near(rows($warm, "SELECT * FROM exo.dbaas_metrics WHERE service_name IN ($names)"),
	$samples, 1.5, 'five thousand names have no more rows than the table');

# What a session does not see, it does not learn: part of a log is not all of it
my $part = $t->session;
$part->sql("$logs $service AND log_limit = 3");
$part->sql("$logs $service LIMIT 3");
$part->sql("$logs $service AND log_offset = '"
	  . $warm->sql("SELECT max(next_offset) FROM exo.dbaas_logs WHERE $service AND log_limit = 9")
	  . q{'});
is(rows($part, "$logs $service"), $all, 'part of a log is not taken for all of it');

# Nor do other rows of the same response count
my $other = $t->session;
$other->sql('SELECT count(*) FROM exo.dbaas_integrations');
is( rows($other, 'SELECT * FROM exo.dbaas_services'),
	rows($t->session, 'SELECT * FROM exo.dbaas_services'),
	'integrations are not services');

# ---------------------------------------------------------------------------
# ANALYZE
# ---------------------------------------------------------------------------

$t->sql("ANALYZE $_") foreach @tables;
check_queries('analyzed', sub { $t->session }, 0);
check_queries('analyzed and warm', sub { $warm }, 1);
foreach my $window (grep { !/BETWEEN \(|OR|< \(|NOT|>= / } @windows)
{
	my $count = $warm->sql("SELECT count(*) FROM ($logs $window) q");
	is_near(rows($t->session, "$logs $window"), $count, 10, "analyzed: $window");
}

# A user who may not read the table does not see what ANALYZE has found in it
$t->sql('CREATE ROLE reader; GRANT USAGE ON SCHEMA exo TO reader;'
	  . 'GRANT SELECT (name) ON exo.dbaas_services TO reader');
my $reader = $t->session;
$reader->sql('SET ROLE reader');
is(rows($reader, q{SELECT name FROM exo.dbaas_services WHERE name = 'pg-1-0001'}),
	1, 'a user with a column of the table gets a plan');

done_testing();
