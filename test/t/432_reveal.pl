# dbaas_fdw_reveal(): secrets of users of every type, for whom it is granted, with a line in the
# log for each call, and nothing of the secret elsewhere.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	logs => 0,
	operation_time => 20,
	server => { max_retries => 0 },
	conf => "log_min_messages = debug5\nlog_statement = all\ndbaas_fdw.log_requests = on\n"
	  . "dbaas_fdw.cache_ttl = '1min'\n");
my $sim = $t->sim;
my $session = $t->session;
my %segment = (
	pg => 'postgres',
	map { $_ => $_ } qw(clickhouse grafana kafka mysql opensearch thanos valkey));
my $log_position = 0;

# What the server has logged since the last call
sub log_since
{
	open my $fh, '<', $t->node->logfile or die $!;
	seek $fh, $log_position, 0;
	my $text = do { local $/; <$fh> };
	$log_position = tell $fh;
	return $text // '';
}

sub log_lines { return grep { /dbaas_fdw reveal:/ } split /\n/, log_since() }

sub call { return 'SELECT dbaas_fdw_reveal(' . join(', ', @_) . ')' }

my %service = map { reverse split /\|/ } split /\n/,
  $session->sql(q{SELECT name, type FROM exo.dbaas_services WHERE zone = 'ch-gva-2'});
is(scalar keys %service, 8, 'all types');
log_since();

# Each type
foreach my $type (sort keys %service)
{
	my $user = $type eq 'valkey' ? 'default' : 'avnadmin';
	my $path = "/dbaas-$segment{$type}/$service{$type}/user/$user/password/reveal";
	log_since();
	my $secret =
	  $session->sql(call(q{'exoscale', 'ch-gva-2'}, "'$service{$type}', '$user'"));
	my $answer = $sim->get($path)->{json};
	is($secret, $answer->{password}, "$type: the password");
	like($secret, qr/^S3CRET_/, 'made by the API');
	my $log = log_since();
	my @lines = grep { /dbaas_fdw reveal:/ } split /\n/, $log;
	is(scalar @lines, 1, 'a line in the log');
	my $what = "password of user $user of service $service{$type} in zone ch-gva-2";
	like($lines[0], qr/LOG: .*$what: revealed, by \w+ on server exoscale/,
		'who asked for what');
	unlike($log, qr/\Q$secret\E/, 'and nothing in it has the secret');
	is($session->sql(call(q{'exoscale', NULL}, "'$service{$type}', '$user', 'username'")),
		$user, 'the zone need not be named');
	next if $type eq 'kafka';
	my $error = $session->sql_error(call(q{'exoscale', NULL}, "'$service{$type}', NULL"));
	is($error->{sqlstate}, '0A000', 'only kafka has one without a user');
}
my $key = $session->sql(call(q{'exoscale', 'ch-gva-2', 'kafka-1-0003', 'avnadmin', 'access-key'}));
like($key, qr/^-----BEGIN PRIVATE KEY-----\nS3CRET_/, 'kafka: the key');
my $connect = $session->sql(call(q{'exoscale', 'ch-gva-2', 'kafka-1-0003', NULL}));
is($connect, $sim->get('/dbaas-kafka/kafka-1-0003/connect/password/reveal')->{json}{password},
	'kafka: the password of Connect');
unlike(log_since(), qr/S3CRET/, 'without a trace');

# It is asked for each time, and never kept; the list is read once in a transaction
my $pg = call(q{'exoscale', 'ch-gva-2', 'pg-1-0001', 'avnadmin'});
$session->sql('SELECT dbaas_fdw_forget()');
$sim->clear;
$session->sql("BEGIN ISOLATION LEVEL REPEATABLE READ; $pg; $pg; $pg; COMMIT");
is(scalar(grep { $_->{path} =~ /reveal$/ } $sim->requests), 3, 'a request for each call');
is(scalar(grep { $_->{path} eq '/dbaas-service' } $sim->requests), 1, 'one list for all of them');
$sim->clear;
my $n = $session->sql(q{SELECT count(dbaas_fdw_reveal('exoscale', zone, service_name, username))
	FROM exo.dbaas_users WHERE zone = 'ch-gva-2'});
is(scalar(grep { $_->{path} =~ /reveal$/ } $sim->requests), $n, 'of a table, one for each row');
cmp_ok(scalar(grep { $_->{path} eq '/dbaas-service' } $sim->requests), '<=', 2, 'and few lists');

# A password that was set
$session->sql(q{UPDATE exo.dbaas_users SET password = 'N3w-password' WHERE zone = 'ch-gva-2'
	AND service_name = 'pg-1-0001' AND username = 'avnadmin'});
is($session->sql($pg), 'N3w-password', 'what was set is revealed');

# Errors, which leave a line too
$session->sql(q{INSERT INTO exo.dbaas_services (zone, name, type, plan)
	SELECT zone, 'twin', 'pg', 'startup-4' FROM unnest(ARRAY['ch-gva-2', 'de-fra-1']) AS zone});
log_since();
foreach my $case (
	[ q{'exoscale', 'ch-gva-2', 'pg-1-0001', 'nobody'}, '42704', qr/HTTP status 404/ ],
	[ q{'exoscale', 'ch-gva-2', 'nothing', 'x'}, '42704', qr/no service "nothing" in zone/ ],
	[ q{'exoscale', NULL, 'nothing', 'x'}, '42704', qr/no service "nothing" in any zone/ ],
	[ q{'exoscale', NULL, 'twin', 'x'}, '42P09', qr/several zones: ch-gva-2, de-fra-1/ ],
	[
		q{'exoscale', 'xx-1', 'pg-1-0001', 'x'}, '22023',
		qr/zone "xx-1" is not one.*HINT:[^\n]*ch-gva-2, de-fra-1/s
	],
	[ q{'exoscale', 'ch-gva-2', 'pg-1-0001', '..'}, '22023', qr/no user "\.\."/ ],
	[
		q{'exoscale', 'ch-gva-2', 'pg-1-0001', 'avnadmin', 'access-key'}, '22023',
		qr/HINT:[^\n]*There is: password, username\./
	],
	[
		q{'exoscale', 'ch-gva-2', 'kafka-1-0003', 'avnadmin', 'x'}, '22023',
		qr/password, username, access-cert, access-cert-expiry, access-key/
	])
{
	my ($arguments, $sqlstate, $text) = @$case;
	my $error = $session->sql_error(call($arguments));
	is($error->{sqlstate}, $sqlstate, "$arguments: $sqlstate");
	like($error->{stderr}, $text, 'says why');
	my @lines = log_lines();
	is(scalar @lines, 1, 'a line in the log');
	like($lines[0], qr/: failed with SQLSTATE $sqlstate, by /, 'with the outcome');
}
foreach my $null (q{NULL, 'z', 's', 'u'}, q{'exoscale', 'z', NULL, 'u'},
	q{'exoscale', 'z', 's', 'u', NULL})
{
	is($session->sql_error(call($null))->{sqlstate}, '22004', "$null: refused");
}
log_since();
$sim->clear;
my $dry = $session->sql_error("SET dbaas_fdw.dry_run = on; $pg");
$session->sql('RESET dbaas_fdw.dry_run');
is($dry->{sqlstate}, '55000', 'a dry run reveals nothing');
like($dry->{stderr}, qr/HINT:/, 'and says how');
is(scalar(() = $sim->requests), 0, 'and asks nothing');
is(scalar(() = log_lines()), 1, 'a line in the log');

# Names cannot be taken for other parts of the line, and do not make another line
foreach my $case (
	[
		q{a of service x in zone y: revealed, by bob},
		q{"a of service x in zone y: revealed, by bob"}
	],
	[ q{a" of service "x}, q{"a"" of service ""x"} ],
	[ qq{a\nLOG:  dbaas_fdw reveal: x}, q{"a LOG:  dbaas_fdw reveal: x"} ],
	[ '', '""' ])
{
	my ($name, $logged) = @$case;
	log_since();
	$session->sql_error(call(q{'exoscale', 'ch-gva-2', 'pg-1-0001'}, "'$name'"));
	my @lines = grep { /LOG:  dbaas_fdw reveal: password of/ } log_lines();
	is(scalar @lines, 1, "$logged: one line");
	like($lines[0], qr/password of user \Q$logged\E of service pg-1-0001 in zone ch-gva-2: failed/,
		'in which it is in quotes');
}

# A session that ends meanwhile
log_since();
$sim->fault(
	{
		path => '/dbaas-postgres/*/user/*/password/reveal',
		action => 'delay',
		ms => 60_000
	});
my $ended = $t->session;
my $pid = $ended->pid;
$sim->clear;
$ended->start($pg);
ok(DbaasTest::wait_until(sub { grep { $_->{path} =~ /reveal$/ } $sim->requests }), 'it asks');
$session->sql("SELECT pg_terminate_backend($pid, 60000)");
my @ended = log_lines();
is(scalar @ended, 1, 'a session that ends leaves a line, too');
like($ended[0], qr/in zone ch-gva-2: failed, as the session ended, by \w+ on server/, 'of that');
$sim->clear_faults;

# Answers that cannot be used, which may have the secret
foreach my $case (
	[ 200, '{"username":"avnadmin","password":"S3CRET-bad"', 'HV000' ],
	[ 200, '{"username":"avnadmin"}', 'HV000' ],
	[ 200, '{"password":{"x":"S3CRET-bad"}}', 'HV000' ],
	[ 200, '{"password":"S3CRET-\u0000bad"}', 'HV000' ],
	[ 200, '"S3CRET-bad"', 'HV000' ],
	[ 403, '{"message":"Forbidden"}', '28000' ],
	[ 500, 'S3CRET-bad', 'HV000' ],
	[ 500, '["S3CRET-bad"]', 'HV000' ])
{
	my ($status, $body, $sqlstate) = @$case;
	$sim->fault(
		{
			path => '/dbaas-postgres/*/user/*/password/reveal',
			action => 'status',
			status => $status,
			body => $body,
			times => 1
		});
	my $error = $session->sql_error($pg);
	is($error->{sqlstate}, $sqlstate, "$status $body: $sqlstate");
	unlike($error->{stderr} . log_since(), qr/S3CRET/, 'shows nothing of it');
	$sim->clear_faults;
}

# Who may
$session->sql('CREATE ROLE reader; GRANT USAGE ON SCHEMA exo TO reader');
my $as = 'SET LOCAL ROLE reader';
is($session->sql_error("BEGIN; $as; $pg")->{sqlstate}, '42501', 'nobody, until it is granted');
$session->sql('ROLLBACK; GRANT EXECUTE ON FUNCTION dbaas_fdw_reveal TO reader');
log_since();
my $error = $session->sql_error("BEGIN; $as; $pg");
is($error->{sqlstate}, '42501', 'nor without USAGE');
like($error->{stderr}, qr/foreign server exoscale/, 'on the server');
like((log_lines())[0], qr/failed with SQLSTATE 42501, by reader \(session user/, 'in the log');
$session->sql('ROLLBACK; GRANT USAGE ON FOREIGN SERVER exoscale TO reader');
is($session->sql_error("BEGIN; $as; $pg")->{sqlstate}, '28000', 'nor without a user mapping');
my ($id, $secret) = ($sim->key, $sim->secret);
$session->sql('ROLLBACK; CREATE USER MAPPING FOR reader SERVER exoscale '
	  . "OPTIONS (api_key '$id', api_secret '$secret')");
is($session->sql("BEGIN; $as; $pg; COMMIT"), 'N3w-password', 'with all of them');
is($session->sql(q{SELECT provolatile::text || proparallel::text FROM pg_proc
	WHERE proname = 'dbaas_fdw_reveal'}), 'vr', 'volatile, and for the leader alone');
is($session->sql("EXPLAIN (COSTS OFF) $pg") =~ /N3w/ ? 'shown' : 'not', 'not',
	'EXPLAIN evaluates nothing');
unlike(log_since(), qr/N3w-password/, 'the log has no result');

done_testing();
