# Requests are signed as the API wants it: known vectors, and what goes over the wire.
use strict;
use warnings;

use Config;
use DbaasTest;
use IO::Socket::INET;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

# Signatures that are known to be right
my ($key, $secret, $expires) = ('EXOtestkey', 'testsecret', 1800000000);
my @vectors = (
	[ 'GET', '/v2/dbaas-service', '', 'c3xRIW80M8tk46QHvWYth9Gl28JaAlfRqbH7/9nG+x0=' ],
	[
		'POST',
		'/v2/dbaas-service-logs/pg1',
		'{"limit":5,"offset":"42","sort-order":"asc"}',
		'1ZF3OyGKQeyN+hBTenAlfoUfZvy7q6VC49YWB2bT/3o='
	],
	[
		'PUT',
		'/v2/dbaas-integration/11111111-2222-4333-8444-555555555555',
		"{\"settings\":{\"note\":\"h\xc3\xa9\"}}",
		'Nt3CZjTR8Zf+uaHGbzO8LnrV3f4gLGDxDdSpy6t6wWc='
	],
	[ 'DELETE', '/v2/dbaas-service/a%20b', '', 'L4VNN07wbXIVBotp5mtFVpzVv2T50EBRX+7r3pJPcPg=' ],
	[ 'GET', '/v2/x', '', 'Efr6YSO0Y8ywuR26hIQQQhIHAtTnV0iP4x7lyDAfRXU=', 'a;b', '1 z2' ]);

# This test's own routine reproduces them
foreach my $vector (@vectors)
{
	my ($method, $path, $body, $signature, $names, $values) = @$vector;
	is(DbaasSim::signature($secret, $method, $path, $body, $values // '', $expires),
		$signature, "vector $method $path");
}

# The extension's own code reproduces them, outside the server
SKIP:
{
	my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
	chomp(
		my @dirs =
		  map { scalar `$pg_config --$_` } qw(includedir-server includedir pkglibdir libdir));
	my ($library) = grep { -r "$_/libpgcommon.a" } @dirs[ 2, 3 ];
	if (!$library)
	{
		diag(   'skipped: src/api/sign.c was NOT tested by itself, for want of libpgcommon.a '
			  . '(Debian package libpq-dev)');
		skip 'SKIPPED: no libpgcommon.a', scalar @vectors;
	}
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my @sanitizers = `$pg_config --cflags` =~ /-fsanitize=[\w,]+/g;
	# Where PostgreSQL checks assertions, those in sign.c want a function of
	# the server; one that fails ends the program
	my $command = join ' ', $ENV{CC} || 'cc', @sanitizers, '-Wl,--defsym=ExceptionalCondition=0',
	  "-I$ENV{TESTDIR}/src -I$dirs[0] -I$dirs[1]", '-D_GNU_SOURCE', '-o', "$dir/sign",
	  "$ENV{TESTDIR}/test/c/sign_vectors.c $ENV{TESTDIR}/src/api/sign.c",
	  "-L$library -lpgcommon -lpgport -lcrypto -lm", '2>&1';
	my $said = `$command`;
	is($said, '', 'src/api/sign.c compiles by itself')
	  or skip('it does not compile', scalar @vectors);
	foreach my $vector (@vectors)
	{
		my ($method, $path, $body, $signature, @query) = @$vector;
		open my $output, '-|', "$dir/sign", $key, $secret, $expires, $method, $path, $body, @query
		  or die "$dir/sign: $!";
		chomp(my $header = <$output>);
		my $names = @query ? "signed-query-args=$query[0]," : '';
		is( $header,
			"EXO2-HMAC-SHA256 credential=$key,${names}expires=$expires,signature=$signature",
			"src/api/sign.c signs $method $path");
	}
}

# Over the wire: a server that keeps what it receives, byte for byte
my $t = DbaasTest->new(services => 2, import => 0);
my $record = $t->node->basedir . '/received';
my $listener = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1', LocalPort => 0)
  or die "listen: $!";
my $server = fork // die "fork: $!";
if (!$server)
{
	$SIG{CHLD} = 'IGNORE';
	$SIG{ALRM} = 'DEFAULT';
	alarm 60;
	while (my $client = $listener->accept)
	{
		my $bytes = '';
		my ($head, $length) = ('', 0);
		while (sysread $client, $bytes, 65536, length $bytes)
		{
			($head) = $bytes =~ /\A(.*?\r\n\r\n)/s or next;
			($length) = $head =~ /^Content-Length: (\d+)/mi;
			last if length($bytes) >= length($head) + ($length // 0);
		}
		open my $file, '>>', $record or die "$record: $!";
		syswrite $file, $bytes . "\0";
		close $file;
		syswrite $client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
		close $client;
	}
	require POSIX;
	POSIX::_exit(0);
}
END { local $?; kill 'KILL', $server if $server }

$t->create_server(
	endpoint => 'http://127.0.0.1:' . $listener->sockport . '/{zone}/v2',
	zones => 'ch-gva-2',
	max_retries => 0);
$t->sql(
	q{CREATE FOREIGN TABLE x (zone text, b text OPTIONS (param 'b'), "Z" text
		OPTIONS (param 'Z'), a text OPTIONS (param 'a'), ab text OPTIONS (param 'a-b'),
	n text OPTIONS (param 'n')) SERVER exoscale OPTIONS (path '/x/{n}')});
my $now = time;
foreach my $sql (
	q{SELECT * FROM x WHERE n = 'n' AND a = '1 ' AND b = 'z2'},
	qq{SELECT * FROM x WHERE n = 'a b' AND b = 'h\xc3\xa9 &=+%41;,"' AND a = '' }
	. qq{AND ab = '/?#' AND "Z" = '0'},
	'SELECT * FROM exo.dbaas_services',
	q{SELECT * FROM exo.dbaas_logs WHERE service_name = 'pg1' AND sort_order = 'asc' }
	. q{AND log_limit = 5 AND log_offset = '42'},
	qq{SELECT * FROM exo.dbaas_logs WHERE service_name = 'pg1' AND log_offset = 'h\xc3\xa9/"'},
	q{SELECT * FROM exo.dbaas_migrations WHERE service_name = 'a b'},
	qq{SELECT * FROM exo.dbaas_migrations WHERE service_name = 'h\xc3\xa9/%2F'})
{
	unlink $record;
	$t->sql($sql);
	my @received = split /\0/, slurp_file($record);
	is(scalar @received, 1, "one request: $sql");
	my ($head, $body) = split /\r\n\r\n/, $received[0], 2;
	my ($method, $path) = $head =~ m{\A(\w+) (\S+) HTTP/1.1\r\n};
	my @headers = $head =~ /^Authorization: (.*?)\r?$/mgi;
	is(scalar @headers, 1, "$method $path: one Authorization header");
	my ($credential, $names, $until, $signature) = $headers[0] =~ m{
		\AEXO2-HMAC-SHA256[ ]credential=(.*?),(?:signed-query-args=(.*?),)?
		expires=(\d+),signature=([A-Za-z0-9+/]{43}=)\z}x;
	is($credential, $t->sim->key, 'it names the key');
	my ($bare, $query) = split /\?/, $path, 2;
	my %arguments = map { split /=/, $_, 2 } split /&/, $query // '';
	s/%([0-9A-F]{2})/chr hex $1/ge foreach values %arguments;
	is( $names,
		%arguments ? join(';', sort keys %arguments) : undef,
		'and the query arguments, sorted');
	is( $signature,
		DbaasSim::signature(
			$t->sim->secret, $method, $bare, $body,
			join('', map { $arguments{$_} } sort keys %arguments), $until),
		'the signature is that of the method, the path, the body, the arguments and the '
		  . 'time as they were sent');
	cmp_ok($until, '>=', $now + 590, 'it holds for about ten minutes');
	cmp_ok($until, '<=', time + 610, 'and no longer');
}

# GET /zone has none
unlink $record;
$t->sql('SELECT * FROM exo.dbaas_zones');
unlike(slurp_file($record), qr/Authorization/i, 'GET /zone is not signed');

done_testing();
