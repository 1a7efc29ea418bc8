# examples/desired.sql: what there should be, as tables. One run makes it, the next sends reads
# alone, whatever form the API gives the values; what others change is shown and mended.
use strict;
use warnings;

use DbaasDocs qw(read_lines blocks);
use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	logs => 1,
	operation_time => 20,
	running_time => 100,
	server => { updatable => 'true', wait => 'running' });
my $sim = $t->sim;
my $json = JSON::PP->new->utf8->canonical;
my @procedures = qw(make_services set_services fill_services);

$t->sql_both("\\i $ENV{TESTDIR}/examples/desired.sql");
my $session = $t->session;

# The writes that the simulator has received, "METHOD PATH BODY"
sub writes
{
	return map { join ' ', $_->{method}, $_->{path}, $_->{body} || () }
	  grep { $_->{method} ne 'GET' } $sim->requests;
}

# A run, each procedure a transaction of its own; returns the errors
sub run
{
	$sim->clear;
	return
	  grep { defined } map { DbaasTest::parse_error(($session->sql_both("CALL wanted.$_()"))[1]) }
	  @procedures;
}

# The writes of a run without errors
sub run_writes
{
	my @errors = run();
	is(join("\n", map { $_->{stderr} } @errors), '', 'the run ends well');
	return join "\n", writes();
}

sub drift
{
	my ($which) = @_;
	$which //= 'wanted IS NOT NULL';
	return $session->sql(
		qq{SELECT service_name, object, found, wanted FROM wanted.drift WHERE $which
		ORDER BY service_name COLLATE "C", object COLLATE "C"});
}

# What others do, behind the session's back
sub others
{
	my ($method, $path, $body, $zone) = @_;
	my $answer = $sim->request($method, $path, $body, zone => $zone // 'ch-gva-2');
	is($answer->{status}, 200, "others: $method $path") or diag($answer->{content});
	my $ended = $sim->wait_operation($answer->{json}, $zone // 'ch-gva-2');
	is($ended->{state}, 'success', 'and it is done');
	return;
}

my @blocks = blocks('sql', read_lines('doc/desired.md'));
my ($wanted) = grep { $_->{text} =~ /'orders', 'shop'\)/ } @blocks;
$session->sql($wanted->{text});

my $pool = '{"mode": "transaction", "size": 20, "database": "shop", "username": "shop"}';
is( drift(),
	join("\n",
		'orders|database shop||there',
		"orders|pool shop||$pool",
		'orders|service||pg',
		'orders|user shop||there',
		'sessions|service||valkey'),
	'all that is missing is shown');

# A plan
$sim->clear;
$session->sql('BEGIN');
$session->sql("CALL wanted.$_()") foreach @procedures;
is( $session->sql(q{SELECT method, path, body->>'plan' FROM dbaas_fdw_queued() ORDER BY path}),
	"POST|/dbaas-postgres/orders|startup-4\nPOST|/dbaas-valkey/sessions|startup-4",
	'a plan shows what would be sent');
$session->sql('ROLLBACK');
is(join("\n", writes()), '', 'a plan that is rolled back sends nothing');

# The first run makes all; the order of the services is anyone's
my $at = '/dbaas-postgres/orders';
my @made = map { s/(?<= )(\{.*)/$json->encode($json->decode($1))/er } split /\n/, run_writes();
is( join("\n", (sort @made[ 0, 1 ]), @made[ 2 .. $#made ]),
	join("\n",
		"POST $at "
		  . '{"ip-filter":["192.0.2.0/24"],"pg-settings":{"jit":false},"plan":"startup-4",'
		  . '"termination-protection":true,"version":"16"}',
		'POST /dbaas-valkey/sessions {"ip-filter":["192.0.2.0/24"],"plan":"startup-4"}',
		qq(POST $at/database {"database-name":"shop"}),
		qq(POST $at/user {"username":"shop"}),
		qq(POST $at/connection-pool {"database-name":"shop","mode":"transaction","name":"shop",)
		  . '"size":20,"username":"shop"}'),
	'a run makes services, and what is inside once they run');
is(drift(), '', 'nothing differs then');
is(run_writes(), '', 'the second run sends reads alone');
cmp_ok(scalar($sim->requests), '>', 0, 'which it does');

# The API's forms of the same
$session->sql(
	q{UPDATE wanted.services SET ip_filter = '{198.51.100.9/24,192.0.2.7,192.0.2.7/32}',
		settings = '{"autovacuum": {"autovacuum_naptime": 30}, "jit": false}' WHERE name = 'orders'}
);
is( drift(),
	"orders|ip_filter|{192.0.2.0/24}|{198.51.100.9/24,192.0.2.7,192.0.2.7/32}\n"
	  . 'orders|setting autovacuum||{"autovacuum_naptime": 30}',
	'values that differ are shown');
like(
	run_writes(),
	qr/^PUT\ $at\ \{"ip-filter":\[[^\]]*\],"pg-settings":
		\{"autovacuum":\{"autovacuum_naptime":30\}\},"backup-schedule":\{[^}]*\}\}$/x,
	'they alone are sent');
is($sim->get($at)->{json}{'ip-filter'}[0], '192.0.2.7/32', 'the API shows networks');
$sim->fault(
	{
		action => 'merge',
		method => 'GET',
		path => $at,
		times => -1,
		patch => {
			version => '16.4',
			'pg-settings' =>
			  { timezone => 'UTC', autovacuum => { autovacuum_max_workers => 3 } }
		}
	});
is($session->sql(q{SELECT version, settings->>'timezone' FROM exo.dbaas_service_details
	WHERE zone = 'ch-gva-2' AND service_name = 'orders' AND type = 'pg'}),
	'16.4|UTC', 'it shows a longer version, and defaults');
is(drift(), '', 'that is no difference');
is(run_writes(), '', 'nothing is sent for it');
$session->sql(q{UPDATE wanted.services SET version = '16.4.1' WHERE name = 'orders'});
is(drift(), '', 'nor for a version that is longer than the API\'s');
is(run_writes(), '', 'nothing is sent for that either');
$session->sql(q{UPDATE wanted.services SET version = '16' WHERE name = 'orders'});
$sim->clear_faults;

# What others change
others('PUT', $at, { 'ip-filter' => ['0.0.0.0/0'], 'pg-settings' => { jit => JSON::PP::true } });
others('PUT', "$at/connection-pool/shop", { size => 5 });
others('DELETE', '/dbaas-valkey/sessions');
others('POST', "$at/database", { 'database-name' => 'theirs' });
others('POST', "$at/user", { username => 'theirs' });
is( drift(),
	join("\n",
		'orders|ip_filter|{0.0.0.0/0}|{198.51.100.9/24,192.0.2.7,192.0.2.7/32}',
		'orders|pool shop|' . ($pool =~ s/20/5/r) . "|$pool",
		'orders|setting jit|true|false',
		'sessions|service||valkey'),
	'what others changed is shown');
is( drift(q{wanted IS NULL AND object <> 'service'}),
	qq{orders|database theirs|there|\norders|user theirs|{"allow_replication": false}|},
	'and what they made');
my @mended = split /\n/, run_writes();
is_deeply(
	[ map { s/^(\S+ \S+).*/$1/r } @mended ],
	[ 'POST /dbaas-valkey/sessions', "PUT $at", "PUT $at/connection-pool/shop" ],
	'a run mends what they changed, and leaves what they made');
is(drift(), '', 'nothing differs then');
is(run_writes(), '', 'and nothing is sent any more');

# A service that does not run is left alone
my $valkey = '/dbaas-valkey/sessions';
$session->sql(q{UPDATE wanted.services SET termination_protection = false
	WHERE name = 'sessions'});
$session->sql(q{ALTER SERVER exoscale OPTIONS (SET wait 'operation')});
$sim->config(running_time => 600_000);
others('PUT', $valkey, { plan => 'startup-8' });
others('PUT', $valkey, { 'termination-protection' => JSON::PP::true });
is( drift(),
	"sessions|plan|startup-8|startup-4\nsessions|termination_protection|true|false",
	'a service that does not run differs');
is(run_writes(), qq{PUT $valkey {"termination-protection":false}}, 'its protection alone is set');
$sim->config(running_time => 100);
$session->sql(q{ALTER SERVER exoscale OPTIONS (SET wait 'running')});
is(run_writes(), qq{PUT $valkey {"plan":"startup-4"}}, 'and the rest when it runs');
is(drift(), '', 'nothing differs then');

# What is absent is deleted, from the outside in
$session->sql(q{UPDATE wanted.databases SET absent = true;
	UPDATE wanted.users SET absent = true; UPDATE wanted.pools SET absent = true;
	UPDATE wanted.services SET absent = true WHERE name = 'sessions'});
is(drift(), join("\n", 'orders|database shop|there|absent',
	"orders|pool shop|$pool|absent",
	'orders|user shop|{"allow_replication": false}|absent',
	'sessions|service|valkey|absent'), 'what is to be deleted is shown');
is(run_writes(), join("\n", 'DELETE /dbaas-service/sessions', "DELETE $at/connection-pool/shop",
	"DELETE $at/user/shop", "DELETE $at/database/shop"), 'it is deleted, and nothing else');
is(run_writes(), '', 'once');
$session->sql(q{DELETE FROM wanted.pools; DELETE FROM wanted.users; DELETE FROM wanted.databases;
	UPDATE wanted.services SET absent = true WHERE name = 'orders'});
is(run_writes(), '', 'a protected service is not deleted');
is(drift(), 'orders|service|pg|absent', 'which is shown');
$session->sql(q{UPDATE wanted.services SET termination_protection = false WHERE name = 'orders'});
like(run_writes(), qr/^PUT $at \{"termination-protection":false,[^\n]*\}$/, 'unprotected first');
is(run_writes(), 'DELETE /dbaas-service/orders', 'and deleted by the next run');
is($session->sql(q{SELECT count(*) FROM exo.dbaas_services}), 24, 'all others are there');

# What the API refuses
$session->sql(q{DELETE FROM wanted.services;
	INSERT INTO wanted.services (zone, name, type, plan) VALUES
	('ch-gva-2', 'bad', 'pg', 'startup-5'), ('de-fra-1', 'good', 'mysql', 'startup-4'),
	('at-vie-1', 'pg-3-0001', 'pg', 'startup-4');
	INSERT INTO wanted.databases VALUES ('de-fra-1', 'good', 'app');
	UPDATE wanted.services SET ip_filter = '{192.0.2.99}' WHERE name = 'pg-3-0001'});
my $plan = q{SELECT plan FROM exo.dbaas_services WHERE name = 'pg-3-0001'};
my @errors = run();
is(scalar(@errors), 1, 'one procedure fails');
like($errors[0]{message}, qr{^POST /dbaas-postgres/bad in zone ch-gva-2 }, 'the error says where');
like($errors[0]{detail}, qr/is not a plan of this type of service/, 'and why');
like($errors[0]{detail}, qr{^POST /dbaas-mysql/good in zone de-fra-1: applied}m,
	'and what was done');
my %sent = map { (s/^(\S+ \S+).*/$1/r => 1) } writes();
is_deeply([ sort keys %sent ], [ 'POST /dbaas-mysql/good', 'POST /dbaas-mysql/good/database',
	'POST /dbaas-postgres/bad', 'PUT /dbaas-postgres/pg-3-0001' ], 'the rest is done');
is( drift(),
	"bad|service||pg\npg-3-0001|plan|" . $session->sql($plan) . '|startup-4',
	'what was refused, and not sent, differs');
$session->sql(q{UPDATE wanted.services SET plan = 'startup-4' WHERE name = 'bad'});
like(
	run_writes(),
	qr{^POST /dbaas-postgres/bad \{"plan":"startup-4"\}\nPUT /dbaas-postgres/pg-3-0001 },
	'a run after the row is corrected does the rest');
is(drift(), '', 'nothing differs then');

# All in one transaction
$session->sql(q{UPDATE wanted.services
	SET plan = 'startup-8', version = '17', settings = '{"jit": true}' WHERE name = 'bad'});
$session->sql('BEGIN');
$sim->clear;
$session->sql("CALL wanted.$_()") foreach @procedures;
is(join("\n", writes()), '', 'nothing is sent before the COMMIT of a plan');
my $queued = $session->sql(q{SELECT method || ' ' || path FROM dbaas_fdw_queued() ORDER BY number});
$session->sql('COMMIT');
like(
	join("\n", writes()),
	qr/^PUT \S+ \{"plan":[^\n]*\nPUT \S+ \{"version":"17","pg-settings"[^\n]*$/,
	'COMMIT sends it');
is(join("\n", map { s/ \{.*//r } writes()), $queued, 'as it was shown');
is(drift(), '', 'nothing differs then');

# What is there as what should be
my ($adopt) = grep { $_->{text} =~ /ON CONFLICT/ } @blocks;
$session->sql('DELETE FROM wanted.databases; DELETE FROM wanted.services');
$session->sql($adopt->{text} =~ s/WHERE s\.zone = .*//r);
is($session->sql('SELECT count(*) FROM wanted.services'), 26, 'all that is there is wanted');
is(drift(), '', 'nothing differs');
is(run_writes(), '', 'nothing is sent');

# MERGE
$session->sql(q{CREATE VIEW merged AS SELECT zone, name, plan FROM exo.dbaas_services;
	CREATE VIEW triggered AS SELECT zone, name, plan FROM exo.dbaas_services;
	CREATE FUNCTION write() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
		UPDATE exo.dbaas_services SET plan = new.plan WHERE zone = new.zone AND name = new.name;
		RETURN new; END$$;
	CREATE TRIGGER written INSTEAD OF UPDATE ON triggered FOR EACH ROW EXECUTE FUNCTION write()});
my $merge = 'AS t USING wanted.services w ON w.zone = t.zone AND w.name = t.name '
  . q{WHEN MATCHED AND w.name = 'bad' THEN UPDATE SET plan = 'startup-4'};
foreach my $table (qw(exo.dbaas_services merged))
{
	my $error = $session->sql_error("MERGE INTO $table $merge");
	is($error->{sqlstate}, '0A000', "MERGE INTO $table is refused");
	like($error->{message}, qr/^cannot execute MERGE on relation/, 'by PostgreSQL');
}
if ($session->sql('SHOW server_version_num') < 170000)
{
	is($session->sql_error("MERGE INTO triggered $merge")->{sqlstate}, '0A000', 'into a view, too');
}
else
{
	$sim->clear;
	$session->sql("MERGE INTO triggered $merge");
	like(join("\n", writes()), qr/^PUT \S+bad \{"plan":"startup-4"[^\n]*$/, 'its triggers write');
}
done_testing();
