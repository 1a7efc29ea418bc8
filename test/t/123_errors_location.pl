# The location of an error is where it was made, not where error values are raised.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 3, logs => 20, server => { max_retries => 0 });
my $list = q{SELECT * FROM exo.dbaas_services WHERE zone = 'de-fra-1'};

# location(SQL, FAULT): function and file of the error
sub location
{
	my ($sql, $fault) = @_;
	$t->sim->fault($fault) if $fault;
	my $location = $t->sql_error($sql)->{location} // '';
	$t->sim->clear_faults;
	return $location =~ s/:\d+$//r;
}

is( location($list, { path => '/dbaas-service', action => 'status', status => 500 }),
	'status_error, status.c',
	'a status');
is( location($list, { path => '/dbaas-service', action => 'close', times => -1 }),
	'failure_error, status.c',
	'no answer');
is( location($list, { path => '/dbaas-service', action => 'body', body => 'no JSON' }),
	'parse_body, call.c',
	'an answer that is no JSON');
is( location($list, { path => '/zone', action => 'body', body => '{}' }),
	'bad_list, zones.c',
	'an answer of another shape');
like(
	location(
		q{DELETE FROM exo.dbaas_services WHERE zone = 'de-fra-1' AND name = 'pg-2-0001'},
		{ method => 'DELETE', action => 'status', status => 409 }),
	qr/status_error, status\.c$/,
	'a write that fails in COMMIT');
$t->sql('DROP USER MAPPING FOR CURRENT_USER SERVER exoscale');
is(location($list), 'no_credentials, credentials.c', 'a mapping that is not there');

done_testing();
