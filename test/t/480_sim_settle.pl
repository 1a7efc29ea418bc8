# The simulator's --settle: an operation succeeds, and what it made or deleted appears in the
# lists, or vanishes from them, only later.
use strict;
use warnings;

use DbaasSim;
use Test::More;
use Time::HiRes qw(sleep);

my $sim = DbaasSim->start(services => 10, logs => 0, operation_time => 0, settle => 3600_000);
my $pg = '/dbaas-postgres/pg-1-0001';

sub status
{
	my ($method, @request) = @_;
	return $sim->request($method, @request)->{status};
}

# done($answer, $name): the operation of a write succeeds
sub done
{
	my ($answer, $name) = @_;
	is($sim->wait_operation($answer->{json})->{state}, 'success', "$name: success");
	return $answer->{json}{reference}{id};
}

# The names in a list of a service
sub names
{
	my ($path, $list) = @_;
	return map { ref ? $_->{name} // $_->{username} : $_ } @{ $sim->get($path)->{json}{$list} };
}

sub has
{
	my ($name, $path, $list) = @_;
	return scalar grep { $_ eq $name } names($path, $list);
}

# has_service($name): is it in its zone's list?
sub has_service
{
	my ($name) = @_;
	return has($name, '/dbaas-service', 'dbaas-services');
}

# What is made is not there yet, for reads and for other writes
done($sim->post("$pg/database", { 'database-name' => 'late' }), 'a database');
done($sim->post("$pg/user", { username => 'later' }), 'a user');
ok(!has('late', $pg, 'databases'), 'the database is not there');
ok(!has('later', $pg, 'users'), 'nor is the user');
my %pool = (name => 'p', 'database-name' => 'late');
is(status(POST => "$pg/connection-pool", \%pool), 422, 'a pool on the database: 422');
is(status(POST => "$pg/user", { username => 'later' }), 409, 'the same user again: 409');
is(status(DELETE => "$pg/user/later"), 404, 'the user cannot be deleted yet: 404');

# An operation ends its effect's delay with the setting, as with the others
$sim->config(settle => 0);
ok(has('late', $pg, 'databases') && has('later', $pg, 'users'), 'both are there');
done($sim->post("$pg/connection-pool", \%pool), 'a pool on the database');
ok(has('p', $pg, 'connection-pools'), 'without --settle it is there at once');

# What is deleted stays for a while
$sim->config(settle => 3600_000);
done($sim->delete("$pg/user/later"), 'DELETE of the user');
ok(has('later', $pg, 'users'), 'the user is still there');
is(status(DELETE => "$pg/user/later"), 409, 'a second DELETE: 409');
$sim->config(settle => 0);
ok(!has('later', $pg, 'users'), 'then it is gone');

# A change of what is there is not delayed
$sim->config(settle => 3600_000);
done($sim->put("$pg/connection-pool/p", { size => 77 }), 'UPDATE of a pool');
is((grep { $_->{name} eq 'p' } @{ $sim->get($pg)->{json}{'connection-pools'} })[0]{size},
	77, 'an UPDATE is seen at once');
done($sim->put($pg, { maintenance => { dow => 'sunday', time => '01:02:03' } }), 'of a service');
is($sim->get($pg)->{json}{maintenance}{dow}, 'sunday', 'that of a service, too');

# A user without an operation
is(status(POST => '/dbaas-clickhouse/clickhouse-1-0008/user', { username => 'direct' }),
	200, 'a user of clickhouse');
ok(!has('direct', '/dbaas-clickhouse/clickhouse-1-0008', 'users'), 'is not there yet');

# Services and integrations
done($sim->post('/dbaas-valkey/new-1', { plan => 'startup-4' }), 'a service');
ok(!has_service('new-1'), 'the list lacks it');
is(status(GET => '/dbaas-valkey/new-1'), 200, 'its own path does not');
is(status(POST => '/dbaas-valkey/new-1', { plan => 'startup-4' }), 409, 'the name is taken');
done($sim->delete('/dbaas-service/grafana-1-0006'), 'DELETE of a service');
ok(has_service('grafana-1-0006'), 'the list still has it');
my $integration = done(
	$sim->post(
		'/dbaas-integration',
		{
			'integration-type' => 'metrics',
			'source-service' => 'pg-1-0001',
			'dest-service' => 'thanos-1-0007'
		}),
	'an integration');
is(status(GET => "/dbaas-integration/$integration"), 404, 'it is not there');
$sim->config(settle => 0);
is(status(GET => "/dbaas-integration/$integration"), 200, 'then it is');
ok(has_service('new-1'), 'the new service is listed');
ok(!has_service('grafana-1-0006'), 'the deleted one is not');
ok(has('direct', '/dbaas-clickhouse/clickhouse-1-0008', 'users'), 'clickhouse has its user');

# The time counts from the end of the operation
$sim->config(settle => 700, operation_time => 200);
done($sim->post("$pg/database", { 'database-name' => 'soon' }), 'another database');
ok(!has('soon', $pg, 'databases'), 'it is not there at the end of its operation');
sleep 0.9;
ok(has('soon', $pg, 'databases'), 'it is there when the time has passed');

# What fails has no effect later
$sim->config(settle => 100, operation_time => 0);
$sim->fault({ action => 'operation', state => 'failure', reason => 'busy' });
is( $sim->wait_operation(
		$sim->post("$pg/database", { 'database-name' => 'never' })->{json})->{state},
	'failure',
	'a database that fails');
sleep 0.2;
ok(!has('never', $pg, 'databases'), 'never appears');
is(status(POST => "$pg/database", { 'database-name' => 'never' }), 200, 'and can be made again');

done_testing();
