# Services are made, changed and deleted below the path of their type, and so are their users,
# databases and connection pools; bodies are held to the API's document.
use strict;
use warnings;
use utf8;

use JSON::PP ();
use Test::More;
use DbaasSim;

my $sim = DbaasSim->start(services => 20, logs => 10, operation_time => 0);
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub succeed
{
	my ($answer, $name) = @_;
	is($answer->{status}, 200, $name) or diag($answer->{content});
	my $ended = $sim->wait_operation($answer->{json});
	is($ended->{state}, 'success', 'in the end');
	return $ended;
}

sub refused
{
	my ($answer, $status, $location, $name) = @_;
	is($answer->{status}, $status, "$name: $status") or diag($answer->{content});
	is($answer->{json}{errors}[0]{location}, $location, 'says where') if $status == 422;
	return;
}

sub listed
{
	my ($name) = @_;
	return (grep { $_->{name} eq $name } @{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} })
	  [0];
}

# A new service is rebuilding as long as its operation is pending, and then for the running time
my $pg = '/dbaas-postgres/new-1';
$sim->fault({ action => 'operation', state => 'pending-forever' });
my $endless = $sim->post($pg, { plan => 'startup-4' })->{json};
is($endless->{state}, 'pending', 'POST of a service starts an operation');
is($endless->{reference}{command}, 'get-dbaas-service-pg', 'that names its read');
is($endless->{reference}{link}, "/v2$pg", 'and its path');
is($sim->get($pg)->{json}{state}, 'rebuilding', 'meanwhile it is rebuilding');
is(listed('new-1')->{state}, 'rebuilding', 'in the list too');
refused($sim->post($pg, { plan => 'startup-4' }), 409, undef, 'the same name again');
refused($sim->post('/dbaas-mysql/new-1', { plan => 'startup-4' }),
	409, undef, 'for another type as well');
refused($sim->put($pg, { plan => 'startup-8' }), 409, undef, 'PUT of one that is not running');
refused($sim->post("$pg/database", { 'database-name' => 'x' }), 409, undef, 'a database of it');
$sim->reset;
$sim->config(running_time => 3600000);
succeed($sim->post($pg, { plan => 'startup-4' }), 'a service with a running time');
is($sim->get($pg)->{json}{state}, 'rebuilding', 'success does not mean that it runs');
my $has = $sim->get($pg)->{json}{'backup-schedule'};
succeed(
	$sim->put($pg, { 'termination-protection' => $true, 'backup-schedule' => $has }),
	'PUT of its protection, with the schedule that it has');
refused(
	$sim->put($pg,
		{
			'termination-protection' => $false,
			'backup-schedule' => { %$has, 'backup-hour' => ($has->{'backup-hour'} + 1) % 24 }
		}),
	409, undef, 'with another one');
$sim->reset;
$sim->config(running_time => 0);
$sim->fault({ action => 'operation', state => 'failure', reason => 'unavailable' });
$sim->wait_operation($sim->post($pg, { plan => 'startup-4' })->{json});
is($sim->get($pg)->{status}, 404, 'after a failure it is gone');
is(listed('new-1'), undef, 'from the list too');

sub encoded { return JSON::PP->new->canonical->encode(@_) }

# What it was made with
succeed(
	$sim->post(
		$pg,
		{
			plan => 'business-4',
			version => '15',
			'termination-protection' => $true,
			'ip-filter' => [ '192.0.2.0/24', '2001:db8::/32', '192.0.2.1' ],
			'admin-username' => 'chef',
			'admin-password' => 'S3CRET-of-chef',
			maintenance => { dow => 'sunday', time => '01:02:03' },
			'backup-schedule' => { 'backup-hour' => 4, 'backup-minute' => 30 },
			'pg-settings' => { timezone => 'Europe/Zurich', jit => $false },
			migration => { host => 'old.example', port => 5432, password => 'S3CRET-of-old' }
		}),
	'POST with all that');
my $made = $sim->get($pg)->{json};
is($made->{state}, 'running', 'then it runs');
is_deeply(
	[ @$made{qw(plan version termination-protection)} ],
	[ 'business-4', '15', $true ],
	'plan, version, protection');
is_deeply(
	$made->{'ip-filter'},
	[ '192.0.2.0/24', '192.0.2.1/32', '2001:db8::/32' ],
	'ip-filter, as networks in an order of their own');
is_deeply(
	$made->{maintenance},
	{ dow => 'sunday', time => '01:02:03', updates => [] },
	'maintenance, with updates');
is_deeply(
	$made->{'backup-schedule'},
	{ 'backup-hour' => 4, 'backup-minute' => 30 },
	'backup schedule');
is_deeply($made->{'pg-settings'}, { timezone => 'Europe/Zurich', jit => $false }, 'settings');
is($made->{users}[0]{username}, 'chef', 'the administrator');
like($made->{uri}, qr{^postgres://chef:S3CRET-of-chef@}, 'is in the uri');
unlike($sim->get($pg)->{content}, qr/S3CRET-of-old/, 'the password of a migration is not shown');
unlike($sim->get('/dbaas-service')->{content}, qr/S3CRET/, 'the list has no secrets');
is_deeply(
	[ @{ listed('new-1') }{qw(type plan node-count state)} ],
	[ 'pg', 'business-4', 2, 'running' ],
	'the list has it');
is(scalar @{ $made->{'node-states'} }, 2, 'with the nodes of its plan');
is_deeply($sim->post('/dbaas-service-logs/new-1', {})->{json}, {}, 'it has no logs yet');
is($sim->get('/dbaas-mysql/new-1')->{status}, 404, 'below the path of another type it is 404');

# Changes
succeed(
	$sim->put(
		$pg, { 'backup-schedule' => { 'backup-hour' => 5 }, 'pg-settings' => { jit => $true } }),
	'PUT of a few members');
my $changed = $sim->get($pg)->{json};
is_deeply(
	$changed->{'backup-schedule'},
	{ 'backup-hour' => 5 },
	'a backup schedule is replaced as a whole');
is_deeply(
	$changed->{'pg-settings'},
	{ timezone => 'Europe/Zurich', jit => $true },
	'settings not named stay');
is_deeply($changed->{$_}, $made->{$_}, "$_ stays")
  foreach qw(plan version ip-filter maintenance users);
succeed($sim->put($pg, { plan => 'startup-8', 'ip-filter' => [], version => '17' }),
	'PUT of plan, filter and version');
is_deeply(
	[ @{ $sim->get($pg)->{json} }{qw(plan version ip-filter)} ],
	[ 'startup-8', '17', [] ],
	'they are changed');
is_deeply(
	[ @{ listed('new-1') }{qw(plan node-count node-memory)} ],
	[ 'startup-8', 1, 8 << 30 ],
	'in the list too');
refused($sim->put($pg, { version => '16' }), 422, q($['version']), 'an older version');
is($sim->delete($pg)->{status}, 403, 'DELETE of a protected service');
succeed($sim->put($pg, { 'termination-protection' => $false }), 'PUT of the protection');
my $schedule = $sim->get($pg)->{json}{'backup-schedule'};
isnt(encoded($schedule), '{"backup-hour":5}', 'a PUT without a backup schedule moves it');
like(encoded($schedule), qr/^\{"backup-hour":\d+,"backup-minute":\d+\}$/, 'to another time');
succeed($sim->put($pg, {}), 'PUT of nothing');
isnt(encoded($sim->get($pg)->{json}{'backup-schedule'}), encoded($schedule), 'each time');
succeed(
	$sim->put(
		$pg,
		{
			'backup-schedule' => { 'backup-hour' => 1, 'backup-minute' => 2 },
			'ip-filter' => [ '192.0.2.77/24', '::1', '192.0.2.0/24', '10.1.2.3' ]
		}),
	'PUT with one');
is_deeply(
	[ @{ $sim->get($pg)->{json} }{qw(backup-schedule ip-filter)} ],
	[ { 'backup-hour' => 1, 'backup-minute' => 2 }, [ '10.1.2.3/32', '192.0.2.0/24', '::1/128' ] ],
	'sets it; host bits of networks are cleared');
succeed($sim->put('/dbaas-kafka/kafka-1-0003', { 'termination-protection' => $false }),
	'PUT of a kafka');
ok(!exists $sim->get('/dbaas-kafka/kafka-1-0003')->{json}{'backup-schedule'},
	'which has no backup schedule, before or after');
succeed($sim->put('/dbaas-postgres/pg-1-0001/maintenance/start'), 'start of the maintenance');
is_deeply($sim->get('/dbaas-postgres/pg-1-0001')->{json}{maintenance}{updates},
	[], 'installs the updates');

# Bodies that the document does not allow
my %create = (plan => 'startup-4');
foreach my $case (
	[ { %create, nope => 1 }, q($['nope']), 'an unknown member' ],
	[ {}, q($['plan']), 'no plan' ],
	[ { plan => '' }, q($['plan']), 'an empty plan' ],
	[ { plan => 'huge-1' }, q($['plan']), 'a plan that there is not' ],
	[ { %create, version => '12' }, q($['version']), 'a version outside of the enum' ],
	[ { %create, version => '18' }, q($['version']), 'a version that is not available' ],
	[
		{ %create, 'termination-protection' => 'yes' },
		q($['termination-protection']),
		'a string for a boolean'
	],
	[ { %create, 'ip-filter' => '0.0.0.0/0' }, q($['ip-filter']), 'a string for an array' ],
	[
		{ %create, 'ip-filter' => [ '192.0.2.1', 7 ] },
		q($['ip-filter'][1]),
		'a number in an array of strings'
	],
	[ { %create, 'ip-filter' => ['192.0.2.0/33'] }, q($['ip-filter']), 'a prefix too long' ],
	[
		{ %create, maintenance => { dow => 'monday' } },
		q($['maintenance']['time']),
		'maintenance without a time'
	],
	[
		{ %create, maintenance => { dow => 'monday', time => '25:00:00' } },
		q($['maintenance']), 'a time that there is not'
	],
	[
		{ %create, maintenance => { dow => 'monday', time => '01:00:00', updates => [] } },
		q($['maintenance']['updates']),
		'an unknown member inside'
	],
	[
		{ %create, 'backup-schedule' => { 'backup-hour' => 24 } },
		q($['backup-schedule']['backup-hour']),
		'a number out of bounds'
	],
	[ { %create, 'work-mem' => undef }, q($['work-mem']), 'a null where there may be none' ],
	[
		{ %create, 'pg-settings' => { nope => 1 } },
		q($['pg-settings']['nope']),
		'an unknown setting'
	],
	[
		{ %create, 'pg-settings' => { autovacuum => { autovacuum_vacuum_scale_factor => 1.5 } } },
		q($['pg-settings']['autovacuum']['autovacuum_vacuum_scale_factor']),
		'a setting of a setting'
	],
	[
		{ %create, 'pg-settings' => { timezone => 'Europe Zurich' } },
		q($['pg-settings']['timezone']),
		'a setting that does not match'
	],
	[
		{ %create, 'admin-password' => 'with space' },
		q($['admin-password']),
		'a password that does not match'
	],
	[
		{ %create, migration => { host => 'h' } },
		q($['migration']['port']),
		'a migration without a port'
	])
{
	my ($body, $location, $name) = @$case;
	refused($sim->post('/dbaas-postgres/bad', $body), 422, $location, $name);
}
is( scalar @{
		$sim->post('/dbaas-postgres/bad', { nope => 1, version => 17, 'work-mem' => 0 })
		  ->{json}{errors}
	},
	4,
	'all errors are told');
is($sim->get('/dbaas-postgres/bad')->{status}, 404, 'nothing was made');
refused($sim->post('/dbaas-postgres/%ff', \%create), 400, undef, 'a name that is not UTF-8');
succeed($sim->post('/dbaas-postgres/a%22%5Cb', \%create), 'a name that JSON has to escape');
ok(listed('a"\b'), 'it is listed');
like($sim->get('/dbaas-postgres/a%22%5Cb')->{json}{uri}, qr/a"\\b/, 'and has it in its URI');
succeed($sim->delete('/dbaas-service/a%22%5Cb'), 'it is deleted');
refused($sim->post('/dbaas-postgres/' . 'x' x 64, \%create), 400, undef, 'a name too long');
refused($sim->post('/dbaas-postgres/bad', { plan => 'premium-8' }),
	403, undef, 'a plan that is not authorized');
refused($sim->post('/dbaas-postgres/bad', { plan => 'premium-8' }, zone => 'de-fra-1'),
	422, q($['plan']), 'a plan of another zone');
refused($sim->post('/dbaas-postgres/bad', { %create, 'fork-from-service' => 'nope' }),
	404, undef, 'a fork of no service');
refused($sim->put('/dbaas-postgres/nope', {}), 404, undef, 'PUT of no service');
refused($sim->put('/dbaas-mysql/mysql-1-0002', { 'admin-password' => 'S3CRET-admin' }),
	422, q($['admin-password']), 'a member of the create alone');

# Patterns, as the document has them
foreach my $case (
	[ 'valkey/valkey-1-0005', 'valkey-settings', 'notify_keyspace_events', 'KEg$l', 'KEy' ],
	[ 'kafka/kafka-1-0003', 'schema-registry-settings', 'topic_name', '_sch-e.mas', 'a b' ],
	[
		'kafka/kafka-1-0003', 'kafka-settings',
		'sasl_oauthbearer_expected_audience', 'été [1]',
		"a\nb"
	],
	[ 'mysql/mysql-1-0002', 'mysql-settings', 'sql_mode', 'ANSI,TRADITIONAL', 'ansi' ],
	[ 'mysql/mysql-1-0002', 'mysql-settings', 'default_time_zone', '+03:00', '+03:00x' ],
	[
		'mysql/mysql-1-0002', 'mysql-settings',
		'innodb_ft_server_stopword_table', 'db/table',
		'table'
	],
	[ 'postgres/pg-1-0001', 'pgaudit-settings', 'role', '_a.b-c', '-a' ],
	[ 'grafana/grafana-1-0006', 'grafana-settings', 'google_analytics_ua_id', 'UA-12-x', 'XA-12' ],
	[
		'grafana/grafana-1-0006', 'grafana-settings',
		'dashboards_min_refresh_interval', '500ms',
		'5 s'
	])
{
	my ($path, $member, $setting, $good, $bad) = @$case;
	succeed($sim->put("/dbaas-$path", { $member => { $setting => $good } }), "$setting: $good");
	refused($sim->put("/dbaas-$path", { $member => { $setting => $bad } }),
		422, "\$['$member']['$setting']", $setting);
}
my %smtp = (host => 'smtp.example.com', port => 25, from_address => 'a.b+c@mail.example.com');
my %zones = (default_timezone => 'Etc/UTC+2', full_date => 'YYYY-MM-DD HH:mm:ss');
succeed(
	$sim->put(
		'/dbaas-grafana/grafana-1-0006',
		{ 'grafana-settings' => { smtp_server => \%smtp, date_formats => \%zones } }),
	'an address and a date format');
refused(
	$sim->put(
		'/dbaas-grafana/grafana-1-0006',
		{ 'grafana-settings' => { smtp_server => { %smtp, from_address => 'a@b' } } }),
	422,
	q($['grafana-settings']['smtp_server']['from_address']),
	'no address');
succeed(
	$sim->put(
		'/dbaas-mysql/mysql-1-0002',
		'{"mysql-settings":{"group_concat_max_len":18446744073709551615,"long_query_time":0.10}}'),
	'the largest number');
like(
	$sim->get('/dbaas-mysql/mysql-1-0002')->{content},
	qr/"group_concat_max_len":18446744073709551615/,
	'is kept');
refused(
	$sim->put('/dbaas-mysql/mysql-1-0002', { 'mysql-settings' => { group_concat_max_len => -1 } }),
	422, q($['mysql-settings']['group_concat_max_len']), 'a negative number');

# Users
sub user
{
	my ($path, $name) = @_;
	return (grep { $_->{username} eq $name } @{ $sim->get($path)->{json}{users} })[0];
}
succeed($sim->post("$pg/user", { username => 'a/b', 'allow-replication' => $true }),
	'POST of a user');
is(user($pg, 'a/b')->{'allow-replication'}, $true, 'there it is');
like(user($pg, 'a/b')->{password}, qr/S3CRET/, 'with a password');
refused($sim->post("$pg/user", { username => 'a/b' }), 409, undef, 'the same again');
refused($sim->post("$pg/user", { username => 'c', password => 'S3CRET-xyz' }),
	422, q($['password']), 'a password that pg does not take');
is_deeply(
	$sim->put("$pg/user/a%2Fb/allow-replication", { 'allow-replication' => $false })
	  ->{json}{users}[-1],
	{ username => 'a/b', 'allow-replication' => $false },
	'PUT of allow-replication answers the users');
is(user($pg, 'a/b')->{'allow-replication'}, $false, 'it is changed');
my $old = user($pg, 'a/b')->{password};
succeed($sim->put("$pg/user/a%2Fb/password/reset", {}), 'reset of a password');
isnt(user($pg, 'a/b')->{password}, $old, 'makes another');
succeed($sim->put("$pg/user/chef/password/reset", { password => 'S3CRET-new' }),
	'reset to a password');
like($sim->get($pg)->{json}{uri}, qr{//chef:S3CRET-new@}, 'is in the uri');
refused($sim->put("$pg/user/nope/password/reset", {}), 404, undef, 'reset for no user');
refused($sim->delete("$pg/user/chef"), 409, undef, 'DELETE of the administrator');
refused($sim->delete("$pg/user/nope"), 404, undef, 'DELETE of no user');
$sim->fault({ action => 'operation', state => 'pending-forever' });
is($sim->delete("$pg/user/a%2Fb")->{json}{state}, 'pending', 'DELETE of a user');
ok(user($pg, 'a/b'), 'has its effect with success alone');
refused($sim->delete("$pg/user/a%2Fb"), 409, undef, 'the same meanwhile');

my $clickhouse = '/dbaas-clickhouse/clickhouse-1-0008';
my $secrets =
  $sim->post("$clickhouse/user", { username => 'c', password => 'S3CRET-of-c' })->{json};
is_deeply(
	$secrets,
	{ username => 'c', password => 'S3CRET-of-c' },
	'clickhouse answers the secrets at once');
my $uuid = user($clickhouse, 'c')->{uuid};
refused($sim->delete("$clickhouse/user/c"), 400, undef, 'its users are deleted by id');
succeed($sim->delete("$clickhouse/user/\U$uuid"), 'DELETE by id');
is(user($clickhouse, 'c'), undef, 'it is gone');
my $valkey = '/dbaas-valkey/valkey-1-0005';
succeed($sim->post("$valkey/user", { username => 'v', 'access-control' => { keys => ['a:*'] } }),
	'a user of valkey');
succeed($sim->put("$valkey/user/v", { 'access-control' => { keys => ['b:*'] } }),
	'PUT of what it may');
is_deeply(
	$sim->get("$valkey/user")->{json}{users}[-1],
	{ username => 'v', type => 'normal', 'access-control' => { keys => ['b:*'] } },
	'it may that alone');

# Databases and connection pools
succeed($sim->post("$pg/database", { 'database-name' => 'd/é', 'lc-ctype' => 'C' }),
	'POST of a database');
is_deeply($sim->get($pg)->{json}{databases}, [ 'defaultdb', 'd/é' ], 'there it is');
refused($sim->post("$pg/database", { 'database-name' => 'defaultdb' }),
	409, undef, 'one that there is');
refused($sim->post("$pg/database", { 'database-name' => 'x' x 41 }),
	422, q($['database-name']), 'a name too long');
refused($sim->post('/dbaas-kafka/kafka-1-0003/database', { 'database-name' => 'x' }),
	404, undef, 'a database of kafka');
succeed($sim->post("$pg/connection-pool", { name => 'p', 'database-name' => 'defaultdb' }),
	'POST of a pool');
my ($pool) = @{ $sim->get($pg)->{json}{'connection-pools'} };
is_deeply(
	[ @$pool{qw(name database mode size username)} ],
	[ 'p', 'defaultdb', 'transaction', 10, 'chef' ],
	'with the defaults');
refused($sim->post("$pg/connection-pool", { name => 'p', 'database-name' => 'defaultdb' }),
	409, undef, 'the same again');
refused($sim->post("$pg/connection-pool", { name => 'q', 'database-name' => 'nope' }),
	422, q($['database-name']), 'a pool for no database');
succeed($sim->put("$pg/connection-pool/p", { size => 5, mode => 'session', username => 'a/b' }),
	'PUT of a pool');
($pool) = @{ $sim->get($pg)->{json}{'connection-pools'} };
is_deeply(
	[ @$pool{qw(name database mode size username)} ],
	[ 'p', 'defaultdb', 'session', 5, 'a/b' ],
	'what was sent is changed');
refused($sim->put("$pg/connection-pool/p", { size => 0 }),
	422, q($['size']), 'a size out of bounds');
refused($sim->put("$pg/connection-pool/nope", {}), 404, undef, 'PUT of no pool');
refused($sim->delete("$pg/database/defaultdb"), 409, undef,
	'DELETE of a database that a pool uses');
succeed($sim->delete("$pg/connection-pool/p"), 'DELETE of a pool');
succeed($sim->delete("$pg/database/defaultdb"), 'DELETE of a database');
refused($sim->delete("$pg/database/defaultdb"), 404, undef, 'again');

# Rules of access to indexes, replaced as a whole
my $rules = '/dbaas-opensearch/opensearch-1-0004/acl-config';
my $before = $sim->get($rules)->{json};
my $after =
  { acls => [ { username => 'u', rules => [ { index => 'x', permission => 'deny' } ] } ] };
is(scalar(@{ $before->{acls} }), 2, 'rules to begin with');
succeed($sim->put($rules, $after), 'PUT of all rules');
is_deeply($sim->get($rules)->{json}, $after, 'what it leaves out is gone');
is_deeply($sim->get($rules, zone => 'de-fra-1')->{status}, 404, 'those of this service alone');
refused($sim->put($rules, { acls => [ { rules => [ { permission => 'read' } ] } ] }),
	422, q($['acls'][0]['rules'][0]['index']), 'a rule about no index');
refused($sim->put($rules, { acls => [ { rules => [ { index => 'x', permission => 'all' } ] } ] }),
	422, q($['acls'][0]['rules'][0]['permission']), 'an unknown permission');
refused($sim->put('/dbaas-opensearch/nope/acl-config', $after), 404, undef, 'PUT of no service');
refused($sim->put('/dbaas-opensearch/pg-1-0001/acl-config', $after),
	404, undef, 'or of another type');
$sim->fault({ action => 'operation', state => 'pending-forever' });
$sim->put($rules, $before);
refused($sim->put($rules, $before), 409, undef, 'PUT while they are replaced');
is_deeply($sim->get($rules)->{json}, $after, 'which has not ended');

# The end
$sim->fault({ action => 'operation', state => 'pending-forever' });
$sim->delete($pg);
refused($sim->delete($pg), 409, undef, 'DELETE of one that is being deleted');
refused($sim->put($pg, {}), 409, undef, 'PUT of it');
succeed($sim->delete('/dbaas-mysql/mysql-1-0002'), 'DELETE below the path of the type');
succeed($sim->post('/dbaas-mysql/mysql-1-0002', { plan => 'startup-4' }), 'its name is free again');
is($sim->get('/dbaas-mysql/mysql-1-0002')->{json}{plan}, 'startup-4', 'for another service');
$sim->reset;
is($sim->get('/dbaas-mysql/mysql-1-0002')->{json}{'binlog-retention-period'},
	3600, 'reset brings the first back');
is_deeply($sim->get($rules)->{json}, $before, 'and the first rules');

# What is done to a service
my $older = '/dbaas-postgres/pg-1-0001';
my $running = $sim->get('/dbaas-migration-status/mysql-1-0002')->{json};
isnt($running->{status}, 'done', 'a migration runs');
succeed($sim->post('/dbaas-mysql/mysql-1-0002/migration/stop'), 'its stop');
my $stopped = $sim->get('/dbaas-migration-status/mysql-1-0002')->{json};
is_deeply(
	[ $stopped->{status}, map { $_->{status} } @{ $stopped->{details} } ],
	[ ('done') x (1 + @{ $running->{details} }) ],
	'it is done');
refused($sim->post('/dbaas-postgres/pg-1-0009/migration/stop'),
	404, undef, 'the stop of no migration');
succeed($sim->put('/dbaas-mysql/mysql-1-0002/enable/writes'), 'writes are enabled');
my $own = $sim->get($older)->{json}{version};
refused($sim->post("$older/upgrade-check", { 'target-version' => $own }),
	422, q($['target-version']), 'a check of an upgrade to the same version');
refused($sim->post("$older/upgrade-check", {}), 422, q($['target-version']), 'to none');
my $check = $sim->post("$older/upgrade-check", { 'target-version' => '18' });
is("$check->{status} $check->{json}{'task-type'}", '200 pg_upgrade_check', 'to a newer one');
is_deeply($sim->get("/dbaas-task/pg-1-0001/$check->{json}{id}")->{json},
	$check->{json}, 'is a task, which is there at once');
foreach my $action ('PUT enable/writes', 'POST migration/stop')
{
	my ($method, $path) = split / /, $action;
	refused($sim->request($method, "/dbaas-mysql/nope/$path"), 404, undef, "$path of no service");
}
$sim->config(running_time => 60000);
succeed($sim->put('/dbaas-mysql/mysql-1-0002', { plan => 'business-8' }), 'a larger plan');
refused($sim->put('/dbaas-mysql/mysql-1-0002/enable/writes'),
	409, undef, 'while the service does not run');
$sim->reset;

# What is secret can be told: each password, key and token contains S3CRET
sub untold
{
	my ($value, $name) = @_;
	return map { untold($_, $name) } @$value if ref $value eq 'ARRAY';
	return map { untold($value->{$_}, $_) } keys %$value if ref $value eq 'HASH';
	return () if !defined $value;
	return "$name: $value" if $name =~ /password|secret|access-key/ && $value !~ /S3CRET/;
	return "$name: $value" if $value =~ m{://[^/]*:([^@/]*)@} && $1 !~ /S3CRET/;
	return ();
}
my @untold;
foreach my $service (@{ $sim->get('/dbaas-service')->{json}{'dbaas-services'} })
{
	my $segment = $service->{type} eq 'pg' ? 'postgres' : $service->{type};
	my $details = $sim->get("/dbaas-$segment/$service->{name}")->{json};
	push @untold, map { "$service->{name} $_" } untold($details, '');
}
is_deeply(\@untold, [], 'every secret contains S3CRET');

done_testing();
