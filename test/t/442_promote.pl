# Promotion of a read replica: which integration is deleted, in which zone, and what the
# transaction does to that integration besides.
use strict;
use warnings;

use DbaasChecks qw(is_refused writes_of);
use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(services => 8, logs => 0, operation_time => 20, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;

sub writes { return writes_of($session, @_) }

sub refused { return is_refused($session, @_) }

# make(ZONE, NAME, SOURCE): a service, a replica if there is a source
sub make
{
	my ($zone, $name, $source) = @_;
	my $follows = '{"integrations": [{"type": "read_replica", "source-service": "%s"}]}';
	my $parameters = $source ? sprintf "'$follows'", $source : 'NULL';
	$session->sql('INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters) '
		  . "VALUES ('$zone', '$name', 'pg', 'startup-4', $parameters)");
	return;
}

sub promote
{
	my ($zone, $name) = @_;
	return 'INSERT INTO exo.dbaas_actions (zone, service_name, action) '
	  . "VALUES ('$zone', '$name', 'promote')";
}

sub integration
{
	my ($dest) = @_;
	return $session->sql(
		"SELECT id FROM exo.dbaas_integrations WHERE type = 'read_replica' AND dest = '$dest'");
}

# In its zone and over two zones; the source is none
make('ch-gva-2', 'near', 'pg-1-0001');
my $near = integration('near');
refused(promote('ch-gva-2', 'pg-1-0001'),
	'55000', qr/service "pg-1-0001" in zone ch-gva-2 is not a read replica/);
refused(promote('ch-gva-2', 'opensearch-1-0004'), '55000', qr/is not a read replica/);
is_deeply(writes(promote('ch-gva-2', 'near')),
	["DELETE ch-gva-2 /dbaas-integration/$near"], 'a replica is promoted');
is(integration('near'), '', 'and follows its source no more');
refused(promote('ch-gva-2', 'near'), '55000', qr/is not a read replica/);
is($session->sql(q{SELECT count(*) FROM exo.dbaas_services WHERE name = 'near'}),
	1, 'it is still there');

make('de-fra-1', 'far', 'pg-1-0001');
my $far = integration('far');
is_deeply(
	writes(promote('de-fra-1', 'far') =~ s/zone, |'de-fra-1', //gr),
	["DELETE de-fra-1 /dbaas-integration/$far"],
	'one in another zone than its source, in its own');

# The name of a replica says nothing about a service of that name elsewhere
make('de-fra-1', 'far-2', 'pg-1-0001');
make('ch-gva-2', 'far-2');
refused(promote('ch-gva-2', 'far-2'), '55000', qr/zone ch-gva-2 is not a read replica/);
refused(promote('ch-gva-2', 'far-2') =~ s/zone, |'ch-gva-2', //gr, '42P09', qr/several zones/);
make('de-fra-1', 'pg-1-0001', 'pg-1-0001');
refused(promote($_, 'pg-1-0001'), '55000', qr/is not a read replica/)
  foreach 'ch-gva-2', 'de-fra-1';
my $id = integration('far-2');
my $promote = promote('de-fra-1', 'far-2');

# What the transaction does to that integration, in whichever zone
my $delete = "DELETE FROM exo.dbaas_integrations WHERE id = '$id'";
foreach my $case (
	[ "$promote; $promote", 'twice' ],
	[ "$delete; $promote", 'after the DELETE' ],
	[ "$delete AND zone = 'ch-gva-2'; $promote", 'after the DELETE in the zone of its source' ],
	[ "$delete AND zone = 'de-fra-1'; $promote", 'after the DELETE in its zone' ],
	[ "$promote, ('de-fra-1', 'far-2', 'promote')", 'twice in one statement' ])
{
	my ($sql, $name) = @$case;
	refused("BEGIN; $sql", '55000',
		qr{this transaction sends DELETE /dbaas-integration/$id in zone \S+ already.*HINT}s);
	$session->sql('ROLLBACK');
	pass($name);
}
foreach my $zone ('ch-gva-2', 'de-fra-1')
{
	is_deeply(
		writes("BEGIN; $promote; $delete AND zone = '$zone'; COMMIT"),
		["DELETE de-fra-1 /dbaas-integration/$id"],
		"after it, a DELETE in $zone affects no row");
	$session->sql(
		q{DELETE FROM exo.dbaas_services WHERE zone = 'de-fra-1' AND name = 'far-2'});
	make('de-fra-1', 'far-2', 'pg-1-0001');
	$id = integration('far-2');
	$delete = "DELETE FROM exo.dbaas_integrations WHERE id = '$id'";
}
is_deeply(
	writes("BEGIN; $delete; ROLLBACK; "
		  . "BEGIN; SAVEPOINT s; $delete; ROLLBACK TO s; $promote; COMMIT"),
	["DELETE de-fra-1 /dbaas-integration/$id"],
	'a DELETE that is rolled back does not count');

# Sent with RETURNING, it is known to the transaction, too
make('de-fra-1', 'far-3', 'pg-1-0001');
my $three = promote('de-fra-1', 'far-3');
my ($out, $err) = $session->sql_both("BEGIN; $three RETURNING state, operation_id IS NOT NULL; "
	  . "$three RETURNING state; ROLLBACK");
is($out, 'success|t', 'RETURNING');
like($err, qr/WARNING: .*not undone by the rollback/, 'which a rollback does not undo');
like($err, qr/"far-3" in zone de-fra-1 is not a read replica/, 'the second is refused');
$session->sql_both('ROLLBACK');

# With that, the source can be deleted in one transaction; without, it is in use
make('ch-gva-2', 'source');
make('de-fra-1', 'copy', 'source');
my $drop = q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'source'};
my $copy = integration('copy');
is($session->sql_error($drop)->{sqlstate}, '55006', 'a source is in use by its replica');
is_deeply(
	writes('BEGIN; ' . promote('de-fra-1', 'copy') . "; $drop; COMMIT"),
	[ "DELETE de-fra-1 /dbaas-integration/$copy", 'DELETE ch-gva-2 /dbaas-service/source' ],
	'until it is promoted');

# The limit of deletions does not count it
make('ch-gva-2', 'last', 'pg-1-0001');
is( scalar(@{ writes('SET dbaas_fdw.delete_limit = 0; ' . promote('ch-gva-2', 'last')) }),
	1, 'it is no deletion');

done_testing();
