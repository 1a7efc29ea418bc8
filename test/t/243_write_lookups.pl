# The lists in which INSERTs of a transaction look up services are read once for all of them, and
# again where they may say something else by now.
use strict;
use warnings;

use DbaasSim;
use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(
	services => 20,
	logs => 0,
	operation_time => 0,
	running_time => 0,
	server => { wait => 'none' });
my $sim = $t->sim;
my $session = $t->session;
my ($zone, $other, $third) = $sim->zones;
my $db = 'INSERT INTO exo.dbaas_databases';
$session->sql('SELECT count(*) FROM exo.dbaas_services');    # learns the zones

# How many lists of services, and how many writes; "1 + 5".  A new connection learns the zones.
sub counts
{
	my @requests = grep { $_->{path} ne '/zone' } @_;
	my $lists = grep { $_->{method} eq 'GET' && $_->{path} eq '/dbaas-service' } @requests;
	my $writes = grep { $_->{method} ne 'GET' } @requests;
	return "$lists + $writes" . (@requests > $lists + $writes ? ' and others' : '');
}

# costs(NAME, COUNTS, SQL, SESSION)
sub costs
{
	my ($name, $expected, $sql, $by) = @_;
	is(counts(($by // $session)->requests($sql)), $expected, $name);
	$sim->reset;
	return;
}

# n INSERTs of one row each
sub inserts
{
	my ($n, $given, $service) = @_;
	$service //= 'pg-1-0001';
	return join ' ', map {
		$given
		  ? "$db (zone, service_name, name) VALUES ('$given', '$service', 'd$_');"
		  : "$db (service_name, name) VALUES ('$service', 'd$_');"
	} 1 .. $n;
}

# In one transaction
costs('1,000 INSERTs with zone', '1 + 1000', 'BEGIN; ' . inserts(1000, $zone) . 'COMMIT');
costs('100 without: a list of each zone', '3 + 100', 'BEGIN; ' . inserts(100) . 'COMMIT');
{
	my $fresh = $t->session;
	$sim->clear;
	$fresh->sql('BEGIN; ' . inserts(50, $zone) . 'COMMIT');
	is(scalar($sim->requests), 52, 'in a session that has just begun, besides the zones');
	$sim->reset;
}
costs('each in a transaction of its own', '5 + 5', inserts(5, $zone));
costs('first with zone, then without',
	'4 + 6', 'BEGIN; ' . inserts(3, $zone) . inserts(3, '', 'mysql-1-0002') . 'COMMIT');
costs('first without, then with',
	'3 + 6', 'BEGIN; ' . inserts(3) . inserts(3, $other, 'pg-2-0001') . 'COMMIT');
costs(
	'a loop over services of a zone, in DO', '1 + 5',
	q{DO $$ DECLARE s record; BEGIN
		FOR s IN VALUES ('pg-1-0001'), ('mysql-1-0002'), ('kafka-1-0003'), ('opensearch-1-0004'),
			('valkey-1-0005') LOOP
			EXECUTE format('INSERT INTO exo.dbaas_users (zone, service_name, username)
				VALUES (%L, %L, %L)', 'ch-gva-2', s.column1, 'u');
		END LOOP;
	END $$});
costs(
	'several tables', '3 + 4', q{BEGIN;
	INSERT INTO exo.dbaas_databases (service_name, name) VALUES ('pg-1-0001', 'd');
	INSERT INTO exo.dbaas_users (service_name, username) VALUES ('pg-1-0001', 'u');
	INSERT INTO exo.dbaas_connection_pools (service_name, name, database)
		VALUES ('pg-1-0001', 'p', 'defaultdb');
	INSERT INTO exo.dbaas_integrations (type, source, dest)
		VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
	COMMIT});
costs(
	'a prepared statement', '1 + 4', "BEGIN; PREPARE p(text) AS
	$db (zone, service_name, name) VALUES ('$zone', 'pg-1-0001', \$1);
	EXECUTE p('a'); EXECUTE p('b'); EXECUTE p('c'); EXECUTE p('d'); DEALLOCATE p; COMMIT");
costs(
	'several rows, INSERT ... SELECT and COPY', '1 + 8', "BEGIN;
	$db (zone, service_name, name) VALUES ('$zone', 'pg-1-0001', 'a'), ('$zone', 'pg-1-0001', 'b');
	$db (zone, service_name, name)
		SELECT '$zone', 'pg-1-0001', 'c' || i FROM generate_series(1, 3) i;
	COPY exo.dbaas_databases (zone, service_name, name) FROM STDIN;
$zone\tpg-1-0001\tx
$zone\tpg-1-0001\ty
$zone\tpg-1-0001\tz
\\.
	COMMIT");
$session->sql(
	q{CREATE TABLE parted (zone text, service_name text, name text) PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE parted1 PARTITION OF parted FOR VALUES IN ('ch-gva-2') SERVER exoscale
		OPTIONS (resource 'databases');
	CREATE FOREIGN TABLE parted2 PARTITION OF parted DEFAULT SERVER exoscale
		OPTIONS (resource 'databases');
	CREATE TABLE wanted (service text, name text);
	CREATE FUNCTION make() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO exo.dbaas_databases (service_name, name) VALUES (NEW.service, NEW.name);
		RETURN NEW;
	END $$;
	CREATE TRIGGER make AFTER INSERT ON wanted FOR EACH ROW EXECUTE FUNCTION make()});
costs(
	'partitions', '2 + 4', q{BEGIN;
	INSERT INTO parted VALUES ('ch-gva-2', 'pg-1-0001', 'a'), ('de-fra-1', 'pg-2-0001', 'b');
	INSERT INTO parted VALUES ('ch-gva-2', 'pg-1-0001', 'c'), ('de-fra-1', 'pg-2-0001', 'd');
	COMMIT});
costs(
	'a trigger', '3 + 4', q{INSERT INTO wanted SELECT 'pg-1-0001', 'd' || i
	FROM generate_series(1, 4) i});
costs('write_mode immediate',
	'1 + 5',
	"BEGIN; SET LOCAL dbaas_fdw.write_mode = 'immediate'; " . inserts(5, $zone) . 'COMMIT');

# Savepoints and errors
costs(
	'an error in a savepoint',
	'1 + 4',
	'BEGIN; '
	  . inserts(2, $zone)
	  . "SAVEPOINT a; $db (zone, service_name, name) VALUES ('$zone', 'pg-1-0001', 'e');"
	  . "ROLLBACK TO a; $db (zone, service_name, name) VALUES ('$zone', 'pg-1-0001', 'f');"
	  . "RELEASE a; $db (zone, service_name, name) VALUES ('$zone', 'mysql-1-0002', 'g'); COMMIT");
costs('read first in a savepoint that is rolled back',
	'1 + 2',
	'BEGIN; SAVEPOINT a; ' . inserts(1, $zone) . 'ROLLBACK TO a; ' . inserts(2, $zone) . 'COMMIT');
costs(
	'a rolled-back DELETE of the service',
	'2 + 3',
	'BEGIN; '
	  . inserts(1, $zone)
	  . "SAVEPOINT a; DELETE FROM exo.dbaas_services WHERE zone = '$zone' "
	  . "AND name = 'mysql-1-0002';"
	  . "ROLLBACK TO a; $db (zone, service_name, name) VALUES ('$zone', 'mysql-1-0002', 'e');"
	  . "$db (zone, service_name, name) VALUES ('$zone', 'mysql-1-0002', 'f'); COMMIT");
costs(
	'errors that PL/pgSQL catches', '1 + 3',
	q{DO $$ BEGIN
		FOR i IN 1 .. 6 LOOP
			BEGIN
				INSERT INTO exo.dbaas_databases (zone, service_name, name)
				VALUES ('ch-gva-2', 'pg-1-0001', 'd' || i);
				PERFORM 1 / (i % 2);
			EXCEPTION WHEN division_by_zero THEN
			END;
		END LOOP;
	END $$});

# What the transaction itself does to services
sub refuses
{
	my ($name, $sqlstate, $sql) = @_;
	my $error = $session->sql_error($sql);
	is($error->{sqlstate}, $sqlstate, $name);
	return $error;
}

$session->sql('BEGIN; '
	  . inserts(1, $zone)
	  . "DELETE FROM exo.dbaas_services WHERE zone = '$zone' AND name = 'pg-1-0001'");
refuses('into a service that the transaction deletes', '42704', inserts(1, $zone));
$session->sql('ROLLBACK');
refuses(
	'in the next transaction too', '42704', "BEGIN;
	DELETE FROM exo.dbaas_services WHERE zone = '$zone' AND name = 'pg-1-0001';" . inserts(1));
$session->sql('ROLLBACK');
my $immediate = "SET LOCAL dbaas_fdw.write_mode = 'immediate'";
costs(
	'a service that was made at once', '2 + 4',
	"BEGIN; $immediate; "
	  . inserts(1, $zone)
	  . "INSERT INTO exo.dbaas_services (zone, name, type, plan)
		VALUES ('$zone', 'new-1', 'pg', 'startup-4');" . inserts(2, $zone, 'new-1') . 'COMMIT');
costs(
	'one of that name in another zone, made at once', '3 + 2',
	"BEGIN; $immediate; "
	  . inserts(1)
	  . "INSERT INTO exo.dbaas_services (zone, name, type, plan)
		VALUES ('$other', 'pg-1-0001', 'pg', 'startup-4'); ROLLBACK");
$session->sql(
		"BEGIN; $immediate; "
	  . inserts(1)
	  . "INSERT INTO exo.dbaas_services
	(zone, name, type, plan) VALUES ('$other', 'pg-1-0001', 'pg', 'startup-4')");
refuses('which zone is asked for then', '42P09', inserts(1));
$session->sql('ROLLBACK');
$sim->reset;
$session->sql(
		"BEGIN; $immediate; "
	  . inserts(1, $zone)
	  . "DELETE FROM exo.dbaas_services
	WHERE zone = '$zone' AND name = 'pg-1-0001'");
refuses('a service that was deleted at once', '42704', inserts(1, $zone));
$session->sql('ROLLBACK');
$sim->reset;

# What others do to services meanwhile
sub make
{
	my ($name, $in, $path) = @_;
	my $answer = $sim->post("/dbaas-$path/$name", { plan => 'startup-4' }, zone => $in);
	is($answer->{status}, 200, "somebody makes $name in $in");
	return;
}

sub remove
{
	my ($name, $in) = @_;
	is($sim->delete("/dbaas-service/$name", zone => $in)->{status},
		200, "somebody deletes $name in $in");
	return;
}

$session->sql('BEGIN; ' . inserts(1, $zone));
$sim->clear;
for (1 .. 2)
{
	refuses('no service of that name', '42704', 'SAVEPOINT a; ' . inserts(1, $zone, 'new-2'));
	$session->sql('ROLLBACK TO a');
}
make('new-2', $zone, 'postgres');
$session->sql(inserts(2, $zone, 'new-2') . 'COMMIT');
is(counts($sim->requests), '3 + 4', 'a service that is not in the list is looked for each time');
$sim->reset;

$session->sql('BEGIN; ' . inserts(1, '', 'mysql-1-0002'));
$sim->clear;
remove('pg-1-0001', $zone);
make('new-3', $other, 'postgres');
$session->sql(inserts(1, '', 'pg-1-0001') . inserts(1, '', 'new-3'));
my $error = refuses('a service that somebody has deleted: COMMIT fails', '42704', 'COMMIT');
like(
	$error->{message},
	qr{^POST /dbaas-postgres/pg-1-0001/database in zone $zone failed},
	'and says which write');
like(
	$error->{detail},
	qr/ applied.*\n.*pg-1-0001.*: failed: .*\n.*new-3.*: not sent$/,
	'and what became of each');
$sim->reset;

$session->sql(
	'BEGIN; INSERT INTO exo.dbaas_users (zone, service_name, username)
	VALUES (' . "'$zone', 'kafka-1-0003', 'u')");
$sim->clear;
remove('kafka-1-0003', $zone);
make('kafka-1-0003', $zone, 'postgres');
$session->sql(inserts(1, $zone, 'kafka-1-0003'));
is(counts($sim->requests), '1 + 2', 'a type that does not take the write is looked up again');
$session->sql('ROLLBACK');
$sim->reset;

# A type that the row gives and that the list does not have
$session->sql(
	q{CREATE FOREIGN TABLE typed (zone text, service_name text, service_type text, name text)
	SERVER exoscale OPTIONS (resource 'databases')});
$session->sql('BEGIN; ' . inserts(1, $zone));
remove('pg-1-0001', $zone);
refuses('is no reason to refuse a service that is gone',
	'42704', "INSERT INTO typed VALUES ('$zone', 'pg-1-0001', 'unheard-of', 'd')");
$session->sql('ROLLBACK');
$sim->reset;

# Of two services of one name in a zone, the first counts
my $listed = $sim->get('/dbaas-service', zone => $zone)->{json};
push @{ $listed->{'dbaas-services'} },
  map { { name => 'pg-1-0001', type => $_ } } ('mysql') x 30;
$sim->fault(
	{
		action => 'body',
		path => '/dbaas-service',
		zone => $zone,
		times => -1,
		body => JSON::PP->new->encode($listed)
	});
my @made = grep { $_->{method} eq 'POST' }
  $session->requests('BEGIN; ' . inserts(5, $zone) . 'COMMIT');
is(
	join(' ', map { $_->{path} } @made),
	join(' ', ('/dbaas-postgres/pg-1-0001/database') x 5),
	'a name that a list has twice');
$sim->clear_faults;
$sim->reset;

# An UPDATE or DELETE meets no other row than the one that was read
$session->sql(
	q{CREATE FOREIGN TABLE without_zone (service_name text, name text) SERVER exoscale
	OPTIONS (resource 'databases')});
$session->sql("BEGIN; INSERT INTO without_zone VALUES ('pg-1-0001', 'd1')");
make('pg-1-0001', $other, 'postgres');
refuses('a DELETE looks up the zone itself',
	'42P09', "DELETE FROM without_zone WHERE service_name = 'pg-1-0001' AND name = 'defaultdb'");
$session->sql('ROLLBACK');
$sim->reset;
costs(
	'an UPDATE shares the list with its scan', '2 + 2 and others',
	'BEGIN; '
	  . inserts(1, $zone)
	  . "UPDATE exo.dbaas_users SET allow_replication = NOT allow_replication
		WHERE zone = '$zone' AND service_name = 'pg-1-0001' AND username = 'avnadmin'; COMMIT");

$session->sql(
	q{CREATE FOREIGN TABLE linked (id uuid, service_name text) SERVER exoscale
		OPTIONS (resource 'external-integrations')});
my $lists = sub {
	return scalar grep { $_->{path} eq '/dbaas-service' } $session->requests(@_);
};
is( $lists->('BEGIN; SET LOCAL dbaas_fdw.delete_limit = -1; DELETE FROM linked; ROLLBACK'),
	3, 'a DELETE that looks up the zone shares the lists with its scan');
# Protection is looked up for each DELETE
$session->sql(
	q{CREATE FOREIGN TABLE bare (zone text, name text) SERVER exoscale
	OPTIONS (resource 'services')});
$session->sql(
	'BEGIN; ' . inserts(1, $zone) . "DELETE FROM bare WHERE zone = '$zone' AND name = 'pg-1-0001'");
is( $sim->put('/dbaas-mysql/mysql-1-0002', { 'termination-protection' => \1 }, zone => $zone)
	  ->{status},
	200,
	'somebody protects a service');
refuses('which cannot be deleted then',
	'55006', "DELETE FROM bare WHERE zone = '$zone' AND name = 'mysql-1-0002'");
$session->sql('ROLLBACK');
$sim->reset;

# Queries see the API
$session->sql('BEGIN; ' . inserts(1));
make('new-4', $third, 'postgres');
is($session->sql("SELECT zone FROM exo.dbaas_services WHERE name = 'new-4'"),
	$third, 'a SELECT reads the lists itself');
is($session->sql("SELECT count(*) FROM exo.dbaas_databases WHERE service_name = 'new-4'"),
	1, 'and for its own look-ups too');
$session->sql('ROLLBACK');
$sim->reset;

# Another connection reads its own
costs(
	'after dbaas_fdw_disconnect()',
	'2 + 2',
	'BEGIN; '
	  . inserts(1, $zone)
	  . "SELECT dbaas_fdw_disconnect('exoscale');"
	  . inserts(1, $zone, 'mysql-1-0002')
	  . 'COMMIT');
$session->sql('BEGIN; '
	  . inserts(1, $zone)
	  . q{SAVEPOINT a; ALTER SERVER exoscale OPTIONS (ADD max_retries '3')});
$sim->clear;
$session->sql(inserts(1, $zone, 'mysql-1-0002'));
is(counts($sim->requests), '1 + 0', 'after ALTER SERVER');
$session->sql('ROLLBACK TO a; ROLLBACK');
my ($url, $key, $secret) = ($sim->endpoint_template, $sim->key, $sim->secret);
$session->sql(
	qq{CREATE SERVER another FOREIGN DATA WRAPPER dbaas_fdw
		OPTIONS (endpoint '$url', zones '$zone', wait 'none');
	CREATE USER MAPPING FOR CURRENT_USER SERVER another
		OPTIONS (api_key '$key', api_secret '$secret');
	CREATE FOREIGN TABLE another (zone text, service_name text, name text) SERVER another
		OPTIONS (resource 'databases')});
costs(
	'another server', '2 + 4', 'BEGIN; ' . inserts(2, $zone) . "
	INSERT INTO another VALUES ('$zone', 'pg-1-0001', 'x');
	INSERT INTO another VALUES ('$zone', 'pg-1-0001', 'y'); COMMIT");

# Types that the catalogue does not know
my $types = $sim->get('/dbaas-service-type', zone => $zone)->{json};
push @{ $types->{'dbaas-service-types'} }, { name => 'dragonfly', plans => [] };
$sim->fault(
	{
		action => 'body',
		path => '/dbaas-service-type',
		zone => $zone,
		times => -1,
		body => JSON::PP->new->encode($types)
	});
my @asked = $session->requests(
	'BEGIN; ' . join(
		' ',
		map {
			"INSERT INTO exo.dbaas_services (zone, name, type, plan)
		VALUES ('$zone', 'df-$_', 'dragonfly', 'startup-4');"
		} 1 .. 3)
	  . 'ROLLBACK');
is(scalar(@asked), 1, 'the list of types is read once');
$sim->clear_faults;

# Memory: a list that does not fit into work_mem is not kept
my $large = DbaasSim->start(zones => 1, services => 1500, logs => 0, operation_time => 0);
($url, $key, $secret) = ($large->url, $large->key, $large->secret);
$session->sql(
	qq{CREATE SERVER large FOREIGN DATA WRAPPER dbaas_fdw
		OPTIONS (endpoint '$url', wait 'none');
	CREATE USER MAPPING FOR CURRENT_USER SERVER large
		OPTIONS (api_key '$key', api_secret '$secret');
	CREATE FOREIGN TABLE large (zone text, service_name text, name text) SERVER large
		OPTIONS (resource 'databases')});
foreach ([ '64kB', '3 + 3' ], [ '4MB', '1 + 3' ])
{
	my ($size, $expected) = @$_;
	$large->clear;
	$session->sql("BEGIN; SET LOCAL work_mem = '$size'; SELECT 1;"
		  . join(' ', map { "INSERT INTO large VALUES ('$zone', 'pg-1-0001', 'd$size$_');" } 1 .. 3)
		  . 'COMMIT');
	is(counts($large->requests), $expected, "work_mem $size");
}

done_testing();
