# Row triggers on some partitions alone: each fires for its own rows, and the write reaches all.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 0);

$t->sql(
	q{
	CREATE TABLE parts (zone text, id uuid, source text) PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE one PARTITION OF parts FOR VALUES IN ('ch-gva-2') SERVER exoscale
		OPTIONS (resource 'integrations');
	CREATE FOREIGN TABLE two PARTITION OF parts FOR VALUES IN ('de-fra-1') SERVER exoscale
		OPTIONS (resource 'integrations');
	CREATE TABLE local PARTITION OF parts FOR VALUES IN ('at-vie-1');
	INSERT INTO local SELECT zone, id, source FROM exo.dbaas_integrations WHERE zone = 'at-vie-1';
	CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN RAISE NOTICE '% % %', TG_WHEN, TG_TABLE_NAME, OLD.source; RETURN OLD; END $$});
my $n = $t->sql(q{SELECT count(*) FROM one});
cmp_ok($n, '>', 0, 'there is something to delete');
is($n, $t->sql('SELECT count(*) FROM two'), 'in both');

foreach my $case (
	[ 'AFTER', 'two' ],
	[ 'BEFORE', 'two' ],
	[ 'AFTER', 'one' ],
	[ 'BEFORE', 'local' ],
	[ 'AFTER', 'parts' ])
{
	my ($when, $table) = @$case;
	my ($status, undef, $notices) =
	  $t->sql_both("BEGIN; CREATE TRIGGER say $when DELETE "
		  . "ON $table FOR EACH ROW EXECUTE FUNCTION say(); "
		  . "SET LOCAL dbaas_fdw.dry_run = on; DELETE FROM parts; ROLLBACK");
	is($status, 0, "a trigger $when DELETE of $table");
	is(() = $notices =~ /dry run: DELETE /g, 2 * $n, 'each row is deleted once');
	my @fired = $notices =~ /NOTICE:.* $when (\S+) \S/g;
	my @triggered = $table eq 'parts' ? qw(local one two) : ($table);
	is_deeply([ sort @fired ], [ sort((@triggered) x $n) ], 'and the trigger sees each');
}

# What is not deleted by a trigger's will is not sent
my ($status, undef, $notices) = $t->sql_both(
	q{
	BEGIN;
	CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
	CREATE TRIGGER never BEFORE DELETE ON one FOR EACH ROW EXECUTE FUNCTION never();
	SET LOCAL dbaas_fdw.dry_run = on;
	DELETE FROM parts;
	ROLLBACK});
is(() = $notices =~ /dry run: DELETE \S+ in zone de-fra-1/g, $n, 'a trigger that keeps its rows');
unlike($notices, qr/in zone ch-gva-2/, 'keeps them');

done_testing();
