# What scans of a statement request with a body, metrics and pages of logs, they
# request once, as they do all else that they read.
use strict;
use warnings;

use DbaasChecks qw(leaves_out requests_of until_expected with_and_without);
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(zones => 2, services => 20, logs => 1300, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
$session->sql(
	q{SET client_min_messages = warning; CREATE SCHEMA copy;
	CREATE TABLE copy.dbaas_logs AS SELECT * FROM exo.dbaas_logs;
	CREATE TABLE copy.dbaas_metrics AS SELECT * FROM exo.dbaas_metrics;
	CREATE TABLE copy.dbaas_services AS SELECT * FROM exo.dbaas_services;
	CREATE TABLE inventory AS SELECT zone, name FROM exo.dbaas_services;
	ANALYZE inventory, copy.dbaas_logs, copy.dbaas_metrics, copy.dbaas_services});
my $local = $t->session;

# What was sent, and what of it twice.  The zones are asked for anew after a while.  Where a busy
# machine leaves a connection silent for seconds, its request is sent again, and one of both may
# arrive when the next statement has begun: that is not so each time.
sub sends
{
	my ($sql, $number) = @_;
	my $sends = until_expected(
		sub {
			my @sent = grep { $_ ne 'GET /zone' } @{ requests_of($session, $sql) };
			my %times;
			$times{$_}++ foreach @sent;
			return [ \@sent, [ grep { $times{$_} > 1 } sort keys %times ] ];
		},
		sub { !@{ $_[0][1] } && @{ $_[0][0] } == ($number // @{ $_[0][0] }) });
	return @$sends;
}

# The rows that local tables give, and no request twice
sub once
{
	my ($sql, $name, $number) = @_;
	my ($sent, $twice) = sends($sql, $number);
	isnt(scalar @$sent, 0, "$name: something is sent");
	is_deeply($twice, [], "$name: nothing twice");
	is($session->sql($sql), $local->sql($sql =~ s/exo\./copy./gr), "$name: the rows");
	return scalar @$sent;
}

my $metrics = q{SELECT count(*), sum(hashtext(a.metric || a.value || b.value))
	FROM exo.dbaas_metrics a JOIN exo.dbaas_metrics b USING (zone, service_name, node, time)};
is(once($metrics, 'a join of metrics', 42), 42, 'a join of metrics: each service once');
my $arms = join ' UNION ALL ',
  map { "SELECT zone, service_name, value FROM exo.dbaas_metrics WHERE metric = '$_'" }
  qw(cpu_usage mem_usage disk_usage);
is( once(
		"SELECT count(*), sum(value::numeric), min(service_name) FROM ($arms) x",
		'three metrics', 42),
	42,
	'three metrics: each service once');

# The same, where local tables cannot say what the rows are: those of each arm alone
foreach (
	[
		'two periods', 82,
		map { "SELECT title FROM exo.dbaas_metrics WHERE period = '$_'" } qw(hour day)
	],
	[
		'two arms with a log_limit',
		42,
		map { "SELECT unit FROM exo.dbaas_logs WHERE log_limit = 10 AND message LIKE '%$_%'" } 1, 2
	],
	[
		'more first pages than memory',
		42,
		map { "SELECT unit FROM exo.dbaas_logs WHERE log_limit = 200 AND message LIKE '%$_%'" } 1,
		2
	])
{
	my ($name, $number, @parts) = @$_;
	my $all = 'SELECT count(*) FROM (' . join(' UNION ALL ', @parts) . ') x';
	$session->sql($name =~ /memory/ ? q{SET work_mem = '64kB'} : 'RESET work_mem');
	my ($sent, $twice) = sends($all, $number);
	is(scalar @$sent, $number, "$name: each service once");
	is_deeply($twice, [], "$name: nothing twice");
	is( $session->sql($all),
		$session->sql('SELECT ' . join ' + ', map { "(SELECT count(*) FROM ($_) x)" } @parts),
		"$name: the rows");
}

# Pages of logs
my $log = q{zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
my %plans = (
	'UNION ALL' => qq{SELECT count(*), min(m) FROM (SELECT message AS m FROM exo.dbaas_logs
		WHERE $log AND message LIKE '%7%' UNION ALL SELECT unit FROM exo.dbaas_logs WHERE $log) x},
	'a join' => qq{SELECT count(*), min(a.message) FROM exo.dbaas_logs a
		JOIN exo.dbaas_logs b ON a.message = b.message
		WHERE a.zone = 'ch-gva-2' AND b.zone = 'ch-gva-2'
			AND a.service_name = 'pg-1-0001' AND b.service_name = 'pg-1-0001'},
	'a CTE' => qq{WITH l AS NOT MATERIALIZED (SELECT * FROM exo.dbaas_logs WHERE $log)
		SELECT (SELECT count(*) FROM l), (SELECT max(message) FROM l)},
	'a subquery' => qq{SELECT count(*) FROM exo.dbaas_logs WHERE $log AND length(message) =
		(SELECT max(length(message)) FROM exo.dbaas_logs WHERE $log)},
	'all of two services' => q{SELECT count(*), max(m) FROM (SELECT message AS m FROM exo.dbaas_logs
		WHERE service_name IN ('pg-1-0001', 'mysql-1-0002') UNION ALL
		SELECT unit FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001') x});
foreach my $name (sort keys %plans)
{
	foreach my $guc (
		'',
		'SET enable_hashjoin = off',
		'SET enable_hashjoin = off; SET enable_mergejoin = off')
	{
		next if $guc && $name ne 'a join';
		$session->sql("RESET ALL; $guc");
		once($plans{$name}, "$name $guc");
	}

	# Without the memory for them they are requested again
	$session->sql(q{RESET ALL; SET work_mem = '64kB'});
	is( $session->sql($plans{$name}),
		$local->sql($plans{$name} =~ s/exo\./copy./gr),
		"$name, with little memory: the rows");
}
$session->sql('RESET ALL');

# Scans that are left early, and those that read what others left
foreach my $sql (
	qq{SELECT * FROM (SELECT message FROM exo.dbaas_logs WHERE $log ORDER BY time DESC LIMIT 3) a
	UNION ALL SELECT * FROM (SELECT message FROM exo.dbaas_logs WHERE $log
		ORDER BY time DESC LIMIT 700) b},
	qq{SELECT name FROM exo.dbaas_services s WHERE EXISTS (SELECT FROM exo.dbaas_logs l
		WHERE l.zone = s.zone AND l.service_name = s.name AND message LIKE '%9%')
	AND (SELECT count(*) FROM exo.dbaas_logs l WHERE l.zone = s.zone
		AND l.service_name = s.name) > 3 ORDER BY 1},
	qq{SELECT count(*) FROM inventory i, LATERAL (SELECT message FROM exo.dbaas_logs l
		WHERE l.zone = i.zone AND l.service_name = i.name ORDER BY time DESC LIMIT 2) a,
	LATERAL (SELECT message FROM exo.dbaas_logs l
		WHERE l.zone = i.zone AND l.service_name = i.name AND message > a.message) b})
{
	foreach my $guc ('', q{SET work_mem = '64kB'})
	{
		$session->sql("RESET ALL; $guc");
		is($session->sql($sql), $local->sql($sql =~ s/exo\./copy./gr), "$guc: $sql");
	}
}
$session->sql('RESET ALL');

# Subqueries over one answer: as many requests in flight as for one of them
foreach my $n (2, 3)
{
	my $sql = 'SELECT ' . join(
		', ',
		map {
				"(SELECT max(value) FROM exo.dbaas_metrics m WHERE m.zone = i.zone "
			  . "AND m.service_name = i.name AND metric = '$_')"
		} (qw(cpu_usage mem_usage disk_usage))[ 0 .. $n - 1 ]
	) . ' FROM inventory i ORDER BY i.zone, i.name';
	my $run = until_expected(sub { return with_and_without($session, $sql, latency => 10 * $_[0]) },
		sub { return $_[0]{on}{peak} == 8 });
	is($run->{on}{rows}, $run->{off}{rows}, "$n subqueries: the same rows");
	is_deeply($run->{on}{sent}, $run->{off}{sent}, "$n subqueries: the same requests");
	is(scalar @{ $run->{on}{sent} }, 40, "$n subqueries: one for each service");
	is($run->{on}{peak}, 8, "$n subqueries: max_concurrency at once");
}
$sim->config(latency => 0);

# Cursors that stand in the middle of a log
$session->sql(
	"BEGIN;
	DECLARE c CURSOR FOR SELECT message FROM exo.dbaas_logs WHERE $log
		UNION ALL SELECT message FROM exo.dbaas_logs WHERE $log;
	SAVEPOINT s; MOVE 700 IN c");
$session->sql_error('SELECT 1 / 0');
my @rest = split /\n/, $session->sql('ROLLBACK TO s; FETCH ALL FROM c');
is(@rest, 2 * 1300 - 700, 'a cursor goes on after a savepoint was rolled back');
$session->sql('COMMIT');

# An error is that of the scan that comes to it; the session goes on
my $both = "SELECT count(*) FROM (SELECT message FROM exo.dbaas_logs WHERE $log
	UNION ALL SELECT message FROM exo.dbaas_logs WHERE $log) x";
my %fault = (path => '/dbaas-service-logs/pg-1-0001', action => 'status', status => 500);
foreach my $skip (0, 1)
{
	$sim->fault({ %fault, skip => $skip });
	my $error = $session->sql_error($both);
	like($error->{message}, qr{^POST /dbaas-service-logs/pg-1-0001 .* 500$}, "page $skip fails");
	$sim->clear_faults;
	once($both, "after page $skip failed");
}
$sim->config(latency => 50);
is($session->timed_out($both, 75)->{sqlstate}, '57014', 'it can be cancelled');
$sim->config(latency => 0);
once($both, 'after a cancel');

# A zone that is skipped is skipped in all scans, with one warning
$t->create_server(max_retries => 0, unavailable_zones => 'skip');
$sim->fault({ zone => 'de-fra-1', action => 'status', status => 503, times => -1 });
leaves_out(
	$session,
	"SELECT count(*) FROM ($arms) x",
	$session->sql("SELECT count(*) FROM ($arms) x WHERE zone = 'ch-gva-2'" =~ s/exo\./copy./gr),
	'a zone that is not available');

done_testing();
