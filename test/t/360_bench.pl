# The benchmark works, in little: what it compares does the same work, and its page can be made.
use strict;
use warnings;

use DbaasProxy;
use File::Copy qw(copy);
use PostgreSQL::Test::Utils;
use Test::More;

is(system('make -s bench/floor'), 0, 'the floor program is built');
local $ENV{DBAAS_FLOOR} = "$ENV{TESTDIR}/bench/floor";
local $ENV{SIZE} = 'small';
my @cases = qw(a b c d e f g h j k l m n gzip ceiling);
my $output = `bench/run @cases 2>&1`;
is($?, 0, 'all contenders of a case have the same result') or diag($output);

my $case = '\(a\) 1200 log entries of one service, 0 ms a request';
my $floor = 'floor +\d+\.\d .* 1\.00 1\.00';
like(
	$output,
	qr/^$case\n.*\n  $floor\n(?:  .*\n)*  dbaas_fdw +\d+\.\d .*\d\.\d\d\n/m,
	'a table of figures');
my $ours = qr/(?:dynamic_library_path|extension_\w+|listen_addresses|unix_socket_directories)/;
like(
	$output,
	qr/^Settings that are not PostgreSQL's own: $ours(?:, $ours)*$/m,
	'the cluster has the default settings');

foreach my $program ([ 'python3', 'Python, COPY', 'j' ], [ 'jq', 'curl | jq, COPY', 'd' ])
{
	my ($name, $row, $in) = @$program;
  SKIP:
	{
		skip("no $name", 1) if system("$name --version >/dev/null 2>&1") != 0;
		like($output, qr/^\($in\)(?:.*\n)+?  \Q$row\E  +\d/m, "$name takes part");
	}
}

my $tls = DbaasProxy->available;
my @missing = grep { $output !~ /^\($_\) /m && ($tls || $_ ne 'k') } @cases;
is("@missing", '', 'every case has a table');
ok($tls, 'TLS takes part') if $tls;

# What goes wrong is seen
{
	my $dir = PostgreSQL::Test::Utils::tempdir();
	append_to_file("$dir/initdb", "#!/bin/sh\necho the disk is full\nexit 1\n");
	chmod 0755, "$dir/initdb" or die "$dir/initdb: $!";
	local $ENV{PATH} = "$dir:$ENV{PATH}";
	my $words = `bench/run a 2>&1`;
	isnt($?, 0, 'it fails where it has no cluster');
	like($words, qr/^the disk is full$/m, 'and says why');
}

SKIP:
{
	skip('no TLS or no python3', 3)
	  if !$tls || system('python3 --version >/dev/null 2>&1') != 0;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my ($results, $page) = map { "$dir/$_" } 'results', 'page';
	append_to_file($results, $output);
	copy('doc/performance.md', $page) or die "$page: $!";
	is(system('bench/page', $results, $page), 0, 'the page can be made of it');
	my $text = slurp_file($page);
	like($text, qr/^```text\n +wall ms .*\n$case\n  $floor\n/m, 'with its tables');
	my @goals = $text =~ /^\| [a-z] \| .* \| [\d., ]+ \| (?:met|\*\*not met.*\*\*) \|$/mg;
	cmp_ok(scalar @goals, '>', 18, 'and the goals');
}

done_testing();
