# pg_dump --include-foreign-data: what it cannot read it says how to leave out.
use strict;
use warnings;

use DbaasTest;
use IPC::Run ();
use Test::More;

my $t = DbaasTest->new(zones => 2, services => 3, logs => 20);
my @excluded;
my ($status, $dump, $said);

# The tests' own name would take the place of pg_dump's
delete local $ENV{PGAPPNAME};

foreach (1 .. 10)
{
	($dump, $said) = ('', '');
	$status = IPC::Run::run([ 'pg_dump', '-d', $t->node->connstr('postgres'), '--include-foreign-data=exoscale', @excluded ],
		'>', \$dump, '2>', \$said);
	last if $status or $said !~ /HINT:.*(--exclude-table-data=)'(.*)'/;
	push @excluded, "$1$2";
}
ok($status, 'as the hints say, it ends well') or diag("@excluded: $said");
is(join(' ', sort @excluded), join(' ', map { "--exclude-table-data=exo.$_" } split /\n/, $t->sql(
		'SELECT DISTINCT table_name FROM dbaas_fdw_catalogue() WHERE required ORDER BY 1')), 'they name the tables with a required key');
like($dump, qr/^COPY exo\.dbaas_services .*\n(?:.*\n){6}\\\.$/m, 'and the rest is dumped');

my $error = $t->sql_error('SELECT * FROM exo.dbaas_operations');
like($error->{hint}, qr/^For example: SELECT/, 'others get an example');

done_testing();
