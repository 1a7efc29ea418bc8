# A zone that appears at the API, or is named for the first time, is looked up anew.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 2, logs => 5, zones => 3);
my @zones = $t->sim->zones;
my $new = 'at-vie-1';

# GET /zone names these alone
sub names_zones
{
	my (@names) = @_;
	$t->sim->clear_faults;
	$t->sim->fault(
		{
			path => '/zone',
			times => -1,
			action => 'merge',
			patch => {
				zones => [ map { { name => $_, 'api-endpoint' => $t->sim->endpoint($_) } } @names ]
			}
		});
	return;
}

my $session;

# A session that has learned the zones, without the new one
sub start
{
	names_zones(grep { $_ ne $new } @zones);
	$session = $t->session;
	is($session->sql('SELECT count(*) FROM exo.dbaas_services'),
		4, 'a session that knows two zones');
	return;
}

sub lookups
{
	return scalar grep { $_->{path} eq '/zone' } $t->sim->requests;
}

sub asks
{
	my ($sql, $rows, $lookups, $name) = @_;
	$t->sim->clear;
	is($session->sql($sql), $rows, $name);
	is(lookups(), $lookups, "$name: so many look-ups");
	return;
}

# Named in a query
start();
names_zones(@zones);
asks('SELECT count(*) FROM exo.dbaas_services', 4, 0, 'a zone that appeared is not known yet');
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone = '$new'", 2, 1, 'until it is named');
asks('SELECT count(*) FROM exo.dbaas_services', 6, 0, 'from then on it is one of all');

# One that is not there: once in a statement, whatever the statement is
start();
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone = 'nowhere-1'",
	0, 1, 'a zone that is not there');
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone = 'nowhere-1'", 0, 1, 'again');
asks(
	"SELECT count(*) FROM exo.dbaas_services a, exo.dbaas_migrations b "
	  . "WHERE a.zone IN ('nowhere-1', 'nowhere-2') OR b.zone = 'nowhere-3'",
	0, 0, 'none where nothing is pushed');
asks(
	"SELECT (SELECT count(*) FROM exo.dbaas_services WHERE zone = 'nowhere-1') + "
	  . "(SELECT count(*) FROM exo.dbaas_migrations WHERE zone IN ('nowhere-2', 'ch-gva-2'))",
	2, 1, 'several scans');
$session->sql(q{CREATE TABLE many AS SELECT 'nowhere-' || n AS zone, 'pg-1-0001' AS name }
	  . q{FROM generate_series(1, 500) n; ANALYZE many});
asks(
	'SELECT count(*) FROM many m JOIN LATERAL (SELECT status FROM exo.dbaas_migrations x '
	  . 'WHERE x.zone = m.zone AND x.service_name = m.name OFFSET 0) x ON true',
	0, 1, 'a join over 500 of them');
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone IN ('Not a zone', '..', '')",
	0, 0, 'what cannot be the name of one');
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone = NULL", 0, 0, 'NULL');
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone <> 'nowhere-1'",
	4, 0, 'one that is not wanted');
asks(
	"PREPARE q(text) AS SELECT count(*) FROM exo.dbaas_services "
	  . "WHERE zone = \$1; EXECUTE q('$new')",
	0, 1, 'a parameter');
names_zones(@zones);
asks("EXECUTE q('$new')", 2, 1, 'once it appeared');
asks("EXECUTE q('$new')", 2, 0, 'and is known');

# A session that knows nothing learns them once
names_zones(@zones);
$session = $t->session;
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone = 'nowhere-1'", 0, 1, 'in a new session');

# Named in a write
start();
my $insert =
  "INSERT INTO exo.dbaas_databases (zone, service_name, name) VALUES ('$new', 'pg-3-0001', 'new')";
$t->sim->clear;
my $error = $session->sql_error($insert);
is($error->{sqlstate}, '22023', 'a write to a zone that is not there');
is(lookups(), 1, 'is refused after one look-up');
names_zones(@zones);
asks("BEGIN; $insert; ROLLBACK", '', 1, 'a write to one that appeared');
asks("SELECT count(*) FROM exo.dbaas_databases WHERE zone = '$new' AND name = 'new'",
	0, 0, 'which was rolled back');
start();
names_zones(@zones);
asks(
	"INSERT INTO exo.dbaas_databases (zone, service_name, name) "
	  . "VALUES ('$new', 'pg-3-0001', 'a'), ('$new', 'pg-3-0001', 'b')",
	'', 1, 'a write of several rows');
asks("SELECT count(*) FROM exo.dbaas_databases WHERE zone = '$new' AND name IN ('a', 'b')",
	2, 0, 'which are there');

# One that goes is not asked any more once that is known; rows that are open are not disturbed
start();
names_zones(@zones);
$session->sql("SELECT count(*) FROM exo.dbaas_services WHERE zone = '$new'");
$session->sql("BEGIN; DECLARE c CURSOR FOR SELECT message FROM exo.dbaas_logs "
	  . "WHERE zone IN ('$new', 'ch-gva-2')");
my $first = $session->sql('FETCH 1 FROM c');
names_zones('ch-gva-2');
is($session->sql("SELECT count(*) FROM exo.dbaas_services WHERE zone = 'nowhere-1'"),
	0, 'a look-up while a cursor is open');
is(scalar(split /\n/, $session->sql('FETCH ALL FROM c')),
	19, 'which goes on over the zones that it began with');
$session->sql('COMMIT');
asks('SELECT count(*) FROM exo.dbaas_services', 2, 0, 'one zone is left');

# Where the look-up fails, so does what needs it; and nothing else
$t->sim->clear_faults;
$t->create_server(max_retries => 1);
start();
$t->sim->clear_faults;
$t->sim->fault({ path => '/zone', times => -1, action => 'status', status => 500 });
like(
	$session->sql_error("SELECT count(*) FROM exo.dbaas_services WHERE zone = '$new'")->{message},
	qr{^GET /zone failed with HTTP status 500},
	'a look-up that fails');
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 4, 'what is known is there still');

# An old list is learned anew
start();
names_zones(@zones);
$session->sql("SET dbaas_fdw.zones_ttl = 0");
asks(
	'SELECT (SELECT count(*) FROM exo.dbaas_services) + (SELECT count(*) FROM exo.dbaas_services)',
	12, 1, 'with each statement, and once in it');
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone = 'nowhere-1'",
	0, 1, 'which is the look-up too');
$session->sql("SET dbaas_fdw.zones_ttl = '1h'");
names_zones('ch-gva-2');
asks('SELECT count(*) FROM exo.dbaas_services', 6, 0, 'not while it is young');
$session->sql("SET dbaas_fdw.zones_ttl = -1");
asks('SELECT count(*) FROM exo.dbaas_services', 6, 0, 'nor where it never is too old');
$session->sql("SET dbaas_fdw.zones_ttl = '100ms'; SELECT pg_sleep(0.15)");
asks('SELECT count(*) FROM exo.dbaas_services', 2, 1, 'but then');
$t->sim->clear_faults;
$t->sim->fault({ path => '/zone', times => -1, action => 'status', status => 503 });
$session->sql("SET dbaas_fdw.zones_ttl = 0");
asks('SELECT count(*) FROM exo.dbaas_services',
	2, 1, 'where that fails, after one try, the zones are those that were');
is($session->sql('SHOW dbaas_fdw.zones_ttl'), '0', 'the setting');
is($t->sql("LOAD 'dbaas_fdw'; SHOW dbaas_fdw.zones_ttl"), '5min', 'and its default');

# Zones that follow from the options are never asked for
$t->sim->clear_faults;
$t->create_server(endpoint => $t->sim->endpoint_template, zones => 'ch-gva-2,de-fra-1');
$session = $t->session;
$session->sql('SET dbaas_fdw.zones_ttl = 0');
asks('SELECT count(*) FROM exo.dbaas_services', 4, 0, 'zones by options');
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone = '$new'",
	0, 0, 'and one that is not selected');
$t->create_server(zones => 'ch-gva-2,de-fra-1');
$session = $t->session;
$session->sql('SELECT count(*) FROM exo.dbaas_services');
asks("SELECT count(*) FROM exo.dbaas_services WHERE zone = '$new'",
	0, 0, 'nor where they select among those that are learned');

done_testing();
