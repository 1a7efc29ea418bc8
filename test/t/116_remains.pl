# What a response leaves behind, since it is longer than it says or has a status without
# a body, is not taken for the next response over the connection.
use strict;
use warnings;

use DbaasAnswers;
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 4, logs => 5);
my $api = DbaasAnswers->start($t->sim->port);
$t->create_server(
	endpoint => $api->endpoint_template,
	zones => 'ch-gva-2',
	max_retries => 0);

my $session = $t->session;
my $count = 'SELECT count(*) FROM exo.dbaas_services';
is($session->sql($count), 4, 'the API responds');
my $body = 'x' x 3_000_000;
foreach my $status (204, 304)
{
	$api->prepare('GET /ch-gva-2/v2/dbaas-service' =>
		  [ { bytes => "HTTP/1.1 $status x\r\nContent-Length: 3000000\r\n\r\n$body" } ]);
	is($session->sql_error($count)->{sqlstate}, 'HV000', "$status is an error");
	$api->prepare;
	is($session->sql($count), 4, "what follows $status is read as it is");
}

# What a response that was too long has left comes before the next one
my $good = $api->recorded->{'GET /ch-gva-2/v2/dbaas-service'};
my $response = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
  . length($good) . "\r\n\r\n$good";
$api->prepare('GET /ch-gva-2/v2/dbaas-service' =>
	  [ { bytes => $response }, { bytes => "and more$response" }, { bytes => $response } ]);
is($session->sql($count), 4, 'a connection is open');
is($session->sql($count), 4, 'remains on it are no response: the request is sent again');

done_testing();
