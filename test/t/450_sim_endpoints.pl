# The simulator's external endpoints: made, changed and deleted below the path of their type; no
# read shows a secret; and what cannot be is refused.
use strict;
use warnings;

use DbaasSim;
use JSON::PP ();
use Test::More;

my $sim = DbaasSim->start(services => 20, logs => 0, operation_time => 0);
my $base = '/dbaas-external-endpoint';
my %settings = (
	datadog => { 'datadog-api-key' => 'S3CRETdatadog', site => 'datadoghq.com' },
	elasticsearch => { url => 'https://es.test:9200', 'index-prefix' => 'a1', ca => 'S3CRET-ca' },
	opensearch => { url => 'https://os.test:9200', 'index-prefix' => 'a1', ca => 'S3CRET-ca' },
	prometheus =>
	  { 'basic-auth-username' => 'scraper', 'basic-auth-password' => 'S3CRET-password' },
	rsyslog => {
		server => 'logs.test',
		port => 514,
		tls => JSON::PP::true,
		format => 'rfc3164',
		key => 'S3CRET-key',
		cert => 'S3CRET-cert',
		ca => 'S3CRET-ca'
	});
my %added = (
	datadog => { 'disable-consumer-stats' => JSON::PP::false, 'max-partition-contexts' => 32000 },
	elasticsearch => { 'index-days-max' => 3, timeout => 10 },
	opensearch => { 'index-days-max' => 3, timeout => 10 },
	prometheus => {},
	rsyslog => { 'max-message-size' => 8192 });
my %change = (
	datadog => { 'datadog-api-key' => 'S3CRETnew', site => 'datadoghq.eu' },
	elasticsearch => { timeout => 20 },
	opensearch => { timeout => 20 },
	prometheus => { 'basic-auth-username' => 'other' },
	rsyslog => { port => 515 });

# done($answer): the reference of a write whose operation succeeds
sub done
{
	my ($answer) = @_;
	is($sim->wait_operation($answer->{json})->{state}, 'success', 'its operation succeeds')
	  or diag($answer->{content});
	return $answer->{json}{reference};
}

sub status
{
	my ($method, @request) = @_;
	return $sim->request($method, @request)->{status};
}

sub ids { return map { $_->{id} } @{ $sim->get("${base}s")->{json}{'dbaas-endpoints'} } }

foreach my $type (sort keys %settings)
{
	my $made = done($sim->post("$base-$type/new-$type", { settings => $settings{$type} }));
	my $path = "$base-$type/$made->{id}";
	is($made->{link}, "/v2$path", "$type: the reference is the endpoint");
	is($made->{command}, "get-dbaas-external-endpoint-$type", 'and names its read');
	my %shown = (%{ $settings{$type} }, %{ $added{$type} });
	delete @shown{ grep { $shown{$_} =~ /S3CRET/ } keys %shown };
	my %endpoint = (id => $made->{id}, name => "new-$type", type => $type);
	is_deeply($sim->get($path)->{json}, { %endpoint, settings => \%shown }, 'without its secrets');
	is_deeply($sim->get("${base}s")->{json}{'dbaas-endpoints'}[-1], \%endpoint, 'it is listed');

	is(status(POST => "$base-$type/new-$type", { settings => $settings{$type} }),
		409, 'one of a name');
	done($sim->put($path, { settings => $change{$type} }));
	%shown = (%shown, %{ $change{$type} });
	delete @shown{ grep { $shown{$_} =~ /S3CRET/ } keys %shown };
	is_deeply($sim->get($path)->{json}{settings}, \%shown, 'a change is partial');

	my $other = $type eq 'datadog' ? 'rsyslog' : 'datadog';
	my $elsewhere = $path =~ s/-$type/-$other/r;
	is(status(PUT => $elsewhere, { settings => $change{$other} }), 404, 'PUT: of another type');
	is(status(DELETE => $elsewhere), 404, 'DELETE: of another type');
	done($sim->delete($path));
	is((grep { $_ eq $made->{id} } ids()), 0, 'deleted');
	is(status($_->[0] => $path, $_->[1]), 404, "$_->[0]: it is gone")
	  foreach [ GET => undef ], [ PUT => { settings => $change{$type} } ], [ DELETE => undef ];
}

# What the document demands
is(status(POST => "$base-rsyslog/x", $_->[0]), 422, $_->[1])
  foreach [ {}, 'no settings' ], [ { settings => { server => 'logs.test' } }, 'members lack' ],
  [ { settings => { %{ $settings{rsyslog} }, port => 0 } }, 'out of bounds' ],
  [ { settings => { %{ $settings{rsyslog} }, no => 1 } }, 'an unknown member' ];
is(status(POST => "$base-prometheus/x", {}), 200, 'prometheus needs none');
my ($datadog) = ids();
is(status(PUT => "$base-datadog/$datadog", $_->[0]), 422, $_->[1])
  foreach [ { settings => { site => 'datadoghq.eu' } }, 'datadog without its key' ],
  [ {}, 'without settings' ];
is(status(PUT => "$base-rsyslog/nope", { settings => {} }), 400, 'an id that is none');

# What is used stays
is(status(DELETE => "$base-datadog/$datadog"), 409, 'an endpoint with integrations');
my $free = done($sim->post("$base-prometheus/free", {}))->{id};
my $attach = '/dbaas-external-endpoint/mysql-1-0002/attach';
my %body = ('dest-endpoint-id' => $free, type => 'prometheus');
$sim->config(operation_time => 3600_000);
my $attached = $sim->put($attach, \%body);
is(status(DELETE => "$base-prometheus/$free"), 409, 'or with one that is being made');
$sim->config(operation_time => 0);
done($attached);
done(
	$sim->put(
		'/dbaas-external-endpoint/mysql-1-0002/detach',
		{ 'integration-id' => $attached->{json}{reference}{id} }));
$sim->config(operation_time => 3600_000);
my $deletion = $sim->delete("$base-prometheus/$free");
is(status(PUT => $attach, \%body), 409, 'nothing is attached to one that is being deleted');
is(status(PUT => "$base-prometheus/$free", { settings => {} }), 409, 'it is not changed');
is(status(DELETE => "$base-prometheus/$free"), 409, 'nor deleted twice');
$sim->config(operation_time => 0);
done($deletion);

# Settings of datadog's integrations
my %by_type = map { $_->{type} => $_->{'integration-id'} }
  @{ $sim->get('/dbaas-external-integrations/pg-1-0001')->{json}{'external-integrations'} };
my $path = "/dbaas-external-integration-settings-datadog/$by_type{datadog}";
done($sim->post($path, { settings => { 'datadog-pgbouncer-enabled' => JSON::PP::true } }));
is_deeply(
	$sim->get($path)->{json}{settings},
	{
		'datadog-dbm-enabled' => JSON::PP::true,
		'datadog-pgbouncer-enabled' => JSON::PP::true
	},
	'settings of an integration');
is(status(POST => $path =~ s/[^\/]+$/$by_type{elasticsearch}/r, { settings => {} }),
	404, 'of one of another type');

$sim->reset;
is(scalar(ids()), 3, 'a reset brings all back');
done_testing();
