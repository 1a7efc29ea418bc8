# The library exports what PostgreSQL looks for, and nothing that could meet a
# namesake in another library.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

my $nm = `nm -D --defined-only dbaas_fdw.so 2>&1`;
plan skip_all => 'SKIPPED: no nm' if $? != 0;

my $scripts = join '', map { slurp_file($_) } glob 'sql/dbaas_fdw--*.sql sql/history*.sql';
my %functions;
while ($scripts =~ /CREATE FUNCTION (\w+)\([^;]*?\bAS 'MODULE_PATHNAME'(?:, '(\w+)')?/g)
{
	$functions{ $2 // $1 } = 1;
}
my @functions = keys %functions;
cmp_ok(scalar @functions, '>=', 8, 'the scripts create functions');

my @exported = sort map { (split)[-1] } split /\n/, $nm;
my @wanted = sort '_PG_init', 'Pg_magic_func', map { ($_, "pg_finfo_$_") } @functions;
is_deeply(\@exported, \@wanted, 'they, and how the library is loaded, are all that is exported');

done_testing();
