# A write that replaces an object as a whole would undo what somebody else has changed of it since
# it was read: then it is not sent, and neither is anything else of the transaction.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 16, logs => 0, operation_time => 20);
my $sim = $t->sim;
my $session;
my $path = '/dbaas-opensearch/opensearch-1-0004/acl-config';
my $there = "zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004'";

sub begin
{
	$sim->reset;
	$session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');
	$sim->clear;
	return;
}

sub add
{
	my ($user, $name) = @_;
	return 'INSERT INTO exo.dbaas_opensearch_acls '
	  . '(zone, service_name, username, index, permission) '
	  . "VALUES ('ch-gva-2', '" . ($name // 'opensearch-1-0004') . "', '$user', 'x', 'read')";
}
sub remove { return "DELETE FROM exo.dbaas_opensearch_acls WHERE $there AND $_[0]" }

my $user = q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'new')};

# somebody_else(CODE): changes the object, as another client of the API does
sub somebody_else
{
	my ($code) = @_;
	my $config = $sim->get($path)->{json};
	local $_ = $config;
	$code->();
	$sim->wait_operation($sim->put($path, $config)->{json});
	$sim->clear;
	return;
}
sub adds_eve
{
	push @{ $_->{acls} },
	  { username => 'eve', rules => [ { index => 'e', permission => 'read' } ] };
	return;
}

sub writes
{
	return map { "$_->{method} $_->{path}" } grep { $_->{method} ne 'GET' } $sim->requests;
}
sub users { return join ' ', map { $_->{username} } @{ $sim->get($path)->{json}{acls} } }

# is_changed(ERROR, DETAIL, NAME): the error is about the change, and nothing was sent
sub is_changed
{
	my ($error, $detail, $name) = @_;
	is($error->{sqlstate}, '40001', "$name: SQLSTATE");
	is($error->{message}, "PUT $path in zone ch-gva-2 would undo what was changed meanwhile",
		"$name: message");
	like($error->{detail}, $detail, "$name: what has changed");
	is($error->{hint}, 'Run the transaction again.', "$name: hint");
	is_deeply([ writes() ], [], "$name: nothing is sent");
	return;
}

# Between the statement and the COMMIT
begin();
$session->sql("BEGIN; $user; " . add('a'));
somebody_else(\&adds_eve);
my $error = $session->sql_error('COMMIT');
is_changed(
	$error,
	qr/^Since the transaction has read the object: acls has gained \{.*"username":"eve"\}\.$/m,
	'added');
like(
	$error->{detail},
	qr{^Writes of this transaction:
POST /dbaas-postgres/pg-1-0001/user in zone ch-gva-2 \(new\): not sent
PUT $path in zone ch-gva-2: not sent$}m,
	'each write is named once');
is(users(), 'avnadmin indexer eve', 'and what they did stays');
is($session->sql('SELECT count(*) FROM exo.dbaas_opensearch_acls'
		  . " WHERE $there"),
	4, 'the session goes on');
$sim->clear;
$session->sql("BEGIN; $user; " . add('a') . '; COMMIT');
is(users(), 'avnadmin indexer eve a', 'run again, it has both');

begin();
$session->sql('BEGIN; ' . add('a'));
somebody_else(sub { shift @{ $_->{acls} }; $_->{'acl-enabled'} = JSON::PP::false });
is_changed(
	$session->sql_error('COMMIT'),
	qr/acls has lost \{"username":"avnadmin".*\}; acl-enabled has become false\./,
	'taken out, and a setting');
begin();
$session->sql('BEGIN; ' . add('a'));
somebody_else(sub { push @{ $_->{acls} }, $_->{acls}[0] });
is_changed($session->sql_error('COMMIT'), qr/acls has gained \{.*"avnadmin"/, 'once more');
begin();
$session->sql('BEGIN; ' . add('a'));
somebody_else(sub { delete $_->{'acl-enabled'}; $_->{'extended-acl-enabled'} = JSON::PP::true });
is_changed(
	$session->sql_error('COMMIT'),
	qr/acl-enabled has become null; extended-acl-enabled has become true\./,
	'taken out, and another value');

# What means the same is no change
begin();
$session->sql('BEGIN; ' . add('a'));
somebody_else(
	sub {
		@{ $_->{acls} } = reverse @{ $_->{acls} };
		@{ $_->{acls}[0]{rules} } = reverse @{ $_->{acls}[0]{rules} };
	});
$session->sql('COMMIT');
is(users(), 'avnadmin indexer a', 'the order of elements');
begin();
$session->sql('BEGIN; ' . add('a'));
$sim->fault(
	{
		action => 'answer',
		path => $path,
		method => 'GET',
		body => '{"extended-acl-enabled": false, "acl-enabled": true, "acls": [{"rules":'
		  . '[{"permission": "admin", "index": "*"}], "username": "avnadmin"}, {"username": '
		  . '"indexer", "rules": [{"index": "logs-*", "permission": "readwrite"}, {"index":'
		  . ' "metrics-*", "permission": null}]}], "more": null}'
	});
$session->sql('COMMIT');
is(users(), 'avnadmin indexer a', 'the order of members, and null for an absent one');

# One of two objects
begin();
my ($other) = map { $_->{name} }
  grep { $_->{type} eq 'opensearch' && $_->{state} eq 'running' && $_->{name} !~ /0004/ }
  @{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} };
$session->sql('BEGIN; ' . add('a', $other) . '; ' . add('a'));
somebody_else(\&adds_eve);
is_changed($session->sql_error('COMMIT'), qr/eve/, 'the other is not sent either');

# A statement that sends, in a savepoint
begin();
$session->sql('BEGIN; ' . add('a') . '; SAVEPOINT one');
somebody_else(\&adds_eve);
is_changed($session->sql_error(add('b') . ' RETURNING username'), qr/eve/, 'RETURNING');
$session->sql('ROLLBACK TO one');
$error = $session->sql_error('COMMIT');
is_changed($error, qr/eve/, 'and what was before the savepoint');
is(() = $error->{detail} =~ /not sent/g, 1, 'which is one write');

begin();
$session->sql('SET dbaas_fdw.write_mode = immediate; BEGIN; ' . add('a'));
is(users(), 'avnadmin indexer a', 'write_mode immediate');
somebody_else(\&adds_eve);
$session->sql(add('b') . '; COMMIT');
is(users(), 'avnadmin indexer a eve b', 'the next statement reads anew');

# Sent twice by one statement: the second builds on the first
begin();
is($session->sql(q{INSERT INTO exo.dbaas_opensearch_acls (zone, service_name, username, index) }
		  . q{SELECT 'ch-gva-2', 'opensearch-1-0004', 'a', i FROM unnest('{x,y,z}'::text[]) i }
		  . q{RETURNING index}),
	"x\ny\nz", 'RETURNING of three rows');
is_deeply([ writes() ], [ ("PUT $path") x 3 ], 'three writes');
is($session->sql("SELECT string_agg(index, ' ') FROM exo.dbaas_opensearch_acls "
		  . "WHERE $there AND username = 'a'"),
	'x y z', 'which keep what was before');
begin();
$session->sql('BEGIN; ' . add('a') . ' RETURNING 1');
$session->sql(add('b'));
$session->sql(remove(q{username = 'a'}));
$session->sql('COMMIT');
is(users(), 'avnadmin indexer b', 'and so do statements after it');
is_deeply([ writes() ], [ ("PUT $path") x 2 ], 'with one more write');

# REPEATABLE READ
begin();
$session->sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
$session->sql("SELECT count(*) FROM exo.dbaas_opensearch_acls WHERE $there");
$session->sql(remove(q{username = 'indexer'}));
somebody_else(\&adds_eve);
is_changed($session->sql_error('COMMIT'), qr/eve/, 'REPEATABLE READ');
$session->sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
$session->sql("SELECT count(*) FROM exo.dbaas_opensearch_acls WHERE $there");
somebody_else(sub { pop @{ $_->{acls} } });
is($session->sql_error(remove(q{username = 'indexer'}))->{sqlstate},
	'40001', 'a DELETE compares with what the transaction has');
$session->sql('ROLLBACK');

# What the wrapper does not know is kept, and a secret that it hides is not replaced
begin();
my $unknown = {
	acls => [ { username => 'u', note => 'n', rules => [ { index => 'x', since => 1 } ] } ],
	'acl-enabled' => JSON::PP::true,
	quota => { number => 12345678901234567890 }
};
$sim->fault(
	{
		action => 'answer', path => $path, method => 'GET', times => -1,
		body => '{"acls":[{"username":"u","note":"n","rules":[{"index":"x","since":1}]}],'
		  . '"acl-enabled":true,"quota":{"number":12345678901234567890.50}}'
	});
$session->sql_error("UPDATE exo.dbaas_opensearch_acls SET permission = 'deny' WHERE $there");
is(
	$sim->last_request->{body},
	'{"acls":[{"username":"u","note":"n","rules":[{"index":"x","since":1,"permission":"deny"}]}],'
	  . '"acl-enabled":true,"quota":{"number":12345678901234567890.50}}',
	'unknown members are sent as they were read');
$sim->clear_faults;
$sim->clear;
$sim->fault(
	{
		action => 'merge', path => $path, method => 'GET', times => -1,
		patch => { password => 'S3CRET' }
	});
$error = $session->sql_error(add('a'));
is($error->{sqlstate}, '0A000', 'a secret that is hidden');
like($error->{message}, qr/would replace a secret that is not shown/, 'is not sent as ***');
unlike($error->{stderr}, qr/S3CRET/, 'nor shown');
is_deeply([ writes() ], [], 'nothing is sent');

# The read before the write fails
begin();
$session->sql("BEGIN; $user; " . add('a'));
$sim->fault({ action => 'status', status => 403, path => $path, method => 'GET' });
$error = $session->sql_error('COMMIT');
is($error->{sqlstate}, '28000', 'the list cannot be read');
like($error->{detail}, qr{^PUT $path in zone ch-gva-2: not sent$}m, 'no write was sent');
is_deeply([ writes() ], [], 'indeed');
begin();
$session->sql('BEGIN; ' . add('a'));
$sim->wait_operation($sim->delete('/dbaas-service/opensearch-1-0004')->{json});
$sim->clear;
$error = $session->sql_error('COMMIT');
is($error->{sqlstate}, '42704', 'the service is gone');
is($error->{message}, "what PUT $path in zone ch-gva-2 replaces is gone", 'and its rules');
is_deeply([ writes() ], [], 'and nothing is sent');

done_testing();
