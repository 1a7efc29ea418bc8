package DbaasRelay;

=head1 NAME

DbaasRelay - what stands between a client and a port, and may fail

=head1 SYNOPSIS

    use DbaasRelay;

    my $relay = DbaasRelay->start($proxy->port);
    $t->create_server(endpoint => 'https://localhost:' . $relay->port . '/{zone}/v2');
    $relay->freeze;

=head1 DESCRIPTION

Passes on what comes over TCP, in both directions, as a NAT or a load balancer does.
It listens on 127.0.0.1, and ends with the object.

=over

=item start($port)

Starts it in front of that port.

=item port

Where it listens.

=item freeze

From now on nothing passes over the connections that are open, and nobody is told;
new ones are served.

=item swallow($seconds)

For that time it neither takes nor refuses a connection.

=item lose($n, $reset)

The next $n connections end at their first bytes: with a reset, or else closed.

=item hold($n, $what), held, release

The $n-th request from now on is not passed on (C<request>), or its answer is not (C<answer>);
whether it is there; passes it on after all.  A client that goes takes what is held with it.

=item accepted

How many connections it has accepted so far.

=back

=cut

use strict;
use warnings;
use parent qw(DbaasProcess);

use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket;
use Time::HiRes qw(time);

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
		print STDERR "relay: $@" if $@;
		POSIX::_exit(0);
	}
	close $its;
	return $self;
}

sub port     { return $_[0]{port} }
sub freeze   { return $_[0]->_ask('freeze') }
sub swallow  { return $_[0]->_ask("swallow $_[1]") }
sub accepted { return $_[0]->_ask('accepted') }
sub hold     { my ($self, $n, $what) = @_; return $self->_ask("hold $n $what") }
sub held     { return $_[0]->_ask('held') }
sub release  { return $_[0]->_ask('release') }

sub lose
{
	my ($self, $n, $reset) = @_;
	return $self->_ask("lose $n " . ($reset ? 1 : 0));
}

sub _ask
{
	my ($self, $command) = @_;
	syswrite $self->{control}, "$command\n" or die "relay: $!";
	my $answer = readline($self->{control}) // die 'the relay has ended';
	return $answer + 0;
}

# The relay's own process, until the control is closed
sub _run
{
	my ($listener, $control, $port) = @_;
	my $select = IO::Select->new($listener, $control);
	my (%other, %lost, %frozen, @queue, $deaf_until);
	my ($accepted, $lose, $reset) = (0, 0, 0);
	# Of each client: does it await an answer?  And the request to hold, who sends what is held of
	# it, and that
	my (%awaits, $hold, $what, $held, $kept);

	local $SIG{PIPE} = 'IGNORE';
	while (1)
	{
		my $wait = defined $deaf_until ? $deaf_until - time : undef;
		my @ready = $select->can_read(defined $wait && $wait < 0 ? 0 : $wait);
		if (defined $deaf_until && $deaf_until <= time)
		{
			listen $listener, 64;
			$select->add($listener);
			@queue = ();
			$deaf_until = undef;
		}
		foreach my $ready (@ready)
		{
			if ($ready == $listener)
			{
				my $client = $listener->accept or next;
				$accepted++;
				$select->add($client);
				if ($lose > 0)
				{
					$lose--;
					$lost{$client} = $client;
					next;
				}
				my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
				  or die "connect: $!";
				@other{ $client, $server } = ($server, $client);
				$awaits{$client} = 0;
				$select->add($server);
			}
			elsif ($ready == $control)
			{
				sysread $control, my $command, 100 or return;
				if ($command =~ /^freeze/)
				{
					foreach my $socket (map { $other{$_} } keys %other)
					{
						$select->remove($socket);
						$frozen{$socket} = $socket;
					}
					%other = ();
				}
				if ($command =~ /^swallow ([\d.]+)/)
				{
					# Its queue is full
					$deaf_until = time + $1;
					$select->remove($listener);
					listen $listener, 0;
					my %itself = (PeerAddr => '127.0.0.1', PeerPort => $listener->sockport);
					@queue = map { IO::Socket::INET->new(%itself, Blocking => 0) } 1 .. 8;
				}
				($lose, $reset) = ($1, $2) if $command =~ /^lose (\d+) (\d)/;
				($hold, $what, $held, $kept) = ($1, $2, undef, '')
				  if $command =~ /^hold (\d+) (\w+)/;
				if ($command =~ /^release/)
				{
					_write($other{$held}, $kept) if defined $held && $other{$held};
					($hold, $held) = ();
				}
				my $told = $command =~ /^held/ ? (length($kept // '') && $held ? 1 : 0) : $accepted;
				syswrite $control, "$told\n";
			}
			elsif (delete $lost{$ready})
			{
				sysread $ready, my $bytes, 65536;
				setsockopt $ready, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0) if $reset;
				$select->remove($ready);
				close $ready;
			}
			elsif (my $other = $other{$ready})
			{
				my $n = sysread $ready, my $bytes, 65536;
				if ($n && !exists $awaits{$ready})
				{
					$awaits{$other} = 0;
				}
				elsif ($n && !$awaits{$ready}++ && defined $hold && --$hold == 0)
				{
					$held = $what eq 'request' ? $ready : $other;
				}
				if ($n && defined $held && $held == $ready)
				{
					$kept .= $bytes;
					next;
				}
				next if $n and _write($other, $bytes);
				$held = undef if defined $held && ($held == $ready || $held == $other);
				delete @awaits{ $ready, $other };
				delete @other{ $ready, $other };
				$select->remove($ready, $other);
				close $_ foreach $ready, $other;
			}
		}
	}
	return;
}

sub _write
{
	my ($socket, $bytes) = @_;
	while (length $bytes)
	{
		my $n = syswrite $socket, $bytes or return;
		substr $bytes, 0, $n, '';
	}
	return 1;
}

1;
