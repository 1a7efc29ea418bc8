# Rows that are parts of one object, which the API replaces as a whole: what a transaction does to
# them is one write, with all that it had not to do with left as it is.
use strict;
use warnings;

use DbaasChecks qw(is_refused);
use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 16, logs => 0, operation_time => 20);
my $sim = $t->sim;
my $session;
my $path = '/dbaas-opensearch/opensearch-1-0004/acl-config';
my $there = "zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004'";
my $json = JSON::PP->new->canonical;

sub begin
{
	$sim->reset;
	$session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');
	$sim->clear;
	return;
}

# add('USER INDEX PERMISSION', ...): an INSERT of such rules; "-" is no permission
sub add
{
	return 'INSERT INTO exo.dbaas_opensearch_acls (zone, service_name, username, index, permission)'
	  . ' VALUES '
	  . join(', ',
		map {
			my ($user, $index, $permission) = split ' ';
			$permission = $permission eq '-' ? 'NULL' : "'$permission'";
			"('ch-gva-2', 'opensearch-1-0004', '$user', '$index', $permission)"
		} @_);
}
sub remove { return "DELETE FROM exo.dbaas_opensearch_acls WHERE $there AND $_[0]" }

sub change
{
	my ($permission, $which) = @_;
	return "UPDATE exo.dbaas_opensearch_acls SET permission = '$permission' "
	  . "WHERE $there AND $which";
}

# The rules as the API has them: "USER INDEX PERMISSION", in their order
sub rules
{
	my ($config) = @_;
	return [
		map {
			my $user = $_->{username};
			map { join ' ', $user, $_->{index}, $_->{permission} // '-' } @{ $_->{rules} }
		} @{ ($config // $sim->get($path)->{json})->{acls} }
	];
}

sub writes { return grep { $_->{method} ne 'GET' } $sim->requests }

# one_write(RULES, NAME, READS): one PUT was sent, of these rules, after so many reads: those of the
# scan and the write share one, one comes before the PUT, and one after it waits until it shows
sub one_write
{
	my ($expected, $name, $reads) = @_;
	my @writes = writes();
	is(scalar(grep { $_->{path} eq $path && $_->{method} eq 'GET' } $sim->requests),
		$reads, "$name: reads") if $reads;
	is_deeply([ map { "$_->{method} $_->{path}" } @writes ], ["PUT $path"], "$name: one write")
	  or return;
	is_deeply(rules($json->decode($writes[0]{body})), $expected, "$name: of all rules");
	is_deeply(rules(), $expected, "$name: which the API has then");
	return;
}

my @before = ('avnadmin * admin', 'indexer logs-* readwrite', 'indexer metrics-* -');

# What is read
begin();
is( $session->sql(
		'SELECT username, index, permission, acl_enabled, extended_acl_enabled '
		  . "FROM exo.dbaas_opensearch_acls WHERE $there"),
	"avnadmin|*|admin|t|f\nindexer|logs-*|readwrite|t|f\nindexer|metrics-*||t|f",
	'a row for each rule');
$session->sql('SELECT count(*) FROM exo.dbaas_opensearch_acls');
is(scalar(grep { $_->{path} =~ m{^/dbaas-(?!opensearch/|service$)} } $sim->requests),
	0, 'services of other types are not asked');

# One statement
begin();
$session->sql(add('alice docs-* read', 'indexer audit deny', 'alice * -'));
one_write([ @before, 'indexer audit deny', 'alice docs-* read', 'alice * -' ], 'an INSERT', 3);
is_deeply(
	{ %{ $json->decode((writes())[0]{body}) }, acls => undef },
	{ 'acl-enabled' => JSON::PP::true, 'extended-acl-enabled' => JSON::PP::false, acls => undef },
	'with what is beside them');
begin();
$session->sql(change('deny', "username = 'indexer'"));
one_write([ 'avnadmin * admin', 'indexer logs-* deny', 'indexer metrics-* deny' ], 'an UPDATE', 3);
begin();
$session->sql(remove("username = 'indexer'"));
one_write(['avnadmin * admin'], 'a DELETE', 3);
is_deeply([ map { $_->{username} } @{ $sim->get($path)->{json}{acls} } ],
	['avnadmin'], 'takes the entry of a user without rules too');
begin();
$session->sql('DELETE FROM exo.dbaas_opensearch_acls WHERE service_name = '
	  . "'opensearch-1-0004' AND index = 'logs-*'");
one_write([ 'avnadmin * admin', 'indexer metrics-* -' ], 'a DELETE without a zone');
begin();
$session->sql(change('readwrite', q{index = 'logs-*'}));
is(scalar(writes()), 0, 'an UPDATE that changes nothing sends nothing');

# Several statements
begin();
$session->sql('BEGIN');
$session->sql(add('alice docs-* read'));
$session->sql(change('write', q{index = 'logs-*'}));
$session->sql(remove(q{index = 'metrics-*'}));
$session->sql(add('alice x deny'));
is(scalar(writes()), 0, 'nothing is sent before COMMIT');
$session->sql('COMMIT');
one_write(
	[ 'avnadmin * admin', 'indexer logs-* write', 'alice docs-* read', 'alice x deny' ],
	'four statements');
begin();
$session->sql('BEGIN; ' . add('alice docs-* read'));
$session->sql(remove(q{username = 'indexer'}));
$session->sql(add('indexer logs-* read'));
is($session->sql('WITH u AS (' . change('deny', q{username = 'indexer'}) . ' RETURNING 1) '
		  . 'SELECT count(*) FROM u'),
	1, 'what is made again can be updated, what is gone cannot');
is( $session->sql(
		'WITH d AS (' . remove(q{index = 'metrics-*'}) . ' RETURNING 1) SELECT count(*) FROM d'),
	0, 'nor deleted');
$session->sql('COMMIT');
one_write([ 'avnadmin * admin', 'alice docs-* read', 'indexer logs-* deny' ],
	'deleted and made again');

# Savepoints
begin();
$session->sql('BEGIN; ' . add('a x read'));
$session->sql('SAVEPOINT one; ' . add('b x read'));
$session->sql('SAVEPOINT two; ' . remove(q{username = 'indexer'}));
$session->sql('ROLLBACK TO two; ' . add('c x read'));
$session->sql('RELEASE two');
$session->sql('SAVEPOINT three; ' . add('d x read'));
$session->sql('ROLLBACK TO three; COMMIT');
one_write([ @before, 'a x read', 'b x read', 'c x read' ], 'what savepoints leave');
begin();
$session->sql('BEGIN; SAVEPOINT one; ' . add('b x read'));
$session->sql('ROLLBACK TO one; COMMIT');
is(scalar(writes()), 0, 'nothing is left, and nothing sent');
begin();
$session->sql('BEGIN; ' . add('a x read'));
$session->sql_error(add('a x write'));
$session->sql('ROLLBACK');
is(scalar(writes()), 0, 'nor after a ROLLBACK');

# Two writes of a savepoint that is released have in common what they replace; what comes after them
# takes the memory that is free, with other rules of a like length
begin();
$session->sql(remove(q{index = 'metrics-*'}) =~ s/-0004/-0012/r);
$session->sql('BEGIN; ' . add('a x read'));
$session->sql('SAVEPOINT one; ' . add('b x read'));
$session->sql(add('c x read'));
$session->sql('RELEASE one; ' . remove(q{index = 'logs-*'}) =~ s/-0004/-0012/r);
is(($session->sql_both('COMMIT'))[1], '', 'two in a savepoint that is released');
is_deeply(rules(), [ @before, 'a x read', 'b x read', 'c x read' ], 'are written');

# A plan that was shown inside a savepoint leaves what was written before it
begin();
$session->sql('BEGIN; ' . add('a x read'));
$session->sql(add('b x read'));
$session->sql('SAVEPOINT one; ' . remove(q{username = 'indexer'}));
$session->sql(add('c x read'));
is($session->sql('SELECT count(*) FROM dbaas_fdw_queued()'), 1, 'the plan is one write');
$session->sql('ROLLBACK TO one');
is_deeply(
	rules($json->decode($session->sql('SELECT body FROM dbaas_fdw_queued()'))),
	[ @before, 'a x read', 'b x read' ],
	'without the savepoint, it is of what was before');
$session->sql('SAVEPOINT two; ' . add('d x read') . '; RELEASE two; ' . remove(q{index = '*'}));
$session->sql('COMMIT');
one_write([ @before[ 1, 2 ], 'a x read', 'b x read', 'd x read' ], 'what is left after it');

# A write that fails inside a savepoint leaves what was written before it, too
begin();
$session->sql('BEGIN; ' . add('a x read'));
$session->sql(add('b x read'));
$session->sql('SAVEPOINT one; ' . add('c x read'));
$sim->fault({ method => 'PUT', path => $path, action => 'status', status => 409,
		body => '{"error":"busy"}' });
is($session->sql_error(add('d x read') . ' RETURNING index')->{sqlstate}, '55006', 'it fails');
$sim->clear_faults;
$session->sql('ROLLBACK TO one; ' . add('e x read') . '; COMMIT');
is_deeply(rules(), [ @before, 'a x read', 'b x read', 'e x read' ], 'the others are written');

# Many rows: the object is not held as often as it is changed
begin();
my $loop = q{DO $$BEGIN FOR i IN 1..200 LOOP BEGIN }
  . add('c x read') =~ s/'c', 'x'/'c', 'many-' || i/r
  . q{; EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END$$};
my $held = q{SELECT sum(used_bytes) < 512 * 1024 FROM pg_backend_memory_contexts
	WHERE name = 'dbaas_fdw writes'};
$session->sql('BEGIN; '
	  . 'INSERT INTO exo.dbaas_opensearch_acls (zone, service_name, username, index) '
	  . "SELECT 'ch-gva-2', 'opensearch-1-0004', 'a', 'many-' || i FROM generate_series(1, 200) i");
DbaasTest::measured_ok($session->sql($held), 'eq', 't', 'by one statement');
$session->sql($loop);
DbaasTest::measured_ok($session->sql($held),
	'eq', 't', 'nor by as many savepoints that were released');
$session->sql(remove(q{username = 'indexer'}));
DbaasTest::measured_ok($session->sql($held), 'eq', 't', 'nor by a DELETE');
$session->sql('COMMIT');
is_deeply(
	rules(),
	[ $before[0], (map { "a many-$_ -" } 1 .. 200), (map { "c many-$_ read" } 1 .. 200) ],
	'all are written');
is(scalar(writes()), 1, 'by one write');

# Rows that there are, and those that there are not
begin();
is_refused($session, add('avnadmin * read'), '23505', qr/has such a row already/);
is_refused($session, add('a x read', 'a x deny'), '23505', qr/\["a","x"\]/);
is_refused($session, add('a x all'), '22023', qr/admin, deny, read, readwrite, write/);
is_refused($session, add('a ' . 'x' x 250 . ' read'), '22023', qr/texts of 0 to 249 characters/);
is_refused(
	$session,
	'INSERT INTO exo.dbaas_opensearch_acls (service_name, username) '
	  . "VALUES ('opensearch-1-0004', 'a')",
	'23502',
	qr/"index"/);
is_refused($session, change('read', q{index = '*'}) =~ s/permission = 'read'/index = 'x'/r,
	'0A000', qr/cannot be set by UPDATE/);
is_refused($session, change('read', q{index = '*'}) =~ s/'read'/NULL/r, '23502', qr/"permission"/);
is_refused($session, add('a x read') =~ s/opensearch-1-0004/pg-1-0001/r,
	'0A000', qr/of type "pg" does not take/);
is_refused($session, add('a x read') =~ s/opensearch-1-0004/nope/r, '42704', qr/no service "nope"/);
is_refused(
	$session,
	'BEGIN; '
	  . change('read', q{index = 'logs-*'}) . '; '
	  . 'UPDATE exo.dbaas_opensearch_acls SET permission = permission || \'write\' '
	  . "WHERE $there AND index = 'logs-*'",
	'0A000',
	qr/computes a value from column "permission"/);
$session->sql('ROLLBACK');

# A row that a statement meets twice
begin();
$session->sql('UPDATE exo.dbaas_opensearch_acls a SET permission = v.p FROM (VALUES '
	  . "('logs-*', 'read'), ('logs-*', 'deny')) v(i, p) WHERE a.index = v.i AND $there");
is(scalar(@{ rules() }), 3, 'is still one');
is(scalar(writes()), 1, 'and written once');
like(rules()->[1], qr/^indexer logs-\* (?:read|deny)$/, 'with one of the values');

# Rules that are alike
my $twice = {
	acls => [
		{ username => 'a', rules => [ map { { index => 'x', permission => $_ } } qw(read read) ] },
		{ username => 'a', rules => [ { index => 'x', permission => 'deny' } ] },
		{ username => 'b', rules => [] },
	]
};
begin();
$sim->wait_operation($sim->put($path, $twice)->{json});
$sim->clear;
$session->sql(remove(q{permission = 'read'}));
one_write(['a x deny'], 'each of two equal rules is deleted');
is_deeply([ map { $_->{username} } @{ $sim->get($path)->{json}{acls} } ],
	[ 'a', 'b' ], 'an entry without rules stays, unless its last was deleted');
begin();
$sim->wait_operation($sim->put($path, $twice)->{json});
$sim->clear;
$session->sql(change('write', q{permission = 'read'}));
one_write([ 'a x write', 'a x write', 'a x deny' ], 'each is updated');
$sim->clear;
$session->sql('BEGIN; ' . change('admin', q{permission = 'write'}));
is($session->sql_error(change('read', q{permission = 'write'}))->{sqlstate},
	'0A000', 'but not again, when it is not clear which is meant');
$session->sql('ROLLBACK; ' . add('b y read'));
is($sim->get($path)->{json}{acls}[2]{rules}[0]{index}, 'y', 'an entry without rules is used');

# Several services, also in one statement
begin();
my @others = map { $_->{name} } grep { $_->{type} eq 'opensearch' && $_->{state} eq 'running' }
  @{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} };
cmp_ok(scalar(@others), '>', 1, 'two services');
$sim->clear;
$sim->together(2, method => 'PUT');
$session->sql(
	'INSERT INTO exo.dbaas_opensearch_acls (zone, service_name, username, index, permission) '
	  . "SELECT 'ch-gva-2', s, 'a', i, 'read' FROM unnest('{$others[0],$others[1]}'::text[]) s, "
	  . "unnest('{x,y}'::text[]) i");
is(scalar(writes()), 2, 'one write for each service');
is((sort map { $_->{in_flight} } writes())[-1], 2, 'at the same time');

# Writes of other kinds keep their order
begin();
$session->sql('BEGIN; ' . add('a x read'));
$session->sql('INSERT INTO exo.dbaas_users (zone, service_name, username) VALUES '
	  . "('ch-gva-2', 'opensearch-1-0004', 'new')");
$session->sql(add('new x read'));
$session->sql('COMMIT');
is_deeply([ map { "$_->{method} $_->{path}" } writes() ],
	[ 'POST /dbaas-opensearch/opensearch-1-0004/user', "PUT $path" ],
	'one write, where the last change was made');
is_deeply(rules(), [ @before, 'a x read', 'new x read' ], 'of both');

# A service that goes
begin();
$session->sql("BEGIN; DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' "
	  . "AND name = 'opensearch-1-0004'");
is($session->sql('WITH d AS (' . remove('true') . ' RETURNING 1) SELECT count(*) FROM d'),
	0, 'its rules are gone');
is($session->sql_error(add('a x read'))->{sqlstate}, '42704', 'and there can be no new ones');
$session->sql('ROLLBACK');

# RETURNING shows what the API has
begin();
is( $session->sql(
		"INSERT INTO exo.dbaas_opensearch_acls (service_name, username, index) VALUES "
		  . "('opensearch-1-0004', 'indexer', 'x'), ('opensearch-1-0004', 'a', 'x') RETURNING *"),
	"ch-gva-2|opensearch-1-0004|indexer|x||t|f\nch-gva-2|opensearch-1-0004|a|x||t|f",
	'RETURNING: the zone, and what is beside the rules');

# Through another table and another server with the same key
begin();
$t->sql(
	"CREATE SERVER other FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint '" . $sim->url . "')");
$t->sql('CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS '
	  . "(api_key '" . $sim->key . "', api_secret '" . $sim->secret . "')");
$t->sql(q{CREATE FOREIGN TABLE rules (zone text, service_name text, who text OPTIONS
	(field '../username'), index text, permission text)
	SERVER other OPTIONS (resource 'opensearch-acls')});
$session->sql('BEGIN; ' . add('a x read'));
$session->sql(
	"INSERT INTO rules VALUES ('ch-gva-2', 'opensearch-1-0004', 'b', 'x', 'read'); COMMIT");
one_write([ @before, 'a x read', 'b x read' ], 'two tables');
$session->sql('ALTER FOREIGN TABLE rules DROP COLUMN index');
is_refused($session, "DELETE FROM rules WHERE who = 'a'", '23502', qr/ADD COLUMN index text/);

# EXPLAIN
my $plan = $session->sql('EXPLAIN (COSTS OFF) ' . remove('true'));
my $template = qr{/dbaas-\{service-type\}/\{service-name\}/acl-config};
like($plan, qr{Request: PUT $template}, 'EXPLAIN: the write');
like($plan, qr{Reads: GET $template}, 'and what it needs');

done_testing();
