# With unavailable_zones = skip a zone that cannot be reached, breaks off, or
# stays down, is a WARNING, and the others' rows come.
use strict;
use warnings;

use DbaasTest;
use IO::Socket::INET;
use JSON::PP ();
use POSIX    ();
use Socket   ();
use Test::More;

my $t = DbaasTest->new(services => 3, logs => 20);
my $closed = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', LocalPort => 0);
my $dead = $closed->sockport;

# de-fra-1 is at a port where nobody listens
sub break_zone
{
	my @zones = map {
		{
			name => $_,
			'api-endpoint' => $_ eq 'de-fra-1' ? "http://127.0.0.1:$dead/v2" : $t->sim->endpoint($_)
		}
	} $t->sim->zones;
	$t->sim->fault(
		{ path => '/zone', times => -1, action => 'merge', patch => { zones => \@zones } });
	return;
}

$t->create_server(max_retries => 0);
break_zone();
my $error = $t->sql_error('SELECT * FROM exo.dbaas_services');
is($error->{sqlstate}, '08001', 'by default the statement fails');
like($error->{message}, qr{^GET /dbaas-service in zone de-fra-1 }, 'and names the zone');

$t->create_server(max_retries => 0, unavailable_zones => 'skip');
my $session = $t->session;

sub skips
{
	my ($sql, $rows, $name) = @_;
	my ($out, $stderr) = $session->sql_both($sql);
	is($out, $rows, "$name: the other zones' rows");
	my @warnings = $stderr =~ /^(?:psql:.*?: )?WARNING:  (.*)$/mg;
	is(scalar @warnings, 1, "$name: one warning");
	like(
		$warnings[0] // '',
		qr/^(?:08001|HV000): zone "de-fra-1" is left out/,
		"$name: which names the zone");
	unlike($stderr, qr/ERROR/, "$name: no error");
	return $stderr;
}

my $said = skips('SELECT zone, count(*) FROM exo.dbaas_services GROUP BY 1 ORDER BY 1',
	"at-vie-1|3\nch-gva-2|3", 'a list');
like(
	$said,
	qr/DETAIL:  GET \/dbaas-service in zone de-fra-1 could not be sent/,
	'the detail has the request');
like($said, qr/HINT: .*unavailable_zones/, 'the hint names the option');
skips('SELECT zone, count(*) FROM exo.dbaas_logs GROUP BY 1 ORDER BY 1',
	"at-vie-1|60\nch-gva-2|60", 'a fan-out');
skips(q{SELECT count(*) FROM exo.dbaas_migrations WHERE service_name = 'pg-3-0001'},
	1, 'a key, whose zone the lists tell');
skips(q{SELECT count(*) FROM exo.dbaas_service_types WHERE name = 'pg'},
	2, 'a key asked for in every zone');
skips(
	q{SELECT count(*) FROM exo.dbaas_migrations WHERE zone = 'de-fra-1' }
	  . q{AND service_name = 'pg-2-0001'},
	0,
	'that zone alone');
skips('SELECT (SELECT count(*) FROM exo.dbaas_services) + (SELECT count(*) FROM exo.dbaas_logs)',
	126, 'two scans of one statement');
is($session->sql('SELECT count(*) FROM exo.dbaas_zones'), 3, 'dbaas_zones still lists it');
my ($out, $stderr) =
  $session->sql_both(q{SELECT count(*) FROM exo.dbaas_services WHERE zone = 'ch-gva-2'});
is($stderr, '', 'no warning where that zone is not wanted');

# A zone that is down behind its load balancer counts, once the retries are used up
$t->sim->clear_faults;
$t->create_server(max_retries => 1, unavailable_zones => 'skip');
foreach my $status (502, 503, 504)
{
	$t->sim->fault(
		{
			path => '/dbaas-service',
			zone => 'de-fra-1',
			action => 'status',
			status => $status,
			times => -1
		});
	$t->sim->clear;
	$said = skips('SELECT count(*) FROM exo.dbaas_services', 6, "$status to a list");
	is(scalar(grep { ($_->{zone} // '') eq 'de-fra-1' } $t->sim->requests),
		2, "$status: after its retries");
	like(
		$said,
		qr/DETAIL:  GET \/dbaas-service in zone de-fra-1 failed with HTTP status $status/,
		"$status: the detail says so");
	skips('SELECT count(*) FROM exo.dbaas_migrations',
		4, "$status to the list that a fan-out starts from");
	$t->sim->clear_faults;
	$t->sim->fault(
		{ path => '/dbaas-service', zone => 'de-fra-1', action => 'status', status => $status });
	is($session->sql('SELECT count(*) FROM exo.dbaas_services'),
		9, "$status that a retry mends leaves nothing out");
}
$t->sim->fault(
	{
		path => '/dbaas-service',
		zone => 'de-fra-1',
		action => 'status',
		status => 503,
		headers => { 'Retry-After' => '3600' },
		times => -1
	});
skips('SELECT count(*) FROM exo.dbaas_services', 6, '503 that asks to come back in an hour');
$t->sim->clear_faults;
$t->create_server(max_retries => 0);
$t->sim->fault({ path => '/dbaas-service', zone => 'de-fra-1', action => 'status', status => 503 });
like($session->sql_error('SELECT count(*) FROM exo.dbaas_services')->{message},
	qr/ 503$/, 'by default that is an error');
$t->sim->fault({ path => '/zone', action => 'status', status => 503 });

# Other errors of the API are errors
$t->create_server(max_retries => 0, unavailable_zones => 'skip');
like(
	$t->sql_error('SELECT count(*) FROM exo.dbaas_services')->{message},
	qr{^GET /zone .* 503$},
	'so is one of the zones\' list');
foreach my $status (401, 403, 404, 500)
{
	$t->sim->fault(
		{ path => '/dbaas-service', zone => 'de-fra-1', action => 'status', status => $status });
	like($session->sql_error('SELECT count(*) FROM exo.dbaas_services')->{message},
		qr/ $status$/, "$status is an error still");
}
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 9, 'all zones are there again');

# A stalled zone counts as unreachable
$t->create_server(
	max_retries => 0,
	unavailable_zones => 'skip',
	request_timeout => $t->patience(3));
$t->sim->fault(
	{ path => '/dbaas-service', zone => 'de-fra-1', action => 'stall', ms => 60000, times => -1 });
skips('SELECT count(*) FROM exo.dbaas_services', 6, 'a zone that does not answer in time');
$t->sim->clear_faults;

# So does one that closes its connections, before or while it answers
$t->create_server(max_retries => 1, unavailable_zones => 'skip');
foreach my $action (
	{ action => 'close' },
	{ action => 'close', after_processing => JSON::PP::true },
	{ action => 'cut' })
{
	my $name = join ' ', map { "$_ $action->{$_}" } sort keys %$action;
	$t->sim->fault({ path => '/dbaas-service', zone => 'de-fra-1', times => -1, %$action });
	skips('SELECT count(*) FROM exo.dbaas_services', 6, "$name, of a list");
	skips(
		q{SELECT count(*) FROM exo.dbaas_migrations }
		  . q{WHERE service_name IN ('pg-1-0001', 'pg-2-0001')},
		1,
		"$name, of the list that tells zones");
	$t->sim->clear_faults;
	$t->sim->fault({ path => '/dbaas-postgres/*', zone => 'de-fra-1', times => -1, %$action });
	skips(q{SELECT count(*) FROM exo.dbaas_service_details WHERE type = 'pg'},
		2, "$name, of a service");
	$t->sim->clear_faults;
	$t->sim->fault({ path => '/dbaas-service', zone => 'de-fra-1', %$action });
	is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 9, "$name, mended by a retry");
	$t->sim->clear_faults;
}

# What breaks off anywhere in an answer, or is reset
my $breaking =
  IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 50);
$dead = $breaking->sockport;
my $whole =
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
  . "22\r\n\r\n{\"dbaas-services\": []}";
my $chunked =
  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
my %parts = (
	'nothing' => '',
	'a letter' => 'H',
	'half a status line' => 'HTTP/1.1 2',
	'half a head' => substr($whole, 0, 40),
	'a head' => substr($whole, 0, length($whole) - 22),
	'all but a byte' => substr($whole, 0, -1),
	'a chunked head' => $chunked,
	'half a chunk' => "${chunked}16\r\n{\"dbaas-",
	'a chunk, and no end' => "${chunked}16\r\n{\"dbaas-services\": []}\r\n");
foreach my $name (sort keys %parts)
{
	foreach my $reset (0, 1)
	{
		my $pid = fork() // die "fork: $!";
		if (!$pid)
		{
			while (my $client = $breaking->accept)
			{
				my $request = '';
				1 while $request !~ /\r\n\r\n/ && sysread $client, $request, 4096, length $request;
				syswrite $client, $parts{$name} if length $parts{$name};
				setsockopt $client, Socket::SOL_SOCKET(), Socket::SO_LINGER(), pack('II', 1, 0)
				  if $reset;
				close $client;
			}
			POSIX::_exit(0);
		}
		$t->sim->clear_faults;
		$t->create_server(max_retries => 0, unavailable_zones => 'skip');
		break_zone();
		skips('SELECT count(*) FROM exo.dbaas_services', 6, $name . ($reset ? ', reset' : ''));
		kill KILL => $pid;
		waitpid $pid, 0;
	}
}
close $breaking;
$t->sim->clear_faults;

# An answer that came and cannot be used is an error
$t->create_server(max_retries => 0, unavailable_zones => 'skip');
foreach my $body ('{"dbaas-services": [', 'not JSON', '{"dbaas-services": {}}', '')
{
	$t->sim->fault(
		{ path => '/dbaas-service', zone => 'de-fra-1', action => 'body', body => $body });
	is($session->sql_error('SELECT count(*) FROM exo.dbaas_services')->{sqlstate},
		'HV000', "an answer of '$body' is an error still");
}

# A zone that fails half-way: its rows until then, and a WARNING that says so
$t->sim->append_logs('de-fra-1', 'pg-2-0001', 2000);
$t->sim->fault(
	{
		path => '/dbaas-service-logs/*',
		zone => 'de-fra-1',
		action => 'cut',
		skip => 2,
		times => -1
	});
$t->create_server(max_retries => 0, unavailable_zones => 'skip', max_concurrency => 1);
(my $out_of_some, $stderr) = $session->sql_both(
	q{SELECT count(*) FROM exo.dbaas_logs WHERE service_name IN ('pg-1-0001', 'pg-2-0001')});
is($out_of_some, 20 + 1000, 'the pages before that are shown');
like(
	$stderr,
	qr/WARNING:  HV000: the rest of zone "de-fra-1" is left out: it is no longer available/,
	'and a WARNING says that the rest is missing');
$t->sim->clear_faults;

# Once it is left out it is not asked again, for each of its services and with all retries
$t->sim->fault(
	{
		path => '/dbaas-service-logs/*',
		zone => 'de-fra-1',
		action => 'status',
		status => 503,
		times => -1
	});
$t->create_server(max_retries => 2, unavailable_zones => 'skip', max_concurrency => 1);
$t->sim->clear;
skips('SELECT count(*) FROM exo.dbaas_logs', 120, 'a zone whose logs are not to be had');
my @asked = grep { $_->{zone} eq 'de-fra-1' && $_->{path} =~ /logs/ } $t->sim->requests;
is(scalar(keys %{ { map { $_->{path} => 1 } @asked } }), 1, 'one service is asked there');
is(scalar(@asked), 3, 'with its retries');
$t->sim->clear_faults;

# Without any zone there is nothing to show
$t->sim->fault({ path => '/zone', times => -1, action => 'close' });
is($t->sql_error('SELECT count(*) FROM exo.dbaas_services')->{sqlstate},
	'HV000', 'that the zones are unknown is an error');

# The setting goes before the server's option
foreach my $option (qw(error skip))
{
	$t->sim->clear_faults;
	$t->create_server(max_retries => 0, unavailable_zones => $option);
	break_zone();
	$session = $t->session;
	my $list = 'SELECT count(*) FROM exo.dbaas_services';
	my $not_in = "SELECT 1 WHERE NOT EXISTS ($list)";
	my $skip = 'Unavailable Zones: skip';

	is($session->sql(q{LOAD 'dbaas_fdw'; SHOW dbaas_fdw.unavailable_zones}),
		'', "$option: the setting is not set");
	is($session->sql("EXPLAIN $list") =~ /$skip/, $option eq 'skip', "$option: EXPLAIN says so");
	$session->sql('SET dbaas_fdw.unavailable_zones = error');
	$error = $session->sql_error($list);
	is($error->{sqlstate}, '08001', "$option: error by the setting");
	unlike($error->{hint} // '', qr/unavailable_zones/, "$option: and nothing of the option");
	unlike($session->sql("EXPLAIN $list"), qr/$skip/, "$option: nor in EXPLAIN");
	$session->sql('SET dbaas_fdw.unavailable_zones = SKIP');
	$said = skips($list, 6, "$option: skip by the setting");
	like(
		$said,
		qr/HINT:  Setting dbaas_fdw\.unavailable_zones is skip\./,
		"$option: which the hint names");
	like($session->sql("EXPLAIN $list"), qr/$skip/, "$option: EXPLAIN follows the setting");
	like(
		$session->sql_error($not_in)->{hint},
		qr/Setting dbaas_fdw\.unavailable_zones does not skip a zone here/,
		"$option: and so does the hint of an error");
	$session->sql(q{SET dbaas_fdw.unavailable_zones = ''});
	if ($option eq 'skip') { skips($list, 6, 'empty is as the option says'); }
	else { is($session->sql_error($list)->{sqlstate}, '08001', 'empty is as the option says'); }
	$session->sql('RESET dbaas_fdw.unavailable_zones');
	is( $session->sql_error('SET dbaas_fdw.unavailable_zones = ignore')->{hint},
		'Available values: error, skip.',
		"$option: a value that there is not");

	# As a function, a role and a database have it
	$session->sql("CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql
		SET dbaas_fdw.unavailable_zones = 'skip' AS \$\$$list\$\$");
	skips('SELECT counted()', 6, "$option: for a function");
	$session->sql('DROP FUNCTION counted;
		ALTER ROLE CURRENT_USER SET dbaas_fdw.unavailable_zones = skip');
	$session = $t->session;
	skips($list, 6, "$option: for a role, in a session that has just begun");
	$session->sql('ALTER ROLE CURRENT_USER RESET dbaas_fdw.unavailable_zones');
	$session = $t->session;
	$session->sql('SET dbaas_fdw.unavailable_zones = skips');
	like($session->sql_error($list)->{hint}, qr/^Allowed: error, skip\. /, "$option: mistyped");
}

done_testing();
