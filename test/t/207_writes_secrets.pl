# source_service_uri holds an administrator's password: nobody but the API sees it.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	logs => 0,
	operation_time => 20,
	server => { max_retries => 0 },
	conf => "log_min_messages = debug1\nlog_statement = none\nlog_min_duration_statement = -1\n"
	  . "log_error_verbosity = verbose\ndbaas_fdw.log_requests = on\n");
my $sim = $t->sim;
my $json = JSON::PP->new->canonical->allow_nonref;
$t->sql('CREATE TABLE migration (service text, uri text); CREATE TABLE local (n int)');

sub log_text
{
	open my $fh, '<', $t->node->logfile or die $!;
	local $/;
	return scalar <$fh>;
}

# unseen(NAME, TEXT, SECRETS): none of the secrets is in the text, or in what the server logged
sub unseen
{
	my ($name, $text, @secrets) = @_;
	my $found = join ', ', grep { index($text, $_) >= 0 } @secrets;
	is($found, '', "$name") or diag $text;
	return;
}

# A password, and all the shapes that it may take in what the API answers
my @cases = (
	[
		'plain', 'hunter2pass',
		'postgres://admin:hunter2pass@source.example:5432/db?sslmode=require'
	],
	[ 'with slashes', 'hun/ter/2', 'mysql://admin:hun/ter/2@source.example/db' ],
	[
		'percent-encoded', 'hu%40n%2Fter2',
		'postgres://admin:hu%40n%2Fter2@source.example/db', 'hu@n/ter2'
	],
	[ 'with quotes', 'hu"nt\\er2', 'postgres://admin:hu"nt\\er2@source.example/db' ],
	[ 'with markup', 'hu<nt>er&2', 'postgres://admin:hu<nt>er&2@source.example/db' ],
	[ 'with @ and :', 'hu@nt:er2', 'postgres://admin:hu@nt:er2@source.example/db' ],
	[
		'with @ after it', 'hunter2pass',
		'postgres://admin:hunter2pass@source.example/db?application_name=me@here'
	],
	[
		'in the query', 'hunter2pass',
		'postgresql://source.example/db?user=admin&password=hunter2pass'
	],
	[ 'without a scheme', 'hunter2pass', 'admin:hunter2pass@source.example:5432' ],
	[
		'in a connection string',
		'hunter2pass', 'host=source.example password = hunter2pass user=admin'
	],
	[
		'after an encoded name', 'hunter2pass',
		'postgresql://source.example/db?pass%77ord=hunter2pass&user=admin'
	],
	[
		'not ASCII', "hu\x{e9}nter\x{65e5}",
		"postgres://admin:hu\x{e9}nter\x{65e5}\@source.example/db"
	]);

# The shapes in which an answer may repeat a text
my %shapes = (
	'the text' => sub { $json->encode({ message => "cannot use $_[0] as a source" }) },
	'escaped slashes' =>
	  sub { $json->encode({ message => "cannot use $_[0] as a source" }) =~ s{/}{\\/}gr },
	'escaped markup, as Go writes it' => sub {
		$json->encode({ message => "cannot use $_[0]" }) =~ s/&/\\u0026/gr =~ s/</\\u003c/gr =~
		  s/>/\\u003e/gr;
	},
	'a list of errors' => sub {
		$json->encode(
			{
				title => 'Invalid',
				detail => $_[0],
				errors => [ { detail => "'$_[0]' is too short", location => "\$['$_[0]']" } ]
			});
	},
	'the request, in a shape of its own' =>
	  sub { $json->encode({ request => { 'source-service-uri' => $_[0] } }) },
	'that with escapes' => sub {
		$json->encode({ request => { 'source-service-uri' => $_[0] } }) =~ s{/}{\\/}gr =~
		  s/&/\\u0026/gr =~ s/</\\u003c/gr =~ s/>/\\u003e/gr;
	},
	'cut-off JSON' => sub { $json->encode({ message => "cannot use $_[0]" }) =~ s/"\}$//r },
	'plain text' => sub { "cannot use $_[0] as a source" },
	'after much else' => sub { ('x' x 490) . $_[0] });

sub bytes  { my ($text) = @_;         utf8::encode($text) if utf8::is_utf8($text); return $text }
sub quoted { my $text = bytes($_[0]); $text =~ s/'/''/g; return "'$text'" }

foreach my $case (@cases)
{
	my ($name, $password, $uri, $decoded) = @$case;
	$t->sql(
		'TRUNCATE migration; INSERT INTO migration VALUES (\'pg-1-0001\', ' . quoted($uri) . ')');
	my $before = length log_text();
	my $session = $t->session;
	my $insert =
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
	  . q{SELECT 'ch-gva-2', service, uri FROM migration};

	# What no error may show: the password, also as JSON and percent-encoding have it
	my %secrets;
	foreach my $form ($password, $decoded // $password)
	{
		$secrets{ bytes($form) } = 1;
		$secrets{ bytes($form =~ s{/}{\\/}gr) } = 1;
		$secrets{ bytes(substr $json->encode($form), 1, -1) } = 1;
		$secrets{ bytes($form =~ s/&/\\u0026/gr =~ s/</\\u003c/gr =~ s/>/\\u003e/gr) } = 1;
	}
	my @secrets = sort keys %secrets;

	foreach my $shape (sort keys %shapes)
	{
		foreach my $echo (
			[ 'the URI', $uri ],
			[ 'the password', $password ],
			defined $decoded ? [ 'the decoded password', $decoded ] : ())
		{
			my ($what, $text) = @$echo;
			my $body = bytes($shapes{$shape}->($text));
			utf8::decode($body);
			$sim->fault({ method => 'POST', action => 'status', status => 422, body => $body });
			my (undef, $stderr) = $session->sql_both($insert);
			$sim->clear_faults;
			like($stderr, qr/ERROR:  22023/, "$name: refused") unless $stderr =~ /22023/;
			unseen("$name: an error that repeats $what: $shape", $stderr, @secrets);
		}
	}
	foreach my $immediate (JSON::PP::true, JSON::PP::false)
	{
		foreach my $text ($uri, $password, $decoded // ())
		{
			$sim->fault(
				{
					method => 'POST',
					action => 'operation',
					state => 'failure',
					reason => "cannot use $text",
					message => "really: $text",
					immediate => $immediate
				});
			my (undef, $stderr) = $session->sql_both($insert);
			$sim->clear_faults;
			like($stderr, qr/ERROR:  38000/, "$name: the operation failed")
			  unless $stderr =~ /38000/;
			unseen("$name: an operation whose failure repeats it" . ($immediate ? ' at once' : ''),
				$stderr, @secrets);
		}
	}
	$sim->fault(
		{
			path => '/operation/*',
			action => 'status',
			status => 500,
			body => do { my $b = bytes("bad: $uri"); utf8::decode($b); $b }
		});
	my (undef, $stderr) = $session->sql_both($insert);
	$sim->clear_faults;
	unseen("$name: a poll that repeats it", $stderr, @secrets);

	# What else is said: NOTICE, EXPLAIN, RETURNING, statistics, WARNING
	my $all = join "\n",
	  $session->sql_both("SET dbaas_fdw.dry_run = on; $insert; RESET dbaas_fdw.dry_run");
	like($all, qr/NOTICE.*dry run/, "$name: dry_run tells") if $name eq 'plain';
	$all .= join "\n",
	  $session->sql_both(
			"EXPLAIN (VERBOSE) $insert; EXPLAIN (ANALYZE, VERBOSE) $insert; EXPLAIN "
		  . "(VERBOSE, FORMAT JSON) $insert");
	$all .= join "\n", $session->sql_both("BEGIN; $insert RETURNING *; ROLLBACK");
	$all .= join "\n",
	  $session->sql_both(
		"PREPARE p AS $insert; EXPLAIN VERBOSE EXECUTE p; EXECUTE p; DEALLOCATE p");
	$sim->fault({ method => 'POST', action => 'close' });
	$all .= join "\n",
	  $session->sql_both(
		"BEGIN; $insert; DELETE FROM exo.dbaas_services WHERE name = 'kafka-1-0003'; COMMIT");
	$sim->clear_faults;
	$all .= join "\n", $session->sql_both('SELECT * FROM dbaas_fdw_stats()');
	$all .= $session->sql('SELECT string_agg(a::text, E\'\n\') FROM pg_stat_activity a');
	unseen("$name: NOTICE, EXPLAIN VERBOSE, RETURNING, WARNING, statistics, pg_stat_activity",
		$all, @secrets);
	$session->quit;

	# The server's log holds what the test's own statements said, and no more
	my $log = substr log_text(), $before;
	like(
		$log,
		qr{dbaas_fdw: POST /dbaas-task-migration-check/pg-1-0001 in zone ch-gva-2: status 422},
		"$name: the requests are logged") if $name eq 'plain';
	unseen("$name: the server's log", $log, @secrets);
}

# A statement that holds the URI itself: values that are refused, and one that the API refuses
$t->sql('CREATE VIEW exo.dumps AS SELECT * FROM exo.dbaas_tasks '
	  . 'WHERE method = $$dump$$ WITH CHECK OPTION');
foreach my $case (
	[
		q{INSERT INTO exo.dumps (zone, service_name, source_service_uri) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:hunter2pass@h/d')},
		'that fails the check of a view'
	],
	[
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:hunter2pass@h/d') }
		  . q{ON CONFLICT DO NOTHING},
		'with ON CONFLICT'
	],
	[
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:hunter2pass@h/}
		  . ('d' x 600) . q{')},
		'too long'
	],
	[
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri, method) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:hunter2pass@h/d', 'copy')},
		'with a wrong method'
	],
	[
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
		  . q{VALUES ('nowhere', 'pg-1-0001', 'postgres://u:hunter2pass@h/d')},
		'with a wrong zone'
	],
	[
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
		  . q{VALUES ('ch-gva-2', 'no-such', 'postgres://u:hunter2pass@h/d')},
		'refused at COMMIT'
	],
	[
		q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
		  . q{VALUES ('ch-gva-2', 'no-such', 'postgres://u:hunter2pass@h/d') RETURNING id},
		'refused at once'
	])
{
	my ($sql, $name) = @$case;
	my $before = length log_text();
	my $error = $t->sql_error($sql);
	unseen("a URI $name: the error", $error->{stderr}, 'hunter2pass');
	unseen("a URI $name: the server's log", substr(log_text(), $before), 'hunter2pass');
}

# The same where it fails on the way to the API: while the zones, or the lists, are asked for
foreach my $path ('/zone', '/dbaas-service')
{
	foreach my $sql (
		  q{INSERT INTO exo.dbaas_tasks (service_name, source_service_uri) }
		. q{VALUES ('pg-1-0001', 'postgres://u:hunter2pass@h/d')},
		"COPY exo.dbaas_tasks (service_name, source_service_uri) "
		. "FROM stdin;\npg-1-0001\tpostgres://u:hunter2pass\@h/d\n\\.")
	{
		my $before = length log_text();
		$sim->fault({ method => 'GET', path => $path, action => 'status', status => 500 });
		my $error = $t->sql_error($sql);
		$sim->clear_faults;
		is($error->{sqlstate}, 'HV000', "$path fails");
		unseen(
			"a statement whose $path fails: the server's log",
			substr(log_text(), $before),
			'hunter2pass');
	}
}

# Options that are mistyped, or misplaced, beside a secret
foreach my $sql (
	  q{CREATE USER MAPPING FOR PUBLIC SERVER exoscale }
	. q{OPTIONS (api_key 'EXOx', api_secrt 'hunter2pass')},
	q{CREATE USER MAPPING FOR PUBLIC SERVER exoscale }
	. q{OPTIONS (api_key 'E X', api_secret 'hunter2pass')},
	q{ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret 'hunter2pass ')},
	q{CREATE SERVER wrong FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (api_secret 'hunter2pass')},
	q{CREATE SERVER wrong FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (api_secrt 'hunter2pass')},
	q{CREATE SERVER wrong FOREIGN DATA WRAPPER dbaas_fdw }
	. q{OPTIONS (proxy 'http://u:hunter2pass@proxy:3128')},
	q{IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO exo OPTIONS (api_secret 'hunter2pass')},
	q{ALTER SERVER exoscale OPTIONS (SET endpoint 'https://u:hunter2pass@api.example/v2')})
{
	my $before = length log_text();
	$t->sql_error($sql);
	unseen("the server's log of $sql", substr(log_text(), $before), 'hunter2pass');
}

my $explain =
  $t->sql(q{EXPLAIN INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:hunter2pass@h/d')});
unseen('EXPLAIN of a statement that holds it', $explain, 'hunter2pass');
like($explain, qr{Request: POST /dbaas-task-migration-check/\{service\}},
	'which names the request');

# The API got it
$sim->clear;
$t->sql(q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:hunter2pass@h/d')});
is( (grep { $_->{method} eq 'POST' } $sim->requests)[0]{body},
	'{"source-service-uri":"postgres://u:hunter2pass@h/d"}',
	'the API gets the whole URI');

done_testing();
