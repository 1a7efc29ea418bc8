package DbaasAnswers;

=head1 NAME

DbaasAnswers - an API that gives the answers that a test has prepared, byte by byte

=head1 SYNOPSIS

    use DbaasAnswers;

    my $api = DbaasAnswers->start($t->sim->port);
    $t->create_server(endpoint => $api->endpoint_template, zones => 'ch-gva-2');
    $t->sql('SELECT * FROM exo.dbaas_services');
    my $body = $api->recorded->{'GET /ch-gva-2/v2/dbaas-service'};
    $api->prepare(
        'GET /ch-gva-2/v2/dbaas-service' => [ { bytes => "HTTP/1.1 ...", end => 'close' } ]);

=head1 DESCRIPTION

What is not prepared it asks a simulator for, once, and repeats from then on.  It listens on
127.0.0.1, and ends with the object.

=over

=item start($port)

Starts it in front of the simulator on that port.

=item endpoint_template

For the option endpoint of a server.

=item prepare(REQUEST => [answers])

From now on these requests, and no others, have prepared answers: one after the other, the last
again and again.  A request for a page behind the first is named with C< on> behind it.  An answer
has bytes, or pieces that are written one by one, and an end: keep (the connection), close, reset,
or stall, which keeps it and says nothing more.

=item recorded, record(REQUEST => body)

The bodies of the simulator's answers; replaces one.

=back

=cut

use strict;
use warnings;
use parent qw(DbaasProcess);

use IO::Select;
use IO::Socket::INET;
use POSIX    ();
use Socket   qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);
use Storable qw(freeze thaw);

sub start
{
	my ($class, $port) = @_;
	my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 0)
	  or die "listen: $!";
	socketpair(my $ours, my $its, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
	my $self = bless { port => $listener->sockport, control => $ours, owner => $$ }, $class;

	$self->{pid} = fork // die "fork: $!";
	if (!$self->{pid})
	{
		close $ours;
		eval { _run($listener, $its, $port) };
		print STDERR "answers: $@" if $@;
		POSIX::_exit(0);
	}
	close $its;
	return $self;
}

sub endpoint_template { return "http://127.0.0.1:$_[0]{port}/{zone}/v2" }

sub prepare
{
	my ($self, %answers) = @_;
	$self->_ask(prepare => \%answers);
	return;
}

sub record
{
	my ($self, $request, $body) = @_;
	$self->_ask(record => { $request => $body });
	return;
}

sub recorded { return $_[0]->_ask(recorded => {}) }

sub _send
{
	my ($socket, $data) = @_;
	my $bytes = pack 'N/a*', freeze($data);
	while (length $bytes)
	{
		my $n = syswrite $socket, $bytes or die "control: $!";
		substr $bytes, 0, $n, '';
	}
	return;
}

# What was sent; nothing at the end
sub _receive
{
	my ($socket) = @_;
	my $bytes = '';
	until (length $bytes >= 4 && length $bytes == 4 + unpack 'N', $bytes)
	{
		sysread $socket, $bytes, 1 << 20, length $bytes or return;
	}
	return thaw(substr $bytes, 4);
}

sub _ask
{
	my ($self, @question) = @_;
	_send($self->{control}, \@question);
	return _receive($self->{control}) // die 'the answers have ended';
}

sub answer
{
	my ($body, $status) = @_;
	return
		'HTTP/1.1 '
	  . ($status // '200 OK')
	  . "\r\nContent-Type: application/json\r\nContent-Length: "
	  . length($body)
	  . "\r\n\r\n$body";
}

# The body of the simulator's answer; undef if it has none
sub _ask_simulator
{
	my ($port, $head, $body) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
	  or die "connect: $!";
	$head =~ s/^Accept-Encoding:.*?\r\n//mi;
	$head =~ s/\r\n\r\n\z/\r\nConnection: close\r\n\r\n/;
	print $socket $head, $body;
	local $/ = undef;
	my ($status, $answer) = readline($socket) =~ m{\AHTTP/1.1 (\d+).*?\r\n\r\n(.*)\z}s;
	return $status == 200 ? $answer : undef;
}

# Its own process, until the control is closed
sub _run
{
	my ($listener, $control, $port) = @_;
	my $select = IO::Select->new($listener, $control);
	my (%recorded, %prepared, %connections);

	local $SIG{PIPE} = 'IGNORE';
	my $drop = sub {
		my ($socket) = @_;
		delete $connections{$socket};
		$select->remove($socket);
		close $socket;
	};
	while (1)
	{
		my @writing = map { $_->{socket} } grep { @{ $_->{pieces} } } values %connections;
		my ($readable, $writable) = IO::Select->select($select, IO::Select->new(@writing), undef);
		foreach my $socket (@$readable)
		{
			if ($socket == $listener)
			{
				my $client = $listener->accept or next;
				$client->blocking(0);
				setsockopt $client, IPPROTO_TCP, TCP_NODELAY, 1;
				$select->add($client);
				$connections{$client} =
				  { socket => $client, received => '', pieces => [], end => 'keep' };
				next;
			}
			if ($socket == $control)
			{
				my ($what, $data) = @{ _receive($control) // return };
				%prepared = %$data if $what eq 'prepare';
				@recorded{ keys %$data } = values %$data if $what eq 'record';
				_send($control, \%recorded);
				next;
			}
			my $connection = $connections{$socket};
			if (!sysread $socket, $connection->{received}, 65536, length $connection->{received})
			{
				$drop->($socket);
				next;
			}
			my ($head, $method, $path) =
			  $connection->{received} =~ m{\A((\S+) (\S+) HTTP/1.1\r\n.*?\r\n\r\n)}s
			  or next;
			my $length = $head =~ /^Content-Length: (\d+)/mi ? $1 : 0;
			next if length $connection->{received} < length($head) + $length;
			my $body = substr $connection->{received}, length $head, $length;
			$connection->{received} = '';

			my $request = "$method $path" . ($body =~ /"offset"/ ? ' on' : '');
			my $answers = $prepared{$request};
			$recorded{$request} //= _ask_simulator($port, $head, $body) if !$answers;
			my $next =
				$answers                    ? $answers->[0]
			  : defined $recorded{$request} ? { bytes => answer($recorded{$request}) }
			  :   { bytes => answer('{"message":"Not Found"}', '404 Not Found') };
			shift @$answers if $answers && @$answers > 1;
			$connection->{pieces} = [ @{ $next->{pieces} // [ $next->{bytes} ] } ];
			$connection->{end} = $next->{end} // 'keep';
		}
		foreach my $socket (@$writable)
		{
			my $connection = $connections{$socket} or next;
			my $pieces = $connection->{pieces};
			my $n = length $pieces->[0] ? syswrite $socket, $pieces->[0] : 0;
			if (!defined $n)
			{
				$drop->($socket) unless $!{EAGAIN};
				next;
			}
			substr $pieces->[0], 0, $n, '';
			shift @$pieces unless length $pieces->[0];
			next if @$pieces || $connection->{end} eq 'keep' || $connection->{end} eq 'stall';
			setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)
			  if $connection->{end} eq 'reset';
			$drop->($socket);
		}
	}
	return;
}

1;
