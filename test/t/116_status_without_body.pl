# A status that has no body ends the connection: where a body comes all the same, none of
# it is taken for the next response.
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

done_testing();
