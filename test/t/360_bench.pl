# The benchmark works, in little: what it compares does the same work.
use strict;
use warnings;

use Test::More;

is(system('make -s bench/floor'), 0, 'the floor program is built');
local $ENV{DBAAS_FLOOR} = "$ENV{TESTDIR}/bench/floor";
local $ENV{SIZE} = 'small';
my $output = `bench/run a b c d e f g h gzip ceiling 2>&1`;
is($?, 0, 'all contenders of a case give the same rows') or diag($output);
my $case = '\(a\) 1200 log entries of one service, 0 ms a request';
my $floor = 'floor +\d+\.\d .* 1\.00 1\.00';
like($output, qr/^$case\n.*\n  $floor\n  dbaas_fdw +\d+\.\d .*\d\.\d\d\n/m, 'a table of figures');

done_testing();
