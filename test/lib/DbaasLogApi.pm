package DbaasLogApi;

=head1 NAME

DbaasLogApi - an API that has nothing but logs, with the entries that a test wants

=head1 SYNOPSIS

    use DbaasLogApi;

    my $api = DbaasLogApi->start(40, pg => [ [ '2026-01-02T00:00:00Z', 'oldest' ], ... ]);
    $t->create_server(endpoint => $api->endpoint_template, zones => 'ch-gva-2');
    my @orders = $api->orders;

=head1 DESCRIPTION

Serves the list of services and each one's entries, which are pairs of a time and a message, in
the order in which they are given or in reverse, whatever their times are.  It listens on
127.0.0.1, and ends with the object.

=over

=item start($page, %entries)

Starts it.  A page has up to $page entries, or fewer if the request says so.

=item endpoint_template

For the option endpoint of a server.

=item orders

Since the last call: for each request the order that it asked for, and "on" if it had a cursor.

=back

=cut

use strict;
use warnings;
use parent qw(DbaasProcess);

use Cpanel::JSON::XS qw(decode_json encode_json);
use IO::Select;
use IO::Socket::INET;
use List::Util qw(max min);
use POSIX      ();
use Socket;

sub start
{
	my ($class, $page, %entries) = @_;
	my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 0)
	  or die "listen: $!";
	socketpair(my $ours, my $its, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
	my $self = bless { port => $listener->sockport, control => $ours, owner => $$ }, $class;

	$self->{pid} = fork // die "fork: $!";
	if (!$self->{pid})
	{
		close $ours;
		eval { _run($listener, $its, $page, \%entries) };
		print STDERR "log API: $@" if $@;
		POSIX::_exit(0);
	}
	close $its;
	return $self;
}

sub endpoint_template { return "http://127.0.0.1:$_[0]{port}/{zone}/v2" }

sub orders
{
	my ($self) = @_;
	syswrite $self->{control}, "?\n" or die "log API: $!";
	my $answer = readline($self->{control}) // die 'the log API has ended';
	chomp $answer;
	return split /,/, $answer;
}

# A page of these entries.  A cursor is the number of the entry that it stands before.
sub _page
{
	my ($entries, $most, $asked) = @_;
	my $n = min($most, $asked->{limit} // 100);
	my $ascending = ($asked->{'sort-order'} // 'desc') eq 'asc';
	my $from = $asked->{offset} // ($ascending ? 0 : @$entries);
	my $to = $ascending ? min($from + $n, scalar @$entries) : max($from - $n, 0);
	my @numbers = $ascending ? $from .. $to - 1 : reverse $to .. $from - 1;

	return {
		offset => "$to",
		'first-log-offset' => "$from",
		logs => [ map { { time => $entries->[$_][0], message => $entries->[$_][1] } } @numbers ]
	};
}

sub _answer
{
	my $body = encode_json($_[0]);
	return
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
	  . length($body)
	  . "\r\n\r\n$body";
}

# The API's own process, until the control is closed
sub _run
{
	my ($listener, $control, $page, $entries) = @_;
	my $select = IO::Select->new($listener, $control);
	my (%received, @orders);

	local $SIG{PIPE} = 'IGNORE';
	while (1)
	{
		foreach my $socket ($select->can_read)
		{
			if ($socket == $listener)
			{
				$select->add(scalar $listener->accept);
				next;
			}
			my $got = sysread $socket, $received{$socket}, 65536, length($received{$socket} // '');
			if ($socket == $control)
			{
				return if !$got;
				$received{$control} = '';
				syswrite $control, join(',', splice @orders) . "\n";
				next;
			}
			if (!$got)
			{
				delete $received{$socket};
				$select->remove($socket);
				close $socket;
				next;
			}
			while ($received{$socket} =~ m{\A(GET \S*/dbaas-service .*?\r\n\r\n)}si)
			{
				substr $received{$socket}, 0, length $1, '';
				syswrite $socket,
				  _answer({ 'dbaas-services' => [ map { { name => $_ } } sort keys %$entries ] });
			}
			while ($received{$socket} =~
				m{\A(POST \S*/(\S+) .*?content-length: (\d+).*?\r\n\r\n)(.*)\z}si
				&& length $4 >= $3)
			{
				my ($service, $length, $head) = ($2, $3, length $1);
				my $asked = decode_json(substr $received{$socket}, $head, $length);
				my $body = _page($entries->{$service} // [], $page, $asked);

				substr $received{$socket}, 0, $head + $length, '';
				push @orders, $asked->{'sort-order'} . (defined $asked->{offset} ? ' on' : '');
				syswrite $socket, _answer($body);
			}
		}
	}
	return;
}

1;
