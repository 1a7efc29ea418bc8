package DbaasSim;

=head1 NAME

DbaasSim - start and steer the API simulator from a TAP test

=head1 SYNOPSIS

    use DbaasSim;

    my $sim = DbaasSim->start(services => 20, logs => 500);  # --services 20 --logs 500
    my $url = $sim->endpoint_template;     # http://127.0.0.1:PORT/{zone}/v2, for CREATE SERVER
    my ($key, $secret) = ($sim->key, $sim->secret);          # for CREATE USER MAPPING

    $sim->clear;                                             # forget the requests so far
    $sim->fault({ path => '/dbaas-service', action => 'status', status => 503 });
    ...                                                      # what the test is about
    my @sent = $sim->requests;
    is($sent[0]{path}, '/dbaas-service');

    my $answer = $sim->get('/dbaas-service', zone => 'de-fra-1');   # signed, by this module
    is($answer->{status}, 200);
    is(scalar @{ $answer->{json}{'dbaas-services'} }, 20);

The simulator ends with the object, and with the test however that ends.  It is
found as $ENV{DBAAS_SIM}, or as sim/dbaas-sim of this checkout.

=head1 METHODS

=over

=item DbaasSim->start(%options)

Start a simulator on a free port.  Option names are those of the command line, with _ for -;
a value of undef is for options without one: C<start(no_gzip =E<gt> undef)>.

=item port, url, key, secret, endpoint($zone), endpoint_template, zones

Where it listens and what it expects. C<url> ends in /v2 (the first zone's); C<zones> lists
the names of its zones.

=item request($method, $path, $body, %how); get, post, put, delete

One signed API request over a connection that is kept. $path is what follows /v2, already
percent-encoded; $body is a string, a reference to encode as JSON, or undef. %how may have
zone (default: the bare /v2 prefix), sign (0: no Authorization), key, secret, expires,
authorization (verbatim), signed_query (names), headers, content_type.
The result has status, headers, content (bytes) and json (decoded, when it is JSON).

=item requests($since), last_request, writes

The requests recorded (after number $since), oldest first, as the simulator tells them; the last of
them; those that are no GET.

=item clear

Forget the requests recorded.

=item fault(@faults), clear_faults, faults

Add faults (dies when the simulator refuses one), remove all, list all.

=item together($number, %which)

Holds the next so many requests of that path, zone and method until all of them are there.

=item reset, config(%settings), state, append_logs($zone, $service, $count)

Back to the beginning; change settings (latency, operation_time, running_time, settle, logs,
log_growth, gzip); a summary of the state; let a service log more.

=item wait_operation($operation, $zone)

Poll until an operation (the decoded answer of a write) is not pending; returns it.

=item toggle_protection($path, $zone)

Change termination-protection of the service with that path, as somebody else than a
test's session does; returns when the change has its effect.

=item control($method, $name, $data)

Any control request; returns the decoded answer, dies when it is refused.

=item stop

End the simulator and return its exit status (of wait).

=item rnd($modulo, $key), uuid($key)

The two rules that all data follow from; see doc/simulator.md.

=back

=cut

use strict;
use warnings;

use Cpanel::JSON::XS ();
use Cwd qw(abs_path);
use Digest::MD5 qw(md5_hex);
use Digest::SHA qw(hmac_sha256);
use Encode qw(encode_utf8);
use File::Basename qw(dirname);
use HTTP::Tiny;
use IPC::Open2 qw(open2);
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(sleep time);

my $json = Cpanel::JSON::XS->new->utf8->allow_nonref->canonical;

sub program
{
	return $ENV{DBAAS_SIM} // abs_path(dirname(__FILE__) . '/../../sim') . '/dbaas-sim';
}

sub start
{
	my ($class, %options) = @_;
	my $self = bless {
		key    => 'EXOtestkey',
		secret => 'testsecret'
	}, $class;
	my @arguments = ('--exit-with-stdin');

	$self->{$_} = $options{"api_$_"} // $self->{$_} foreach qw(key secret);
	%options = (
		port       => 0,
		%options,
		api_key    => $self->{key},
		api_secret => $self->{secret});
	foreach my $name (sort keys %options)
	{
		push @arguments, '--' . $name =~ s/_/-/gr;
		push @arguments, $options{$name} if defined $options{$name};
	}

	$self->{pid} = open2($self->{output}, $self->{input}, program(), @arguments);
	my $line = readline($self->{output}) // '';
	$line =~ m{^listening on (http://127\.0\.0\.1:(\d+)/v2)$}
	  or die 'dbaas-sim did not start: ' . program() . " said \"$line\"\n";
	@$self{qw(url port)} = ($1, $2);
	$self->{http} = HTTP::Tiny->new(timeout => 120, max_redirect => 0);
	return $self;
}

sub stop
{
	my ($self) = @_;

	return unless $self->{pid};
	local ($?, $!);
	delete $self->{http};
	kill 'TERM', $self->{pid};
	close $self->{input};
	waitpid(delete $self->{pid}, 0);
	return $?;
}

sub DESTROY
{
	my ($self) = @_;
	$self->stop;
	return;
}

sub port { return $_[0]{port} }
sub url { return $_[0]{url} }
sub key { return $_[0]{key} }
sub secret { return $_[0]{secret} }
sub pid { return $_[0]{pid} }
sub origin { return "http://127.0.0.1:$_[0]{port}" }
sub endpoint { return "$_[0]->{url}" =~ s{/v2$}{/$_[1]/v2}r }
sub endpoint_template { return $_[0]->endpoint('{zone}') }

sub zones
{
	my ($self) = @_;
	return map { $_->{zone} } @{ $self->state->{zones} };
}

# The signature that a client makes, independent of the simulator's code.
sub signature
{
	my ($secret, $method, $path, $body, $values, $expires) = @_;
	my $message = join "\n", "$method $path", $body, $values, '', $expires;
	return encode_base64(hmac_sha256($message, $secret), '');
}

sub _authorization
{
	my ($self, $method, $path, $body, %how) = @_;
	my $expires = $how{expires} // int(time) + 600;
	my @names = @{ $how{signed_query} // [] };
	my ($bare, $query) = split /\?/, $path, 2;
	my %values = map { split /=/, $_, 2 } split /&/, $query // '';

	s/%([0-9a-fA-F]{2})/chr hex $1/ge foreach values %values;
	my $values = join '', map { $values{$_} } sort @names;
	my $signed = @names ? 'signed-query-args=' . join(';', @names) . ',' : '';
	return sprintf 'EXO2-HMAC-SHA256 credential=%s,%sexpires=%s,signature=%s',
	  $how{key} // $self->{key}, $signed, $expires,
	  signature($how{secret} // $self->{secret}, $method, $bare, $body, $values, $expires);
}

sub request
{
	my ($self, $method, $path, $body, %how) = @_;
	my %headers = %{ $how{headers} // {} };
	my $bytes = ref $body ? $json->encode($body) : $body;
	my $full_path = ($how{zone} ? "/$how{zone}" : '') . "/v2$path";

	$headers{'Content-Type'} = $how{content_type} // 'application/json'
	  if defined $bytes && !(exists $how{content_type} && !defined $how{content_type});
	if (!defined $how{sign} || $how{sign})
	{
		$headers{Authorization} = $how{authorization}
		  // $self->_authorization($method, $full_path, $bytes // '', %how);
	}
	my %options = (headers => \%headers);
	$options{content} = $bytes if defined $bytes;
	my $answer = $self->{http}->request($method, $self->origin . $full_path, \%options);
	$answer->{json} = eval { $json->decode($answer->{content}) };
	return $answer;
}

sub get { my ($self, $path, %how) = @_; return $self->request('GET', $path, undef, %how) }
sub delete { my ($self, $path, %how) = @_; return $self->request('DELETE', $path, undef, %how) }
sub post { my ($self, @rest) = @_; return $self->request('POST', @rest) }
sub put { my ($self, @rest) = @_; return $self->request('PUT', @rest) }

sub control
{
	my ($self, $method, $name, $data) = @_;
	my %options = defined $data ? (content => $json->encode($data)) : ();
	my $answer = $self->{http}->request($method, $self->origin . "/_sim/$name", \%options);
	die "$method /_sim/$name: $answer->{status} $answer->{content}\n" unless $answer->{success};
	return $json->decode($answer->{content});
}

sub requests
{
	my ($self, $since) = @_;
	return @{ $self->control('GET', 'requests' . ($since ? "?since=$since" : '')) };
}

# Most requests are reads, and decoding them takes long
sub writes
{
	my ($self) = @_;
	my $content = $self->{http}->get($self->origin . '/_sim/requests')->{content};
	return if $content !~ /"method": *"(?:POST|PUT|DELETE)"/;
	return grep { $_->{method} ne 'GET' } @{ $json->decode($content) };
}

sub last_request { return ($_[0]->requests)[-1] }

# A backend that gives a request up closes its connection.  The simulator may still read that
# request, and on a busy machine it does so late.  Waits until it has closed all such
# connections, so that none of these requests is recorded afterwards.
sub settle
{
	my ($self) = @_;
	my $local = sprintf ':%04X', $self->{port};
	my $close_wait = '08';

	for (my $until = time + 60; time < $until; sleep 0.002)
	{
		open my $fh, '<', '/proc/net/tcp' or return;
		my @closing = grep { ($_->[1] // '') =~ /\Q$local\E$/ && $_->[3] eq $close_wait }
		  map { [split] } <$fh>;
		return unless @closing;
	}
	return;
}

sub clear { $_[0]->settle; $_[0]->control('DELETE', 'requests'); return }
sub fault { my ($self, @faults) = @_; $self->control('POST', 'faults', \@faults); return }
sub together
{
	my ($self, $number, %which) = @_;
	return $self->fault({ %which, action => 'meet', requests => $number, times => $number });
}
sub faults { return @{ $_[0]->control('GET', 'faults') } }
sub clear_faults { $_[0]->control('DELETE', 'faults'); return }
sub reset { $_[0]->control('POST', 'reset'); return }
sub config { my ($self, %settings) = @_; return $self->control('POST', 'config', \%settings) }
sub state { return $_[0]->control('GET', 'state') }

sub append_logs
{
	my ($self, $zone, $service, $count) = @_;
	$self->control('POST', 'append-logs', { zone => $zone, service => $service, count => $count });
	return;
}

sub wait_operation
{
	my ($self, $operation, $zone) = @_;

	for (my $end = time + 60; $operation->{state} eq 'pending' && time < $end; sleep 0.01)
	{
		$operation = $self->get("/operation/$operation->{id}", zone => $zone)->{json};
	}
	return $operation;
}

sub toggle_protection
{
	my ($self, $path, $zone) = @_;
	my $is = $self->get($path, zone => $zone)->{json}{'termination-protection'};
	my $answer = $self->put(
		$path,
		{ 'termination-protection' => $is ? Cpanel::JSON::XS::false : Cpanel::JSON::XS::true },
		zone => $zone);

	$answer->{status} == 200 or die "the service cannot be changed: $answer->{content}";
	$self->wait_operation($answer->{json}, $zone);
	return;
}

sub rnd
{
	my ($modulo, $key) = @_;
	return hex(substr md5_hex(encode_utf8($key)), 0, 7) % $modulo;
}

sub uuid
{
	my ($key) = @_;
	return join '-', unpack 'A8A4A4A4A12', md5_hex(encode_utf8($key));
}

1;
