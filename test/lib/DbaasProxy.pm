package DbaasProxy;

=head1 NAME

DbaasProxy - TLS and HTTP/2 in front of a simulator

=head1 SYNOPSIS

    use DbaasProxy;

    plan skip_all => 'no apache2-bin or no openssl' unless DbaasProxy->available;
    my $proxy = DbaasProxy->start($t->sim->port);
    $t->create_server(endpoint => $proxy->endpoint_template, ca_file => $proxy->ca);

=head1 DESCRIPTION

An Apache with a certificate for localhost, and for the further names.  It ends with the
object, and tells the simulator's record what came over: the headers X-Protocol, X-Port and
X-Handshake, which is C<Initial> or C<Resumed>.

=over

=item available

Whether what it needs is installed.

=item start($port, @names)

Starts it in front of the simulator on that port.  libcurl resolves names that end in
.localhost to this machine.

=item endpoint_template, ca

What CREATE SERVER needs.

=item port

Where it listens, on 127.0.0.1.

=item dir, make_ca($name)

Its directory; the file of another authority, which signed nothing.

=item $protocols

What start lets it speak: C<h2 http/1.1>.

=back

=cut

use strict;
use warnings;

use DbaasTest;
use PostgreSQL::Test::Utils qw(slurp_file append_to_file);

# What it speaks
our $protocols = 'h2 http/1.1';

my $modules = '/usr/lib/apache2/modules';

sub _apache
{
	my ($apache) = grep { -x } map { "$_/apache2" } split(/:/, $ENV{PATH}), '/usr/sbin';
	return $apache;
}

sub available
{
	return
		 _apache()
	  && -r "$modules/mod_http2.so"
	  && system('openssl version >/dev/null 2>&1') == 0;
}

sub endpoint_template { return "https://localhost:$_[0]{port}/{zone}/v2" }
sub port { return $_[0]{port} }
sub dir { return $_[0]{dir} }
sub ca { return "$_[0]{dir}/ca.pem" }

sub _run
{
	my ($self, @command) = @_;
	my $log = "$self->{dir}/setup.log";
	system("@command >>$log 2>&1") == 0 or die "@command:\n" . slurp_file($log);
	return;
}

sub make_ca
{
	my ($self, $name) = @_;
	my $file = "$self->{dir}/$name";
	$self->_run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=$name'",
		"-keyout $file.key -out $file.pem");
	return "$file.pem";
}

sub start
{
	my ($class, $simulator, @names) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $self = bless { dir => $dir, port => $port }, $class;

	my $ca = $self->make_ca('ca');
	my $names = join ',', map { "DNS:$_" } 'localhost', @names;
	append_to_file("$dir/san", "subjectAltName=$names\n");
	$self->_run("openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost'",
		"-keyout $dir/server.key -out $dir/server.csr");
	$self->_run("openssl x509 -req -in $dir/server.csr -CA $ca -CAkey $dir/ca.key",
		"-CAcreateserial -days 2 -extfile $dir/san -out $dir/server.pem");

	my @modules =
	  qw(mpm_event authz_core socache_shmcb ssl http2 headers proxy proxy_http);
	append_to_file("$dir/apache.conf", <<"END");
ServerRoot $dir
PidFile $dir/apache.pid
ServerName localhost
Listen 127.0.0.1:$port
ErrorLog $dir/error.log
@{[map { "LoadModule ${_}_module $modules/mod_$_.so\n" } @modules]}
# What the simulator cannot see itself, its record has from here
RequestHeader set X-Protocol "expr=%{SERVER_PROTOCOL}"
RequestHeader set X-Port "expr=%{REMOTE_PORT}"
RequestHeader set X-Handshake "%{SSL_SESSION_RESUMED}s"
Mutex pthread
Protocols $protocols
KeepAliveTimeout 60
SSLEngine on
SSLSessionCache none
SSLCertificateFile $dir/server.pem
SSLCertificateKeyFile $dir/server.key
AllowEncodedSlashes NoDecode
ProxyPass / http://127.0.0.1:$simulator/ nocanon
END
	$self->_run(_apache() . " -f $dir/apache.conf -k start");
	# Read now: its directory may be gone before this object
	DbaasTest::wait_until(sub { -s "$dir/apache.pid" }) or die 'no apache.pid';
	$self->{pid} = slurp_file("$dir/apache.pid") + 0;
	return $self;
}

sub DESTROY
{
	my ($self) = @_;
	local $?;
	my $pid = $self->{pid} or return;
	kill 'TERM', $pid;
	DbaasTest::wait_until(sub { !kill 0, $pid });
	return;
}

1;
