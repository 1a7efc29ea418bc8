# Memory is kept from one answer to the next, so that pages do not begin with
# page faults; and what a large answer needed is given back.
use strict;
use warnings;

use DbaasTest;
use List::Util qw(min);
use Test::More;

my $entries = 100_000;
my $t = DbaasTest->new(services => 100, zones => 1, logs => $entries);

sub slurp
{
	my ($file) = @_;
	open my $fh, '<', $file or die "$file: $!";
	local $/;
	return scalar <$fh>;
}

# Minor page faults of a process so far
sub faults
{
	my ($pid) = @_;
	my ($rest) = slurp("/proc/$pid/stat") =~ /^.*\) (.*)/s;
	return (split ' ', $rest)[7];
}

# MiB of its own
sub own
{
	my ($pid) = @_;
	my ($kib) = slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m;
	return $kib / 1024;
}

# Page faults of a run that is not the first of a session: the fewest of three, for how many
# responses are there at once depends on the machine, too
sub later_faults
{
	my ($sql, $result) = @_;
	my $session = $t->session;
	is($session->sql($sql), $result, "$result: $sql");
	my @faults;
	foreach (1 .. 3)
	{
		my $before = faults($session->pid);
		$session->sql($sql);
		push @faults, faults($session->pid) - $before;
	}
	$session->quit;
	return min(@faults);
}

# Many pages, one after the other.  Without what is kept, there are from hundreds to thousands.
my $one = "FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";
foreach my $sql ("SELECT count(message) $one",
	"SELECT count(*) FROM (SELECT time, node, unit, message $one OFFSET 0) x")
{
	my $faults = later_faults($sql, $entries);
	DbaasTest::measured_ok($faults, '<', 200, "$faults page faults in a later run");
}

# Many answers in flight.  Of the memory that these need at once, a session at rest keeps a
# part.  To compile the query, which PostgreSQL might do, is another matter.
my $faults = later_faults(
	q{SET jit = off;
	SELECT count(*) > 0 FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND log_limit = 500}, 't');
DbaasTest::measured_ok($faults, '<', 500,
	"$faults page faults in a later run with many in flight");

# Large answers are given back
my $large = DbaasSim->start(services => 8000, zones => 1, logs => 0);
$t->create_server(endpoint => $large->endpoint_template);
my $session = $t->session;
$session->sql('SELECT count(*) FROM exo.dbaas_zones');
my $idle = own($session->pid);
foreach my $time (1 .. 2)
{
	is($session->sql('SELECT count(name) FROM exo.dbaas_services'), 8000, 'a large answer');
	my $more = own($session->pid) - $idle;
	DbaasTest::measured_ok($more, '<', 3, sprintf 'leaves %.1f MiB', $more);
}

done_testing();
