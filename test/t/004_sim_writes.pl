# Writes: each starts an operation, takes effect when that succeeds, and refuses what cannot be.
use strict;
use warnings;

use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep);
use DbaasSim;

my $sim = DbaasSim->start(services => 40, logs => 20, operation_time => 50);

sub names
{
	my (%how) = @_;
	return map { $_->{name} } @{ $sim->get('/dbaas-service', %how)->{json}{'dbaas-services'} };
}

sub succeed
{
	my ($answer, $what) = @_;
	is($answer->{status}, 200, "$what is accepted") or diag($answer->{content});
	is($answer->{json}{state}, 'pending', 'its operation is pending at first');
	my $operation = $sim->wait_operation($answer->{json});
	is($operation->{state}, 'success', 'and ends in success');
	return $operation->{reference};
}

# DELETE of a service
is($sim->delete('/dbaas-service/valkey-1-0005')->{status}, 403, 'a protected service stays');
like(
	$sim->delete('/dbaas-service/valkey-1-0005')->{content},
	qr/"message":"Service is protected/,
	'and says so');
is($sim->delete('/dbaas-service/nope')->{status}, 404, 'an unknown service: 404');
$sim->config(operation_time => 3600_000);
my $deletion = $sim->delete('/dbaas-service/opensearch-1-0004');
is($sim->delete('/dbaas-service/opensearch-1-0004')->{status}, 409, 'deleted once at a time');
$sim->config(operation_time => 50);
my $reference = succeed($deletion, 'DELETE of a service');
is($reference->{link}, '/v2/dbaas-opensearch/opensearch-1-0004', 'and links the service');
is($reference->{command}, 'get-dbaas-service-opensearch', 'and names the read that shows it');
is((grep { $_ eq 'opensearch-1-0004' } names()), 0, 'the service is gone');
is((names(zone => 'de-fra-1'))[3], 'opensearch-2-0004', 'in its zone alone');
is($sim->delete('/dbaas-service/opensearch-1-0004')->{status}, 404, 'and cannot be deleted again');
is($sim->post('/dbaas-service-logs/opensearch-1-0004', {})->{status}, 404, 'nor read');
is($sim->get('/dbaas-integration/' . DbaasSim::uuid('1/ch-gva-2/integrations/1'))->{status},
	404, 'its integrations are gone');
my ($kafka) =
  grep { $_->{name} eq 'kafka-1-0003' } @{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} };
is_deeply($kafka->{integrations}, [], 'at the other end too');
$sim->reset;
is((grep { $_ eq 'opensearch-1-0004' } names()), 1, 'a reset brings it back');
is($sim->get("/operation/$deletion->{json}{id}")->{status}, 404, 'and forgets the operation');

# Integrations
my %new = (
	'integration-type' => 'metrics',
	'source-service' => 'pg-1-0001',
	'dest-service' => 'thanos-1-0007');
my $body =
	'{"integration-type":"metrics","source-service":"pg-1-0001",'
  . '"dest-service":"thanos-1-0007","settings": '
  . '{"n":123456789012345678901234567890.5,"t":"a\"}"} }';
my $creation = $sim->post('/dbaas-integration', $body);
is($sim->post('/dbaas-integration', \%new)->{status}, 409, 'the same again, while pending: 409');
$reference = succeed($creation, 'POST of an integration');
my $id = $reference->{id};
is($reference->{link}, "/v2/dbaas-integration/$id", 'the reference links the integration');
is($reference->{command}, 'get-dbaas-integration', 'and names its read');
my $answer = $sim->post('/dbaas-integration', \%new);
is($answer->{status}, 409, 'the same again: 409');
like($answer->{content}, qr/^\{"error":"/, 'as {"error"}');
like(
	$sim->get("/dbaas-integration/$id")->{content},
	qr/"settings":\{"n":123456789012345678901234567890\.5,"t":"a\\"\}"\}/,
	'the settings are kept digit for digit');
my @ends = grep {
	grep { $_->{id} eq $id }
	  @{ $_->{integrations} }
} @{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} };
is_deeply([ map { $_->{name} } @ends ], [ 'pg-1-0001', 'thanos-1-0007' ], 'both ends have it');

succeed($sim->put("/dbaas-integration/$id", '{"settings":{"only":"this"}}'), 'PUT of its settings');
is_deeply(
	$sim->get("/dbaas-integration/$id")->{json}{settings},
	{ only => 'this' },
	'settings are replaced');
succeed($sim->delete("/dbaas-integration/$id"), 'DELETE of an integration');
is($sim->get("/dbaas-integration/$id")->{status}, 404, 'it is gone');
is($sim->put("/dbaas-integration/$id", '{"settings":{}}')->{status}, 404, 'PUT: 404');
is($sim->delete("/dbaas-integration/$id")->{status}, 404, 'DELETE: 404');

# Settings are held to the schema that the simulator hands out
sub refused
{
	my ($type, $source, $dest, $settings, $location, $name) = @_;
	my $answer = $sim->post(
		'/dbaas-integration',
		{
			'integration-type' => $type,
			'source-service' => $source,
			'dest-service' => $dest,
			settings => $settings
		});
	is($answer->{status}, 422, "$name: 422");
	is($answer->{json}{errors}[0]{location}, $location, 'says where');
	return;
}

sub is_open
{
	my ($types) = @_;
	return $sim->get("/dbaas-integration-settings/$types")->{json}{settings}{additionalProperties};
}
is(is_open('datasource/grafana/pg'),
	JSON::PP::false, 'a datasource takes the settings of the schema alone');
refused('datasource', 'grafana-1-0006', 'pg-1-0001', { nope => 1 },
	q{$['settings']['nope']}, 'a setting that is in no schema');
is(is_open('logs/pg/opensearch'), JSON::PP::true, 'logs take others too');
refused(
	'logs', 'pg-1-0001', 'opensearch-1-0004',
	{ 'elasticsearch-index-days-max' => '3' },
	q{$['settings']['elasticsearch-index-days-max']},
	'a string for a number');
refused(
	'logs', 'pg-1-0001', 'opensearch-1-0004',
	{ 'elasticsearch-index-days-max' => 10001 },
	q{$['settings']['elasticsearch-index-days-max']},
	'a number that is too large');
refused(
	'logs', 'pg-1-0001', 'opensearch-1-0004',
	{ 'elasticsearch-index-prefix' => '' },
	q{$['settings']['elasticsearch-index-prefix']},
	'a string that is too short');
refused(
	'metrics', 'pg-1-0001', 'thanos-1-0007',
	{ 'retention-days' => 1.5 },
	q{$['settings']['retention-days']},
	'a fraction');
is($sim->post('/dbaas-integration', { %new, 'source-service' => 'nope' })->{status},
	404, 'unknown source: 404');
is($sim->post('/dbaas-integration', { %new, 'dest-service' => 'mysql-1-0002' })->{status},
	422, 'services that do not go together: 422');

# External integrations
my $endpoint = $sim->get('/dbaas-external-endpoints')->{json}{'dbaas-endpoints'}[1];
my %attachment = ('dest-endpoint-id' => $endpoint->{id}, type => $endpoint->{type});
my $attach = '/dbaas-external-endpoint/mysql-1-0002/attach';
my $detach = '/dbaas-external-endpoint/mysql-1-0002/detach';
$reference = succeed($sim->put($attach, \%attachment), 'attach');
is($sim->put($attach, \%attachment)->{status}, 409, 'attached twice: 409');
my $external =
  $sim->get('/dbaas-external-integrations/mysql-1-0002')->{json}{'external-integrations'};
is($external->[0]{'integration-id'}, $reference->{id}, 'the reference is the external integration');
is($sim->get("/dbaas-external-integration/$reference->{id}")->{json}{'dest-endpoint-name'},
	$endpoint->{name}, 'which can be read');
is($sim->put($attach, { %attachment, type => 'rsyslog' })->{status}, 422, 'not its type: 422');
is($sim->put($attach, { %attachment, 'dest-endpoint-id' => $id })->{status},
	404, 'unknown endpoint: 404');
is( $sim->put($detach =~ s/mysql-1-0002/pg-1-0001/r, { 'integration-id' => $reference->{id} })
	  ->{status},
	404,
	'detached from another service: 404');
succeed($sim->put($detach, { 'integration-id' => $reference->{id} }), 'detach');
is_deeply(
	$sim->get('/dbaas-external-integrations/mysql-1-0002')->{json},
	{ 'external-integrations' => [] },
	'it is gone');

# Tasks
my $check = '/dbaas-task-migration-check/mysql-1-0002';
$sim->config(operation_time => 3600_000);
my $task_answer =
  $sim->post($check, { 'source-service-uri' => 'mysql://u:p@h/d', method => 'dump' });
is($sim->get("/dbaas-task/mysql-1-0002/$task_answer->{json}{reference}{id}")->{status},
	404, 'no task before the operation ended');
$sim->config(operation_time => 50);
$reference = succeed($task_answer, 'a migration check');
is($sim->get("/dbaas-task/mysql-1-0002/$reference->{id}")->{json}{success},
	JSON::PP::true, 'then there is its task');
$reference =
  succeed($sim->post($check, { 'source-service-uri' => 'mysql://unreachable/' }), 'another');
my $task = $sim->get("/dbaas-task/mysql-1-0002/$reference->{id}")->{json};
is($task->{success}, JSON::PP::false, 'that finds its source unreachable');
is($task->{'result-codes'}[0]{code}, 'connection_failed', 'and says why');
is( $sim->post('/dbaas-task-migration-check/kafka-1-0003', { 'source-service-uri' => 'x' })
	  ->{status},
	400,
	'not for kafka: 400');

# Operations: what may become of them
foreach my $state (qw(failure timeout))
{
	$sim->fault(
		{
			path => '/dbaas-integration',
			action => 'operation',
			state => $state,
			reason => 'busy',
			message => "h\x{e9}"
		});
	my $operation = $sim->wait_operation($sim->post('/dbaas-integration', \%new)->{json});
	is_deeply(
		[ @$operation{qw(state reason message)} ],
		[ $state, 'busy', "h\x{e9}" ],
		"an operation ends in $state");
}
is( (   grep { $_->{source} eq 'pg-1-0001' }
		map  { @{ $_->{integrations} } } @{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} }
	),
	0,
	'without effect');
$sim->fault(
	{ action => 'operation', state => 'failure', reason => 'busy', immediate => JSON::PP::true });
is($sim->post('/dbaas-integration', \%new)->{json}{state}, 'failure',
	'failure in the first answer');
$sim->fault({ action => 'operation', state => 'timeout', immediate => JSON::PP::true });
my $untold = $sim->post('/dbaas-integration', \%new)->{json};
ok( length $untold->{reason} && length $untold->{message},
	'a failure always has a reason and a message');
open my $describe, '-|', DbaasSim::program(), '--describe' or die "cannot run the simulator: $!";
my ($unserved) =
  grep { !$_->{served} } @{ JSON::PP->new->utf8->decode(do { local $/; <$describe> }) };
SKIP:
{
	skip 'all that is documented is served', 2 unless $unserved;
	my $answer = $sim->request($unserved->{method}, $unserved->{path} =~ s/\{.*?\}/x/gr);
	is($answer->{status}, 501, 'what is documented and not served: 501');
	like($answer->{content}, qr/does not serve it/, 'which says so');
}
is(($sim->get('/dbaas-nothing/pg-1-0001'))->{status}, 404, 'what is not documented: 404');
$sim->fault({ action => 'operation', immediate => JSON::PP::true });
is($sim->post('/dbaas-integration', \%new)->{json}{state}, 'success',
	'success in the first answer');
$sim->fault({ action => 'operation', state => 'pending-forever' });
my $endless = $sim->delete('/dbaas-service/mysql-1-0002')->{json};
sleep 0.15;
is($sim->get("/operation/$endless->{id}")->{json}{state}, 'pending', 'an endless operation');
is($sim->get("/operation/$endless->{id}", zone => 'de-fra-1')->{status}, 404,
	'not in another zone');

# A changed service is rebuilding for a while
$sim->reset;
$sim->config(running_time => 3600_000, operation_time => 0);
$sim->wait_operation($sim->post('/dbaas-integration', \%new)->{json});
my %states =
  map { $_->{name} => $_->{state} } @{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} };
is($states{'pg-1-0001'}, 'rebuilding', 'the source is rebuilding');
is($states{'thanos-1-0007'}, 'rebuilding', 'the destination is rebuilding');
is($states{'mysql-1-0002'}, 'running', 'others are running');
is($sim->post('/dbaas-integration', { %new, 'source-service' => 'mysql-1-0002' })->{status},
	409, 'a service that is not running cannot be changed');
$sim->config(running_time => 1);
sleep 0.05;
is($sim->get('/dbaas-service')->{json}{'dbaas-services'}[0]{state}, 'running',
	'then it runs again');

done_testing();
