# External endpoints: no secret of theirs is shown, whatever the API says of them; and an API that
# knows other types, or other shapes, than this version.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $t = DbaasTest->new(services => 20, logs => 1);
my $sim = $t->sim;
my $table = 'exo.dbaas_external_endpoints';
my $log = $t->node->logfile;
$t->sql(q(ALTER SYSTEM SET log_statement = 'none'));
$t->sql('SELECT pg_reload_conf()');

my %secrets = (
	datadog => '"datadog-api-key": "S3CRETdatadog", "site": "datadoghq.eu"',
	elasticsearch =>
	  '"url": "https://u:S3CRET-url@es.test", "index-prefix": "logs", "ca": "S3CRET-ca"',
	opensearch =>
	  '"url": "https://u:S3CRET-url@os.test", "index-prefix": "logs", "ca": "S3CRET-ca"',
	prometheus => '"basic-auth-username": "scraper", "basic-auth-password": "S3CRET-password"',
	rsyslog => '"server": "logs.test", "port": 514, "tls": true, "format": "rfc3164", '
	  . '"ca": "S3CRET-ca", "cert": "S3CRET-cert", "key": "S3CRET-key"');

# both($sql, $name): what a session sees of it, which has no secret; nor has the log
sub both
{
	my ($sql, $name) = @_;
	my $offset = -s $log;
	my (undef, $stdout, $stderr) = $t->sql_both($sql);
	unlike($stdout . $stderr, qr/S3CRET/, "$name: not shown");
	unlike(slurp_file($log, $offset), qr/S3CRET/, "$name: not in the log");
	return ($stdout, $stderr);
}

foreach my $type (sort keys %secrets)
{
	my $insert = "INSERT INTO $table (zone, name, type, settings) "
	  . "VALUES ('ch-gva-2', 'the $type', '$type', '{$secrets{$type}}')";
	my $path = "/dbaas-external-endpoint-$type/*";
	my $where = "WHERE name = 'the $type'";
	my $update = "UPDATE $table SET settings = settings || '{$secrets{$type}, ";
	my %change = (
		datadog => '"disable-consumer-stats": true',
		prometheus => '"basic-auth-username": "other"',
		rsyslog => '"port": 515');
	$update .= ($change{$type} // '"timeout": 20') . "}' $where";

	# A dry run
	my (undef, $dry) = both("SET dbaas_fdw.dry_run = on; $insert", "$type: dry run");
	like($dry, qr/\*\*\*/, 'which hides them');

	# An API that repeats what it was sent, as it is and encoded
	my @own = $secrets{$type} =~ /"([^"]*S3CRET[^"]*)"/g;
	my $message = join ' ', 'not so:', @own;
	foreach my $repeated ($message, $message =~ s/-/%2D/gr)
	{
		my $body = JSON::PP::encode_json({ message => $repeated });
		$sim->fault({ path => $path, action => 'status', status => 422, body => $body });
		like((both($insert, "$type: an error that repeats them"))[1],
			qr/not so/, 'but the rest of it');
		$sim->clear_faults;
	}
	both($insert, "$type: INSERT");
	both("SELECT * FROM $table $where", "$type: SELECT");
	both("BEGIN; $update; SELECT * FROM dbaas_fdw_queued(); ROLLBACK", "$type: the queue");
	my ($dry_row) = both("SET dbaas_fdw.dry_run = on; $update RETURNING settings",
		"$type: dry run of an UPDATE");
	like($dry_row, qr/\*\*\*/, 'whose RETURNING hides them');
	my ($pending) = both("BEGIN; $update; SELECT settings FROM $table $where; ROLLBACK",
		"$type: a pending UPDATE");
	my ($row) = both("$update RETURNING settings", "$type: UPDATE");
	like($row, qr/\*\*\*/, 'whose RETURNING hides them, too');
	is($t->sql("SELECT count(*) FROM $table $where"), 1, "$type: it is there");

	# Values that are no objects
	both("UPDATE $table SET settings = '$_' $where", "$type: $_")
	  foreach "[{$secrets{$type}}]", "\"$own[0]\"";

	# Sent they are
	my ($sent) = grep { $_->{method} eq 'PUT' } reverse $sim->requests;
	my @wanted = $secrets{$type} =~ /(S3CRET[\w-]*)/g;
	is((grep { index($sent->{body}, $_) < 0 } @wanted), 0, "$type: the request has them");
}

# A table of one's own, whose text may have a member twice
$t->sql('CREATE FOREIGN TABLE own (zone text, name text, type text, settings text) '
	  . q{SERVER exoscale OPTIONS (resource 'external-endpoints')});
my $twice = q{INSERT INTO own VALUES ('ch-gva-2', 'twice', 'rsyslog', }
  . qq{'{"k\\u0065y": "S3CRET-1", $secrets{rsyslog}, "key": "S3CRET-2"}')};
my ($twice_row) = both("SET dbaas_fdw.dry_run = on; $twice RETURNING settings", 'a member twice');
like($twice_row, qr/\*\*\*/, 'which RETURNING hides');
my $twice_echo = JSON::PP::encode_json({ message => 'not so: S3CRET-1 S3CRET-2' });
$sim->fault({ method => 'POST', action => 'status', status => 422, body => $twice_echo });
both($twice, 'an error that repeats them');
$sim->clear_faults;

# An INSERT whose answer does not say what it made, with RETURNING
$sim->fault({
		method => 'POST',
		path => '/dbaas-external-endpoint-rsyslog/*',
		action => 'status',
		status => 200,
		body => '{"id": "11111111-2222-4333-8444-555555555555", "state": "success"}'
	});
my ($unknown) = both("INSERT INTO $table (zone, name, type, settings) "
	  . "VALUES ('ch-gva-2', 'unknown', 'rsyslog', '{$secrets{rsyslog}}') RETURNING settings",
	'RETURNING what has no id');
like($unknown, qr/"ca": "\*\*\*"/, 'which hides the secrets');
$sim->clear_faults;

# An API that shows what it should not
my ($endpoint) = grep { $_->{type} eq 'rsyslog' }
  @{ $sim->get('/dbaas-external-endpoints', zone => 'ch-gva-2')->{json}{'dbaas-endpoints'} };
my %shown = (
	id => $endpoint->{id},
	name => $endpoint->{name},
	type => 'rsyslog',
	settings => {
		server => 'logs.test', port => 514, ca => 'S3CRET-ca', cert => 'S3CRET-cert',
		key => 'S3CRET-key', 'datadog-api-key' => 'S3CRETdatadog'
	});
$sim->fault({
		method => 'GET',
		path => "/dbaas-external-endpoint-rsyslog/$endpoint->{id}",
		action => 'status',
		status => 200,
		times => -1,
		body => JSON::PP::encode_json(\%shown)
	});
my ($row) = both("SELECT settings FROM $table WHERE id = '$endpoint->{id}'",
	'an API that shows secrets');
like($row, qr/"key": "\*\*\*"/, 'which are hidden');
like($row, qr/"server": "logs.test"/, 'and the rest is not');

# Nor are the masks sent back
$sim->clear;
$t->sql("UPDATE $table SET settings = settings || '{\"port\": 516}' WHERE id = '$endpoint->{id}'");
is_deeply([ map { $_->{body} } grep { $_->{method} eq 'PUT' } $sim->requests ],
	['{"settings":{"port":516}}'], 'an UPDATE does not send what was hidden');
$sim->clear_faults;

# A type that this version does not know: listed, and asked for, with a WARNING if that fails
my @listed = @{ $sim->get('/dbaas-external-endpoints', zone => 'ch-gva-2')->{json}
	  {'dbaas-endpoints'} };
push @listed, { %$endpoint, id => '11111111-2222-4333-8444-555555555555', type => 'splunk',
	name => 'new' };
$sim->fault({
		path => '/dbaas-external-endpoints',
		zone => 'ch-gva-2',
		times => -1,
		action => 'status',
		status => 200,
		body => JSON::PP::encode_json({ 'dbaas-endpoints' => \@listed })
	});
is($t->sql("SELECT name FROM $table WHERE type = 'splunk'"), 'new', 'an unknown type is listed');
my (undef, $stdout, $stderr) = $t->sql_both("SELECT count(settings) FROM $table");
is($stdout, scalar(@listed) - 1 + 9, 'and its settings are left out');
like($stderr, qr/WARNING:  01000: rows of types that this version does not know.*splunk/s,
	'with a WARNING');

# A name that the list does not have is no reason to leave the endpoint out
my @nameless = map { { id => $_->{id}, type => $_->{type} } } @listed[ 0 .. $#listed - 1 ];
$sim->clear_faults;
$sim->fault({
		path => '/dbaas-external-endpoints',
		zone => 'ch-gva-2',
		times => -1,
		action => 'status',
		status => 200,
		body => JSON::PP::encode_json({ 'dbaas-endpoints' => \@nameless })
	});
is($t->sql("SELECT count(settings) FROM $table WHERE zone = 'ch-gva-2'"),
	scalar(@nameless), 'a list without names');

done_testing();
