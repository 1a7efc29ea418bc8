# What a statement with a secret says when it fails: nothing of where it came up, neither to the
# client nor in the server's log, be it a line of COPY, an EXECUTE or a parameter of the protocol.
use strict;
use warnings;

use DbaasTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $secret = 'hunter2pass';
my $t = DbaasTest->new(
	services => 8,
	logs => 0,
	operation_time => 0,
	server => { max_retries => 0 },
	conf =>
	  "log_statement = none\nlog_min_duration_statement = -1\nlog_min_error_statement = warning\n"
	  . "log_error_verbosity = verbose\nlog_parameter_max_length_on_error = "
	  . "-1\nlog_parameter_max_length = 0\n"
	  . "log_min_messages = info\ndbaas_fdw.log_requests = on\n");
my $sim = $t->sim;
my $session = $t->session;

# What a client and the log are told, from one look to the next
my $seen = 0;

sub logged
{
	my $log = slurp_file($t->node->logfile);
	my $new = substr $log, $seen;
	$seen = length $log;
	return $new;
}

sub hidden
{
	my ($name, $told, $sqlstate) = @_;
	like($told, qr/(?:ERROR|WARNING):  $sqlstate/, "$name: $sqlstate") if defined $sqlstate;
	unlike($told, qr/hunter2/, "$name: the client is not shown the secret");
	my $log = logged();
	unlike($log, qr/hunter2/, "$name: nor is it in the log");
	return $log;
}

# Statements that this extension, or what it calls, refuses at different places
my $uri = "postgres://u:$secret\@h/d";
my $task = 'INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri, method)';
my %failing = (
	'a value that is refused' =>
	  [ '22023', "$task VALUES ('ch-gva-2', 'pg-1-0001', '$uri', 'copy')" ],
	'a zone that is none' => [ '22023', "$task VALUES ('nowhere', 'pg-1-0001', '$uri', 'dump')" ],
	'ON CONFLICT' =>
	  [ '0A000', "$task VALUES ('ch-gva-2', 'pg-1-0001', '$uri', 'dump') ON CONFLICT DO NOTHING" ],
	'a user with parameters' => [
		'22023',
		qq[INSERT INTO exo.dbaas_users (zone, service_name, username, parameters) ]
		  . qq[VALUES ('ch-gva-2', 'pg-1-0001', 'app', ]
		  . qq['{"password": "$secret", "username": "x"}')]
	],
	'settings' => [
		'22023',
		qq[UPDATE exo.dbaas_service_details ]
		  . qq[SET settings = settings || '{"smtp": {"password": "$secret", "token": "***"}}' ]
		  . qq[WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001']
	],
	'RETURNING' => [ '42704', "$task VALUES ('ch-gva-2', 'no-such', '$uri', 'dump') RETURNING id" ],
	'write_mode immediate' => [
		'42704',
		"SET LOCAL dbaas_fdw.write_mode = 'immediate'; $task "
		  . "VALUES ('ch-gva-2', 'no-such', '$uri', 'dump')"
	],
	'a read beside it' => [
		'HV00L',
		"$task VALUES ('ch-gva-2', 'pg-1-0001', '$uri', 'dump'); SELECT * FROM exo.dbaas_operations"
	],
	'a write after it' => [
		'22023',
		"$task VALUES ('ch-gva-2', 'pg-1-0001', '$uri', 'dump'); DELETE "
		  . "FROM exo.dbaas_services WHERE zone = 'nowhere' "
		  . "AND name = 'x'; INSERT INTO exo.dbaas_databases (zone, service_name, name) "
		  . "VALUES ('nowhere', 'x', 'y')"
	]);
$t->sql('CREATE TABLE vault (name text, statement text)');
foreach my $name (sort keys %failing)
{
	my ($sqlstate, $sql) = @{ $failing{$name} };
	(my $quoted = $sql) =~ s/'/''/g;
	$t->sql("INSERT INTO vault VALUES ('$name', '$quoted')");
	my ($status, undef, $stderr) = $t->node->psql(
		'postgres',
		"BEGIN; $sql; COMMIT",
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	hidden("$name, in a string", $stderr, $sqlstate);
	# One string of several statements
	$stderr = '';
	$t->node->psql(
		'postgres',
		"\\set VERBOSITY verbose\nBEGIN\\; $sql\\; COMMIT;",
		stderr => \$stderr);
	hidden("$name, in one message", $stderr, $sqlstate);
	hidden("$name, in a DO",
		($session->sql_both("DO \$\$ BEGIN EXECUTE \$x\$$sql\$x\$; END \$\$"))[1], $sqlstate);
	hidden(
		"$name, in an EXECUTE",
		(   $session->sql_both(
					"DO \$\$ DECLARE s text; BEGIN SELECT statement INTO STRICT s FROM vault "
				  . "WHERE name = '$name'; EXECUTE s; END \$\$"))[1],
		$sqlstate);
	my ($told) = (
		$session->sql_both(
			qq{DO \$\$
		DECLARE s text; m text; d text; c text;
		BEGIN
			SELECT statement INTO STRICT s FROM vault WHERE name = '$name';
			EXECUTE s;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL,
				c = PG_EXCEPTION_CONTEXT;
			RAISE WARNING '% % % %', SQLSTATE, m, d, c;
		END \$\$}))[1];
	hidden("$name, caught and raised again", $told);
	like($told, qr/WARNING:  01000: $sqlstate/, 'as what it was');
}

# COPY
foreach my $case (
	[
		'dbaas_users (zone, service_name, username, parameters)',
		qq({"password": "$secret", "username": "x"}),
		'22023'
	],
	[
		'dbaas_tasks (zone, service_name, method, source_service_uri)',
		$uri, '42704', 'no-such', 'dump'
	],
	[
		'dbaas_tasks (zone, service_name, method, source_service_uri)',
		$uri, '22023', 'pg-1-0001', 'copy'
	])
{
	my ($table, $value, $sqlstate, $service, $other) = @$case;
	my $line = join "\t", 'ch-gva-2', $service // 'pg-1-0001', $other // 'app', $value;
	my ($stdout, $stderr);
	$t->node->psql(
		'postgres',
		"\\set VERBOSITY verbose\nCOPY exo.$table FROM stdin;\n$line\n\\.\n",
		stderr => \$stderr);
	hidden("COPY $table", $stderr, $sqlstate);
	is( join('', $stderr =~ /^CONTEXT: .*\n/mg),
		'CONTEXT:  COPY ' . (split ' ', $table)[0] . ", line 1\n",
		'but for the number of the line') if $sqlstate eq '22023';
}

# The extended protocol, whose parameters are a context
sub bound
{
	my ($sql, @options) = @_;
	my $file = $t->node->basedir . '/script.sql';
	open my $handle, '>', $file or die "$file: $!";
	print $handle $sql;
	close $handle or die "$file: $!";
	local $ENV{PGHOST} = $t->node->host;
	local $ENV{PGPORT} = $t->node->port;
	my ($stdout, $stderr) = run_command(
		[ 'pgbench', '-n', '-t', '1', '-f', $file, '-D', "uri=$uri", @options, 'postgres' ]);
	return $stderr;
}
foreach my $mode (qw(extended prepared))
{
	like(
		bound("SELECT 1 / length(left(:uri::text, 0));\n", '-M', $mode),
		qr/with parameters: .*hunter2/,
		"$mode: the client is shown a parameter");
	like(
		logged(),
		qr/CONTEXT:  .* with parameters: .*hunter2/,
		'and the log has it, of other statements');
	foreach my $case (
		[ "'copy'", qr/does not accept "copy"/ ],
		[ "'dump'", qr/HTTP status 404/, 'no-such' ],
		[ "'dump'", qr/HTTP status 404/, 'no-such', 'RETURNING id' ],
		[ ':uri', qr/does not accept/, ])
	{
		my ($method, $message, $service, $returning) = (@$case, undef, undef);
		my $told = bound(
			"$task VALUES ('ch-gva-2', '"
			  . ($service // 'pg-1-0001')
			  . "', :uri, $method) "
			  . ($returning // '') . ";\n",
			'-M', $mode);
		$told =~ s/does not accept "\Q$uri\E"/does not accept ":uri"/;
		like($told, $message, "$mode: a write with a parameter is refused");
		my $log = logged();
		$log =~ s/does not accept "\Q$uri\E"//;
		unlike("$told$log", qr/hunter2/, 'and nobody is shown it');
	}
}

# While it waits: a cancel, a lost answer; and what is no error
$sim->config(operation_time => 600_000);
my $insert = "$task VALUES ('ch-gva-2', 'pg-1-0001', '$uri', 'dump')";
hidden(
	'a cancelled write',
	(   $session->sql_both(
				"BEGIN; SET LOCAL statement_timeout = '1s'; DO \$\$ BEGIN EXECUTE "
			  . "\$x\$$insert RETURNING id\$x\$; END \$\$"))[1],
	'57014');
hidden('its rollback', ($session->sql_both('ROLLBACK'))[1]);
hidden(
	'a cancelled write, caught',
	(   $session->sql_both(
				"SET statement_timeout = '1s'; DO \$\$ BEGIN EXECUTE \$x\$ DO \$y\$ DECLARE "
			  . "i uuid; BEGIN $insert RETURNING id INTO i; EXCEPTION WHEN query_canceled "
			  . "THEN NULL; END \$y\$ \$x\$; END \$\$; RESET statement_timeout"))[1]);
$session->sql_both('ROLLBACK; RESET statement_timeout');
$sim->config(operation_time => 0);
hidden(
	'a savepoint that is rolled back',
	(   $session->sql_both(
				"DO \$\$ BEGIN EXECUTE \$x\$ DO \$y\$ DECLARE i uuid; BEGIN $insert "
			  . "RETURNING id INTO i; PERFORM 1/0; EXCEPTION WHEN division_by_zero "
			  . "THEN NULL; END \$y\$ \$x\$; END \$\$"))[1],
	'01000');
hidden(
	'a dry run',
	(   $session->sql_both(
				"SET dbaas_fdw.dry_run = on; DO \$\$ BEGIN EXECUTE \$x\$$insert\$x\$; END "
			  . "\$\$; RESET dbaas_fdw.dry_run"))[1]);
my $log = hidden(
	'notices',
	(   $session->sql_both(
				"SET client_min_messages = log; DO \$\$ BEGIN EXECUTE \$x\$$insert\$x\$; END "
			  . "\$\$; RESET client_min_messages"))[1]);
like($log, qr{POST /dbaas-task-migration-check/pg-1-0001}, 'with its request in the log');
$sim->fault({ path => '/dbaas-service', zone => 'de-fra-1', action => 'status', status => 503 });
$t->sql(q{ALTER SERVER exoscale OPTIONS (ADD unavailable_zones 'skip')});
hidden(
	'a zone that is skipped',
	(   $session->sql_both(
			"DO \$\$ BEGIN EXECUTE \$x\$$insert\$x\$; PERFORM FROM exo.dbaas_services; END \$\$")
	)[1],
	'08001|WARNING:  HV000');
$sim->clear_faults;

# Options
foreach my $sql (
	"CREATE USER MAPPING FOR PUBLIC SERVER exoscale OPTIONS (api_key 'k', api_secrt '$secret')",
	"CREATE FOREIGN TABLE wrong () SERVER exoscale "
	. "OPTIONS (resource 'services', api_secret '$secret')",
	"CREATE FOREIGN TABLE wrong (x text OPTIONS (api_secret '$secret')) SERVER exoscale "
	. "OPTIONS (resource 'services')",
	"IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO exo OPTIONS (api_secret '$secret')")
{
	hidden($sql =~ s/\Q$secret\E/.../r,
		($session->sql_both("DO \$\$ BEGIN EXECUTE \$x\$$sql\$x\$; END \$\$"))[1], 'HV00D');
}

# What checks a row shows it: so nothing does, where it has a secret
$t->sql(
	q{CREATE TABLE parts (zone text, name text, type text, plan text, parameters jsonb)
		PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE part PARTITION OF parts FOR VALUES IN ('ch-gva-2') SERVER exoscale
		OPTIONS (resource 'services');
	CREATE TABLE loose (zone text, name text, type text, plan text) PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE open PARTITION OF loose FOR VALUES IN ('ch-gva-2') SERVER exoscale
		OPTIONS (resource 'services');
	CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.zone := 'de-fra-1';
	RETURN NEW; END $$}
);
my $row = join "\t", 'de-fra-1', 'new', 'pg', 'startup-4', qq({"x": "$secret"});
foreach my $case (
	[ 'part', qr/cannot COPY into foreign partition "part"/ ],
	[ 'parts', qr/no partition of relation "parts"/ ])
{
	my ($table, $message) = @$case;
	my $stderr;
	$t->node->psql(
		'postgres',
		"COPY $table FROM stdin;\n" . ($table eq 'parts' ? $row =~ s/\{.*/{}/r : $row) . "\n\\.\n",
		stderr => \$stderr);
	like($stderr, $message, "COPY $table, a row outside the bound");
	hidden("COPY $table", $stderr);
}
my $stderr;
$t->sql('CREATE TRIGGER keep BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION keep()');
$t->node->psql(
	'postgres',
	"COPY parts FROM stdin;\n" . ($row =~ s/de-fra-1/ch-gva-2/r) . "\n\\.\n",
	stderr => \$stderr);
like(
	$stderr,
	qr/cannot COPY into foreign partition "part" that has a BEFORE trigger/,
	'COPY, a row that a trigger changes');
hidden('COPY parts with a trigger', $stderr);
$t->node->psql(
	'postgres',
	"SET dbaas_fdw.dry_run = on;\nCOPY open FROM stdin;\n"
	  . join("\t", 'ch-gva-2', 'new', 'pg', 'startup-4')
	  . "\n\\.\n",
	stderr => \$stderr);
like($stderr, qr/dry run: POST/, 'COPY into a partition that shows no secret');
logged();

# What doc/recipes.md says of the settings that log statements and parameters,
# and of the ways around them
sub logged_with
{
	my ($settings, $sql) = @_;
	local $ENV{PGOPTIONS} = join ' ', '-c log_statement=all -c log_min_duration_statement=0',
	  map { "-c $_" } @$settings;
	logged();
	if   (ref $sql) { bound($$sql, '-M', 'extended') }
	else            { $t->node->psql('postgres', $sql) }
	return logged();
}
$t->sql("CREATE TABLE secrets AS SELECT '$uri' AS uri");
$t->sql(q{ALTER SERVER exoscale OPTIONS (DROP unavailable_zones)});
my $bound = "$task VALUES ('ch-gva-2', 'pg-1-0001', :uri, 'dump');\n";
my $silent = 'log_parameter_max_length=0 -c log_parameter_max_length_on_error=0';
like(
	logged_with([], "$insert;"),
	qr/statement: .*hunter2.*duration: /s,
	'a statement is logged with what stands in it');
like(
	logged_with(['log_parameter_max_length=-1'], \$bound),
	qr/execute .*hunter2/s,
	'bound parameters are logged');
my @quiet = (
	[ 'not with log_parameter_max_length = 0', [$silent], \$bound ],
	[
		'nor what is read from a table',
		['log_parameter_max_length=-1'],
		"$task SELECT 'ch-gva-2', 'pg-1-0001', uri, 'dump' FROM secrets"
	],
	[
		'nor what COPY reads',
		['log_parameter_max_length=-1'],
		"COPY exo.dbaas_tasks (zone, service_name, source_service_uri, method) "
		  . "FROM stdin;\nch-gva-2\tpg-1-0001\t$uri\tdump\n\\.\n"
	]);
my @explain = ('session_preload_libraries=auto_explain', 'auto_explain.log_min_duration=0');
push @explain, 'auto_explain.log_parameter_max_length=0' if $t->node->pg_version >= 16;
push @quiet, [ "$_->[0], with auto_explain", [ @{ $_->[1] }, @explain ], $_->[2] ]
  foreach @quiet[ 0 .. 2 ];

foreach my $case (@quiet)
{
	my ($name, $settings, $sql) = @$case;
	$sim->clear;
	my $log = logged_with($settings, $sql);
	unlike($log, qr/hunter2/, $name);
	like($log, qr/Query Text/, 'which logs the statement')
	  if $name =~ /auto_explain/ && $name !~ /COPY/;
	is(scalar(grep { ($_->{body} // '') =~ /hunter2/ } $sim->requests), 1, 'and the API gets it');
}
like(
	logged_with([ @explain, $silent, 'auto_explain.log_verbose=on' ], \$bound),
	qr/Output: .*hunter2/,
	'auto_explain.log_verbose shows it');
my $broken =
	qq{INSERT INTO exo.dbaas_users (zone, service_name, username, parameters) }
  . qq{VALUES ('ch-gva-2', 'pg-1-0001', 'app', '{"password": "$secret", }')};
my @panic =
  ('log_statement=none', 'log_min_duration_statement=-1', 'log_min_error_statement=panic');
like(logged_with([], $broken), qr/STATEMENT: .*hunter2/, 'what PostgreSQL refuses is logged');
my $panic = logged_with(\@panic, $broken);
unlike($panic, qr/STATEMENT:/, 'not with log_min_error_statement = panic');
like($panic, qr/CONTEXT:  JSON data.*hunter2/, 'but for its context');
unlike(logged_with([ @panic, 'log_error_verbosity=terse' ], $broken),
	qr/hunter2/, 'which log_error_verbosity = terse leaves out');

# Hidden is that statement alone: the next is shown with all that helps
my ($out, $told) =
  $session->sql_both(q{DO $$ BEGIN EXECUTE 'SELECT * FROM exo.dbaas_operations'; END $$});
like(
	$told,
	qr/CONTEXT:.*SELECT \* FROM exo\.dbaas_operations/,
	'a statement without a secret has its context');
like(logged(), qr/STATEMENT:.*exo\.dbaas_operations/, 'and is in the log');
($out, $told) = $session->sql_both(q{DO $$ BEGIN EXECUTE 'SELECT 1/0'; END $$});
like($told, qr/CONTEXT:.*PL\/pgSQL/s, 'as those of others have');

done_testing();
