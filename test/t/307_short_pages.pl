# A log that is followed ends at a page that is not full: what is new costs one request,
# and a log that is written all the time has an end.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 3, zones => 1, logs => 1200);
my $session = $t->session;
my $from = "FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";
my $asc = "$from AND sort_order = 'asc'";

sub logged { $t->sim->append_logs('ch-gva-2', 'pg-1-0001', @_); return }

# What a query returns, and how many requests for it that takes
sub reads
{
	my ($sql, $result, $requests, $name) = @_;
	my $got;
	my @sent = grep { $_->{method} eq 'POST' } $t->requests(sub { $got = $session->sql($sql) });
	is($got, $result, $name);
	is(scalar @sent, $requests, "$name: requests");
	my ($expected) = $session->sql("EXPLAIN $sql") =~ /Expected Requests: (\d+)/;
	return $expected;
}

my $cursor = $session->sql("SELECT first_log_offset $from LIMIT 1");
my $new = "SELECT count(*), max(message) ~ '^entry 1249 ' $asc AND log_offset = '$cursor'";
logged(50);
is(reads($new, '50|t', 1, 'fifty new entries'), 1, 'which is what is expected');
logged(450);
reads("SELECT count(*) $asc AND log_offset = '$cursor'", 500, 2, 'a full page may not be the last');
logged(1);
reads("SELECT count(*) $asc AND log_offset = '$cursor'", 501, 2, 'one entry more');
reads("SELECT count(*) $asc AND log_offset = '$cursor' AND log_limit = 20",
	20, 1, 'a bound on the entries');
reads("SELECT count(*) $from AND log_offset = '$cursor'",
	1200, 4, 'older entries are read until there are none');
reads("SELECT count(message) $asc AND with_outcome",
	1701, 4, 'all, if the end is told where it is');
reads("SELECT count(message) $asc", 1701, 5, 'all: until a page is empty');

# A page that is not full for another reason, somewhere in the middle
foreach my $follows (0, 1)
{
	$t->sim->fault(
		{
			path   => '/dbaas-service-logs/pg-1-0001',
			action => 'merge',
			patch  => { logs => [ { time => '2026-01-01T00:00:01Z', message => 'short' } ] }
		});
	my $read = $follows ? "$asc AND with_outcome" : $asc;
	is( $session->sql("SELECT count(message) $read"),
		$follows ? 1 : 1202,
		$follows ? 'is where a log goes on the next time' : 'is no end of one that is read once');
}

# A log that is written all the time
$t->sim->config(log_growth => 7);
is( $session->sql("SELECT count(*) > 0 $asc AND log_offset = '$cursor'"), 't', 'it has an end');
is($session->sql("SELECT count(message) > 1700, count(outcome) $asc AND with_outcome"),
	't|1', 'from its beginning on, too');

# From outcome to outcome, each entry once
my ($next, %seen, @counts) = ($cursor);
foreach my $time (1 .. 5)
{
	my @rows = split /\n/,
	  $session->sql("SELECT outcome->>'next_offset', (regexp_match(message, '\\d+'))[1]
		$asc AND with_outcome AND log_offset = '$next'");
	($next) = split /\|/, pop @rows;
	$seen{ (split /\|/)[1] }++ foreach @rows;
	push @counts, scalar @rows;
}
is_deeply([ grep { $seen{$_} != 1 } keys %seen ], [], 'five runs: no entry twice');
my @numbers = sort { $a <=> $b } keys %seen;
is_deeply(\@numbers, [ 1200 .. 1199 + @numbers ], 'and none is missed');
is("@counts[1 .. 4]", '7 7 7 7', 'what one round trip adds is for the next run');

done_testing();
