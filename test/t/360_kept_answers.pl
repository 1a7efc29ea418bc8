# A REPEATABLE READ transaction asks for each answer once and keeps it: its statements
# agree, whatever changes meanwhile.
use strict;
use warnings;

use DbaasTest;
use Encode   qw(decode_utf8);
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 1200, operation_time => 0);
my $sim = $t->sim;
my $session = $t->session;
my $begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ';
my $services =
  'SELECT zone, name, state, termination_protection FROM exo.dbaas_services ORDER BY 1, 2';

$t->sql(
	q{CREATE FOREIGN TABLE exo.maintenance (zone text,
		service_name text OPTIONS (param 'service-name'), dow text)
	SERVER exoscale OPTIONS (path '/dbaas-postgres/{service-name}', rows 'maintenance');
	CREATE TABLE local (n int)});

# Somebody else changes a service
sub change_service
{
	$sim->toggle_protection('/dbaas-postgres/pg-1-0001', 'ch-gva-2');
	return;
}

# The requests of SQL, without the one for the zones
sub sent
{
	my ($sql) = @_;
	return grep { $_->{path} ne '/zone' } $session->requests($sql);
}

sub count_distinct
{
	my %distinct = map { join(' ', @{$_}{qw(method zone path)}, $_->{body} // '') => 1 } @_;
	return scalar keys %distinct;
}

# Runs SQL; returns what it gives and how many requests it sent
sub run
{
	my ($sql) = @_;
	$sim->clear;
	my $rows = $session->sql($sql);
	return ($rows, scalar grep { $_->{path} ne '/zone' } $sim->requests);
}

$session->sql('SELECT count(*) FROM exo.dbaas_services');

# ---------------------------------------------------------------------------
# Ten statements over one list
# ---------------------------------------------------------------------------

my @ten = (
	$services,
	'SELECT count(*) FROM exo.dbaas_services',
	'SELECT type, count(*) FROM exo.dbaas_services GROUP BY 1 ORDER BY 1',
	q{SELECT name FROM exo.dbaas_services WHERE zone = 'ch-gva-2' ORDER BY 1},
	q{SELECT count(*) FROM exo.dbaas_services WHERE termination_protection},
	q{SELECT plan, zone FROM exo.dbaas_services WHERE name = 'pg-1-0001'},
	'SELECT count(*) FROM exo.dbaas_services a JOIN exo.dbaas_services b USING (type)',
	'SELECT name FROM exo.dbaas_services ORDER BY created_at, name LIMIT 3',
	q{SELECT string_agg(name, ',' ORDER BY name) FROM exo.dbaas_services WHERE type = 'pg'},
	'SELECT EXISTS (SELECT FROM exo.dbaas_services WHERE disk_size > 100)');

foreach my $level ('REPEATABLE READ', 'SERIALIZABLE', 'SERIALIZABLE READ ONLY DEFERRABLE')
{
	$session->sql("BEGIN ISOLATION LEVEL $level");
	$sim->clear;
	my @rows = map { $session->sql($_) } @ten;
	is(scalar $sim->requests, 3, "$level: ten statements are one set of requests");
	change_service();
	$sim->clear;
	is_deeply([ map { $session->sql($_) } @ten ], \@rows, "$level: they say the same again");
	is(scalar $sim->requests, 0, "$level: and ask nothing");
	my $other = $t->sql($services);
	isnt($other, $rows[0], "$level: others see the change");
	$session->sql('COMMIT');
	my ($after, $n) = run($services);
	is($after, $other, "$level: and so does the session, after it");
	is($n, 3, 'with requests of its own');
}

$session->sql('BEGIN ISOLATION LEVEL READ COMMITTED');
my ($before) = run($services);
change_service();
my ($after, $n) = run($services);
isnt($after, $before, 'READ COMMITTED sees the change');
is($n, 3, 'since it asks anew');
is((run("$services; $services"))[1], 6, 'each time');
$session->sql('COMMIT');

# ---------------------------------------------------------------------------
# Each kind of read
# ---------------------------------------------------------------------------

my $key = q{zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
my %reads = (
	'a list' => [ 'exo.dbaas_services', 'termination_protection' ],
	'details of all services' =>
	  [ 'exo.dbaas_service_details', "settings::text || ip_filter::text" ],
	'details of one' => [ "exo.dbaas_service_details WHERE $key", 'version' ],
	'a list, and what is inside its services' => [ 'exo.dbaas_users', 'username' ],
	'pages of a log' => [ "exo.dbaas_logs WHERE $key", 'message' ],
	'pages of logs by time' => [
		"(SELECT * FROM exo.dbaas_logs WHERE service_name LIKE 'pg%' ORDER BY time DESC) x",
		'message'
	],
	'metrics' => [ "exo.dbaas_metrics WHERE $key", 'value' ],
	'the zones' => [ 'exo.dbaas_zones', 'zone' ],
	'integrations' => [ 'exo.dbaas_integrations', 'id' ],
	'a declared table' => [ "exo.maintenance WHERE $key", 'dow' ],
	'what takes its list of services alone' => [
		"exo.maintenance WHERE zone = 'ch-gva-2' AND "
		  . "service_name IN (SELECT name FROM exo.dbaas_services WHERE type = 'pg' "
		  . "AND zone = 'ch-gva-2')",
		'dow'
	],
	'one answer of any zone' => [ 'exo.dbaas_service_types', 'name' ],);

foreach my $name (sort keys %reads)
{
	my ($from, $column) = @{ $reads{$name} };
	my $sum = "SELECT count(*), sum(hashtext(($column)::text)) FROM $from";
	$session->sql($begin);
	my @first = $session->requests($sum);
	my $rows = $session->sql($sum);
	cmp_ok(scalar @first, '>=', 1, "$name: is asked for");
	is(scalar @first, count_distinct(@first), "$name: each request once");
	like($rows, qr/^[1-9]\d*\|/, "$name: has rows");
	change_service();
	$sim->append_logs('ch-gva-2', 'pg-1-0001', 3);
	my ($again, $number) = run($sum);
	is($again, $rows, "$name: the same again");
	is($number, 0, "$name: without a request");
	is((run("SELECT count(*) FROM (SELECT * FROM $from) x"))[1], 0, "$name: all its columns, too");
	$session->sql('COMMIT');
}

# ---------------------------------------------------------------------------
# However the statements run
# ---------------------------------------------------------------------------

my $details = 'SELECT count(*), count(d.version) FROM exo.dbaas_services s '
  . 'JOIN exo.dbaas_service_details d ON d.zone = s.zone AND d.service_name = s.name';
my $row = 'SELECT name FROM exo.dbaas_services ORDER BY name';
my $function = q{CREATE FUNCTION pg_temp.walk() RETURNS bigint LANGUAGE plpgsql AS $f$
	DECLARE s record; d record; n bigint := 0;
	BEGIN
		FOR s IN SELECT zone, name FROM exo.dbaas_services LOOP
			SELECT * INTO d FROM exo.dbaas_service_details
				WHERE zone = s.zone AND service_name = s.name;
			n := n + (SELECT count(*) FROM exo.dbaas_services WHERE zone = s.zone);
		END LOOP;
		RETURN n;
	END $f$};
$session->sql($function);

$session->sql("$begin; $details");
my $walk = 'SELECT pg_temp.walk()';
is((run($walk))[1], 0, 'a loop over what a join has asked for asks nothing');
is((run("PREPARE p AS $details; EXECUTE p; EXECUTE p"))[1], 0, 'nor does a prepared statement');
is((run("SET LOCAL dbaas_fdw.enable_lookahead = off; $details"))[1], 0, 'without lookahead');
is((run("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; $details"))[1],
	0, 'with another plan');
is( (   run(    "SELECT count(*) FROM (SELECT name FROM exo.dbaas_services WHERE zone = 'ch-gva-2' "
			  . "UNION ALL SELECT name FROM exo.dbaas_services WHERE zone = 'de-fra-1') x"))[1],
	0,
	'under an Append');
$session->sql('COMMIT; DEALLOCATE ALL');

# A loop whose statements ask alone
$session->sql($begin);
my @loop = sent($walk);
is(scalar @loop, 3 + 24, 'a loop asks for three lists and each of 24 services');
is(count_distinct(@loop), 3 + 24, 'each once');
is((run($walk))[1], 0, 'and nothing again');
$session->sql('COMMIT');
@loop = sent($walk);
is(scalar @loop, 3 + 24 + 2 * 24, 'READ COMMITTED: two lists for each of them as well');

# Cursors
$session->sql("$begin; DECLARE early CURSOR FOR $row; DECLARE kept CURSOR WITH HOLD FOR $row");
my ($names) = run($row);
$sim->delete('/dbaas-service/mysql-1-0002', zone => 'ch-gva-2');
like($names, qr/mysql-1-0002/, 'a service is there, and then deleted');
is(join("\n", $session->sql('FETCH ALL FROM early')), $names, 'a cursor that was opened before');
is((run("DECLARE late CURSOR FOR $row; FETCH ALL FROM late"))[0],
	$names, 'one that is opened after');
is((run('COMMIT; FETCH ALL FROM kept'))[0], $names, 'one that outlives the transaction');
unlike((run("CLOSE kept; $row"))[0], qr/mysql-1-0002/, 'the next statement sees the API');

# Two statements that wait for one answer at once
$session->sql("$begin; SET LOCAL dbaas_fdw.enable_lookahead = on");
$session->sql("DECLARE c CURSOR FOR $details; MOVE 0 FROM c");
($names) = run($details);
is($session->sql('FETCH ALL FROM c'), $names, 'a cursor in the middle of another statement');
$session->sql('COMMIT');

# Savepoints and errors
$session->sql("$begin; SAVEPOINT a");
($before) = run($services);
$session->sql('ROLLBACK TO a');
change_service();
is((run($services))[0], $before, 'what a subtransaction read stays when that is rolled back');
is((run($services))[1], 0, 'as an answer');
$session->sql_error('SELECT 1 / count(*) * 0 / 0 FROM exo.dbaas_services');
is((run("ROLLBACK TO a; $services"))[0], $before, 'and after an error');
is((run("$services"))[1], 0, 'too');
$session->sql('ROLLBACK');
is((run($services))[1], 3, 'a transaction that is rolled back keeps nothing');

# The isolation level of the session's transactions
$session->sql(q{SET default_transaction_isolation = 'repeatable read'});
is((run("$services; $services"))[1], 6, 'statements by themselves are transactions');
is((run("BEGIN; $services; $services; COMMIT"))[1], 3, 'BEGIN begins one');
$session->sql('RESET default_transaction_isolation');

# ---------------------------------------------------------------------------
# What is not kept
# ---------------------------------------------------------------------------

my $late = q{SELECT count(*) FROM exo.dbaas_service_details }
  . q{WHERE zone = 'ch-gva-2' AND service_name = 'late' AND type = 'pg'};
is((run("$begin; $late"))[0], '0', '404 is no row');
$sim->post('/dbaas-postgres/late', { plan => 'hobbyist-2' }, zone => 'ch-gva-2');
is((run($late))[0], '1', 'and is not kept');
$session->sql('COMMIT');

$sim->fault({ path => '/dbaas-service', action => 'status', status => 500 });
$session->sql("$begin; SAVEPOINT a");
is($session->sql_error($services)->{sqlstate}, 'HV000', 'a statement fails');
$sim->clear_faults;
cmp_ok((run("ROLLBACK TO a; $services"))[1], '>=', 1, 'an error is not kept');
is((run($services))[1], 0, 'the next answer is');
$session->sql('COMMIT');

$session->sql("$begin; $services");
cmp_ok((run('ANALYZE exo.dbaas_services'))[1], '>=', 3, 'ANALYZE counts what is there');
$session->sql('ROLLBACK');

# ---------------------------------------------------------------------------
# Writes
# ---------------------------------------------------------------------------

my $set = q{UPDATE exo.dbaas_services SET termination_protection = NOT termination_protection }
  . q{WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'};
my $integrate =
	q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
  . q{VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004')};

$session->sql($begin);
($before) = run($services);
$session->sql($set);
($after, $n) = run($services);
is($after, $before, 'a queued write changes nothing');
is($n, 0, 'and drops nothing');
$session->sql('COMMIT');
isnt((run($services))[0], $before, 'COMMIT has sent it');

$session->sql("$begin; SET LOCAL dbaas_fdw.write_mode = 'immediate'");
($before) = run("SELECT count(*) FROM exo.dbaas_users; $services");
$session->sql($set);
($after, $n) = run($services);
isnt($after, $before =~ s/^\d+\n//r, 'a write that is sent shows in the transaction');
is($n, 3, 'which asks anew');
is((run($services))[1], 0, 'once');
$session->sql('COMMIT');

$session->sql($begin);
my $count = q{SELECT count(*) FROM exo.dbaas_integrations WHERE source = 'pg-1-0001'};
($before) = run($count);
my ($made) = run("$integrate RETURNING id, status");
like($made, qr/^[0-9a-f-]{36}\|\w+/, 'RETURNING reads back what was made');
is((run($count))[0], $before + 1, 'which the transaction then sees');
$session->sql('COMMIT');

# Writes that fail, or whose outcome is unknown
foreach my $fault (
	{ action => 'status', status => 409, body => '{"error":"no"}' },
	{ action => 'close', after_processing => JSON::PP::true })
{
	$session->sql("$begin; SET LOCAL dbaas_fdw.write_mode = 'immediate'; $services; SAVEPOINT a");
	$sim->fault({ method => 'PUT', times => -1, %$fault });
	ok($session->sql_error($set), "a write fails: $fault->{action}");
	$sim->clear_faults;
	is((run("ROLLBACK TO a; $services"))[1], 3, 'the next statement asks anew');
	$session->sql_both('ROLLBACK');
}

# An UPDATE or DELETE acts on what is there now, and only if that is what the transaction saw
my $delete = q{DELETE FROM exo.dbaas_services WHERE name = 'kafka-1-0003'};
$session->sql("$begin; $services");
change_service();
foreach my $write ($set, $delete,
	  "INSERT INTO exo.dbaas_integrations (zone, type, source, dest) "
	. q{SELECT zone, 'logs', name, 'opensearch-1-0004' FROM exo.dbaas_services }
	. q{WHERE name = 'mysql-1-0002'})
{
	$session->sql('SAVEPOINT a');
	my $error = $session->sql_error($write);
	is($error->{sqlstate}, '40001', "$write: refused");
	like($error->{detail}, qr/^GET \/dbaas-service in zone ch-gva-2 is not answered as it was/,
		'why');
	$session->sql('ROLLBACK TO a');
}
$session->sql('ROLLBACK');
$session->sql("$begin; $services");
is_deeply(
	[ map { $_->{path} } sent($set) ],
	[ '/dbaas-service', '/dbaas-postgres/pg-1-0001' ],
	'an UPDATE asks anew: for the list, and for what each PUT carries');
($before) = run($services);
$session->sql('COMMIT');
isnt((run($services))[0], $before, 'and is sent where nothing else has changed');

# In another order it is still the same
my $list = decode_utf8($sim->get('/dbaas-service', zone => 'ch-gva-2')->{content});
ok($list =~ s/(\{[^{}]*\}),(\{[^{}]*\})/$2,$1/, 'two services change places');
ok($list =~ s/("name":"pg-1-0001"),("type":"pg")/$2,$1/, 'and two members');
$session->sql("$begin; $services");
$sim->fault({ path => '/dbaas-service', zone => 'ch-gva-2', action => 'body', body => $list });
$session->sql($set);
is(scalar(grep { $_->{times} } $sim->faults), 0, 'an UPDATE gets that');
$sim->clear_faults;
$session->sql('ROLLBACK');

# What it has read is kept for the statements that follow; logs and metrics are not compared
my $one = q{SELECT count(*) FROM exo.dbaas_services WHERE zone = 'ch-gva-2'};
$session->sql("$begin; SAVEPOINT a; $set; ROLLBACK TO a");
is((run($one))[1], 0, 'a SELECT uses what an UPDATE has read');
my $busy =
  q{SELECT count(*) FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
my ($entries) = run($busy);
$sim->append_logs('ch-gva-2', 'pg-1-0001', 3);
$session->sql($set =~ s/$/ AND ($busy) > 0/r);
is((run($busy))[0], $entries, 'a log stays what it was');
$session->sql('ROLLBACK');

# A local table is written from what the transaction sees
$session->sql("$begin; $services");
change_service();
is((run('INSERT INTO local SELECT count(*) FROM exo.dbaas_services'))[1],
	0, 'INSERT into a local table');
is((run('UPDATE local SET n = x.n FROM (SELECT count(*) AS n FROM exo.dbaas_services) x'))[1],
	0, 'UPDATE of one');
$session->sql('ROLLBACK');

# ---------------------------------------------------------------------------
# Too much
# ---------------------------------------------------------------------------

$session->sql("$begin; SET LOCAL dbaas_fdw.cache_size = '150kB'; SAVEPOINT a");
my $error = $session->sql_error($busy);
is($error->{sqlstate}, '53400', 'what does not fit is an error');
like(
	$error->{message},
	qr/^the answers of this transaction do not fit into dbaas_fdw\.cache_size$/,
	'which says so');
like($error->{detail},
	qr/^\d+ kB of answers are kept, POST \S+ in zone ch-gva-2 has \d+ kB more, and 150 kB are /,
	'in numbers');
like($error->{hint}, qr/^Raise dbaas_fdw\.cache_size/, 'and what to do');
$session->sql('ROLLBACK TO a');
is($session->sql_error($busy)->{sqlstate}, '53400', 'it stays one');
$session->sql("ROLLBACK TO a; SET LOCAL dbaas_fdw.cache_size = '10MB'");
is((run($busy))[0], $entries + 3, 'until there is room');
$session->sql("SET LOCAL dbaas_fdw.cache_size = '1kB'");
is((run($busy))[1], 0, 'what is kept stays');
$session->sql('ROLLBACK');
cmp_ok((run("SET dbaas_fdw.cache_size = '1kB'; $busy"))[0], '>', 0, 'READ COMMITTED needs none');

# As before there was a cache, for who reads through postgres_fdw what does not fit
$session->sql("ROLLBACK; $begin; SET LOCAL dbaas_fdw.cache_size = 0");
my @first = run($services);
is((run($services))[1], $first[1], 'with a size of 0 each statement asks anew');
cmp_ok($first[1], '>', 0, 'which takes requests');
$session->sql('ROLLBACK; RESET dbaas_fdw.cache_size');

# ---------------------------------------------------------------------------
# Servers, mappings, zones
# ---------------------------------------------------------------------------

$t->add_server('second', 'two');
my ($key_option, $secret) = ($sim->key, $sim->secret);
$session->sql("$begin; $services");
is((run($services =~ s/exo\./two./r))[1], 3, 'another server asks for itself');
is((run('SELECT dbaas_fdw_disconnect(\'exoscale\')'))[1], 0, 'a connection is closed');
is((run($services))[1], 0, 'the answers stay');
foreach my $ddl (
	"ALTER SERVER exoscale OPTIONS (ADD max_retries '1')",
	"ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale "
	. "OPTIONS (ADD api_secret_file '/nowhere', DROP api_secret)")
{
	$session->sql("SAVEPOINT a; $ddl");
	if ($ddl =~ /MAPPING/)
	{
		is($session->sql_error($services)->{sqlstate}, '28000', "$ddl: serves nothing");
	}
	else
	{
		is((run($services))[1], 3, "$ddl: asks anew");
	}
	$session->sql('ROLLBACK TO a');
	is((run($services))[1], 0, 'the answers of the old options serve again');
}
$session->sql('ROLLBACK');

$t->sql(
	qq{CREATE ROLE reader; GRANT USAGE ON SCHEMA exo TO reader;
	GRANT SELECT ON ALL TABLES IN SCHEMA exo TO reader;
	GRANT USAGE ON FOREIGN SERVER exoscale TO reader});
$session->sql("$begin; $services; SAVEPOINT a; SET LOCAL ROLE reader");
is($session->sql_error($services)->{sqlstate}, '28000', 'a role without a mapping gets nothing');
$session->sql('ROLLBACK');
$t->sql("CREATE USER MAPPING FOR reader SERVER exoscale "
	  . "OPTIONS (api_key '$key_option', api_secret '$secret')");
$session->sql("$begin; $services; SET LOCAL ROLE reader");
is((run($services))[1], 3, 'a role with another mapping asks for itself');
is((run("RESET ROLE; $services"))[1], 0, 'and leaves the others alone');
$session->sql('COMMIT');

# forget
$session->sql("$begin; $services; " . $services =~ s/exo\./two./r);
is((run(q{SELECT dbaas_fdw_forget('second')}))[0], '3', 'forget says how many answers there were');
is((run($services))[1], 0, 'those of one server');
is((run($services =~ s/exo\./two./r))[1], 3, 'are asked for anew');
change_service();
is((run('SELECT dbaas_fdw_forget()'))[0], '6', 'or of all of them');
isnt((run($services))[0], $before, 'the transaction sees the change then');
is($session->sql_error(q{SELECT dbaas_fdw_forget('no-such')})->{sqlstate},
	'42704', 'a server that is not there');
$session->sql('ROLLBACK');
$session->sql("$begin; $services");
is($session->sql(q{SET LOCAL ROLE reader; SELECT dbaas_fdw_forget(NULL)}), '3', 'everybody may');
$session->sql('ROLLBACK');

# Zones that come, and that go
my @zones = $sim->zones;

sub names_zones
{
	my %address = @_;
	$sim->clear_faults;
	$sim->fault(
		{
			path => '/zone',
			times => -1,
			action => 'merge',
			patch => {
				zones =>
				  [ map { { name => $_, 'api-endpoint' => $address{$_} } } sort keys %address ]
			}
		});
	return;
}
my %address = map { $_ => $sim->endpoint($_) } @zones;
my %two = map { $_ => $address{$_} } @zones[ 0, 1 ];
my $by_zone = 'SELECT zone FROM exo.dbaas_services GROUP BY 1 ORDER BY 1';
names_zones(%two);
$session->quit;
$session = $t->session;
my $known = join "\n", sort keys %two;
is($session->sql("SET dbaas_fdw.zones_ttl = 0; $begin; $by_zone"), $known, 'two zones');
names_zones(%address);
is($session->sql($by_zone), $known, 'a third does not appear in the transaction');
is($session->sql("SELECT count(*) FROM exo.dbaas_services WHERE zone = '$zones[2]'"),
	'0', 'not when it is named');
is($session->sql("COMMIT; $by_zone"), join("\n", sort @zones), 'but after it');

names_zones(%address);
$t->create_server(max_retries => 0, unavailable_zones => 'skip');
$session = $t->session;
my $status = { zone => $zones[1], action => 'status', status => 503, times => -1 };
$sim->fault($status);
my $rest = join "\n", sort @zones[ 0, 2 ];
my ($out, $stderr) = $session->sql_both("$begin; $by_zone");
is($out, $rest, 'a zone is left out');
$sim->clear_faults;
$sim->clear;
($out, $stderr) = $session->sql_both('SELECT DISTINCT zone FROM exo.dbaas_integrations '
	  . "UNION SELECT zone FROM exo.dbaas_services ORDER BY 1");
is($out, $rest, 'it stays left out in the transaction');
is(scalar(() = $stderr =~ /WARNING: .*zone "\Q$zones[1]\E" is left out/g),
	1, 'of which each statement warns');
is(scalar(grep { ($_->{zone} // '') eq $zones[1] } $sim->requests), 0, 'and is not asked');
is( $session->sql("SELECT dbaas_fdw_forget(); $by_zone") =~ s/^\d+\n//r,
	join("\n", sort @zones),
	'until it is forgotten');
$sim->fault($status);
is( $session->sql($by_zone),
	join("\n", sort @zones),
	'what was read of a zone before it went away stays');
($out, $stderr) = $session->sql_both('SELECT count(DISTINCT zone) FROM exo.dbaas_users');
like($stderr, qr/WARNING/, 'what was not is left out');
is($session->sql($by_zone), join("\n", sort @zones), 'and changes nothing of it');
$session->sql('COMMIT');
$sim->clear_faults;

# ---------------------------------------------------------------------------
# Memory
# ---------------------------------------------------------------------------

my $contexts =
  q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name ~ '^dbaas_fdw (cache|snapshot)'};
my $all = 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';

# Transactions that end in each way
sub run_transactions
{
	foreach my $i (1 .. $_[0])
	{
		my $last = ('SELECT 1 / 0', 'SELECT dbaas_fdw_forget()', 'SELECT 1')[ $i % 3 ];
		$session->sql_both("$begin; $services; $last; " . ($i % 2 ? 'COMMIT' : 'ROLLBACK'));
	}
	return;
}
$session->sql("$begin; $services");
cmp_ok($session->sql($contexts), '>', 0, 'a transaction has its answers in a memory context');
$session->sql('COMMIT');
is($session->sql($contexts), '0', 'which ends with it');
run_transactions(50);
my $size = $session->sql($all);
run_transactions(500);
is($session->sql($contexts), '0', 'nothing is left after 500 transactions');
DbaasTest::measured_ok($session->sql($all), '<', $size + 65536,
	'and the backend has not grown');

done_testing();
