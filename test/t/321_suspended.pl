# More scans that stop half-way than are kept: one that goes on shows each
# entry once, also when the logs have grown meanwhile.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(zones => 1, services => 48, logs => 40);
my $session = $t->session;

$session->sql(
	q{
	SET jit = off; SET enable_memoize = off; SET enable_material = off; SET enable_hashjoin = off;
	SET enable_mergejoin = off;
	CREATE TABLE inventory AS
		SELECT row_number() OVER (ORDER BY round, name) AS id, zone, name, round * 3 AS n
		FROM exo.dbaas_services, generate_series(1, 2) AS round
		WHERE name IN (SELECT service_name FROM exo.dbaas_logs);
	ANALYZE inventory});
my $services = $session->sql('SELECT count(*) / 2 FROM inventory');
cmp_ok($services, '>', 40, 'enough services have logs');

# Two rows of each service, and six the second time; the condition keeps the LIMIT from the API
my $cursor =
  q{DECLARE c CURSOR FOR SELECT i.id || ' ' || l.message FROM (SELECT * FROM inventory
		ORDER BY id OFFSET 0) i,
	LATERAL (SELECT * FROM (SELECT time, message FROM exo.dbaas_logs g
		WHERE g.zone = i.zone AND g.service_name = i.name AND message <> '') x LIMIT i.n) l};

foreach my $grows (0, 1, 2)
{
	$session->sql("BEGIN; $cursor");
	my @rows = split /\n/, $session->sql('FETCH ' . 3 * $services . ' FROM c');
	is(@rows, 3 * $services, "the first rows of each service ($grows)");
	$t->sim->append_logs('ch-gva-2', $_, $grows)
	  foreach $grows ? split(/\n/, $session->sql('SELECT DISTINCT name FROM inventory')) : ();
	push @rows, split /\n/, $session->sql('FETCH ALL FROM c');
	$session->sql('COMMIT');
	is(@rows, 9 * $services, "all rows ($grows)");

	my %seen;
	$seen{$_}++ foreach @rows;
	is_deeply([ sort grep { $seen{$_} > 1 } keys %seen ], [], "each once ($grows)");
}

done_testing();
