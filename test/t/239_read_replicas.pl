# Read replicas: an integration of type read_replica joins services of one zone
# or two.  It is shown once, it dangles only where an end is gone everywhere,
# and its DELETE says that it promotes the replica.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 0);
my $sim = $t->sim;
my $session = $t->session;
$session->sql(q{SELECT dbaas_fdw_views('exo')});

sub writes
{
	return grep { $_->{method} ne 'GET' } $sim->requests;
}

# replica(ZONE, NAME, SOURCE): makes a replica, as doc/writing.md does
sub replica
{
	my ($zone, $name, $source) = @_;
	$session->sql(
		qq{INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters)
			VALUES ('$zone', '$name', 'pg', 'startup-4',
		'{"integrations": [{"type": "read_replica", "source-service": "$source"}]}')});
	return;
}

# What there is of that source
my $of = "FROM exo.dbaas_integrations WHERE type = 'read_replica' AND source = 'pg-1-0001'";

$sim->clear;
replica('ch-gva-2', 'near', 'pg-1-0001');
is( (writes())[0]{body},
	'{"plan":"startup-4","integrations":[{"type":"read_replica","source-service":"pg-1-0001"}]}',
	'a replica is asked for with the service');
is( $session->sql("SELECT zone, source, dest, status $of"),
	'ch-gva-2|pg-1-0001|near|active',
	'in one zone: shown once');
replica('de-fra-1', 'far', 'pg-1-0001');
is($session->sql("SELECT count(*), count(DISTINCT id) $of AND dest = 'far'"),
	'1|1', 'over two zones: shown once');
is($session->sql("SELECT count(*) $of AND dest = 'far' AND zone = '$_'"), 1, "and in $_ by itself")
  foreach 'ch-gva-2', 'de-fra-1';
is($session->sql("SELECT count(*) $of AND dest = 'far' AND zone = 'at-vie-1'"),
	0, 'not in the third');
my ($near, $far) = map { $session->sql("SELECT id $of AND dest = '$_'") } qw(near far);
is($session->sql("SELECT dest FROM exo.dbaas_integrations WHERE id = '$far'"),
	'far', 'by its id: once too, though two zones know it');
is( $session->sql(
			"SELECT string_agg(dest, ' ' ORDER BY dest) FROM exo.dbaas_integrations "
		  . "WHERE id = ANY ('{$near,$far}')"),
	'far near',
	'by ids');
is( $session->sql(
			"SELECT count(*) FROM (VALUES ('$far'::uuid), ('$far')) AS w (id) "
		  . "JOIN exo.dbaas_integrations i USING (id)"),
	2,
	'a join asks for each row');
is($session->sql(q{SELECT count(*) = count(DISTINCT id) FROM exo.dbaas_integrations}),
	't', 'nothing is shown twice');
$session->sql(q{SET dbaas_fdw.enable_lookahead = off});
is($session->sql("SELECT dest FROM exo.dbaas_integrations WHERE id = '$far' LIMIT 1"),
	'far', 'with a LIMIT');
$session->sql(q{RESET dbaas_fdw.enable_lookahead});

# Dangling is what has an end that no zone has
is($session->sql(q{SELECT count(*) FROM exo.dbaas_dangling_integrations}), 0, 'nothing dangles');
replica('at-vie-1', 'far', 'pg-3-0001');
is($session->sql(q{SELECT count(*) FROM exo.dbaas_dangling_integrations}),
	0, 'nor where two zones have a service of that name');
my $list =
	'{"dbaas-services":[{"name":"pg-1-0001","type":"pg",'
  . '"integrations":[{"id":"11111111-2222-4333-8444-555555555555","type":"read_replica",'
  . '"source":"gone","dest":"pg-1-0001"},'
  . '{"id":"11111111-2222-4333-8444-666666666666","type":"logs","source":"pg-1-0001",'
  . '"dest":"far"}]}]}';
$sim->fault(
	{
		method => 'GET',
		path => '/dbaas-service',
		zone => 'ch-gva-2',
		action => 'body',
		body => $list,
		times => 10
	});
is( $session->sql(
			q{SELECT type, missing FROM exo.dbaas_dangling_integrations }
		  . q{WHERE zone = 'ch-gva-2' ORDER BY type}),
	"logs|{far}\nread_replica|{gone}",
	'a replica of what is nowhere does, and what joins one zone alone');
$sim->clear_faults;

# DELETE says what it does, at the statement
my $promotes = 'DELETE \S+ in zone \S+ promotes a read replica';
my $warned = qr/WARNING:[^\n]*$promotes[^\n]*\nDETAIL:[^\n]*"pg-1-0001" and "(?:near|far)"/;
$sim->clear;
my (undef, $stderr) = $session->sql_both("BEGIN; DELETE $of AND dest = 'far'");
like($stderr, $warned, 'a WARNING with the DELETE');
is(scalar(writes()), 0, 'before anything is sent');
(undef, $stderr) = $session->sql_both('ROLLBACK');
is($session->sql("SELECT count(*) $of"), 2, 'ROLLBACK keeps it');
$session->sql(
	q{CREATE FOREIGN TABLE bare (zone text, id uuid) SERVER exoscale
		OPTIONS (resource 'integrations');
	CREATE FOREIGN TABLE alias (zone text, id uuid, kind text OPTIONS (field 'type'))
		SERVER exoscale OPTIONS (resource 'integrations')}
);

foreach my $table (qw(bare alias))
{
	(undef, $stderr) = $session->sql_both(
		"BEGIN; SET LOCAL dbaas_fdw.dry_run = on; DELETE FROM $table WHERE id = '$far'; ROLLBACK");
	like(
		$stderr,
		qr/WARNING:[^\n]*promotes a read replica/,
		"$table: whatever the table shows, in a dry run too");
}
(undef, $stderr) = $session->sql_both(
	"BEGIN; DELETE FROM exo.dbaas_integrations WHERE type <> 'read_replica'; ROLLBACK");
unlike($stderr, qr/WARNING/, 'others are deleted without one');
(undef, $stderr) = $session->sql_both(
		"BEGIN; DELETE FROM bare WHERE id = (SELECT id FROM exo.dbaas_integrations "
	  . "WHERE type = 'logs' LIMIT 1); ROLLBACK");
unlike($stderr, qr/WARNING/, 'and through a table without the type');

# It promotes
$sim->clear;
(undef, $stderr) = $session->sql_both("DELETE $of AND dest = 'far'");
like($stderr, $warned, 'DELETE');
is_deeply([ map { $_->{path} } writes() ], ["/dbaas-integration/$far"], 'is sent once');
is($session->sql("SELECT string_agg(dest, ' ') $of"),
	'near', 'the integration is gone, in both zones');
is( $session->sql(
		q{SELECT count(*) FROM exo.dbaas_services WHERE zone = 'de-fra-1' AND name = 'far'}),
	1,
	'the service is there');
(undef, $stderr) = $session->sql_both(
	"BEGIN; UPDATE exo.dbaas_integrations SET settings = '{}' WHERE id = '$near'; ROLLBACK");
unlike($stderr, qr/promotes/, 'an UPDATE promotes nothing');

# An INSERT makes the types that the API takes
is( $session->sql_error(
			q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
		  . q{VALUES ('ch-gva-2', 'read_replica', 'pg-1-0001', 'near')})->{sqlstate},
	'22023',
	'no INSERT makes one');

# The simulator: what it refuses
foreach my $case ([ 'nobody', 404 ], [ 'mysql-1-0002', 422 ])
{
	my $answer = $sim->post(
		'/dbaas-postgres/x',
		{
			plan => 'startup-4',
			integrations => [ { type => 'read_replica', 'source-service' => $case->[0] } ]
		});
	is($answer->{status}, $case->[1], "a replica of $case->[0]: $case->[1]");
}
is( $sim->post(
		'/dbaas-postgres/x',
		{
			plan => 'startup-4',
			integrations => [ { type => 'logs', 'source-service' => 'pg-1-0001' } ]
		})->{status},
	422,
	'another type');
is($sim->put("/dbaas-integration/$near", { settings => {} })->{status}, 404, 'settings of one');
$sim->wait_operation($sim->delete('/dbaas-service/near')->{json});
is($sim->get("/dbaas-integration/$near")->{status}, 404, 'it goes with the replica');

done_testing();
