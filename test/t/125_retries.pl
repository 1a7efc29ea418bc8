# What is safe to repeat is repeated, at most max_retries times, each time signed.
use strict;
use warnings;

use DbaasTest;
use Test::More;
use Time::HiRes qw(time);

my $t = DbaasTest->new(services => 3, logs => 20);
$t->create_server(endpoint => $t->sim->endpoint_template, zones => 'ch-gva-2', max_retries => 2);
my $session = $t->session;
my %query = (
	'/dbaas-service' => 'SELECT count(*) FROM exo.dbaas_services',
	'/dbaas-service-type/pg' => q{SELECT count(*) FROM exo.dbaas_service_types WHERE name = 'pg'},
	'/dbaas-service-logs/pg-1-0001' => q{SELECT count(*) FROM (SELECT FROM exo.dbaas_logs }
	  . q{WHERE service_name = 'pg-1-0001' LIMIT 5) s});

sub tries
{
	my ($path) = @_;
	return grep { $_->{path} eq $path } $t->sim->requests;
}

foreach my $path (sort keys %query)
{
	my $good = $session->sql($query{$path});
	my @statuses = $path eq '/dbaas-service' ? (429, 502, 503, 504) : 503;
	foreach my $fault (
		(map { { action => 'status', status => $_, body => '{"message":"later"}' } } @statuses),
		{ action => 'close' },
		{ action => 'cut' })
	{
		my $what = "$path $fault->{action} " . ($fault->{status} // '');
		$t->sim->clear;
		$t->sim->fault({ path => $path, times => 2, %$fault });
		is($session->sql($query{$path}), $good, "$what twice: the third try succeeds");
		my @tries = tries($path);
		is(scalar @tries, 3, "$what: three requests");
		is(scalar(grep { $_->{signed} && $_->{headers}{authorization} eq 'EXO2 signed' } @tries),
			3, "$what: each signed");
		is_deeply(
			[ map { $_->{body} } @tries ],
			[ ($tries[0]{body}) x 3 ],
			"$what: and with the same body");
		$t->sim->clear_faults;
	}
}

# After the last try
foreach my $case ([ 429, '53400' ], [ 502, 'HV000' ], [ 503, 'HV000' ], [ 504, 'HV000' ])
{
	my ($status, $sqlstate) = @$case;
	$t->sim->clear;
	$t->sim->fault(
		{
			path => '/dbaas-service',
			times => -1,
			action => 'status',
			status => $status,
			body => '{"message":"later"}'
		});
	my $error = $session->sql_error($query{'/dbaas-service'});
	$t->sim->clear_faults;
	is($error->{sqlstate}, $sqlstate, "$status after all retries");
	like($error->{message}, qr/ $status$/, 'with the status');
	like($error->{detail}, qr/later/, 'and the API\'s words');
	is(scalar(() = tries('/dbaas-service')), 3, 'after three requests');
}
$t->sim->clear;
$t->sim->fault({ path => '/dbaas-service', times => -1, action => 'close' });
is($session->sql_error($query{'/dbaas-service'})->{sqlstate},
	'HV000', 'a connection that always closes');
cmp_ok(scalar(() = tries('/dbaas-service')), '>=', 3, 'was tried again');
$t->sim->clear_faults;

# What would not help is not repeated
foreach my $status (400, 401, 403, 404, 409, 422, 500, 501)
{
	$t->sim->clear;
	$t->sim->fault(
		{ path => '/dbaas-service', times => 1, action => 'status', status => $status + 0 });
	$session->sql_error($query{'/dbaas-service'});
	is(scalar(() = tries('/dbaas-service')), 1, "$status is not tried again");
}
foreach my $body ('{"cut', '[]')
{
	$t->sim->clear;
	$t->sim->fault({ path => '/dbaas-service', times => 1, action => 'body', body => $body });
	$session->sql_error($query{'/dbaas-service'});
	is(scalar(() = tries('/dbaas-service')),
		1, "an answer that is not as documented is not asked for again: $body");
}

# Pauses: some at first, longer later, and as long as the API asks
sub pauses
{
	my (%fault) = @_;
	$t->sim->clear;
	$t->sim->fault(
		{ path => '/dbaas-service', times => 2, action => 'status', status => 503, %fault });
	$session->sql($query{'/dbaas-service'});
	my @tries = tries('/dbaas-service');
	return map { $tries[$_]{started_ms} - $tries[ $_ - 1 ]{ended_ms} } 1 .. $#tries;
}
my @pauses = pauses();
cmp_ok($pauses[0], '>=', 90, "the first pause: $pauses[0] ms");
cmp_ok($pauses[1], '>=', 190, "the second pause is longer: $pauses[1] ms");
my @first = map { (pauses())[0] } 1 .. 5;
my ($least, $most) = (sort { $a <=> $b } @first)[ 0, -1 ];
cmp_ok($least, '<', 1000 * $DbaasTest::soon, "the first is short: $least ms");
cmp_ok($most - $least, '>', 2, "pauses differ by chance: @first");

foreach my $status (429, 503)
{
	@pauses = pauses(times => 1, status => $status, headers => { 'Retry-After' => '1' });
	cmp_ok($pauses[0], '>=', 990, "Retry-After: 1 with $status: $pauses[0] ms");
	cmp_ok($pauses[0], '<', 1000 * $DbaasTest::soon, 'and not much longer');
}
my $until = int(time) + 2;
my @now = gmtime($until);
my $date = sprintf '%s, %02d %s %d %02d:%02d:%02d GMT',
  (qw(Sun Mon Tue Wed Thu Fri Sat))[ $now[6] ], $now[3],
  (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[ $now[4] ], $now[5] + 1900, @now[ 2, 1, 0 ];
@pauses = pauses(times => 1, headers => { 'Retry-After' => $date });
cmp_ok(time, '>=', $until, "Retry-After may be a date: $pauses[0] ms");

# A server that asks to wait for very long gets an error at once
my $start = time;
$t->sim->clear;
$t->sim->fault(
	{
		path => '/dbaas-service',
		action => 'status',
		status => 429,
		headers => { 'Retry-After' => '7200' }
	});
my $error = $session->sql_error($query{'/dbaas-service'});
cmp_ok(time - $start, '<', $DbaasTest::soon, 'nobody waits for hours');
is($error->{sqlstate}, '53400', 'the error comes at once');
like($error->{hint}, qr/7200/, 'and says how long the API asks to wait');

# max_retries 0
$t->create_server(endpoint => $t->sim->endpoint_template, zones => 'ch-gva-2', max_retries => 0);
$t->sim->clear;
$t->sim->fault({ path => '/dbaas-service', times => 1, action => 'status', status => 503 });
$session->sql_error($query{'/dbaas-service'});
is(scalar(() = tries('/dbaas-service')), 1, 'max_retries 0: no retry');

# The request for the zones is repeated as well
$t->create_server();
$t->sim->clear;
$t->sim->fault({ path => '/zone', times => 1, action => 'status', status => 503 });
is($t->sql('SELECT count(*) FROM exo.dbaas_services'), 9, 'so is the request for the zones');
is(scalar(() = tries('/zone')), 2, 'once');

# The session's statistics tell
my $other = $t->session;
$t->sim->fault(
	{ path => '/dbaas-service', zone => 'ch-gva-2', times => 1, action => 'status', status => 503 }
);
$other->sql('SELECT count(*) FROM exo.dbaas_services');
is( $other->sql(
			q{SELECT requests, errors, retries, bytes > 0, seconds > 0 FROM dbaas_fdw_stats() }
		  . q{WHERE operation = 'GET /dbaas-service'}),
	'4|0|1|t|t',
	'dbaas_fdw_stats() counts requests and retries');

done_testing();
