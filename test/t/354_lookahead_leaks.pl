# A thousand joins that end early, in one session, leave nothing behind: no
# memory, no descriptors, no requests.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	zones => 1,
	services => 20,
	logs => 3,
	server => { max_retries => 0, fdw_startup_cost => 0 });
my $sim = $t->sim;
my $session = $t->session;
$session->sql(
	q{SET jit = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
	SET enable_material = off; SET client_min_messages = warning;
	CREATE TABLE inventory AS SELECT row_number() OVER (ORDER BY name) AS id, zone, name
		FROM exo.dbaas_services; ANALYZE inventory}
);
my $on = 'l.zone = i.zone AND l.service_name = i.name';

sub memory      { return $session->sql('SELECT sum(used_bytes) FROM pg_backend_memory_contexts') }
sub descriptors { return scalar(() = glob '/proc/' . $session->pid . '/fd/*') }

# Loops in a function that are left, cursors that are closed, and errors that are caught
my %ends = (
	'a loop that is left' => q{FOR r IN SELECT i.id FROM inventory i JOIN exo.dbaas_logs l ON }
	  . $on
	  . q{ LOOP EXIT WHEN r.id > 1 + n % 5; END LOOP;},
	'a subquery whose rows are left' =>
	  q{FOR r IN SELECT i.id, (SELECT max(time) FROM exo.dbaas_logs l WHERE }
	  . $on
	  . q{) FROM inventory i LOOP EXIT WHEN r.id > 1 + n % 5; END LOOP;},
	'a LIMIT' =>
	  q{PERFORM i.id, x.message FROM inventory i, LATERAL (SELECT * FROM exo.dbaas_logs l WHERE }
	  . $on
	  . q{ LIMIT 2) x LIMIT 1 + n % 9;},
	'a cursor that is closed' => q{OPEN c FOR SELECT i.id, m.status FROM inventory i LEFT }
	  . q{JOIN exo.dbaas_migrations m ON m.zone = i.zone }
	  . q{AND m.service_name = i.name; MOVE FORWARD 1 + n % 5 FROM c; CLOSE c;},
	'an error' =>
	  q{BEGIN FOR r IN SELECT i.id, l.message FROM inventory i JOIN exo.dbaas_logs l ON }
	  . $on
	  . q{ LOOP PERFORM 1 / (r.id - 2 - n % 3); END LOOP; EXCEPTION WHEN division_by_zero }
	  . q{THEN NULL; END;},);
foreach my $how (sort keys %ends)
{
	my $run = sub {
		$session->sql('DO $$ DECLARE r record; c refcursor; BEGIN FOR n IN 1..'
			  . $_[0]
			  . " LOOP $ends{$how} END LOOP; END \$\$");
	};
	$run->(20);
	my ($bytes, $files) = (memory(), descriptors());
	$run->(200);
	DbaasTest::measured_ok(memory() - $bytes, '<=', 65536, "$how, 200 times: no memory");
	cmp_ok(descriptors(), '<=', $files + 8,
		'and no descriptors but those of the connections that are kept');
}
is( $session->sql(
			q{SELECT count(*) FROM pg_backend_memory_contexts }
		  . q{WHERE name LIKE 'dbaas_fdw lookahead%' OR name LIKE 'dbaas_fdw result%' }
		  . q{OR name LIKE 'dbaas_fdw fetch%'}),
	0,
	'nothing of a statement is left');

# What is asked ahead is not waited for when the portal is closed, nor on a
# cancel: the first answer has come, the others never do
foreach my $query (
	  "SELECT i.id FROM inventory i LEFT JOIN LATERAL (SELECT FROM exo.dbaas_logs l "
	. "WHERE $on LIMIT 1) l ON true",
	"SELECT i.id, (SELECT max(time) FROM exo.dbaas_logs l WHERE $on) FROM inventory i")
{
	my $rows = $session->sql("SELECT count(*) FROM ($query) x");
	$sim->clear;
	$sim->fault({ path => "/dbaas-service-logs/$_", action => 'delay', ms => 60000, times => -1 })
	  foreach split /\n/, $session->sql('SELECT name FROM inventory WHERE id > 3');
	$session->sql("BEGIN; DECLARE c NO SCROLL CURSOR FOR $query");
	is(scalar(() = $session->sql('FETCH 3 FROM c') =~ /^\d/mg), 3, 'three rows are read');
	$session->sql('CLOSE c; COMMIT');
	is($session->sql('SELECT count(*) FROM exo.dbaas_zones'),
		1, 'a portal that is closed waits for nothing');
	is($session->timed_out($query, 300)->{sqlstate}, '57014', 'a statement that is canceled');
	$sim->clear_faults;
	is($session->sql("SELECT count(*) FROM ($query) x"), $rows, 'and the next one is whole');
}

done_testing();
