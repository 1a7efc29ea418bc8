# dbaas_fdw_collect() where something fails: runs that are killed, cancelled, or meet;
# services, zones and tables that fail; where it cannot be called.
use strict;
use warnings;

use DbaasHistory;
use DbaasTest;
use Test::More;
use Time::HiRes qw(sleep);

my $t = DbaasTest->new(
	zones => 2,
	services => 8,
	logs => 1200,
	latency => 3,
	server => { max_retries => 0 },
	conf => "restart_after_crash = on\n");
my $h = DbaasHistory->new($t);
my $sim = $t->sim;
my @zones = $sim->zones;
$t->sql(q{UPDATE hist.keep SET first = NULL});

# Where it cannot be called
sub refused
{
	my ($sql) = @_;
	my $error = $t->sql_error($sql);
	return join "\n", grep { defined } "$error->{sqlstate} $error->{message}", $error->{hint};
}
$t->sql(
	q{CREATE FUNCTION collect() RETURNS void LANGUAGE plpgsql AS
	$$ BEGIN CALL dbaas_fdw_collect('hist'); END $$});
foreach my $inside (
	q{BEGIN; CALL dbaas_fdw_collect('hist')},
	q{BEGIN \; CALL dbaas_fdw_collect('hist')},
	q{SET x.y = 1 \; CALL dbaas_fdw_collect('hist')},
	q{SELECT collect()},
	q{DO $$ BEGIN CALL dbaas_fdw_collect('hist'); EXCEPTION WHEN division_by_zero THEN END $$})
{
	like(
		refused($inside),
		qr/^25001 dbaas_fdw_collect\(\) cannot run inside a transaction block\nCALL it as/,
		"it says why not: $inside");
}
is( refused(q{CALL dbaas_fdw_collect('nowhere')}),
	"42P01 schema \"nowhere\" has no history\n"
	  . q{Make one: SELECT * FROM dbaas_fdw_history(..., 'nowhere').},
	'not where no history is');
is(refused(q{CALL dbaas_fdw_collect('exo')}) =~ /^42P01/ && 1, 1, 'nor in another schema');
is($t->sql('SELECT count(*) FROM hist.runs'), 0, 'and nothing has begun');
is( $t->sql(q{DO $$ BEGIN CALL dbaas_fdw_collect('hist'); END $$; SELECT count(*) FROM hist.runs}),
	1, 'a DO block may call it');

# Killed in every way at any point: nothing is lost or doubled
my $random = 20_261_130;

sub any
{
	my ($n) = @_;
	$random = ($random * 1_103_515_245 + 12_345) % 2_147_483_648;
	return int($random / 65_536) % $n;
}
my %ended;
my @ways = qw(terminate cancel kill client);
foreach my $round (1 .. $ENV{DBAAS_KILLS} // 16)
{
	my $way = $ways[ $round % @ways ];
	foreach my $z (0, 1)
	{
		my ($name) = (
			split /\n/,
			$t->sql("SELECT name FROM exo.dbaas_services WHERE zone = '$zones[$z]' ORDER BY name")
		)[ any(8) ];
		$sim->append_logs($zones[$z], $name, any(1300));
	}

	# Half of them while a request waits for its response, the others at any time, or too late
	my $requests = int($round / @ways) % 2 ? 1 + any(16) : 0;
	$sim->clear;
	$sim->fault({ action => 'delay', ms => 500, skip => $requests - 1, times => -1 })
	  if $requests;
	my ($session, $watching) = ($t->session, $t->session);
	my $pid = $session->pid;
	my $active = "SELECT count(*) FROM pg_stat_activity WHERE pid = $pid AND state = 'active'";
	$session->start(q{CALL dbaas_fdw_collect('hist')});
	DbaasTest::wait_until(
		sub { $requests ? scalar(() = $sim->requests) >= $requests : $watching->sql($active) });
	sleep any(400) / 1000 if !$requests;
	if ($way eq 'kill')
	{
		kill 'KILL', $pid;
		DbaasTest::wait_until(
			sub {
				eval { $watching = $t->session }
			});
	}
	elsif ($way eq 'client')
	{
		$session->{psql}{run}->kill_kill;
	}
	else
	{
		$watching->sql("SELECT pg_${way}_backend($pid)");
	}
	eval { $session->finish } if $way eq 'cancel';
	DbaasTest::wait_until(sub { !$watching->sql($active) });
	$sim->clear_faults;
	$ended{$way}++;
	delete $session->{psql} if $way ne 'cancel';
}
is(scalar keys %ended, 4, 'collections are killed in four ways');
cmp_ok($t->sql('SELECT count(*) FROM hist.runs WHERE ended_at IS NULL'),
	'>=', 4, 'some have no end');
is($t->sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), 0, 'none left a lock');
is($h->collect, '', 'the next one says nothing');
is($h->differs, '', 'and each entry is kept once');
foreach my $table (qw(services details integrations backups))
{
	my $key = { services => 'zone, name', integrations => 'id' }->{$table} // 'zone, service_name';
	$key .= ', backup_name' if $table eq 'backups';
	is( $t->sql(
			"SELECT count(*) FROM (SELECT count(*) FILTER (WHERE valid_to IS NULL) AS open
				FROM hist.$table GROUP BY $key) AS s WHERE open <> 1"),
		0,
		"each of $table has a version");
}
is( $t->sql(
		q{SELECT count(*) FROM (SELECT zone, service_name, metric, node, time, value
		FROM exo.dbaas_metrics WHERE value IS NOT NULL
		EXCEPT ALL SELECT * FROM hist.metrics) AS s}),
	0,
	'and each sample');

# A run that meets another, which takes several requests one after the other
$sim->config(latency => 4000);
my $one = $t->session;
$one->start(q{CALL dbaas_fdw_collect('hist')});
DbaasTest::wait_until(
	sub { $t->sql(q{SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory'}) eq 't' });
my $runs = $t->sql('SELECT count(*) FROM hist.runs');
my $said = $h->collect;
like(
	$said,
	qr/NOTICE: .*another session is collecting the history in schema "hist"$/m,
	'a run that meets another says so');
is($t->sql('SELECT count(*) FROM hist.runs'), $runs, 'and leaves no row');
$sim->config(latency => 0);
my ($out, $err) = $one->finish;
is($err, '', 'the other one goes on');
$h->collect;
is($h->added, '', 'to its end');

# Two that do not stop: between two steps of one the other may begin
$sim->append_logs($zones[0], 'pg-1-0001', 3000);
my @both = map { $t->session } 1, 2;
foreach (1 .. 10)
{
	$_->start(q{CALL dbaas_fdw_collect('hist')}) foreach @both;
	$_->finish foreach @both;
}
$h->collect;
is($h->differs, '', 'two that run all the time double nothing');

# What fails is told, and the rest goes on
$sim->append_logs($zones[0], $_, 5) foreach qw(pg-1-0001 mysql-1-0002);
$sim->fault(
	{ path => '/dbaas-service-logs/pg-1-0001', action => 'status', status => 500 },
	{ path => '/dbaas-service-metrics/mysql-1-0002', action => 'body', body => 'no JSON' });
like(
	$h->collect,
	qr/WARNING: .* met 2 failures and 0 gaps\nHINT:  See problems in hist.runs, where id = \d+\.$/,
	'two services fail');
is( join(', ', sort $h->problems),
	"logs $zones[0] pg-1-0001 HV000, metrics $zones[0] mysql-1-0002 HV000",
	'they are told');
is($h->added, 'logs 5', 'the others are collected');
is(scalar $h->asked('/dbaas-service-*'), 32, 'and nothing is asked twice for them');
my $run = $h->run;
is($run->{requests}, scalar(@{ [ $h->requests ] }), 'the run counts its requests');
is($run->{failed}, 2, 'and its failures');
is($h->collect, '', 'the next run');
is($h->added, 'logs 5', 'has the rest');

# A service that is deleted between the list and its log
$sim->fault(
	{ path => '/dbaas-service-*/kafka-1-0003', action => 'status', status => 404, times => 3 });
is($h->collect, '', 'a service that is deleted meanwhile is no failure');
$sim->clear_faults;
is($h->collect, '', 'and none if it was not');
is($h->differs, '', 'nothing is lost');

# A zone that goes away after its list was read
$sim->fault(
	{
		path => '/dbaas-service-*',
		zone => $zones[1],
		action => 'status',
		status => 503,
		times => -1
	});
like($h->collect, qr/ met 16 failures/, 'a zone that goes away meanwhile');
$sim->clear_faults;
is($h->collect, '', 'and comes back');

# All of it
$sim->fault({ path => '/dbaas-*', action => 'status', status => 503, times => -1 });
like($h->collect, qr/ met 2 failures/, 'where no list can be read');
is(scalar $h->asked, 2, 'nothing else is asked');
$sim->clear_faults;
my $endpoint = $sim->url;
$t->sql(q{ALTER SERVER exoscale OPTIONS (SET endpoint 'http://127.0.0.1:1/v2')});
like($h->collect, qr/ met 1 failures/, 'where nothing is reached');
is(join(', ', $h->problems), 'services - - 08001', 'that is one failure');
$t->sql("ALTER SERVER exoscale OPTIONS (SET endpoint '$endpoint')");

# A local table that refuses what it gets
$sim->append_logs($zones[0], $_, 2) foreach qw(pg-1-0001 mysql-1-0002);
$t->sql(
	q{ALTER TABLE hist.logs ADD CONSTRAINT not_this
	CHECK (service_name <> 'pg-1-0001' OR zone IS NULL) NOT VALID});
like($h->collect, qr/ met 1 failures/, 'a constraint of the user');
is(join(', ', $h->problems), "logs $zones[0] pg-1-0001 23514", 'fails for its service');
is($h->added, 'logs 2', 'and not for the others');
$t->sql(q{ALTER TABLE hist.logs DROP CONSTRAINT not_this});
$h->collect;
is($h->differs, '', 'which goes on without it');

# No progress in the mail of cron
$sim->config(latency => 100);
is($h->collect(q{SET dbaas_fdw.progress = '1ms'}), '', 'a slow run says nothing');
$sim->config(latency => 0);

# Answers that the session keeps are not for the history
my $session = $t->session;
$session->sql(q{SET dbaas_fdw.cache_ttl = '1 h'; SELECT count(*) FROM exo.dbaas_services});
$session->sql(q{CALL dbaas_fdw_collect('hist')});
$sim->append_logs($zones[0], 'pg-1-0001', 9);
$session->sql(q{CALL dbaas_fdw_collect('hist')});
is($h->added, 'logs 9', 'what a session keeps of earlier answers is not collected');
is($session->sql('SHOW dbaas_fdw.cache_ttl'), '1h', 'and the setting is as it was');
$session->quit;

# The schema of the imported tables has another name, or none
$t->sql('ALTER SCHEMA exo RENAME TO "exo %s"');
is($h->collect, '', 'the schema of the imported tables got another name');
$t->sql('ALTER SCHEMA "exo %s" RENAME TO exo');
$t->sql(q{UPDATE hist.keep SET source = 'gone', source_oid = 1});
is( refused(q{CALL dbaas_fdw_collect('hist')}),
	qq{3F000 the schema of the imported tables, "gone", does not exist\n}
	  . q{Tell which one it is: SELECT * FROM dbaas_fdw_history(..., 'hist').},
	'it is gone');
$t->sql(q{SELECT dbaas_fdw_history('exo', 'hist')});

# Tables that are not there any more, or are those of an older version
$t->sql(
	q{ALTER FOREIGN TABLE exo.dbaas_logs DROP COLUMN with_outcome;
	DROP FOREIGN TABLE exo.dbaas_metrics});
like($h->collect, qr/ met 2 failures/, 'a table is gone, and one is of an older version');
is(join(', ', sort $h->problems), 'logs - - 42703, metrics - - 42P01', 'that is one failure each');
is( join(' ', sort keys %{ $h->run->{rows_added} }),
	'integrations services',
	'the rest is collected');
$t->sql(q{SELECT dbaas_fdw_complete('exo')});
is($h->collect, '', 'until the schema is completed');

# As the one whose mapping it is
$t->sql(
	q{CREATE ROLE other LOGIN; GRANT USAGE ON SCHEMA exo TO other;
	GRANT USAGE ON FOREIGN SERVER exoscale TO other;
	GRANT SELECT ON ALL TABLES IN SCHEMA exo TO other;
	CREATE SCHEMA "its %I""own" AUTHORIZATION other});
is($t->sql(q{SET ROLE other; SELECT count(*) > 10 FROM dbaas_fdw_history('exo', 'its %I"own')}),
	't', 'another role has a history');
my ($status, undef, $warned) =
  $t->sql_both(q{SET ROLE other; CALL dbaas_fdw_collect('its %I"own')});
like($warned, qr/ met 1 failures/, 'it cannot collect without a user mapping');
is($t->sql(q{SELECT problems->0->>'sqlstate' FROM "its %I""own".runs}), '28000', 'of its own');
$t->sql(
	sprintf
	  q{CREATE USER MAPPING FOR other SERVER exoscale OPTIONS (api_key '%s', api_secret '%s')},
	$sim->key, $sim->secret);
$t->sql(q{SET ROLE other; CALL dbaas_fdw_collect('its %I"own')});
is($t->sql(q{SELECT count(DISTINCT (zone, service_name)) FROM "its %I""own".logs}),
	16, 'with one it does, into a schema of any name');

done_testing();
