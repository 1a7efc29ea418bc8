package DbaasHistoryApi;

=head1 NAME

DbaasHistoryApi - an API whose logs and metrics grow while they are read, and which fails

=head1 SYNOPSIS

    use DbaasHistoryApi;

    my $api = DbaasHistoryApi->start(seed => 1, zones => 3);
    $api->do(make => 'ch-gva-2', 'pg-a', age => 86400);
    $api->do(append => 'ch-gva-2', 'pg-a', 100, 3600);
    $t->create_server(endpoint => $api->endpoint);

    $api->zone('ch-gva-2', 'refuse');
    $api->hold(7);
    $api->held;
    $api->release;

=head1 DESCRIPTION

A process that serves a DbaasHistoryModel over HTTP: each zone on a port of its own, many
connections at once, on 127.0.0.1.  It ends with the object.  What is told to it is done between
two requests, while clients wait or read.

=over

=item start(%options)

Starts it; the options are the model's.

=item endpoint

For the option endpoint of a server: the API tells the zones from there.

=item do($command, @arguments)

A command of the model.

=item zone($zone, $mode)

A zone is C<up>; or it is away: C<refuse>, no connection is made; C<drop>, a connection is closed
when a request comes; C<stall>, nothing is answered; or a status, which answers everything.
The zone C<''> is what tells the zones.

=item fault($what, $every, $times)

Each so many requests one fails, so many times: C<cut>, its answer ends in the middle of the body;
or a status.

=item latency($seconds)

Before each answer.

=item hold($n), held, release

From the n-th request of services on, no answer is given until C<release>; whether there was one.

=item failed

How many requests were answered with a failure, or not at all, since the last call.

=back

=cut

use strict;
use warnings;
use parent qw(DbaasProcess);

use Cpanel::JSON::XS qw(decode_json encode_json);
use DbaasHistoryModel;
use IO::Select;
use IO::Socket::INET;
use POSIX        ();
use Scalar::Util qw(looks_like_number);
use Socket;
use Time::HiRes ();

sub start
{
	my ($class, %options) = @_;
	socketpair(my $ours, my $its, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
	my $self = bless { control => $ours, owner => $$ }, $class;

	$self->{pid} = fork // die "fork: $!";
	if (!$self->{pid})
	{
		close $ours;
		eval { _serve($its, %options) };
		print STDERR "history API: $@" if $@;
		POSIX::_exit(0);
	}
	close $its;
	return $self;
}

sub endpoint { return 'http://127.0.0.1:' . $_[0]->_tell('port', '') . '/v2' }

sub do      { my ($self, @command) = @_;   return $self->_tell('do', @command) }
sub zone    { my ($self, @arguments) = @_; return $self->_tell('zone', @arguments) }
sub fault   { my ($self, @arguments) = @_; return $self->_tell('fault', @arguments) }
sub latency { my ($self, $seconds) = @_;   return $self->_tell('latency', $seconds) }
sub hold    { my ($self, $n) = @_;         return $self->_tell('hold', $n) }
sub held    { my ($self) = @_;             return $self->_tell('held') }
sub release { my ($self) = @_;             return $self->_tell('release') }
sub failed  { my ($self) = @_;             return $self->_tell('failed') }

sub _tell
{
	my ($self, @command) = @_;
	syswrite $self->{control}, encode_json(\@command) . "\n" or die "history API: $!";
	# Unlike sysread, this goes on after a signal: the end of a child may be one
	my $answer = readline($self->{control}) // die 'the history API has ended';
	my ($told, $error) = @{ decode_json($answer) };
	die "history API: $error" if defined $error;
	return $told;
}

# ---------------------------------------------------------------------------
# The API's own process
# ---------------------------------------------------------------------------

sub _serve
{
	my ($control, %options) = @_;
	my $self = bless {
		control => $control,
		owner => 0,
		model => DbaasHistoryModel->new(%options),
		received => '',
		listeners => {},
		clients => {},
		modes => {},
		fault => undef,
		latency => 0,
		hold => undef,
		failed => 0
	  },
	  __PACKAGE__;

	$self->_open($_) foreach '', @{ $self->{model}->do_zone_names };
	local $SIG{PIPE} = 'IGNORE';
	while ($self->_wait) { }
	return;
}

# A port for the zone, or again the one that it has
sub _open
{
	my ($self, $zone) = @_;
	my $listener = IO::Socket::INET->new(
		Listen => 64,
		LocalAddr => '127.0.0.1',
		LocalPort => $self->{ports}{$zone} // 0,
		ReuseAddr => 1,
		Blocking => 0) or die "listen: $!";
	$self->{ports}{$zone} = $listener->sockport;
	$self->{listeners}{$zone} = $listener;
	return;
}

# The port stays its own, and refuses
sub _refuse
{
	my ($self, $zone) = @_;
	close $self->{listeners}{$zone};
	$self->{listeners}{$zone} = undef;
	socket(my $bound, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
	setsockopt $bound, SOL_SOCKET, SO_REUSEADDR, 1;
	bind($bound, pack_sockaddr_in($self->{ports}{$zone}, inet_aton('127.0.0.1')))
	  or die "bind: $!";
	$self->{bound}{$zone} = $bound;
	$self->_close($_) foreach grep { $_->{zone} eq $zone } values %{ $self->{clients} };
	return;
}

sub _wait
{
	my ($self) = @_;
	my %zone_of = map { $self->{listeners}{$_} ? (fileno($self->{listeners}{$_}) => $_) : () }
	  keys %{ $self->{listeners} };
	my @clients = values %{ $self->{clients} };
	my $now = Time::HiRes::time();
	my $timeout;
	my ($readers, $writers) = (IO::Select->new($self->{control}), IO::Select->new);

	$readers->add(grep { defined } values %{ $self->{listeners} });
	foreach my $client (@clients)
	{
		$readers->add($client->{socket});
		next if !length $client->{out} || !defined $client->{due};
		my $left = $client->{due} - $now;
		$writers->add($client->{socket}) if $left <= 0;
		$timeout = $left if $left > 0 && (!defined $timeout || $left < $timeout);
	}
	my ($readable, $writable) = IO::Select->select($readers, $writers, undef, $timeout);

	$self->_write($_)
	  foreach grep { defined } map { $self->{clients}{ fileno $_ } } @{ $writable // [] };
	foreach my $socket (@{ $readable // [] })
	{
		my $fd = fileno $socket // next;
		if ($socket == $self->{control})
		{
			$self->_obey or return 0;
		}
		elsif (defined $zone_of{$fd})
		{
			$self->_accept($zone_of{$fd}, $socket);
		}
		elsif ($self->{clients}{$fd})
		{
			$self->_read($self->{clients}{$fd});
		}
	}
	return 1;
}

sub _accept
{
	my ($self, $zone, $listener) = @_;
	my $socket = $listener->accept or return;
	$socket->blocking(0);
	$self->{clients}{ fileno $socket } =
	  { socket => $socket, zone => $zone, in => '', out => '', due => undef };
	return;
}

sub _close
{
	my ($self, $client) = @_;
	delete $self->{clients}{ fileno $client->{socket} };
	close $client->{socket};
	return;
}

sub _write
{
	my ($self, $client) = @_;
	my $n = syswrite $client->{socket}, $client->{out};
	return if !defined $n && ($!{EAGAIN} || $!{EINTR});
	return $self->_close($client) if !$n;
	substr $client->{out}, 0, $n, '';
	$self->_close($client) if $client->{out} eq '' && $client->{last};
	return;
}

sub _read
{
	my ($self, $client) = @_;
	my $n = sysread $client->{socket}, $client->{in}, 65536, length $client->{in};
	return if !defined $n && ($!{EAGAIN} || $!{EINTR});
	return $self->_close($client) if !$n;

	while ($client->{in} =~ m{\A(([A-Z]+) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n)}s)
	{
		my ($head, $method, $path, $headers) = (length $1, $2, $3, $4);
		my $length = $headers =~ /^content-length:\s*(\d+)/mi ? $1 : 0;
		return if length $client->{in} < $head + $length;
		my $body = substr $client->{in}, $head, $length;
		substr $client->{in}, 0, $head + $length, '';
		my $signed = $headers =~ /^authorization: EXO2-HMAC-SHA256 /mi;
		return if !$self->_request($client, $method, $path, $body, $signed);
	}
	return;
}

# Answers, or not; false: the connection is gone
sub _request
{
	my ($self, $client, $method, $path, $body, $signed) = @_;
	my $zone = $client->{zone};
	my $mode = $self->{modes}{$zone} // 'up';
	my ($status, $text, $cut);

	if ($mode eq 'drop')
	{
		$self->{failed}++;
		$self->_close($client);
		return 0;
	}
	if ($mode eq 'stall')
	{
		$self->{failed}++;
		return 1;
	}
	if ($mode ne 'up')
	{
		($status, $text) = ($mode, 'away');
	}
	elsif ($zone eq '')
	{
		($status, $text) = $path eq '/v2/zone' ? (200, $self->_zones) : (404, 'not here');
	}
	elsif (!$signed)
	{
		($status, $text) = (401, 'not signed');
	}
	else
	{
		my $fault = $self->_fault;
		($status, $text) =
		  looks_like_number($fault)
		  ? ($fault, 'as told')
		  : $self->{model}->answer($zone, $method, $path, $body);
		$cut = $fault eq 'cut';
	}
	$self->{failed}++ if $status != 200 || $cut;
	$self->_answer($client, $status, $text, $cut);
	return 1;
}

sub _zones
{
	my ($self) = @_;
	return encode_json(
		{
			zones => [
				map { { name => $_, 'api-endpoint' => "http://127.0.0.1:$self->{ports}{$_}/v2" } }
				  @{ $self->{model}->do_zone_names }
			]
		});
}

# The fault of this request, or ''
sub _fault
{
	my ($self) = @_;
	my $fault = $self->{fault} or return '';
	return '' if ++$fault->{n} % $fault->{every};
	$self->{fault} = undef if --$fault->{times} <= 0;
	return $fault->{what};
}

sub _answer
{
	my ($self, $client, $status, $text, $cut) = @_;
	my $type = 'application/json';

	if ($status != 200)
	{
		# In the shapes that errors have
		my $shape = int rand 4;
		$type = 'text/plain' if $shape == 0;
		$text = encode_json(
			  $shape == 1 ? { message => $text }
			: $shape == 2 ? { error => $text }
			:               { title => 'no', detail => $text, errors => [$text] }) if $shape > 0;
	}
	my $out =
		"HTTP/1.1 $status X\r\nContent-Type: $type\r\nContent-Length: "
	  . length($text)
	  . "\r\n\r\n$text";
	if ($cut)
	{
		substr $out, -(length($text) / 2 || 1), length $out, '';
		$client->{last} = 1;
	}
	$client->{out} .= $out;
	$client->{due} = Time::HiRes::time() + $self->{latency};
	if (defined $self->{hold} && $client->{zone} ne '' && --$self->{hold} <= 0)
	{
		$client->{due} = undef;
		$self->{held} = 1;
	}
	return;
}

# What the test tells; false when it has ended
sub _obey
{
	my ($self) = @_;
	sysread $self->{control}, $self->{received}, 65536, length $self->{received} or return 0;
	while ($self->{received} =~ s/\A(.*)\n//)
	{
		my ($command, @arguments) = @{ decode_json($1) };
		my $function = $self->can("_do_$command") or die "unknown command $command";
		my $told = eval { [ scalar $self->$function(@arguments) ] } // [ undef, "$@" ];
		my $answer = encode_json($told) . "\n";
		$self->{control}->blocking(1);
		while (length $answer)
		{
			my $n = syswrite $self->{control}, $answer or return 0;
			substr $answer, 0, $n, '';
		}
	}
	return 1;
}

sub _do_port { return $_[0]{ports}{ $_[1] } }

sub _do_do
{
	my ($self, @command) = @_;
	my $told = $self->{model}->command(@command);
	foreach my $zone (@{ $self->{model}->do_zone_names })
	{
		$self->_open($zone) if !defined $self->{ports}{$zone};
	}
	return $told;
}

sub _do_zone
{
	my ($self, $zone, $mode) = @_;
	my $before = $self->{modes}{$zone} // 'up';

	$self->{modes}{$zone} = $mode;
	$self->_refuse($zone) if $mode eq 'refuse' && $before ne 'refuse';
	if ($mode ne 'refuse' && $before eq 'refuse')
	{
		close delete $self->{bound}{$zone};
		$self->_open($zone);
	}
	# What was not answered will not be any more
	if ($before eq 'stall')
	{
		$self->_close($_) foreach grep { $_->{zone} eq $zone } values %{ $self->{clients} };
	}
	return;
}

sub _do_fault
{
	my ($self, $what, $every, $times) = @_;
	$self->{fault} =
	  defined $what ? { what => $what, every => $every, times => $times, n => 0 } : undef;
	return;
}

sub _do_latency
{
	my ($self, $seconds) = @_;
	$self->{latency} = $seconds;
	return;
}

sub _do_hold
{
	my ($self, $n) = @_;
	@$self{qw(hold held)} = ($n, 0);
	return;
}

sub _do_held { return $_[0]{held} ? 1 : 0 }

sub _do_release
{
	my ($self) = @_;
	@$self{qw(hold held)} = (undef, 0);
	$_->{due} //= 0 foreach values %{ $self->{clients} };
	return;
}

sub _do_failed
{
	my ($self) = @_;
	my $failed = $self->{failed};
	$self->{failed} = 0;
	return $failed;
}

1;
