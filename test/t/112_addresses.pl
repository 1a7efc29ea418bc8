# A host with several addresses is reached by the next when the first swallows what is sent to it.
use strict;
use warnings;

use DbaasTest;
use IO::Select;
use IO::Socket::INET;
use Socket;
use Test::More;
use Time::HiRes qw(time);

# A name with two addresses: the machine's own list of hosts is not the test's to change
my $dir = PostgreSQL::Test::Utils::tempdir();
PostgreSQL::Test::Utils::append_to_file("$dir/addresses.c", <<'END');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
			struct addrinfo **res)
{
	int (*real) (const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		dlsym(RTLD_NEXT, "getaddrinfo");
	struct addrinfo **end = res;
	int rc;

	if (!node || strcmp(node, "two-addresses.test") != 0)
		return real(node, service, hints, res);
	rc = real("127.0.0.2", service, hints, res);
	while (rc == 0 && *end)
		end = &(*end)->ai_next;
	return rc ? rc : real("127.0.0.3", service, hints, end);
}
END
if (system("cc -shared -fPIC -o $dir/addresses.so $dir/addresses.c -ldl >$dir/cc.log 2>&1") != 0)
{
	diag('skipped: hosts with several addresses were NOT tested; install a C compiler');
	plan skip_all => 'SKIPPED: no C compiler';
}

# At one port: an address whose queue is full, so that it takes no connection
# and refuses none, and one that listens
my ($swallows, $listens);
foreach (1 .. 20)
{
	$swallows = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.2', LocalPort => 0)
	  or die "listen: $!";
	$listens = IO::Socket::INET->new(
		Listen => 10,
		LocalAddr => '127.0.0.3',
		LocalPort => $swallows->sockport) and last;
}
die "listen: $!" unless $listens;
listen $swallows, 0;
my $port = $swallows->sockport;
my @queue =
  map { IO::Socket::INET->new(PeerAddr => '127.0.0.2', PeerPort => $port, Blocking => 0) } 1 .. 8;
ok(!IO::Socket::INET->new(PeerAddr => '127.0.0.2', PeerPort => $port, Timeout => 1),
	'the first address takes no connection');

local $ENV{LD_PRELOAD} = join ' ', grep { $_ } $ENV{LD_PRELOAD}, "$dir/addresses.so";
my $t = DbaasTest->new(services => 1, logs => 1);
$t->create_server(
	endpoint => "https://two-addresses.test:$port/{zone}/v2",
	zones => 'ch-gva-2',
	connect_timeout => '4s',
	max_retries => 0);
my $session = $t->session;
my $start = time;
$session->start('SELECT * FROM exo.dbaas_services');
my $connected = IO::Select->new($listens)->can_read(30);
ok($connected, sprintf 'the second address is connected to, after %.2f s', time - $start);
close $listens->accept if $connected;
my (undef, $stderr) = $session->finish;
like($stderr, qr/08001/, 'and what comes from there counts');
unlike($stderr, qr/time/i, 'not the time that the first has used');

done_testing();
