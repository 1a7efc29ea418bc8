# An UPDATE whose columns belong to several requests sends all of them, or none.
use strict;
use warnings;

use DbaasChecks qw(is_refused writes_of);
use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(services => 8, logs => 0, operation_time => 50, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;

sub reset_of
{
	my ($path, $password) = @_;
	return "PUT ch-gva-2 $path/password/reset {\"password\":\"$password\"}";
}
my $pg = '/dbaas-postgres/pg-1-0001/user/avnadmin';
my $of_pg = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";
my $admin = "$of_pg AND username = 'avnadmin'";
my $both = "password = 'S3CRET-1', allow_replication = NOT allow_replication";

# Both, in the order of the catalogue
is_deeply(
	writes_of($session, "UPDATE exo.dbaas_users SET $both WHERE $admin"),
	[
		"PUT ch-gva-2 $pg/allow-replication {\"allow-replication\":false}",
		reset_of($pg, 'S3CRET-1')
	],
	'two requests for a row');
my $valkey = '/dbaas-valkey/valkey-1-0005/user/default';
is_deeply(
	writes_of(
		$session,
		q{UPDATE exo.dbaas_users SET access_control = '{"keys": ["x*"]}', password = 'S3CRET-2' }
		  . q{WHERE zone = 'ch-gva-2' AND service_name = 'valkey-1-0005' AND username = 'default'}),
	[ qq(PUT ch-gva-2 $valkey {"access-control":{"keys":["x*"]}}), reset_of($valkey, 'S3CRET-2') ],
	'of valkey too');
is_deeply(
	writes_of(
		$session,
		"UPDATE exo.dbaas_users SET allow_replication = allow_replication, password = 'S3CRET-3' "
		  . "WHERE $admin"),
	[ reset_of($pg, 'S3CRET-3') ],
	'what does not change is not sent');

# One of a row after the other, the rows at once
my $users = $session->sql("SELECT count(*) FROM exo.dbaas_users WHERE $of_pg");
cmp_ok($users, '>', 2, 'several users');
$sim->config(latency => 100);
$sim->clear;
$session->sql("UPDATE exo.dbaas_users SET $both WHERE $of_pg");
$sim->config(latency => 0);
my @sent = grep { $_->{method} ne 'GET' } $sim->requests;
is(scalar @sent, 2 * $users, 'two requests for each row')
  or diag(map { "$_->{method} $_->{path} $_->{in_flight}\n" } @sent);
my (%last, $at_once);
foreach my $request (@sent)
{
	my ($user) = $request->{path} =~ m{/user/([^/]+)/};
	like($request->{path}, $last{$user} ? qr{/password/reset$} : qr{/allow-replication$},
		"$user: in order");
	$last{$user}++;
	$at_once = 1 if $request->{in_flight} > 1;
}
ok($at_once, 'rows at once');

# Whichever row is slow, COMMIT waits for it, and sends all that it has
foreach my $slow (qw(avnadmin user_1 lecture*))
{
	$sim->fault(
		{
			method => 'PUT',
			path => "/dbaas-postgres/pg-1-0001/user/$slow/allow-replication",
			action => 'delay',
			ms => 600
		});
	my $writes = writes_of($session, "UPDATE exo.dbaas_users SET $both WHERE $of_pg");
	is(scalar @$writes, 2 * $users, "$slow is slow: all is sent");
	is(scalar(grep { $_->{path} =~ m{^/operation/} } $sim->requests) >= $users,
		1, 'and waited for');
	$sim->clear_faults;
}

# A failure of the second
$sim->fault({ method => 'PUT', path => "$pg/password/reset", action => 'status', status => 400,
		body => '{"message":"no"}' });
my $error = $session->sql_error("UPDATE exo.dbaas_users SET $both WHERE $admin");
is($error->{sqlstate}, '22023', 'the second fails');
like(
	$error->{stderr},
	qr{allow-replication in zone ch-gva-2: applied\n[^\n]*reset in zone ch-gva-2: failed},
	'the report has both');
$sim->clear_faults;

# A failure of the first
$sim->fault({ method => 'PUT', path => "$pg/allow-replication", action => 'status', status => 409,
		body => '{"error":"busy"}' });
$sim->clear;
$error = $session->sql_error("UPDATE exo.dbaas_users SET $both WHERE $admin");
is($error->{sqlstate}, '55006', 'the first fails');
like($error->{stderr}, qr{reset in zone ch-gva-2: not sent}, 'the second is not sent');
is(scalar(grep { $_->{path} =~ /reset/ } $sim->requests), 0, 'indeed');
$sim->clear_faults;

# All or none of them are queued
is_refused($session,
	"UPDATE exo.dbaas_users SET allow_replication = true, password = 'x' WHERE $of_pg",
	'22023', qr/"password"/);
$session->sql("BEGIN; UPDATE exo.dbaas_users SET $both WHERE $admin");
is( $session->sql(
		q{SELECT path ~ 'reset$', body ->> 'password' FROM dbaas_fdw_queued() ORDER BY number}),
	"f|\nt|***",
	'both are queued');
is($session->sql('SELECT number, after FROM dbaas_fdw_queued() ORDER BY number'),
	"1|\n2|1", 'and the plan says that the second waits for the first');
$session->sql('ROLLBACK');
is_deeply(
	writes_of(
		$session,
		"BEGIN; SAVEPOINT s; UPDATE exo.dbaas_users SET $both WHERE $admin; ROLLBACK TO s; COMMIT"),
	[],
	'a savepoint drops both');
$session->sql('SET dbaas_fdw.update_limit = 1');
is( scalar @{
		writes_of($session,
			"BEGIN; UPDATE exo.dbaas_users SET $both WHERE $admin; "
			  . "UPDATE exo.dbaas_users SET password = 'S3CRET-4' WHERE $admin; COMMIT") },
	3,
	'a user counts once for the limit');
is_refused($session, "UPDATE exo.dbaas_users SET $both WHERE $of_pg",
	'53400', qr/update more than 1 users/);
$session->sql('RESET dbaas_fdw.update_limit');

# EXPLAIN
my $path = '/dbaas-{service-type}/{service-name}/user/{username}';
my $plan = $session->sql("EXPLAIN (COSTS OFF) UPDATE exo.dbaas_users SET $both WHERE $admin");
like($plan, qr{\n\s+Request: PUT \Q$path\E/allow-replication\n}, 'EXPLAIN has the first request');
like($plan, qr{\n\s+Additional Request: PUT \Q$path\E/password/reset\n}, 'and the second');
$plan =
  $session->sql("EXPLAIN UPDATE exo.dbaas_users SET password = 'S3CRET-5' WHERE $admin");
unlike($plan, qr/allow-replication/, 'one that cannot be sent is not there');

done_testing();
