package DbaasChecks;

=head1 NAME

DbaasChecks - what several tests check in the same way

=head1 SYNOPSIS

    use DbaasChecks qw(is_refused writes_of);

    is_deeply(writes_of($session, $sql), ['DELETE ch-gva-2 /dbaas-service/x'], 'deletes it');
    is_refused($session, $sql, '0A000', qr/HINT: .../);

=head1 DESCRIPTION

Each function takes a DbaasTest::Session first.

=over

=item requests_of($session, $sql)

The requests of the statement, but for the polls of operations, as texts of
method, zone, path and body, in a reference to an array.

=item writes_of($session, $sql)

Those of them that are no GET.

=item is_refused($session, $sql, $sqlstate, $text)

The statement fails with that SQLSTATE, its error matches, and no write is sent.

=item is_strict($session, $sql, $hint, $name)

The statement fails because a zone answers 503, its hint matches, and no write is
sent.  One that begins a transaction is rolled back.

=item leaves_out($session, $sql, $rows, $name)

The statement gives these rows, with one warning and without an error.

=item with_and_without($session, $sql, %how)

Runs the statement without lookahead and with it.  Gives rows, requests and the
most of them in flight, as {off|on}{rows|sent|peak}.  A page that follows may have
been requested when a loop goes on to its next row, or not yet, so only first
pages count among the requests.  Of %how, C<latency> is the simulator's for this
time, C<before> is SQL to run first, and C<sort> sorts the rows.

=item until_expected($run, $expected)

How many requests are in flight depends on how long responses take beside what
the machine does meanwhile.  Calls $run with 1, 3, 10 and 30, by which it is to
slow the responses down, until $expected of what it returns is true; returns that.

=back

=cut

use strict;
use warnings;

use Exporter qw(import);
use List::Util qw(max);
use Test::More;

use DbaasTest;

our @EXPORT_OK = qw(requests_of writes_of is_refused is_strict leaves_out with_and_without
  until_expected);

sub requests_of
{
	my ($session, $sql) = @_;
	return [ map { join ' ', grep { defined && length } @{$_}{qw(method zone path body)} }
		  grep { $_->{path} !~ m{^/operation/} } $session->requests($sql) ];
}

sub writes_of
{
	my ($session, $sql) = @_;
	return [ grep { !/^GET / } @{ requests_of($session, $sql) } ];
}

sub is_refused
{
	my ($session, $sql, $sqlstate, $text) = @_;
	$session->sim->clear;
	my $error = $session->sql_error($sql);
	is($error->{sqlstate}, $sqlstate, "$sql: $sqlstate");
	like($error->{stderr}, $text, 'says why');
	is_deeply([ grep { $_->{method} ne 'GET' } $session->sim->requests ], [], 'and sends nothing');
	return;
}

sub is_strict
{
	my ($session, $sql, $hint, $name) = @_;
	$session->sim->clear;
	my $error = DbaasTest::parse_error(($session->sql_both($sql))[1]) // {};
	$session->sql_both('ROLLBACK') if $sql =~ /BEGIN;/;
	like($error->{message} // '', qr/ failed with HTTP status 503$/, "$name: fails");
	like($error->{hint} // '', $hint, "$name: and the hint says why");
	my @sent = map { "$_->{method} $_->{path}" } $session->sim->requests;
	my $read = qr{^(?:GET |POST /dbaas-service-(?:logs|metrics)/)};
	is_deeply([ grep { $_ !~ $read } @sent ], [], "$name: no write is sent");
	return;
}

sub leaves_out
{
	my ($session, $sql, $rows, $name) = @_;
	my ($out, $stderr) = $session->sql_both($sql);
	is($out, $rows, "$name: the other zones' rows");
	is(scalar(() = $stderr =~ /WARNING: /g), 1, "$name: one warning");
	unlike($stderr, qr/ERROR/, "$name: no error");
	return;
}

sub with_and_without
{
	my ($session, $sql, %how) = @_;
	my $sim = $session->sim;
	my %run;
	$sim->config(latency => $how{latency}) if defined $how{latency};

	# Both with a list of zones, or both without one, however long the first takes
	$session->sql('SET dbaas_fdw.zones_ttl = -1');
	foreach my $switch ('off', 'on')
	{
		$session->sql("SET dbaas_fdw.enable_lookahead = $switch");
		$session->sql($how{before}) if $how{before};
		$sim->clear;
		my @rows = split /\n/, $session->sql($sql), -1;
		my @sent = $sim->requests;
		my @first = grep { ($_->{body} // '') !~ /"offset"/ } @sent;
		$run{$switch} = {
			rows => join("\n", $how{sort} ? sort @rows : @rows),
			sent => [ sort map { join ' ', @{$_}{qw(method zone path)}, $_->{body} // '' } @first ],
			peak => max(0, map { $_->{in_flight} } @sent) };
	}
	return \%run;
}

sub until_expected
{
	my ($run, $expected) = @_;
	my $result;
	foreach my $slowness (1, 3, 10, 30)
	{
		$result = $run->($slowness);
		last if $expected->($result);
	}
	return $result;
}

1;
