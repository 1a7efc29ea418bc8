# The simulator, built with gcc's sanitizers, runs its own tests and answers every operation, with
# what is there and what is not: they report nothing, and nothing is leaked.
use strict;
use warnings;

use DbaasSim;
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP ();
use Test::More;

my $tree = "$FindBin::RealBin/../..";
my $dir = tempdir(CLEANUP => 1);
my @make = ('make', '-s', '-j2', '-C', $dir, '-f', "$tree/sim/Makefile", 'SANITIZE=1');

sub run
{
	my (@command) = @_;
	open my $output, '-|', "@command 2>&1" or die "$command[0]: $!";
	my $text = do { local $/; <$output> };
	return (close $output, $text);
}

if (!(  run("echo 'int main(void) { return 0; }' | \${CC:-cc} -fsanitize=address,undefined -x c "
			  . "-o $dir/empty - && $dir/empty"))[0])
{
	diag('skipped: the simulator was NOT watched; the compiler has no sanitizers');
	plan skip_all => 'SKIPPED: no sanitizers';
}

# Quick to compile, and with the lines of a stack
my ($built, $said) = run(@make, "CFLAGS='-O0 -g1'");
ok($built, 'the simulator is built with sanitizers') or BAIL_OUT($said);

$ENV{DBAAS_SIM} = "$dir/dbaas-sim";
$ENV{ASAN_OPTIONS} = "handle_sigill=1:log_path=$dir/report";

sub no_reports
{
	my ($name) = @_;
	my @reports = glob "$dir/report.*";
	ok(!@reports, "$name: no report");
	foreach my $report (@reports)
	{
		diag((run("head -40 $report"))[1]);
		unlink $report;
	}
	return;
}

# The tests of its own; the longest are for "make assertions"
my @tests = grep { !/00[28]_/ } glob "$tree/test/t/*_sim_*.pl";
my ($passed, $told) = run($^X, '-S', 'prove', '-j2', @tests);
ok($passed, scalar(@tests) . ' tests of the simulator pass') or diag($told);
no_reports('tests');

# Every operation
open my $output, '-|', "$ENV{DBAAS_SIM} --describe" or die "cannot run the simulator: $!";
my @operations = @{ JSON::PP->new->utf8->decode(do { local $/; <$output> }) };
ok(close $output, scalar(@operations) . ' operations');

sub request_all
{
	my $sim = DbaasSim->start(services => 8, zones => 1, logs => 40, operation_time => 0);
	my @services = @{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} };
	my %ids = (
		'endpoint-id' => DbaasSim::uuid('1/ch-gva-2/external-endpoints/1'),
		'integration-id' => DbaasSim::uuid('1/ch-gva-2/external-integrations/1/1'));
	my %status;

	foreach my $operation (sort { $a->{method} cmp $b->{method} } @operations)
	{
		my ($type) = $operation->{path} =~ /^.dbaas-([a-z]+)/;
		$type =~ s/^postgres$/pg/ if $type;
		my ($service) = grep { $_->{type} eq ($type // '') } @services;
		my $name = ($service // $services[0])->{name};
		foreach my $value ($name, '%00%ff', 'x' x 300)
		{
			my $path = $operation->{path} =~ s/\{([a-z-]+)\}/$ids{$1} \/\/ $value/ger;
			my @bodies = (undef, '{}', '{"plan": 1e400, "username": null', '[[["x"]]]');
			splice @bodies, 1 if $operation->{method} eq 'GET';
			foreach my $body (@bodies)
			{
				$status{ $sim->request($operation->{method}, $path, $body)->{status} }++;
			}
		}
	}
	cmp_ok($status{$_} // 0, '>', 0, "answers with $_") foreach 200, 400, 404;
	$sim->reset;
	is(scalar @{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} }, 8, 'reset');
	is($sim->stop, 0, 'the simulator ends well');
	return;
}
eval { request_all(); 1 } or fail("every operation: $@");
no_reports('every operation');

done_testing();
