# Secrets beside pgaudit and all that PostgreSQL can log: with the settings that doc/recipes.md
# recommends, none of them is in the server's log; without, all are

use strict;
use warnings;

use DBI;
use DbaasTest;
use PostgreSQL::Test::Utils qw(slurp_file append_to_file);
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	conf => <<'END');
shared_preload_libraries = 'pgaudit, auto_explain, pg_stat_statements'
pgaudit.log = 'all'
pgaudit.log_parameter = on
pgaudit.log_relation = on
log_statement = 'all'
log_duration = on
log_min_duration_statement = 0
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
dbaas_fdw.log_requests = on
END
my $node = $t->node;
$t->sql('CREATE EXTENSION pgaudit; CREATE EXTENSION pg_stat_statements');

# Another secret each time, so that a failure says whose it is
my $number = 0;
sub secret { return 'S3CRET-' . ++$number . '-x' }

# What the server's log got from one look to the next
my $seen = 0;

sub logged
{
	my $log = slurp_file($node->logfile);
	my $new = substr $log, $seen;
	$seen = length $log;
	return $new;
}

sub connection
{
	my ($user) = @_;
	return DBI->connect('dbi:Pg:dbname=postgres;host=' . $node->host . ';port=' . $node->port,
		$user, '', { RaiseError => 1, PrintError => 0, PrintWarn => 0 });
}

# Rows of a table, as COPY FROM STDIN sends them
sub copy_rows
{
	my ($client, $into, @rows) = @_;
	$client->do("COPY $into FROM STDIN");
	$client->pg_putcopydata(join("\t", @$_) . "\n") foreach @rows;
	$client->pg_putcopyend;
	return;
}

sub first_of
{
	my ($type) = @_;
	return split /\|/, $t->sql(
		qq{
		SELECT zone, name FROM exo.dbaas_services
		WHERE type = '$type' AND state = 'running' ORDER BY zone, name LIMIT 1});
}

my ($zone, $pg) = first_of('pg');
my ($clickhouse_zone, $clickhouse) = first_of('clickhouse');
my $user = "zone = '$zone' AND service_name = '$pg' AND username = 'avnadmin'";

# With the lines of "Secrets in statements", and without.  That of auto_explain is for
# PostgreSQL 16 and later
$t->sql(
	q{
	CREATE ROLE deployer LOGIN;
	CREATE ROLE careless LOGIN;
	CREATE TABLE vault (what text, value text);
	GRANT USAGE ON FOREIGN SERVER exoscale TO deployer, careless;
	GRANT USAGE ON SCHEMA exo TO deployer, careless;
	GRANT ALL ON ALL TABLES IN SCHEMA exo TO deployer, careless;
	GRANT ALL ON vault TO deployer, careless;
	GRANT EXECUTE ON FUNCTION dbaas_fdw_reveal(name, text, text, text, text) TO deployer, careless;
	ALTER ROLE deployer SET log_parameter_max_length = 0;
	ALTER ROLE deployer SET log_parameter_max_length_on_error = 0;
	ALTER ROLE deployer SET pgaudit.log_parameter = off;
	CREATE FUNCTION set_password(new text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		UPDATE exo.dbaas_users SET password = new
		WHERE username = 'avnadmin' AND zone = '} . $zone . q{' AND service_name = '} . $pg . q{';
	END $$});
$t->sql('ALTER ROLE deployer SET auto_explain.log_parameter_max_length = 0')
  if $t->sql(q{SELECT current_setting('server_version_num')::int >= 160000}) eq 't';
foreach my $role (qw(deployer careless))
{
	my $options = DbaasTest::options_clause(api_key => $t->sim->key, api_secret => $t->sim->secret);
	$t->sql("CREATE USER MAPPING FOR $role SERVER exoscale $options");
}

my $task = 'INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri, method)';
my @parameters = (
	[ 'UPDATE of a password', "UPDATE exo.dbaas_users SET password = \$1 WHERE $user" ],
	[
		'INSERT of a password',
		"INSERT INTO exo.dbaas_users (zone, service_name, username, password)
		VALUES ('$clickhouse_zone', '$clickhouse', 'u%', \$1)"
	],
	[
		'INSERT of parameters',
		"INSERT INTO exo.dbaas_users (zone, service_name, username, parameters)
		VALUES ('$clickhouse_zone', '$clickhouse', 'v%', \$1)", '{"password": "%s"}'
	],
	[
		'INSERT of settings',
		"INSERT INTO exo.dbaas_external_endpoints (zone, name, type, settings)
		VALUES ('$zone', 'p%', 'prometheus', \$1)",
		'{"basic-auth-username": "monitor", "basic-auth-password": "%s"}'
	],
	[
		'UPDATE of settings',
		"UPDATE exo.dbaas_external_endpoints SET settings = settings || \$1 WHERE name ~ '^p[0-9]'",
		'{"basic-auth-password": "%s"}'
	],
	[
		'INSERT of a URI',
		"$task VALUES ('$zone', '$pg', \$1, 'dump')",
		'postgres://u:%s@h.example/d'
	],
	[ 'a function', 'SELECT set_password($1)' ],
	[
		'a refused URI', "$task VALUES ('$zone', '$pg', \$1, 'copy')",
		'postgres://u:%s@h.example/d', '22023'
	],
	[
		'a service that is not there', "$task VALUES ('$zone', 'no-such', \$1, 'dump')",
		'postgres://u:%s@h.example/d', '42704'
	]);

foreach my $role (qw(deployer careless))
{
	my $client = connection($role);

	foreach my $case (@parameters)
	{
		my ($name, $sql, $format, $fails) = @$case;
		my $secret = secret();
		(my $statement = $sql) =~ s/%/$number/;
		$statement =~ s/\s+/ /g;
		logged();
		eval { $client->do($statement, undef, sprintf $format // '%s', $secret) };
		is($client->state || undef, $fails, "$role: $name" . ($fails ? " is refused" : ''))
		  or diag($client->errstr);
		my $log = logged();
		like($log, qr/AUDIT: SESSION/, 'pgaudit has logged it');

		if ($role eq 'deployer')
		{
			unlike($log, qr/\Q$secret\E/, 'and the value is not in the log');
		}
		else
		{
			like($log, qr/AUDIT: .*\Q$secret\E/, 'with its value');
			like($log, qr/parameters: .*\Q$secret\E/, 'and so has log_statement');
		}
	}

	# What needs no setting
	my $secret = secret();
	logged();
	copy_rows($client, 'vault', [ $role, $secret ]);
	is( $client->do(
			"UPDATE exo.dbaas_users SET password = value FROM vault
		WHERE what = '$role' AND $user"),
		1,
		"$role: UPDATE from a table");
	copy_rows(
		$client,
		'exo.dbaas_users (zone, service_name, username, password)',
		[ $clickhouse_zone, $clickhouse, "w$number", $secret ]);
	copy_rows(
		$client,
		'exo.dbaas_external_endpoints (zone, name, type, settings)',
		[
			$zone, "c$number", 'prometheus',
			qq({"basic-auth-username": "monitor", "basic-auth-password": "$secret"})
		]);
	eval {
		copy_rows(
			$client,
			'exo.dbaas_tasks (zone, service_name, source_service_uri, method)',
			[ $zone, $pg, "postgres://u:$secret\@h.example/d", 'copy' ]);
	};
	is($client->state, '22023', 'and COPY, also one that is refused');
	my ($revealed) = $client->selectrow_array('SELECT dbaas_fdw_reveal($1, $2, $3, $4)',
		undef, 'exoscale', $zone, $pg, 'avnadmin');
	is($revealed, $secret, 'and what is revealed');
	$client->do(
		q{DO $$ DECLARE was text; BEGIN
		was := dbaas_fdw_reveal('exoscale', '} . $zone . q{', '} . $pg . q{', 'avnadmin');
		INSERT INTO vault SELECT 'revealed', dbaas_fdw_reveal(
			'exoscale', '} . $zone . q{', '} . $pg . q{', 'avnadmin'); END $$});
	my $log = logged();
	like($log, qr/AUDIT: .*COPY.*dbaas_users/, 'are logged');
	unlike($log, qr/\Q$secret\E/, 'without the value');
	$client->disconnect;
}

# In the text of a statement
my %texts = (
	'CREATE USER MAPPING' =>
	  q{CREATE USER MAPPING FOR PUBLIC SERVER exoscale OPTIONS (api_key 'EXO1', api_secret '%s')},
	'ALTER USER MAPPING' =>
	  q{ALTER USER MAPPING FOR PUBLIC SERVER exoscale OPTIONS (SET api_secret '%s')},
	'UPDATE' => "UPDATE exo.dbaas_users SET password = '%s' WHERE $user");
foreach my $name ('CREATE USER MAPPING', 'ALTER USER MAPPING', 'UPDATE')
{
	my $secret = secret();
	my $sql = sprintf $texts{$name}, $secret;
	logged();
	$t->sql($sql);
	my $log = logged();
	like($log, qr/AUDIT: .*\Q$secret\E/, "$name: pgaudit has logged the text");
	like($log, qr/statement: .*\Q$secret\E/, 'and so has log_statement');
}
my $secret = secret();
$t->sql(
	q{
	SET log_statement = none;
	SET log_min_duration_statement = -1;
	SET pgaudit.log = none;
	SET pg_stat_statements.track_utility = off;
	} . sprintf $texts{'ALTER USER MAPPING'}, $secret);
unlike(logged(), qr/\Q$secret\E/, 'a session that does not log has no secret in the log');
is($t->sql("SELECT count(*) FROM pg_stat_statements WHERE query ~ '$secret'"),
	0, 'nor in pg_stat_statements');
like(
	$t->sql('SELECT query FROM pg_stat_statements'),
	qr/api_secret '\QS3CRET\E/,
	'which keeps it of others');
$secret = secret();
append_to_file(my $file = $node->basedir . '/secret', "$secret\n");
chmod 0600, $file;
$t->sql(
	qq{ALTER USER MAPPING FOR PUBLIC SERVER exoscale
	OPTIONS (DROP api_secret, ADD api_secret_file '$file')});
unlike(logged(), qr/\Q$secret\E/, 'a secret in a file is not in the log');

done_testing();
