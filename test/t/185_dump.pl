# pg_dump --include-foreign-data: what it cannot read it says how to leave out.
# And what becomes of copies.
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
	$status = IPC::Run::run(
		[
			'pg_dump', '-d',
			$t->node->connstr('postgres'),
			'--include-foreign-data=exoscale', @excluded
		],
		'>',
		\$dump,
		'2>',
		\$said);
	last if $status or $said !~ /HINT:.*(--exclude-table-data=)'(.*)'/;
	push @excluded, "$1$2";
}
ok($status, 'as the hints say, it ends well') or diag("@excluded: $said");
is( join(' ', sort @excluded),
	join(' ',
		map { "--exclude-table-data=exo.$_" } split /\n/,
		$t->sql('SELECT DISTINCT table_name FROM dbaas_fdw_catalogue() WHERE required ORDER BY 1')),
	'they name the tables with a required key');
like($dump, qr/^COPY exo\.dbaas_services .*\n(?:.*\n){6}\\\.$/m, 'and the rest is dumped');

my $error = $t->sql_error('SELECT * FROM exo.dbaas_operations');
like($error->{hint}, qr/^For example: SELECT/, 'others get an example');

# Copies: what reads a foreign table itself is filled anew by a restore, and goes with the extension
$t->sql(
	q{
	CREATE TABLE copy AS SELECT zone, name FROM exo.dbaas_services;
	CREATE MATERIALIZED VIEW direct AS SELECT zone, name FROM exo.dbaas_services;
	CREATE MATERIALIZED VIEW of_copy AS SELECT zone, name FROM copy});

# What a dump of it does to another database, in which the API is out of reach
sub restored
{
	my ($name, @options) = @_;
	my ($out, $err, $dumped) = ('', '', '');
	IPC::Run::run([ 'pg_dump', '-d', $t->node->connstr('postgres'), @options ], '>', \$dumped)
	  or die "pg_dump: $?";
	$dumped =~ s/^CREATE USER MAPPING .*\n(?:    .*\n|\);\n)*//mg;
	$t->node->safe_psql('postgres', "CREATE DATABASE $name");
	$t->sim->clear;
	IPC::Run::run([ 'psql', '-X', '-q', '-o', '/dev/null', '-d', $t->node->connstr($name) ],
		'<', \$dumped, '2>', \$err);
	my $populated = $t->node->safe_psql($name,
			q{SELECT relname, relispopulated FROM pg_class }
		  . q{WHERE relname IN ('direct', 'of_copy') ORDER BY 1});
	return ($err, $populated, $t->node->safe_psql($name, 'SELECT count(*) FROM copy'));
}

my ($err, $populated, $copied) = restored('filled');
like($err, qr/^ERROR:  .*user mapping/m, 'a restore refreshes what reads a foreign table itself');
is($populated, "direct|f\nof_copy|t",
	'which stays empty without a mapping, while what reads a copy is filled');
is($copied, 6, 'and the copy has its rows');
($err, $populated, $copied) = restored('left_out', '--exclude-table-data=public.direct');
is($err, '', 'it is not refreshed where its data are left out');
is($populated, "direct|f\nof_copy|t", 'and is empty');
$t->sql('SET client_min_messages = warning; DROP EXTENSION dbaas_fdw CASCADE');
is( $t->sql(
			q{SELECT string_agg(relname, ' ' ORDER BY 1) FROM pg_class }
		  . q{WHERE relname IN ('copy', 'direct', 'of_copy')}),
	'copy of_copy',
	'the extension takes what reads a foreign table itself with it');

done_testing();
