package DbaasClient;

=head1 NAME

DbaasClient - runs a client's own program beside a simulator, for test/clients

=head1 SYNOPSIS

    use DbaasClient;

    my $client = DbaasClient->new('/usr/bin/python3', '-P', 'test/clients/psycopg.py');

    $client->does('rollback', reads => 1, writes => [], said => <<'END');
    2 rows
    END

    $client->test->sql('...');      # its DbaasTest

=head1 DESCRIPTION

The client connects by TCP: PGHOST, PGPORT, PGUSER and PGDATABASE say where to.  The
simulator is that of DbaasTest.

=over

=item DbaasClient->new(@command)

Starts the node.

=item does($part, %expected)

Runs the command with the name of the part as its argument, in a new process and thus
in a session of its own, with the simulator at its beginning.  It has to succeed and to
print what C<said> is.  C<reads> is how many requests it may make, without the list of
zones, which each session reads once, and those that follow an operation: the number, or
an array of the least and the most.  C<writes> are its others, in their order, as "METHOD
zone path body"; none by default.

=item run(@arguments)

Runs it, and returns its exit status, its output, and what it said on stderr.

=back

=cut

use strict;
use warnings;

use DbaasTest;
use Encode   qw(encode_utf8);
use IPC::Run ();
use Test::More;

# Seconds that one part may take
my $limit = 180;

sub new
{
	my ($class, @command) = @_;
	my $test = DbaasTest->new(conf => "listen_addresses = '127.0.0.1'");
	return bless { test => $test, command => \@command }, $class;
}

sub test { return $_[0]{test} }

sub run
{
	my ($self, @arguments) = @_;
	local %ENV = (
		%ENV,
		PGHOST => '127.0.0.1',
		PGPORT => $self->test->node->port,
		PGUSER => 'postgres',
		PGDATABASE => 'postgres',
		PGTZ => 'UTC',
		PYTHONIOENCODING => 'utf-8');
	IPC::Run::run([ @{ $self->{command} }, @arguments ],
		'<', \undef, '>', \my $said, '2>', \my $stderr, IPC::Run::timeout($limit));
	return ($?, $said, $stderr);
}

# The API reads logs, metrics and the like with POST
sub _is_read
{
	my ($request) = @_;
	return $request->{method} eq 'GET'
	  || $request->{path} =~ m{^/dbaas-(?:service-logs|service-metrics)/};
}

sub does
{
	my ($self, $part, %expected) = @_;
	my $sim = $self->test->sim;
	$sim->reset;
	$sim->clear;
	my ($status, $said, $stderr) = $self->run($part);
	my @sent = grep { $_->{path} !~ m{^/(?:zone$|operation/)} } $sim->requests;
	my @reads = grep { _is_read($_) } @sent;
	my @writes = grep { !_is_read($_) } @sent;
	my ($least, $most) = ref $expected{reads} ? @{ $expected{reads} } : ($expected{reads}) x 2;

	is($status, 0, "$part: ends well") or diag($stderr);
	is($said, encode_utf8($expected{said}), "$part: what it prints");
	ok(@reads >= $least && @reads <= $most, "$part: as many requests as are needed")
	  or diag(scalar(@reads), ' reads: ', join ', ', map { "$_->{zone} $_->{path}" } @reads);
	is_deeply(
		[
			map {
				join ' ',
				  grep { defined && length }
				  @{$_}{qw(method zone path body)}
			} @writes
		],
		$expected{writes} // [],
		"$part: what is written");
	return;
}

1;
