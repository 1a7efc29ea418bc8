# What TLS trusts is read once, and sessions are resumed; neither outlives a change of what is
# trusted.
use strict;
use warnings;

# A directory of certificates that is the test's own where libcurl has its default one, for
# this process and its children
my $default;

BEGIN
{
	$default = `curl-config --ca 2>/dev/null` =~ s/\s+\z//r;
	if ($default =~ m{^(/.+)/} && -r $default && !exists $ENV{DBAAS_TEST_CERTS})
	{
		my $dir = $1;
		my $own = "$ENV{TMPDIR}/certs-$$";
		my @namespace = qw(unshare --user --map-current-user --mount --keep-caps);
		local $ENV{DBAAS_TEST_CERTS} = $own;
		exec @namespace, 'sh', '-c', 'mount --bind "$0" "$1" && shift && '
		  . 'exec setpriv --ambient-caps=-all --inh-caps=-all "$@"', $own, $dir, $^X, $0
		  if mkdir($own)
		  && system("cp -L $default $own/") == 0
		  && system(@namespace, 'sh', '-c', "mount --bind $own $dir 2>/dev/null") == 0;
	}
}

use DbaasProxy;
use DbaasTest;
use PostgreSQL::Test::Utils qw(slurp_file append_to_file);
use Test::More;

if (!DbaasProxy->available)
{
	diag('skipped: TLS was NOT tested; install apache2-bin and openssl');
	plan skip_all => 'SKIPPED: no apache2-bin or no openssl';
}

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 0);
my @zones = $t->sim->zones;
my $proxy = DbaasProxy->start($t->sim->port, map { "$_.localhost" } @zones);
my $services = 'SELECT count(*) FROM exo.dbaas_services';
my $port = $proxy->port;
# One connection after the other: a TLS session may serve one handshake alone
my %options = (
	max_concurrency => 1,
	endpoint => "https://{zone}.localhost:$port/{zone}/v2",
	zones => join(',', @zones),
	max_retries => 0);
my $named = 0;

# How the connections of 10 writes began
sub handshakes
{
	my ($session) = @_;
	$named++;
	my @sent = grep { $_->{method} eq 'POST' } $session->requests(
		qq{SET client_min_messages = warning;
		INSERT INTO exo.dbaas_databases (zone, service_name, name)
		SELECT 'ch-gva-2', 'pg-1-0001', 'n${named}_' || i FROM generate_series(1, 10) i});
	my %headers = map { %{ $_->{headers} } } @sent;
	my ($name) = grep { lc eq 'x-handshake' } keys %headers;
	return map { $_->{headers}{$name} } @sent;
}

# ca_file: the backend's copy of it can be emptied once a connection has been made
my $bundle = $t->node->basedir . '/bundle.pem';
append_to_file($bundle, slurp_file($_)) foreach grep { -r } $default, $proxy->ca;
$t->create_server(%options, ca_file => $bundle);
my $session = $t->session;
is($session->sql($services), 24, 'ca_file: connections to three hosts');
my ($copy) = grep { (readlink // '') =~ /^\/memfd:dbaas_fdw/ }
  glob '/proc/' . $session->pid . '/fd/*';
# Debian's libcurl of GnuTLS reads them for each connection, from a directory if nothing is set,
# and resumes no session
my $gnutls = slurp_file('/proc/' . $session->pid . '/maps') =~ /libcurl-gnutls/;
ok($copy && ($gnutls || truncate($copy, 0)), 'ca_file: the copy in memory is emptied');
my @handshakes = handshakes($session);
is(scalar @handshakes, 10, 'ca_file: more connections can be made: certificates are read once');
is_deeply([ grep { $_ ne 'Resumed' } @handshakes ], [], 'ca_file: and TLS sessions are resumed')
  unless $gnutls;

# In the session that could resume them
my $other = $proxy->make_ca('other');
$t->sql("ALTER SERVER exoscale OPTIONS (SET ca_file '$other')");
$t->sim->clear;
is($session->sql_error($services)->{sqlstate}, '08001', 'another ca_file: 08001');
is(scalar(() = $t->sim->requests), 0, 'another ca_file: nothing is sent');
$t->sql("ALTER SERVER exoscale OPTIONS (SET ca_file '$bundle')");
is($session->sql($services), 24, 'the first again: connections are made');

SKIP:
{
	my $own = $ENV{DBAAS_TEST_CERTS};
	if (!$own)
	{
		diag('skipped: the default certificates were NOT tested; '
			  . 'libcurl has no such file, or namespaces cannot be made');
		skip 'SKIPPED: no namespaces', 1;
	}
	my ($file) = $default =~ m{([^/]+)$};
	$file = "$own/$file";
	my $without = slurp_file($file);
	my $with = $without . slurp_file($proxy->ca);

	# Written in place, as when an administrator adds a certificate; a directory changes when a
	# file comes into it
	my $trust = sub {
		unlink $file if $gnutls;
		open my $handle, '>', $file or die "$file: $!";
		print $handle @_;
		close $handle or die "$file: $!";
		return;
	};
	# The session sees a change within a second or so
	my $comes = sub {
		my ($wanted) = @_;
		return DbaasTest::wait_until(sub {
			my ($out, $stderr) = $session->sql_both($services);
			return $wanted eq ((DbaasTest::parse_error($stderr) // {})->{sqlstate} // $out);
		});
	};

	$trust->($with);
	$t->create_server(%options);
	$session = $t->session;
	is($session->sql($services), 24, 'by default: connections to three hosts');
	chmod 0, $file or die "$file: $!" unless $gnutls;
	ok($gnutls || !-r $file, 'by default: the file can no longer be read');
	@handshakes = handshakes($session);
	is(scalar @handshakes, 10, 'by default: more connections can be made');
	is_deeply([ grep { $_ ne 'Resumed' } @handshakes ], [], 'by default: and sessions resumed')
	  unless $gnutls;
	chmod 0, $file or die "$file: $!";
	my $error = $t->sql_error($services);
	is($error->{sqlstate}, '08001', 'a file that cannot be read, in a new session: 08001');
	like($error->{detail}, qr/\Q$default\E/, 'the detail names it') unless $gnutls;
	chmod 0644, $file or die "$file: $!";

	$trust->($without);
	ok($comes->('08001'), 'an authority that is trusted no longer: 08001 in the same session');
	$t->sim->clear;
	is($session->sql_error($services)->{sqlstate}, '08001', 'each time');
	is(scalar(() = $t->sim->requests), 0, 'and nothing is sent');
	$trust->($with);
	ok($comes->(24), 'and trusted again');

	# Many authorities are in the file; one may be in the directory alone
	$trust->($without);
	ok($comes->('08001'), 'an authority that is not in the file');
	my ($hash) = `openssl x509 -hash -noout -in @{[ $proxy->ca ]}` =~ /(\w+)/;
	append_to_file("$own/$hash.0", slurp_file($proxy->ca));
	is($t->sql($services), 24, 'in the directory it is found, by a new session');
	is($session->sql($services), 24, 'and by the one that could not find it before');
	is(scalar(handshakes($session)), 10, 'for writes too');
	unlink "$own/$hash.0";
	ok($comes->('08001'), 'trusted no longer in the same session, where the directory has lost it');

	unlink $file or die "$file: $!";
	$error = $t->sql_error($services);
	is($error->{sqlstate}, '08001', 'no file: 08001');
	like($error->{detail}, qr/\Q$default\E/, 'the detail names it') unless $gnutls;
	like($error->{hint}, qr/ca_file/, 'the hint names the option');
}

done_testing();
