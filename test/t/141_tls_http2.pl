# Over TLS: certificates are verified always, and HTTP/2 carries many requests on one connection.
use strict;
use warnings;

use DbaasProxy;
use DbaasRelay;
use DbaasTest;
use List::Util qw(max uniq);
use Test::More;

if (!DbaasProxy->available)
{
	diag('skipped: TLS and HTTP/2 were NOT tested; install apache2-bin and openssl');
	plan skip_all => 'SKIPPED: no apache2-bin or no openssl';
}

my $t = DbaasTest->new(services => 8, logs => 700);
my $proxy = DbaasProxy->start($t->sim->port);
my $ca = $proxy->ca;
my $other_ca = $proxy->make_ca('other');
my $template = $proxy->endpoint_template;
my @zones = $t->sim->zones;
my %options = (endpoint => $template, zones => join(',', @zones), max_retries => 0);

# The values of what the proxy added, each once
sub added
{
	my ($name, @sent) = @_;
	return [
		uniq map {
			my %headers = %{ $_->{headers} };
			map { $headers{$_} } grep { lc eq $name } keys %headers
		} @sent
	];
}

$t->create_server(%options, ca_file => $ca);
my $session = $t->session;
my @sent = $session->requests('SELECT count(*) FROM exo.dbaas_services');
is(scalar @sent, 3, 'with ca_file the requests get through');
is_deeply(added('x-protocol', @sent), ['HTTP/2.0'], 'over HTTP/2');
my $connections = added('x-port', @sent);
is(scalar @$connections, 1, 'on one connection, as it is one host');

# The proxy has its own mind about how many it passes on at once
$t->sim->together(4, path => '/dbaas-external-integrations/*');
@sent = $session->requests('SELECT count(*) FROM exo.dbaas_external_integrations');
is(scalar @sent, 3 + 24, 'a fan-out');
is_deeply(added('x-protocol', @sent), ['HTTP/2.0'], 'speaks HTTP/2');
is_deeply(added('x-port', @sent), $connections, 'on the connection that is open');
my $peak = max(map { $_->{in_flight} } @sent);
ok($peak >= 4 && $peak <= 8,
	"with several requests at once, and no more than max_concurrency: $peak");
is(scalar(grep { !$_->{signed} } @sent), 0, 'all signed as the API receives them');

@sent = $session->requests(q{SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001'});
is_deeply(
	[ map { $_->{status} } grep { $_->{method} eq 'POST' } @sent ],
	[ 200, 200, 200 ],
	'bodies get through');
is($session->sql(q{SELECT count(*) FROM exo.dbaas_logs}), 24 * 700, 'large answers too');
is( $session->sql(
			q{SELECT count(*) FROM exo.dbaas_migrations WHERE zone = 'ch-gva-2' }
		  . q{AND service_name = 'a b/c'}),
	0,
	'so do paths with characters that are encoded');
is($t->sim->last_request->{path}, '/dbaas-migration-status/a%20b%2Fc', 'as they are');
is($t->sim->last_request->{status}, 404, 'with a signature that fits');

$t->sim->fault({ path => '/dbaas-service', action => 'status', status => 500, body => 'broken' });
like($session->sql_error('SELECT count(*) FROM exo.dbaas_services')->{message},
	qr/ 500$/, 'an error over HTTP/2');
$t->sim->fault(
	{ path => '/dbaas-external-integrations/*', action => 'stall', ms => 60000, times => -1 });
is($session->timed_out('SELECT * FROM exo.dbaas_external_integrations', 300)->{sqlstate},
	'57014', 'a cancel over HTTP/2');
$t->sim->clear_faults;
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 24, 'the session works');

# A write goes over HTTP/1.1, where libcurl never sends a request again by
# itself, on a connection of its own
$t->sim->clear;
$session->sql(
	q{SET client_min_messages = warning; DELETE FROM exo.dbaas_databases WHERE zone = 'ch-gva-2'
		AND service_name = 'pg-1-0001'
	AND name = (SELECT max(name) FROM exo.dbaas_databases WHERE zone = 'ch-gva-2'
		AND service_name = 'pg-1-0001')}
);
my ($writes, $others) = (
	[ grep { $_->{method} eq 'DELETE' } $t->sim->requests ],
	[ grep { $_->{method} ne 'DELETE' } $t->sim->requests ]);
is(scalar @$writes, 1, 'a write');
is_deeply(added('x-protocol', @$writes), ['HTTP/1.1'], 'goes over HTTP/1.1');
is_deeply(added('x-protocol', @$others), ['HTTP/2.0'], 'beside reads over HTTP/2');
is(scalar(grep { $_ eq added('x-port', @$writes)->[0] } @{ added('x-port', @$others) }),
	0, 'on a connection of its own');

# Connections that are lost in the handshake: none was made
sub relayed
{
	my ($lost, $reset, $max_retries) = @_;
	my $relay = DbaasRelay->start($proxy->port);
	$t->create_server(
		%options,
		ca_file => $ca,
		endpoint => 'https://localhost:' . $relay->port . '/{zone}/v2',
		max_retries => $max_retries);
	$relay->lose($lost, $reset);
	$t->sim->clear;
	return $relay;
}
foreach my $reset (0, 1)
{
	my $name = $reset ? 'reset in the TLS handshake' : 'closed in the TLS handshake';
	my $relay = relayed(2, $reset, 2);
	is($t->sql('SELECT count(*) FROM exo.dbaas_services'), 24, "$name: a read is sent again");
	is(scalar $t->sim->requests, 3, "$name: and was not received before");
	undef $relay;

	$relay = relayed(0, $reset, 2);
	my $insert =
		q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'n%d')};
	my $begun = $t->session;
	$begun->sql('SET client_min_messages = warning; BEGIN; ' . sprintf $insert, $reset);
	$relay->lose(2, $reset);
	$begun->sql('COMMIT');
	is(scalar(grep { $_->{method} eq 'POST' } $t->sim->requests),
		1, "$name: so is a write, which is received once");
	undef $relay;

	$relay = relayed(1000, $reset, 1);
	my $error = $t->sql_error(q{SELECT count(*) FROM exo.dbaas_services WHERE zone = 'ch-gva-2'});
	is($error->{sqlstate}, '08001', "$name each time: 08001");
	is($relay->accepted, 2, "$name each time: after its retries");
	unlike($error->{hint}, qr/ca_file/, "$name each time: the hint does not speak of certificates");
	undef $relay;
}

# Certificates that do not fit: nothing is sent, and it is not tried again
sub refused
{
	my ($name, %with) = @_;
	$t->create_server(%options, %with);
	$t->sim->clear;
	my $error = $t->sql_error(q{SELECT * FROM exo.dbaas_services WHERE zone = 'ch-gva-2'});
	is($error->{sqlstate}, '08001', "$name: 08001");
	like(
		$error->{message},
		qr{^GET /dbaas-service in zone ch-gva-2 could not be sent},
		"$name: the message names the request");
	like($error->{detail}, qr/certificate|SSL/i, "$name: the detail says why");
	like($error->{hint}, qr/ca_file/, "$name: the hint names the option");
	is(scalar(() = $t->sim->requests), 0, "$name: nothing reaches the API");
	return;
}
refused('without ca_file');
refused('with another CA', ca_file => $other_ca);
refused('with another CA, not left out', ca_file => $other_ca, unavailable_zones => 'skip');
refused('with a wrong host name', ca_file => $ca, endpoint => $template =~ s/localhost/127.0.0.1/r);
my $relay = relayed(0, 0, 3);
$t->sql("ALTER SERVER exoscale OPTIONS (SET ca_file '$other_ca')");
is($t->sql_error(q{SELECT * FROM exo.dbaas_services WHERE zone = 'ch-gva-2'})->{sqlstate},
	'08001', 'with another CA, and max_retries');
is($relay->accepted, 1, 'it is tried once');
undef $relay;

$t->create_server(%options, ca_file => $ca);
is($t->sql('SELECT count(*) FROM exo.dbaas_services'), 24, 'with the right one it works again');

done_testing();
