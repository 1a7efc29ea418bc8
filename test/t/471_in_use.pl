# What others use is not deleted: how often the API is asked for it, what
# happens where it does not answer, and what it says of it itself.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 24, logs => 0, operation_time => 0);
my $sim = $t->sim;
my $session = $t->session;
my $in = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";

# "METHOD path" of what a statement in a transaction that is rolled back reads
sub reads
{
	my ($statement) = @_;
	$sim->clear;
	my (undef, $stderr) = $session->sql_both("BEGIN; $statement");
	my $error = DbaasTest::parse_error($stderr);
	$session->sql('ROLLBACK');
	return ($error, map { "$_->{zone} $_->{path}" } grep { $_->{path} ne '/zone' } $sim->requests);
}

sub replica
{
	my ($zone, $name, $source) = @_;
	$session->sql(
		qq{INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters)
			VALUES ('$zone', '$name', 'pg', 'startup-4',
		'{"integrations": [{"type": "read_replica", "source-service": "$source"}]}')});
	return;
}

# No request more than the statement makes for its own rows
$session->sql('SET dbaas_fdw.delete_limit = -1');
my @list = ('ch-gva-2 /dbaas-service');
my @details = (@list, 'ch-gva-2 /dbaas-postgres/pg-1-0001');
my ($error, @reads) = reads("DELETE FROM exo.dbaas_databases WHERE $in AND name <> 'defaultdb'");
is($error, undef, 'databases that no pool uses');
is_deeply(\@reads, \@details, 'the service is read once, however many there are');
($error, @reads) = reads("DELETE FROM exo.dbaas_databases WHERE $in");
is($error->{sqlstate}, '55006', 'one is used');
is_deeply(\@reads, \@details, 'the same');
($error, @reads) = reads("DELETE FROM exo.dbaas_users WHERE $in AND username <> 'avnadmin'");
is($error, undef, 'users');
is_deeply(\@reads, \@details, 'the service is read once');
($error, @reads) =
  reads("DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND NOT termination_protection");
is($error, undef, 'services without replicas') or diag($error->{message});
is_deeply(\@reads, \@list, 'the list is read once');
($error, @reads) = reads("DELETE FROM exo.dbaas_connection_pools WHERE $in");
is_deeply(\@reads, \@details, 'nothing uses a pool');

# One of a service in several zones: those of the others, once each
replica('ch-gva-2', 'near', 'pg-1-0001');
replica('de-fra-1', 'far', 'pg-1-0001');
replica('at-vie-1', 'further', 'pg-1-0001');
my $delete = "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'";
my $found = qr/"near" in zone ch-gva-2, "far" in zone de-fra-1, "further" in zone at-vie-1/;
($error, @reads) = reads($delete);
is($error->{sqlstate}, '55006', 'a service with replicas');
like($error->{detail}, $found, 'which it names');
is(join(', ', sort @reads), join(', ', map { "$_ /dbaas-service" } sort $sim->zones),
	'each zone is asked once');
is($error->{table}, 'dbaas_services', 'the error names the table');
is($error->{column}, 'name', 'and the column');

# A zone that is down hides where its replica is, and changes nothing else
$sim->fault({ zone => 'at-vie-1', action => 'status', status => 404, times => -1 });
$error = (reads($delete))[0];
is($error->{sqlstate}, '55006', 'one zone does not answer');
like($error->{detail}, qr/"far" in zone de-fra-1, "further"\./, 'where its replica is, is unknown');
$sim->clear_faults;

# What the key may not read is the error that the statement has anyway
$sim->fault({ path => '/dbaas-postgres/*', action => 'status', status => 403, times => -1 });
$error = (reads("DELETE FROM exo.dbaas_databases WHERE $in AND name = 'defaultdb'"))[0];
is($error->{sqlstate}, '28000', 'no right to read the service');
$sim->clear_faults;

# Statement by statement, sent in that order
$session->sql_both(
	"BEGIN; DELETE FROM exo.dbaas_integrations WHERE type = 'read_replica' AND dest = 'far'; "
	  . "DELETE FROM exo.dbaas_services WHERE name IN ('near', 'further'); $delete; COMMIT");
is($session->sql(q{SELECT string_agg(name, ' ') FROM exo.dbaas_services
	WHERE name IN ('near', 'far', 'further') OR zone = 'ch-gva-2' AND name = 'pg-1-0001'}),
	'far', 'the replica that was promoted is left');

# What a savepoint dropped does not count
replica('ch-gva-2', 'copy', 'pg-1-0009');
$session->sql('BEGIN; SAVEPOINT s');
$session->sql("DELETE FROM exo.dbaas_services WHERE name = 'copy'; ROLLBACK TO s");
is( $session->sql_error("DELETE FROM exo.dbaas_services WHERE name = 'pg-1-0009'")->{sqlstate},
	'55006',
	'the replica is there again');
$session->sql('ROLLBACK');

# Nor is a service the source of what only has a source of that name: the replica
# in its zone is that of another service
my $twin = q{INSERT INTO exo.dbaas_services (zone, name, type, plan)
	VALUES ('%s', 'twin', 'pg', 'startup-4')};
$session->sql(sprintf $twin, 'de-fra-1');
replica('at-vie-1', 'of-twin', 'twin');
$session->sql(sprintf $twin, 'at-vie-1');
my @twins = map {
	(reads("DELETE FROM exo.dbaas_services WHERE zone = '$_' AND name = 'twin'"))[0] ? $_ : ()
} 'de-fra-1', 'at-vie-1';
is_deeply(\@twins, ['de-fra-1'], 'of two services of one name, the one that has it');

# A replica of its source's name: the API does not tell which is which
replica('ch-gva-2', 'far', 'far');
is((reads("DELETE FROM exo.dbaas_services WHERE name = 'far'"))[0],
	undef, 'two services of one name: the API has the last word');

# What was sent at once counts too, and what is not known to have ended
my $pool = "DELETE FROM exo.dbaas_connection_pools WHERE zone = 'de-fra-1' "
  . "AND service_name = 'pooling'";
my $database = "DELETE FROM exo.dbaas_databases WHERE zone = 'de-fra-1' "
  . "AND service_name = 'pooling' AND name = 'defaultdb'";
$session->sql(sprintf $twin =~ s/twin/pooling/r, 'de-fra-1');
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD wait 'operation')});
foreach my $wait ('operation', 'none')
{
	$session->sql(
		qq{INSERT INTO exo.dbaas_connection_pools (zone, service_name, name, database)
			VALUES ('de-fra-1', 'pooling', 'p', 'defaultdb')});
	$session->sql("ALTER SERVER exoscale OPTIONS (SET wait '$wait')");
	$session->sql("BEGIN; SET LOCAL dbaas_fdw.write_mode = 'immediate'; $pool");
	$session->sql('SET LOCAL dbaas_fdw.write_mode TO DEFAULT');
	is($session->sql("$database RETURNING name"), 'defaultdb', "wait '$wait': the pool is gone");
	$session->sql_both('ROLLBACK');
	$session->sql("ALTER SERVER exoscale OPTIONS (SET wait 'operation')");
}

# The API refuses too: a pool that came after the statement has looked
my $used = $sim->post('/dbaas-postgres/pg-1-0009/user', { username => 'pooled' });
$sim->wait_operation($used->{json});
sub races
{
	my ($statement, $path) = @_;
	$session->sql("BEGIN; $statement");
	my $answer = $sim->post('/dbaas-postgres/pg-1-0009/connection-pool',
		{ name => 'late', 'database-name' => 'app_1', username => 'pooled' });
	$sim->wait_operation($answer->{json}) if $answer->{json}{id};
	my $failed = $session->sql_error('COMMIT');
	$sim->wait_operation($sim->delete('/dbaas-postgres/pg-1-0009/connection-pool/late')->{json});
	return $failed;
}
my $of = "zone = 'ch-gva-2' AND service_name = 'pg-1-0009'";
my %race = (
	database => "DELETE FROM exo.dbaas_databases WHERE $of AND name = 'app_1'",
	user => "DELETE FROM exo.dbaas_users WHERE $of AND username = 'pooled'");
foreach my $what (sort keys %race)
{
	my $failed = races($race{$what});
	is($failed->{sqlstate}, '55006', "a $what that a new pool uses");
	like($failed->{message}, qr/HTTP status 409/, 'is what the API refuses');
}

done_testing();
