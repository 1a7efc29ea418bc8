# dbaas_fdw_collect() keeps each entry of a log once: what grows, what is new, what is
# made again, cursors that are refused, runs that are killed and runs that meet.
use strict;
use warnings;

use DbaasHistory;
use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(zones => 2, services => 8, logs => 1200, conf => "timezone = 'Asia/Tokyo'\n");
my $h = DbaasHistory->new($t);
my $sim = $t->sim;
my @zones = $sim->zones;
my $log = '/dbaas-service-logs/pg-1-0001';

sub logs_asked
{
	my %n;
	$n{$_}++ foreach $h->asked('/dbaas-service-logs/*');
	return \%n;
}

sub cursor
{
	my ($service) = @_;
	return $t->sql("SELECT log_offset FROM hist.cursors WHERE service_name = '$service'");
}

# The first run reads a day back from the newest entry, in pages, from the oldest on
$t->sql(q{UPDATE hist.keep SET first = '1 minute' WHERE relation = 'logs'});
is($h->collect, '', 'a first run says nothing');
is_deeply([ $h->problems ], [], 'nothing fails');
is( $t->sql(
		q{
		SELECT count(*) FROM (
			SELECT zone, service_name, time, node, unit, message FROM (
				SELECT *, max(time) OVER (PARTITION BY zone, service_name) AS newest
				FROM exo.dbaas_logs) AS l
			WHERE time >= newest - interval '1 minute'
			EXCEPT ALL SELECT * FROM hist.logs) AS l}),
	0,
	'it keeps what keep.first says');
is( $t->sql(
		q{SELECT max(newest - oldest) <= '1 minute' AND count(*) = 16 FROM (
		SELECT max(time) AS newest, min(time) AS oldest FROM hist.logs
		GROUP BY zone, service_name) AS s}),
	't',
	'and nothing before that');
is(logs_asked()->{"POST $zones[0] $log"}, 4,
	'with one request for the newest entry, and the pages');
is( join(
		' ', map { $_->{body} =~ /"sort-order":"(\w+)"/ } grep { $_->{path} eq $log } $h->requests),
	'desc asc asc asc',
	'which are read ascending');

$t->sql(
	q{UPDATE hist.keep SET first = NULL; TRUNCATE hist.logs, hist.cursors, hist.metrics,
	hist.services, hist.integrations, hist.details, hist.backups, hist.runs});
$h->collect;
is($h->differs, '', 'without a bound it keeps all');
is(logs_asked()->{"POST $zones[0] $log"},
	4, 'with the pages alone, but for one that says where the log ends');
my @partitions = split /\n/,
  $t->sql(q{SELECT relid FROM pg_partition_tree('hist.logs') WHERE isleaf});
is( "@partitions",
	'hist.logs_2026_01 hist.logs_2026_02',
	'there is a partition for the month, and for the next');

# Nothing new
is($h->collect, '', 'nothing is new');
is_deeply([ grep { $_ != 1 } values %{ logs_asked() } ], [], 'that takes one request for each log');
is(scalar $h->asked('/dbaas-service'), 2, 'one for each list');
is(scalar $h->asked('/dbaas-service-metrics/*'), 16, 'one for the metrics of each service');
is(scalar $h->asked, 34, 'and nothing else');
is($h->added, '', 'and adds nothing');

# What is new
$sim->append_logs($zones[0], 'pg-1-0001', 50);
$sim->append_logs($zones[1], 'pg-2-0001', 500);
$sim->append_logs($zones[1], 'kafka-2-0003', 1234);
$h->collect;
is($h->added, 'logs 1784', 'what is new is added');
is($h->differs, '', 'once');
is(logs_asked()->{"POST $zones[0] $log"}, 1, 'and a few entries cost one request');

# A log that grows faster than it is read.  The run ends with what was there when it began
$sim->config(log_growth => 600);
$h->collect(q{SET statement_timeout = '2min'}) foreach 1, 2;
$sim->config(log_growth => 0);
is_deeply([ $h->problems ], [], 'a log that grows faster than it is read does not fail');
cmp_ok(logs_asked()->{"POST $zones[0] $log"}, '<', 6, 'and ends the run');
$h->collect;
is($h->differs, '', 'the next one has the rest');

# More than a page within a second: the newest entry has the time of many
sub entry
{
	my ($time, $text) = @_;
	return qq({"time":"$time","node":"n","unit":"u","message":"$text"});
}

sub page
{
	my ($offset, @entries) = @_;
	return {
		path => $log,
		action => 'answer',
		body => qq({"offset":"$offset","logs":[) . join(',', @entries) . ']}'
	};
}
my @second = map { entry('2026-03-01T00:00:00Z', "burst $_") } 1 .. 1203;
$sim->fault(
	page('a', @second[ 0 .. 499 ]),
	page('b', $second[-1]),
	page('c', @second[ 500 .. 999 ]),
	page(cursor('pg-1-0001'), @second[ 1000 .. 1202 ]));
$h->collect;
is($h->added, 'logs 1203', 'a burst of entries in one second is read to its end');
$t->sql(q{DELETE FROM hist.logs WHERE time >= '2026-03-01'});

# Equal entries
sub answers
{
	my ($path, @pages) = @_;
	$sim->clear_faults;
	$sim->fault(map { { path => $path, action => 'body', body => $_, times => 1 } } @pages);
	return;
}
my $same = entry('2026-03-01T00:00:00Z', 'same');
answers($log, '{"offset":"' . cursor('pg-1-0001') . qq(","logs":[$same,$same,$same]}));
$h->collect;
is($h->added, 'logs 3', 'entries that equal each other are all kept');
is($t->sql(q{SELECT count(*) FROM hist.logs_2026_03}), 3, 'in the partition of their month');
$t->sql(q{DELETE FROM hist.logs WHERE time >= '2026-03-01'});

# A cursor that is refused
my %before = map { ($_ => $t->sql("SELECT count(*) FROM hist.logs WHERE service_name = '$_'")) }
  qw(pg-1-0001 kafka-2-0003);
$sim->append_logs($zones[0], 'pg-1-0001', 700);
$sim->append_logs($zones[1], 'kafka-2-0003', 3);
$t->sql(
	q{UPDATE hist.cursors SET log_offset = 'refused'
	WHERE service_name IN ('pg-1-0001', 'kafka-2-0003')});
is($h->collect, '', 'a cursor that is refused is no failure');
is($h->added, 'logs 703', 'what is new is added');
is($h->differs, '', 'once');
is($h->collect, '', 'and the new cursor');
is($h->added, '', 'goes on from there');

# With equal entries across pages, of which some are kept
my $path = '/dbaas-service-logs/mysql-1-0002';
my $time = '2026-04-01T00:00:00Z';
my @equal = (entry($time, 'x')) x 500;
my $cursor = cursor('mysql-1-0002');
answers($path, qq({"offset":"$cursor","logs":[) . join(',', @equal[ 0 .. 400 ]) . ']}');
$h->collect;
is($h->added, 'logs 401', 'so many equal entries');
$t->sql(q{UPDATE hist.cursors SET log_offset = 'refused' WHERE service_name = 'mysql-1-0002'});
$sim->clear_faults;
$sim->fault(
	{ path => $path, action => 'status', status => 400 },
	{
		path => $path,
		action => 'answer',
		body => qq({"offset":"a","logs":[) . join(',', @equal) . ']}'
	},
	{
		path => $path,
		action => 'answer',
		body => qq({"offset":"$cursor","logs":[) . join(',', @equal[ 0 .. 99 ]) . ']}'
	});
$h->collect;
is($h->added, 'logs 199', 'of equal entries on several pages those that are missing are added');
is($t->sql(q{SELECT count(*) FROM hist.logs WHERE message = 'x'}), 600, 'and no other');
$t->sql(q{DELETE FROM hist.logs WHERE message = 'x'});
$sim->clear_faults;

# A time with fewer digits than that of the oldest entry that is kept
$path = '/dbaas-service-logs/kafka-1-0003';
$cursor = cursor('kafka-1-0003');
my @twins = (entry('2026-04-01T00:00:00.3Z', 'y'), entry('2026-04-01T00:00:00Z', 'y'));
$t->sql(
	q{CREATE TABLE aside AS SELECT * FROM hist.logs WHERE service_name = 'kafka-1-0003';
	DELETE FROM hist.logs WHERE service_name = 'kafka-1-0003'});
answers($path, qq({"offset":"$cursor","logs":[$twins[0]]}));
$h->collect;
$t->sql(q{UPDATE hist.cursors SET log_offset = 'refused' WHERE service_name = 'kafka-1-0003'});
$sim->clear_faults;
$sim->fault(
	{ path => $path, action => 'status', status => 400 },
	{
		path => $path,
		action => 'answer',
		body => qq({"offset":"$cursor","logs":[$twins[0],$twins[1]]})
	});
$h->collect;
is($h->added, 'logs 1', 'an entry that looks older than the oldest is added');
$t->sql(q{DELETE FROM hist.logs WHERE message = 'y'; INSERT INTO hist.logs TABLE aside});
$sim->clear_faults;

# What is kept is not reached: a gap
$sim->fault(
	{ path => $log, action => 'status', status => 400 },
	{
		path => $log,
		action => 'answer',
		body => qq({"offset":"b","logs":[${\entry('2026-05-01T00:00:00Z', 'late')}]})
	});
my $newest = $t->sql(
	q{SET timezone = 'UTC'; SELECT to_jsonb(max(time)) #>> '{}' FROM hist.logs
	WHERE service_name = 'pg-1-0001'});
like($h->collect, qr/WARNING: .* met 0 failures and 1 gaps$/m, 'a gap is told');
my ($gap) = @{ $h->run->{problems} };
is( $t->sql(
			"SELECT '$gap->{gap_from}'::timestamptz = '$newest', "
		  . "'$gap->{gap_to}'::timestamptz = '2026-05-01 00:00:00Z'"),
	't|t',
	'from when to when');
is( "$gap->{relation} $gap->{zone} $gap->{service_name}",
	"logs $zones[0] pg-1-0001",
	'and of which service');
is($h->run->{failed}, 0, 'but it is no failure');
$t->sql(q{DELETE FROM hist.logs WHERE message = 'late'});
$sim->clear_faults;
$t->sql(q{UPDATE hist.cursors SET log_offset = 'refused' WHERE service_name = 'pg-1-0001'});
$h->collect;
is($h->differs, '', 'the log as it was is read on');

# Made again under its name: a new log, and what was kept stays
my $kept = $t->sql(q{SELECT count(*) FROM hist.logs WHERE service_name = 'valkey-1-0005'});

sub remake
{
	my ($name, $type) = @_;
	$t->sql(
		"UPDATE exo.dbaas_services SET termination_protection = false WHERE name = '$name';
		DELETE FROM exo.dbaas_services WHERE name = '$name'");
	return if !$type;
	$t->sql(
		"INSERT INTO exo.dbaas_services (zone, name, type, plan)
		VALUES ('$zones[0]', '$name', '$type', 'startup-4')");
	return;
}
remake('valkey-1-0005', 'valkey');
is($h->collect, '', 'a service that was made again, and has no entry yet');
is($t->sql(q{SELECT count(*) FROM hist.logs WHERE service_name = 'valkey-1-0005'}),
	$kept, 'keeps the entries of the old one');
$sim->append_logs($zones[0], 'valkey-1-0005', 1300);
is($h->collect, '', 'then it has some');
is($h->added, "logs 1300", 'which are added');
is($t->sql(q{SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'valkey-1-0005'}),
	1300, 'to those of the old one');
is($h->collect, '', 'and no gap is told');
is($h->added, '', 'nor anything doubled');

# Deleted, and one of the name in another zone
remake('valkey-1-0005');
$h->collect;
is($t->sql(q{SELECT count(*) FROM hist.cursors WHERE service_name = 'valkey-1-0005'}),
	0, 'a service that is gone has no cursor');
is( $t->sql(q{SELECT count(*) FROM hist.logs WHERE service_name = 'valkey-1-0005'}),
	$kept + 1300,
	'but its entries');
$t->sql(
	"INSERT INTO exo.dbaas_services (zone, name, type, plan) VALUES
	('$zones[1]', 'pg-1-0001', 'pg', 'startup-4'), ('$zones[1]', 'new', 'pg', 'startup-4')");
$h->collect;
$sim->append_logs($zones[1], 'pg-1-0001', 20);
$sim->append_logs($zones[1], 'new', 1020);
$sim->append_logs($zones[0], 'pg-1-0001', 3);
$h->collect;
is($h->added, 'logs 1043', 'two services of one name in two zones, and a new one');
$t->sql(q{DELETE FROM hist.logs WHERE service_name = 'valkey-1-0005'});
is($h->differs, '', 'each entry is kept once');

# A schedule that changes what a session does by itself
is( $h->collect(
			q{SET default_transaction_isolation = 'repeatable read'; SET search_path = hist; }
		  . q{SET datestyle = 'German'; SET intervalstyle = 'sql_standard'}),
	'',
	'whatever the settings are');
$sim->append_logs($zones[1], 'new', 7);
$h->collect(q{SET default_transaction_isolation = 'serializable'; SET timezone = 'America/Lima'});
is($h->added, 'logs 7', 'it adds what is new');
is($h->differs, '', 'as it is');

done_testing();
