# dbaas_fdw.cache_ttl lets answers of the session serve later statements, until they are
# too old, or a write of its own has changed what they say.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 20, logs => 1200, operation_time => 0);
my $sim = $t->sim;
my $session = $t->session;
my $services =
  'SELECT zone, name, state, termination_protection FROM exo.dbaas_services ORDER BY 1, 2';
my $one = q{SELECT termination_protection FROM exo.dbaas_services }
  . q{WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'};
my $set = q{UPDATE exo.dbaas_services SET termination_protection = NOT termination_protection }
  . q{WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'};

# Somebody else changes a service
sub change_service
{
	$sim->toggle_protection('/dbaas-postgres/pg-1-0001', 'ch-gva-2');
	return;
}

# Runs SQL; returns what it gives and how many requests it sent, but for the zones
sub run
{
	my ($sql) = @_;
	$sim->clear;
	my $rows = $session->sql($sql);
	return ($rows, scalar grep { $_->{path} ne '/zone' } $sim->requests);
}

sub asks
{
	my ($sql, $number, $name) = @_;
	return is((run($sql))[1], $number, $name);
}

sub start
{
	my ($ttl) = @_;
	$session->quit;
	$session = $t->session;
	$session->sql("SELECT count(*) FROM exo.dbaas_zones; SET dbaas_fdw.cache_ttl = '$ttl'");
	return;
}

# ---------------------------------------------------------------------------
# How long
# ---------------------------------------------------------------------------

is($session->sql(q{LOAD 'dbaas_fdw'; SHOW dbaas_fdw.cache_ttl}), '0', 'the default keeps nothing');
is($session->sql('SHOW dbaas_fdw.cache_size'), '64MB', 'and the default size');
asks("$services; $services", 6, 'each statement asks');
start('1h');
my ($rows) = run($services);
change_service();
my ($again, $n) = run($services);
is($again, $rows, 'an answer serves again');
is($n, 0, 'without a request');
asks("BEGIN; $services; COMMIT; DO 'BEGIN PERFORM * FROM exo.dbaas_services; END'",
	0, 'in later transactions too');
isnt($t->sql($services), $rows, 'another session asks for itself');
$session->sql(q{SET dbaas_fdw.cache_ttl = '1ms'; SELECT pg_sleep(0.02)});
($again, $n) = run($services);
isnt($again, $rows, 'an answer that is too old does not serve');
is($n, 3, 'but is asked for anew');
asks("SELECT pg_sleep(0.02); $services", 3, 'each time');
$session->sql(q{SET dbaas_fdw.cache_ttl = '1h'});
asks($services, 3, 'one that was kept for a shorter time is gone');
$session->sql('SET dbaas_fdw.cache_ttl = 0');
asks($services, 3, 'with 0 none serves');
is($session->sql_error('SET dbaas_fdw.cache_ttl = -1')->{sqlstate}, '22023', 'there is no less');

# For a transaction, a function, a role, a database
start('0');
asks("BEGIN; SET LOCAL dbaas_fdw.cache_ttl = '1h'; $services; $services; COMMIT",
	3, 'in a transaction');
asks($services, 3, 'not after it');
$session->sql(
	q{CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql SET dbaas_fdw.cache_ttl = '1h'
	AS 'SELECT count(*) FROM exo.dbaas_services'});
start('0');
asks('SELECT counted()', 3, 'a function keeps answers');
asks('SELECT counted() + counted()', 0, 'for its next call');
asks($services, 3, 'and for nobody else');
$t->sql('ALTER DATABASE postgres SET dbaas_fdw.cache_ttl = 3600000');
$session->quit;
$session = $t->session;
asks("$services; $services", 3, 'for a database');
$t->sql('ALTER DATABASE postgres RESET dbaas_fdw.cache_ttl');

# The loop that people write
my $walk = q{DO $do$ DECLARE s record; d record; BEGIN
	FOR s IN SELECT name FROM exo.dbaas_services WHERE name LIKE '%-1-0%' LOOP
		SELECT * INTO d FROM exo.dbaas_service_details WHERE service_name = s.name;
	END LOOP; END $do$};
start('0');
my (undef, $asked) = run($walk);
# SELECT INTO takes one row, and what it sent for more may not have arrived
cmp_ok($asked, '>', 3 + 19 * 3, 'a loop over 19 services asks for each');
cmp_ok($asked, '<=', 3 + 19 * 4, 'and in each zone');
start('1h');
asks($walk, 3 + 19, 'with answers that serve again');
asks($walk, 0, 'and once more');

# ---------------------------------------------------------------------------
# Own writes
# ---------------------------------------------------------------------------

start('1h');
run(    "$services; SELECT count(*) FROM exo.dbaas_users WHERE zone = 'ch-gva-2' "
	  . "AND service_name = 'pg-1-0001'");
($rows) = run($one);
run("BEGIN; $set");
is((run($one))[0], $rows, 'a queued write changes nothing');
asks($one, 0, 'and drops nothing');
$session->sql('ROLLBACK');
asks($one, 0, 'nor does one that is rolled back');
run("BEGIN; $set; COMMIT");
($again, $n) = run($one);
isnt($again, $rows, 'COMMIT drops what the write changes');
is($n, 1, 'so that the next statement asks');
asks($one, 0, 'once');
$session->sql(q{SET dbaas_fdw.write_mode = 'immediate'});
run("BEGIN; $set");
asks($one, 1, 'a write that is sent at once drops it at once');
$session->sql_both('ROLLBACK');
$session->sql('RESET dbaas_fdw.write_mode');

foreach my $fault (
	{ action => 'status', status => 409, body => '{"error":"no"}' },
	{ action => 'close', after_processing => JSON::PP::true })
{
	start('1h');
	run($one);
	$sim->fault({ method => 'PUT', times => -1, %$fault });
	ok($session->sql_error($set), "a write fails: $fault->{action}");
	$sim->clear_faults;
	asks($one, 1, 'the next statement asks');
	asks(
		$one,
		$fault->{status} ? 0      : 1,
		$fault->{status} ? 'once' : 'each time: the write may still come');
}

# A response that comes after a write, to a request from before it
my $fra = q{SELECT termination_protection FROM exo.dbaas_services }
  . q{WHERE zone = 'de-fra-1' AND name = 'pg-2-0001'};

# A cursor whose requests are all sent, and one of whose responses takes seconds to arrive
sub open_cursor
{
	start('1h');
	$sim->fault(
		{
			path => '/dbaas-service',
			zone => 'de-fra-1',
			action => 'trickle',
			chunk => 1_000_000,
			ms => 2000
		});
	$sim->clear;
	$session->sql('BEGIN; SET LOCAL cursor_tuple_fraction = 1; '
		  . 'DECLARE c CURSOR FOR SELECT zone FROM exo.dbaas_services; FETCH c');
	ok( DbaasTest::wait_until(
			sub {
				return scalar grep { ($_->{zone} // '') eq 'de-fra-1' } $sim->requests;
			}),
		'a request is under way');
	return;
}
$rows = $t->sql($fra);
open_cursor();
$session->sql(q{SET LOCAL dbaas_fdw.write_mode = 'immediate'; } . $set =~ s/ch-gva-2/de-fra-1/r =~
	  s/pg-1-/pg-2-/r);
isnt($again = (run($fra))[0], $rows, 'after a write, the next statement sees it');
is(scalar(grep { ($_->{zone} // '') eq 'de-fra-1' } $sim->requests), 1, 'by a request of its own');
$session->sql('MOVE ALL FROM c');
is((run($fra))[0], $again, 'also when the other response has come');
$session->sql('COMMIT');
open_cursor();
$sim->clear;
$session->sql($fra);
is(scalar(grep { ($_->{zone} // '') eq 'de-fra-1' } $sim->requests),
	0, 'without a write, it waits for the response');
$session->sql('COMMIT');
$sim->clear_faults;

# Look-ups of writes are about what is there now
start('1h');
run($services);
$sim->post('/dbaas-postgres/fresh', { plan => 'hobbyist-2' }, zone => 'ch-gva-2');
$session->sql(
	q{BEGIN; INSERT INTO exo.dbaas_databases (service_name, name) VALUES ('fresh', 'x'); ROLLBACK});
pass('a write to a service that no kept list has');
asks($services, 0, 'and leaves the lists as they were');

# A cancel in the middle of COMMIT
start('1h');
run($one);
$sim->config(operation_time => 3600_000);
$sim->clear;
$session->start($set);
ok( DbaasTest::wait_until(
		sub {
			return scalar grep { $_->{path} =~ /^.operation/ } $sim->requests;
		}),
	'a COMMIT waits');
$t->sql('SELECT pg_cancel_backend(' . $session->pid . ')');
like(($session->finish)[1], qr/57014/, 'and is cancelled');
$sim->config(operation_time => 0);
($rows) = run($one);
change_service();
isnt((run($one))[0], $rows, 'nothing is kept while the write may still change something');

# A write that is not waited for
$t->add_server('hasty', 'hasty', wait => 'none', operation_timeout => '1h');
$sim->config(operation_time => 3600_000);
my $hasty = $one =~ s/exo\./hasty./r;
($rows) = run($hasty);
run($set =~ s/exo\./hasty./r);
is((run($hasty))[0], $rows, 'a write that has not happened yet');
$sim->config(operation_time => 0);
isnt((run($hasty))[0], $rows, 'shows when it has');

# Another server may show the same organisation
start('1h');
($rows) = run($one);
run($set =~ s/exo\./hasty./r);
isnt((run($one))[0], $rows, 'a write through another server');

# An UPDATE or DELETE is never decided by what an earlier statement read
start('1h');
run($services);
$sim->delete('/dbaas-service/mysql-1-0002', zone => 'ch-gva-2');
asks(q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'mysql-1-0002'},
	1, 'a DELETE asks');
unlike((run($services))[0], qr/mysql-1-0002/, 'and what it has read serves');

# ---------------------------------------------------------------------------
# For whom
# ---------------------------------------------------------------------------

start('1h');
run("$one; $hasty");
asks("$one; $hasty", 0, 'two servers');
my $ddl = q{ALTER SERVER exoscale OPTIONS (ADD max_retries '1')};
asks("BEGIN; $ddl; $one; ROLLBACK", 1, 'a server that changes');
asks($one, 0, 'and does not after all');
asks(($ddl =~ s/1/2/r) . "; $one", 1, 'one that has changed');
asks($one, 0, 'keeps answers of its own');
$session->sql('ALTER SERVER exoscale OPTIONS (DROP max_retries)');
$session->sql(
	'ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret \'wrong\')');
is($session->sql_error($one)->{sqlstate}, '28000', 'a mapping with another secret');
$session->sql('ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret \''
	  . $sim->secret
	  . '\')');
asks($one, 0, 'and the same one again');
$session->sql(q{CREATE ROLE reader; GRANT USAGE ON SCHEMA exo TO reader; GRANT SELECT }
	  . q{ON ALL TABLES IN SCHEMA exo TO reader});
is($session->sql_error("SET ROLE reader; $one")->{sqlstate}, '28000', 'a role without a mapping');
$session->sql('RESET ROLE; CREATE USER MAPPING FOR reader SERVER exoscale OPTIONS (api_key \''
	  . $sim->key
	  . '\', api_secret \''
	  . $sim->secret
	  . '\'); SET ROLE reader');
asks($one, 1, 'a role with a mapping of its own');
$session->sql('RESET ROLE');
asks($one, 0, 'and the first one');
$session->sql(
	q{CREATE FOREIGN TABLE exo.any (zone text, name text) SERVER exoscale
	OPTIONS (path '/dbaas-service', rows 'dbaas-services[]')});
my $any = q{SELECT count(*) FROM exo.any WHERE zone = 'ch-gva-2'};
run($any);
asks($any, 0, 'a declared table');
asks(
	"ALTER FOREIGN TABLE exo.any OPTIONS (SET path '/dbaas-external-endpoints', "
	  . "SET rows 'dbaas-endpoints[]'); $any",
	1,
	'which gets another path');

# Errors and 404
my $late = q{SELECT count(*) FROM exo.dbaas_service_details }
  . q{WHERE zone = 'ch-gva-2' AND service_name = 'late' AND type = 'pg'};
is((run($late))[0], '0', '404 is no row');
$sim->post('/dbaas-postgres/late', { plan => 'hobbyist-2' }, zone => 'ch-gva-2');
is((run($late))[0], '1', 'and is not kept');
start('1h');
$sim->fault({ path => '/dbaas-service', action => 'status', status => 500 });
ok($session->sql_error($one), 'a request fails');
asks($one, 1, 'an error is not kept');

# ---------------------------------------------------------------------------
# Snapshots
# ---------------------------------------------------------------------------

start('1h');
my $repeatable = 'BEGIN ISOLATION LEVEL REPEATABLE READ';
run($one);
change_service();
run($repeatable);
($rows, $n) = run($one);
is($n, 1, 'a REPEATABLE READ transaction takes no answer from before it');
change_service();
is( (run(q{SET LOCAL dbaas_fdw.cache_ttl = '1ms'; SELECT pg_sleep(0.02)} . "; $one"))[0] =~
	  s/^\n//r,
	$rows,
	'and keeps its own to its end, however old');
run('COMMIT');
is((run($one))[0], $rows, 'then they serve as others do');
asks($one, 0, 'while they are young enough');

# Nor does what it keeps outlive it while a write may still change something
$sim->config(operation_time => 3600_000);
start('1h');
run($set =~ s/exo\./hasty./r);
($rows) = run("$repeatable; $one; COMMIT");
$sim->config(operation_time => 0);
isnt((run($one))[0], $rows, 'an answer of a transaction that ran before the write had happened');

# ---------------------------------------------------------------------------
# How much
# ---------------------------------------------------------------------------

start('1h');
my $log = q{SELECT count(*) FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name =};
$session->sql(q{SET dbaas_fdw.cache_size = '300kB'});
is((run("$log 'pg-1-0001'"))[0], '1200', 'a log that fits');
asks("$log 'pg-1-0001'", 0, 'is kept');
run("$log 'redis-1-0005'");
run("$log 'mysql-1-0010'");
is((run("$log 'pg-1-0009'"))[0], '1200', 'others that do not fit beside it are no error');
asks("$log 'pg-1-0009'", 0, 'the newest is kept');
cmp_ok((run("$log 'pg-1-0001'"))[1], '>', 0, 'the oldest is gone');
$session->sql(q{SET dbaas_fdw.cache_size = '1kB'});
asks("$one; $one", 2, 'an answer that is larger than that is not kept');

# ---------------------------------------------------------------------------
# What it says, and how it ends
# ---------------------------------------------------------------------------

start('1h');
run($services);
my $plan = $session->sql("EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF) $services");
like($plan, qr/^ *Requests: 0\n *From Cache: 3, oldest \d+ s\n/m, 'EXPLAIN ANALYZE');
like(
	$session->sql("EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF, TIMING OFF) $services"),
	qr/^ *From Cache: 3\n/m,
	'without times');
unlike($session->sql("EXPLAIN $services"), qr/From Cache/, 'nothing without ANALYZE');
my $json = JSON::PP::decode_json($session->sql("EXPLAIN (ANALYZE, FORMAT JSON) $services"));
my $scan = $json->[0]{Plan};
$scan = $scan->{Plans}[0] while $scan->{Plans};
is($scan->{'From Cache'}, 3, 'as JSON: a number');
like($scan->{'Oldest From Cache'}, qr/^\d+(\.\d+)?$/, 'and seconds');
my $hits =
  q{SELECT requests, cache_hits FROM dbaas_fdw_stats() WHERE operation = 'GET /dbaas-service'};
is($session->sql($hits), '3|9', 'dbaas_fdw_stats()');
asks('SELECT count(*) FROM exo.dbaas_services a, exo.dbaas_services b',
	0, 'scans that share an answer');
is($session->sql($hits), '3|12', 'count it once');
is($session->sql(q{SELECT dbaas_fdw_forget('exoscale'), dbaas_fdw_forget()}),
	'3|0', 'forget drops it');
asks($services, 3, 'and the next statement asks');

my $contexts =
  q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name ~ '^dbaas_fdw (cache|snapshot)'};
cmp_ok($session->sql($contexts), '>', 0, 'answers are in a memory context');
$session->sql('DISCARD ALL');
is($session->sql($contexts), '0', 'which DISCARD ALL frees');
$session->sql(q{SET dbaas_fdw.cache_ttl = '1h'});
asks($services, 3, 'so the next statement asks');
$session->sql_both('BEGIN; DISCARD ALL');
$session->sql('ROLLBACK');
asks($services, 0, 'one that fails frees nothing');
$session->sql(q{SET dbaas_fdw.cache_ttl = '1ms'; SELECT dbaas_fdw_forget()});
run($services);
$session->sql('SELECT pg_sleep(0.02)');
is($session->sql($contexts), '0', 'answers that are too old are freed when a transaction ends');

# What it holds is bounded, however long the session lives
$session->sql(q{SET dbaas_fdw.cache_ttl = '1h'; SET dbaas_fdw.cache_size = '100kB'});
my $all = 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';
my $read = sub {
	$session->sql(
		qq{DO \$do\$ BEGIN FOR i IN 1 .. $_[0] LOOP
	PERFORM * FROM exo.dbaas_logs
	WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND log_limit = i;
	END LOOP; END \$do\$});
};
$read->(100);
my $size = $session->sql($all);
DbaasTest::measured_ok(
	$session->sql(
		q{SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name = 'dbaas_fdw cache'}),
	'<', 400_000,
	'memory is near cache_size');
$read->(400);
DbaasTest::measured_ok($session->sql($all), '<', $size + 100_000, 'and stays there');

done_testing();
